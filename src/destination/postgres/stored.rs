//! What a database tells of earlier runs: where the stream stands, the run that was left unfinished, and where rows may
//! have been lost.

use tokio_postgres::Row;

use super::failure::Failure;
use super::link::Link;
use crate::destination::copy::plain;
use crate::destination::kept::{cursor_of, time};
use crate::destination::{Stored, StoredRun};
use crate::run::Lost;
use crate::walk::lanes::Abreast;
use crate::walk::{Request, Walk};

/// All of it; the checkpoint as it is written.
pub(super) fn of(link: &mut Link, stream: &str) -> Result<(Stored, Option<String>), Failure> {
    // One statement each, and a run may go on between them: what belongs together is read together.
    let state = link.one(
        "SELECT s.source, s.checkpoint, s.checkpoint_at, s.rows, s.oldest,
                r.run, r.started_at, r.outcome, r.walk, r.token, r.token_at, r.totals, r.lanes
         FROM _highwater_state s LEFT JOIN _highwater_runs r ON r.stream = s.stream AND r.run = s.unfinished
         WHERE s.stream = $1",
        &[&stream],
    )?;
    let unfinished = run(&state)?;
    let checkpoint_at: Option<String> = state.try_get(2)?;
    let oldest: Option<String> = state.try_get(4)?;
    let stored = Stored {
        source: state.try_get(0)?,
        checkpoint_at: checkpoint_at.as_deref().and_then(time),
        rows: state.try_get::<_, i64>(3)?.unsigned_abs(),
        oldest: cursor_of(oldest),
        lost: lost(link, stream)?,
        ..Stored::default()
    };
    let (unfinished, unreadable) = match unfinished {
        Some((_, Some(run))) => (Some(run), None),
        Some((run, None)) => (None, Some(run)),
        None => (None, None),
    };
    Ok((Stored { unfinished, unreadable, ..stored }, state.try_get(1)?))
}

/// A run's number, and the run itself if this version can read its walk.
fn run(row: &Row) -> Result<Option<(i64, Option<StoredRun>)>, Failure> {
    let Some(number) = row.try_get::<_, Option<i64>>(5)? else { return Ok(None) };
    let text = |at: usize| row.try_get::<_, Option<String>>(at);
    let (started_at, walk, totals, lanes) = (text(6)?, text(8)?, text(11)?, text(12)?);
    let lanes = lanes.map_or(Some(Abreast::default()), |json| serde_json::from_str(&json).ok());
    let read = walk
        .and_then(|json| serde_json::from_str(&json).ok())
        .zip(lanes)
        .zip(started_at.as_deref().and_then(time))
        .zip(totals.and_then(|json| serde_json::from_str(&json).ok()));
    let Some((((walk, lanes), started_at), totals)) = read else { return Ok(Some((number, None))) };
    let mut token = text(9)?.zip(text(10)?.as_deref().and_then(time));
    // The walk, which is JSON, keeps what a text cannot hold.
    if let (Some((token, _)), Request::Token(whole)) = (&mut token, Walk::next(&walk))
        && *token == plain(whole)
    {
        token.clone_from(whole);
    }
    let run = StoredRun {
        run: number,
        started_at,
        outcome: text(7)?.and_then(|word| serde_json::from_value(word.into()).ok()),
        walk,
        lanes,
        token,
        totals,
    };
    Ok(Some((number, Some(run))))
}

/// Where rows may have been lost.
fn lost(link: &mut Link, stream: &str) -> Result<Option<Lost>, Failure> {
    let row = link.one(
        "SELECT min(r.run), count(*), coalesce(sum(r.seams), 0)::bigint
         FROM _highwater_runs r JOIN _highwater_state s ON s.stream = r.stream
         WHERE r.stream = $1 AND r.seams > 0 AND r.run > coalesce(s.clean, 0)",
        &[&stream],
    )?;
    let first: Option<i64> = row.try_get(0)?;
    let figure = |at: usize| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
    let (runs, seams) = (figure(1)?, figure(2)?);
    Ok(first.map(|first| Lost { first, runs, seams }))
}
