//! Whether what steers a run can be believed: checkpoint, history, walk and page log are written in one transaction,
//! and tell the same thing in different places.
//!
//! SQLite notices damage to its own structure and none to a value. In a row that is a wrong value; in the checkpoint
//! or the walk it would have a run ask from the wrong place, and pass over rows without a word. So before a run the
//! places are held against each other, which costs the same however long the table is.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::own::Own;
use super::{Sqlite, seal};
use crate::destination::history::Entry;
use crate::destination::kept::cursor_of;
use crate::destination::place::Steered;
use crate::destination::steering::{Logged, Written};
use crate::destination::{Destination as _, DestinationError};
use crate::record::{Cursor, Schema};

impl Steered for Sqlite {
    fn bind(&mut self, source: &str) -> Result<(), DestinationError> {
        Self::bind(self, source)
    }

    fn check_steering(&mut self) -> Result<(), DestinationError> {
        Self::check_steering(self)
    }

    fn history(&mut self, most: u32) -> Result<Vec<Entry>, DestinationError> {
        Self::history(self, most)
    }

    fn move_checkpoint(
        &mut self,
        cause: &str,
        to: Option<&Cursor>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError> {
        Self::move_checkpoint(self, cause, to, at)
    }

    fn kept_beside(&mut self, most: usize, each: &mut dyn FnMut(&str)) -> Result<bool, DestinationError> {
        Self::kept_beside(self, most, each)
    }

    fn undo(&mut self, at: DateTime<Utc>) -> Result<Option<Entry>, DestinationError> {
        Self::undo(self, at)
    }
}

impl Sqlite {
    /// Checks that the places agree.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if they do not, with what an operator can do; the others as they come.
    pub fn check_steering(&mut self) -> Result<(), DestinationError> {
        let stored = self.stored()?;
        let (history, newest, unfinished) = self.try_sql(|connection| {
            let history = "SELECT after FROM _highwater_history ORDER BY entry DESC LIMIT 1";
            let history =
                connection.query_row(history, [], |row| row.get::<_, Option<String>>(0)).optional()?;
            let state = "SELECT newest, unfinished FROM _highwater_state";
            connection.query_row(state, [], |row| {
                Ok((history.flatten(), cursor_of(row.get(0)?), row.get::<_, Option<i64>>(1)?))
            })
        })?;
        let (schema, run) = (self.schema, stored.unfinished.as_ref().map(|run| run.run));
        let logged = run.map(|run| self.try_sql(|connection| logged(connection, schema, run))).transpose()?;
        let sealed = self.is_sealed(unfinished)?;
        let written = Written { stored: &stored, history, newest, unfinished, sealed, logged };
        written.contradiction().map_or(Ok(()), |what| Err(self.contradiction(what)))
    }

    /// True if what that run goes on from is as it was written down.
    fn is_sealed(&mut self, run: Option<i64>) -> Result<bool, DestinationError> {
        let kept = "SELECT walk, lanes, seal FROM _highwater_runs WHERE run = ?1 AND walk IS NOT NULL";
        let sealed = self.try_sql(|connection| {
            let holds = |row: &rusqlite::Row<'_>| {
                let (walk, lanes): (String, Option<String>) = (row.get(0)?, row.get(1)?);
                Ok(seal::holds(&walk, lanes.as_deref(), row.get(2)?))
            };
            connection.query_row(kept, [run], holds).optional()
        })?;
        Ok(sealed.unwrap_or(true))
    }

    fn contradiction(&self, what: &str) -> DestinationError {
        DestinationError::Refused(format!(
            "{}: {what}: the file is damaged, or was changed by another program; restore it, or say where the next \
             run is to begin, with `highwater state set` or `highwater state reset`",
            self.path.display()
        ))
    }
}

/// What the page log tells of a run.
fn logged(connection: &Own<&Connection>, schema: &Schema, run: i64) -> rusqlite::Result<Logged> {
    let last = "SELECT page, last, EXISTS (SELECT 1 FROM _highwater_pages WHERE run = ?1 AND opens)
                FROM _highwater_pages WHERE run = ?1 ORDER BY page DESC LIMIT 1";
    let last_of = |text: Option<String>| schema.read_cursor(&text?);
    let last = connection.query_row(last, [run], |row| {
        Ok(Logged { pages: row.get(0)?, last: last_of(row.get(1)?), lanes: row.get(2)? })
    });
    Ok(last.optional()?.unwrap_or_default())
}
