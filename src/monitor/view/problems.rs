//! The problems, newest on top: what did not go as hoped, and what can be done about it.

use super::super::columns::Column;
use super::super::model::{Model, Panel, Problem};
use super::super::theme::Role;
use super::canvas::Canvas;
use super::log::mark;
use super::table::{self, Table};

const COLUMNS: &[Column] = &[
    Column { title: "at", least: 8, most: 8, rank: 2, number: false },
    Column { title: "run", least: 3, most: 5, rank: 3, number: true },
    Column { title: "what", least: 24, most: 70, rank: 0, number: false },
    Column { title: "what to do", least: 24, most: 100, rank: 1, number: false },
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
