//! Columns of every type, from anywhere in a row.

use super::*;
use crate::record::{Column, ColumnType, Format, Schema};

const fn column(name: &'static str, path: &'static [&'static str], kind: ColumnType) -> Column {
    Column { name, path, kind }
}

const ORDER: Schema = Schema {
    table: "order",
    title: "Orders",
    columns: &[
        column("_key", &[], ColumnType::String),
        column("shop", &["shop"], ColumnType::String),
        column("number", &["number"], ColumnType::Int),
        column("owner_name", &["owner", "name"], ColumnType::String),
        column("owner_age", &["owner", "born", "year"], ColumnType::Int),
        column("tags", &["tags"], ColumnType::Json),
        column("first_tag", &["tags", "first"], ColumnType::String),
        column("price", &["price"], ColumnType::Decimal),
        column("weight", &["weight"], ColumnType::Float),
        column("paid", &["paid"], ColumnType::Bool),
        column("day", &["day"], ColumnType::Date),
        column("made", &["made"], ColumnType::UtcDatetime),
        column("seal", &["seal"], ColumnType::Binary),
        column("updated", &["updated"], ColumnType::UtcDatetime),
        column("more", &["more"], ColumnType::Json),
    ],
    primary_key: 0,
    parts: &[1, 2],
    cursor: Some(13),
    format: Format::Unix,
};

/// More columns than a word has bits.
const WIDE: Schema = {
    const COLUMNS: [Column; 130] = {
        let mut columns = [column("id", &["id"], ColumnType::String); 130];
        columns[128] = column("far", &["far"], ColumnType::String);
        columns[129] = column("last", &["last"], ColumnType::String);
        columns
    };
    Schema { table: "wide", columns: &COLUMNS, primary_key: 0, parts: &[], cursor: None, ..ORDER }
};

fn read(schema: &'static Schema, json: &str) -> Result<Row, String> {
    Rows::new(schema, LIMITS.depth).decode(serde_json::from_str(json).unwrap())
}

/// An order with these fields beside those of its key.
fn order(fields: &str) -> Result<Row, String> {
    read(&ORDER, &format!(r#"{{"shop":"s","number":7{}{fields}}}"#, if fields.is_empty() { "" } else { "," }))
}

/// An order with this in one of its fields.
fn with(field: &str, json: &str) -> Result<Row, String> {
    match field {
        "number" => read(&ORDER, &format!(r#"{{"shop":"s","number":{json}}}"#)),
        _ => order(&format!(r#""{field}":{json}"#)),
    }
}

fn value(row: &Row, column: &str) -> Option<String> {
    row.values.get(ORDER.position(column).unwrap()).map(str::to_owned)
}

#[test]
fn a_value_is_kept_as_its_type_has_it() {
    for (column, json, kept) in [
        ("number", r#""-12""#, "-12"),
        ("number", r#""007""#, "7"),
        ("number", "-9223372036854775808", "-9223372036854775808"),
        ("price", "1.50", "1.50"),
        ("price", r#""12345678901234567890.000000000000000001""#, "12345678901234567890.000000000000000001"),
        ("price", "-1E+30", "-1E+30"),
        ("weight", "1.50", "1.5"),
        ("weight", "3", "3"),
        ("weight", r#""1e300""#, "1e300"),
        ("paid", "true", "true"),
        ("paid", r#""false""#, "false"),
        ("more", r#""a\n""#, r#""a\n""#),
        ("more", r#"[1, {"a": 2.0}]"#, r#"[1, {"a": 2.0}]"#),
        ("more", "1.0", "1.0"),
        ("day", r#""2024-02-29""#, "2024-02-29"),
        ("made", r#""2026-11-16T19:05:47Z""#, "2026-11-16T19:05:47Z"),
        ("made", r#""2024-02-29T23:59:59.5+02:00""#, "2024-02-29T23:59:59.5+02:00"),
        ("made", r#""2026-11-16 19:05:47""#, "2026-11-16 19:05:47"),
        ("made", r#""Mon, 16 Nov 2026 19:05:47 +0000""#, "Mon, 16 Nov 2026 19:05:47 +0000"),
        ("made", r#""2026-11-16""#, "2026-11-16"),
        ("made", "1763319947.25", "1763319947.25"),
        ("seal", r#""AP+/""#, "AP+/"),
        ("seal", r#""AP-_YQ""#, "AP-_YQ"),
        ("seal", r#""""#, ""),
        ("updated", "1763319947", "1763319947"),
    ] {
        let row = with(column, json).unwrap_or_else(|reason| panic!("{column} {json}: {reason}"));
        assert_eq!(value(&row, column).as_deref(), Some(kept), "{column} {json}");
    }
}

#[test]
fn a_value_that_does_not_fit_its_type_names_itself_and_never_becomes_null() {
    for (column, values, what) in [
        ("number", &["1.0", "1e3", "9223372036854775808", "true", "[]", r#""""#, r#"" 1""#][..], "INT"),
        ("price", &["true", r#""1,5""#, r#"".5""#, r#""1.""#, r#""NaN""#, r#""1e""#, "{}"], "DECIMAL"),
        ("weight", &["1e999", r#""NaN""#, r#""inf""#, "false", "[1]", r#""""#], "FLOAT"),
        ("paid", &["0", "1", r#""yes""#, r#""TRUE""#], "BOOL"),
        ("day", &[r#""2026-02-29""#, r#""2026-1-05""#, r#""2026-11-16T00:00:00Z""#, "20261116"], "DATE"),
        (
            "made",
            &[r#""""#, r#""soon""#, "true", r#""2026-02-29T00:00:00Z""#, r#""2026-13-01T00:00:00Z""#, "[]"],
            "UTC_DATETIME",
        ),
        ("made", &[r#""2026-11-16T24:00:00Z""#, r#""2026-11-00T00:00:00Z""#], "UTC_DATETIME"),
        ("seal", &[r#""a""#, r#""é""#, r#""ab c""#, "1234", "true"], "BINARY"),
    ] {
        for json in values {
            let reason = with(column, json).expect_err(json);
            let start = format!("`{column}` is {}, not ", sanitize::snippet(json, 40));
            assert!(reason.starts_with(&start) && reason.ends_with(&format!("({what})")), "{json}: {reason}");
        }
    }
    let long = order(&format!(r#""price":"{}""#, "x".repeat(5_000))).unwrap_err();
    assert!(long.len() < 120, "{long}");
}

#[test]
fn null_and_absent_are_null_in_a_column_of_any_type() {
    let nulls: Vec<_> = ORDER.columns[5..].iter().map(|it| format!(r#""{}":null"#, it.path[0])).collect();
    let nulls: std::collections::BTreeSet<_> = nulls.into_iter().collect();
    let nulls = nulls.into_iter().collect::<Vec<_>>().join(",");
    for fields in [nulls.as_str(), ""] {
        let row = order(fields).unwrap();
        assert_eq!(row.values.iter().skip(3).flatten().count(), 0);
        assert_eq!((row.cursor, row.extra), (None, None));
    }
}

#[test]
fn a_cursor_that_cannot_be_read_keeps_its_row_if_its_column_is_a_date_and_time() {
    let at = |json: &str| order(&format!(r#""updated":{json}"#)).unwrap();
    assert_eq!(at("1763319947.5").cursor.map(String::from).as_deref(), Some("unix:1763319947.5"));
    assert_eq!(at(r#""1763319947""#).cursor.map(String::from).as_deref(), Some("unix:1763319947"));
    for json in [r#""soon""#, r#""2026-11-16T19:05:47Z""#, "true"] {
        let row = at(json);
        assert_eq!(row.cursor, None, "{json}");
        assert_eq!(value(&row, "updated").unwrap(), json.trim_matches('"'), "verbatim");
    }
    // A column of numbers has no room for a text.
    const BY_NUMBER: Schema = Schema { cursor: Some(2), format: Format::Integer, ..ORDER };
    let by_number = |json: &str| read(&BY_NUMBER, &format!(r#"{{"shop":"s","number":{json}}}"#));
    assert_eq!(by_number("12").unwrap().cursor.map(String::from).as_deref(), Some("integer:12"));
    assert!(by_number(r#""soon""#).unwrap_err().ends_with("(INT)"));
}

#[test]
fn a_value_comes_from_within_a_field_and_the_field_stays_beside_it() {
    let owner = r#""owner":{"name":"A\"", "born":{"year":1815}, "more":[1]}"#;
    let row = order(&format!(r#"{owner},"tags":{{"first":"x"}}"#)).unwrap();
    assert_eq!(value(&row, "owner_name").as_deref(), Some("A\""));
    assert_eq!(value(&row, "owner_age").as_deref(), Some("1815"));
    assert_eq!(value(&row, "tags").as_deref(), Some(r#"{"first":"x"}"#));
    assert_eq!(value(&row, "first_tag").as_deref(), Some("x"));
    assert_eq!(row.extra.unwrap(), format!("{{{owner}}}"), "whole, and not what is a column as a whole");
    for (fields, why) in [
        (r#""owner":"u1""#, "`owner` is \"u1\", not an object"),
        (r#""owner":{"born":1815}"#, "`born` is 1815, not an object"),
        (r#""owner":{"born":{"year":"?"}}"#, "`owner_age` is \"?\", not a whole number"),
        (r#""owner":{"name":"A","name":"B"}"#, "two fields named \"name\""),
        (r#""owner":{"name":"A"},"owner":{"name":"B"}"#, "two fields named \"owner\""),
    ] {
        let reason = order(fields).unwrap_err();
        assert!(reason.starts_with(why), "{fields}: {reason}");
    }
    for fields in [r#""owner":null"#, r#""owner":{}"#, r#""owner":{"born":null}"#] {
        assert_eq!(value(&order(fields).unwrap(), "owner_age"), None, "{fields}");
    }
}

#[test]
fn a_key_of_several_fields_is_the_list_of_them() {
    assert_eq!(order("").unwrap().id(&ORDER), r#"["s","7"]"#);
    let row = read(&ORDER, r#"{"number":"7","shop":"a\",\"b"}"#).unwrap();
    assert_eq!(row.id(&ORDER), r#"["a\",\"b","7"]"#, "and not two others");
    for (json, why) in [
        (r#"{"shop":"s"}"#, "no `number`, a part of the key"),
        (r#"{"shop":null,"number":7}"#, "`shop` is null, a part of the key"),
        (r#"{"shop":"s","number":"x"}"#, "`number` is \"x\", not a whole number of 64 bits (INT)"),
    ] {
        assert_eq!(read(&ORDER, json).unwrap_err(), why);
    }
    // A field of the name of the key's column is none of its parts.
    assert_eq!(order(r#""_key":"x""#).unwrap().extra.as_deref(), Some(r#"{"_key":"x"}"#));
}

#[test]
fn fields_are_told_apart_however_many_columns_there_are() {
    let row = read(&WIDE, r#"{"last":"l","far":"f","id":"1"}"#).unwrap();
    assert_eq!((row.values.get(128), row.values.get(129)), (Some("f"), Some("l")));
    for twice in [r#"{"id":"1","last":"l","last":"l"}"#, r#"{"far":null,"far":"1","id":"1"}"#] {
        assert!(read(&WIDE, twice).unwrap_err().starts_with("two fields named"), "{twice}");
    }
}
