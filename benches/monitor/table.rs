//! A destination with millions of users: made once, by SQL and not by a sync, and kept for the next time.

use std::fs;
use std::path::{Path, PathBuf};

use highwater::destination::sqlite::Sqlite;
use highwater::record::{Cursor, USER};
use rusqlite::{Connection, params, params_from_iter};

use super::{Fault, users};

/// Rows of a transaction.
const PORTION: u64 = 100_000;

/// The file of a destination with that many users.
pub fn of(rows: u64) -> Result<PathBuf, Fault> {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("users-{rows}"));
    let path = kept.join("users.db");
    if !path.exists() {
        // Half of a table must never be taken for one.
        let making = kept.with_extension("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        eprintln!("making a table of {rows} users, once");
        make(&making.join("users.db"), rows)?;
        fs::rename(&making, &kept)?;
    }
    Ok(path)
}

fn make(path: &Path, rows: u64) -> Result<(), Fault> {
    drop(Sqlite::open(path, &USER)?);
    let mut connection = Connection::open(path)?;
    // What is lost with the machine is made again.
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -1000000;",
    )?;
    let places = vec!["?"; USER.columns.len()].join(", ");
    let insert = format!("INSERT INTO \"{}\" VALUES ({places})", USER.table);
    for portion in 0..rows.div_ceil(PORTION) {
        let transaction = connection.transaction()?;
        let mut statement = transaction.prepare_cached(&insert)?;
        for number in portion * PORTION..rows.min((portion + 1) * PORTION) {
            statement.execute(params_from_iter(users::values(number).iter()))?;
        }
        drop(statement);
        transaction.commit()?;
    }
    let [oldest, newest] =
        [0, rows - 1].map(|number| users::cursor(number).as_ref().map(Cursor::text).map(str::to_owned));
    connection.execute(
        "UPDATE _highwater_state SET rows = ?1, oldest = ?2, newest = ?3, checkpoint = ?3, checkpoint_at = ?3",
        params![i64::try_from(rows)?, oldest, newest],
    )?;
    Ok(())
}
