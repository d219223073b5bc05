//! What stands in a destination, read with plain SQL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::types::FromSql;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};
use tempfile::TempDir;

/// Rows by id, as the API writes them.
pub type Rows = BTreeMap<String, Value>;

/// A destination that nobody writes to at the moment.
///
/// What is read is a copy of its files. Opening the files themselves would repair what a killed process left
/// behind, and it is the next process that has to.
pub struct Table {
    connection: Connection,
    _copy: TempDir,
}

/// A page in the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its run.
    pub run: i64,
    /// Its number in the run.
    pub page: i64,
    /// `since` or `token`.
    pub asked_by: String,
    /// The cursor or token that it was asked with.
    pub asked: String,
    /// The last row's cursor.
    pub last: Option<String>,
    /// The token that came along.
    pub token: Option<String>,
    /// The checkpoint, stored together with it.
    pub checkpoint: Option<String>,
    /// The address, status and headers, as JSON.
    pub exchange: Value,
    /// The ids of its first rows, as JSON.
    pub first_ids: Value,
}

impl Table {
    /// The destination at that path.
    pub fn of(path: &Path) -> Self {
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join("copy.db");
        std::fs::copy(path, &to).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Err(error) = std::fs::copy(beside(path, "-wal"), beside(&to, "-wal")) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}-wal: {error}", path.display());
        }
        Self { connection: Connection::open(&to).unwrap(), _copy: copy }
    }

    /// What the copy is read with.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The one value that a query gives.
    pub fn value<T: FromSql>(&self, sql: &str) -> T {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn all<T>(&self, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let mut query = self.connection.prepare(sql).unwrap();
        query.query_map([], read).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    /// True once the tables have been made.
    pub fn is_made(&self) -> bool {
        self.value::<i64>("PRAGMA user_version") > 0
    }

    /// The table's columns, in order.
    pub fn columns(&self) -> Vec<String> {
        self.all("SELECT name FROM pragma_table_info('user') ORDER BY cid", |row| row.get(0))
    }

    /// How many rows the table holds.
    pub fn count(&self) -> usize {
        usize::try_from(self.value::<i64>("SELECT count(*) FROM user")).unwrap()
    }

    /// The table's rows.
    pub fn rows(&self) -> Rows {
        let columns = self.columns();
        let rows = self.all("SELECT * FROM user", |row| {
            let cell = |(position, name): (usize, &String)| {
                let text: Option<String> = row.get(position)?;
                Ok((name.clone(), text.map_or(Value::Null, Value::String)))
            };
            columns.iter().enumerate().map(cell).collect::<rusqlite::Result<Map<_, _>>>()
        });
        super::by_id(rows.into_iter().map(Value::Object))
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> Option<String> {
        self.value("SELECT checkpoint FROM _highwater_state")
    }

    /// The run that was left unfinished.
    pub fn unfinished(&self) -> Option<i64> {
        self.value("SELECT unfinished FROM _highwater_state")
    }

    /// What each run asked for first, as JSON.
    pub fn first_requests(&self) -> BTreeMap<i64, Value> {
        let requests = self
            .all("SELECT run, first FROM _highwater_runs", |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
        requests.into_iter().map(|(run, json)| (run, serde_json::from_str(&json).unwrap())).collect()
    }

    /// The page log, oldest first.
    pub fn pages(&self) -> Vec<Logged> {
        self.all(
            "SELECT run, page, asked_by, asked, last, token, checkpoint,
                    json_object('url', url, 'status', status, 'headers', json(headers)), first_ids
             FROM _highwater_pages ORDER BY run, page",
            |row| {
                let json = |column| -> rusqlite::Result<Value> {
                    Ok(serde_json::from_str(&row.get::<_, String>(column)?).unwrap())
                };
                Ok(Logged {
                    run: row.get(0)?,
                    page: row.get(1)?,
                    asked_by: row.get(2)?,
                    asked: row.get(3)?,
                    last: row.get(4)?,
                    token: row.get(5)?,
                    checkpoint: row.get(6)?,
                    exchange: json(7)?,
                    first_ids: json(8)?,
                })
            },
        )
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
