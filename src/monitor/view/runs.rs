//! The runs, newest on top: how each ended, what it brought, and where it took the checkpoint.

use super::super::columns::Column;
use super::super::model::{Model, Panel, RunEntry, State};
use super::super::text;
use super::super::theme::Role;
use super::canvas::Canvas;
use super::table::{self, Table};
use super::{counters, header};
use crate::run::Totals;

const COLUMNS: &[Column] = &[
    Column::number("run", 4, 5, 0),
    Column::text("began", 11, 11, 7),
    Column::text("outcome", 10, 11, 1),
    Column::number("took", 6, 7, 4),
    Column::number("pages", 5, 7, 8),
    Column::number("rows", 5, 9, 2),
    Column::number("new", 4, 8, 3),
    Column::number("changed", 7, 7, 5),
    Column::text("checkpoint from", 20, 20, 9),
    Column::text("to", 20, 20, 6),
];

/// Draws the runs.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let live = model.runs.live(model.seen());
    let list = model.runs.list(live.as_ref());
    let side = match &model.runs.marked {
        Some(marked) => format!("run {} marked, Enter compares", marked.run),
        None => table::place(&model.runs.scroll, &list),
    };
    let table = Table {
        panel: Panel::Runs,
        title: "Runs",
        side: &side,
        columns: COLUMNS,
        sorted: None,
        list: &list,
        scroll: &model.runs.scroll,
        none: if model.runs.is_reading() { "reading the log" } else { "none yet" },
    };
    table.draw(model, canvas, None, |run, column| value(model, run, column));
}

fn value(model: &Model, run: &RunEntry, column: &Column) -> (Role, String) {
    let count = |of: fn(&Totals) -> u64, role| match run.totals.as_ref().map(of) {
        None => (Role::Quiet, String::new()),
        Some(0) => (Role::Quiet, "0".to_owned()),
        Some(count) => (role, text::number(count)),
    };
    let checkpoint = |value: &Option<String>| match value {
        Some(value) => (Role::Plain, value.clone()),
        None => (Role::Quiet, "none".to_owned()),
    };
    match column.title {
        "run" if model.runs.is_marked(run) => (Role::Accent, format!("◆{}", run.run)),
        "run" => (Role::Plain, run.run.to_string()),
        "began" => {
            let began = run.began.map(|at| at.format("%m-%d %H:%M").to_string());
            (Role::Quiet, began.unwrap_or_default())
        }
        "outcome" => {
            let (role, glyph, word) = match run.state {
                State::UnderWay => header::phase(model),
                left => left.sign(),
            };
            (role, format!("{glyph} {word}"))
        }
        "took" => (Role::Plain, took(model, run)),
        "pages" => count(|totals| totals.pages, Role::Plain),
        "rows" => count(|totals| totals.counts.rows, Role::Plain),
        "new" => count(|totals| totals.counts.new, Role::Good),
        "changed" => count(|totals| totals.counts.changed, Role::Warn),
        "to" if run.before == run.after => (Role::Quiet, "did not move".to_owned()),
        "to" => checkpoint(&run.after),
        _ => checkpoint(&run.before),
    }
}

fn took(model: &Model, run: &RunEntry) -> String {
    let live = model.seen().run.as_ref().filter(|_| run.state == State::UnderWay);
    let took = live.map(|live| counters::elapsed(model, live)).or_else(|| run.took());
    let took = took.and_then(|took| u64::try_from(took.num_milliseconds()).ok());
    took.map_or(String::new(), text::milliseconds)
}
