//! A list in a panel: its heading, its visible slice, and where the selection stands.

use super::super::columns::{Column, GAP, MARK, fit};
use super::super::model::{Keyed, Model, Panel, Scroll};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// The sign in front of an entry.
type Mark<'a, T> = &'a dyn Fn(&T) -> (Role, &'static str);

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
        mark: Option<Mark<'_, T>>,
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
            // Under what lies over the panels no bar draws the eye.
            if selected && !self.scroll.follows() && !model.overlay.covers() {
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
