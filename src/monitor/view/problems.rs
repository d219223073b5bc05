//! The problems, newest on top: what did not go as hoped, and what can be done about it.

use super::super::columns::Column;
use super::super::model::{Model, Panel, Problem};
use super::super::theme::Role;
use super::canvas::Canvas;
use super::log::mark;
use super::table::{self, Table};

const COLUMNS: &[Column] = &[
    Column::text("at", 8, 8, 2),
    Column::number("run", 3, 5, 3),
    Column::text("what", 24, 70, 0),
    Column::text("what to do", 24, 100, 1),
];

/// Draws the problems.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let list = model.seen().problems.list();
    let side = table::place(&model.problems, &list);
    let table = Table {
        panel: Panel::Problems,
        title: "Problems",
        side: &side,
        columns: COLUMNS,
        sorted: None,
        list: &list,
        scroll: &model.problems,
        none: "none: everything went as hoped",
    };
    table.draw(model, canvas, Some(&|problem| mark(problem.tone)), value);
}

fn value(problem: &Problem, column: &Column) -> (Role, String) {
    match column.title {
        "at" => (Role::Quiet, problem.at.format("%H:%M:%S").to_string()),
        "run" => (Role::Quiet, problem.run.map_or(String::new(), |run| run.to_string())),
        "what" => (Role::Plain, problem.text.clone()),
        _ => (Role::Quiet, problem.advice.to_owned()),
    }
}
