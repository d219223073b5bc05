//! One row, and the log of runs and pages.

use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::{Link, texts};
use crate::destination::kept::{as_written, time};
use crate::destination::postgres::columns::{EXTRA, expressions, is_key, key};
use crate::destination::postgres::failure::Failure;
use crate::destination::postgres::link::quoted;
use crate::destination::reader::bounds::{before, bounded, limit, shown};
use crate::destination::reader::{PastPage, PastRun, Previous, WholeRow};
use crate::record::Schema;
use crate::walk::By;

/// One row with all that is kept of it.
pub(super) fn row(link: &mut Link, schema: &'static Schema, id: &str) -> Result<Option<WholeRow>, Failure> {
    // No row has such an id.
    if !is_key(schema, id) {
        return Ok(None);
    }
    let (key, kind) = key(schema);
    let sql = format!(
        "SELECT {EXTRA}, {} FROM {} WHERE {key} = $1::text::{kind}",
        expressions(schema),
        quoted(schema.table)
    );
    let Some(found) = link.first(&sql, &[&id])? else { return Ok(None) };
    let values = texts(&found, 1, schema.columns.len())?.into_iter().map(|value| value.map(shown)).collect();
    let extra: Option<&str> = found.try_get(0)?;
    let extra = extra.map(shown);
    Ok(Some(WholeRow { values, extra, previous: previous(link, schema.table, id)? }))
}

/// What the row was before.
fn previous(link: &mut Link, stream: &str, id: &str) -> Result<Option<Previous>, Failure> {
    let kept = link.first(
        "SELECT run, page, at, before FROM _highwater_previous WHERE stream = $1 AND id = $2",
        &[&stream, &id],
    )?;
    let Some(kept) = kept else { return Ok(None) };
    Ok(Some(Previous {
        run: kept.try_get("run")?,
        page: count(&kept, "page")?,
        at: line(&kept, "at")?.as_deref().and_then(time),
        before: before(json(&kept, "before")?),
    }))
}

/// Runs below a number, newest first.
pub(super) fn runs(
    link: &mut Link,
    stream: &str,
    before: Option<i64>,
    rows: usize,
) -> Result<Vec<PastRun>, Failure> {
    let found = link.query(
        "SELECT r.run, started_at, ended_at, start, mode, first, outcome, \"end\", text, checkpoint_before,
                checkpoint_after, totals, coalesce(r.run = s.unfinished, false) AS unfinished
         FROM _highwater_runs r JOIN _highwater_state s ON s.stream = r.stream
         WHERE r.stream = $1 AND r.run < $2 ORDER BY r.run DESC LIMIT $3",
        &[&stream, &before.unwrap_or(i64::MAX), &limit(rows)],
    )?;
    bounded(found.iter().map(run))
}

/// A run's pages below a number, newest first.
pub(super) fn pages(
    link: &mut Link,
    stream: &str,
    run: i64,
    before: Option<u64>,
    rows: usize,
) -> Result<Vec<PastPage>, Failure> {
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let found = link.query(
        "SELECT * FROM _highwater_pages WHERE stream = $1 AND run = $2 AND page < $3 ORDER BY page DESC LIMIT $4",
        &[&stream, &run, &before, &limit(rows)],
    )?;
    bounded(found.iter().map(page))
}

fn run(row: &Row) -> Result<PastRun, Failure> {
    Ok(PastRun {
        run: row.try_get("run")?,
        started_at: line(row, "started_at")?.as_deref().and_then(time),
        ended_at: line(row, "ended_at")?.as_deref().and_then(time),
        start: word(row, "start")?,
        mode: word(row, "mode")?,
        first: json(row, "first")?,
        outcome: word(row, "outcome")?,
        end: json(row, "end")?,
        text: line(row, "text")?,
        unfinished: row.try_get("unfinished")?,
        checkpoint_before: cursor(row, "checkpoint_before")?,
        checkpoint_after: cursor(row, "checkpoint_after")?,
        totals: json(row, "totals")?,
    })
}

fn page(row: &Row) -> Result<PastPage, Failure> {
    let asked_by = word(row, "asked_by")?.unwrap_or_default();
    let asked = if asked_by == By::Since { cursor(row, "asked") } else { line(row, "asked") };
    Ok(PastPage {
        run: row.try_get("run")?,
        page: count(row, "page")?,
        lane: u32::try_from(row.try_get::<_, i64>("lane")?).ok(),
        opens: row.try_get("opens")?,
        asked_by,
        asked: asked?.unwrap_or_default(),
        rows: count(row, "rows")?,
        new: count(row, "new")?,
        changed: count(row, "changed")?,
        same: count(row, "same")?,
        stale: count(row, "stale")?,
        quarantined: count(row, "quarantined")?,
        first: line(row, "first")?,
        last: line(row, "last")?,
        token: line(row, "token")?,
        checkpoint: cursor(row, "checkpoint")?,
        decision: line(row, "decision")?.unwrap_or_default(),
        wait_ms: count(row, "wait_ms")?,
        body_ms: count(row, "body_ms")?,
        decode_ms: row.try_get::<_, Option<i64>>("decode_ms")?.map(i64::unsigned_abs),
        bytes: count(row, "bytes")?,
        retries: count(row, "retries")?,
        reasons: json(row, "reasons")?,
        at: line(row, "at")?.as_deref().and_then(time),
        url: line(row, "url")?,
        status: row.try_get::<_, Option<i64>>("status")?.map(i64::unsigned_abs),
        headers: json(row, "headers")?,
        first_ids: json(row, "first_ids")?,
    })
}

fn count(row: &Row, column: &str) -> Result<u64, Failure> {
    Ok(row.try_get::<_, i64>(column)?.unsigned_abs())
}

/// A text, bounded.
fn line(row: &Row, column: &str) -> Result<Option<String>, Failure> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.map(shown))
}

/// A cursor as the source wrote it, or whatever else stands there, bounded.
fn cursor(row: &Row, column: &str) -> Result<Option<String>, Failure> {
    Ok(line(row, column)?.map(as_written))
}

/// JSON that this version can read.
fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, Failure> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.and_then(|text| serde_json::from_str(text).ok()))
}

/// The variant of a plain enum that this version knows.
fn word<T: DeserializeOwned>(row: &Row, column: &str) -> Result<Option<T>, Failure> {
    let text: Option<&str> = row.try_get(column)?;
    Ok(text.and_then(|word| serde_json::from_value(word.into()).ok()))
}
