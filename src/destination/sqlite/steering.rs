//! Whether what steers a run can be believed: checkpoint, history, walk and page log are written in one transaction,
//! and tell the same thing in different places.
//!
//! SQLite notices damage to its own structure and none to a value. In a row that is a wrong value; in the checkpoint
//! or the walk it would have a run ask from the wrong place, and pass over rows without a word. So before a run the
//! places are held against each other, which costs the same however long the table is.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};

use super::kept::{cursor_of, cursor_text};
use super::own::Own;
use super::{Sqlite, seal};
use crate::destination::history::Entry;
use crate::destination::place::Steered;
use crate::destination::{Destination as _, DestinationError, StoredRun};
use crate::record::{Cursor, Schema};
use crate::walk::Request;

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
        if history != stored.checkpoint.as_ref().map(cursor_text) {
            return Err(self.contradiction("the checkpoint is not the one that its history ends with"));
        }
        let run = stored.unfinished.as_ref();
        if unfinished != stored.unreadable.or(run.map(|run| run.run)) {
            return Err(self.contradiction("the run that was left unfinished is not among the runs"));
        }
        let sealed = self.is_sealed(unfinished)?;
        const MOVED: &str = "where the unfinished run stands is not as it was written";
        // Another version's walk cannot be read, nor can one that was changed: the seal tells them apart.
        let Some(run) = run else {
            return if sealed { Ok(()) } else { Err(self.contradiction(MOVED)) };
        };
        let schema = self.schema;
        let logged = self.try_sql(|connection| Logged::of(connection, schema, run.run))?;
        match logged.contradiction(run, stored.checkpoint.as_ref(), newest) {
            Some(what) => Err(self.contradiction(what)),
            None if !sealed => Err(self.contradiction(MOVED)),
            None => Ok(()),
        }
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
struct Logged {
    pages: i64,
    last: Option<Cursor>,
    /// True if it has had several lanes.
    lanes: bool,
}

impl Logged {
    fn of(connection: &Own<&Connection>, schema: &Schema, run: i64) -> rusqlite::Result<Self> {
        let last = "SELECT page, last, EXISTS (SELECT 1 FROM _highwater_pages WHERE run = ?1 AND opens)
                    FROM _highwater_pages WHERE run = ?1 ORDER BY page DESC LIMIT 1";
        let last_of = |text: Option<String>| schema.read_cursor(&text?);
        let last = connection.query_row(last, [run], |row| {
            Ok(Self { pages: row.get(0)?, last: last_of(row.get(1)?), lanes: row.get(2)? })
        });
        Ok(last.optional()?.unwrap_or(Self { pages: 0, last: None, lanes: false }))
    }

    /// What an unfinished run's walk says that cannot be, if anything.
    fn contradiction(
        &self,
        run: &StoredRun,
        checkpoint: Option<&Cursor>,
        newest: Option<Cursor>,
    ) -> Option<&'static str> {
        let walk = &run.walk;
        if walk.checkpoint() != checkpoint {
            return Some("the unfinished run has another checkpoint");
        }
        if super::commit::number(walk.page()) != self.pages {
            return Some("the unfinished run does not stand where the page log ends");
        }
        match walk.next() {
            Request::Token(token) if run.token.as_ref().map(|(token, _)| token) != Some(token) => {
                Some("the unfinished run would go on with another token than it was given")
            }
            // It goes on from the last row, or from an earlier place; from where it began, if that is beyond. With
            // several lanes, the last page need not be one of the leftmost.
            Request::Since(from)
                if self.pages > 0
                    && !self.lanes
                    && Some(from) > self.last.clone().or(newest).as_ref().max(Some(walk.restart())) =>
            {
                Some("the unfinished run would go on beyond its last row")
            }
            _ => None,
        }
    }
}
