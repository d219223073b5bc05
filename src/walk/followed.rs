//! The tokens that a run has followed, and the page that came last: what tells a loop from progress.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use crate::record::{Cursor, Page, Row};

/// Tokens as 128-bit hashes, with the page that brought each: some 40 bytes a page, so that a cycle of any length
/// is found at its first repetition, and two different tokens are never taken for one.
#[derive(Clone, Default)]
pub(super) struct Followed {
    pages: HashMap<u128, u64>,
    hashers: (RandomState, RandomState),
    last: Option<Seen>,
    /// The rows that pages have begun with, as 64-bit hashes: some 16 bytes a page. One that is taken for another only
    /// counts a page that brought something among those that did not.
    begun: HashSet<u64>,
    highest: Option<Cursor>,
    stalled: u32,
}

/// How often the same page in a row is a circle. Twice may be rows that changed in between.
const CIRCLE: u32 = 3;

/// Below this many rows a page may well come again: the same few rows keep changing.
const TELLING: usize = 3;

/// A page as one recognises it.
#[derive(Clone)]
struct Seen {
    ends: (Row, Row),
    rows: usize,
    /// The number of the page that came first, and how often it has come.
    first: u64,
    times: u32,
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.pages.len())
    }
}

impl Followed {
    /// The page that this one, which a token brought, repeats: the source gives new tokens and does not heed them.
    pub(super) fn repeated(&mut self, page: &Page, number: u64) -> Option<u64> {
        let [first_row, .., last_row] = page.rows.as_slice() else { return None };
        match &mut self.last {
            Some(seen)
                if seen.rows == page.rows.len() && (&seen.ends.0, &seen.ends.1) == (first_row, last_row) =>
            {
                seen.times += 1;
                (seen.times >= CIRCLE && seen.rows >= TELLING).then_some(seen.first)
            }
            _ => {
                let ends = (first_row.clone(), last_row.clone());
                self.last = Some(Seen { ends, rows: page.rows.len(), first: number, times: 1 });
                None
            }
        }
    }

    /// True if so many pages in a row brought no later cursor than there was and began with a row that a page had begun
    /// with before: ever new tokens, and the same rows again and again.
    pub(super) fn is_stalled(&mut self, page: &Page, patience: u32) -> bool {
        let highest = page.cursors().max();
        let higher = highest > self.highest.as_ref();
        if higher {
            self.highest = highest.cloned();
        }
        let first = page.rows.first().map(|row| self.hashers.0.hash_one(&row.values));
        let fresh = first.is_none_or(|first| self.begun.insert(first));
        self.stalled = if higher || fresh { 0 } else { self.stalled + 1 };
        self.stalled >= patience
    }

    /// The page that brought this token, if the run has followed it.
    pub(super) fn page_of(&self, token: &str) -> Option<u64> {
        self.pages.get(&self.key(token)).copied()
    }

    /// Notes that the token of this page is followed.
    pub(super) fn insert(&mut self, token: &str, page: u64) {
        let key = self.key(token);
        self.pages.insert(key, page);
    }

    fn key(&self, token: &str) -> u128 {
        let (high, low) = &self.hashers;
        u128::from(high.hash_one(token)) << 64 | u128::from(low.hash_one(token))
    }
}
