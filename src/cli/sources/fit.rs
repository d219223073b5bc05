//! What stands in rows, and which columns would take it.

use chrono::DateTime;
use serde_json::Value;

use crate::record::{ColumnType, Cursor, Format};

/// What stands in a row at a path, if that is not null.
pub(super) fn at<'v>(row: &'v Value, path: &[impl AsRef<str>]) -> Option<&'v Value> {
    path.iter().try_fold(row, |row, name| row.get(name.as_ref())).filter(|value| !value.is_null())
}

/// The narrowest type that takes all of the values.
pub(super) fn guess<'v>(values: impl Iterator<Item = &'v Value>) -> ColumnType {
    values.map(of).reduce(both).unwrap_or(ColumnType::String)
}

/// The narrowest type that takes a value. Never [`ColumnType::Binary`]: most words could be Base64.
pub(super) fn of(value: &Value) -> ColumnType {
    match value {
        Value::Bool(_) => ColumnType::Bool,
        Value::Number(number) if number.is_i64() => ColumnType::Int,
        // More digits than a FLOAT keeps.
        Value::Number(number) if number.is_u64() => ColumnType::Decimal,
        Value::Number(_) => ColumnType::Float,
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => ColumnType::UtcDatetime,
        Value::String(text) if is_day(text) => ColumnType::Date,
        Value::String(text) if is_amount(text) => ColumnType::Decimal,
        Value::Array(_) | Value::Object(_) => ColumnType::Json,
        Value::String(_) | Value::Null => ColumnType::String,
    }
}

/// The narrowest type that takes what either takes.
pub(super) fn both(one: ColumnType, other: ColumnType) -> ColumnType {
    use ColumnType::{Date, Decimal, Float, Int, Json, String, UtcDatetime};
    match (one, other) {
        (one, other) if one == other => one,
        (Json, _) | (_, Json) => Json,
        (Int, Float) | (Float, Int) => Float,
        (Int | Float, Decimal) | (Decimal, Int | Float) => Decimal,
        (Date, UtcDatetime) | (UtcDatetime, Date) => UtcDatetime,
        _ => String,
    }
}

fn is_day(text: &str) -> bool {
    text.len() == "2026-11-16".len() && Cursor::read(Format::Date, text).is_ok()
}

/// True of a number with a fraction, written as amounts of money are: not of `01.02`, which is something else.
fn is_amount(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('-').unwrap_or(text).split_once('.').is_some_and(|(whole, fraction)| {
        is_digits(whole) && is_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use crate::config::Named;
    use crate::record::value;

    /// A schema with a column of each type.
    fn schema() -> &'static crate::record::Schema {
        let columns: String =
            ColumnType::ALL.iter().map(|kind| format!("columns.{0} = \"{0}\"\n", kind.word())).collect();
        let words = format!("url = \"http://h\"\nkey = \"STRING\"\nnext = {{ from = \"link\" }}\n{columns}");
        Named::parse("all", &words).unwrap().definition.contract().schema
    }

    #[test]
    fn a_column_is_guessed_that_takes_every_value() {
        for (values, kind) in [
            (json!([1, 2]), ColumnType::Int),
            (json!([1, 2.5]), ColumnType::Float),
            (json!([1, "a"]), ColumnType::String),
            (json!([true]), ColumnType::Bool),
            (json!(["2026-11-16T19:05:47Z", "2026-11-16T19:05:47.5+01:00"]), ColumnType::UtcDatetime),
            (json!(["2026-11-16T19:05:47Z", "soon"]), ColumnType::String),
            (json!([{"a": 1}, "b"]), ColumnType::Json),
            (json!([7, 18_446_744_073_709_551_615_u64, 1.5]), ColumnType::Decimal),
            (json!(["10.00", "-0.5", 3]), ColumnType::Decimal),
            (json!(["10.00", "10"]), ColumnType::String),
            (json!(["01.02"]), ColumnType::String),
            (json!(["1.2.3"]), ColumnType::String),
            (json!(["2026-11-16"]), ColumnType::Date),
            (json!(["2026-11-16", "2026-11-16T19:05:47Z"]), ColumnType::UtcDatetime),
            (json!(["2026-11-16", "2026-11-31"]), ColumnType::String),
            (json!([true, "2026-11-16", [1], 2]), ColumnType::Json),
            (json!([]), ColumnType::String),
        ] {
            let values = values.as_array().unwrap();
            assert_eq!(guess(values.iter()), kind, "{values:?}");
            let position = schema().position(kind.word()).unwrap();
            for value in values {
                let raw = to_raw_value(value).unwrap();
                assert!(value::read(schema(), position, &raw).is_ok(), "{value} is no {}", kind.word());
            }
        }
    }
}
