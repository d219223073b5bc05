//! The tokens that a run has followed: what tells a loop from progress.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// Tokens as 128-bit hashes, with the page that brought each: some 40 bytes a page, so that a cycle of any length
/// is found at its first repetition, and two different tokens are never taken for one.
#[derive(Clone, Default)]
pub(super) struct Followed {
    pages: HashMap<u128, u64>,
    hashers: (RandomState, RandomState),
}

impl fmt::Debug for Followed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.pages.len())
    }
}

impl Followed {
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
