//! What stands in rows, and which columns would take it.

use chrono::DateTime;
use serde_json::Value;

use crate::record::ColumnType;

/// What stands in a row at a path, if that is not null.
pub(super) fn at<'v>(row: &'v Value, path: &[impl AsRef<str>]) -> Option<&'v Value> {
    path.iter().try_fold(row, |row, name| row.get(name.as_ref())).filter(|value| !value.is_null())
}

/// The narrowest type that takes all of the values.
pub(super) fn guess<'v>(values: impl Iterator<Item = &'v Value>) -> ColumnType {
    let of = |value: &Value| match value {
        Value::Bool(_) => ColumnType::Bool,
        Value::Number(number) if number.is_i64() => ColumnType::Int,
        Value::Number(_) => ColumnType::Float,
        Value::String(text) if DateTime::parse_from_rfc3339(text).is_ok() => ColumnType::UtcDatetime,
        Value::Array(_) | Value::Object(_) => ColumnType::Json,
        Value::String(_) | Value::Null => ColumnType::String,
    };
    let both = |one: ColumnType, other: ColumnType| match (one, other) {
        (one, other) if one == other => one,
        (ColumnType::Int, ColumnType::Float) | (ColumnType::Float, ColumnType::Int) => ColumnType::Float,
        (ColumnType::Json, _) | (_, ColumnType::Json) => ColumnType::Json,
        _ => ColumnType::String,
    };
    values.map(of).reduce(both).unwrap_or(ColumnType::String)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            (json!([]), ColumnType::String),
        ] {
            let values = values.as_array().unwrap();
            assert_eq!(guess(values.iter()), kind, "{values:?}");
        }
    }
}
