//! A file as one side of a copy.

use std::fmt::Write as _;

use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params_from_iter};

use super::own::Own;
use super::value::{Kept, text_of};
use super::{Sqlite, schema, shape};
use crate::destination::DestinationError;
use crate::destination::copy::part::{Book, Column, Kind, PARTS, Part, STATE};
use crate::destination::copy::{Piece, Side};
use crate::kill_point::KillPoint;
use crate::record::{ColumnType, Packed, Schema};

impl Side for Sqlite {
    fn undeclared(&mut self) -> Result<Vec<String>, DestinationError> {
        let schema = self.schema;
        self.try_sql(|connection| shape::undeclared(connection, schema))
    }

    fn state(&mut self) -> Result<Packed, DestinationError> {
        let state = format!("SELECT {} FROM _highwater_state", names(STATE));
        let kinds = [ColumnType::String; STATE.len()];
        self.try_sql(|connection| connection.query_row(&state, [], |row| entry(row, &kinds)))
    }

    fn piece(&mut self, part: Part, after: &[String], most: usize) -> Result<Piece, DestinationError> {
        let schema = self.schema;
        let query = Query::of(part, schema);
        self.try_sql(|connection| query.piece(connection, after, most))
    }

    fn last(&mut self, part: Part) -> Result<Option<Packed>, DestinationError> {
        let query = Query::of(part, self.schema);
        self.try_sql(|connection| query.last(connection))
    }

    fn copying(&mut self) -> Result<Option<String>, DestinationError> {
        self.try_sql(|connection| {
            if schema::version(connection.plain())? < schema::COPIES {
                return Ok(None);
            }
            connection.query_row("SELECT copying FROM _highwater_state", [], |row| row.get(0))
        })
    }

    fn empty(&mut self, mark: &str) -> Result<(), DestinationError> {
        let table = self.schema.table;
        self.change(|transaction| {
            for part in PARTS {
                transaction.execute_batch(&match part {
                    Part::Rows => format!("DELETE FROM \"{table}\"; DELETE FROM _highwater_extra"),
                    Part::Book(book) => format!("DELETE FROM {}", book.name),
                })?;
            }
            set_mark(transaction, mark)
        })
    }

    fn put(&mut self, part: Part, entries: &[Packed], mark: &str) -> Result<(), DestinationError> {
        let schema = self.schema;
        self.change(|transaction| {
            match part {
                Part::Rows => put_rows(transaction, schema, entries)?,
                Part::Book(book) => put_entries(transaction, book, entries)?,
            }
            set_mark(transaction, mark)
        })
    }

    fn finish(&mut self, state: &Packed) -> Result<(), DestinationError> {
        let assigned: Vec<String> =
            STATE.iter().zip(1..).map(|((name, _), at)| format!("{name} = ?{at}")).collect();
        let update = format!("UPDATE _highwater_state SET {}, copying = NULL", assigned.join(", "));
        self.change(|transaction| {
            transaction.execute(&update, params_from_iter(values(STATE, state))).map(drop)
        })
    }
}

impl Sqlite {
    /// Lets a power cut damage the file: it goes away with its process anyway.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(in crate::destination) fn hasten(&mut self) -> Result<(), DestinationError> {
        self.try_sql(|connection| connection.execute_batch("PRAGMA synchronous = OFF"))
    }

    /// Carries out a transaction of a copy.
    fn change(
        &mut self,
        work: impl FnOnce(&Own<Transaction<'_>>) -> rusqlite::Result<()>,
    ) -> Result<(), DestinationError> {
        self.check_identity()?;
        self.try_sql(|connection| {
            let transaction = connection.transaction()?;
            work(&transaction)?;
            KillPoint::BeforeCommit.pass();
            transaction.commit()?;
            KillPoint::AfterCommit.pass();
            Ok(())
        })?;
        self.log.after_commit(&mut self.connection, &self.path);
        Ok(())
    }
}

/// How the entries of a part are read: first what is copied of them, then their key.
struct Query {
    /// From `SELECT` on, without a condition.
    select: String,
    /// What each of the columns is taken for.
    kinds: Vec<ColumnType>,
    /// The key, as an expression each.
    key: Vec<(String, Kind)>,
}

impl Query {
    fn of(part: Part, schema: &Schema) -> Self {
        match part {
            Part::Rows => Self::rows(schema),
            Part::Book(book) => Self::book(book),
        }
    }

    fn rows(schema: &Schema) -> Self {
        let names: Vec<String> = schema.columns.iter().map(|it| format!("t.\"{}\"", it.name)).collect();
        let select = format!(
            "SELECT {}, e.fields, t.rowid, t.rowid FROM \"{}\" t
             LEFT JOIN _highwater_extra e ON e.id = CAST({} AS TEXT)",
            names.join(", "),
            schema.table,
            names[schema.primary_key]
        );
        let kinds = schema.columns.iter().map(|it| it.kind);
        let kinds = kinds.chain([ColumnType::String, ColumnType::Int]).collect();
        Self { select, kinds, key: vec![("t.rowid".to_owned(), Kind::Int)] }
    }

    fn book(book: &Book) -> Self {
        let select = format!("SELECT {}, {} FROM {}", names(book.columns), names(book.key), book.name);
        let kinds = vec![ColumnType::String; book.columns.len()];
        Self { select, kinds, key: book.key.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect() }
    }

    fn piece(&self, connection: &Own<&Connection>, after: &[String], most: usize) -> rusqlite::Result<Piece> {
        let order = self.order("");
        let mut sql = self.select.clone();
        if !after.is_empty() {
            let _ = write!(sql, " WHERE ({order}) > ({})", places(after.len()));
        }
        let _ = write!(sql, " ORDER BY {order} LIMIT {most}");
        let after = self.key.iter().zip(after).map(|((_, kind), text)| value(*kind, Some(text)));
        let mut query = connection.prepare_cached(&sql)?;
        let mut rows = query.query(params_from_iter(after))?;
        let mut piece = Piece::default();
        while !piece.is_full()
            && let Some(row) = rows.next()?
        {
            let entry = entry(row, &self.kinds)?;
            let key = (0..self.key.len()).map(|at| {
                let value = row.get_ref(self.kinds.len() + at)?;
                Ok(text_of(ColumnType::String, value).unwrap_or_default().into_owned())
            });
            piece.push(entry, key.collect::<rusqlite::Result<_>>()?);
        }
        Ok(piece)
    }

    fn last(&self, connection: &Own<&Connection>) -> rusqlite::Result<Option<Packed>> {
        let sql = format!("{} ORDER BY {} LIMIT 1", self.select, self.order(" DESC"));
        connection.query_row(&sql, [], |row| entry(row, &self.kinds)).optional()
    }

    fn order(&self, direction: &str) -> String {
        let key: Vec<String> = self.key.iter().map(|(name, _)| format!("{name}{direction}")).collect();
        key.join(", ")
    }
}

/// The first columns of a row, as texts.
fn entry(row: &Row<'_>, kinds: &[ColumnType]) -> rusqlite::Result<Packed> {
    let text = |(at, kind): (usize, &ColumnType)| Ok(text_of(*kind, row.get_ref(at)?));
    let texts: Vec<_> = kinds.iter().enumerate().map(text).collect::<rusqlite::Result<_>>()?;
    Ok(Packed::new(&texts))
}

/// Stores rows as they stood, each at its place in the order of storing.
fn put_rows(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    entries: &[Packed],
) -> rusqlite::Result<()> {
    let count = schema.columns.len();
    let names: Vec<String> = schema.columns.iter().map(|it| format!("\"{}\"", it.name)).collect();
    let insert = format!(
        "INSERT INTO \"{}\" ({}, rowid) VALUES ({})",
        schema.table,
        names.join(", "),
        places(count + 1)
    );
    let mut insert = transaction.prepare_cached(&insert)?;
    let mut other =
        transaction.prepare_cached("INSERT INTO _highwater_extra (id, fields) VALUES (?1, ?2)")?;
    for entry in entries {
        let kept: Vec<Kept<'_>> = Kept::all(schema, entry).collect();
        let place = value(Kind::Int, entry.get(count + 1));
        let values = kept.iter().map(|kept| kept as &dyn ToSql).chain([&place as &dyn ToSql]);
        insert.execute(values.collect::<Vec<_>>().as_slice())?;
        if let Some(fields) = entry.get(count) {
            other.execute([entry.get(schema.primary_key), Some(fields)])?;
        }
    }
    Ok(())
}

fn put_entries(transaction: &Own<Transaction<'_>>, book: &Book, entries: &[Packed]) -> rusqlite::Result<()> {
    let (columns, places) = (names(book.columns), places(book.columns.len()));
    let insert = format!("INSERT INTO {} ({columns}) VALUES ({places})", book.name);
    let mut insert = transaction.prepare_cached(&insert)?;
    for entry in entries {
        insert.execute(params_from_iter(values(book.columns, entry)))?;
    }
    Ok(())
}

fn set_mark(transaction: &Own<Transaction<'_>>, mark: &str) -> rusqlite::Result<()> {
    transaction.execute("UPDATE _highwater_state SET copying = ?1", [mark]).map(drop)
}

fn names(columns: &[Column]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|at| format!("?{at}")).collect();
    places.join(", ")
}

fn values<'v>(columns: &'v [Column], entry: &'v Packed) -> impl Iterator<Item = Value> + 'v {
    columns.iter().zip(entry.iter()).map(|((_, kind), text)| value(*kind, text))
}

/// A value of the bookkeeping as a file keeps it. What should be a number and is none stays a text, as it was.
fn value(kind: Kind, text: Option<&str>) -> Value {
    let Some(text) = text else { return Value::Null };
    let number = match kind {
        Kind::Text => None,
        Kind::Int | Kind::Bool => text.parse().ok().map(Value::Integer),
    };
    number.unwrap_or_else(|| Value::Text(text.to_owned()))
}
