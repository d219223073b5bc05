//! Columns with types: what a value becomes in one, what of it would be lost there, and how it is read back.
//!
//! The table has the types that a team wants to reckon with, and a source's spelling of a value often says more than
//! those keep: an offset, a nanosecond, the spaces in an object. So a text that the column would not give back byte by
//! byte is kept beside it, in `_highwater_verbatim`, and whoever reads a row here reads what the source wrote.

use std::collections::BTreeMap;

use super::link::{Product, quoted};
use super::value::{Fitted, fit};
use crate::destination::Beside;
use crate::record::{ColumnType, Cursor, Format, Row, Schema};
use crate::sanitize;

/// The column with the texts that their own columns do not give back, as one JSON object.
pub(super) const VERBATIM: &str = "_highwater_verbatim";
/// The column with the version that the guard of the upsert goes by: see [`version`].
pub(super) const VERSION: &str = "_highwater_version";
/// The column with the place of a row in the order in which rows were first stored.
pub(super) const SEQUENCE: &str = "_highwater_sequence";
/// The column with the fields that the schema does not declare, as one JSON object.
pub(super) const EXTRA: &str = "_highwater_extra";

/// The columns that stand behind the declared ones, with their types as the server calls them.
pub(super) const OWN: [(&str, &str); 4] =
    [(SEQUENCE, "int8"), (VERSION, "text"), (VERBATIM, "jsonb"), (EXTRA, "text")];

/// Where stands what a stream's table has no place for: tables that the streams of a database share, and a column.
pub(super) fn beside(stream: &str) -> Beside {
    let stream = stream.replace('\'', "''");
    let of = |table| format!("{table} WHERE stream = '{stream}'");
    Beside {
        extra: format!("the column {EXTRA}"),
        quarantine: of("_highwater_quarantine"),
        previous: of("_highwater_previous"),
    }
}

/// The longest primary key, in bytes.
/// Source: an entry of a B-tree of PostgreSQL is at most a third of a page, 2,704 bytes.
const LONGEST_KEY: usize = 2_000;

/// What a column is taken for. A primary key is text unless it is a whole number: rows are told apart by what the source
/// wrote.
pub(super) fn kind(schema: &Schema, position: usize) -> ColumnType {
    match schema.columns[position].kind {
        ColumnType::Int => ColumnType::Int,
        _ if position == schema.primary_key => ColumnType::String,
        kind => kind,
    }
}

/// True if a text can be a key here.
pub(super) fn is_key(schema: &Schema, id: &str) -> bool {
    match kind(schema, schema.primary_key) {
        ColumnType::Int => id.parse::<i64>().is_ok_and(|number| number.to_string() == id),
        _ => !id.contains('\0'),
    }
}

/// The name of the key's column, and the type that a text is compared with it as.
pub(super) fn key(schema: &Schema) -> (String, &'static str) {
    (quoted(schema.columns[schema.primary_key].name), type_of(kind(schema, schema.primary_key)))
}

/// A value as that column takes it. Cursors are written as the schema says.
fn fit_in<'v>(schema: &Schema, position: usize, value: &'v str) -> Result<Fitted<'v>, String> {
    let format = Some(schema.format).filter(|format| schema.cursor == Some(position) && format.is_time());
    fit(kind(schema, position), format, value)
}

/// A column's type, as the server calls it.
pub(super) fn type_of(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String => "text",
        ColumnType::Int => "int8",
        ColumnType::Float => "float8",
        ColumnType::Bool => "bool",
        ColumnType::Json => "jsonb",
        ColumnType::Date => "date",
        ColumnType::UtcDatetime => "timestamptz",
        ColumnType::Decimal => "numeric",
        ColumnType::Binary => "bytea",
    }
}

/// What reads a column's value as the source wrote it.
pub(super) fn expression(schema: &Schema, position: usize) -> String {
    let column = &schema.columns[position];
    let name = quoted(column.name);
    let text = match kind(schema, position) {
        ColumnType::String => return name,
        ColumnType::UtcDatetime => format!("replace(replace({name}::text, ' ', 'T'), '+00', 'Z')"),
        // Some write it in lines, some in one.
        ColumnType::Binary => format!("replace(encode({name}, 'base64'), chr(10), '')"),
        _ => format!("{name}::text"),
    };
    format!("coalesce({VERBATIM} ->> '{}', {text})", column.name.replace('\'', "''"))
}

/// What a column is ordered by: numbers by what they are worth, all else by its text, byte by byte.
pub(super) struct Sort {
    /// The expression.
    pub(super) by: String,
    /// The same as a text that is kept and compared with later.
    pub(super) text: String,
    /// The type that such a text is compared as.
    pub(super) kind: &'static str,
}

impl Sort {
    pub(super) fn of(schema: &Schema, position: usize, product: Product) -> Self {
        let kind = kind(schema, position);
        if matches!(kind, ColumnType::Int | ColumnType::Float | ColumnType::Decimal) {
            let by = quoted(schema.columns[position].name);
            return Self { text: format!("{by}::text"), by, kind: type_of(kind) };
        }
        let text = expression(schema, position);
        let by = match product {
            Product::Cockroach => text.clone(),
            Product::Postgres | Product::Other => format!("({text}) COLLATE \"C\""),
        };
        Self { by, text, kind: "text" }
    }
}

/// All columns, as the source wrote them.
pub(super) fn expressions(schema: &Schema) -> String {
    let all: Vec<String> = (0..schema.columns.len()).map(|at| expression(schema, at)).collect();
    all.join(", ")
}

/// A cursor as a text that sorts as cursors do, byte by byte, and tells apart all that they tell apart.
pub(super) fn version(cursor: &Cursor) -> String {
    let Some(instant) = cursor.instant() else {
        return match cursor.text().parse::<i64>() {
            // How far it is from the smallest one, so that there is no sign.
            Ok(number) if cursor.format() == Format::Integer => {
                format!("{:020}", number.abs_diff(i64::MIN))
            }
            _ => cursor.text().to_owned(),
        };
    };
    // From before the year 0 on, so that there is no sign.
    let seconds = instant.timestamp() + 100_000_000_000_000;
    // A leap second counts a thousand million nanoseconds and more.
    format!("{seconds:018}.{:010}", instant.timestamp_subsec_nanos())
}

/// True if a column can hold a value, as far as that shows here.
pub(super) fn fits(schema: &Schema, position: usize, value: &str) -> bool {
    !value.contains('\0') && fit_in(schema, position, value).is_ok()
}

/// Why the table cannot hold a row, if it cannot.
pub(super) fn refusal(schema: &Schema, row: &Row) -> Option<String> {
    if !row.id(schema).contains('\0') && !is_key(schema, row.id(schema)) {
        return Some("its key is no whole number as the server writes it".to_owned());
    }
    if row.id(schema).len() > LONGEST_KEY {
        return Some(format!(
            "its key is longer than {LONGEST_KEY} bytes, the most that an index of PostgreSQL takes"
        ));
    }
    row.values.iter().enumerate().find_map(|(position, value)| {
        let value = value?;
        let what = match value.contains('\0') {
            true => "holds the character NUL, which no text of PostgreSQL may".to_owned(),
            false => fit_in(schema, position, value).err()?,
        };
        Some(format!("{}: {} {what}", schema.columns[position].name, sanitize::quoted(value)))
    })
}

/// A row that fits, as a line of a copy: its columns, and [`OWN`].
pub(super) fn line(out: &mut String, schema: &Schema, row: &Row, sequence: i64, extra: Option<&str>) {
    let mut verbatim = BTreeMap::new();
    for (position, value) in row.values.iter().enumerate() {
        let fitted = value.and_then(|value| fit_in(schema, position, value).ok());
        field(out, fitted.as_ref().map(|fitted| &*fitted.text));
        if let (Some(value), Some(Fitted { is_whole: false, .. })) = (value, fitted) {
            verbatim.insert(schema.columns[position].name, value);
        }
    }
    field(out, Some(&sequence.to_string()));
    field(out, row.cursor.as_ref().map(version).as_deref());
    let verbatim = (!verbatim.is_empty()).then(|| crate::destination::kept::json(&verbatim));
    field(out, verbatim.as_deref());
    field(out, extra);
    end(out);
}

/// A field of a line of a copy. A NUL, which no text may hold, becomes the sign for what cannot be shown.
/// Source: PostgreSQL documentation, COPY, "Text Format".
pub(super) fn field(out: &mut String, value: Option<&str>) {
    let Some(value) = value else { return out.push_str("\\N\t") };
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push('\u{fffd}'),
            plain => out.push(plain),
        }
    }
    out.push('\t');
}

/// Ends a line of a copy.
pub(super) fn end(out: &mut String) {
    out.pop();
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn versions_sort_as_cursors_do(a in -62_200_000_000_i64..254_000_000_000, b in 0..3_i64, n in 0..3_u32) {
            let cursor = |seconds, nanos| {
                let instant = DateTime::<Utc>::from_timestamp(seconds, nanos).unwrap();
                Cursor::parse(&instant.to_rfc3339()).ok()
            };
            let (one, other) = (cursor(a, 1), cursor(a + b, n));
            prop_assume!(one.is_some() && other.is_some());
            let (one, other) = (one.unwrap(), other.unwrap());
            prop_assert_eq!(version(&one).cmp(&version(&other)), one.cmp(&other));
        }
    }

    #[test]
    fn numbers_and_texts_sort_as_they_do_too() {
        for (format, texts) in [
            (Format::Integer, &["-9223372036854775808", "-10", "-9", "0", "9", "10"][..]),
            (Format::Text, &["", "10", "9", "A", "a", "é"]),
        ] {
            let versions: Vec<String> =
                texts.iter().map(|text| version(&Cursor::read(format, text).unwrap())).collect();
            assert!(versions.is_sorted() && versions.windows(2).all(|two| two[0] != two[1]), "{versions:?}");
        }
    }
}
