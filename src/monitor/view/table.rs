//! Columns: which of them there is room for, and how wide each is.

use ratatui::layout::Rect;

use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// Blank cells between two columns.
const GAP: usize = 2;
/// The cells in front of the first column, where the selected line is marked.
const MARK: usize = 2;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub title: &'static str,
    /// The least that it can be read in.
    pub least: usize,
    /// The most that is of use to it.
    pub most: usize,
    /// Its rank when there is no room for all: the smaller goes first.
    pub rank: u8,
    /// True if it holds numbers.
    pub number: bool,
}

/// The columns that fit, in their order, each with its width.
pub fn fit(columns: &[Column], cells: usize) -> Vec<(usize, usize)> {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|index| columns[*index].rank);
    let mut room = cells.saturating_sub(MARK);
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for index in &by_rank {
        let gap = if chosen.is_empty() { 0 } else { GAP };
        let Some(rest) = room.checked_sub(columns[*index].least + gap) else {
            break;
        };
        room = rest;
        chosen.push((*index, columns[*index].least));
    }
    // What is left over goes to the most important column that can use it, then to the next.
    for (index, width) in &mut chosen {
        let more = (columns[*index].most - *width).min(room);
        *width += more;
        room -= more;
    }
    chosen.sort_by_key(|(index, _)| *index);
    chosen
}

/// Writes the names of the columns.
pub fn heading(canvas: &mut Canvas, area: Rect, columns: &[Column], fitted: &[(usize, usize)]) {
    let titles = fitted.iter().map(|(index, width)| {
        let column = &columns[*index];
        (Role::Quiet, cell(column, column.title, *width))
    });
    canvas.write(area, 0, row(" ", Role::Plain, titles));
}

/// One row: the mark in front, then the cells.
pub fn row(mark: &str, role: Role, cells: impl Iterator<Item = (Role, String)>) -> Words {
    let mut words = Words::new().say(role, format!("{mark} "));
    for (index, (role, text)) in cells.enumerate() {
        if index > 0 {
            words = words.say(Role::Plain, " ".repeat(GAP));
        }
        words = words.say(role, text);
    }
    words
}

/// A value in a column of that width.
pub fn cell(column: &Column, value: &str, width: usize) -> String {
    if column.number { text::pad_left(value, width) } else { text::pad(value, width) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "a", least: 4, most: 10, rank: 2, number: false },
        Column { title: "b", least: 5, most: 5, rank: 0, number: true },
        Column { title: "c", least: 6, most: 8, rank: 1, number: false },
    ];

    #[test]
    fn the_least_important_goes_first_and_order_stays() {
        assert_eq!(fit(&COLUMNS, 80), [(0, 10), (1, 5), (2, 8)]);
        assert_eq!(fit(&COLUMNS, 22), [(0, 4), (1, 5), (2, 7)]);
        assert_eq!(fit(&COLUMNS, 20), [(1, 5), (2, 8)]);
        assert_eq!(fit(&COLUMNS, 14), [(1, 5)]);
        assert_eq!(fit(&COLUMNS, 3), []);
        assert_eq!(fit(&COLUMNS, 0), []);
    }
}
