//! What vendors have in common: pages of rows, tokens, times, credentials, and how they refuse.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::PAGE;
use crate::CREDENTIAL;
use crate::server::{Asked, Said, said};

pub fn page(rows: Vec<Value>, from: usize) -> (Vec<Value>, Option<usize>) {
    let more = from + PAGE < rows.len();
    (rows.into_iter().skip(from).take(PAGE).collect(), more.then_some(from + PAGE))
}

/// What a token of any vendor's here has in it.
pub const MARK: &str = "t0ken";

pub fn is_token(asked: &Asked) -> bool {
    let counts = ["page", "offset"].iter().any(|name| asked.get(name).is_some());
    counts
        || asked.query.iter().any(|(_, value)| value.contains(MARK))
        || asked.body.to_string().contains(MARK)
}

/// A token that goes on at that place.
pub fn token(place: usize) -> String {
    format!("{MARK}-{place}")
}

/// The place that a token goes on at.
pub fn place(token: Option<&str>) -> usize {
    token.and_then(|token| token.strip_prefix(MARK)?.strip_prefix('-')?.parse().ok()).unwrap_or(0)
}

/// When the row of that number was changed.
pub fn time(number: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::seconds(i64::try_from(number).unwrap())
}

pub fn rfc3339(number: usize) -> String {
    time(number).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// When a row was changed, by that field.
pub fn changed(row: &Value, pointer: &str) -> DateTime<Utc> {
    instant(row.pointer(pointer).unwrap().as_str().unwrap())
}

/// A token that remembers what it was given for.
pub fn token_for(since: &str, place: usize) -> String {
    format!("{since}~{}", token(place))
}

/// What such a token was given for, and the place that it goes on at.
pub fn recall(token: &str) -> (&str, usize) {
    let (since, token) = token.split_once('~').unwrap();
    (since, place(Some(token)))
}

/// What was asked, with that as the token.
pub fn address(asked: &Asked, name: &str, token: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(asked.query.iter().filter(|(asked, _)| asked != name)).append_pair(name, token);
    format!("http://{}{}?{}", asked.header("host"), asked.path, query.finish())
}

/// An answer with the address of the next page in its head.
pub fn linked(body: Value, next: Option<String>) -> Said {
    let mut said = said(200, body);
    said.headers.extend(next.map(|next| ("link", format!("<{next}>; rel=\"next\""))));
    said
}

/// Refuses what is not so.
pub fn must(holds: bool, refusal: Said) -> Result<(), Said> {
    if holds { Ok(()) } else { Err(refusal) }
}

/// Refuses every parameter but these.
pub fn takes(asked: &Asked, names: &[&str], refusal: impl Fn(&str) -> Said) -> Result<(), Said> {
    match asked.query.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(refusal(name)),
    }
}

pub fn is_bearer(asked: &Asked) -> bool {
    asked.header("authorization") == format!("Bearer {CREDENTIAL}")
}

pub fn is_basic(asked: &Asked) -> bool {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(CREDENTIAL);
    asked.header("authorization") == format!("Basic {pair}")
}

pub fn never(_: &Asked) -> Option<String> {
    None
}

pub fn no_tie(row: &Value, _: &Value) -> Value {
    row.clone()
}

/// The row with the other's value in a field.
pub fn with(row: &Value, other: &Value, pointer: &str) -> Value {
    let mut row = row.clone();
    *row.pointer_mut(pointer).unwrap() = other.pointer(pointer).unwrap().clone();
    row
}
