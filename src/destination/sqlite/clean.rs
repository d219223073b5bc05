//! Which runs read everything and lost nothing: what earlier ones may have lost is stored then, and need not be told
//! any more.

use rusqlite::{OptionalExtension as _, Transaction};

use super::own::Own;
use crate::destination::NewRun;
use crate::record::BEGINNING;
use crate::run::{Outcome, Start};
use crate::walk::{End, Request, Walk};

/// True if a run that is about to begin reads everything: from the beginning, or on from where the run that it takes
/// the place of had come, which read everything up to there and lost nothing. One that goes by token cannot know.
pub(super) fn is_whole(transaction: &Own<Transaction<'_>>, new: &NewRun) -> rusqlite::Result<bool> {
    let Request::Since(start) = new.walk.next() else { return Ok(false) };
    if !new.walk.asks_every_seam() {
        return Ok(false);
    }
    // Where a source begins is its contract's to say: a run of all of it starts there, and one that has neither a
    // checkpoint nor another run to start from.
    let is_first = "SELECT checkpoint IS NULL AND unfinished IS NULL FROM _highwater_state";
    let is_first: bool = transaction.query_row(is_first, [], |row| row.get(0))?;
    if new.start == Start::Full || is_first || start.text() == BEGINNING {
        return Ok(true);
    }
    let left: Option<Option<String>> = transaction
        .query_row(
            "SELECT walk FROM _highwater_runs
             WHERE run = (SELECT unfinished FROM _highwater_state) AND whole AND seams = 0",
            [],
            |row| row.get(0),
        )
        .optional()?;
    let left = left.flatten().and_then(|walk| serde_json::from_str::<Walk>(&walk).ok());
    Ok(left.is_some_and(|left| start <= left.reached()))
}

/// Notes that a run read everything and lost nothing, if it did, and came to an end that the source explained. What
/// earlier runs lost is stored then.
pub(super) fn note(
    transaction: &Own<Transaction<'_>>,
    run: i64,
    outcome: Outcome,
    end: &End,
) -> rusqlite::Result<()> {
    if outcome != Outcome::Complete || !end.is_explained() {
        return Ok(());
    }
    transaction.execute(
        "UPDATE _highwater_state SET clean = ?1
         WHERE EXISTS (SELECT 1 FROM _highwater_runs WHERE run = ?1 AND whole AND seams = 0)",
        [run],
    )?;
    Ok(())
}
