//! Whether a file that has lost its write-ahead log is whole without it.
//!
//! A process that is killed leaves the log beside the file, and the next one goes on from both. Where somebody has
//! deleted it, the file may be an earlier state, which is as good, or a mixture: the log is brought into the file page
//! by page. Only in this case is the whole file read, for that costs as much as the table is long.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::Sqlite;
use crate::destination::{DestinationError, guard};

/// Where a file says which journal it is written with, and what it says if that is a write-ahead log.
const JOURNAL: usize = 18;
const WRITE_AHEAD: u8 = 2;

/// True if a file is written with a write-ahead log, and none lies beside it, or an empty one. A clean end leaves none either.
pub(super) fn lacks_log(path: &Path) -> bool {
    let mut header = [0; JOURNAL + 1];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let log = std::fs::metadata(guard::beside(path, "-wal")).map_or(0, |log| log.len());
    read.is_ok() && header[JOURNAL] == WRITE_AHEAD && log == 0
}

impl Sqlite {
    /// Reads the whole file, and compares what is counted with what was written down.
    pub(super) fn check_whole(&mut self) -> Result<(), DestinationError> {
        let table = self.schema.table;
        let counts = format!(
            "SELECT (SELECT rows FROM _highwater_state), (SELECT count(*) FROM \"{table}\"),
                    (SELECT count(*) FROM \"{table}\" NOT INDEXED)"
        );
        let (structure, noted, keys, rows) = self.try_sql(|connection| {
            let structure: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            connection.query_row(&counts, [], |row| {
                Ok((structure, row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
            })
        })?;
        let what = if structure != "ok" {
            structure
        } else if (noted, noted) != (keys, rows) {
            format!("{noted} rows were written down, and {} are there", rows.min(keys))
        } else {
            return Ok(());
        };
        Err(DestinationError::Refused(format!(
            "{path}: the process that wrote to it last was killed, and the log that it left ({path}-wal) is gone; \
             without it the file is not whole ({what}): put the log back, or restore the file, or read everything \
             again into another --db",
            path = self.path.display()
        )))
    }
}
