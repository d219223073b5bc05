//! The pages of the run, newest on top: how each was asked for, what it brought and how long it took.

use super::super::columns::Column;
use super::super::model::{Model, PageEntry, Panel};
use super::super::text;
use super::super::theme::Role;
use super::canvas::Canvas;
use super::table::{self, Table};

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
    let list = model.seen().pages.list();
    let side = table::place(&model.pages, &list);
    let table = Table {
        panel: Panel::Pages,
        title: "Pages",
        side: &side,
        columns: COLUMNS,
        sorted: None,
        list: &list,
        scroll: &model.pages,
        none: "none yet",
    };
    table.draw(model, canvas, None, value);
}

fn value(page: &PageEntry, column: &Column) -> (Role, String) {
    let some = |count: u64, role| {
        if count > 0 { (role, text::number(count)) } else { (Role::Quiet, "0".to_owned()) }
    };
    let cursor = |cursor: &Option<String>| match cursor {
        Some(cursor) => (Role::Plain, cursor.clone()),
        None => (Role::Quiet, "none".to_owned()),
    };
    match column.title {
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
