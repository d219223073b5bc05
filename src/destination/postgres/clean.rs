//! Which runs read everything and lost nothing: what earlier ones may have lost is stored then, and need not be told
//! any more.

use super::failure::Failure;
use super::link::Link;
use super::transact::Standing;
use crate::destination::NewRun;
use crate::record::BEGINNING;
use crate::run::{Outcome, Start};
use crate::walk::{End, Request, Walk};

/// True if a run that is about to begin reads everything: from the beginning, or on from where the run that it takes
/// the place of had come, which read everything up to there and lost nothing. One that goes by token cannot know.
pub(super) fn is_whole(
    link: &mut Link,
    stream: &str,
    standing: &Standing,
    new: &NewRun,
) -> Result<bool, Failure> {
    let Request::Since(start) = new.walk.next() else { return Ok(false) };
    if !new.walk.asks_every_seam() {
        return Ok(false);
    }
    // Where a source begins is its contract's to say: a run of all of it starts there, and one that has neither a
    // checkpoint nor another run to start from.
    let is_first = standing.checkpoint.is_none() && standing.unfinished.is_none();
    if new.start == Start::Full || is_first || start.text() == BEGINNING {
        return Ok(true);
    }
    let left = link.first(
        "SELECT walk FROM _highwater_runs WHERE stream = $1 AND run = $2 AND whole AND seams = 0",
        &[&stream, &standing.unfinished],
    )?;
    let left: Option<String> = left.map(|row| row.try_get(0)).transpose()?.flatten();
    let left = left.and_then(|walk| serde_json::from_str::<Walk>(&walk).ok());
    Ok(left.is_some_and(|left| start <= left.reached()))
}

/// Notes that a run read everything and lost nothing, if it did, and came to an end that the source explained.
pub(super) fn note(
    link: &mut Link,
    stream: &str,
    run: i64,
    outcome: Outcome,
    end: &End,
) -> Result<(), Failure> {
    if outcome != Outcome::Complete || !end.is_explained() {
        return Ok(());
    }
    link.execute(
        "UPDATE _highwater_state SET clean = $2 WHERE stream = $1
         AND EXISTS (SELECT 1 FROM _highwater_runs r WHERE r.stream = $1 AND r.run = $2 AND whole AND seams = 0)",
        &[&stream, &run],
    )?;
    Ok(())
}
