//! SQLite: one file with the table, and the bookkeeping in tables of their own, prefixed `_highwater_`.
//!
//! Write-ahead log with `synchronous=FULL`: a commit that has returned survives a power cut. The table has exactly
//! the declared columns; whatever else must be known of a row stands beside it.

mod clean;
mod commit;
mod copy;
mod history;
mod log;
mod open;
pub(super) mod own;
mod reader;
mod schema;
mod shape;
mod steering;
mod stored;
#[cfg(test)]
mod tests;
mod undeclared;
mod upsert;
mod value;
pub mod verify;
mod whole;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use serde::de::DeserializeOwned;

use self::log::Log;
pub use self::open::Opened;
use self::own::Own;
use super::kept::{cursor_of, cursor_text, json, number, stamp, time, word};
use super::lock::Lock;
use super::seal;
use super::{Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored, guard};
use crate::kill_point::KillPoint;
use crate::platform;
use crate::record::{Cursor, Schema};
use crate::run::{Outcome, Totals};
use crate::walk::lanes::Abreast;

/// A SQLite file that this process may write to.
#[derive(Debug)]
pub struct Sqlite {
    /// Before the connection: the last one to close tidies up.
    log: Log,
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) schema: &'static Schema,
    /// Held for as long as the connection is; `None` for a reader.
    _lock: Option<Lock>,
    /// Which file the connection writes to: one that was moved or deleted meanwhile goes on taking rows, unseen.
    identity: Option<(u64, u64)>,
}

impl Sqlite {
    /// Opens an existing file for reading; a run may be writing to it.
    ///
    /// # Errors
    /// As [`Sqlite::open`], and if there is no such file.
    pub fn read(path: &Path, schema: &'static Schema) -> Result<Self, DestinationError> {
        // The last connection to close brings the log into the file, and deletes it. What a killed process has left is
        // for the next that writes, which would miss it.
        let left = std::fs::metadata(guard::beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let mut sqlite = Self::existing(path, schema, OpenFlags::default())?;
        sqlite.try_sql(|connection| {
            connection.plain().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, left)
        })?;
        Ok(sqlite)
    }

    fn existing(path: &Path, schema: &'static Schema, flags: OpenFlags) -> Result<Self, DestinationError> {
        let sqlite = Self::unchecked(path, schema, flags)?;
        schema::check(&sqlite)?;
        Ok(sqlite)
    }

    /// Opens an existing file, whatever it holds.
    fn unchecked(path: &Path, schema: &'static Schema, flags: OpenFlags) -> Result<Self, DestinationError> {
        std::fs::metadata(path).map_err(|error| DestinationError::File {
            path: path.to_owned(),
            error,
            remedy: "run a sync first, or give the right --db",
        })?;
        Self::connect(path, schema, flags)
    }

    fn connect(path: &Path, schema: &'static Schema, flags: OpenFlags) -> Result<Self, DestinationError> {
        let named = |error| database_error(path, error);
        let mut connection = open_file(path, flags).map_err(named)?;
        connection.busy_handler(Some(waits)).map_err(named)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self {
            log: Log::default(),
            connection,
            path: path.to_owned(),
            schema,
            _lock: None,
            identity: platform::file_identity(path),
        })
    }

    /// Brings what is left of the write-ahead log into the file, so that the file alone is the whole table. The last
    /// connection that closes does so, unless it can only read, as a reader's.
    ///
    /// # Errors
    /// If the file cannot be written. Nothing is lost then: the next one that opens it does the same.
    pub fn settle(path: &Path) -> Result<(), DestinationError> {
        let named = |error| database_error(path, error);
        let connection = open_file(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(named)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(named)?;
        connection.close().map_err(|(_, error)| named(error))
    }

    /// Binds the file to a source, or checks that it is the one whose rows it holds.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if it holds another source's rows: under their checkpoint, older rows of this
    /// one would never be asked for. And if its checkpoint is one of another field, or written in another way.
    pub fn bind(&mut self, source: &str) -> Result<(), DestinationError> {
        let (bound, by): (Option<String>, Option<String>) = self.try_sql(|connection| {
            let bound = "SELECT source, cursor FROM _highwater_state";
            connection.query_row(bound, [], |row| Ok((row.get(0)?, row.get(1)?)))
        })?;
        if let Some(bound) = bound {
            same_source(&self.path, &bound, source)?;
        }
        let checkpoint = self.stored()?.checkpoint;
        if let Some(what) = super::shape::other_cursor(self.schema, checkpoint.as_ref(), by.as_deref()) {
            return Err(DestinationError::Refused(format!("{}: {what}", self.path.display())));
        }
        let field = self.schema.cursor.map(|at| self.schema.columns[at].name);
        self.try_sql(|connection| {
            let bind = "UPDATE _highwater_state SET source = ?1, cursor = ?2
                        WHERE source IS NOT ?1 OR cursor IS NOT ?2";
            connection.execute(bind, params![source, field]).map(drop)
        })
    }

    /// Every row's primary key and cursor. For tables that are small.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn versions(&mut self) -> Result<Vec<(String, String)>, DestinationError> {
        let column = |at: usize| format!("\"{}\"", self.schema.columns[at].name);
        let cursor = self.schema.cursor.map_or("NULL".to_owned(), column);
        let key = column(self.schema.primary_key);
        let query = format!(
            "SELECT CAST({key} AS TEXT), CAST(coalesce({cursor}, '') AS TEXT) FROM \"{}\"",
            self.schema.table
        );
        self.try_sql(|connection| {
            let mut query = connection.prepare(&query)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// The connection, with the stream's own tables.
    pub(super) fn own(&self) -> Own<&Connection> {
        Own::new(self.schema, &self.connection)
    }

    /// Refuses a file that was moved or deleted meanwhile: what goes into it would be seen by nobody.
    fn check_identity(&self) -> Result<(), DestinationError> {
        if platform::file_identity(&self.path) == self.identity {
            return Ok(());
        }
        Err(DestinationError::Refused(format!(
            "{} was moved or deleted while the run wrote to it; put it back, or run again for a new one",
            self.path.display()
        )))
    }

    /// Runs SQL and puts the file's name and a remedy to what goes wrong.
    fn try_sql<T>(
        &mut self,
        work: impl FnOnce(&Own<&Connection>) -> rusqlite::Result<T>,
    ) -> Result<T, DestinationError> {
        work(&self.own()).map_err(|error| database_error(&self.path, error))
    }
}

/// How long a lock of the database is waited for, and how long between two tries: another stream of the file may be
/// written by a process that leaves the lock for an instant only.
const LOCKED: Duration = Duration::from_secs(5);
const INSTANT: Duration = Duration::from_millis(2);

/// Waits for a lock that was tried for so many times, unless that was enough.
fn waits(tries: i32) -> bool {
    thread::sleep(INSTANT);
    INSTANT * tries.unsigned_abs() < LOCKED
}

/// Opens what a path names in the file system. As they stand, `:memory:` and `file:…` would be names of SQLite's own, of
/// tables that end with the process.
fn open_file(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Connection::open_with_flags(place, flags.difference(OpenFlags::SQLITE_OPEN_URI))
}

impl Destination for Sqlite {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn beside(&self) -> Beside {
        own::beside(self.schema.table)
    }

    fn stored(&mut self) -> Result<Stored, DestinationError> {
        let (unfinished, checkpoint, stored) = self.try_sql(|connection| {
            let lost = stored::lost(connection)?;
            let lanes = if schema::version(connection.plain())? < schema::LANES { "NULL" } else { "r.lanes" };
            let unfinished = format!(
                "SELECT r.run, r.started_at, r.outcome, r.walk, r.token, r.token_at, r.totals, {lanes}
                 FROM _highwater_runs r JOIN _highwater_state s ON s.unfinished = r.run"
            );
            let unfinished = connection.query_row(&unfinished, [], stored::run).optional()?;
            let state = "SELECT source, checkpoint, checkpoint_at, rows, oldest FROM _highwater_state";
            connection.query_row(state, [], |row| {
                let stored = Stored {
                    source: row.get(0)?,
                    checkpoint_at: row.get::<_, Option<String>>(2)?.as_deref().and_then(time),
                    rows: row.get::<_, i64>(3)?.unsigned_abs(),
                    oldest: cursor_of(row.get(4)?),
                    lost,
                    ..Stored::default()
                };
                Ok((unfinished, row.get::<_, Option<String>>(1)?, stored))
            })
        })?;
        let checkpoint = checkpoint.map(Cursor::try_from).transpose().map_err(|error| {
            let place = self.path.display();
            DestinationError::Refused(format!(
                "{place}: the stored checkpoint, {error}; `highwater state undo` or `set`"
            ))
        })?;
        let (unfinished, unreadable) = match unfinished {
            Some((_, Some(run))) => (Some(run), None),
            Some((run, None)) => (None, Some(run)),
            None => (None, None),
        };
        Ok(Stored { checkpoint, unfinished, unreadable, ..stored })
    }

    fn begin(&mut self, new: &NewRun) -> Result<i64, DestinationError> {
        let (walk, lanes) = (json(&new.walk), json(&Abreast::default()));
        self.try_sql(|connection| {
            let transaction = connection.transaction()?;
            let whole = clean::is_whole(&transaction, new)?;
            transaction.execute(
                "UPDATE _highwater_runs SET outcome = coalesce(outcome, 'stopped'), walk = NULL,
                        text = coalesce(text, 'a later run took its place')
                 WHERE run = (SELECT unfinished FROM _highwater_state)",
                [],
            )?;
            transaction.execute(
                "INSERT INTO _highwater_runs
                        (started_at, start, mode, first, checkpoint_before, walk, totals, whole, lanes, seal)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    stamp(new.at),
                    word(&new.start),
                    new.walk.mode().word(),
                    json(new.walk.next()),
                    new.walk.checkpoint().map(cursor_text),
                    walk,
                    json(&Totals::default()),
                    whole,
                    lanes,
                    seal::seal(&walk, &lanes),
                ],
            )?;
            let run = transaction.last_insert_rowid();
            transaction.execute("UPDATE _highwater_state SET unfinished = ?1", [run])?;
            KillPoint::AmidRunBegin.pass();
            transaction.commit()?;
            KillPoint::AfterRunBegin.pass();
            Ok(run)
        })
    }

    fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        KillPoint::BeforeRunMark.pass();
        self.try_sql(|connection| {
            let outcome = outcome.as_ref().map(word);
            connection.execute(
                "UPDATE _highwater_runs SET outcome = ?2, text = NULL WHERE run = ?1",
                params![run, outcome],
            )
        })?;
        KillPoint::AfterRunMark.pass();
        Ok(())
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError> {
        let schema = self.schema;
        self.check_identity()?;
        let committed = self.try_sql(|connection| {
            let transaction = connection.transaction()?;
            KillPoint::AfterBegin.pass();
            let committed = commit::pages(&transaction, schema, batches)?;
            KillPoint::BeforeCommit.pass();
            transaction.commit()?;
            KillPoint::AfterCommit.pass();
            Ok(committed)
        })?;
        self.log.after_commit(&mut self.connection, &self.path);
        Ok(committed)
    }

    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError> {
        self.try_sql(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute(
                "UPDATE _highwater_runs SET ended_at = ?2, outcome = ?3, end = ?4, text = ?5, totals = ?6, seams = ?8,
                        walk = CASE WHEN ?7 THEN walk END,
                        checkpoint_after = (SELECT checkpoint FROM _highwater_state)
                 WHERE run = ?1",
                params![
                    ending.run,
                    stamp(ending.at),
                    word(&ending.outcome),
                    json(&ending.end),
                    ending.text,
                    json(&ending.totals),
                    ending.resumable,
                    number(ending.totals.seams.sum()),
                ],
            )?;
            clean::note(&transaction, ending.run, ending.outcome, &ending.end)?;
            if !ending.resumable {
                transaction.execute(
                    "UPDATE _highwater_state SET unfinished = NULL WHERE unfinished = ?1",
                    [ending.run],
                )?;
            }
            KillPoint::AmidRunEnd.pass();
            transaction.commit()?;
            KillPoint::AfterRunEnd.pass();
            Ok(())
        })
    }
}

/// Refuses a source that is not the one whose rows a file holds.
fn same_source(path: &Path, bound: &str, source: &str) -> Result<(), DestinationError> {
    if bound == source {
        return Ok(());
    }
    Err(DestinationError::Refused(format!(
        "{} holds the rows of {bound}, not of {source}; give another --db, or, if the same rows have moved there, \
         forget the checkpoint with `highwater state reset`",
        path.display()
    )))
}

/// A column that holds JSON of our own.
fn parsed<T: DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// What SQLite says, with what an operator can do about it.
pub(super) fn database_error(path: &Path, error: rusqlite::Error) -> DestinationError {
    let remedy = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "make room and run again: what was stored before is safe",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds the database: close it and run again"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            "the file is damaged or no SQLite database (`highwater verify` looks closer): restore it, or give another --db"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "check the permissions, or give another --db"
        }
        Some(ErrorCode::SystemIoFailure) => "check the disk, then run again: what was stored before is safe",
        _ => "run again; if it persists, give another --db",
    };
    DestinationError::Database { place: path.display().to_string(), what: error.to_string(), remedy }
}
