//! Windows over the table. Along an index the server goes as far as is asked for; in any other order it sorts what it
//! needs, and a count tells where the window stands.

use super::{Given, Link, Order, Place, Slice, View, borrowed, order, texts, total};
use crate::destination::postgres::columns::{self, SEQUENCE, Sort};
use crate::destination::postgres::failure::Failure;
use crate::destination::postgres::link::quoted;
use crate::destination::reader::{FoundRow, Key};
use crate::record::Schema;
use crate::text::shown;

/// The most that the rows on one side of an anchor may fill, in bytes; but never less than one row.
const BYTES: usize = 2 << 20;

/// Rows on one side of an anchor, the nearest first.
#[derive(Default)]
struct Half {
    rows: Vec<FoundRow>,
    bytes: usize,
    /// True if no row follows them.
    exhausted: bool,
}

impl Half {
    fn is_cut(&self) -> bool {
        self.bytes > BYTES
    }

    fn cut_to(&mut self, most: usize) {
        if self.rows.len() > most {
            self.rows.truncate(most);
            self.exhausted = false;
        }
    }

    fn push(&mut self, row: FoundRow) {
        let texts = row.values.iter().flatten().map(String::len).sum::<usize>();
        self.bytes += texts + row.key.value.as_deref().map_or(0, str::len);
        self.rows.push(row);
    }
}

/// Where a way through the view begins.
#[derive(Clone, Copy)]
enum From<'k> {
    /// At its first or last row.
    End,
    /// At the row of this key.
    At(&'k Key),
    /// Beyond it.
    Beyond(&'k Key),
}

/// A part of the table: so many rows along an index, so many where all of them are looked at anyway.
pub(super) fn find(
    link: &mut Link,
    schema: &'static Schema,
    view: &View,
    place: &Place,
    rows: usize,
    scanned: usize,
) -> Result<Slice, Failure> {
    let most = if view.is_scanned(schema) { scanned } else { rows };
    let anchor = match place {
        Place::Around(id) => anchor(link, schema, view, id)?,
        _ => None,
    };
    let mut way = Way { link, schema, view };
    let (mut before, mut after) = (Half::default(), Half::default());
    match (place, &anchor) {
        (Place::Around(_), Some(anchor)) => {
            before = way.walk(false, From::Beyond(anchor), most)?;
            after = way.walk(true, From::At(anchor), most)?;
            share(&mut before, &mut after, most);
        }
        // There is no row of that id.
        (Place::Top | Place::Around(_), _) => {
            after = way.walk(true, From::End, most)?;
            before.exhausted = true;
        }
        (Place::Bottom, _) => {
            before = way.walk(false, From::End, most)?;
            after.exhausted = true;
        }
        (Place::After(key), _) => after = way.walk(true, From::Beyond(key), most)?,
        (Place::Before(key), _) => before = way.walk(false, From::Beyond(key), most)?,
    }
    let (top, bottom) = (before.exhausted, after.exhausted);
    let rows = before.rows.into_iter().rev().chain(after.rows).collect();
    way.ranked(Slice { rows, top, bottom, rank: None, of: None })
}

/// Half of the window for each side, and for one side what the other leaves over.
fn share(before: &mut Half, after: &mut Half, most: usize) {
    before.cut_to((most / 2).max(most.saturating_sub(after.rows.len())));
    after.cut_to(most - before.rows.len());
}

/// Where the row of an id stands now.
fn anchor(link: &mut Link, schema: &'static Schema, view: &View, id: &str) -> Result<Option<Key>, Failure> {
    let column = match view.order {
        Order::Stored => "NULL::text".to_owned(),
        Order::Column { position, .. } => Sort::of(schema, position, link.product).text,
    };
    // No row has such an id.
    if !columns::is_key(schema, id) {
        return Ok(None);
    }
    let (key, kind) = columns::key(schema);
    let sql =
        format!("SELECT {SEQUENCE}, {column} FROM {} WHERE {key} = $1::text::{kind}", quoted(schema.table));
    let Some(row) = link.first(&sql, &[&id])? else { return Ok(None) };
    let value: Option<&str> = row.try_get(1)?;
    Ok(Some(Key { value: value.map(Box::from), rowid: row.try_get(0)? }))
}

/// A way through the rows of a view.
struct Way<'l> {
    link: &'l mut Link,
    schema: &'static Schema,
    view: &'l View,
}

impl Way<'_> {
    /// The next rows in the view's order, or against it; the nearest first.
    fn walk(&mut self, ahead: bool, from: From<'_>, most: usize) -> Result<Half, Failure> {
        let (schema, view) = (self.schema, self.view);
        let mut given = Given::new();
        let bound = match from {
            From::End => None,
            From::At(key) => Some(self.beyond(&mut given, key, ahead, true)),
            From::Beyond(key) => Some(self.beyond(&mut given, key, ahead, false)),
        };
        let terms: Vec<String> = bound.into_iter().chain(given.condition(schema, &view.filter)).collect();
        let terms = if terms.is_empty() { String::new() } else { format!("WHERE {}", terms.join(" AND ")) };
        // One more tells whether there are more.
        let limit = given.take(Box::new(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)));
        let key = match view.order {
            Order::Stored => "NULL::text".to_owned(),
            Order::Column { position, .. } => Sort::of(schema, position, self.link.product).text,
        };
        let sql = format!(
            "SELECT {SEQUENCE}, {key}, {} FROM {} {terms} ORDER BY {} LIMIT {limit}",
            columns::expressions(schema),
            quoted(schema.table),
            order(schema, view.order, ahead, self.link.product)
        );
        let mut half = Half { exhausted: true, ..Half::default() };
        self.link.each(&sql, borrowed(&given.params()), |row| {
            if half.rows.len() >= most || half.is_cut() {
                half.exhausted = false;
                return Ok::<_, Failure>(());
            }
            let value: Option<&str> = row.try_get(1)?;
            let key = Key { value: value.map(Box::from), rowid: row.try_get(0)? };
            let values = texts(row, 2, schema.columns.len())?;
            let values = values.into_iter().map(|value| value.map(|text| shown(text).into_owned()));
            half.push(FoundRow { key, values: values.collect() });
            Ok(())
        })?;
        Ok(half)
    }

    /// What is true of the rows beyond a key in one direction; of its own row too, if that is to be among them.
    fn beyond(&self, given: &mut Given, key: &Key, ahead: bool, with_it: bool) -> String {
        let (position, ascending) = match self.view.order {
            Order::Stored => {
                let rowid = given.take(Box::new(key.rowid));
                return format!("{SEQUENCE} {} {rowid}", sign(!ahead, with_it));
            }
            Order::Column { position, descending } => (position, descending != ahead),
        };
        let Sort { by: column, kind, .. } = Sort::of(self.schema, position, self.link.product);
        let value = key.value.as_deref().map(|text| given.take(Box::new(text.to_owned())));
        if let (true, Some(value)) = (position == self.schema.primary_key, &value) {
            return format!("{column} {} {value}::text::{kind}", sign(ascending, with_it));
        }
        let rowid = given.take(Box::new(key.rowid));
        let tied = format!("{SEQUENCE} {} {rowid}", sign(ascending, with_it));
        // A null stands before every text.
        match (value, ascending) {
            (None, true) => format!("({column} IS NOT NULL OR {tied})"),
            (None, false) => format!("({column} IS NULL AND {tied})"),
            (Some(value), true) => {
                format!("({column} > {value}::text::{kind} OR ({column} = {value}::text::{kind} AND {tied}))")
            }
            (Some(value), false) => format!(
                "({column} IS NULL OR {column} < {value}::text::{kind} OR ({column} = {value}::text::{kind} AND {tied}))"
            ),
        }
    }

    /// The same slice with its rank, and how many rows the view has: where no row has to be counted for it, or all are
    /// looked at anyway.
    fn ranked(&mut self, mut slice: Slice) -> Result<Slice, Failure> {
        let (schema, view) = (self.schema, self.view);
        if view.is_scanned(schema) {
            return self.counted(slice);
        }
        if !view.filter.is_empty() {
            return Ok(slice);
        }
        let of = total(self.link, schema)?;
        slice.of = Some(of);
        slice.rank = slice.top.then_some(0);
        if let (Order::Stored, Some(first)) = (view.order, slice.rows.first()) {
            let sql = format!("SELECT min({SEQUENCE}), max({SEQUENCE}) FROM {}", quoted(schema.table));
            let ends = self.link.one(&sql, &[])?;
            let (lowest, highest): (i64, i64) = (ends.try_get(0)?, ends.try_get(1)?);
            // Numbers without a gap are ranks.
            if highest.abs_diff(lowest) + 1 == of {
                slice.rank = Some(highest.abs_diff(first.key.rowid));
            }
        }
        Ok(slice)
    }

    /// The same by a count of all rows of the view.
    fn counted(&mut self, mut slice: Slice) -> Result<Slice, Failure> {
        let (schema, view) = (self.schema, self.view);
        let mut given = Given::new();
        let filter =
            given.condition(schema, &view.filter).map(|it| format!("WHERE {it}")).unwrap_or_default();
        let first = slice.rows.first().map(|row| self.beyond(&mut given, &row.key, false, false));
        let above = first.unwrap_or_else(|| "false".to_owned());
        let sql = format!(
            "SELECT count(*), count(*) FILTER (WHERE {above}) FROM {} {filter}",
            quoted(schema.table)
        );
        let row = self.link.one(&sql, borrowed(&given.params()))?;
        let (of, above): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        let (of, above) = (of.unsigned_abs(), above.unsigned_abs());
        // Where nothing follows a row, all are above.
        let above = if slice.rows.is_empty() && slice.bottom && !slice.top { of } else { above };
        slice.of = Some(of);
        slice.rank = Some(above);
        slice.top = above == 0;
        slice.bottom = above + slice.rows.len() as u64 == of;
        Ok(slice)
    }
}

fn sign(ascending: bool, with_it: bool) -> &'static str {
    match (ascending, with_it) {
        (true, true) => ">=",
        (true, false) => ">",
        (false, true) => "<=",
        (false, false) => "<",
    }
}
