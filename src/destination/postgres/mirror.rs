//! A copy of a table with its bookkeeping as a SQLite file, as of one instant: the same checks go over it as over a file
//! that was one from the beginning, the comparison with the source among them.
//!
//! It takes the room of the table in the directory for temporary files, for as long as the checks take, and is for its
//! owner alone.

use std::path::Path;

use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection, params_from_iter};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::address::Address;
use super::columns::{EXTRA, SEQUENCE, expression, expressions};
use super::failure::Failure;
use super::link::{Link, quoted};
use super::schema;
use crate::destination::DestinationError;
use crate::destination::sqlite::Sqlite;
use crate::destination::sqlite::kept::Kept;
use crate::destination::sqlite::own::Own;
use crate::destination::sqlite::verify::Verifier;
use crate::record::Schema;

/// The tables of the bookkeeping, with the columns that a file has of them, in both the same.
const TABLES: &[(&str, &str)] = &[
    (
        "_highwater_runs",
        "run, started_at, ended_at, start, mode, first, checkpoint_before, checkpoint_after, outcome, \"end\", text, \
         walk, token, token_at, lanes, seal, totals, seams, whole",
    ),
    (
        "_highwater_pages",
        "run, page, asked_by, asked, rows, new, changed, same, stale, quarantined, first, last, token, checkpoint, \
         decision, wait_ms, body_ms, bytes, retries, at, url, status, headers, decode_ms, reasons, first_ids, lane, \
         opens",
    ),
    ("_highwater_history", "entry, at, cause, run, before, after, source, undone_by"),
    ("_highwater_quarantine", "run, page, position, reason, \"row\", at"),
    ("_highwater_previous", "id, run, page, at, before"),
];

/// The columns of the state.
const STATE: &str = "source, checkpoint, checkpoint_at, rows, oldest, newest, unfinished, clean";

/// Opens a database for checks; a run may be writing to it.
///
/// # Errors
/// If it or the temporary file cannot be read or written.
pub fn verifier(address: &Address, schema: &'static Schema) -> Result<Verifier, DestinationError> {
    let folder =
        tempfile::Builder::new().prefix("highwater-").tempdir().map_err(|error| DestinationError::File {
            path: std::env::temp_dir(),
            error,
            remedy: "a copy of the table goes there while it is checked: make room, or set TMPDIR",
        })?;
    let path = folder.path().join("copy.db");
    mirror(address, schema, &path)?;
    Verifier::of_copy(&path, schema, folder)
}

/// Makes the copy.
///
/// # Errors
/// As [`verifier`].
pub fn mirror(address: &Address, schema: &'static Schema, path: &Path) -> Result<(), DestinationError> {
    let copied = || -> Result<(), Failure> {
        let mut link = Link::connect(address, || false)?;
        schema::check(&mut link, address, schema)?;
        link.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let sqlite = Sqlite::open(path, schema)?.sqlite;
        copy_all(&mut link, &sqlite.own(), schema).map_err(|failure| match failure {
            Copying::Server(failure) => failure,
            Copying::File(error) => crate::destination::sqlite::database_error(path, error).into(),
        })
    };
    copied().map_err(|failure| failure.told(address))
}

/// Which side could not go on.
enum Copying {
    Server(Failure),
    File(rusqlite::Error),
}

impl From<Failure> for Copying {
    fn from(failure: Failure) -> Self {
        Self::Server(failure)
    }
}

impl From<tokio_postgres::Error> for Copying {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error.into())
    }
}

impl From<rusqlite::Error> for Copying {
    fn from(error: rusqlite::Error) -> Self {
        Self::File(error)
    }
}

fn copy_all(link: &mut Link, to: &Own<&Connection>, schema: &'static Schema) -> Result<(), Copying> {
    to.execute_batch("PRAGMA synchronous = OFF; BEGIN")?;
    let stream = schema.table;
    let state = link.one(&format!("SELECT {STATE} FROM _highwater_state WHERE stream = $1"), &[&stream])?;
    let names: Vec<&str> = STATE.split(", ").collect();
    let assigned: Vec<String> =
        names.iter().enumerate().map(|(at, name)| format!("{name} = ?{}", at + 1)).collect();
    let update = format!("UPDATE _highwater_state SET {}", assigned.join(", "));
    to.execute(&update, params_from_iter(values(&state)?))?;
    for (table, columns) in TABLES {
        let from = format!("SELECT {columns} FROM {table} WHERE stream = $1");
        copy(link, to, (&from, &[&stream]), &format!("INSERT INTO {table} ({columns})"))?;
    }
    let table = quoted(stream);
    let all: Vec<String> = schema.columns.iter().map(|column| quoted(column.name)).collect();
    let from = format!("SELECT {}, {SEQUENCE} FROM {table}", expressions(schema));
    copy_rows(link, to, &from, schema, &format!("INSERT INTO {table} ({}, rowid)", all.join(", ")))?;
    let key = expression(schema, schema.primary_key);
    let from = format!("SELECT {key}, {EXTRA} FROM {table} WHERE {EXTRA} IS NOT NULL");
    copy(link, to, (&from, &[]), "INSERT INTO _highwater_extra (id, fields)")?;
    to.execute_batch("COMMIT")?;
    Ok(())
}

/// The table's rows, each value as a file keeps it.
fn copy_rows(
    link: &mut Link,
    to: &Own<&Connection>,
    from: &str,
    schema: &'static Schema,
    insert: &str,
) -> Result<(), Copying> {
    let count = schema.columns.len();
    let places: Vec<String> = (1..=count + 1).map(|place| format!("?{place}")).collect();
    let mut statement = to.prepare(&format!("{insert} VALUES ({})", places.join(", ")))?;
    link.each(from, &[], |row| {
        let texts: Vec<Option<&str>> = (0..count).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
        let kept: Vec<Kept<'_>> =
            schema.columns.iter().zip(texts).map(|(column, text)| Kept::new(column.kind, text)).collect();
        let sequence: i64 = row.try_get(count)?;
        let values = kept.iter().map(|kept| kept as &dyn ToSql).chain([&sequence as &dyn ToSql]);
        statement.execute(values.collect::<Vec<_>>().as_slice())?;
        Ok::<_, Copying>(())
    })
}

fn copy(
    link: &mut Link,
    to: &Own<&Connection>,
    (from, params): (&str, super::link::Params<'_>),
    insert: &str,
) -> Result<(), Copying> {
    let mut statement = None;
    link.each(from, params, |row| {
        let values = values(row)?;
        if statement.is_none() {
            let places: Vec<String> = (1..=values.len()).map(|place| format!("?{place}")).collect();
            statement = Some(to.prepare(&format!("{insert} VALUES ({})", places.join(", ")))?);
        }
        if let Some(statement) = &mut statement {
            let values: Vec<&dyn ToSql> = values.iter().map(|value| value as &dyn ToSql).collect();
            statement.execute(values.as_slice())?;
        }
        Ok::<_, Copying>(())
    })
}

/// A row's values, as SQLite keeps them.
fn values(row: &Row) -> Result<Vec<Value>, Failure> {
    let value = |(at, column): (usize, &tokio_postgres::Column)| -> Result<Value, Failure> {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.map_or(Value::Null, Value::Integer),
            Type::BOOL => {
                row.try_get::<_, Option<bool>>(at)?.map_or(Value::Null, |truth| Value::Integer(truth.into()))
            }
            _ => row.try_get::<_, Option<String>>(at)?.map_or(Value::Null, Value::Text),
        })
    };
    row.columns().iter().enumerate().map(value).collect()
}
