//! What the three lists hold: users, pages, and lines of the log. Text in them is safe for a terminal.

use chrono::{DateTime, Utc};

use crate::record::USER;
use crate::run::{Counts, Fate, ShownRow};
use crate::sanitize;
use crate::sync::event::PageStored;
use crate::text::shown;
use crate::walk::Request;

use super::scroll::Keyed;

/// One user.
#[derive(Clone, Debug)]
pub struct UserEntry {
    /// How it came by; `None` if it was read from the table.
    pub came: Option<Came>,
    /// True if the filter lets it through.
    pub matches: bool,
    values: Box<[Option<String>]>,
}

/// How a user came by.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// What became of the row.
    pub fate: Fate,
    /// The page that brought it.
    pub page: u64,
    /// When it was stored.
    pub at: DateTime<Utc>,
}

impl Keyed for UserEntry {
    type Key = String;

    fn key(&self) -> String {
        self.id().to_owned()
    }

    fn is(&self, key: &String) -> bool {
        self.id() == key
    }
}

impl UserEntry {
    /// Takes a row in that came by, and makes it safe.
    #[must_use]
    pub fn new(row: &ShownRow, page: u64, at: DateTime<Utc>) -> Self {
        Self {
            came: Some(Came { fate: row.fate, page, at }),
            matches: true,
            values: safe_values(&row.values),
        }
    }

    /// Takes a row in that was read from the table, and makes it safe.
    #[must_use]
    pub fn stored(values: &[Option<String>]) -> Self {
        Self { came: None, matches: true, values: safe_values(values) }
    }

    /// The values in the schema's order.
    #[must_use]
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }

    /// The primary key.
    #[must_use]
    pub fn id(&self) -> &str {
        self.at_position(USER.primary_key).unwrap_or("")
    }

    /// The value of a column; `None` if it is null.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        USER.position(column).and_then(|position| self.at_position(position))
    }

    fn at_position(&self, position: usize) -> Option<&str> {
        self.values.get(position)?.as_deref()
    }
}

fn safe_values(values: &[Option<String>]) -> Box<[Option<String>]> {
    values.iter().map(|value| value.as_deref().map(safe)).collect()
}

/// One stored page.
#[derive(Clone, Debug)]
pub struct PageEntry {
    /// Its run.
    pub run: i64,
    /// Its number in the run.
    pub page: u64,
    /// When it was stored.
    pub at: DateTime<Utc>,
    /// `since` or `token`: how it was asked for.
    pub asked_by: &'static str,
    /// The cursor or the token that it was asked for with.
    pub asked_with: String,
    /// What became of its rows.
    pub counts: Counts,
    /// The first row's cursor.
    pub first: Option<String>,
    /// The last row's cursor.
    pub last: Option<String>,
    /// The scroll token that came along.
    pub token: Option<String>,
    /// Milliseconds to the first byte of the answer.
    pub wait_ms: u64,
    /// Milliseconds from there to the last byte.
    pub body_ms: u64,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Failed attempts before it.
    pub retries: u32,
    /// Why the walk goes on as it does.
    pub decision: String,
    /// The checkpoint stored with it.
    pub checkpoint: Option<String>,
}

impl PageEntry {
    /// Takes a page in, and makes it safe.
    #[must_use]
    pub fn new(stored: &PageStored, at: DateTime<Utc>) -> Self {
        let (asked_by, asked_with) = request(&stored.request);
        let cursor =
            |cursor: &Option<crate::record::Cursor>| cursor.as_ref().map(|cursor| safe(cursor.text()));
        Self {
            run: stored.run,
            page: stored.page,
            at,
            asked_by,
            asked_with,
            counts: stored.counts,
            first: cursor(&stored.first),
            last: cursor(&stored.last),
            token: stored.token.as_deref().map(safe),
            wait_ms: stored.wait_ms,
            body_ms: stored.body_ms,
            bytes: stored.bytes,
            retries: stored.retries,
            decision: safe(&stored.decision),
            checkpoint: cursor(&stored.checkpoint),
        }
    }
}

impl Keyed for PageEntry {
    type Key = (i64, u64);

    fn key(&self) -> (i64, u64) {
        (self.run, self.page)
    }

    fn is(&self, key: &(i64, u64)) -> bool {
        self.key() == *key
    }
}

impl Keyed for LogEntry {
    type Key = u64;

    fn key(&self) -> u64 {
        self.serial
    }

    fn is(&self, key: &u64) -> bool {
        self.serial == *key
    }
}

impl Keyed for Problem {
    type Key = u64;

    fn key(&self) -> u64 {
        self.serial
    }

    fn is(&self, key: &u64) -> bool {
        self.serial == *key
    }
}

/// How a line of the log is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// For the curious.
    Info,
    /// As hoped.
    Good,
    /// The operator's doing.
    Held,
    /// Not as hoped.
    Warning,
    /// Needs attention.
    Attention,
}

/// Something that did not go as hoped.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Tells it from the others.
    pub serial: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How much it matters.
    pub tone: Tone,
    /// What happened, where and why.
    pub text: String,
    /// What can be done about it.
    pub advice: &'static str,
    /// The run that met it.
    pub run: Option<i64>,
}

/// One line of the log.
#[derive(Clone, Debug)]
pub struct LogEntry {
    /// Tells it from the others.
    pub serial: u64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// How it is meant.
    pub tone: Tone,
    /// What happened and why.
    pub text: String,
}

/// A request in two words: by what, and with what.
#[must_use]
pub fn request(request: &Request) -> (&'static str, String) {
    match request {
        Request::Since(cursor) => ("since", safe(cursor.text())),
        Request::Token(token) => ("token", safe(token)),
    }
}

/// The text, safe for a terminal and no longer than a screen bears.
#[must_use]
pub fn safe(text: &str) -> String {
    sanitize::line(&shown(text)).into_owned()
}
