//! Whether what steers a run can be believed: checkpoint, history, walk and page log are written in one transaction,
//! and tell the same thing in different places.
//!
//! SQLite notices damage to its own structure and none to a value. In a row that is a wrong value; in the checkpoint
//! or the walk it would have a run ask from the wrong place, and pass over rows without a word. So before a run the
//! places are held against each other, which costs the same however long the table is.

use rusqlite::{Connection, OptionalExtension as _};

use super::Sqlite;
use crate::destination::{Destination as _, DestinationError, StoredRun};
use crate::record::Cursor;
use crate::walk::Request;

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
                Ok((history.flatten(), cursor(row.get(0)?), row.get::<_, Option<i64>>(1)?))
            })
        })?;
        if history.as_deref() != stored.checkpoint.as_ref().map(Cursor::text) {
            return Err(self.contradiction("the checkpoint is not the one that its history ends with"));
        }
        let run = stored.unfinished.as_ref();
        if unfinished != stored.unreadable.or(run.map(|run| run.run)) {
            return Err(self.contradiction("the run that was left unfinished is not among the runs"));
        }
        let Some(run) = run else { return Ok(()) };
        let logged = self.try_sql(|connection| Logged::of(connection, run.run))?;
        match logged.contradiction(run, stored.checkpoint.as_ref(), newest) {
            Some(what) => Err(self.contradiction(what)),
            None => Ok(()),
        }
    }

    fn contradiction(&self, what: &str) -> DestinationError {
        DestinationError::Refused(format!(
            "{}: {what}: the file is damaged, or was changed by another program; restore it, or say where the next \
             run is to begin, with `highwater state set` or `highwater state reset`",
            self.path.display()
        ))
    }
}

fn cursor(text: Option<String>) -> Option<Cursor> {
    text.and_then(|text| Cursor::parse(&text).ok())
}

/// What the page log tells of a run.
struct Logged {
    pages: i64,
    last: Option<Cursor>,
}

impl Logged {
    fn of(connection: &Connection, run: i64) -> rusqlite::Result<Self> {
        let last = "SELECT page, last FROM _highwater_pages WHERE run = ?1 ORDER BY page DESC LIMIT 1";
        let last = connection
            .query_row(last, [run], |row| Ok(Self { pages: row.get(0)?, last: cursor(row.get(1)?) }));
        Ok(last.optional()?.unwrap_or(Self { pages: 0, last: None }))
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
            // It goes on from the last row, or from an earlier place; from where it began, if that is beyond.
            Request::Since(from)
                if self.pages > 0
                    && Some(from) > self.last.clone().or(newest).as_ref().max(Some(walk.restart())) =>
            {
                Some("the unfinished run would go on beyond its last row")
            }
            _ => None,
        }
    }
}
