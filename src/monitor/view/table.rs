//! Columns: which of them there is room for, and how wide each is.

use super::super::model::{Keyed, Model, Panel, Scroll};
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
    let mut room = cells;
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

/// The sign in front of an entry.
type Mark<T> = fn(&T) -> (Role, &'static str);

/// A list in a panel.
pub struct Table<'a, T: Keyed> {
    /// The panel.
    pub panel: Panel,
    /// Its title.
    pub title: &'a str,
    /// What stands at the right of its frame.
    pub side: &'a str,
    /// The columns there are.
    pub columns: &'a [Column],
    /// The column that the list is ordered by, if it is, and the sign of its direction.
    pub sorted: Option<(&'a str, &'static str)>,
    /// The entries, first on top.
    pub list: &'a [&'a T],
    /// What is selected.
    pub scroll: &'a Scroll<T::Key>,
    /// What is said where there is no entry.
    pub none: &'a str,
}

impl<T: Keyed> Table<'_, T> {
    /// Draws the visible slice. `mark` gives the sign in front of an entry, if these have signs, and `value` what
    /// stands in a column.
    pub fn draw(
        &self,
        model: &Model,
        canvas: &mut Canvas,
        mark: Option<Mark<T>>,
        value: impl Fn(&T, &Column) -> (Role, String),
    ) {
        let area = canvas.areas.list(self.panel);
        let focused = model.arrangement.focus == self.panel;
        let inner = canvas.panel(area, self.title, self.side, focused);
        let front = if mark.is_some() { 2 * MARK } else { MARK };
        let fitted = fit(self.columns, usize::from(inner.width).saturating_sub(front));
        let first = u16::from(canvas.areas.has_heading(self.panel));
        if first > 0 {
            let titles = fitted.iter().map(|(index, width)| {
                let column = &self.columns[*index];
                match self.sorted {
                    Some((name, sign)) if name == column.title => {
                        (Role::Strong, cell(column, &format!("{name} {sign}"), *width))
                    }
                    _ => (Role::Quiet, cell(column, column.title, *width)),
                }
            });
            let blank = Words::new().say(Role::Plain, " ".repeat(front));
            canvas.write(inner, 0, blank.join(row(titles)));
        }
        if self.list.is_empty() {
            canvas.write(inner, first, Words::new().say(Role::Quiet, self.none));
            return;
        }
        let height = canvas.areas.rows(self.panel);
        let window = self.scroll.window(self.list, height);
        let visible = self.list.iter().skip(window.above).take(height);
        for (line, entry) in visible.enumerate() {
            let selected = focused && line == window.selected;
            let cells = fitted.iter().map(|(index, width)| {
                let column = &self.columns[*index];
                let (role, text) = value(entry, column);
                (role, cell(column, &text, *width))
            });
            let pointer = if selected { "▶ " } else { "  " };
            let mut words = Words::new().say(Role::Accent, pointer);
            if let Some(mark) = mark {
                let (role, glyph) = mark(entry);
                words = words.say(role, format!("{glyph} "));
            }
            let at = first + u16::try_from(line).unwrap_or(u16::MAX);
            canvas.write(inner, at, words.join(row(cells)));
            if selected && !self.scroll.follows() {
                let style = canvas.theme.selected();
                canvas.tint(inner, at, style);
            }
        }
    }
}

fn row(cells: impl Iterator<Item = (Role, String)>) -> Words {
    let mut words = Words::new();
    for (index, (role, text)) in cells.enumerate() {
        if index > 0 {
            words = words.say(Role::Plain, " ".repeat(GAP));
        }
        words = words.say(role, text);
    }
    words
}

/// Where the selection stands in a list, for the panel's frame.
pub fn place<T: Keyed>(scroll: &Scroll<T::Key>, list: &[&T]) -> String {
    if list.is_empty() {
        return String::new();
    }
    if scroll.follows() {
        return "newest on top".to_owned();
    }
    let count = |value: usize| text::number(u64::try_from(value).unwrap_or(u64::MAX));
    format!("{} of {}", count(scroll.rank(list) + 1), count(list.len()))
}

fn cell(column: &Column, value: &str, width: usize) -> String {
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
        assert_eq!(fit(&COLUMNS, 20), [(0, 4), (1, 5), (2, 7)]);
        assert_eq!(fit(&COLUMNS, 18), [(1, 5), (2, 8)]);
        assert_eq!(fit(&COLUMNS, 12), [(1, 5)]);
        assert_eq!(fit(&COLUMNS, 3), []);
        assert_eq!(fit(&COLUMNS, 0), []);
    }
}
