//! The pages of the run, newest on top: how each was asked for, what it brought and how long it took.

use super::super::model::{Model, PageEntry, Panel};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::table::{self, Column};
use super::users::place;

const fn column(title: &'static str, least: usize, most: usize, rank: u8, number: bool) -> Column {
    Column { title, least, most, rank, number }
}

const COLUMNS: &[Column] = &[
    column("page", 4, 7, 0, true),
    column("by", 5, 5, 3, false),
    column("rows", 4, 6, 1, true),
    column("new", 4, 6, 7, true),
    column("chg", 4, 6, 8, true),
    column("first cursor", 20, 20, 6, false),
    column("last cursor", 20, 20, 4, false),
    column("time", 6, 6, 2, true),
    column("retries", 7, 7, 5, true),
];

/// Draws the pages.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.pages;
    let focused = model.focus == Panel::Pages;
    let inner = canvas.panel(area, "Pages", &place(&model.pages), focused);
    let fitted = table::fit(COLUMNS, usize::from(inner.width));
    let first = u16::from(canvas.areas.has_heading(Panel::Pages));
    if first > 0 {
        table::heading(canvas, inner, COLUMNS, &fitted);
    }
    if model.pages.is_empty() {
        canvas.write(inner, first, Words::new().say(Role::Quiet, "none yet"));
        return;
    }
    let height = canvas.areas.rows(Panel::Pages);
    let window = model.pages.window(height);
    for (line, page) in model.pages.visible(window, height).enumerate() {
        let selected = focused && line == window.selected;
        let cells = fitted.iter().map(|(index, width)| {
            let column = &COLUMNS[*index];
            let (role, text) = value(page, column.title);
            (role, table::cell(column, &text, *width))
        });
        let pointer = if selected { "▶" } else { " " };
        let at = first + u16::try_from(line).unwrap_or(u16::MAX);
        canvas.write(inner, at, table::row(pointer, Role::Accent, cells));
        if selected && !model.pages.follows() {
            let style = canvas.theme.selected();
            canvas.tint(inner, at, style);
        }
    }
}

fn value(page: &PageEntry, column: &str) -> (Role, String) {
    let some = |count: u64, role| {
        if count > 0 { (role, text::number(count)) } else { (Role::Quiet, "0".to_owned()) }
    };
    let cursor = |cursor: &Option<String>| match cursor {
        Some(cursor) => (Role::Plain, cursor.clone()),
        None => (Role::Quiet, "none".to_owned()),
    };
    match column {
        "page" => (Role::Plain, text::number(page.page)),
        "by" => (Role::Quiet, page.asked_by.to_owned()),
        "rows" => (Role::Plain, text::number(page.counts.rows)),
        "new" => some(page.counts.new, Role::Good),
        "chg" => some(page.counts.changed, Role::Warn),
        "first cursor" => cursor(&page.first),
        "last cursor" => cursor(&page.last),
        "time" => (Role::Plain, text::milliseconds(page.wait_ms + page.body_ms)),
        _ => some(page.retries.into(), Role::Warn),
    }
}
