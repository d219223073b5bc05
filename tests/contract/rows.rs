//! What a good answer holds: fields, order, bounds and tokens.

use std::collections::HashSet;

use serde_json::Value;

use super::api::{Api, base64, cursor, ids};

const FIELDS: [&str; 8] = ["id", "name", "email", "address", "company", "job", "createdAt", "updatedAt"];

pub async fn they_have_the_fields_and_formats(api: Api) {
    let text = api.get("").await.text;
    let places: Vec<Option<usize>> = FIELDS.iter().map(|field| text.find(&format!("\"{field}\""))).collect();
    assert!(places.is_sorted() && places[0].is_some(), "the fields' order: {places:?}");
    for row in api.all().await {
        let mut fields: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = FIELDS;
        fields.sort_unstable();
        expected.sort_unstable();
        assert_eq!(fields, expected);
        let value = |field: &str| row[field].as_str().unwrap_or_else(|| panic!("{field}: {row}"));
        assert!(FIELDS.iter().all(|field| !value(field).is_empty()), "{row}");
        assert!(looks_like(value("id"), "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx"), "{row}");
        assert!(looks_like(value("createdAt"), "dddd-dd-ddTdd:dd:ddZ"), "{row}");
        assert!(looks_like(value("updatedAt"), "dddd-dd-ddTdd:dd:ddZ"), "{row}");
        assert!(value("createdAt") <= value("updatedAt"), "{row}");
        assert_eq!(value("address").lines().count(), 2, "{row}");
        assert!(value("email").contains('@'), "{row}");
    }
}

/// True if the text has that pattern's shape: `x` a lower-case hexadecimal digit, `d` a decimal one.
fn looks_like(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'x' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

pub async fn they_ascend_and_ids_do_not_repeat(api: Api) {
    let all = api.all().await;
    assert_eq!(all.len(), 200);
    assert!(all.iter().map(cursor).is_sorted());
    assert_eq!(ids(&all).into_iter().collect::<HashSet<_>>().len(), 200);
}

pub async fn a_scroll_ends_with_null_after_the_last_page(api: Api) {
    let mut query = String::new();
    let mut sizes = Vec::new();
    let mut scrolled = Vec::new();
    loop {
        let answer = api.get(&query).await;
        let rows = answer.rows();
        sizes.push(rows.len());
        scrolled.extend(rows);
        let Some(token) = answer.token() else { break };
        query = format!("scroll_param={token}");
    }
    let model = scroll(&api.all().await);
    assert_eq!(sizes, model.iter().map(Vec::len).collect::<Vec<_>>());
    assert_eq!(ids(&scrolled), ids(&model.concat()));
}

/// The pages that a scroll should bring. The real one's rows are random, so once in a thousand starts two of them
/// tie across a cut.
fn scroll(all: &[Value]) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut rest = all.to_vec();
    while !rest.is_empty() {
        let page: Vec<Value> = rest.iter().take(50).cloned().collect();
        rest = after(all, &cursor(page.last().unwrap()));
        pages.push(page);
    }
    pages
}

fn after(all: &[Value], bound: &str) -> Vec<Value> {
    all.iter().filter(|row| cursor(row).as_str() > bound).cloned().collect()
}

fn at_or_after(all: &[Value], bound: &str) -> Vec<Value> {
    all.iter().filter(|row| cursor(row).as_str() >= bound).cloned().collect()
}

pub async fn tokens_are_the_last_cursor_in_base64(api: Api) {
    let answer = api.get("").await;
    let last = cursor(answer.rows().last().unwrap());
    assert_eq!(answer.token(), Some(base64(last)));
}

pub async fn updated_since_is_inclusive(api: Api) {
    let all = api.all().await;
    for place in [0, 1, 49, 50, 120, 149, 198, 199] {
        let bound = cursor(&all[place]);
        let rows = api.get(&format!("updated_since={bound}")).await.rows();
        let expected = at_or_after(&all, &bound);
        assert_eq!(rows, expected[..expected.len().min(50)], "from row {place}");
    }
}

pub async fn a_token_is_exclusive(api: Api) {
    let all = api.all().await;
    for place in [0, 1, 49, 50, 120, 149, 198, 199] {
        let bound = cursor(&all[place]);
        let rows = api.get(&format!("scroll_param={}", base64(&bound))).await.rows();
        let expected = after(&all, &bound);
        assert_eq!(rows, expected[..expected.len().min(50)], "after row {place}");
    }
}

pub async fn the_beginning_of_time_is_the_first_page(api: Api) {
    let first = api.get("").await;
    let rows = first.rows();
    assert_eq!(rows.len(), 50);
    for query in ["updated_since=0001-01-01T00:00:00Z".to_owned(), token("0001-01-01T00:00:00Z")] {
        let answer = api.get(&query).await;
        assert_eq!(answer.rows(), rows, "{query}");
        assert_eq!(answer.token(), first.token(), "{query}");
    }
}

fn token(time: &str) -> String {
    format!("scroll_param={}", base64(time))
}

pub async fn a_token_comes_only_if_rows_remain(api: Api) {
    let all = api.all().await;
    for place in [0, 100, 148, 149, 150, 151, 199] {
        let bound = cursor(&all[place]);
        let answer = api.get(&format!("updated_since={bound}")).await;
        let more = at_or_after(&all, &bound).len() > 50;
        assert_eq!(answer.token().is_some(), more, "from row {place}");
        let answer = api.get(&token(&bound)).await;
        let more = after(&all, &bound).len() > 50;
        assert_eq!(answer.token().is_some(), more, "after row {place}");
    }
}

pub async fn beyond_the_last_row_there_is_an_empty_page(api: Api) {
    let last = cursor(api.all().await.last().unwrap());
    for query in
        ["updated_since=9999-12-31T23:59:59Z".to_owned(), token("9999-12-31T23:59:59Z"), token(&last)]
    {
        let answer = api.get(&query).await;
        assert_eq!(answer.rows(), Vec::<Value>::new(), "{query}");
        assert_eq!(answer.token(), None, "{query}");
    }
}
