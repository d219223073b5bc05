//! One row, and the log of runs and pages. Columns are read by name, and one that an older version did not write is
//! none.

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::de::DeserializeOwned;

use super::{by_key, names, text_of};
use crate::destination::kept::{as_written, time};
use crate::destination::reader::bounds::{before, bounded, limit, shown};
use crate::destination::reader::{PastPage, PastRun, Previous, WholeRow};
use crate::destination::sqlite::own::Own;
use crate::record::Schema;
use crate::walk::By;

/// One row with all that is kept of it.
pub(super) fn row(
    transaction: &Own<Transaction<'_>>,
    schema: &Schema,
    id: &str,
) -> rusqlite::Result<Option<WholeRow>> {
    let columns = schema.columns.len();
    let (all, key) = (names(schema, 0..columns), names(schema, [schema.primary_key]));
    let query = format!("SELECT {all} FROM \"{}\" WHERE {key} = ?1", schema.table);
    let values = transaction.prepare_cached(&query)?.query_row([by_key(schema, id)], |row| {
        let value = |at: usize| {
            let text = text_of(schema.columns[at].kind, row.get_ref(at)?);
            Ok(text.as_deref().map(shown))
        };
        (0..columns).map(value).collect()
    });
    let Some(values) = values.optional()? else { return Ok(None) };
    let extra: Option<String> = transaction
        .prepare_cached("SELECT fields FROM _highwater_extra WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let extra = extra.as_deref().map(shown);
    Ok(Some(WholeRow { values, extra, previous: previous(transaction, id)? }))
}

/// What the row was before, if this file keeps it.
fn previous(transaction: &Own<Transaction<'_>>, id: &str) -> rusqlite::Result<Option<Previous>> {
    let kept = "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = '_highwater_previous'";
    if !transaction.query_row(kept, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    transaction
        .prepare_cached("SELECT * FROM _highwater_previous WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Previous {
                run: row.get("run")?,
                page: count(row, "page")?,
                at: optional::<String>(row, "at")?.as_deref().and_then(time),
                before: before(json(row, "before")?),
            })
        })
        .optional()
}

/// Runs below a number, newest first.
pub(super) fn runs(
    transaction: &Own<Transaction<'_>>,
    before: Option<i64>,
    rows: usize,
) -> rusqlite::Result<Vec<PastRun>> {
    let mut query = transaction.prepare_cached(
        "SELECT r.run, started_at, ended_at, start, mode, first, outcome, end, text, checkpoint_before,
                checkpoint_after, totals, r.run IS (SELECT unfinished FROM _highwater_state) AS unfinished
         FROM _highwater_runs r WHERE r.run < ?1 ORDER BY r.run DESC LIMIT ?2",
    )?;
    let runs = query.query_map(params![before.unwrap_or(i64::MAX), limit(rows)], run)?;
    bounded(runs)
}

/// A run's pages below a number, newest first.
pub(super) fn pages(
    transaction: &Own<Transaction<'_>>,
    run: i64,
    before: Option<u64>,
    rows: usize,
) -> rusqlite::Result<Vec<PastPage>> {
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let mut query = transaction.prepare_cached(
        "SELECT * FROM _highwater_pages WHERE run = ?1 AND page < ?2 ORDER BY page DESC LIMIT ?3",
    )?;
    let pages = query.query_map(params![run, before, limit(rows)], page)?;
    bounded(pages)
}

fn run(row: &Row<'_>) -> rusqlite::Result<PastRun> {
    Ok(PastRun {
        run: row.get("run")?,
        started_at: optional::<String>(row, "started_at")?.as_deref().and_then(time),
        ended_at: optional::<String>(row, "ended_at")?.as_deref().and_then(time),
        start: word(row, "start")?,
        mode: word(row, "mode")?,
        first: json(row, "first")?,
        outcome: word(row, "outcome")?,
        end: json(row, "end")?,
        text: line(row, "text")?,
        unfinished: row.get("unfinished")?,
        checkpoint_before: cursor(row, "checkpoint_before")?,
        checkpoint_after: cursor(row, "checkpoint_after")?,
        totals: json(row, "totals")?,
    })
}

fn page(row: &Row<'_>) -> rusqlite::Result<PastPage> {
    let asked_by = word(row, "asked_by")?.unwrap_or_default();
    let asked = if asked_by == By::Since { cursor(row, "asked") } else { line(row, "asked") };
    Ok(PastPage {
        run: row.get("run")?,
        page: count(row, "page")?,
        lane: optional(row, "lane")?,
        opens: optional(row, "opens")?.unwrap_or(false),
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
        decode_ms: optional::<i64>(row, "decode_ms")?.map(i64::unsigned_abs),
        bytes: count(row, "bytes")?,
        retries: count(row, "retries")?,
        reasons: json(row, "reasons")?,
        at: optional::<String>(row, "at")?.as_deref().and_then(time),
        url: line(row, "url")?,
        status: optional::<i64>(row, "status")?.map(i64::unsigned_abs),
        headers: json(row, "headers")?,
        first_ids: json(row, "first_ids")?,
    })
}

/// A column that this file may not have.
fn optional<T: FromSql>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    match row.get(column) {
        Err(rusqlite::Error::InvalidColumnName(_)) => Ok(None),
        value => value,
    }
}

fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}

/// A text, bounded.
fn line(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
    let text = optional::<String>(row, column)?;
    Ok(text.as_deref().map(shown))
}

/// A cursor as the source wrote it, or whatever else stands there, bounded.
fn cursor(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<String>> {
    Ok(line(row, column)?.map(as_written))
}

/// JSON that this version can read.
fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text = optional::<String>(row, column)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The variant of a plain enum that this version knows.
fn word<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text = optional::<String>(row, column)?;
    Ok(text.and_then(|word| serde_json::from_value(word.into()).ok()))
}
