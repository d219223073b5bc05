//! The tables, brought up to date by numbered migrations (`PRAGMA user_version`).

use rusqlite::Connection;

use super::own::{self, Own};
use super::{Sqlite, database_error, shape};
use crate::destination::DestinationError;
use crate::kill_point::KillPoint;
use crate::record::Schema;
use crate::sanitize;

/// One step for each version, in order. A step that was released is never edited.
pub(super) const MIGRATIONS: &[&str] = &["
    -- One row: the state of the stream whose rows the table holds.
    CREATE TABLE _highwater_state (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        source TEXT, checkpoint TEXT, checkpoint_at TEXT,
        rows INTEGER NOT NULL DEFAULT 0, oldest TEXT,
        -- The largest cursor ever stored: the checkpoint is never above it.
        newest TEXT,
        unfinished INTEGER
    );
    INSERT INTO _highwater_state (one) VALUES (1);
    CREATE TABLE _highwater_runs (
        run INTEGER PRIMARY KEY AUTOINCREMENT,
        started_at TEXT NOT NULL, ended_at TEXT,
        start TEXT NOT NULL, mode TEXT NOT NULL, first TEXT NOT NULL,
        checkpoint_before TEXT, checkpoint_after TEXT,
        outcome TEXT, end TEXT, text TEXT,
        walk TEXT, token TEXT, token_at TEXT,
        totals TEXT NOT NULL
    );
    CREATE TABLE _highwater_pages (
        run INTEGER NOT NULL, page INTEGER NOT NULL,
        asked_by TEXT NOT NULL, asked TEXT NOT NULL,
        rows INTEGER NOT NULL, new INTEGER NOT NULL, changed INTEGER NOT NULL, same INTEGER NOT NULL,
        stale INTEGER NOT NULL, quarantined INTEGER NOT NULL,
        first TEXT, last TEXT, token TEXT, checkpoint TEXT, decision TEXT NOT NULL,
        wait_ms INTEGER NOT NULL, body_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, retries INTEGER NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (run, page)
    ) WITHOUT ROWID;
    -- Each run that moved the checkpoint, and each act of an operator.
    CREATE TABLE _highwater_history (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL, cause TEXT NOT NULL, run INTEGER,
        before TEXT, after TEXT,
        -- The source that a reset let go of.
        source TEXT,
        undone_by INTEGER
    );
    CREATE UNIQUE INDEX _highwater_history_run ON _highwater_history (run) WHERE run IS NOT NULL;
    -- Fields that the schema does not declare, as one JSON object by id.
    CREATE TABLE _highwater_extra (id TEXT PRIMARY KEY, fields TEXT NOT NULL) WITHOUT ROWID;
    -- Rows that the table cannot hold, once each.
    CREATE TABLE _highwater_quarantine (
        entry INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL, page INTEGER NOT NULL, position INTEGER NOT NULL,
        reason TEXT NOT NULL, row TEXT NOT NULL UNIQUE, at TEXT NOT NULL
    );
", "
    -- What a page was asked with and how it came, for whoever looks into it later; null for pages that were logged
    -- before. How long its commit took is not known before the commit is over, and is not kept.
    ALTER TABLE _highwater_pages ADD COLUMN url TEXT;
    ALTER TABLE _highwater_pages ADD COLUMN status INTEGER;
    -- JSON: [[name, value], …]
    ALTER TABLE _highwater_pages ADD COLUMN headers TEXT;
    ALTER TABLE _highwater_pages ADD COLUMN decode_ms INTEGER;
    -- JSON: [text, …]
    ALTER TABLE _highwater_pages ADD COLUMN reasons TEXT;
    -- JSON: [id, …]
    ALTER TABLE _highwater_pages ADD COLUMN first_ids TEXT;
    -- What the last change of each row replaced: one JSON object, column to value. With a rowid: ids come in no
    -- order, and without one nearly every change would rewrite a page of the file.
    CREATE TABLE _highwater_previous (
        id TEXT NOT NULL PRIMARY KEY,
        run INTEGER NOT NULL, page INTEGER NOT NULL, at TEXT NOT NULL,
        before TEXT NOT NULL
    );
", "
    -- Seams of the run at which rows may have been lost: those that its totals count.
    ALTER TABLE _highwater_runs ADD COLUMN seams INTEGER NOT NULL DEFAULT 0;
    UPDATE _highwater_runs SET seams = coalesce(json_extract(totals, '$.tie_unsafe'), 0)
        + coalesce(json_extract(totals, '$.tie_overflow'), 0) + coalesce(json_extract(totals, '$.not_inclusive'), 0)
        WHERE CASE WHEN json_valid(totals) THEN json_type(totals) END = 'object';
    CREATE INDEX _highwater_runs_seams ON _highwater_runs (run) WHERE seams > 0;
    -- True for a run that reads everything: from the beginning, or on from where such a run was left without a seam.
    -- Not for one that goes by token: a cut between two rows of a group shows on no page.
    ALTER TABLE _highwater_runs ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
    UPDATE _highwater_runs SET whole = 1
        WHERE CASE WHEN json_valid(first) THEN json_extract(first, '$.value') END = '0001-01-01T00:00:00Z'
          AND mode <> 'scroll';
    -- The last complete run that read everything without such a seam: what earlier ones lost is there.
    ALTER TABLE _highwater_state ADD COLUMN clean INTEGER;
    UPDATE _highwater_state SET clean = (
        SELECT max(run) FROM _highwater_runs
        WHERE whole AND seams = 0 AND outcome = 'complete'
          AND CASE WHEN json_valid(end) THEN json_extract(end, '$.why') END IN ('exhausted', 'empty_page', 'ceiling')
          AND NOT coalesce(CASE WHEN json_valid(end) THEN json_extract(end, '$.token') END, 0)
    );
", "
    -- Which lane brought the page, and whether that lane began with it.
    ALTER TABLE _highwater_pages ADD COLUMN lane INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE _highwater_pages ADD COLUMN opens INTEGER NOT NULL DEFAULT 0;
    -- The lanes beside the walk of an unfinished run, as JSON, and the seal over both.
    ALTER TABLE _highwater_runs ADD COLUMN lanes TEXT;
    ALTER TABLE _highwater_runs ADD COLUMN seal INTEGER;
", "
    -- How far an unfinished copy of another destination has come, as JSON; null where there is none.
    ALTER TABLE _highwater_state ADD COLUMN copying TEXT;
", "
    -- The field that the checkpoint is one of; null where that was not written down.
    ALTER TABLE _highwater_state ADD COLUMN cursor TEXT;
"];

/// The version from which on a table may be an unfinished copy.
pub(super) const COPIES: usize = 5;

/// The version from which on runs have lanes.
pub(super) const LANES: usize = 4;

/// The version from which on runs tell of seams at which rows may have been lost.
pub(super) const SEAMS: usize = 3;

/// Looks whether a file may be written to at all, before anything about it is changed.
pub(super) fn recognise(sqlite: &Sqlite) -> Result<(), DestinationError> {
    check_name(sqlite.schema)?;
    check_version(sqlite)?;
    check_maker(sqlite)?;
    if has(sqlite, sqlite.schema.table)? { shape::check(sqlite, true) } else { Ok(()) }
}

/// Refuses a name for a table with which SQL over its bookkeeping would be none.
fn check_name(schema: &Schema) -> Result<(), DestinationError> {
    let is_name =
        schema.table.chars().all(|it| it == '_' || it.is_alphanumeric()) && !schema.table.is_empty();
    if is_name && !["_highwater_", "sqlite_"].iter().any(|ours| schema.table.starts_with(ours)) {
        return Ok(());
    }
    let table = sanitize::quoted(schema.table);
    Err(DestinationError::Refused(format!(
        "{table} cannot be a table's name: give it one of letters, digits and _, that begins neither with _highwater_ \
         nor with sqlite_"
    )))
}

fn has(sqlite: &Sqlite, table: &str) -> Result<bool, DestinationError> {
    let query = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let found = sqlite.connection.query_row(query, [table], |row| row.get(0));
    found.map_err(|error| database_error(&sqlite.path, error))
}

/// The tables of a file that are some stream's.
fn tables(sqlite: &Sqlite) -> Result<Vec<String>, DestinationError> {
    own::tables(&sqlite.connection).map_err(|error| database_error(&sqlite.path, error))
}

/// Refuses a file that some other program has numbered as its own.
fn check_maker(sqlite: &Sqlite) -> Result<(), DestinationError> {
    let version = version(&sqlite.connection).map_err(|error| database_error(&sqlite.path, error))?;
    if version == 0 || !tables(sqlite)?.is_empty() {
        return Ok(());
    }
    let path = sqlite.path.display();
    Err(DestinationError::Refused(format!("{path} was not made by highwater; give another --db")))
}

/// Brings the tables up to date: those of every stream of the file, for their version is one and the same.
pub(super) fn migrate(sqlite: &mut Sqlite) -> Result<(), DestinationError> {
    let schema = sqlite.schema;
    sqlite.try_sql(|connection| {
        let transaction = connection.transaction()?;
        let version = version(transaction.plain())?;
        let streams = own::tables(transaction.plain())?;
        let is_new = streams.iter().all(|table| table != schema.table);
        for table in streams {
            bring_up(&transaction.of(table), version)?;
        }
        if version < MIGRATIONS.len() {
            transaction.plain().pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
        }
        if is_new {
            bring_up(&transaction.of(schema.table.to_owned()), 0)?;
            transaction.execute_batch(&shape::create_table(schema))?;
            // A table that was there before has rows already.
            let count =
                format!("UPDATE _highwater_state SET rows = (SELECT count(*) FROM \"{}\")", schema.table);
            transaction.execute_batch(&count)?;
        } else {
            shape::widen(&transaction, schema)?;
        }
        transaction.commit()
    })?;
    shape::check(sqlite, true)
}

/// Takes the tables of a stream from a version to this one.
fn bring_up(connection: &Own<&Connection>, version: usize) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().skip(version) {
        connection.execute_batch(migration)?;
        KillPoint::AmidMigration.pass();
    }
    Ok(())
}

/// Checks a file that is only read. One of an older version will do, for what it was made with: state, runs, history
/// and the table itself.
pub(super) fn check(sqlite: &Sqlite) -> Result<(), DestinationError> {
    check_version(sqlite)?;
    let found = version(&sqlite.connection).map_err(|error| database_error(&sqlite.path, error))?;
    if found == 0 {
        let path = sqlite.path.display();
        return Err(DestinationError::Refused(format!(
            "{path} was not made by highwater, or is still empty; run a sync into it first, or give another --db"
        )));
    }
    check_maker(sqlite)?;
    let (path, table) = (sqlite.path.display(), sqlite.schema.table);
    if tables(sqlite)?.iter().all(|found| found != table) {
        return Err(DestinationError::Refused(format!(
            "{path} holds no table \"{table}\" of ours yet; run a sync into it first, or give another --db"
        )));
    }
    shape::check(sqlite, false)
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn check_version(sqlite: &Sqlite) -> Result<(), DestinationError> {
    let found = version(&sqlite.connection).map_err(|error| database_error(&sqlite.path, error))?;
    if found <= MIGRATIONS.len() {
        return Ok(());
    }
    Err(DestinationError::Refused(format!(
        "{} was written by a newer highwater (format {found}, this one knows {}); use that one, or give another \
         --db",
        sqlite.path.display(),
        MIGRATIONS.len()
    )))
}
