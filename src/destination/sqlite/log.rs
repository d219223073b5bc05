//! The write-ahead log's way into the file, beside the writer.
//!
//! A commit only appends to the log; that its pages get into the file as well is nothing that a page need wait for. So
//! a connection of its own does it on a thread of its own, once there is enough of it that a page which many commits
//! touched is written once. The log begins anew only when all of it is in the file, and a writer that never rests
//! would not let it come to that: where it gets too long, the writer itself brings in what is left.

use std::path::Path;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, OpenFlags};

use super::{open_file, waits};

/// From how many frames on the log is brought in, and how many more it takes for another time: 64 MiB, and 16.
const LONG: i64 = 16_384;
const MORE: i64 = 4_096;

/// How many frames the writer does not go beyond before all of them are in the file, but for those of one commit:
/// 256 MiB.
const MOST: i64 = 65_536;

/// How many times a lock is tried for that the log can begin anew without.
const SHORTLY: i32 = 50;

/// What brings the log in, while it does.
#[derive(Debug, Default)]
pub(super) struct Log(Option<JoinHandle<()>>);

impl Log {
    /// Sees to the log after a commit. What goes wrong is tried again after the next one: what is in the log is stored.
    pub(super) fn after_commit(&mut self, connection: &mut Connection, path: &Path) {
        let Ok((frames, done)) = checkpoint(connection, "NOOP") else { return };
        if frames >= MOST {
            self.wait();
            // Nobody waits for the outcome: the log of the next commit tells it.
            let _ = checkpoint(connection, "PASSIVE");
            begin_anew(connection);
        } else if frames >= LONG
            && frames - done >= MORE
            && self.0.as_ref().is_none_or(JoinHandle::is_finished)
        {
            self.wait();
            let path = path.to_owned();
            let bring_in = move || {
                let opened = open_file(&path, OpenFlags::SQLITE_OPEN_READ_WRITE);
                opened.and_then(|connection| checkpoint(&connection, "PASSIVE")).map_or((), drop)
            };
            self.0 = thread::Builder::new().spawn(bring_in).ok();
        }
    }

    /// Waits until the log is brought in as far as it was begun.
    fn wait(&mut self) {
        if let Some(thread) = self.0.take() {
            // A panic in it has been told by the hook.
            let _ = thread.join();
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.wait();
    }
}

/// Makes the next commit begin the log anew, whosever it is: where another stream's writer goes on meanwhile, there is
/// always something left in it. Waits no longer for that than a few commits of the other take: a reader may keep the log
/// for as long as an export takes, and the next commit tries again.
fn begin_anew(connection: &mut Connection) {
    let shortly = |tries| tries < SHORTLY && waits(tries);
    let _ = connection.busy_handler(Some(shortly)).and_then(|()| checkpoint(connection, "RESTART"));
    let _ = connection.busy_handler(Some(waits));
}

/// Brings in the log in one of SQLite's modes, and tells how many frames it has and how many of them are in the file.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<(i64, i64)> {
    let checkpoint = format!("PRAGMA wal_checkpoint({mode})");
    connection.query_row(&checkpoint, [], |row| Ok((row.get(1)?, row.get(2)?)))
}
