//! The table's columns against those that are declared now: which table is refused, and how one gets the columns that
//! were declared since.
//!
//! Columns are added in a transaction, and filled in others that follow: not every server lets a transaction use a column
//! that it has added. Until all are filled, the stream's state says so, and whoever opens it next goes on.

use super::address::Address;
use super::columns::{self, EXTRA, OWN, SEQUENCE, kind, type_of};
use super::failure::Failure;
use super::link::{Link, quoted};
use super::schema::refused;
use super::{Postgres, schema, upsert};
use crate::destination::DestinationError;
use crate::destination::shape::{self, Found};
use crate::kill_point::KillPoint;
use crate::record::{ColumnType, Packed, Row, Schema, USER};

/// How many rows are filled in one transaction.
const ROWS: i64 = 1_000;

/// Refuses a table that rows of this shape do not go into. The reference's, and one that was there before it was ours,
/// must have exactly the declared columns; of ours, those that are declared no more stay. For a writer, columns may be
/// missing that can be added.
pub(super) fn check(
    link: &mut Link,
    address: &Address,
    schema: &'static Schema,
    writes: bool,
) -> Result<(), Failure> {
    let known = "SELECT 1 FROM _highwater_state WHERE stream = $1";
    let is_ours = link.first(known, &[&schema.table])?.is_some();
    let found = schema::columns(link, schema.table)?;
    let owned = |(name, kind): &(&str, &str)| found.iter().any(|it| it.0 == *name && it.1 == *kind);
    // The reference's table is declared once and for all.
    let what = if is_ours && schema.table != USER.table && OWN.iter().all(owned) {
        let found = with_key(link, schema, found)?;
        shape::contradiction(schema, &found, writes, |at, found| other(schema, at, found))
    } else {
        let declared =
            (0..schema.columns.len()).map(|at| (schema.columns[at].name, type_of(kind(schema, at))));
        let declared = declared.chain(OWN).map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let declared: Vec<(String, String)> = declared.collect();
        let told = |columns: &[(String, String)]| {
            let each: Vec<String> = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
            each.join(", ")
        };
        (found != declared).then(|| {
            format!(
                "has the columns {}, not {}; give another --db, or another schema (?schema=NAME)",
                told(&found),
                told(&declared)
            )
        })
    };
    match what {
        Some(what) => refused(address, &format!("its table \"{}\" {what}", schema.table)),
        None => Ok(()),
    }
}

/// The type of a column, if it is not the one declared at that position.
fn other<'f>(schema: &Schema, position: usize, found: &'f Found) -> Option<&'f str> {
    if found.kind == type_of(kind(schema, position)) {
        return None;
    }
    let ours = ColumnType::ALL.into_iter().find(|kind| type_of(*kind) == found.kind);
    Some(match ours {
        Some(ours) => ours.word(),
        None => &found.kind,
    })
}

/// A table's columns, with which of them is its key.
fn with_key(link: &mut Link, schema: &Schema, columns: Vec<(String, String)>) -> Result<Vec<Found>, Failure> {
    let key = "SELECT k.column_name::text FROM information_schema.table_constraints c
               JOIN information_schema.key_column_usage k
                 ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name
                AND k.table_name = c.table_name
               WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = $1 AND c.table_name = $2";
    let place = link.schema.clone();
    let key = link.query(key, &[&place, &schema.table])?;
    let key: Vec<String> = key.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let found = |(name, kind)| Found { is_key: key.contains(&name), name, kind };
    Ok(columns.into_iter().map(found).collect())
}

impl Postgres {
    /// Adds the columns that were declared since the table was made, with the values that came for them before and were
    /// kept beside them. One that does not fit stays there.
    pub(super) fn widen(&mut self) -> Result<(), DestinationError> {
        let (schema, stream) = (self.schema, self.schema.table);
        let (new, filling) = self.read(|link| {
            let columns = schema::columns(link, stream)?;
            let new = shape::missing(schema, columns.iter().map(|(name, _)| name.as_str()));
            let filling = "SELECT filling FROM _highwater_state WHERE stream = $1";
            Ok((new, link.one(filling, &[&stream])?.try_get::<_, bool>(0)?))
        })?;
        if new.is_empty() && !filling {
            return Ok(());
        }
        self.transact(|link, _| {
            for position in &new {
                let name = quoted(schema.columns[*position].name);
                let kind = type_of(kind(schema, *position));
                let table = quoted(stream);
                link.batch(&format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}"))?;
            }
            link.execute("UPDATE _highwater_state SET filling = true WHERE stream = $1", &[&stream])
        })?;
        let mut last = Some(i64::MIN);
        while let Some(after) = last {
            KillPoint::AmidMigration.pass();
            last = self.transact_with_care(|link, _, care| fill(link, schema, after, care))?;
        }
        let filled = "UPDATE _highwater_state SET filling = false WHERE stream = $1";
        self.transact(|link, _| link.execute(filled, &[&stream])).map(drop)
    }
}

/// Fills the next rows of the order in which they were stored, one by one if the server has refused a value; gives the
/// last of them.
fn fill(link: &mut Link, schema: &'static Schema, after: i64, care: bool) -> Result<Option<i64>, Failure> {
    let count = schema.columns.len();
    let next = format!(
        "SELECT {}, {EXTRA}, {SEQUENCE} FROM {} WHERE {SEQUENCE} > $1 AND {EXTRA} IS NOT NULL
         ORDER BY {SEQUENCE} LIMIT {ROWS}",
        columns::expressions(schema),
        quoted(schema.table)
    );
    let (mut last, mut lines) = (None, Vec::new());
    for found in link.query(&next, &[&after])? {
        let mut values: Vec<Option<String>> =
            (0..count).map(|at| found.try_get(at)).collect::<Result<_, _>>()?;
        let (fields, sequence): (String, i64) = (found.try_get(count)?, found.try_get(count + 1)?);
        last = Some(sequence);
        let empty: Vec<usize> = (0..count).filter(|at| values[*at].is_none()).collect();
        let fits = |position: usize, value: &str| columns::fits(schema, position, value);
        let Some(filled) = shape::fill(schema, &empty, &fields, fits) else { continue };
        for (position, value) in filled.values {
            values[position] = Some(value);
        }
        let cursor = schema.cursor.and_then(|at| schema.read_cursor(values[at].as_deref()?));
        let row = Row { values: Packed::new(&values), cursor, extra: None };
        let mut line = String::new();
        columns::line(&mut line, schema, &row, sequence, filled.rest.as_deref());
        lines.push(line);
    }
    if care {
        lines.into_iter().try_for_each(|line| tried(link, schema, line))?;
    } else if !lines.is_empty() {
        let count = lines.len();
        store(link, schema, lines.concat(), count)?;
    }
    Ok(last)
}

/// Stores a row, unless the server refuses a value of it.
fn tried(link: &mut Link, schema: &Schema, line: String) -> Result<(), Failure> {
    link.batch("SAVEPOINT tried")?;
    match store(link, schema, line, 1) {
        Err(failure) if failure.is_about_a_value() => link.batch("ROLLBACK TO SAVEPOINT tried"),
        Ok(()) => link.batch(&format!("DELETE FROM {}; RELEASE SAVEPOINT tried", schema::INCOMING)),
        stored => stored,
    }
}

fn store(link: &mut Link, schema: &Schema, lines: String, count: usize) -> Result<(), Failure> {
    upsert::copy_lines(link, lines, count)?;
    link.execute(&upsert::statement(schema), &[]).map(drop)
}
