//! Where a sitting ends on a source that changes as fast as it is read.

use chrono::{DateTime, Utc};

use super::{CEILING, FUTURE};
use crate::record::Page;

/// Where this sitting's reading may end on a source that goes on changing. A run that is gone on with reads up to now.
#[derive(Clone, Debug, Default)]
pub(super) struct Ceiling {
    /// The source's clock at the first page of the sitting.
    at: Option<DateTime<Utc>>,
    /// How many pages in a row lay above it.
    pages: u32,
}

impl Ceiling {
    /// True if enough has been read of what changed meanwhile. Rows from the source's future tell that its clocks
    /// disagree, and then nothing of when anything changed.
    pub(super) fn is_reached(&mut self, page: &Page, now: DateTime<Utc>) -> bool {
        let at = *self.at.get_or_insert(now);
        let (mut cursors, future_from) = (page.cursors().peekable(), now + FUTURE);
        let later = cursors.peek().is_some()
            && cursors.all(|cursor| cursor.is_after(at) && !cursor.is_after(future_from));
        self.pages = if later { self.pages + 1 } else { 0 };
        self.pages >= CEILING
    }
}
