//! An operator's acts on the checkpoint: set, rewind, reset, import, undo. Each is written down with what it replaced,
//! so that it can be taken back; each ends the run that was left unfinished, whose token belongs to another window.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use super::Sqlite;
use crate::destination::DestinationError;
use crate::destination::history::{ENTRY, Entry};
use crate::destination::kept::{cursor_text, stamp};
use crate::record::Cursor;

impl Sqlite {
    /// The last moves of the checkpoint, newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn history(&mut self, most: u32) -> Result<Vec<Entry>, DestinationError> {
        self.try_sql(|connection| {
            let query = format!("SELECT {ENTRY} FROM _highwater_history ORDER BY entry DESC LIMIT ?1");
            let mut query = connection.prepare(&query)?;
            let entries = query.query_map([most], entry)?;
            entries.collect()
        })
    }

    /// Moves the checkpoint by an operator's act, or removes it; gives what it was.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn move_checkpoint(
        &mut self,
        cause: &str,
        to: Option<&Cursor>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError> {
        self.act(cause, to.map(cursor_text).as_deref(), None, at)
    }

    /// Takes back the last move that was not taken back yet; gives it, or `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn undo(&mut self, at: DateTime<Utc>) -> Result<Option<Entry>, DestinationError> {
        let last = format!(
            "SELECT {ENTRY} FROM _highwater_history
             WHERE undone_by IS NULL AND cause <> 'undo' ORDER BY entry DESC LIMIT 1"
        );
        let last = self.try_sql(|connection| connection.query_row(&last, [], entry).optional())?;
        if let Some(last) = &last {
            self.act("undo", last.before.as_deref(), Some(last.entry), at)?;
        }
        Ok(last)
    }

    fn act(
        &mut self,
        cause: &str,
        to: Option<&str>,
        undoes: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError> {
        let at = stamp(at);
        self.try_sql(|connection| {
            let transaction = connection.transaction()?;
            let before: Option<String> =
                transaction.query_row("SELECT checkpoint FROM _highwater_state", [], |row| row.get(0))?;
            transaction.execute(
                "INSERT INTO _highwater_history (at, cause, before, after) VALUES (?1, ?2, ?3, ?4)",
                params![at, cause, before, to],
            )?;
            let entry = transaction.last_insert_rowid();
            transaction.execute(
                "UPDATE _highwater_history SET undone_by = ?1 WHERE entry = ?2",
                params![entry, undoes],
            )?;
            transaction.execute(
                "UPDATE _highwater_runs SET outcome = 'stopped', walk = NULL, text = 'the checkpoint was moved'
                 WHERE run = (SELECT unfinished FROM _highwater_state)",
                [],
            )?;
            transaction.execute(
                "UPDATE _highwater_state SET checkpoint = ?1, checkpoint_at = ?2, unfinished = NULL",
                params![to, at],
            )?;
            if cause == "reset" {
                transaction.execute(
                    "UPDATE _highwater_history SET source = (SELECT source FROM _highwater_state) WHERE entry = ?1",
                    [entry],
                )?;
                transaction.execute("UPDATE _highwater_state SET source = NULL", [])?;
            }
            // The checkpoint that comes back means nothing to any other source.
            transaction.execute(
                "UPDATE _highwater_state SET source = h.source FROM _highwater_history h
                 WHERE h.entry = ?1 AND h.cause = 'reset' AND h.source IS NOT NULL",
                [undoes],
            )?;
            transaction.commit()?;
            Ok(before)
        })
    }
}

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        entry: row.get(0)?,
        at: row.get(1)?,
        cause: row.get(2)?,
        run: row.get(3)?,
        before: row.get(4)?,
        after: row.get(5)?,
        undone_by: row.get(6)?,
    })
}
