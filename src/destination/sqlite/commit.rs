//! Pages into tables, inside a transaction that the caller commits.

use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{CachedStatement, Transaction, params, params_from_iter};

use super::{json, stamp, word};
use crate::destination::{Batch, Committed};
use crate::record::{Cursor, Row, Schema};
use crate::run::{Counts, Fate, ShownRow, Totals};
use crate::text;
use crate::walk::Request;

/// Stores pages with all that belongs to them.
pub(super) fn pages(
    transaction: &Transaction<'_>,
    schema: &'static Schema,
    batches: &[Batch],
) -> rusqlite::Result<Vec<Committed>> {
    let Some(last) = batches.last() else { return Ok(Vec::new()) };
    let (mut rows, oldest): (i64, Option<String>) =
        transaction.query_row("SELECT rows, oldest FROM _highwater_state", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let mut oldest = oldest.and_then(|text| Cursor::parse(&text).ok());
    let mut totals: Totals =
        transaction.query_row("SELECT totals FROM _highwater_runs WHERE run = ?1", [last.run], |row| {
            super::parsed(row, 0)
        })?;
    let mut upsert = Upsert::new(transaction, schema)?;
    let mut committed = Vec::with_capacity(batches.len());
    for batch in batches {
        let page = one_page(transaction, &mut upsert, schema, batch, &mut oldest)?;
        rows += i64::try_from(page.counts.new).unwrap_or(i64::MAX);
        totals.counts.add(&page.counts);
        committed.push(Committed { rows: rows.unsigned_abs(), ..page });
    }
    let totals = Totals { counts: totals.counts, commits: totals.commits + 1, ..last.totals };
    state(transaction, last, rows, oldest.as_ref(), &totals)?;
    Ok(committed)
}

fn one_page(
    transaction: &Transaction<'_>,
    upsert: &mut Upsert<'_>,
    schema: &'static Schema,
    batch: &Batch,
    oldest: &mut Option<Cursor>,
) -> rusqlite::Result<Committed> {
    let mut counts = Counts {
        rows: (batch.rows.len() + batch.quarantined.len()) as u64,
        quarantined: batch.quarantined.len() as u64,
        future: batch.future,
        ..Counts::default()
    };
    let show_from = batch.rows.len().saturating_sub(batch.show);
    let mut shown = Vec::with_capacity(batch.rows.len() - show_from);
    for (position, row) in batch.rows.iter().enumerate() {
        let fate = upsert.row(row)?;
        match fate {
            Fate::New => counts.new += 1,
            Fate::Changed => counts.changed += 1,
            Fate::Same => counts.same += 1,
            Fate::Stale => counts.stale += 1,
        }
        counts.no_cursor += u64::from(row.cursor.is_none());
        counts.extra += u64::from(row.extra.is_some());
        if let Some(cursor) = &row.cursor
            && oldest.as_ref().is_none_or(|oldest| cursor < oldest)
        {
            *oldest = Some(cursor.clone());
        }
        if position >= show_from {
            let cut = |value: &Option<String>| value.as_deref().map(|text| text::shown(text).into_owned());
            shown.push(ShownRow { fate, values: row.values.iter().map(cut).collect() });
        }
    }
    quarantine(transaction, batch)?;
    log_page(transaction, schema, batch, &counts)?;
    Ok(Committed { counts, rows: 0, shown })
}

/// The statements that a row may take. A new one, the common case of a first sync, takes one.
struct Upsert<'t> {
    schema: &'static Schema,
    insert: CachedStatement<'t>,
    select: CachedStatement<'t>,
    update: CachedStatement<'t>,
    keep_extra: CachedStatement<'t>,
    drop_extra: CachedStatement<'t>,
}

impl<'t> Upsert<'t> {
    fn new(transaction: &'t Transaction<'_>, schema: &'static Schema) -> rusqlite::Result<Self> {
        let names: Vec<String> = schema.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let places: Vec<String> = (1..=names.len()).map(|place| format!("?{place}")).collect();
        let (table, key) = (format!("\"{}\"", schema.table), &names[schema.primary_key]);
        let list = names.join(", ");
        let assign: Vec<String> =
            names.iter().zip(&places).map(|(name, place)| format!("{name} = {place}")).collect();
        let places_list = places.join(", ");
        let key_place = &places[schema.primary_key];
        Ok(Self {
            schema,
            insert: transaction.prepare_cached(&format!(
                "INSERT INTO {table} ({list}) VALUES ({places_list}) ON CONFLICT ({key}) DO NOTHING"
            ))?,
            select: transaction.prepare_cached(&format!("SELECT {list} FROM {table} WHERE {key} = ?1"))?,
            update: transaction.prepare_cached(&format!(
                "UPDATE {table} SET {} WHERE {key} = {key_place}",
                assign.join(", ")
            ))?,
            keep_extra: transaction.prepare_cached(
                "INSERT INTO _highwater_extra (id, fields) VALUES (?1, ?2)
                 ON CONFLICT (id) DO UPDATE SET fields = excluded.fields WHERE fields IS NOT excluded.fields",
            )?,
            drop_extra: transaction.prepare_cached("DELETE FROM _highwater_extra WHERE id = ?1")?,
        })
    }

    /// Stores a row unless the table holds a newer version of it.
    fn row(&mut self, row: &Row) -> rusqlite::Result<Fate> {
        if self.insert.execute(params_from_iter(row.values.iter()))? == 1 {
            if let Some(fields) = &row.extra {
                self.keep_extra.execute(params![row.id(self.schema), fields])?;
            }
            return Ok(Fate::New);
        }
        let fate = self.compare(row)?;
        if fate == Fate::Changed {
            self.update.execute(params_from_iter(row.values.iter()))?;
        }
        if fate != Fate::Stale {
            let id: &dyn ToSql = &row.id(self.schema);
            match &row.extra {
                Some(fields) => self.keep_extra.execute(params![id, fields])?,
                None => self.drop_extra.execute([id])?,
            };
        }
        Ok(fate)
    }

    /// How a row stands to the stored one of the same id.
    fn compare(&mut self, row: &Row) -> rusqlite::Result<Fate> {
        let mut found = self.select.query([row.id(self.schema)])?;
        let Some(stored) = found.next()? else { return Ok(Fate::Changed) };
        let same = |column: usize, value: &Option<String>| -> rusqlite::Result<bool> {
            Ok(match (stored.get_ref(column)?, value) {
                (ValueRef::Text(stored), Some(value)) => stored == value.as_bytes(),
                (ValueRef::Null, None) => true,
                _ => false,
            })
        };
        for (column, value) in row.values.iter().enumerate() {
            if same(column, value)? {
                continue;
            }
            let text: Option<String> = stored.get(self.schema.cursor)?;
            let stored = text.and_then(|text| Cursor::parse(&text).ok());
            // A version without a cursor cannot be told to be older, and the source's last word counts.
            let older = row.cursor.as_ref().zip(stored.as_ref()).is_some_and(|(row, stored)| row < stored);
            return Ok(if older { Fate::Stale } else { Fate::Changed });
        }
        Ok(Fate::Same)
    }
}

fn quarantine(transaction: &Transaction<'_>, batch: &Batch) -> rusqlite::Result<()> {
    if batch.quarantined.is_empty() {
        return Ok(());
    }
    let mut keep = transaction.prepare_cached(
        "INSERT INTO _highwater_quarantine (run, page, position, reason, row, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (row) DO NOTHING",
    )?;
    for row in &batch.quarantined {
        let position = i64::try_from(row.position).unwrap_or(i64::MAX);
        keep.execute(params![
            batch.run,
            number(batch.page),
            position,
            row.reason,
            row.json,
            stamp(batch.at)
        ])?;
    }
    Ok(())
}

fn log_page(
    transaction: &Transaction<'_>,
    schema: &'static Schema,
    batch: &Batch,
    counts: &Counts,
) -> rusqlite::Result<()> {
    let (by, asked) = match &batch.request {
        Request::Since(cursor) => ("since", cursor.text()),
        Request::Token(token) => ("token", token.as_str()),
    };
    let cursor = |row: Option<&Row>| row.and_then(|row| row.values[schema.cursor].clone());
    transaction
        .prepare_cached(
            "INSERT INTO _highwater_pages
                    (run, page, asked_by, asked, rows, new, changed, same, stale, quarantined, first, last, token,
                     checkpoint, decision, wait_ms, body_ms, bytes, retries, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?
        .execute(params![
            batch.run,
            number(batch.page),
            by,
            asked,
            number(counts.rows),
            number(counts.new),
            number(counts.changed),
            number(counts.same),
            number(counts.stale),
            number(counts.quarantined),
            cursor(batch.rows.first()),
            cursor(batch.rows.last()),
            batch.token,
            batch.walk.checkpoint().map(Cursor::text),
            batch.decision,
            number(batch.wait_ms),
            number(batch.body_ms),
            number(batch.bytes),
            batch.retries,
            stamp(batch.at),
        ])?;
    Ok(())
}

/// What changes once for all pages of the transaction: the stream's state, the run's, and the checkpoint's history.
fn state(
    transaction: &Transaction<'_>,
    last: &Batch,
    rows: i64,
    oldest: Option<&Cursor>,
    totals: &Totals,
) -> rusqlite::Result<()> {
    let stored: Option<String> =
        transaction.query_row("SELECT checkpoint FROM _highwater_state", [], |row| row.get(0))?;
    let stored = stored.and_then(|text| Cursor::parse(&text).ok());
    let checkpoint = last.walk.checkpoint();
    // The promise, kept in release builds too: a run never takes the checkpoint back.
    if checkpoint < stored.as_ref() {
        return Err(rusqlite::Error::ToSqlConversionFailure("the checkpoint would go back".into()));
    }
    if checkpoint > stored.as_ref() {
        let (at, text) = (stamp(last.at), checkpoint.map(Cursor::text));
        transaction
            .execute("UPDATE _highwater_state SET checkpoint = ?1, checkpoint_at = ?2", params![text, at])?;
        transaction.execute(
            "INSERT INTO _highwater_history (at, cause, run, before, after) VALUES (?1, 'run', ?2, ?3, ?4)
             ON CONFLICT (run) WHERE run IS NOT NULL DO UPDATE SET at = excluded.at, after = excluded.after",
            params![at, last.run, stored.as_ref().map(Cursor::text), text],
        )?;
    }
    transaction.execute(
        "UPDATE _highwater_state SET rows = ?1, oldest = ?2",
        params![rows, oldest.map(Cursor::text)],
    )?;
    transaction.execute(
        "UPDATE _highwater_runs SET walk = ?2, totals = ?3, token = ?4, token_at = ?5 WHERE run = ?1",
        params![
            last.run,
            json(&last.walk),
            json(totals),
            last.token,
            last.token.as_ref().map(|_| stamp(last.at))
        ],
    )?;
    if let Some((outcome, end)) = &last.end {
        transaction.execute(
            "UPDATE _highwater_runs SET outcome = ?2, end = ?3, walk = NULL WHERE run = ?1",
            params![last.run, word(outcome), json(end)],
        )?;
        transaction
            .execute("UPDATE _highwater_state SET unfinished = NULL WHERE unfinished = ?1", [last.run])?;
    }
    Ok(())
}

/// SQLite's integers are signed.
fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
