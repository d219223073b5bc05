//! How many rows a filter lets through: counted in parts while the operator goes on, and again as the table changes.

use chrono::{DateTime, Utc};

use super::pause_after;

/// How many rows a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matches {
    /// They are being counted; so many rows were looked at.
    Counting(u64),
    /// So many.
    Counted(u64),
}

/// The count of the rows that one filter lets through.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    matches: Option<Matches>,
    /// The question that is not answered yet, and when it was asked.
    asked: Option<(u64, DateTime<Utc>)>,
    /// True once the table has changed since.
    stale: bool,
    /// When it may be asked again.
    due: DateTime<Utc>,
}

impl Count {
    /// Nothing is counted.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { matches: None, asked: None, stale: false, due: now }
    }

    /// What is known of it.
    pub fn matches(&self) -> Option<Matches> {
        self.matches
    }

    /// It is asked for.
    pub fn ask(&mut self, ticket: u64, now: DateTime<Utc>) {
        self.stale = false;
        self.asked = Some((ticket, now));
        // The old figure stands until there is a new one.
        self.matches.get_or_insert(Matches::Counting(0));
    }

    /// The table has changed.
    pub fn changed(&mut self) {
        self.stale = self.matches.is_some();
    }

    /// When it is to be asked for again, if it is.
    pub fn refresh_at(&self) -> Option<DateTime<Utc>> {
        (self.stale && self.asked.is_none()).then_some(self.due)
    }

    /// So many rows were looked at for it.
    pub fn seen(&mut self, ticket: u64, rows: u64) {
        let ours = self.asked.is_some_and(|(asked, _)| asked == ticket);
        if ours && !matches!(self.matches, Some(Matches::Counted(_))) {
            self.matches = Some(Matches::Counting(rows));
        }
    }

    /// It came to so many.
    pub fn done(&mut self, ticket: u64, rows: u64, now: DateTime<Utc>) {
        if let Some((_, asked)) = self.asked.take_if(|(asked, _)| *asked == ticket) {
            self.matches = Some(Matches::Counted(rows));
            self.due = now + pause_after(now - asked);
        }
    }

    /// It could not be made; false if it was another question.
    pub fn failed(&mut self, ticket: u64) -> bool {
        let ours = self.asked.take_if(|(asked, _)| *asked == ticket).is_some();
        if ours {
            self.matches = None;
        }
        ours
    }
}
