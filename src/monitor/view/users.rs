//! The users as they are upserted, newest on top, each with what became of it. Only the visible slice is looked at.

use super::super::model::{Came, Model, Panel, UserEntry, lists};
use super::super::theme::Role;
use super::canvas::Canvas;
use super::table::{self, Column, Table};
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
    let list = lists::users(model);
    let side = table::place(&model.users, &list);
    let table = Table {
        panel: Panel::Users,
        title: "Users",
        side: &side,
        columns: COLUMNS,
        list: &list,
        scroll: &model.users,
        none: "none yet",
    };
    table.draw(model, canvas, Some(sign), value);
}

fn sign(user: &UserEntry) -> (Role, &'static str) {
    user.came.map_or((Role::Plain, " "), |came| mark(came.fate))
}

fn value(user: &UserEntry, column: &Column) -> (Role, String) {
    let plain = match user.came {
        Some(Came { fate: Fate::Same | Fate::Stale, .. }) => Role::Quiet,
        _ => Role::Plain,
    };
    match user.value(column.title) {
        Some(value) => (plain, value.to_owned()),
        None => (Role::Quiet, "null".to_owned()),
    }
}
