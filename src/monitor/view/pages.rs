//! The pages of a run, newest on top: how each was asked for, what it brought and how long it took.

use super::super::columns::Column;
use super::super::model::{Model, PageEntry, Panel, pages};
use super::super::text;
use super::super::theme::Role;
use super::canvas::Canvas;
use super::table::{self, Table};

/// The column that says which lane brought the page.
const LANE: &str = "lane";

const COLUMNS: &[Column] = &[
    Column::number("page", 4, 7, 0),
    Column::number(LANE, 4, 4, 2),
    Column::text("by", 5, 5, 4),
    Column::number("rows", 4, 6, 1),
    Column::number("new", 4, 6, 8),
    Column::number("chg", 4, 6, 9),
    Column::text("first cursor", 20, 20, 7),
    Column::text("last cursor", 20, 20, 5),
    Column::number("time", 6, 6, 3),
    Column::number("retries", 7, 7, 6),
];

/// Draws the pages.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let seen = model.seen();
    let list = model.pages.list(seen);
    // A run with one lane has no need to name it.
    let columns: Vec<Column> =
        COLUMNS.iter().copied().filter(|column| column.title != LANE || pages::have_lanes(&list)).collect();
    let table = Table {
        panel: Panel::Pages,
        title: &title(model),
        side: &side(model, &list),
        columns: &columns,
        sorted: None,
        list: &list,
        scroll: &model.pages.scroll,
        none: if model.pages.is_reading() { "reading the page log" } else { "none yet" },
    };
    table.draw(model, canvas, None, value);
}

/// The name, and of which run they are where that is not the one on screen.
fn title(model: &Model) -> String {
    match model.pages.run(model.seen()) {
        Some(run) if model.pages.is_elsewhere(model.seen()) => format!("Pages of run {run}"),
        _ => "Pages".to_owned(),
    }
}

/// Where the selection stands among all pages of the run, which are counted from 1.
fn side(model: &Model, list: &[&PageEntry]) -> String {
    if model.pages.scroll.follows() {
        return table::place(&model.pages.scroll, list);
    }
    let of = model.pages.of(model.seen());
    let selected = model.pages.scroll.selected(list);
    selected.map_or(String::new(), |page| {
        let rank = of.saturating_sub(page.page).saturating_add(1);
        format!("{} of {}", text::number(rank), text::number(of))
    })
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
        LANE => (Role::Plain, page.lane.map_or(String::new(), |lane| lane.to_string())),
        "by" => (Role::Quiet, page.asked_by.word().to_owned()),
        "rows" => (Role::Plain, text::number(page.counts.rows)),
        "new" => some(page.counts.new, Role::Good),
        "chg" => some(page.counts.changed, Role::Warn),
        "first cursor" => cursor(&page.first),
        "last cursor" => cursor(&page.last),
        "time" => (Role::Plain, text::milliseconds(page.wait_ms + page.body_ms)),
        _ => some(page.retries, Role::Warn),
    }
}
