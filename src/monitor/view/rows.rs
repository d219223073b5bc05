//! The rows as they came, the last on top, each with what became of it; or, filtered or in another order, as the table
//! holds them.

use super::super::columns::{self, Column};
use super::super::model::browse::Matches;
use super::super::model::sheet::fate as mark;
use super::super::model::{Came, Model, Panel, RowEntry, lists};
use super::super::text;
use super::super::theme::Role;
use super::canvas::Canvas;
use super::table::Table;
use crate::run::Fate;

/// The sign of an order's direction.
pub fn arrow(descending: bool) -> &'static str {
    if descending { "▼" } else { "▲" }
}

/// Draws the rows.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let list = lists::rows(model);
    let columns = columns::of_rows(model.schema, &model.browse.shown);
    let sorted = model.browse.sort().and_then(|sort| {
        let column = model.schema.columns.get(sort.column)?;
        Some((column.name, arrow(sort.descending)))
    });
    let table = Table {
        panel: Panel::Rows,
        title: &title(model, sorted),
        side: &side(model, &list),
        columns: &columns,
        sorted,
        list: &list,
        scroll: &model.browse.scroll,
        none: none(model),
    };
    let seen = model.seen();
    // A row of the table may have come by in this session, too.
    let came = |entry: &RowEntry| entry.came.or_else(|| seen.tail.get(entry.id())?.came);
    let mark = |entry: &RowEntry| sign(came(entry));
    table.draw(model, canvas, Some(&mark), |entry, column| {
        let came = came(entry);
        value(entry, column, came, came.is_some_and(|came| seen.is_flashing(came, model.now)))
    });
}

/// The name, what they are ordered by, and the filter.
fn title(model: &Model, sorted: Option<(&str, &str)>) -> String {
    let mut title = model.schema.title.to_owned();
    if let Some((name, sign)) = sorted {
        title.push_str(&format!(", by {name} {sign}"));
    }
    if model.browse.is_filtered() {
        title.push_str(&format!(" /{}", model.browse.filter_text));
    }
    title
}

/// Where the selection stands among how many.
fn side(model: &Model, list: &[&RowEntry]) -> String {
    let seen = model.seen();
    match model.browse.matches() {
        Some(Matches::Counting(0)) => return "counting".to_owned(),
        Some(Matches::Counting(rows)) => return format!("counting, {} looked at", text::number(rows)),
        Some(Matches::Counted(_)) | None => {}
    }
    if list.is_empty() {
        return String::new();
    }
    let (rank, of) = model.browse.place(seen, list);
    let of = of.map_or(String::new(), |of| format!(" of {}", text::number(of)));
    match rank {
        _ if model.browse.scroll.follows() && model.browse.is_live() && !model.browse.is_filtered() => {
            "as they came".to_owned()
        }
        Some(rank) => format!("{}{of}", text::number(rank)),
        None => format!("somewhere{of}"),
    }
}

fn none(model: &Model) -> &str {
    if let Some(trouble) = &model.browse.trouble {
        trouble
    } else if model.browse.is_reading() {
        "reading the table"
    } else if model.browse.is_filtered() {
        "no row passes the filter"
    } else {
        "none yet"
    }
}

fn sign(came: Option<Came>) -> (Role, &'static str) {
    came.map_or((Role::Plain, " "), |came| mark(came.fate))
}

fn value(entry: &RowEntry, column: &Column, came: Option<Came>, flashes: bool) -> (Role, String) {
    let plain = match came {
        _ if flashes => sign(came).0,
        Some(Came { fate: Fate::Same | Fate::Stale, .. }) => Role::Quiet,
        _ => Role::Plain,
    };
    match entry.value(column.title) {
        Some(value) => (plain, value.to_owned()),
        None => (Role::Quiet, "null".to_owned()),
    }
}
