//! What is guessed of answers as real APIs give them.

use serde_json::json;

use super::*;
use crate::config::Named;

/// The words that were guessed, after they were found to be a definition.
fn words(url: &str, body: &Value, link: Option<&str>) -> Vec<String> {
    let url = Url::parse(url).unwrap();
    let guess = guess(&url, body, link).unwrap_or_else(|why| panic!("{why}"));
    let whole = format!("url = \"{}\"\n{}", guess.address(&url), guess.toml);
    Named::parse("guessed", &whole).unwrap_or_else(|problems| panic!("{problems:?}: {whole}"));
    whole.lines().map(str::to_owned).collect()
}

fn has(words: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(words.iter().any(|word| word == wanted), "{wanted} is not among {words:#?}");
    }
}

fn rows(field: &str, values: &[Value]) -> Value {
    values.iter().enumerate().map(|(index, value)| json!({ "id": index + 1, field: value })).collect()
}

#[test]
fn a_list_with_a_link_header_is_github() {
    let times = ["2026-11-16T19:05:47Z", "2026-11-16T19:05:48Z"].map(Value::from);
    let body = json!([
        { "id": 7, "number": 1, "updated_at": times[0], "created_at": times[1], "user": { "login": "a" }, "body": null },
        { "id": 8, "number": 2, "updated_at": times[1], "created_at": times[0], "user": null, "body": null },
    ]);
    let words = words(
        "https://api.h/issues?state=all&since=2020-01-01T00:00:00Z",
        &body,
        Some("https://api.h/issues?p=2"),
    );
    has(
        &words,
        &[
            "url = \"https://api.h/issues?state=all\"",
            "rows = \"$\"",
            "key = \"id\"",
            "cursor = \"updated_at\"",
            "format = \"rfc3339\"",
            "order = \"ascending\"",
            "since = { send = \"query:since\" }",
            "next = { from = \"link\", send = \"url\" }",
            "columns.id = \"INT\"",
            "columns.user = \"JSON\"",
        ],
    );
    assert!(!words.iter().any(|word| word.starts_with("columns.body")), "nothing tells its type");
}

#[test]
fn newest_first_with_a_flag_and_no_token_is_stripe() {
    let body = json!({ "object": "list", "has_more": true, "data": rows("created", &[json!(1_700_000_002), json!(1_700_000_001)]) });
    has(
        &words("https://h/v1/customers?limit=2", &body, None),
        &[
            "url = \"https://h/v1/customers?limit=2\"",
            "rows = \"data\"",
            "cursor = \"created\"",
            "format = \"unix\"",
            "order = \"descending\"",
            "next = { from = \"row:id\", send = \"query:starting_after\", carry = true }",
            "end = { flag = \"has_more\", at_end = false }",
        ],
    );
}

#[test]
fn tokens_and_addresses_are_found_however_deep_and_never_within_the_rows() {
    let some = rows("updatedAt", &[json!("2026-11-16 19:05:47"), json!("2026-11-16 19:05:48")]);
    for (beside, next) in [
        (
            json!({ "response_metadata": { "next_cursor": "dXNlcg" } }),
            r#"{ from = "body:response_metadata.next_cursor", send = "query:cursor" }"#,
        ),
        (
            json!({ "paging": { "next": { "after": "NTI1" } } }),
            r#"{ from = "body:paging.next.after", send = "query:after" }"#,
        ),
        (
            json!({ "meta": { "has_more": true, "after_cursor": "x" } }),
            r#"{ from = "body:meta.after_cursor", send = "query:page[after]" }"#,
        ),
        (
            json!({ "links": { "next": "https://h/users?c=2" } }),
            r#"{ from = "body:links.next", send = "url" }"#,
        ),
        (
            json!({ "next_page_uri": "/users?PageToken=x" }),
            r#"{ from = "body:next_page_uri", send = "url" }"#,
        ),
        (json!({ "offset": "itr/rec" }), r#"{ from = "body:offset", send = "query:offset" }"#),
        (json!({ "next_page": 2 }), r#"{ from = "number:next_page", send = "query:page" }"#),
        (json!({ "page": 1, "total_pages": 4 }), r#"{ from = "page:1", send = "query:page" }"#),
        (json!({ "offset": 0, "limit": 2 }), r#"{ from = "offset", send = "query:offset" }"#),
    ] {
        let mut body = beside.clone();
        body["result"] = json!({ "items": some });
        let words = words("https://h/users", &body, None);
        has(&words, &[&format!("next = {next}"), "rows = \"result.items\"", "format = \"utc\""]);
    }
    let inside = json!({ "data": [{ "id": 1, "cursor": "a" }, { "id": 2, "cursor": "b" }] });
    let words = words("https://h/users", &inside, None);
    has(&words, &["next = { from = \"link\", send = \"url\" }", "cursor = \"none\""]);
}

#[test]
fn a_dot_within_a_name_is_written_so_that_it_reads_back() {
    let rows = rows("updated.at", &[json!("2026-11-16T19:05:47Z"), json!("2026-11-16T19:05:48Z")]);
    let body =
        json!({ "@odata.nextLink": "https://h/users?c=2", "v1.0": { "value": rows }, "has.more": true });
    has(
        &words("https://h/users", &body, None),
        &[
            r"rows = 'v1\.0.value'",
            r#"cursor = "updated.at""#,
            r#"next = { from = 'body:@odata\.nextLink', send = "url" }"#,
            r#"columns.'updated\.at' = "UTC_DATETIME""#,
        ],
    );
}

#[test]
fn what_is_no_time_is_no_cursor_and_what_is_not_unique_is_no_key() {
    let body = json!({ "data": [
        { "id": "x", "account_id": "a", "updated": 12 },
        { "id": "x", "account_id": "b", "updated": 13 },
    ] });
    has(&words("https://h/", &body, None), &["key = \"account_id\"", "cursor = \"none\""]);
    let url = Url::parse("https://h/").unwrap();
    for body in [
        json!({}),
        json!({ "data": [] }),
        json!([1, 2]),
        json!({ "data": [{ "a": 1 }, { "a": 1 }] }),
        json!(null),
        // A longer list of rows without names is not passed over for what stands beside it.
        json!({ "rows": [[1, "a"], [2, "b"]], "facets": [{ "name": "x" }] }),
        json!([[1], [2]]),
    ] {
        assert!(guess(&url, &body, None).is_err(), "{body}");
    }
}

#[test]
fn what_a_run_sets_anew_leaves_the_address() {
    let body = json!({ "data": [{ "id": 1 }] });
    has(
        &words("https://h/users?page=1&per_page=50", &body, None),
        &["url = \"https://h/users?per_page=50\"", "next = { from = \"page:1\", send = \"query:page\" }"],
    );
}

/// What is guessed goes into the settings file, where a command may stand that a shell runs.
#[test]
fn no_name_of_the_source_gets_to_be_a_line_of_the_settings() {
    let evil = "x\", send = \"url\" }\nsecret = \"cmd:touch owned\"\n#";
    let row = json!({ "id": 1, evil: "2026-11-16T19:05:47Z", "updated \u{202e}at": "2026-11-16T19:05:47Z" });
    for body in [
        json!({ "data": [row], evil: { "next_cursor": "abc", "next": "/p?2", "has_more": true, "page": 1 } }),
        json!({ "data": [row], evil: { "rows": [row, row] } }),
        json!({ "data": [row], evil: true, "has_more": true }),
    ] {
        let words = words("https://h/x", &body, None);
        assert!(
            words.iter().all(|word| !word.starts_with("secret") && !word.contains("owned")),
            "{words:#?}"
        );
        has(&words, &["rows = \"data\"", "cursor = \"none\""]);
    }
    let body = json!({ "has_more": true, "data": [{ "sid": "a" }, { "sid": "b" }] });
    has(
        &words("https://h/x", &body, None),
        &["next = { from = \"row:sid\", send = \"query:starting_after\", carry = true }"],
    );
}
