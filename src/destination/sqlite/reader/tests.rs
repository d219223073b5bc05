//! What more than one test of the reader needs.

mod exporting;
mod files;
mod logged;
mod typed;
mod windows;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::destination::reader::{Key, Question};
use crate::destination::sqlite::tests::{folder, open};
use crate::record::USER;

type Values = Vec<Option<String>>;

/// A table of one's own making, with the same rows in memory.
struct Table {
    _folder: TempDir,
    path: PathBuf,
    writer: Connection,
    rows: Vec<(i64, Values)>,
}

impl Table {
    fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("a.db");
        drop(open(&path));
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { _folder: folder, path, writer, rows: Vec::new() }
    }

    /// Rows of these ids, names and emails.
    fn with(rows: impl IntoIterator<Item = (String, Option<String>, Option<String>)>) -> Self {
        let mut table = Self::new();
        table.add(rows);
        table
    }

    fn add(&mut self, rows: impl IntoIterator<Item = (String, Option<String>, Option<String>)>) {
        let transaction = self.writer.transaction().unwrap();
        for (id, name, email) in rows {
            transaction
                .prepare_cached("INSERT INTO user (id, name, email) VALUES (?1, ?2, ?3)")
                .unwrap()
                .execute(params![id, name, email])
                .unwrap();
            let mut values = vec![None; USER.columns.len()];
            [values[0], values[1], values[2]] = [Some(id), name, email];
            self.rows.push((transaction.last_insert_rowid(), values));
        }
        recount(&transaction);
        transaction.commit().unwrap();
    }

    /// Changes a row's name.
    fn rename(&mut self, at: usize, name: Option<&str>) {
        let (rowid, values) = &mut self.rows[at];
        values[1] = name.map(str::to_owned);
        self.writer.execute("UPDATE user SET name = ?2 WHERE rowid = ?1", params![*rowid, name]).unwrap();
    }

    fn delete(&mut self, at: usize) {
        let (rowid, _) = self.rows.remove(at);
        self.writer.execute("DELETE FROM user WHERE rowid = ?1", [rowid]).unwrap();
        recount(&self.writer);
    }

    fn id(&self, at: usize) -> String {
        self.rows[at].1[0].clone().unwrap()
    }

    fn look(&self) -> SqliteLook<impl Fn() -> bool + Clone + Send + 'static> {
        look(&self.path)
    }

    /// The rows of a view, by the plainest means.
    fn view(&self, view: &View) -> Vec<(Key, Values)> {
        let key = |rowid, values: &Values| match view.order {
            Order::Stored => Key { value: None, rowid },
            Order::Column { position, .. } => {
                Key { value: values[position].as_deref().map(Box::from), rowid }
            }
        };
        let mut rows: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, values)| view.filter.matches(values))
            .map(|(rowid, values)| (key(*rowid, values), values.clone()))
            .collect();
        rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        if matches!(view.order, Order::Stored | Order::Column { descending: true, .. }) {
            rows.reverse();
        }
        rows
    }
}

fn recount(connection: &Connection) {
    connection.execute("UPDATE _highwater_state SET rows = (SELECT count(*) FROM user)", []).unwrap();
}

fn look(path: &Path) -> SqliteLook<impl Fn() -> bool + Clone + Send + 'static> {
    SqliteLook::new(path, &USER, || false)
}

fn filter(text: &str) -> Filter {
    Filter::parse(text, &USER).unwrap()
}

fn by(position: usize, descending: bool) -> View {
    View { order: Order::Column { position, descending }, ..View::default() }
}

fn stored() -> View {
    View::default()
}

/// Rows whose names come in no order, with ties.
fn many(count: u64) -> Table {
    Table::with((0..count).map(|at| {
        let name = format!("name {}", at * 7_919 % 1_000);
        (format!("id {at:06}"), Some(name), None)
    }))
}

fn ids(slice: &Slice) -> Vec<&str> {
    slice.rows.iter().map(|row| row.values[0].as_deref().unwrap()).collect()
}
