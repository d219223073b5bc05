//! How the values of rows fit columns, and which columns would fit values.

use chrono::{DateTime, NaiveDate};
use serde_json::Value;

use crate::record::ColumnType;

/// What stands in a row at a path, if that is not null.
pub(super) fn at<'v>(row: &'v Value, path: &[impl AsRef<str>]) -> Option<&'v Value> {
    path.iter().try_fold(row, |row, name| row.get(name.as_ref())).filter(|value| !value.is_null())
}

/// True if a column of that type takes the value as it is.
pub(super) fn fits(kind: ColumnType, value: &Value) -> bool {
    let text = |is: fn(&str) -> bool| value.as_str().is_some_and(is);
    match kind {
        ColumnType::String | ColumnType::Json => true,
        ColumnType::Int => value.is_i64() || text(|text| text.parse::<i64>().is_ok()),
        ColumnType::Float => value.is_number() || text(|text| text.parse::<f64>().is_ok()),
        ColumnType::Bool => value.is_boolean(),
        ColumnType::Date => text(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()),
        // Which ways there are of writing a time is the cursor's matter.
        ColumnType::UtcDatetime | ColumnType::Decimal => value.is_number() || value.is_string(),
        ColumnType::Binary => value.is_string(),
    }
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
            assert!(values.iter().all(|value| fits(kind, value)), "{values:?}");
        }
        for (kind, value) in [
            (ColumnType::Int, json!(1.5)),
            (ColumnType::Float, json!("one")),
            (ColumnType::Bool, json!(0)),
            (ColumnType::Date, json!("2026-13-01")),
            (ColumnType::UtcDatetime, json!({})),
        ] {
            assert!(!fits(kind, &value), "{kind:?} {value}");
        }
    }
}
