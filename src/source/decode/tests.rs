mod typed;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::record::{Row, USER};
use crate::source::KEYSET;

const LIMITS: Limits = Limits {
    connect: Duration::ZERO,
    idle: Duration::ZERO,
    request: Duration::ZERO,
    head: 0,
    redirects: 0,
    body: 0,
    ratio: 0,
    rows: 100,
    depth: 4,
};

fn page(body: &str) -> Page {
    match Envelope::read(&KEYSET, body.as_bytes(), &LIMITS) {
        Ok(envelope) => envelope.into_page(),
        Err(failure) => panic!("{body}: {failure}"),
    }
}

/// The one row of a page.
fn row(json: &str) -> Result<Row, Quarantined> {
    let mut page = page(&format!(r#"{{"data":[{json}]}}"#));
    page.rows.pop().map_or_else(|| Err(page.quarantined.remove(0)), Ok)
}

fn reason(json: &str) -> String {
    row(json).unwrap_err().reason
}

fn refused(body: &[u8]) -> String {
    Envelope::read(&KEYSET, body, &LIMITS).unwrap_err().to_string()
}

fn value<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.values.get(USER.position(column).unwrap())
}

#[test]
fn a_page_has_its_rows_in_order_and_its_token() {
    let page =
        page(r#" {"more": [{}], "scroll_param": "t\u0041", "data": [{"id": "1"}, {"id": "2"}], "n": 1e9} "#);
    let ids: Vec<&str> = page.rows.iter().map(|row| row.id(&USER)).collect();
    assert_eq!((ids, page.token.as_deref(), page.has_data), (vec!["1", "2"], Some("tA"), true));
}

#[test]
fn an_envelope_tells_the_last_cursor_before_the_rows_are_read() {
    let read = |rows: &str| {
        let body = format!(r#"{{"data":[{rows}]}}"#);
        let envelope = Envelope::read(&KEYSET, body.as_bytes(), &LIMITS).unwrap();
        (envelope.is_empty(), envelope.last_cursor().map(String::from))
    };
    let at = |time: &str| format!(r#"{{"id":"1","updatedAt":"{time}"}}"#);
    let (first, last) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.50+02:00");
    assert_eq!(read(&format!("{},{}", at(first), at(last))), (false, Some(last.to_owned())));
    assert_eq!(read(&format!("{},{}", at(first), at("soon"))), (false, None));
    assert_eq!(read(&format!("{},7", at(first))), (false, None));
    assert_eq!(read(""), (true, None));
}

#[test]
fn what_is_no_page_is_refused_with_its_beginning_made_safe() {
    assert!(refused(b"\x1b[2J<html>").contains("it begins with \"<U+001B>[2J<html>\""));
    let long = refused("x".repeat(5_000).as_bytes());
    assert!(long.len() < 200 && long.contains('…'), "{long}");
    assert!(refused("é".repeat(300).as_bytes()).contains('…'), "cut in the middle of a character");
    let deep = format!(r#"{{"more":{}}}"#, "[".repeat(100_000));
    let text = refused(deep.as_bytes());
    assert!(text.contains("expected value"), "no overflow of the stack: {text}");
    let whole = format!(r#"{{"more":{}{},"data":[{{"id":"1"}}]}}"#, "[".repeat(9_999), "]".repeat(9_999));
    assert_eq!(page(&whole).rows.len(), 1, "what is not read may be as deep as it likes");
    assert!(refused(br#"{"data":[]"#).contains("EOF"));
    assert!(refused(br#"{"scroll_param":"\ud800"}"#).contains("hex escape"), "a token that is no text");
}

#[test]
fn values_are_kept_as_text_verbatim() {
    let row = row(
        r#"{"id": 7, "name": "a\u0000b\n", "email": null, "company": 1.50, "job": [1, "x"], "updatedAt": "2026-01-01T00:00:00.000Z"}"#,
    );
    let row = row.unwrap();
    assert_eq!(row.id(&USER), "7");
    assert_eq!(value(&row, "name"), Some("a\0b\n"));
    assert_eq!((value(&row, "email"), value(&row, "address")), (None, None), "null and absent are the same");
    assert_eq!((value(&row, "company"), value(&row, "job")), (Some("1.50"), Some(r#"[1, "x"]"#)));
    assert_eq!(row.cursor.unwrap().text(), "2026-01-01T00:00:00.000Z");
    assert_eq!(row.extra, None);
}

#[test]
fn fields_that_the_table_does_not_have_are_kept_as_one_object() {
    let row = row(r#"{"z": [1, {"a": 2.0}], "id": "1", "a\"": null, "\u0000": "\ud800"}"#).unwrap();
    let expected = r#"{"\u0000":"\ud800","a\"":null,"z":[1, {"a": 2.0}]}"#;
    assert_eq!(row.extra.as_deref(), Some(expected), "in one order, so that equal ones are equal texts");
}

#[test]
fn a_row_that_the_table_cannot_hold_says_why() {
    for (json, why) in [
        ("{}", "no `id`"),
        (r#"{"id":null}"#, "`id` is null"),
        (r#"{"id":[]}"#, "`id` is neither a string nor a number"),
        (r#"{"id":true}"#, "`id` is neither a string nor a number"),
        ("7", "expected a JSON object as a row"),
        ("\"x\"", "expected a JSON object as a row"),
        (r#"{"id":"1","name":"\udc00"}"#, "hex escape"),
    ] {
        assert!(reason(json).contains(why), "{json}: {}", reason(json));
    }
    for number in ["0", "-1", "1e3"] {
        assert_eq!(row(&format!(r#"{{"id":{number}}}"#)).unwrap().id(&USER), number);
    }
}

#[test]
fn rows_set_apart_keep_their_place_and_the_others_theirs() {
    let page = page(r#"{"data":[{"id":"1"}, {} , {"id":"2"}, 3]}"#);
    let apart: Vec<_> = page.quarantined.iter().map(|row| (row.position, row.json.as_str())).collect();
    assert_eq!((page.rows.len(), apart), (2, vec![(1, "{}"), (3, "3")]));
    assert_eq!(page.len(), 4);
}

proptest! {
    /// Whatever bytes a source sends, reading them ends in a page or in words that are safe to show.
    #[test]
    fn no_body_is_too_odd_to_be_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(failure) = Envelope::read(&KEYSET, &body, &LIMITS) {
            let text = failure.to_string();
            prop_assert_eq!(sanitize::line(&text), text.as_str());
        }
    }

    /// Every text comes out as it went in.
    #[test]
    fn texts_survive(id in any::<String>().prop_filter("a key", |id| !id.is_empty()), name in any::<String>(), token in ".+") {
        let body = serde_json::json!({"data": [{"id": id, "name": name}], "scroll_param": token}).to_string();
        let page = page(&body);
        prop_assert_eq!(page.rows[0].id(&USER), id);
        prop_assert_eq!(value(&page.rows[0], "name"), Some(name.as_str()));
        prop_assert_eq!(page.token, Some(token));
    }
}

#[test]
fn an_error_is_short_whatever_the_body_is() {
    let text = refused(format!("{:?}", "x".repeat(100_000)).as_bytes());
    assert!(text.len() < 400, "{} bytes", text.len());
}

#[test]
fn more_rows_than_the_limit_are_counted_and_not_kept() {
    let body = format!(r#"{{"data":[{}0]}}"#, "0,".repeat(100_000));
    assert_eq!(refused(body.as_bytes()), "more than 100 rows in one page (source.max_page_rows)");
}

#[test]
fn a_value_that_is_nested_too_deep_keeps_its_row_out_of_the_table() {
    let nested = |depth: usize| format!("{}1,\"]\\\"]\"{}", "[".repeat(depth), "]".repeat(depth));
    for field in ["name", "more"] {
        let with = |depth| format!(r#"{{"id":"1","{field}":{}}}"#, nested(depth));
        assert!(row(&with(LIMITS.depth)).is_ok(), "{field}: the limit itself is allowed");
        let reason = reason(&with(LIMITS.depth + 1));
        assert!(reason.starts_with(&format!("\"{field}\" is nested more than 4 deep")), "{reason}");
    }
    assert!(row(r#"{"id":"1","more":[[],[],[{}],{"a":[[1]]},"[[[[["]}"#).is_ok(), "breadth is no depth");
}

#[test]
fn a_row_that_says_something_twice_or_has_an_empty_key_is_kept_out_of_the_table() {
    for json in
        [r#"{"id":"1","id":"2"}"#, r#"{"id":"1","name":"A","name":null}"#, r#"{"id":"1","zz":1,"zz":1}"#]
    {
        assert!(reason(json).starts_with("two fields named"), "{json}: {}", reason(json));
    }
    assert_eq!(reason(r#"{"id":""}"#), "`id` is empty");
    assert!(row(r#"{"id":" "}"#).is_ok(), "what is not empty is a key");
}
