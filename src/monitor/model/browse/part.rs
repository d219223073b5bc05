//! A part of the table: rows that follow one another in the order that is looked at, as many as are worth holding.

use std::collections::VecDeque;

use super::super::RowEntry;
use crate::destination::reader::{FoundRow, Key, Slice};
use crate::record::Schema;

/// The most rows that are held: what is farthest from where the operator goes is let go.
const MOST: usize = 5_000;

/// A part of the table.
#[derive(Clone, Debug)]
pub struct Part {
    schema: &'static Schema,
    rows: VecDeque<(Key, RowEntry)>,
    /// True if nothing comes before it.
    pub top: bool,
    /// True if nothing comes after it.
    pub bottom: bool,
    /// How many rows come before it, if that is known.
    pub rank: Option<u64>,
    /// How many rows there were when that was known.
    pub of: Option<u64>,
}

impl Part {
    /// The rows that the reader found.
    pub fn new(schema: &'static Schema, slice: Slice) -> Self {
        Self {
            schema,
            rows: entries(schema, slice.rows).collect(),
            top: slice.top,
            bottom: slice.bottom,
            rank: slice.rank,
            of: slice.of,
        }
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &RowEntry> {
        self.rows.iter().map(|(_, entry)| entry)
    }

    /// Where its first row stands.
    pub fn first(&self) -> Option<Key> {
        self.rows.front().map(|(key, _)| key.clone())
    }

    /// Where its last row stands.
    pub fn last(&self) -> Option<Key> {
        self.rows.back().map(|(key, _)| key.clone())
    }

    /// Adds the rows that come before it.
    pub fn put_before(&mut self, slice: Slice) {
        let count = slice.rows.len() as u64;
        for row in entries(self.schema, slice.rows).rev() {
            self.rows.push_front(row);
        }
        self.top = slice.top;
        self.of = slice.of.filter(|_| slice.rank.is_some()).or(self.of);
        self.rank = slice.rank.or_else(|| self.rank?.checked_sub(count));
        if self.rows.len() > MOST {
            self.rows.truncate(MOST);
            self.bottom = false;
        }
    }

    /// Adds the rows that come after it.
    pub fn put_after(&mut self, slice: Slice) {
        self.rows.extend(entries(self.schema, slice.rows));
        self.bottom = slice.bottom;
        let surplus = self.rows.len().saturating_sub(MOST);
        if surplus > 0 {
            self.rows.drain(..surplus);
            self.top = false;
            self.rank = self.rank.map(|rank| rank + surplus as u64);
        }
    }
}

fn entries(schema: &'static Schema, rows: Vec<FoundRow>) -> impl DoubleEndedIterator<Item = (Key, RowEntry)> {
    rows.into_iter().map(move |FoundRow { key, values }| (key, RowEntry::stored(schema, values)))
}
