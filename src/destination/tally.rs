//! What is reckoned up while pages are being stored, the same for every destination.

use super::{Batch, Committed};
use crate::record::{Cursor, Row};
use crate::run::{Counts, Fate, ShownRow};

/// The smallest and the largest cursor that were ever stored.
pub(super) struct Span {
    pub(super) oldest: Option<Cursor>,
    pub(super) newest: Option<Cursor>,
}

impl Span {
    pub(super) fn add(&mut self, cursor: &Cursor) {
        if self.oldest.as_ref().is_none_or(|oldest| cursor < oldest) {
            self.oldest = Some(cursor.clone());
        }
        if self.newest.as_ref().is_none_or(|newest| cursor > newest) {
            self.newest = Some(cursor.clone());
        }
    }
}

/// What became of a page's rows, while they are being stored.
pub(super) struct Tally {
    pub(super) counts: Counts,
    /// With their positions: they may be stored in another order.
    pub(super) shown: Vec<(usize, ShownRow)>,
}

impl Tally {
    pub(super) fn of(batch: &Batch) -> Self {
        let counts = Counts {
            rows: (batch.rows.len() + batch.quarantined.len()) as u64,
            quarantined: batch.quarantined.len() as u64,
            future: batch.future,
            ..Counts::default()
        };
        Self { counts, shown: Vec::with_capacity(batch.show.min(batch.rows.len())) }
    }

    pub(super) fn add(&mut self, row: &Row, fate: Fate) {
        let counts = &mut self.counts;
        match fate {
            Fate::New => counts.new += 1,
            Fate::Changed => counts.changed += 1,
            Fate::Same => counts.same += 1,
            Fate::Stale => counts.stale += 1,
        }
        counts.no_cursor += u64::from(row.cursor.is_none());
        counts.extra += u64::from(row.extra.is_some());
    }

    pub(super) fn into_committed(mut self) -> Committed {
        self.shown.sort_unstable_by_key(|(position, _)| *position);
        let shown = self.shown.into_iter().map(|(_, row)| row).collect();
        Committed { counts: self.counts, rows: 0, shown }
    }
}
