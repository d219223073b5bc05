//! The users as they are upserted, newest on top, each with what became of it. Only the visible slice is looked at.

use super::super::model::{Model, Panel, Shelf};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::table::{self, Column};
use crate::run::Fate;

const fn column(title: &'static str, least: usize, most: usize, rank: u8) -> Column {
    Column { title, least, most, rank, number: false }
}

/// The columns, by the names that the schema gives them.
const COLUMNS: &[Column] = &[
    column("id", 8, 36, 4),
    column("name", 14, 24, 0),
    column("email", 20, 32, 2),
    column("company", 20, 34, 3),
    column("job", 24, 36, 5),
    column("updatedAt", 20, 20, 1),
    column("createdAt", 20, 20, 6),
    column("address", 30, 60, 7),
];

/// The sign of a row's fate, here and in the counters.
pub fn mark(fate: Fate) -> (Role, &'static str) {
    match fate {
        Fate::New => (Role::Good, "+"),
        Fate::Changed => (Role::Warn, "~"),
        Fate::Same => (Role::Quiet, "="),
        Fate::Stale => (Role::Quiet, "<"),
    }
}

/// Draws the users.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.users;
    let focused = model.focus == Panel::Users;
    let side = place(&model.users);
    let inner = canvas.panel(area, "Users", &side, focused);
    let fitted = table::fit(COLUMNS, usize::from(inner.width).saturating_sub(2));
    let first = u16::from(canvas.areas.has_heading(Panel::Users));
    if first > 0 {
        let mut shifted = inner;
        shifted.x += 2;
        shifted.width = shifted.width.saturating_sub(2);
        table::heading(canvas, shifted, COLUMNS, &fitted);
    }
    if model.users.is_empty() {
        canvas.write(inner, first, Words::new().say(Role::Quiet, "none yet"));
        return;
    }
    let height = canvas.areas.rows(Panel::Users);
    let window = model.users.window(height);
    for (line, user) in model.users.visible(window, height).enumerate() {
        let selected = focused && line == window.selected;
        let (role, glyph) = mark(user.fate);
        let plain = match user.fate {
            Fate::New | Fate::Changed => Role::Plain,
            Fate::Same | Fate::Stale => Role::Quiet,
        };
        let cells = fitted.iter().map(|(index, width)| {
            let column = &COLUMNS[*index];
            match user.value(column.title) {
                Some(value) => (plain, table::cell(column, value, *width)),
                None => (Role::Quiet, table::cell(column, "null", *width)),
            }
        });
        let pointer = if selected { "▶" } else { " " };
        let words = Words::new().say(Role::Accent, format!("{pointer} "));
        let at = first + u16::try_from(line).unwrap_or(u16::MAX);
        canvas.write(inner, at, words.join(table::row(glyph, role, cells)));
        if selected && !model.users.follows() {
            let style = canvas.theme.selected();
            canvas.tint(inner, at, style);
        }
    }
}

/// Where the selection stands in a list, for the panel's frame.
pub fn place<T>(list: &Shelf<T>) -> String {
    let length = text::number(u64::try_from(list.len()).unwrap_or(u64::MAX));
    if list.is_empty() {
        return String::new();
    }
    if list.follows() {
        return "newest on top".to_owned();
    }
    let window = list.window(1);
    let rank = u64::try_from(window.above + window.selected + 1).unwrap_or(u64::MAX);
    format!("{} of {length}", text::number(rank))
}
