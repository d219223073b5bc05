//! Whether what steers a run can be believed, and whose rows these are.

use chrono::{DateTime, Utc};

use super::Postgres;
use super::failure::Failure;
use super::link::Link;
use crate::destination::history::Entry;
use crate::destination::kept::{cursor_of, cursor_text};
use crate::destination::place::Steered;
use crate::destination::seal;
use crate::destination::shape;
use crate::destination::steering::{Logged, Written};
use crate::destination::{Destination as _, DestinationError};
use crate::record::{Cursor, Schema};

impl Steered for Postgres {
    fn bind(&mut self, source: &str) -> Result<(), DestinationError> {
        let schema = self.schema;
        let field = schema.cursor.map(|at| schema.columns[at].name);
        let refusal = self.transact(|link, standing| {
            let bound = standing.source.as_ref().filter(|bound| *bound != source);
            let checkpoint = cursor_of(standing.checkpoint.clone());
            let refusal = match bound {
                Some(bound) => Some(format!(
                    "holds the rows of {bound}, not of {source}; give another --db, or, if the same rows have moved \
                     there, forget the checkpoint with `highwater state reset`"
                )),
                None => shape::other_cursor(schema, checkpoint.as_ref(), standing.cursor.as_deref()),
            };
            if refusal.is_none() && (standing.source.is_none() || standing.cursor.as_deref() != field) {
                let bind = "UPDATE _highwater_state SET source = $2, \"cursor\" = $3 WHERE stream = $1";
                link.execute(bind, &[&schema.table, &source, &field])?;
            }
            Ok(refusal)
        })?;
        refusal.map_or(Ok(()), |what| self.refused(&what))
    }

    fn check_steering(&mut self) -> Result<(), DestinationError> {
        let (schema, stored) = (self.schema, self.stored()?);
        let stream = schema.table;
        let written = self.read(|link| {
            let history =
                "SELECT after FROM _highwater_history WHERE stream = $1 ORDER BY entry DESC LIMIT 1";
            let history = link.first(history, &[&stream])?.map(|row| row.try_get(0)).transpose()?.flatten();
            let state = "SELECT newest, unfinished FROM _highwater_state WHERE stream = $1";
            let state = link.one(state, &[&stream])?;
            let unfinished: Option<i64> = state.try_get(1)?;
            let run = stored.unfinished.as_ref().map(|run| run.run);
            Ok(Written {
                stored: &stored,
                history,
                newest: cursor_of(state.try_get(0)?),
                unfinished,
                sealed: is_sealed(link, stream, unfinished)?,
                logged: run.map(|run| logged(link, schema, run)).transpose()?,
            })
        })?;
        match written.contradiction() {
            None => Ok(()),
            Some(what) => self.refused(&format!(
                "{what}: the bookkeeping is damaged, or was changed by another program; restore it, or say where the \
                 next run is to begin, with `highwater state set` or `highwater state reset`"
            )),
        }
    }

    fn history(&mut self, most: u32) -> Result<Vec<Entry>, DestinationError> {
        self.moves(most)
    }

    fn move_checkpoint(
        &mut self,
        cause: &str,
        to: Option<&Cursor>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError> {
        self.act(cause, to.map(cursor_text).as_deref(), None, at)
    }

    fn kept_beside(&mut self, most: usize, each: &mut dyn FnMut(&str)) -> Result<bool, DestinationError> {
        Self::kept_beside(self, most, each)
    }

    fn undo(&mut self, at: DateTime<Utc>) -> Result<Option<Entry>, DestinationError> {
        let last = self.last_move()?;
        if let Some(last) = &last {
            self.act("undo", last.before.as_deref(), Some(last.entry), at)?;
        }
        Ok(last)
    }
}

/// True if what that run goes on from is as it was written down.
fn is_sealed(link: &mut Link, stream: &str, run: Option<i64>) -> Result<bool, Failure> {
    let kept = link.first(
        "SELECT walk, lanes, seal FROM _highwater_runs WHERE stream = $1 AND run = $2 AND walk IS NOT NULL",
        &[&stream, &run],
    )?;
    let Some(kept) = kept else { return Ok(true) };
    let (walk, lanes): (String, Option<String>) = (kept.try_get(0)?, kept.try_get(1)?);
    Ok(seal::holds(&walk, lanes.as_deref(), kept.try_get(2)?))
}

/// What the page log tells of a run.
fn logged(link: &mut Link, schema: &Schema, run: i64) -> Result<Logged, Failure> {
    let last = link.first(
        "SELECT page, last,
                EXISTS (SELECT 1 FROM _highwater_pages o WHERE o.stream = $1 AND o.run = $2 AND o.opens)
         FROM _highwater_pages WHERE stream = $1 AND run = $2 ORDER BY page DESC LIMIT 1",
        &[&schema.table, &run],
    )?;
    let Some(last) = last else { return Ok(Logged::default()) };
    Ok(Logged {
        pages: last.try_get(0)?,
        last: last.try_get::<_, Option<String>>(1)?.and_then(|text| schema.read_cursor(&text)),
        lanes: last.try_get(2)?,
    })
}
