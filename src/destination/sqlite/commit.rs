//! Pages into tables, inside a transaction that the caller commits.

use rusqlite::{Transaction, params};

use super::clean;
use super::own::Own;
use super::seal::seal;
use super::upsert::{Place, Upsert};
use crate::destination::kept::{asked_text, cursor_of, cursor_text, json, number, stamp, word};
use crate::destination::tally::{Span, Tally};
use crate::destination::{Batch, Committed};
use crate::kill_point::KillPoint;
use crate::record::Schema;
use crate::run::{Counts, ShownRow, Totals};
use crate::walk::Request;

/// From how many rows on a commit stores them in the order of their ids. Ids come in no order, and with an index larger
/// than the cache, each row would read a page of it and write another; in order, a page that many rows touch is read and
/// written once. Ids are the same where their bytes are, as in the table that this program makes. Below that, the order
/// in which they came is kept, as whoever watches expects.
const MANY: usize = 4_096;

/// Stores pages with all that belongs to them.
pub(super) fn pages(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    batches: &[Batch],
) -> rusqlite::Result<Vec<Committed>> {
    let Some(last) = batches.last() else { return Ok(Vec::new()) };
    let (mut rows, mut span, unfinished) = transaction.query_row(
        "SELECT rows, oldest, newest, unfinished FROM _highwater_state",
        [],
        |row| {
            let span = Span { oldest: cursor_of(row.get(1)?), newest: cursor_of(row.get(2)?) };
            Ok((row.get::<_, i64>(0)?, span, row.get::<_, Option<i64>>(3)?))
        },
    )?;
    let mut totals: Totals =
        transaction.query_row("SELECT totals FROM _highwater_runs WHERE run = ?1", [last.run], |row| {
            super::parsed(row, 0)
        })?;
    // The promise, kept in release builds too: the pages of a run follow one another without a gap.
    let gap = (totals.pages + 1..)
        .zip(batches)
        .find(|(next, batch)| unfinished != Some(batch.run) || batch.page != *next);
    if let Some((_, batch)) = gap {
        return Err(broken(format!("page {} of run {} is not the next one", batch.page, batch.run)));
    }
    let places: Vec<Place> = batches.iter().map(Place::of).collect();
    let mut committed = store_rows(transaction, schema, (batches, &places), &mut span)?;
    for (number, ((batch, place), page)) in batches.iter().zip(&places).zip(&mut committed).enumerate() {
        if number > 0 {
            KillPoint::BetweenPages.pass();
        }
        rows += i64::try_from(page.counts.new).unwrap_or(i64::MAX);
        page.rows = rows.unsigned_abs();
        totals.counts.add(&page.counts);
        quarantine(transaction, batch, place)?;
        log_page(transaction, schema, batch, place, &page.counts)?;
    }
    let totals = Totals { counts: totals.counts, commits: totals.commits + 1, ..last.totals };
    state(transaction, last, rows, &span, &totals)?;
    Ok(committed)
}

/// A promise that would be broken: the transaction is not committed.
fn broken(what: String) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(what.into())
}

/// Stores the rows of all pages, and tells of each page what became of its rows.
fn store_rows(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    (batches, places): (&[Batch], &[Place]),
    span: &mut Span,
) -> rusqlite::Result<Vec<Committed>> {
    let mut upsert = Upsert::new(transaction, schema)?;
    let mut tallies: Vec<Tally> = batches.iter().map(Tally::of).collect();
    for (page, position) in order(schema, batches) {
        let batch = &batches[page];
        let row = &batch.rows[position];
        let (fate, before) = upsert.row(row, &places[page])?;
        KillPoint::AfterUpsert.pass();
        if let Some(cursor) = &row.cursor {
            span.add(cursor);
        }
        tallies[page].add(row, fate);
        if position + batch.show >= batch.rows.len() {
            tallies[page].shown.push((position, ShownRow::new(fate, &row.values, &before)));
        }
    }
    Ok(tallies.into_iter().map(Tally::into_committed).collect())
}

/// In which order rows are stored, by page and position: that of their ids if they are many, and rows of the same id
/// always as they came.
fn order(schema: &Schema, batches: &[Batch]) -> Vec<(usize, usize)> {
    let rows = batches.iter().enumerate();
    let places = rows.flat_map(|(page, batch)| (0..batch.rows.len()).map(move |position| (page, position)));
    if batches.iter().map(|batch| batch.rows.len()).sum::<usize>() < MANY {
        return places.collect();
    }
    let id = |(page, position): (usize, usize)| batches[page].rows[position].id(schema);
    let mut sorted: Vec<_> = places.map(|place| (beginning(id(place)), place)).collect();
    sorted.sort_unstable_by(|(a_begins, a), (b_begins, b)| {
        a_begins.cmp(b_begins).then_with(|| id(*a).cmp(id(*b))).then_with(|| a.cmp(b))
    });
    sorted.into_iter().map(|(_, place)| place).collect()
}

/// The first eight bytes of a text as a number that sorts as they do: most texts are told apart by it, without a look at
/// where they lie.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

fn quarantine(transaction: &Own<Transaction<'_>>, batch: &Batch, place: &Place) -> rusqlite::Result<()> {
    if batch.quarantined.is_empty() {
        return Ok(());
    }
    let mut keep = transaction.prepare_cached(
        "INSERT INTO _highwater_quarantine (run, page, position, reason, row, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (row) DO NOTHING",
    )?;
    for row in &batch.quarantined {
        let position = i64::try_from(row.position).unwrap_or(i64::MAX);
        keep.execute(params![place.run, place.page, position, row.reason, row.json, place.at])?;
    }
    Ok(())
}

fn log_page(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    batch: &Batch,
    place: &Place,
    counts: &Counts,
) -> rusqlite::Result<()> {
    let (by, asked) = (batch.request.parts().0, asked_text(&batch.request));
    let [first, last] = [batch.rows.first(), batch.rows.last()].map(|row| row?.values.get(schema.cursor?));
    transaction
        .prepare_cached(
            "INSERT INTO _highwater_pages
                    (run, page, asked_by, asked, rows, new, changed, same, stale, quarantined, first, last, token,
                     checkpoint, decision, wait_ms, body_ms, bytes, retries, at, url, status, headers, decode_ms,
                     reasons, first_ids, lane, opens)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                     ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
        )?
        .execute(params![
            place.run,
            place.page,
            by.word(),
            asked,
            number(counts.rows),
            number(counts.new),
            number(counts.changed),
            number(counts.same),
            number(counts.stale),
            number(counts.quarantined),
            first,
            last,
            batch.token,
            batch.walk.checkpoint().map(cursor_text),
            batch.decision,
            number(batch.wait_ms),
            number(batch.body_ms),
            number(batch.bytes),
            batch.retries,
            place.at,
            batch.exchange.url,
            batch.exchange.status,
            json(&batch.exchange.headers),
            number(batch.decode_ms),
            json(&batch.reasons),
            json(&batch.first_ids(schema).collect::<Vec<_>>()),
            batch.lane,
            batch.opens,
        ])?;
    Ok(())
}

/// What changes once for all pages of the transaction: the stream's state, the run's, and the checkpoint's history.
fn state(
    transaction: &Own<Transaction<'_>>,
    last: &Batch,
    rows: i64,
    span: &Span,
    totals: &Totals,
) -> rusqlite::Result<()> {
    let stored: Option<String> =
        transaction.query_row("SELECT checkpoint FROM _highwater_state", [], |row| row.get(0))?;
    let stored = cursor_of(stored);
    let checkpoint = last.walk.checkpoint();
    // The promise, kept in release builds too: a run never takes the checkpoint back, nor above what is stored.
    if checkpoint < stored.as_ref() {
        return Err(broken("the checkpoint would go back".to_owned()));
    }
    if checkpoint > stored.as_ref() {
        if checkpoint > span.newest.as_ref() {
            return Err(broken("the checkpoint would pass every row that is stored".to_owned()));
        }
        let (at, text) = (stamp(last.at), checkpoint.map(cursor_text));
        transaction
            .execute("UPDATE _highwater_state SET checkpoint = ?1, checkpoint_at = ?2", params![text, at])?;
        transaction.execute(
            "INSERT INTO _highwater_history (at, cause, run, before, after) VALUES (?1, 'run', ?2, ?3, ?4)
             ON CONFLICT (run) WHERE run IS NOT NULL DO UPDATE SET at = excluded.at, after = excluded.after",
            params![at, last.run, stored.as_ref().map(cursor_text), text],
        )?;
    }
    let [oldest, newest] = [&span.oldest, &span.newest].map(|cursor| cursor.as_ref().map(cursor_text));
    transaction.execute(
        "UPDATE _highwater_state SET rows = ?1, oldest = ?2, newest = ?3",
        params![rows, oldest, newest],
    )?;
    // What the run goes on with may be an earlier page's.
    let token = match last.walk.next() {
        Request::Token(token) => Some(token),
        Request::Since(_) => last.token.as_ref(),
    };
    let (walk, lanes) = (json(&last.walk), json(&last.lanes));
    transaction.execute(
        "UPDATE _highwater_runs SET walk = ?2, totals = ?3, token = ?4, token_at = ?5, seams = ?6,
                whole = whole AND ?7, lanes = ?8, seal = ?9
         WHERE run = ?1",
        params![
            last.run,
            walk,
            json(totals),
            token,
            token.map(|_| stamp(last.at)),
            number(totals.seams.sum()),
            last.walk.asks_every_seam(),
            lanes,
            seal(&walk, &lanes),
        ],
    )?;
    if let Some((outcome, end)) = &last.end {
        transaction.execute(
            "UPDATE _highwater_runs SET outcome = ?2, end = ?3, walk = NULL WHERE run = ?1",
            params![last.run, word(outcome), json(end)],
        )?;
        transaction
            .execute("UPDATE _highwater_state SET unfinished = NULL WHERE unfinished = ?1", [last.run])?;
        clean::note(transaction, last.run, *outcome, end)?;
    }
    Ok(())
}
