//! What travels from the source to the destination: rows, their cursors, and the table that they fill.
//!
//! This room knows no protocol and no storage. It holds the two rules that everything else leans on: a cursor
//! is kept and sent back verbatim and parsed only to compare, and a row that cannot be stored says why.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The cursor that stands for "the beginning of time": what the first request of a full sync asks from.
/// Source: the reference connector's initial `last_updated_at`.
pub const BEGINNING: &str = "0001-01-01T00:00:00Z";

/// A cursor value: the text as the source wrote it, and the instant that it names.
///
/// Compared by instant alone, so `…00Z` and `…00.000+00:00` are the same place in the stream; sent and stored as
/// the text, because a source may accept only its own spelling.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    text: Box<str>,
    instant: DateTime<Utc>,
}

/// Why a text is not a cursor: it does not read as an RFC 3339 date and time with a zone.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is not a date and time such as 2026-11-16T19:05:47Z")]
pub struct NotACursor(String);

impl Cursor {
    /// Reads an RFC 3339 date and time; any fraction and any offset, but never without a zone.
    ///
    /// # Errors
    /// [`NotACursor`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NotACursor> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => Ok(Self { text: text.into(), instant: instant.to_utc() }),
            Err(_) => Err(NotACursor(text.to_owned())),
        }
    }

    /// The text, exactly as the source wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The beginning of time.
    #[must_use]
    pub fn beginning() -> Self {
        Self::parse(BEGINNING).unwrap_or(Self { text: BEGINNING.into(), instant: DateTime::<Utc>::MIN_UTC })
    }

    /// The cursor so much earlier, but not before the beginning of time, written as this one is: in whole seconds with
    /// `Z` if it is.
    #[must_use]
    pub fn earlier(&self, by: Duration) -> Self {
        if by.is_zero() {
            return self.clone();
        }
        let beginning = Self::beginning();
        let instant = TimeDelta::from_std(by).ok().and_then(|by| self.instant.checked_sub_signed(by));
        let Some(instant) = instant.filter(|instant| *instant > beginning.instant) else { return beginning };
        let format = if self.text.contains('.') { SecondsFormat::AutoSi } else { SecondsFormat::Secs };
        Self::parse(&instant.to_rfc3339_opts(format, true)).unwrap_or(beginning)
    }

    /// A cursor at an instant, written as this one is: with as many digits of a second, cut off and not rounded, and
    /// with `Z` if it has that. `None` if the instant cannot be written.
    #[must_use]
    pub fn at(&self, instant: DateTime<Utc>) -> Option<Self> {
        let fraction = self.text.split_once('.').map_or("", |(_, fraction)| fraction);
        let format = match fraction.bytes().take_while(u8::is_ascii_digit).count() {
            0 => SecondsFormat::Secs,
            1..=3 => SecondsFormat::Millis,
            4..=6 => SecondsFormat::Micros,
            _ => SecondsFormat::Nanos,
        };
        Self::parse(&instant.to_rfc3339_opts(format, self.text.ends_with(['Z', 'z']))).ok()
    }

    /// A cursor halfway between this one and an instant; `None` if there is none that can be written as this one is.
    #[must_use]
    pub fn middle(&self, to: DateTime<Utc>) -> Option<Self> {
        let middle = self.at(self.instant + (to - self.instant) / 2)?;
        (middle > *self && middle.instant < to).then_some(middle)
    }

    /// The instant that the text names. Fractions beyond nanoseconds are cut off, never rounded up: a bound that
    /// is too low reads a row again, one that is too high loses it.
    #[must_use]
    pub fn instant(&self) -> DateTime<Utc> {
        self.instant
    }
}

impl TryFrom<String> for Cursor {
    type Error = NotACursor;
    fn try_from(text: String) -> Result<Self, NotACursor> {
        Self::parse(&text)
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.text.into()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for Cursor {}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}

/// The type of a column, in the reference's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ColumnType {
    /// Text.
    String,
    /// A date and time in UTC, kept as the text that the source gave.
    UtcDatetime,
}

/// One column of the table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The column's name, which is also the row field's.
    pub name: &'static str,
    /// The declared type.
    pub kind: ColumnType,
}

/// The table that a stream fills: its name, its columns, and which of them are the primary key and the cursor.
#[derive(Debug)]
pub struct Schema {
    /// The table's name.
    pub table: &'static str,
    /// What its rows are called together, as a heading.
    pub title: &'static str,
    /// The columns, in the order in which the reference declares them.
    pub columns: &'static [Column],
    /// Index of the primary key in `columns`.
    pub primary_key: usize,
    /// Index of the cursor field in `columns`.
    pub cursor: usize,
}

impl Schema {
    /// The position of the column of that name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

const fn string(name: &'static str) -> Column {
    Column { name, kind: ColumnType::String }
}

const fn datetime(name: &'static str) -> Column {
    Column { name, kind: ColumnType::UtcDatetime }
}

/// The reference's table: `user`, by `id`, ordered by `updatedAt`.
pub const USER: Schema = Schema {
    table: "user",
    title: "Users",
    columns: &[
        string("id"),
        string("name"),
        string("email"),
        string("address"),
        string("company"),
        string("job"),
        datetime("updatedAt"),
        datetime("createdAt"),
    ],
    primary_key: 0,
    cursor: 6,
};

/// The values of a row for showing, in the order of [`Schema::columns`]. Shared, never copied, on their way to the
/// screen.
pub type Values = Arc<[Option<String>]>;

/// The values of a row, in the order of [`Schema::columns`], in one text: a page has thousands of them, and a room of
/// its own for each costs more than all that is done with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Packed {
    text: Box<str>,
    /// Where each ends in the text, with [`NULL`] if it is null. No body comes near 2 GiB.
    ends: Box<[u32]>,
}

/// The bit that no length of a text has.
const NULL: u32 = 1 << (u32::BITS - 1);

impl Packed {
    /// Packs values, 2 GiB of text at most.
    #[must_use]
    pub fn new(values: &[Option<impl AsRef<str>>]) -> Self {
        let length = values.iter().flatten().map(|value| value.as_ref().len()).sum();
        let mut text = String::with_capacity(length);
        let ends = values.iter().map(|value| {
            text.push_str(value.as_ref().map_or("", AsRef::as_ref));
            text.len() as u32 | if value.is_none() { NULL } else { 0 }
        });
        Self { ends: ends.collect(), text: text.into() }
    }

    /// The value in a column; `None` if it is null.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = self.ends.get(column).filter(|end| **end & NULL == 0)?;
        let begin = column.checked_sub(1).map_or(0, |before| self.ends[before] & !NULL);
        self.text.get(begin as usize..*end as usize)
    }

    /// The values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|column| self.get(column))
    }
}

/// One record as the source gave it, cut to the declared columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The values in the order of [`Schema::columns`]; `None` where the field is absent or null. Anything but a
    /// string is kept as its JSON text.
    pub values: Packed,
    /// The cursor, if the row has one that can be read.
    pub cursor: Option<Cursor>,
    /// The fields that the schema does not declare, as one JSON object.
    pub extra: Option<String>,
}

impl Row {
    /// The primary key. Empty only if the row was built without one, which the decoder never does.
    #[must_use]
    pub fn id(&self, schema: &Schema) -> &str {
        self.values.get(schema.primary_key).unwrap_or("")
    }
}

/// A row that cannot be stored in the table, kept apart with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The row's place in its page, from 0.
    pub position: usize,
    /// Why the table cannot hold it.
    pub reason: String,
    /// The row as the source sent it.
    pub json: String,
}

/// One answer's rows, with the token that came along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows that can be stored, in the source's order.
    pub rows: Vec<Row>,
    /// The rows that cannot.
    pub quarantined: Vec<Quarantined>,
    /// The scroll token for the next page.
    pub token: Option<String>,
    /// False if the answer had no `data` at all.
    pub has_data: bool,
}

impl Page {
    /// How many rows the source sent, storable or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.quarantined.len()
    }

    /// The cursors of the rows that have one, in the source's order.
    pub fn cursors(&self) -> impl DoubleEndedIterator<Item = &Cursor> {
        self.rows.iter().filter_map(|row| row.cursor.as_ref())
    }

    /// True if the source sent no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_compare_by_instant_and_keep_their_text() {
        let z = Cursor::parse("2026-11-16T19:05:47Z").unwrap();
        let offset = Cursor::parse("2026-11-16T20:05:47.000+01:00").unwrap();
        assert_eq!(z, offset);
        assert_eq!(offset.text(), "2026-11-16T20:05:47.000+01:00");
        assert!(Cursor::parse("2026-11-16T19:05:47.000000001Z").unwrap() > z);
    }

    #[test]
    fn the_beginning_of_time_and_the_end_of_years_are_cursors() {
        let first = Cursor::parse(BEGINNING).unwrap();
        let last = Cursor::parse("9999-12-31T23:59:59.999999999Z").unwrap();
        assert!(first < last);
    }

    #[test]
    fn a_fraction_beyond_nanoseconds_is_cut_not_rounded() {
        let long = Cursor::parse("2026-11-16T19:05:47.9999999999Z").unwrap();
        let nano = Cursor::parse("2026-11-16T19:05:47.999999999Z").unwrap();
        assert_eq!(long, nano);
    }

    #[test]
    fn an_earlier_one_is_written_alike_and_not_before_the_beginning() {
        let earlier = |text: &str, seconds| {
            String::from(Cursor::parse(text).unwrap().earlier(Duration::from_secs(seconds)))
        };
        assert_eq!(earlier("2026-11-16T19:05:47Z", 47), "2026-11-16T19:05:00Z");
        assert_eq!(earlier("2026-11-16T19:05:47.25Z", 47), "2026-11-16T19:05:00.250Z");
        assert_eq!(earlier("2026-11-16T19:05:47+00:00", 0), "2026-11-16T19:05:47+00:00", "itself, verbatim");
        assert_eq!(earlier(BEGINNING, 1), BEGINNING);
        assert_eq!(earlier("2026-11-16T19:05:47Z", u64::MAX), BEGINNING);
    }

    #[test]
    fn a_place_between_is_written_alike_and_lies_between() {
        let middle = |from: &str, to: &str| {
            Cursor::parse(from).unwrap().middle(Cursor::parse(to).unwrap().instant()).map(String::from)
        };
        for (from, to, between) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", Some("2026-01-01T00:00:02Z")),
            ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z", Some("2026-01-01T00:00:00.750Z")),
            ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:04Z", Some("2026-01-01T00:00:02+00:00")),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", None),
            ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000002Z", None),
            ("2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z", None),
            ("2026-01-01T00:00:02Z", "2026-01-01T00:00:02Z", None),
        ] {
            assert_eq!(middle(from, to).as_deref(), between, "{from} {to}");
        }
    }

    #[test]
    fn packed_values_are_the_values() {
        for values in [
            vec![],
            vec![None],
            vec![Some("")],
            vec![Some("a"), None, None, Some("é"), Some(""), Some("bc"), None],
        ] {
            let packed = Packed::new(&values);
            assert_eq!(packed.iter().collect::<Vec<_>>(), values);
            assert_eq!(packed.get(values.len()), None);
        }
        assert_ne!(Packed::new(&[Some("a"), None]), Packed::new(&[Some("a"), Some("")]));
    }

    #[test]
    fn a_time_without_a_zone_is_no_cursor() {
        for text in ["2026-11-16T19:05:47", "2026-11-16", "1763319947", "", "now"] {
            assert!(Cursor::parse(text).is_err(), "{text:?}");
        }
    }
}
