//! An operator's acts on the checkpoint: set, rewind, reset, import, undo. Each is written down with what it replaced,
//! so that it can be taken back; each ends the run that was left unfinished, whose token belongs to another window.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::Postgres;
use super::failure::Failure;
use crate::destination::DestinationError;
use crate::destination::history::{ENTRY, Entry};
use crate::destination::kept::stamp;

impl Postgres {
    /// The last moves of the checkpoint, newest first.
    pub(super) fn moves(&mut self, most: u32) -> Result<Vec<Entry>, DestinationError> {
        let (stream, most) = (self.schema.table, i64::from(most));
        let sql =
            format!("SELECT {ENTRY} FROM _highwater_history WHERE stream = $1 ORDER BY entry DESC LIMIT $2");
        self.read(|link| link.query(&sql, &[&stream, &most])?.iter().map(entry).collect())
    }

    /// The last move that was not taken back yet.
    pub(super) fn last_move(&mut self) -> Result<Option<Entry>, DestinationError> {
        let stream = self.schema.table;
        let sql = format!(
            "SELECT {ENTRY} FROM _highwater_history
             WHERE stream = $1 AND undone_by IS NULL AND cause <> 'undo' ORDER BY entry DESC LIMIT 1"
        );
        self.read(|link| link.first(&sql, &[&stream])?.as_ref().map(entry).transpose())
    }

    /// Moves the checkpoint; gives what it was.
    pub(super) fn act(
        &mut self,
        cause: &str,
        to: Option<&str>,
        undoes: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError> {
        let (stream, at) = (self.schema.table, stamp(at));
        self.transact(|link, standing| {
            let entry = standing.moves + 1;
            // A reset lets go of the source, and keeps it for whoever takes that back.
            let let_go = standing.source.as_ref().filter(|_| cause == "reset");
            link.execute(
                "INSERT INTO _highwater_history (stream, entry, at, cause, before, after, source)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[&stream, &entry, &at, &cause, &standing.checkpoint, &to, &let_go],
            )?;
            link.execute(
                "UPDATE _highwater_history SET undone_by = $3 WHERE stream = $1 AND entry = $2",
                &[&stream, &undoes, &entry],
            )?;
            link.execute(
                "UPDATE _highwater_runs SET outcome = 'stopped', walk = NULL, text = 'the checkpoint was moved'
                 WHERE stream = $1 AND run = $2",
                &[&stream, &standing.unfinished],
            )?;
            // The checkpoint that comes back means nothing to any other source.
            let kept = link.first(
                "SELECT source FROM _highwater_history
                 WHERE stream = $1 AND entry = $2 AND cause = 'reset' AND source IS NOT NULL",
                &[&stream, &undoes],
            )?;
            let kept: Option<String> = kept.map(|row| row.try_get(0)).transpose()?;
            let source = match cause {
                "reset" => None,
                _ => kept.or_else(|| standing.source.clone()),
            };
            link.execute(
                "UPDATE _highwater_state SET checkpoint = $2, checkpoint_at = $3, unfinished = NULL, source = $4,
                        moves = $5
                 WHERE stream = $1",
                &[&stream, &to, &at, &source, &entry],
            )?;
            Ok(standing.checkpoint.clone())
        })
    }
}

fn entry(row: &Row) -> Result<Entry, Failure> {
    Ok(Entry {
        entry: row.try_get(0)?,
        at: row.try_get(1)?,
        cause: row.try_get(2)?,
        run: row.try_get(3)?,
        before: row.try_get(4)?,
        after: row.try_get(5)?,
        undone_by: row.try_get(6)?,
    })
}
