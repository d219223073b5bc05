//! Pages into tables, inside a transaction that the caller commits.

use std::collections::HashSet;

use super::clean;
use super::columns::{self, end, field};
use super::copy::digest;
use super::failure::Failure;
use super::link::Link;
use super::schema::INCOMING;
use super::transact::Standing;
use super::upsert::{Place, Upsert};
use crate::destination::copy::plain;
use crate::destination::kept::{asked_text, cursor_of, cursor_text, json, number, stamp, word};
use crate::destination::seal::seal;
use crate::destination::tally::{Span, Tally};
use crate::destination::{Batch, Committed};
use crate::kill_point::KillPoint;
use crate::record::{Quarantined, Row, Schema};
use crate::run::{Counts, ShownRow, Totals};
use crate::walk::Request;

/// Stores pages with all that belongs to them; with care, if the server has refused a value of theirs.
pub(super) fn pages(
    link: &mut Link,
    schema: &'static Schema,
    standing: &Standing,
    batches: &[Batch],
    care: bool,
) -> Result<Vec<Committed>, Failure> {
    let Some(last) = batches.last() else { return Ok(Vec::new()) };
    let stream = schema.table;
    let totals = "SELECT totals FROM _highwater_runs WHERE stream = $1 AND run = $2";
    let totals: Option<String> =
        link.first(totals, &[&stream, &last.run])?.map(|row| row.try_get(0)).transpose()?;
    let mut totals: Totals = totals
        .and_then(|json| serde_json::from_str(&json).ok())
        .ok_or_else(|| Failure::Broken(format!("run {} has no counters", last.run)))?;
    // The promise, kept in release builds too: the pages of a run follow one another without a gap.
    let gap = (totals.pages + 1..)
        .zip(batches)
        .find(|(next, batch)| standing.unfinished != Some(batch.run) || batch.page != *next);
    if let Some((_, batch)) = gap {
        return Err(Failure::Broken(format!("page {} of run {} is not the next one", batch.page, batch.run)));
    }
    let places: Vec<Place> = batches
        .iter()
        .map(|batch| Place { run: batch.run, page: number(batch.page), at: stamp(batch.at) })
        .collect();
    let mut span = Span { oldest: standing.oldest.clone(), newest: standing.newest.clone() };
    let unfit = unfit(link, schema, batches, care)?;
    let stored = store_rows(link, schema, standing.sequence, (batches, &places), &unfit, &mut span)?;
    let (mut committed, sequence) = stored;
    let mut rows = standing.rows;
    let mut log = String::new();
    for (index, ((batch, place), page)) in batches.iter().zip(&places).zip(&mut committed).enumerate() {
        if index > 0 {
            KillPoint::BetweenPages.pass();
        }
        rows += number(page.counts.new);
        page.rows = rows.unsigned_abs();
        totals.counts.add(&page.counts);
        let unfit = unfit.iter().filter(|(page, _)| *page == index).map(|(_, row)| row);
        for row in batch.quarantined.iter().chain(unfit) {
            quarantine(link, stream, row, place)?;
        }
        log_page(&mut log, schema, batch, place, &page.counts);
    }
    link.copy_in(&format!("COPY _highwater_pages ({LOGGED}) FROM STDIN"), log)?;
    let totals = Totals { counts: totals.counts, commits: totals.commits + 1, ..last.totals };
    state(link, stream, standing, last, (rows, sequence), &span, &totals)?;
    Ok(committed)
}

/// A row that the table cannot hold, with the index of its page.
type Unfit = (usize, Quarantined);

/// The rows that the table cannot hold.
fn unfit(
    link: &mut Link,
    schema: &'static Schema,
    batches: &[Batch],
    care: bool,
) -> Result<Vec<Unfit>, Failure> {
    let (mut unfit, mut rows) = (Vec::new(), Vec::new());
    for (page, batch) in batches.iter().enumerate() {
        for (position, row) in batch.rows.iter().enumerate() {
            match columns::refusal(schema, row) {
                Some(reason) => {
                    unfit.push((page, Quarantined { position, reason, json: as_json(schema, row) }));
                }
                None => rows.push((page, position, row)),
            }
        }
    }
    if care {
        refused(link, schema, &rows, &mut unfit)?;
    }
    Ok(unfit)
}

/// Adds the rows that the server itself refuses, halving again and again what they are among.
fn refused(
    link: &mut Link,
    schema: &'static Schema,
    rows: &[(usize, usize, &Row)],
    unfit: &mut Vec<Unfit>,
) -> Result<(), Failure> {
    let mut lines = String::new();
    for (.., row) in rows {
        columns::line(&mut lines, schema, row, 0, row.extra.as_deref());
    }
    link.batch("SAVEPOINT tried")?;
    let tried = link.copy_in(&format!("COPY {INCOMING} FROM STDIN"), lines);
    link.batch("ROLLBACK TO SAVEPOINT tried")?;
    match (tried, rows) {
        (Err(failure), [(page, position, row)]) if failure.is_about_a_value() => {
            let reason = format!("the server refuses it: {}", failure.text());
            unfit.push((*page, Quarantined { position: *position, reason, json: as_json(schema, row) }));
        }
        (Err(failure), [_, _, ..]) if failure.is_about_a_value() => {
            let (one, other) = rows.split_at(rows.len() / 2);
            refused(link, schema, one, unfit)?;
            refused(link, schema, other, unfit)?;
        }
        (tried, _) => drop(tried?),
    }
    Ok(())
}

/// Stores the rows of all pages in the order in which they came; tells of each page what became of its rows, and the
/// last number that was given to a row.
fn store_rows(
    link: &mut Link,
    schema: &'static Schema,
    sequence: i64,
    (batches, places): (&[Batch], &[Place]),
    unfit: &[Unfit],
    span: &mut Span,
) -> Result<(Vec<Committed>, i64), Failure> {
    let skipped: HashSet<(usize, usize)> = unfit.iter().map(|(page, row)| (*page, row.position)).collect();
    let fits = |page: usize, position: usize| !skipped.contains(&(page, position));
    let all = batches.iter().enumerate().flat_map(|(page, batch)| {
        batch.rows.iter().enumerate().map(move |(position, row)| (page, position, row))
    });
    let fitting = all.clone().filter(|(page, position, _)| fits(*page, *position));
    let mut upsert = Upsert::find(link, schema, sequence, fitting.map(|(.., row)| row))?;
    let mut tallies: Vec<Tally> = batches.iter().map(Tally::of).collect();
    for (page, position, row) in all {
        if let Some(cursor) = &row.cursor {
            // One that is set apart is stored as well, if not in the table.
            span.add(cursor);
        }
        if !fits(page, position) {
            tallies[page].counts.quarantined += 1;
            continue;
        }
        let (fate, before) = upsert.row(row, &places[page]);
        tallies[page].add(row, fate);
        let batch = &batches[page];
        if position + batch.show >= batch.rows.len() {
            tallies[page].shown.push((position, ShownRow::new(fate, &row.values, &before)));
        }
    }
    let sequence = upsert.sequence;
    upsert.write(link, schema.table)?;
    KillPoint::AfterUpsert.pass();
    let committed = tallies.into_iter().map(Tally::into_committed).collect();
    Ok((committed, sequence))
}

/// A row as one JSON object, much as it came.
fn as_json(schema: &Schema, row: &Row) -> String {
    let extra = row.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok());
    let mut object: serde_json::Map<String, serde_json::Value> = extra.unwrap_or_default();
    for (column, value) in schema.columns.iter().zip(row.values.iter()) {
        object.insert(column.name.to_owned(), value.into());
    }
    json(&object)
}

fn quarantine(link: &mut Link, stream: &str, row: &Quarantined, place: &Place) -> Result<(), Failure> {
    let digest = digest(&row.json);
    let position = i64::try_from(row.position).unwrap_or(i64::MAX);
    link.execute(
        "INSERT INTO _highwater_quarantine (stream, digest, run, page, position, reason, \"row\", at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (stream, digest) DO NOTHING",
        &[
            &stream,
            &digest,
            &place.run,
            &place.page,
            &position,
            &plain(&row.reason),
            &plain(&row.json),
            &place.at,
        ],
    )?;
    Ok(())
}

/// The columns of the page log, in the order in which [`log_page`] writes them.
const LOGGED: &str = "stream, run, page, asked_by, asked, rows, new, changed, same, stale, quarantined, first, last, \
                      token, checkpoint, decision, wait_ms, body_ms, bytes, retries, at, url, status, headers, \
                      decode_ms, reasons, first_ids, lane, opens";

fn log_page(log: &mut String, schema: &'static Schema, batch: &Batch, place: &Place, counts: &Counts) {
    let (by, asked) = (batch.request.parts().0, asked_text(&batch.request));
    let [first, last] = [batch.rows.first(), batch.rows.last()].map(|row| row?.values.get(schema.cursor?));
    let figure = |figure: u64| number(figure).to_string();
    let fields = [
        Some(schema.table.to_owned()),
        Some(place.run.to_string()),
        Some(place.page.to_string()),
        Some(by.word().to_owned()),
        Some(asked.into_owned()),
        Some(figure(counts.rows)),
        Some(figure(counts.new)),
        Some(figure(counts.changed)),
        Some(figure(counts.same)),
        Some(figure(counts.stale)),
        Some(figure(counts.quarantined)),
        first.map(str::to_owned),
        last.map(str::to_owned),
        batch.token.clone(),
        batch.walk.checkpoint().map(cursor_text),
        Some(batch.decision.clone()),
        Some(figure(batch.wait_ms)),
        Some(figure(batch.body_ms)),
        Some(figure(batch.bytes)),
        Some(batch.retries.to_string()),
        Some(place.at.clone()),
        Some(batch.exchange.url.clone()),
        Some(batch.exchange.status.to_string()),
        Some(json(&batch.exchange.headers)),
        Some(figure(batch.decode_ms)),
        Some(json(&batch.reasons)),
        Some(json(&batch.first_ids(schema).collect::<Vec<_>>())),
        Some(batch.lane.to_string()),
        Some(batch.opens.to_string()),
    ];
    for value in &fields {
        field(log, value.as_deref());
    }
    end(log);
}

/// What changes once for all pages of the transaction: the stream's state, the run's, and the checkpoint's history.
fn state(
    link: &mut Link,
    stream: &str,
    standing: &Standing,
    last: &Batch,
    (rows, sequence): (i64, i64),
    span: &Span,
    totals: &Totals,
) -> Result<(), Failure> {
    let stored = cursor_of(standing.checkpoint.clone());
    let checkpoint = last.walk.checkpoint();
    // The promise, kept in release builds too: a run never takes the checkpoint back, nor above what is stored.
    if checkpoint < stored.as_ref() {
        return Err(Failure::Broken("the checkpoint would go back".to_owned()));
    }
    if checkpoint > stored.as_ref() {
        if checkpoint > span.newest.as_ref() {
            return Err(Failure::Broken("the checkpoint would pass every row that is stored".to_owned()));
        }
        let (at, text) = (stamp(last.at), checkpoint.map(cursor_text));
        moved(link, stream, standing, last.run, &at, text.as_deref())?;
    }
    let [oldest, newest] = [&span.oldest, &span.newest].map(|cursor| cursor.as_ref().map(cursor_text));
    link.execute(
        "UPDATE _highwater_state SET rows = $2, oldest = $3, newest = $4, sequence = $5 WHERE stream = $1",
        &[&stream, &rows, &oldest, &newest, &sequence],
    )?;
    // What the run goes on with may be an earlier page's.
    let token = match last.walk.next() {
        Request::Token(token) => Some(token),
        Request::Since(_) => last.token.as_ref(),
    };
    let (walk, lanes) = (json(&last.walk), json(&last.lanes));
    link.execute(
        "UPDATE _highwater_runs SET walk = $3, totals = $4, token = $5, token_at = $6, seams = $7,
                whole = whole AND $8, lanes = $9, seal = $10
         WHERE stream = $1 AND run = $2",
        &[
            &stream,
            &last.run,
            &walk,
            &json(totals),
            &token.map(|token| plain(token)),
            &token.map(|_| stamp(last.at)),
            &number(totals.seams.sum()),
            &last.walk.asks_every_seam(),
            &lanes,
            &seal(&walk, &lanes),
        ],
    )?;
    if let Some((outcome, end)) = &last.end {
        link.execute(
            "UPDATE _highwater_runs SET outcome = $3, \"end\" = $4, walk = NULL WHERE stream = $1 AND run = $2",
            &[&stream, &last.run, &word(outcome), &json(end)],
        )?;
        link.execute(
            "UPDATE _highwater_state SET unfinished = NULL WHERE stream = $1 AND unfinished = $2",
            &[&stream, &last.run],
        )?;
        clean::note(link, stream, last.run, *outcome, end)?;
    }
    Ok(())
}

/// Moves the checkpoint, and writes it down as one move of the run however often it moves.
fn moved(
    link: &mut Link,
    stream: &str,
    standing: &Standing,
    run: i64,
    at: &str,
    to: Option<&str>,
) -> Result<(), Failure> {
    link.execute(
        "UPDATE _highwater_state SET checkpoint = $2, checkpoint_at = $3 WHERE stream = $1",
        &[&stream, &to, &at],
    )?;
    let again = link.execute(
        "UPDATE _highwater_history SET at = $3, after = $4 WHERE stream = $1 AND run = $2",
        &[&stream, &run, &at, &to],
    )?;
    if again == 0 {
        let entry = standing.moves + 1;
        link.execute(
            "INSERT INTO _highwater_history (stream, entry, at, cause, run, before, after)
             VALUES ($1, $2, $3, 'run', $4, $5, $6)",
            &[&stream, &entry, &at, &run, &standing.checkpoint, &to],
        )?;
        link.execute("UPDATE _highwater_state SET moves = $2 WHERE stream = $1", &[&stream, &entry])?;
    }
    Ok(())
}
