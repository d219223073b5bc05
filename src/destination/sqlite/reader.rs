//! A read-only look at a SQLite file that a run may be writing to.
//!
//! Every call is one short read transaction, so that the write-ahead log can be brought into the file between two of
//! them; only an export keeps its instant for as long as it takes. The filter is a SQL function over the very rule
//! that the monitor applies to the rows that come by.
//!
//! A read-only connection that is the file's last one leaves an empty log beside it: the reader is to be dropped
//! before the destination is, which tidies up.

mod log;
mod nearest;
mod slice;
#[cfg(test)]
mod tests;
mod track;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, OpenFlags, Transaction, params};
use tokio::sync::mpsc;

use super::own::Own;
use super::value::{Kept, bytes_of, rank_in_sql, text_of};
use super::{Sqlite, database_error};
use crate::destination::reader::{
    Answer, Each, Filter, Look, MOST_ROWS, Order, PastPage, PastRun, Place, Reader, SCANNED_ROWS, Slice,
    Tally, View, WholeRow,
};
use crate::destination::{DestinationError, lock};
use crate::platform;
use crate::record::Schema;

/// Steps of SQLite's machine between two looks at whether the work is still wanted: well below a millisecond.
const STEPS: i32 = 2_000;

/// Rows of a part of a count: some milliseconds.
const PART: i64 = 8_192;

/// The filter's name in SQL.
const MATCHES: &str = "highwater_matches";

impl Sqlite {
    /// Starts a reader of a file. It need not be there yet; what is wrong with it is said when something is asked.
    #[must_use]
    pub fn reader(path: &Path, schema: &'static Schema) -> (Reader, mpsc::Receiver<Answer>) {
        Reader::start(|stop| SqliteLook::new(path, schema, move || stop.is_set()))
    }
}

/// The look, and its connection if the last call left one that can be used again.
struct SqliteLook<S> {
    path: PathBuf,
    schema: &'static Schema,
    stop: S,
    open: Option<Open>,
    /// How many rows a scan brings.
    scanned: usize,
}

struct Open {
    sqlite: Sqlite,
    /// What the SQL function stands for.
    filter: Filter,
}

impl<S: Fn() -> bool + Clone + Send + 'static> SqliteLook<S> {
    /// A look that opens its file when it is first asked, and whose calls end when `stop` says so.
    fn new(path: &Path, schema: &'static Schema, stop: S) -> Self {
        Self { path: path.to_owned(), schema, stop, open: None, scanned: SCANNED_ROWS }
    }

    /// Runs something in a read transaction of its own. A connection that something went wrong with is not kept.
    fn read<T>(
        &mut self,
        filter: &Filter,
        work: impl FnOnce(&Own<Transaction<'_>>, &'static Schema) -> rusqlite::Result<T>,
    ) -> Result<T, DestinationError> {
        let mut open = match self.open.take() {
            Some(open) if platform::file_identity(&self.path) == open.sqlite.identity => open,
            _ => self.connect()?,
        };
        let attempt = || {
            if open.filter != *filter {
                define(&open.sqlite.connection, self.schema, filter)?;
                open.filter = filter.clone();
            }
            let transaction = Own::new(self.schema, open.sqlite.connection.transaction()?);
            let done = work(&transaction, self.schema)?;
            transaction.commit()?;
            Ok(done)
        };
        let done = attempt().map_err(|error| database_error(&self.path, error))?;
        self.open = Some(open);
        Ok(done)
    }

    fn connect(&self) -> Result<Open, DestinationError> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut sqlite = Sqlite::existing(&self.path, self.schema, flags)?;
        let (schema, stop, filter) = (self.schema, self.stop.clone(), Filter::default());
        sqlite.try_sql(|connection| {
            // A wait for a lock cannot be interrupted.
            let connection = connection.plain();
            connection.busy_timeout(Duration::from_millis(500))?;
            connection.pragma_update(None, "cache_size", -4_096)?;
            define(connection, schema, &filter)
        })?;
        let handled = sqlite.connection.progress_handler(STEPS, Some(stop));
        handled.map_err(|error| database_error(&self.path, error))?;
        Ok(Open { sqlite, filter })
    }
}

impl<S: Fn() -> bool + Clone + Send + 'static> Look for SqliteLook<S> {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn owns(&self, path: &Path) -> bool {
        let beside = |suffix: &str| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let Ok(path) = path.canonicalize() else { return false };
        let own =
            [self.path.clone(), beside("-wal"), beside("-shm"), lock::path_of(&self.path, self.schema.table)];
        own.iter().any(|own| own.canonicalize().is_ok_and(|own| own == path))
    }

    fn window(&mut self, view: &View, place: &Place, rows: usize) -> Result<Slice, DestinationError> {
        let scanned = self.scanned;
        self.read(&view.filter, |transaction, schema| {
            slice::find(transaction, schema, view, place, rows.clamp(1, MOST_ROWS), scanned)
        })
    }

    fn total(&mut self) -> Result<u64, DestinationError> {
        self.read(&Filter::default(), |transaction, _| total(transaction))
    }

    fn tally(&mut self, filter: &Filter, from: Option<i64>) -> Result<Tally, DestinationError> {
        self.read(filter, |transaction, schema| tally(transaction, schema, filter, from))
    }

    fn row(&mut self, id: &str) -> Result<Option<WholeRow>, DestinationError> {
        self.read(&Filter::default(), |transaction, schema| log::row(transaction, schema, id))
    }

    fn runs(&mut self, before: Option<i64>, rows: usize) -> Result<Vec<PastRun>, DestinationError> {
        self.read(&Filter::default(), |transaction, _| log::runs(transaction, before, rows))
    }

    fn pages(
        &mut self,
        run: i64,
        before: Option<u64>,
        rows: usize,
    ) -> Result<Vec<PastPage>, DestinationError> {
        self.read(&Filter::default(), |transaction, _| log::pages(transaction, run, before, rows))
    }

    fn each(&mut self, view: &View, columns: &[usize], each: Each<'_>) -> Result<(), DestinationError> {
        self.read(&view.filter, |transaction, schema| every(transaction, schema, view, columns, each))?
    }
}

/// Lets the SQL function stand for a filter.
fn define(connection: &Connection, schema: &'static Schema, filter: &Filter) -> rusqlite::Result<()> {
    let filter = filter.clone();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(MATCHES, -1, flags, move |context: &Context<'_>| {
        let values = schema.columns.iter().zip(0..context.len());
        let values: Vec<_> = values.map(|(column, at)| bytes_of(column.kind, context.get_raw(at))).collect();
        Ok(filter.admits(&values))
    })
}

/// The filter as a condition; none if it lets every row through.
fn condition(schema: &Schema, filter: &Filter) -> Option<String> {
    let value = |position| if filter.reads(position) { names(schema, [position]) } else { "NULL".to_owned() };
    let values: Vec<String> = (0..schema.columns.len()).map(value).collect();
    (!filter.is_empty()).then(|| format!("{MATCHES}({})", values.join(", ")))
}

/// An id as the key's column keeps it.
fn by_key<'a>(schema: &Schema, id: &'a str) -> Kept<'a> {
    Kept::new(schema.columns[schema.primary_key].kind, Some(id))
}

/// Columns as SQL names them.
fn names(schema: &Schema, positions: impl IntoIterator<Item = usize>) -> String {
    let named = positions.into_iter().filter_map(|position| schema.columns.get(position));
    let names: Vec<String> = named.map(|column| format!("\"{}\"", column.name)).collect();
    names.join(", ")
}

/// How many rows the table holds.
fn total(transaction: &Own<Transaction<'_>>) -> rusqlite::Result<u64> {
    transaction
        .query_row("SELECT rows FROM _highwater_state", [], |row| row.get::<_, i64>(0))
        .map(i64::unsigned_abs)
}

fn tally(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    filter: &Filter,
    from: Option<i64>,
) -> rusqlite::Result<Tally> {
    let matched = condition(schema, filter).unwrap_or_else(|| "1".to_owned());
    let query = format!(
        "SELECT count(*) FILTER (WHERE {matched}), count(*), max(at) FROM
            (SELECT rowid AS at, * FROM \"{}\" WHERE rowid > ?1 ORDER BY rowid LIMIT ?2)",
        schema.table
    );
    transaction.prepare_cached(&query)?.query_row(params![from.unwrap_or(i64::MIN), PART], |row| {
        let (matched, seen): (i64, i64) = (row.get(0)?, row.get(1)?);
        let next = if seen < PART { None } else { row.get(2)? };
        Ok(Tally { matched: matched.unsigned_abs(), seen: seen.unsigned_abs(), next })
    })
}

/// Every row of a view. Sorted by SQLite where no index has the order, which spills to a file beyond some megabytes.
fn every(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    view: &View,
    columns: &[usize],
    each: Each<'_>,
) -> rusqlite::Result<Result<(), DestinationError>> {
    let filter = condition(schema, &view.filter).map(|it| format!("WHERE {it}")).unwrap_or_default();
    let order = match view.order {
        Order::Stored => "rowid DESC".to_owned(),
        Order::Column { position, descending } => {
            let direction = if descending { "DESC" } else { "ASC" };
            let ranked = rank_in_sql(&schema.columns[position], direction);
            format!("{ranked}, rowid {direction}")
        }
    };
    let chosen = names(schema, columns.iter().copied());
    let mut query = transaction
        .prepare(&format!("SELECT {chosen} FROM \"{}\" {filter} ORDER BY {order}", schema.table))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let value = |(at, column): (usize, &usize)| {
            row.get_ref(at).map(|value| text_of(schema.columns[*column].kind, value))
        };
        let values: rusqlite::Result<Vec<_>> = columns.iter().enumerate().map(value).collect();
        if let Err(error) = each(&values?) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}
