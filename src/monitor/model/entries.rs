//! What the lists hold: rows, lines of the log, problems. Text in them is safe for a terminal.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::record::Schema;
use crate::run::{Before, Fate, ShownRow};
use crate::sanitize;
use crate::text::shown;
use crate::walk::{By, Request};

use super::scroll::Keyed;

/// One row.
#[derive(Clone, Debug)]
pub struct RowEntry {
    /// How it came by; `None` if it was read from the table.
    pub came: Option<Came>,
    /// True if the filter lets it through.
    pub matches: bool,
    schema: &'static Schema,
    values: Box<[Option<String>]>,
    before: Before,
    /// The values as the source sent them, by their position, where they are not safe.
    raw: Vec<(usize, String)>,
}

/// How a row came by.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// What became of the row.
    pub fate: Fate,
    /// The page that brought it.
    pub page: u64,
    /// When it was stored.
    pub at: DateTime<Utc>,
}

impl Keyed for RowEntry {
    type Key = String;

    fn key(&self) -> String {
        self.id().to_owned()
    }

    fn is(&self, key: &String) -> bool {
        self.id() == key
    }
}

impl RowEntry {
    /// Takes a row in that came by, and makes it safe.
    #[must_use]
    pub fn new(schema: &'static Schema, row: &ShownRow, page: u64, at: DateTime<Utc>) -> Self {
        Self {
            came: Some(Came { fate: row.fate, page, at }),
            before: row.before.iter().map(|(at, value)| (*at, value.as_deref().map(safe))).collect(),
            ..Self::stored(schema, Box::from(&row.values[..]))
        }
    }

    /// Takes a row in that was read from the table, and makes it safe.
    #[must_use]
    pub fn stored(schema: &'static Schema, mut values: Box<[Option<String>]>) -> Self {
        let mut raw = Vec::new();
        for (position, value) in values.iter_mut().enumerate() {
            let Some(text) = value else { continue };
            // Few have to change, and the others need no copy.
            if let Cow::Owned(safe) = safe_text(text) {
                raw.push((position, std::mem::replace(text, safe)));
            }
        }
        Self { came: None, matches: true, schema, values, before: Before::new(), raw }
    }

    /// The id as the source sent it: to be asked for, never to be shown.
    #[must_use]
    pub fn raw_id(&self) -> &str {
        let raw = self.raw.iter().find(|(position, _)| *position == self.schema.primary_key);
        raw.map_or_else(|| self.id(), |(_, raw)| raw)
    }

    /// The values as the source sent them, but for their length: to be looked through and copied, never to be shown.
    #[must_use]
    pub fn sent(&self) -> Cow<'_, [Option<String>]> {
        let mut sent = Cow::Borrowed(&self.values[..]);
        for (position, raw) in &self.raw {
            if let Some(value) = sent.to_mut().get_mut(*position) {
                *value = Some(raw.clone());
            }
        }
        sent
    }

    /// What it replaced when it came by, if it changed.
    #[must_use]
    pub fn before(&self) -> &Before {
        &self.before
    }

    /// The table that it is of.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// The values in the schema's order.
    #[must_use]
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }

    /// The primary key.
    #[must_use]
    pub fn id(&self) -> &str {
        self.at(self.schema.primary_key).unwrap_or("")
    }

    /// The value of a column; `None` if it is null.
    #[must_use]
    pub fn value(&self, column: &str) -> Option<&str> {
        self.schema.position(column).and_then(|position| self.at(position))
    }

    /// The value of the column at that place in the schema; `None` if it is null.
    #[must_use]
    pub fn at(&self, position: usize) -> Option<&str> {
        self.values.get(position)?.as_deref()
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

/// A request: by what, and with what.
#[must_use]
pub fn request(request: &Request) -> (By, String) {
    let (by, with) = request.parts();
    (by, safe(with))
}

/// The text, safe for a terminal and no longer than a screen bears.
#[must_use]
pub fn safe(text: &str) -> String {
    safe_text(text).into_owned()
}

fn safe_text(text: &str) -> Cow<'_, str> {
    match shown(text) {
        Cow::Borrowed(text) => sanitize::line(text),
        Cow::Owned(text) => Cow::Owned(sanitize::line(&text).into_owned()),
    }
}
