//! A file taken for writing: which one may be, who held it before, and what has to be done before a run can begin.

use std::path::Path;

use rusqlite::OpenFlags;

use super::{Sqlite, schema, whole};
use crate::destination::lock::{self, Lock};
use crate::destination::place::Killed;
use crate::destination::{DestinationError, guard, remedy_for};
use crate::kill_point::KillPoint;
use crate::platform;
use crate::record::Schema;

/// A destination that was opened, and what was noticed on the way.
#[derive(Debug)]
pub struct Opened {
    /// The destination.
    pub sqlite: Sqlite,
    /// The holder that was killed while it held the lock, if there was one, and what it left.
    pub killed: Option<Killed>,
}

impl Sqlite {
    /// Opens a file for writing, or makes it; takes its lock, and brings its tables up to date.
    ///
    /// # Errors
    /// [`DestinationError::Locked`] if another process writes to it; [`DestinationError::Refused`] if a newer
    /// version wrote it, if its table has other columns, or if it is not whole; the others as they come.
    pub fn open(path: &Path, schema: &'static Schema) -> Result<Opened, DestinationError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            platform::private_dir(folder).map_err(|error| DestinationError::File {
                path: folder.to_owned(),
                remedy: remedy_for(&error, "choose another --db"),
                error,
            })?;
        }
        // Before anything is put beside it: SQLite would leave a journal even next to /dev/null.
        guard::check(path, lock::path_of(path, schema.table))?;
        let (lock, holder) = Lock::take(path, schema.table)?;
        KillPoint::LockTaken.pass();
        let lacked_log = holder.is_some() && whole::lacks_log(path);
        match Self::prepare(path, schema, lacked_log) {
            Ok(sqlite) => {
                let killed = holder.map(|holder| Killed { holder, lacked_log });
                Ok(Opened { sqlite: Self { _lock: Some(lock), ..sqlite }, killed })
            }
            Err(error) => {
                // The next one that tries is to look as closely.
                if holder.is_some() {
                    lock.leave_trace();
                }
                Err(error)
            }
        }
    }

    /// Opens a file whose lock is held, and brings its tables up to date.
    fn prepare(path: &Path, schema: &'static Schema, lacks_log: bool) -> Result<Self, DestinationError> {
        // Made before SQLite does, which would leave it readable for all; the -wal and -shm take its mode over.
        platform::private_file(path).map_err(|error| DestinationError::File {
            path: path.to_owned(),
            remedy: remedy_for(&error, "check the permissions, or choose another --db"),
            error,
        })?;
        KillPoint::FileMade.pass();
        let mut sqlite = Self::connect(path, schema, OpenFlags::default())?;
        schema::recognise(&sqlite)?;
        // Before the first write, unless there is nothing to compare with yet.
        let is_ours = sqlite.try_sql(|connection| schema::version(connection.plain()))? > 0;
        if lacks_log && is_ours {
            sqlite.check_whole()?;
        }
        sqlite.try_sql(|connection| {
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096;
                 PRAGMA wal_autocheckpoint = 0;
                 PRAGMA temp_store = MEMORY;",
            )
        })?;
        // Tables that a power cut takes back are made again at the next start: the first frame does not wait for them.
        schema::migrate(&mut sqlite)?;
        KillPoint::AfterMigration.pass();
        sqlite.try_sql(|connection| connection.execute_batch("PRAGMA synchronous = FULL"))?;
        if lacks_log && !is_ours {
            sqlite.check_whole()?;
        }
        Ok(sqlite)
    }
}
