//! Where a walk stands: what it asks for, how far it has read, and from where it could begin again.

use chrono::{DateTime, Utc};

use super::Walk;
use crate::record::Cursor;
use crate::walk::manner::Manner;
use crate::walk::{FUTURE, Mode, Request};

impl Walk {
    /// What is to be asked for now.
    #[must_use]
    pub fn next(&self) -> &Request {
        &self.next
    }

    /// The cursor that was last asked from.
    #[must_use]
    pub fn asked(&self) -> &Cursor {
        &self.asked
    }

    /// The mode that was asked for.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The checkpoint as it stands.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Cursor> {
        self.mark.checkpoint()
    }

    /// The source's clock when the run's first page came.
    #[must_use]
    pub fn began(&self) -> Option<DateTime<Utc>> {
        self.began
    }

    /// True while an inversion keeps the checkpoint from moving.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.mark.is_held()
    }

    /// True as long as every seam was asked for inclusively, or stepped over in sight: only of such a run it is known
    /// that it lost nothing. A token may cut a group of two rows, and no page shows it.
    #[must_use]
    pub fn asks_every_seam(&self) -> bool {
        self.manner != Manner::Token && !self.trusting
    }

    /// How many pages the run has taken.
    #[must_use]
    pub fn page(&self) -> u64 {
        self.page
    }

    /// The number of the page that [`Walk::next`] will bring, from 1.
    #[must_use]
    pub fn next_page(&self) -> u64 {
        self.page.saturating_add(1)
    }

    /// Where to begin anew so that nothing is missed: the checkpoint, or the run's own start if rows came out of
    /// order, since the checkpoint may have passed some before that showed.
    #[must_use]
    pub fn restart(&self) -> &Cursor {
        match self.checkpoint() {
            Some(checkpoint) if !self.is_held() => checkpoint,
            _ => &self.start,
        }
    }

    /// Where this run itself can go on so that it misses nothing: as far as it has read, or its start if rows came
    /// out of order.
    #[must_use]
    pub fn reached(&self) -> &Cursor {
        if self.is_held() { &self.start } else { &self.reached }
    }

    /// True if the run would go on from beyond the source's clock by more than [`FUTURE`], although no checkpoint is
    /// ever set there: the source has gone back in time, and what it writes until its clock gets there again would
    /// lie below all that is asked for. `now` is the source's clock. A run that reads everything again begins below.
    #[must_use]
    pub fn is_ahead_of(&self, now: DateTime<Utc>) -> bool {
        self.reached().is_after(now + FUTURE)
    }
}
