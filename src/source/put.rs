//! A request as a source wants it: its address, its headers and its body, by the contract.

use std::borrow::Cow;

use bytes::Bytes;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::Failure;
use super::body::ACCEPTED;
use super::contract::{At, Back, Contract, Method, Path, Since, TokenAt};
use crate::record::Cursor;
use crate::walk::Request;

/// A request, before a credential is put into it.
#[derive(Clone, Debug)]
pub struct Put {
    /// How it is put.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, which only a `POST` has.
    pub body: Option<Bytes>,
}

/// The values of a request and where they go, in the order in which they are asked.
pub(super) fn values<'a>(
    contract: &'a Contract,
    request: &'a Request,
    since: Option<&'a Cursor>,
) -> Vec<(At, Cow<'a, str>)> {
    let plain = |(name, value): &'a (&'static str, &'static str)| (At::Query(name), Cow::Borrowed(*value));
    let mut values: Vec<_> = contract.each.iter().map(plain).collect();
    let cursor = match request {
        Request::Since(cursor) => Some(cursor),
        Request::Token(_) => since.filter(|_| contract.carry),
    };
    if matches!(request, Request::Since(_)) || contract.carry {
        values.extend(contract.first.iter().map(plain));
    }
    if let (Some(cursor), Some(since)) = (cursor, &contract.since) {
        values.push((since.at, Cow::Owned(asked(since, cursor))));
    }
    if let (Request::Token(token), Back::At(at)) = (request, contract.back) {
        values.push((at, Cow::Borrowed(token)));
    }
    values
}

/// A cursor as it is asked from.
fn asked(since: &Since, cursor: &Cursor) -> String {
    let before = if since.exclusive { cursor.before(since.format) } else { None };
    let cursor = before.as_ref().unwrap_or(cursor);
    let (left, right) = since.around;
    let text = since.format.map_or_else(|| cursor.text().to_owned(), |format| cursor.written_as(format));
    format!("{left}{text}{right}")
}

/// An address with the values that go there.
pub(super) fn address(mut url: Url, values: &[(At, Cow<'_, str>)]) -> Url {
    let query = values.iter().filter_map(|(at, value)| match at {
        At::Query(name) => Some((name, value)),
        At::Header(_) | At::Body(_) => None,
    });
    let mut query = query.peekable();
    if query.peek().is_some() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

impl Put {
    /// A request to that address, with the values that do not go there.
    ///
    /// # Errors
    /// [`Failure::Unaskable`] if a value cannot stand in a header.
    pub(super) fn new(contract: &Contract, url: Url, values: &[(At, Cow<'_, str>)]) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        let own = contract.headers.iter().map(|(name, value)| (*name, *value));
        let asked = values.iter().filter_map(|(at, value)| match at {
            At::Header(name) => Some((*name, value.as_ref())),
            At::Query(_) | At::Body(_) => None,
        });
        for (name, value) in own.chain(asked) {
            let value = HeaderValue::from_str(value).map_err(|_| {
                Failure::Unaskable(format!("what the header `{name}` is to hold is no text of ASCII"))
            })?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let body = match contract.method {
            Method::Get => None,
            Method::Post(body) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Some(filled(contract, body, values)?)
            }
        };
        Ok(Self { method: contract.method, url, headers, body })
    }
}

/// A body with the values that go there.
fn filled(contract: &Contract, body: &str, values: &[(At, Cow<'_, str>)]) -> Result<Bytes, Failure> {
    let unaskable = |why: String| Failure::Unaskable(format!("the body of a request: {why}"));
    let mut filled: Value = serde_json::from_str(body).map_err(|error| unaskable(error.to_string()))?;
    for (at, value) in values {
        let At::Body(path) = at else { continue };
        // What counts is a number; what a source gave goes back as it came.
        let is_count = contract.token.is_counted() && contract.back == Back::At(*at);
        let number = value.parse::<u64>().ok().filter(|_| is_count);
        let value = number.map_or_else(|| Value::from(value.as_ref()), Value::from);
        let place = place(&mut filled, *path);
        *place.ok_or_else(|| unaskable(format!("{path} leads through what is no object")))? = value;
    }
    Ok(Bytes::from(filled.to_string()))
}

/// The place in a body that a path leads to, made where it is not there yet.
fn place(body: &mut Value, path: Path) -> Option<&mut Value> {
    path.0.iter().try_fold(body, |within, name| match within {
        Value::Array(elements) => elements.get_mut(name.parse::<usize>().ok()?),
        Value::Null => {
            *within = Value::Object(serde_json::Map::new());
            within.as_object_mut().map(|fields| fields.entry(*name).or_insert(Value::Null))
        }
        Value::Object(fields) => Some(fields.entry(*name).or_insert(Value::Null)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// The token that follows where tokens count, after a page of so many rows.
#[must_use]
pub fn counted(token: TokenAt, request: &Request, rows: u64) -> Option<String> {
    let before = match request {
        Request::Token(token) => token.parse().ok(),
        Request::Since(_) => None,
    };
    let next: u64 = match token {
        TokenAt::Page(first) => before.unwrap_or(first).checked_add(1)?,
        TokenAt::Offset => before.unwrap_or(0).checked_add(rows)?,
        TokenAt::Body(_) | TokenAt::Number(_) | TokenAt::Header(_) | TokenAt::Link | TokenAt::LastRow(_) => {
            return None;
        }
    };
    Some(next.to_string())
}
