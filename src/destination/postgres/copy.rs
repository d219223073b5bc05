//! A database as one side of a copy.
//!
//! What one transaction reads is also to be had without it: the file that `verify` goes over is a copy that was read at
//! one instant.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use tokio_postgres::Row as Found;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::columns::{self, EXTRA, OWN, SEQUENCE, end, expressions, field};
use super::failure::Failure;
use super::link::{Link, quoted};
use super::schema;
use crate::destination::DestinationError;
use crate::destination::copy::part::{Book, Column, Kind, PARTS, Part, QUARANTINE, STATE};
use crate::destination::copy::{Piece, Side, plain};
use crate::kill_point::KillPoint;
use crate::record::{Packed, Row, Schema};
use crate::sanitize;

impl Side for Postgres {
    fn undeclared(&mut self) -> Result<Vec<String>, DestinationError> {
        let schema = self.schema;
        self.read(|link| schema::undeclared(link, schema))
    }

    fn state(&mut self) -> Result<Packed, DestinationError> {
        let schema = self.schema;
        self.read(|link| state(link, schema))
    }

    fn piece(&mut self, part: Part, after: &[String], most: usize) -> Result<Piece, DestinationError> {
        let schema = self.schema;
        self.read(|link| piece(link, schema, part, after, most))
    }

    fn last(&mut self, part: Part) -> Result<Option<Packed>, DestinationError> {
        let query = Query::of(part, self.schema);
        let (stream, count) = (self.schema.table, query.count);
        let sql = format!("{} ORDER BY {} LIMIT 1", query.select, query.order(" DESC"));
        self.read(|link| link.first(&sql, &[&stream])?.map(|row| texts(&row, count)).transpose())
    }

    fn copying(&mut self) -> Result<Option<String>, DestinationError> {
        let stream = self.schema.table;
        let mark = "SELECT copying FROM _highwater_state WHERE stream = $1";
        self.read(|link| Ok(link.one(mark, &[&stream])?.try_get(0)?))
    }

    fn empty(&mut self, mark: &str) -> Result<(), DestinationError> {
        let stream = self.schema.table;
        self.change(|link| {
            for part in PARTS {
                match part {
                    Part::Rows => link.execute(&format!("DELETE FROM {}", quoted(stream)), &[])?,
                    Part::Book(book) => {
                        link.execute(&format!("DELETE FROM {} WHERE stream = $1", book.name), &[&stream])?
                    }
                };
            }
            set_mark(link, stream, mark)
        })
    }

    fn put(&mut self, part: Part, entries: &[Packed], mark: &str) -> Result<(), DestinationError> {
        let schema = self.schema;
        let (sql, lines) = match part {
            Part::Rows => rows_in(schema, entries).map_err(|what| self.refusal(&what))?,
            Part::Book(book) => entries_in(schema.table, book, entries),
        };
        self.change(|link| {
            let copied = link.copy_in(&sql, lines.clone())?;
            if copied != entries.len() as u64 {
                return Err(Failure::Broken(format!("{copied} of {} entries were taken", entries.len())));
            }
            set_mark(link, schema.table, mark)
        })
    }

    fn finish(&mut self, state: &Packed) -> Result<(), DestinationError> {
        let stream = self.schema.table;
        let assigned: Vec<String> = STATE
            .iter()
            .zip(2..)
            .map(|((name, kind), at)| format!("{name} = ${at}::text::{}", type_of(*kind)))
            .collect();
        let last = |column: &str, table: &str| {
            format!("(SELECT coalesce(max({column}), 0) FROM {table} WHERE stream = $1)")
        };
        let sql = format!(
            "UPDATE _highwater_state SET {}, copying = NULL, runs = {}, moves = {},
                    sequence = (SELECT coalesce(max({SEQUENCE}), 0) FROM {})
             WHERE stream = $1",
            assigned.join(", "),
            last("run", "_highwater_runs"),
            last("entry", "_highwater_history"),
            quoted(stream)
        );
        let values: Vec<Option<&str>> = state.iter().collect();
        let params: Vec<&(dyn ToSql + Sync)> = std::iter::once(&stream as &(dyn ToSql + Sync))
            .chain(values.iter().map(|value| value as &(dyn ToSql + Sync)))
            .collect();
        self.change(|link| link.execute(&sql, &params).map(drop))
    }
}

impl Postgres {
    /// Carries out a transaction of a copy.
    fn change(
        &mut self,
        mut work: impl FnMut(&mut Link) -> Result<(), Failure>,
    ) -> Result<(), DestinationError> {
        self.transact(|link, _| {
            work(link)?;
            KillPoint::BeforeCommit.pass();
            Ok(())
        })?;
        KillPoint::AfterCommit.pass();
        Ok(())
    }

    fn refusal(&self, what: &str) -> DestinationError {
        DestinationError::Refused(format!("{}: {what}", self.address))
    }
}

/// The stream's state, in the order of [`STATE`].
pub(super) fn state(link: &mut Link, schema: &Schema) -> Result<Packed, Failure> {
    let sql = format!("SELECT {} FROM _highwater_state WHERE stream = $1", read(STATE));
    texts(&link.one(&sql, &[&schema.table])?, STATE.len())
}

/// At most so many entries of a part, from the one after this key on.
pub(super) fn piece(
    link: &mut Link,
    schema: &Schema,
    part: Part,
    after: &[String],
    most: usize,
) -> Result<Piece, Failure> {
    let query = Query::of(part, schema);
    let order = query.order("");
    let mut sql = query.select.clone();
    if !after.is_empty() {
        let places: Vec<String> = query
            .key
            .iter()
            .zip(2..)
            .map(|((_, kind), at)| format!("${at}::text::{}", type_of(*kind)))
            .collect();
        let _ = write!(sql, " AND ({order}) > ({})", places.join(", "));
    }
    let _ = write!(sql, " ORDER BY {order} LIMIT {most}");
    let params: Vec<&(dyn ToSql + Sync)> = std::iter::once(&schema.table as &(dyn ToSql + Sync))
        .chain(after.iter().map(|text| text as &(dyn ToSql + Sync)))
        .collect();
    let mut piece = Piece::default();
    link.each(&sql, &params, |row| {
        if piece.is_full() {
            return Ok(());
        }
        let entry = texts(row, query.count)?;
        let key = (query.count..query.count + query.key.len()).map(|at| row.try_get(at));
        piece.push(entry, key.collect::<Result<_, _>>()?);
        Ok::<_, Failure>(())
    })?;
    Ok(piece)
}

/// How the entries of a part are read: first what is copied of them, then their key.
struct Query {
    /// From `SELECT` on to a condition on the stream.
    select: String,
    /// How many columns are copied.
    count: usize,
    key: Vec<Column>,
}

impl Query {
    fn of(part: Part, schema: &Schema) -> Self {
        match part {
            Part::Rows => Self {
                // The stream is a parameter of every query; it is the name of this table.
                select: format!(
                    "SELECT {}, {EXTRA}, {SEQUENCE}::text, {SEQUENCE}::text FROM {} t WHERE $1::text IS NOT NULL",
                    expressions(schema),
                    quoted(schema.table)
                ),
                count: schema.columns.len() + 2,
                key: vec![(SEQUENCE, Kind::Int)],
            },
            Part::Book(book) => {
                let key = key(book);
                let select = format!(
                    "SELECT {}, {} FROM {} t WHERE stream = $1",
                    read(book.columns),
                    read(key),
                    book.name
                );
                Self { select, count: book.columns.len(), key: key.to_vec() }
            }
        }
    }

    /// The key, as the table has it: a bare name would be that of the text which is read.
    fn order(&self, direction: &str) -> String {
        let key: Vec<String> = self.key.iter().map(|(name, _)| format!("t.{name}{direction}")).collect();
        key.join(", ")
    }
}

/// By which a database tells the entries apart: quarantined rows have no number here.
fn key(book: &'static Book) -> &'static [Column] {
    if book.name == QUARANTINE.name { &[("digest", Kind::Text)] } else { book.key }
}

/// Columns as texts.
fn read(columns: &[Column]) -> String {
    let read: Vec<String> = columns
        .iter()
        .map(|(name, kind)| match kind {
            Kind::Text => (*name).to_owned(),
            Kind::Int => format!("{name}::text"),
            Kind::Bool => format!("CASE WHEN {name} THEN '1' ELSE '0' END"),
        })
        .collect();
    read.join(", ")
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Int => "bigint",
        Kind::Bool => "boolean",
    }
}

/// The first columns of a row, which are texts.
fn texts(row: &Found, count: usize) -> Result<Packed, Failure> {
    let texts: Vec<Option<&str>> = (0..count).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
    Ok(Packed::new(&texts))
}

/// Rows as a copy takes them. One that the table cannot hold is told.
fn rows_in(schema: &Schema, entries: &[Packed]) -> Result<(String, String), String> {
    let count = schema.columns.len();
    let names = schema.columns.iter().map(|column| quoted(column.name));
    let names: Vec<String> = names.chain(OWN.iter().map(|(name, _)| (*name).to_owned())).collect();
    let mut lines = String::new();
    for entry in entries {
        let values = Packed::of((0..count).map(|at| entry.get(at)));
        let cursor = schema.cursor.and_then(|at| schema.read_cursor(values.get(at)?));
        let row = Row { values, cursor, extra: entry.get(count).map(str::to_owned) };
        if let Some(reason) = columns::refusal(schema, &row) {
            let id = sanitize::quoted(row.id(schema));
            return Err(format!(
                "the row {id} does not go into it: {reason}; correct that in the table that is copied"
            ));
        }
        let place = entry.get(count + 1).and_then(|place| place.parse().ok()).unwrap_or_default();
        columns::line(&mut lines, schema, &row, place, row.extra.as_deref());
    }
    Ok((format!("COPY {} ({}) FROM STDIN", quoted(schema.table), names.join(", ")), lines))
}

/// Entries of the bookkeeping as a copy takes them.
fn entries_in(stream: &str, book: &Book, entries: &[Packed]) -> (String, String) {
    let row = book.columns.iter().position(|(name, _)| *name == "\"row\"");
    let row = row.filter(|_| book.name == QUARANTINE.name);
    let names = book.columns.iter().map(|(name, _)| *name);
    let names: Vec<&str> = ["stream"].into_iter().chain(names).chain(row.map(|_| "digest")).collect();
    let mut lines = String::new();
    for entry in entries {
        field(&mut lines, Some(stream));
        entry.iter().for_each(|value| field(&mut lines, value));
        if let Some(row) = row {
            field(&mut lines, Some(&digest(entry.get(row).unwrap_or_default())));
        }
        end(&mut lines);
    }
    (format!("COPY {} ({}) FROM STDIN", book.name, names.join(", ")), lines)
}

/// What a quarantined row is told from others by.
pub(super) fn digest(row: &str) -> String {
    Sha256::digest(row).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn set_mark(link: &mut Link, stream: &str, mark: &str) -> Result<(), Failure> {
    link.execute("UPDATE _highwater_state SET copying = $2 WHERE stream = $1", &[&stream, &plain(mark)])?;
    Ok(())
}
