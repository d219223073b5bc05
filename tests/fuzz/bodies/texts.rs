//! Answers, headers and texts.

use std::time::Duration;

use chrono::DateTime;
use highwater::monitor::model::Token;
use highwater::record::{Cursor, USER};
use highwater::sanitize;
use highwater::source::decode::Envelope;
use highwater::source::retry::retry_after;
use highwater::source::{KEYSET, Limits};

use super::assert_safe;

/// What an answer may have. The times and sizes count on the wire alone.
const LIMITS: Limits = Limits {
    connect: Duration::MAX,
    idle: Duration::MAX,
    request: Duration::MAX,
    head: u64::MAX,
    redirects: 0,
    body: u64::MAX,
    ratio: u64::MAX,
    rows: 1_000,
    depth: 32,
};

/// A body is a page, whose rows are all there, or an error in safe words.
pub fn page(data: &[u8]) {
    let envelope = match Envelope::read(&KEYSET, data, &LIMITS) {
        Ok(envelope) => envelope,
        Err(failure) => return assert_safe(&failure.to_string()),
    };
    let (is_empty, last, token) = (envelope.is_empty(), envelope.last_cursor(), envelope.token.clone());
    assert_ne!(token.as_deref(), Some(""));
    let page = envelope.into_page();
    assert_eq!((page.rows.is_empty() && page.quarantined.is_empty(), &page.token), (is_empty, &token));
    assert!(page.rows.len() + page.quarantined.len() <= LIMITS.rows && (page.has_data || is_empty));
    for row in &page.rows {
        assert!(row.values.iter().len() == USER.columns.len() && row.values.get(USER.primary_key).is_some());
        let cursor = row.cursor.as_ref().map(Cursor::text);
        assert!(cursor.is_none() || cursor == row.values.get(USER.cursor.unwrap()), "not verbatim");
    }
    for row in &page.quarantined {
        assert_safe(&row.reason);
    }
    let is_kept =
        page.quarantined.last().is_none_or(|row| row.position + 1 < page.rows.len() + page.quarantined.len());
    if is_kept {
        let cursor = page.rows.last().and_then(|row| row.cursor.as_ref());
        assert_eq!(last.as_ref().map(Cursor::text), cursor.map(Cursor::text));
    }
}

/// A wait is read, or there is none: never one of no length, never another than was asked for.
pub fn retry(data: &[u8]) {
    let Some((clock, value)) = data.split_first_chunk::<4>() else { return };
    let Ok(value) = std::str::from_utf8(value) else { return };
    let now = DateTime::from_timestamp(u32::from_be_bytes(*clock).into(), 0).unwrap();
    let wait = retry_after(value, now);
    assert_ne!(wait, Some(Duration::ZERO));
    if let Ok(seconds) = value.parse::<u32>() {
        assert_eq!(wait, (seconds > 0).then(|| Duration::from_secs(seconds.into())));
    }
}

/// A cursor is the text as it came, and an instant that is never above the one that the text names.
pub fn cursor(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut cursors = Vec::new();
    for line in text.lines() {
        match Cursor::parse(line) {
            Ok(cursor) => {
                assert_eq!(cursor.text(), line);
                assert_safe(line);
                assert_cut_off(&cursor);
                cursors.push(cursor);
            }
            Err(error) => assert_safe(&error.to_string()),
        }
    }
    for pair in cursors.windows(2) {
        let (one, other) = (&pair[0], &pair[1]);
        assert_eq!(one.cmp(other), other.cmp(one).reverse());
        assert_eq!(one == other, one.instant().unwrap() == other.instant().unwrap());
        let json = serde_json::to_string(one).unwrap();
        let again: Cursor = serde_json::from_str(&json).unwrap();
        assert_eq!((again.text(), again.instant().unwrap()), (one.text(), one.instant().unwrap()));
    }
}

/// Of the fraction the first nine digits count, and no later one rounds them up.
fn assert_cut_off(cursor: &Cursor) {
    let fraction = cursor.text().split_once('.').map_or("", |(_, rest)| rest);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).chain(std::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    // A leap second is told by a billion more.
    assert_eq!(cursor.instant().unwrap().timestamp_subsec_nanos() % 1_000_000_000, nanos, "{cursor}");
}

/// A token is kept as it came, and shown safely, raw and as what it reads.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let body = serde_json::json!({ "data": [], "scroll_param": text }).to_string();
    let envelope = Envelope::read(&KEYSET, body.as_bytes(), &LIMITS).unwrap();
    assert_eq!(envelope.token.as_deref(), Some(text).filter(|text| !text.is_empty()));
    let token = Token::new(text, None, None);
    assert_safe(&token.raw);
    assert_safe(token.decoded.as_deref().unwrap_or_default());
}

/// Text is made safe once and for all, loses nothing that was safe, and JSON keeps its value.
pub fn sanitize(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let line = sanitize::line(text);
    assert_safe(&line);
    assert_eq!(sanitize::line(&line), line);
    let cell = sanitize::cell(text);
    let lines = cell.replace("\r\n", " ").replace(['\n', '\t'], " ");
    assert_safe(&lines);
    assert_eq!(sanitize::cell(&cell), cell);
    for most in [0, 1, 7] {
        assert!(sanitize::snippet(text, most).chars().count() <= most + 1);
    }
    assert_safe(&sanitize::quoted(text));
    let written = serde_json::to_string(text).unwrap();
    let json = sanitize::json(&written);
    assert_safe(&json);
    assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
}
