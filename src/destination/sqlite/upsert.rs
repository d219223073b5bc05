//! One row into the table: new, or in place of an older version, or not at all.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::types::ToSql;
use rusqlite::{CachedStatement, Transaction, params, params_from_iter};

use super::own::Own;
use super::value::{Kept, text_of};
use crate::destination::Batch;
use crate::destination::kept::{json, number, stamp};
use crate::record::{Row, Schema};
use crate::run::{Before, Fate};

/// Where a row came from, as the tables note it down.
pub(super) struct Place {
    pub(super) run: i64,
    pub(super) page: i64,
    pub(super) at: String,
}

impl Place {
    pub(super) fn of(batch: &Batch) -> Self {
        Self { run: batch.run, page: number(batch.page), at: stamp(batch.at) }
    }
}

/// The statements that a row may take. A new one, the common case of a first sync, takes one.
pub(super) struct Upsert<'t> {
    schema: &'static Schema,
    insert: CachedStatement<'t>,
    select: CachedStatement<'t>,
    update: CachedStatement<'t>,
    keep_before: CachedStatement<'t>,
    keep_extra: CachedStatement<'t>,
    drop_extra: CachedStatement<'t>,
}

impl<'t> Upsert<'t> {
    pub(super) fn new(
        transaction: &'t Own<Transaction<'_>>,
        schema: &'static Schema,
    ) -> rusqlite::Result<Self> {
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
            keep_before: transaction.prepare_cached(
                "INSERT INTO _highwater_previous (id, run, page, at, before) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET run = excluded.run, page = excluded.page, at = excluded.at,
                                                before = excluded.before",
            )?,
            keep_extra: transaction.prepare_cached(
                "INSERT INTO _highwater_extra (id, fields) VALUES (?1, ?2)
                 ON CONFLICT (id) DO UPDATE SET fields = excluded.fields WHERE fields IS NOT excluded.fields",
            )?,
            drop_extra: transaction.prepare_cached("DELETE FROM _highwater_extra WHERE id = ?1")?,
        })
    }

    /// Stores a row unless the table holds a newer version of it; gives what it replaced as well.
    pub(super) fn row(&mut self, row: &Row, place: &Place) -> rusqlite::Result<(Fate, Before)> {
        if self.insert.execute(params_from_iter(Kept::all(self.schema, &row.values)))? == 1 {
            if let Some(fields) = &row.extra {
                self.keep_extra.execute(params![row.id(self.schema), fields])?;
            }
            return Ok((Fate::New, Before::new()));
        }
        let (fate, before) = self.compare(row)?;
        if fate == Fate::Changed {
            self.update.execute(params_from_iter(Kept::all(self.schema, &row.values)))?;
            let named: BTreeMap<_, _> =
                before.iter().map(|(column, value)| (self.name(*column), value)).collect();
            let Place { run, page, at } = place;
            self.keep_before.execute(params![row.id(self.schema), run, page, at, json(&named)])?;
        }
        if fate != Fate::Stale {
            let id: &dyn ToSql = &row.id(self.schema);
            match &row.extra {
                Some(fields) => self.keep_extra.execute(params![id, fields])?,
                None => self.drop_extra.execute([id])?,
            };
        }
        Ok((fate, before))
    }

    fn name(&self, column: u16) -> &'static str {
        self.schema.columns[usize::from(column)].name
    }

    /// How a row stands to the stored one of the same id, and what it replaces of it.
    fn compare(&mut self, row: &Row) -> rusqlite::Result<(Fate, Before)> {
        let mut before = Before::new();
        let columns = self.schema.columns;
        let key = columns[self.schema.primary_key].kind;
        let mut found = self.select.query([Kept::new(key, Some(row.id(self.schema)))])?;
        let Some(stored) = found.next()? else { return Ok((Fate::Changed, before)) };
        for (column, value) in (0_u16..).zip(Kept::all(self.schema, &row.values)) {
            let stored = stored.get_ref(usize::from(column))?;
            if !value.is(stored) {
                before
                    .push((column, text_of(columns[usize::from(column)].kind, stored).map(Cow::into_owned)));
            }
        }
        if before.is_empty() {
            return Ok((Fate::Same, before));
        }
        let Some(cursor) = self.schema.cursor else { return Ok((Fate::Changed, before)) };
        let stored = text_of(columns[cursor].kind, stored.get_ref(cursor)?);
        let stored = stored.and_then(|text| self.schema.read_cursor(&text));
        // A version without a cursor cannot be told to be older, and the source's last word counts.
        let older = row.cursor.as_ref().zip(stored.as_ref()).is_some_and(|(row, stored)| row < stored);
        Ok(if older { (Fate::Stale, Before::new()) } else { (Fate::Changed, before) })
    }
}
