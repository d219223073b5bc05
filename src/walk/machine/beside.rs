//! A walk as one of several: how one begins beside another, when it has come to the next, and how they become one.

use chrono::{DateTime, Utc};

use super::Walk;
use crate::record::Cursor;
use crate::walk::followed::Followed;
use crate::walk::manner::{Anchor, Manner};
use crate::walk::{Mode, Request};

impl Walk {
    /// A walk of the same run from another place.
    pub(in crate::walk) fn beside(&self, start: Cursor) -> Self {
        // Anchored while that is borne, whatever the run is to do where it is not: that, the run's own walk decides.
        let mut beside = Self::new(Mode::Auto, self.follow_empty, start, None).patient_for(self.patience);
        (beside.began, beside.inclusive) = (self.began, self.inclusive);
        beside.steps_within = self.steps_within;
        beside
    }

    /// Counts the pages of the walks beside as well.
    pub(in crate::walk) fn number(&mut self, page: u64) {
        self.page = page;
    }

    /// True if seams are crossed by token from here on.
    pub(in crate::walk) fn goes_by_token(&self) -> bool {
        self.manner == Manner::Token
    }

    /// True while it is not known whether the source left a row out: what was read beyond that row does not count yet.
    pub(in crate::walk) fn is_in_doubt(&self) -> bool {
        matches!(self.manner, Manner::Anchored(Anchor::Earlier { .. }))
    }

    /// How far it has read: beyond what it has reached where that is held back by rows from the source's future.
    pub(in crate::walk) fn place(&self) -> &Cursor {
        (&self.reached).max(&self.asked)
    }

    /// True if nothing is missing between this walk and another that began at `start`, whose own row is on either
    /// side of the cut only if the source's bound is known to be inclusive.
    pub(in crate::walk) fn meets(&self, start: &Cursor, other: &Self) -> bool {
        let inclusive = self.inclusive || other.inclusive;
        let place = self.place();
        !self.is_in_doubt() && (place > start || inclusive && place == start)
    }

    /// Goes on from where another walk has come, which this one meets. False if that has not come as far.
    pub(in crate::walk) fn join(&mut self, other: &Self) -> bool {
        self.trusting |= other.trusting;
        self.inclusive |= other.inclusive;
        if other.place() < self.place() {
            return false;
        }
        self.mark.stay_at(other.mark.open());
        self.mark.raise(other.mark.checkpoint());
        self.next = other.next.clone();
        self.asked = other.asked.clone();
        self.reached = self.mark.within(&other.reached).clone();
        self.manner = other.manner.clone();
        self.last = other.last.clone();
        self.seam = other.seam.clone();
        self.promise = other.promise.clone();
        self.followed = other.followed.clone();
        self.empty_pages = other.empty_pages;
        true
    }

    /// Asks once more for what lies beyond the walk that was joined, which began at `start` and came to the end of what
    /// there was: from its last row, or from `settled` if rows above that may have appeared since.
    pub(in crate::walk) fn close(&mut self, start: &Cursor, settled: DateTime<Utc>) {
        let later = self.reached.is_after(settled).then_some(settled);
        let place =
            later.and_then(|settled| self.reached.at(settled)).unwrap_or_else(|| self.reached.clone());
        let anchor = if self.inclusive || later.is_some() || self.reached == *start {
            Anchor::Start
        } else {
            Anchor::Row { earlier: start.clone() }
        };
        self.manner = Manner::Anchored(anchor);
        self.promise = None;
        // Tokens may come again, once.
        self.followed = Followed::default();
        self.ask(Request::Since(place));
    }
}
