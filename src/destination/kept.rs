//! How our own columns keep what is told of rows and runs, whichever destination they stand in: cursors, times, words,
//! numbers and JSON.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::record::Cursor;
use crate::walk::Request;

/// A kept cursor as the source wrote it, or whatever else stands there: without the name of its format, which is kept
/// with it where that is not RFC 3339.
#[must_use]
pub fn as_written(kept: String) -> String {
    Cursor::try_from(kept.clone()).map_or(kept, |cursor| cursor.text().to_owned())
}

/// A cursor as our own columns keep it: with the name of its format, where that is not RFC 3339.
pub(super) fn cursor_text(cursor: &Cursor) -> String {
    cursor.clone().into()
}

/// What was asked for, as the page log keeps it.
pub(super) fn asked_text(request: &Request) -> Cow<'_, str> {
    match request {
        Request::Since(cursor) => Cow::Owned(cursor_text(cursor)),
        Request::Token(token) => Cow::Borrowed(token),
    }
}

/// A cursor that one of our own columns keeps, if it can be read.
pub(super) fn cursor_of(kept: Option<String>) -> Option<Cursor> {
    kept.and_then(|kept| Cursor::try_from(kept).ok())
}

/// JSON of our own types, which are all plain data.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The word that stands for a plain enum's variant.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    json(value).trim_matches('"').to_owned()
}

/// A time, to the millisecond.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// A time that one of our own columns keeps, if it can be read.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// A count as a column keeps it: integers are signed there.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
