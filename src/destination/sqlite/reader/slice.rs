//! Windows over the table: along an index where one has the order, else by one scan.

use std::cmp::Ordering;

use rusqlite::{OptionalExtension, Row, Transaction};

use super::nearest::{Nearest, compare};
use super::track::{From, Track};
use super::{by_key, condition, names, text_of, total};
use crate::destination::reader::{FoundRow, Key, Order, Place, Slice, View};
use crate::destination::sqlite::own::Own;
use crate::destination::sqlite::value::rank_of;
use crate::record::Schema;
use crate::text::shown;

/// The most that the rows on one side of an anchor may fill, in bytes; but never less than one row.
const BYTES: usize = 2 << 20;

/// Rows on one side of an anchor, the nearest first.
#[derive(Default)]
pub(super) struct Half {
    rows: Vec<FoundRow>,
    bytes: usize,
    /// True if no row follows them.
    pub(super) exhausted: bool,
}

impl Half {
    /// True if one more of at most so many may come.
    pub(super) fn has_room(&self, most: usize) -> bool {
        self.rows.len() < most && !self.is_cut()
    }

    /// True if what it holds is as large as it may be.
    pub(super) fn is_cut(&self) -> bool {
        self.bytes > BYTES
    }

    pub(super) fn push(&mut self, row: FoundRow) {
        let texts = row.values.iter().flatten().map(String::len).sum::<usize>();
        self.bytes += texts + row.key.value.as_deref().map_or(0, str::len);
        self.rows.push(row);
    }

    fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.exhausted = other.exhausted;
    }
}

/// A part of the table: so many rows along an index, so many from a scan.
pub(super) fn find(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    view: &View,
    place: &Place,
    rows: usize,
    scanned: usize,
) -> rusqlite::Result<Slice> {
    let anchor = match place {
        Place::Around(id) => anchor(transaction, schema, view, id)?,
        _ => None,
    };
    // There is no row of that id.
    let place = if matches!(place, Place::Around(_)) && anchor.is_none() { &Place::Top } else { place };
    match Track::new(transaction, schema, view) {
        Some(track) => {
            let slice = along(&track, place, anchor.as_ref(), rows)?;
            ranked(transaction, schema, view, slice)
        }
        None => scan(transaction, schema, view, place, anchor.as_ref(), scanned),
    }
}

/// Where the row of an id stands now.
fn anchor(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    view: &View,
    id: &str,
) -> rusqlite::Result<Option<Key>> {
    let column = match view.order {
        Order::Stored => "NULL".to_owned(),
        Order::Column { position, .. } => names(schema, [position]),
    };
    let key = names(schema, [schema.primary_key]);
    let query = format!("SELECT rowid, {column} FROM \"{}\" WHERE {key} = ?1", schema.table);
    transaction
        .prepare_cached(&query)?
        .query_row([by_key(schema, id)], |row| key_of(row, schema, view, 1))
        .optional()
}

/// The key of a row whose rowid stands first, and whose ordering value stands in this column.
fn key_of(row: &Row<'_>, schema: &Schema, view: &View, column: usize) -> rusqlite::Result<Key> {
    let value = match view.order {
        Order::Stored => None,
        Order::Column { position, .. } => rank_of(schema.columns[position].kind, row.get_ref(column)?),
    };
    Ok(Key { value: value.map(|text| text.into_owned().into_boxed_str()), rowid: row.get(0)? })
}

/// A row whose rowid stands first, and all of whose values follow.
pub(super) fn found(row: &Row<'_>, schema: &Schema, view: &View) -> rusqlite::Result<FoundRow> {
    let value = |at: usize| {
        let text = text_of(schema.columns[at].kind, row.get_ref(at + 1)?);
        Ok(text.map(|text| shown(&text).into_owned()))
    };
    let values = (0..schema.columns.len()).map(value).collect::<rusqlite::Result<_>>()?;
    let at = match view.order {
        Order::Stored => 0,
        Order::Column { position, .. } => position + 1,
    };
    let key = key_of(row, schema, view, at)?;
    Ok(FoundRow { key, values })
}

/// What was found on both sides of an anchor, in order.
fn joined(before: Half, after: Half) -> Vec<FoundRow> {
    before.rows.into_iter().rev().chain(after.rows).collect()
}

fn along(track: &Track<'_>, place: &Place, anchor: Option<&Key>, most: usize) -> rusqlite::Result<Slice> {
    let (mut before, mut after) = (Half::default(), Half::default());
    match (place, anchor) {
        (Place::Around(_), Some(anchor)) => {
            before = track.walk(false, From::Beyond(anchor), most / 2)?;
            after = track.walk(true, From::At(anchor), most - before.rows.len())?;
            let room = most - before.rows.len() - after.rows.len();
            if room > 0 && !before.exhausted && !before.is_cut() && after.exhausted {
                let last = before.rows.last().map(|row| row.key.clone());
                let more = track.walk(false, From::Beyond(last.as_ref().unwrap_or(anchor)), room)?;
                before.append(more);
            }
        }
        (Place::Top | Place::Around(_), _) => {
            after = track.walk(true, From::End, most)?;
            before.exhausted = true;
        }
        (Place::Bottom, _) => {
            before = track.walk(false, From::End, most)?;
            after.exhausted = true;
        }
        (Place::After(key), _) => after = track.walk(true, From::Beyond(key), most)?,
        (Place::Before(key), _) => before = track.walk(false, From::Beyond(key), most)?,
    }
    let (top, bottom) = (before.exhausted, after.exhausted);
    Ok(Slice { rows: joined(before, after), top, bottom, rank: None, of: None })
}

/// The same slice with its rank, where no row has to be counted for it: rowids without a gap are ranks.
fn ranked(
    transaction: &Own<Transaction<'_>>,
    schema: &Schema,
    view: &View,
    mut slice: Slice,
) -> rusqlite::Result<Slice> {
    if !view.filter.is_empty() {
        return Ok(slice);
    }
    let of = total(transaction)?;
    slice.of = Some(of);
    slice.rank = slice.top.then_some(0);
    if let (Order::Stored, Some(first)) = (view.order, slice.rows.first()) {
        let ends = |end: &str| {
            let query = format!("SELECT {end}(rowid) FROM \"{}\"", schema.table);
            transaction.prepare_cached(&query)?.query_row([], |row| row.get::<_, i64>(0))
        };
        let (lowest, highest) = (ends("min")?, ends("max")?);
        if highest.abs_diff(lowest) + 1 == of {
            slice.rank = Some(highest.abs_diff(first.key.rowid));
        }
    }
    Ok(slice)
}

/// One pass over the table finds the rows next to the anchor, and tells where they stand among all.
fn scan(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    view: &View,
    place: &Place,
    anchor: Option<&Key>,
    most: usize,
) -> rusqlite::Result<Slice> {
    let Order::Column { position, descending } = view.order else { return Ok(Slice::default()) };
    let [mut before, mut after] = [!descending, descending].map(|largest| Nearest::new(most, largest));
    let (mut of, mut above) = (0, 0);
    let filter = condition(schema, &view.filter).map(|it| format!("WHERE {it}")).unwrap_or_default();
    let column = names(schema, [position]);
    let mut query =
        transaction.prepare_cached(&format!("SELECT rowid, {column} FROM \"{}\" {filter}", schema.table))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (rowid, value) = (row.get(0)?, rank_of(schema.columns[position].kind, row.get_ref(1)?));
        let value = value.as_deref();
        of += 1;
        let against = |key: &Key| {
            let order = compare(value, rowid, key);
            if descending { order.reverse() } else { order }
        };
        let side = side(place, anchor, against);
        above += u64::from(matches!(side, Side::Above | Side::Before));
        match side {
            Side::Before => before.show(value, rowid),
            Side::After => after.show(value, rowid),
            Side::Above | Side::Below => {}
        }
    }
    let (before, after) = shares(before.into_sorted(), after.into_sorted(), most);
    let before = fetch(transaction, schema, view, before)?;
    let after = fetch(transaction, schema, view, after)?;
    let rank = above - before.rows.len() as u64;
    let rows = joined(before, after);
    let bottom = rank + rows.len() as u64 == of;
    Ok(Slice { rows, top: rank == 0, bottom, rank: Some(rank), of: Some(of) })
}

/// Where a row of a scan stands to the window that is wanted.
enum Side {
    /// Above it, whatever happens.
    Above,
    /// Before its anchor.
    Before,
    /// At its anchor or after it.
    After,
    /// Below it, whatever happens.
    Below,
}

fn side(place: &Place, anchor: Option<&Key>, against: impl Fn(&Key) -> Ordering) -> Side {
    match (place, anchor) {
        (Place::Bottom, _) => Side::Before,
        (Place::After(key), _) if against(key).is_le() => Side::Above,
        (Place::Before(key), _) if against(key).is_ge() => Side::Below,
        (Place::Before(_), _) => Side::Before,
        (Place::Around(_), Some(key)) if against(key).is_lt() => Side::Before,
        (Place::Top | Place::After(_) | Place::Around(_), _) => Side::After,
    }
}

/// Half of the window for each side, and for one side what the other leaves over.
fn shares(mut before: Vec<Key>, mut after: Vec<Key>, most: usize) -> (Vec<Key>, Vec<Key>) {
    before.truncate((most / 2).max(most.saturating_sub(after.len())));
    after.truncate(most - before.len());
    (before, after)
}

/// The rows of these keys, as far as there is room for them.
fn fetch(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    view: &View,
    keys: Vec<Key>,
) -> rusqlite::Result<Half> {
    let all = names(schema, 0..schema.columns.len());
    let mut query = transaction
        .prepare_cached(&format!("SELECT rowid, {all} FROM \"{}\" WHERE rowid = ?1", schema.table))?;
    let mut half = Half::default();
    for key in keys {
        if half.is_cut() {
            break;
        }
        half.push(query.query_row([key.rowid], |row| found(row, schema, view))?);
    }
    Ok(half)
}
