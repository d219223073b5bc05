//! One writer at a time for each table: an advisory lock beside the database, which the system releases when its holder dies.
//!
//! The file says who holds it, so that a second process can name the first. A clean end empties it; what is left in
//! a file that nobody has locked is therefore the trace of a process that was killed.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};

use super::{DestinationError, guard, remedy_for};
use crate::platform;
use crate::record::USER;
use crate::sanitize;

/// How often a lock is tried for before its holder is believed, and how long between.
const LOOKS: u32 = 4;
const INSTANT: Duration = Duration::from_millis(10);

/// A held lock. Dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// True if its file is to look as if this process had been killed.
    leaves_trace: bool,
}

impl Lock {
    /// Takes the lock of a table in a database. With the lock comes the trace of a holder that was killed, if there is one.
    ///
    /// # Errors
    /// [`DestinationError::Locked`] if a living process holds it, [`DestinationError::File`] if it cannot be made.
    pub fn take(database: &Path, table: &str) -> Result<(Self, Option<String>), DestinationError> {
        let path = path_of(database, table);
        let failed = |error| DestinationError::File {
            path: path.clone(),
            remedy: remedy_for(&error, "check the directory's permissions"),
            error,
        };
        let mut file = platform::private_file_itself(&path).map_err(failed)?;
        for look in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                // Somebody who only looks, as `holder` does, is gone in an instant.
                Err(TryLockError::WouldBlock) if look < LOOKS => thread::sleep(INSTANT),
                Err(TryLockError::WouldBlock) => {
                    let place = database.display().to_string();
                    let holder = read(&mut file).unwrap_or_else(|| "another process".to_owned());
                    return Err(DestinationError::Locked { place, holder });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let killed = read(&mut file);
        let since = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let holder = format!("process {}, since {since}", std::process::id());
        rewrite(&mut file, &holder).map_err(failed)?;
        Ok((Self { file, leaves_trace: false }, killed))
    }

    /// Releases it, and leaves the trace of a holder that was killed: one was before, and what it left behind was
    /// not taken over.
    pub fn leave_trace(mut self) {
        self.leaves_trace = true;
    }

    /// Who holds the lock of a table in a database, if anyone does.
    #[must_use]
    pub fn holder(database: &Path, table: &str) -> Option<String> {
        let mut file = File::open(path_of(database, table)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                Some(read(&mut file).unwrap_or_else(|| "another process".to_owned()))
            }
            _ => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only the trace: the lock itself ends with the file.
        if !self.leaves_trace {
            let _ = rewrite(&mut self.file, "");
        }
    }
}

/// The lock of a table in a database: for the reference's, the one that the database has always had.
pub(super) fn path_of(database: &Path, table: &str) -> PathBuf {
    match table == USER.table {
        true => guard::beside(database, ".lock"),
        false => guard::beside(database, &format!(".{table}.lock")),
    }
}

fn read(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(200).read_to_string(&mut text).ok()?;
    (!text.is_empty()).then(|| sanitize::snippet(text.trim(), 100))
}

fn rewrite(file: &mut File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let (lock, killed) = Lock::take(&database, "user").unwrap();
        assert_eq!(killed, None);
        let refused = Lock::take(&database, "user").unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        assert!(Lock::holder(&database, "user").is_some());
        drop(lock);
        assert_eq!(Lock::holder(&database, "user"), None);
        assert_eq!(Lock::take(&database, "user").unwrap().1, None, "a clean end leaves no trace");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_database_leads_to_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let (database, link) = (folder.path().join("a.db"), folder.path().join("b.db"));
        std::fs::write(&database, "").unwrap();
        std::os::unix::fs::symlink(&database, &link).unwrap();
        let _lock = Lock::take(&database, "user").unwrap();
        assert!(Lock::take(&link, "user").is_err());
        assert!(Lock::holder(&link, "user").is_some());
    }

    #[test]
    fn the_trace_of_a_killed_holder_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        std::fs::write(path_of(&database, "user"), "process 1, since 2026-01-01T00:00:00Z").unwrap();
        assert_eq!(Lock::holder(&database, "user"), None, "nobody has locked the file");
        let (_lock, killed) = Lock::take(&database, "user").unwrap();
        assert!(killed.unwrap().starts_with("process 1,"));
    }
}
