//! A value as SQLite keeps it, by the type of its column, and back: whole numbers and truth values as integers, numbers
//! with a fraction as reals, all else as the text that it is.
//!
//! What is read back is the text that the decoder made of it, so that a row which comes again is the same row.

use std::borrow::Cow;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::record::{Column, ColumnType, Packed, Schema};
use crate::text;

/// The name of a type in `CREATE TABLE`: SQLite goes by the `INT` or the `TEXT` in it, and what it says beside tells a
/// type that was declared anew. A key of whole numbers is no `INTEGER`: to SQLite that would be another name
/// of the row's own number, which tells in what order rows were first stored.
pub(super) fn declared(kind: ColumnType, is_key: bool) -> &'static str {
    match kind {
        ColumnType::Int if is_key => "BIGINT",
        ColumnType::Int => "INTEGER",
        ColumnType::Bool => "BOOL_INT",
        ColumnType::Float => "REAL",
        ColumnType::String | ColumnType::UtcDatetime => "TEXT",
        ColumnType::Json => "JSON_TEXT",
        ColumnType::Date => "DATE_TEXT",
        ColumnType::Decimal => "DECIMAL_TEXT",
        ColumnType::Binary => "BASE64_TEXT",
    }
}

/// A value on its way into a column.
pub(super) struct Kept<'a> {
    kind: ColumnType,
    value: Option<&'a str>,
}

impl<'a> Kept<'a> {
    pub(super) fn new(kind: ColumnType, value: Option<&'a str>) -> Self {
        Self { kind, value }
    }

    /// The values of a row, in the order of the columns.
    pub(super) fn all(schema: &Schema, values: &'a Packed) -> impl Iterator<Item = Self> {
        schema.columns.iter().zip(values.iter()).map(|(column, value)| Self::new(column.kind, value))
    }

    fn as_kept(&self) -> ValueRef<'a> {
        let Some(value) = self.value else { return ValueRef::Null };
        let number = match self.kind {
            ColumnType::Int => value.parse().ok().map(ValueRef::Integer),
            ColumnType::Float => value.parse().ok().map(ValueRef::Real),
            ColumnType::Bool => value.parse::<bool>().ok().map(|truth| ValueRef::Integer(truth.into())),
            _ => None,
        };
        number.unwrap_or(ValueRef::Text(value.as_bytes()))
    }

    /// True if it is what is stored.
    pub(super) fn is(&self, stored: ValueRef<'_>) -> bool {
        self.as_kept() == stored
    }
}

impl ToSql for Kept<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.as_kept()))
    }
}

/// A stored value as text; another program may have put anything there.
pub(super) fn text_of(kind: ColumnType, stored: ValueRef<'_>) -> Option<Cow<'_, str>> {
    match stored {
        ValueRef::Null => None,
        ValueRef::Integer(number @ 0..=1) if kind == ColumnType::Bool => {
            Some(Cow::Borrowed(if number == 1 { "true" } else { "false" }))
        }
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Real(number) => Some(Cow::Owned(text::real(number))),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes)),
    }
}

/// The same as bytes.
pub(super) fn bytes_of(kind: ColumnType, stored: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match stored {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Cow::Borrowed(bytes)),
        other => text_of(kind, other).map(|text| Cow::Owned(text.into_owned().into_bytes())),
    }
}

/// A stored value as a text that sorts, byte by byte, as the values of its column do: numbers by what they are worth, in
/// front of what is no number, and all else as it is.
pub(super) fn rank_of(kind: ColumnType, stored: ValueRef<'_>) -> Option<Cow<'_, str>> {
    let number = match (kind, stored) {
        (ColumnType::Int, ValueRef::Integer(number)) => {
            return Some(Cow::Owned(format!(" {:016x}", number.cast_unsigned() ^ SIGN)));
        }
        (ColumnType::Float, ValueRef::Real(number)) => Some(number),
        (ColumnType::Decimal, ValueRef::Text(text)) => {
            std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok())
        }
        _ => None,
    };
    let text = text_of(kind, stored)?;
    match number {
        // Those that are worth the same as far as this goes stand by their texts.
        Some(number) => {
            let bits = (number + 0.0).to_bits();
            let rank = if bits & SIGN == 0 { bits | SIGN } else { !bits };
            Some(Cow::Owned(format!(" {rank:016x}{text}")))
        }
        None => Some(text),
    }
}

/// The bit that a negative number has.
const SIGN: u64 = 1 << (u64::BITS - 1);

/// How SQL sorts a column as [`rank_of`] does.
pub(super) fn rank_in_sql(column: &Column, direction: &str) -> String {
    let name = format!("\"{}\"", column.name);
    match column.kind {
        ColumnType::Decimal => format!("CAST({name} AS REAL) {direction}, {name} {direction}"),
        _ => format!("{name} {direction}"),
    }
}

/// A whole number out of its rank.
pub(super) fn unranked(kind: ColumnType, rank: &str) -> Option<i64> {
    let digits = rank.strip_prefix(' ').filter(|_| kind == ColumnType::Int)?;
    u64::from_str_radix(digits, 16).ok().map(|bits| (bits ^ SIGN).cast_signed())
}
