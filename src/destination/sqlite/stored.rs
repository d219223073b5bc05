//! What a file tells of earlier runs: the one that was left unfinished, and where rows may have been lost.

use rusqlite::Connection;

use super::own::Own;
use super::{parsed, schema};
use crate::destination::StoredRun;
use crate::destination::kept::time;
use crate::run::Lost;
use crate::walk::lanes::Abreast;

/// Where rows may have been lost. A file of an older version tells once it was written to again.
pub(super) fn lost(connection: &Own<&Connection>) -> rusqlite::Result<Option<Lost>> {
    if schema::version(connection.plain())? < schema::SEAMS {
        return Ok(None);
    }
    connection.query_row(
        "SELECT min(run), count(*), sum(seams) FROM _highwater_runs
             WHERE seams > 0 AND run > coalesce((SELECT clean FROM _highwater_state), 0)",
        [],
        |row| {
            let first: Option<i64> = row.get(0)?;
            let figure = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            let (runs, seams) = (figure(1)?.unsigned_abs(), figure(2)?.unsigned_abs());
            Ok(first.map(|first| Lost { first, runs, seams }))
        },
    )
}

/// A run's number, and the run itself if this version can read its walk.
pub(super) fn run(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, Option<StoredRun>)> {
    let number = row.get(0)?;
    let walk: Option<String> = row.get(3)?;
    let started_at: String = row.get(1)?;
    let lanes: Option<String> = row.get(7)?;
    let lanes = lanes.map_or(Some(Abreast::default()), |json| serde_json::from_str(&json).ok());
    let (Some(walk), Some(lanes), Some(started_at)) =
        (walk.and_then(|json| serde_json::from_str(&json).ok()), lanes, time(&started_at))
    else {
        return Ok((number, None));
    };
    let token: Option<String> = row.get(4)?;
    let token_at: Option<String> = row.get(5)?;
    let outcome: Option<String> = row.get(2)?;
    let run = StoredRun {
        run: number,
        started_at,
        outcome: outcome.and_then(|word| serde_json::from_value(word.into()).ok()),
        walk,
        lanes,
        token: token.zip(token_at.as_deref().and_then(time)),
        totals: parsed(row, 6)?,
    };
    Ok((number, Some(run)))
}
