//! Looks whether a file keeps its promises, and writes nothing to it.
//!
//! Everything is read in one transaction, so that a run that goes on meanwhile changes nothing under the eyes of the
//! check. Rows and pages are read one by one, whatever their number; what has to be remembered of them goes to a
//! temporary table, which SQLite keeps in a file of its own.

pub mod compare;
mod file;
mod log;
mod runs;
mod table;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use tempfile::TempDir;

use super::own::{self, Own};
use super::{Sqlite, database_error, schema};
use crate::destination::copy::Side as _;
use crate::destination::verify::{Check, Verdict};
use crate::destination::{Beside, DestinationError, guard, lock};
use crate::record::Schema;

/// What to do where the file itself cannot be trusted.
const RESTORE: &str = "restore a backup, or give a new --db and read everything again";
/// What to do where another program wrote to the tables.
const FOREIGN: &str =
    "another program wrote here: restore a backup, or give a new --db and read everything again";
/// What to do where rows may be missing.
const FULL: &str = "read everything again: highwater sync --resume full";
/// What to do where the checkpoint is not where it should be.
const MOVE: &str = "look at `highwater state history`; set it with `state undo` or `state rewind --to`, or read \
                    everything again with --resume full";

/// A file under examination.
#[derive(Debug)]
pub struct Verifier {
    sqlite: Sqlite,
    /// What is called what in the destination that is judged, which need not be this file.
    beside: Beside,
    /// `None` if the file is damaged where its tables are described.
    standing: Option<Standing>,
    // After the connection, which has to be closed first.
    _tidy: Tidy,
    /// The directory that goes away with a copy.
    copy: Option<TempDir>,
}

/// The stream's state, as it stands in the file.
#[derive(Clone, Debug, Default)]
struct Standing {
    version: i64,
    source: Option<String>,
    checkpoint: Option<String>,
    rows: i64,
    oldest: Option<String>,
    newest: Option<String>,
    unfinished: Option<i64>,
}

/// What a check looks at.
struct Look<'a> {
    connection: Own<&'a Connection>,
    schema: &'static Schema,
    standing: &'a Standing,
    beside: &'a Beside,
}

type Looked = rusqlite::Result<Check>;

impl Verifier {
    /// Opens a file for reading; a run may be writing to it. What is judged is the file as it stands now.
    ///
    /// # Errors
    /// As [`Sqlite::read`], and [`DestinationError::Refused`] if the file belongs to another user; damage is none, but
    /// a finding.
    pub fn open(path: &Path, schema: &'static Schema) -> Result<Self, DestinationError> {
        guard::check(path, lock::path_of(path, schema.table))?;
        let tidy = Tidy::after(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut sqlite = Sqlite::unchecked(path, schema, flags)?;
        // Where a damaged file refuses even this, the checks tell.
        let _ = sqlite.connection.execute_batch("PRAGMA cache_size = -8192");
        sqlite.try_sql(|connection| connection.execute_batch("BEGIN"))?;
        let mut verifier =
            Self { sqlite, beside: own::beside(schema.table), standing: None, _tidy: tidy, copy: None };
        match schema::check(&verifier.sqlite).and_then(|()| verifier.sqlite.try_sql(standing)) {
            Ok(standing) => verifier.standing = Some(standing),
            Err(DestinationError::Database { .. }) if verifier.is_database() => {}
            Err(error) => return Err(error),
        }
        Ok(verifier)
    }

    /// Opens a copy of another kind of destination, which goes away with it. What is judged is what was copied, and not
    /// the file.
    pub(in crate::destination) fn of_copy(
        path: &Path,
        schema: &'static Schema,
        folder: TempDir,
        beside: Beside,
    ) -> Result<Self, DestinationError> {
        Ok(Self { copy: Some(folder), beside, ..Self::open(path, schema)? })
    }

    /// The mark of an unfinished copy, if the file is one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(in crate::destination) fn copying(&mut self) -> Result<Option<String>, DestinationError> {
        self.sqlite.copying()
    }

    /// True if the file begins as a SQLite database does, and can be read at all.
    fn is_database(&self) -> bool {
        let asked = self.sqlite.connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
        !asked.is_err_and(|error| is_no_finding(&error))
    }

    /// The source whose rows the file holds, and its checkpoint, as they are written there.
    #[must_use]
    pub fn about(&self) -> (Option<&str>, Option<&str>) {
        let standing = self.standing.as_ref();
        standing.map_or((None, None), |it| (it.source.as_deref(), it.checkpoint.as_deref()))
    }

    /// Makes every check that needs no source, and tells each when it is done.
    ///
    /// # Errors
    /// If the file cannot be read for a reason that says nothing of what it holds.
    pub fn checks<E: From<DestinationError>>(
        &self,
        mut tell: impl FnMut(Check) -> Result<(), E>,
    ) -> Result<(), E> {
        let none = Standing::default();
        let look = Look {
            connection: self.sqlite.own(),
            schema: self.sqlite.schema,
            standing: self.standing.as_ref().unwrap_or(&none),
            beside: &self.beside,
        };
        let mut check = |name, work: fn(&Look<'_>) -> Looked| tell(self.looked(name, work(&look))?);
        if self.copy.is_none() {
            check("file", file::whole)?;
        }
        if self.standing.is_none() {
            return check("tables", file::unreadable);
        }
        if self.copy.is_none() {
            check("format", file::format)?;
        }
        check("key", file::key)?;
        check("rows", table::rows)?;
        check("cursors", table::cursors)?;
        check("checkpoint", table::checkpoint)?;
        check("history", runs::history)?;
        check("runs", runs::totals)?;
        check("unfinished", runs::unfinished)?;
        check("pages", log::pages)?;
        check("beside", table::beside)?;
        check("quarantine", table::quarantine)?;
        check("seams", runs::seams)
    }

    /// A check that met an error is one with a finding, if the error is about what the file holds.
    fn looked(&self, name: &'static str, looked: Looked) -> Result<Check, DestinationError> {
        match looked {
            Err(error) if is_no_finding(&error) => Err(database_error(&self.sqlite.path, error)),
            Err(error) => {
                let mut check = Check::of(name);
                check.find(Verdict::Damage, RESTORE, || format!("cannot be read: {error}"));
                Ok(check.told("", "cannot be read"))
            }
            Ok(check) => Ok(check),
        }
    }
}

/// True for an error that says nothing of what the file holds.
fn is_no_finding(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::NotADatabase
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
                | ErrorCode::DiskFull
                | ErrorCode::OperationInterrupted
                | ErrorCode::SystemIoFailure
        )
    )
}

/// A count, as SQLite keeps it: its integers are signed. A negative one counts nothing, and is damage.
fn figure(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let figure: i64 = row.get(column)?;
    u64::try_from(figure).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, figure))
}

fn standing(connection: &Own<&Connection>) -> rusqlite::Result<Standing> {
    let version = connection.plain().pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.query_row(
        "SELECT source, checkpoint, rows, oldest, newest, unfinished FROM _highwater_state",
        [],
        |row| {
            Ok(Standing {
                version,
                source: row.get(0)?,
                checkpoint: row.get(1)?,
                rows: row.get(2)?,
                oldest: row.get(3)?,
                newest: row.get(4)?,
                unfinished: row.get(5)?,
            })
        },
    )
}

/// Takes away the empty log that a reader leaves beside a file which had none. What a killed writer left there stays:
/// it holds rows.
#[derive(Debug)]
struct Tidy {
    path: Option<PathBuf>,
}

impl Tidy {
    fn after(path: &Path) -> Self {
        Self { path: (!guard::beside(path, "-wal").exists()).then(|| path.to_owned()) }
    }
}

impl Drop for Tidy {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // A directory that cannot be written to had nothing put into it either.
            let _ = Sqlite::settle(path);
        }
    }
}
