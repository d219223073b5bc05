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

/// How long the log gets, in frames of a page each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// From how many on it is brought in.
    long: i64,
    /// How many more it takes for another time.
    more: i64,
    /// How many the writer does not go beyond before all of them are in the file, but for those of one commit.
    most: i64,
}

impl Length {
    /// For a small file: 64 MiB, another 16, and 256.
    pub(super) const LEAST: Self = Self { long: 16_384, more: 4_096, most: 65_536 };
    /// However large the file is: 512 MiB, another 256, and 1 GiB.
    const LARGEST: Self = Self { long: 131_072, more: 65_536, most: 262_144 };

    /// For a file of so many pages: the larger it is, the more of them a commit touches. The log gets as long as the
    /// file, so that the writer need not wait until each of its commits is brought in, and what several commits made of
    /// a page is brought in once.
    fn of(pages: i64, largest: Self) -> Self {
        let Self { long, more, most } = Self::LEAST;
        Self {
            long: (pages / 2).clamp(long, largest.long),
            more: (pages / 4).clamp(more, largest.more),
            most: pages.clamp(most, largest.most),
        }
    }
}

/// How many times a lock is tried for that the log can begin anew without.
const SHORTLY: i32 = 50;

/// The log as its writer sees to it.
#[derive(Debug)]
pub(super) struct Log {
    /// What brings it in, while it does.
    thread: Option<JoinHandle<()>>,
    /// How long it gets at most, however large the file is.
    pub(super) largest: Length,
}

impl Default for Log {
    fn default() -> Self {
        Self { thread: None, largest: Length::LARGEST }
    }
}

impl Log {
    /// Sees to the log after a commit. What goes wrong is tried again after the next one: what is in the log is stored.
    pub(super) fn after_commit(&mut self, connection: &mut Connection, path: &Path) {
        let Ok((frames, done)) = checkpoint(connection, "NOOP") else { return };
        if frames < Length::LEAST.long {
            return;
        }
        let Ok(pages) = connection.query_row("PRAGMA page_count", [], |row| row.get(0)) else { return };
        let Length { long, more, most } = Length::of(pages, self.largest);
        if frames >= most {
            self.wait();
            // Nobody waits for the outcome: the log of the next commit tells it.
            let _ = checkpoint(connection, "PASSIVE");
            begin_anew(connection);
        } else if frames >= long
            && frames - done >= more
            && self.thread.as_ref().is_none_or(JoinHandle::is_finished)
        {
            self.wait();
            let path = path.to_owned();
            let bring_in = move || {
                let opened = open_file(&path, OpenFlags::SQLITE_OPEN_READ_WRITE);
                opened.and_then(|connection| checkpoint(&connection, "PASSIVE")).map_or((), drop)
            };
            self.thread = thread::Builder::new().spawn(bring_in).ok();
        }
    }

    /// Waits until the log is brought in as far as it was begun.
    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
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

#[cfg(test)]
mod tests {
    use super::Length;

    #[test]
    fn the_log_gets_as_long_as_the_file_between_two_bounds() {
        let of = |pages| Length::of(pages, Length::LARGEST);
        assert_eq!((of(0), of(10_000)), (Length::LEAST, Length::LEAST));
        assert_eq!(of(100_000), Length { long: 50_000, more: 25_000, most: 100_000 });
        assert_eq!(of(i64::MAX), Length::LARGEST);
        for pages in (0..300_000).step_by(1_000) {
            let Length { long, more, most } = of(pages);
            // It is brought in beside the writer at least once before the writer has to wait for that.
            assert!(long + more < most, "{pages}");
        }
    }
}
