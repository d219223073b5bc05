//! Whether what steers a run is the same in all places where it is written down: checkpoint, history, walk and page
//! log. Whoever keeps them reads them; what they mean together is settled here.

use super::kept::{cursor_text, number};
use super::{Stored, StoredRun};
use crate::record::Cursor;
use crate::walk::Request;

/// What stands in those places.
pub(super) struct Written<'s> {
    /// Where the stream stands.
    pub(super) stored: &'s Stored,
    /// Where the checkpoint's last move led.
    pub(super) history: Option<String>,
    /// The largest cursor that was ever stored.
    pub(super) newest: Option<Cursor>,
    /// The number of the run that was left unfinished.
    pub(super) unfinished: Option<i64>,
    /// True if what that run goes on from is as it was written down.
    pub(super) sealed: bool,
    /// What the page log tells of that run, if its walk can be read.
    pub(super) logged: Option<Logged>,
}

impl Written<'_> {
    /// What cannot be, if anything.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        const MOVED: &str = "where the unfinished run stands is not as it was written";
        let stored = self.stored;
        if self.history != stored.checkpoint.as_ref().map(cursor_text) {
            return Some("the checkpoint is not the one that its history ends with");
        }
        let run = stored.unfinished.as_ref();
        if self.unfinished != stored.unreadable.or(run.map(|run| run.run)) {
            return Some("the run that was left unfinished is not among the runs");
        }
        // Another version's walk cannot be read, nor can one that was changed: the seal tells them apart.
        let said = run.zip(self.logged.as_ref()).and_then(|(run, logged)| {
            logged.contradiction(run, stored.checkpoint.as_ref(), self.newest.clone())
        });
        said.or((!self.sealed).then_some(MOVED))
    }
}

/// What the page log tells of a run.
#[derive(Default)]
pub(super) struct Logged {
    pub(super) pages: i64,
    pub(super) last: Option<Cursor>,
    /// True if it has had several lanes.
    pub(super) lanes: bool,
}

impl Logged {
    /// What an unfinished run's walk says that cannot be, if anything.
    fn contradiction(
        &self,
        run: &StoredRun,
        checkpoint: Option<&Cursor>,
        newest: Option<Cursor>,
    ) -> Option<&'static str> {
        let walk = &run.walk;
        if walk.checkpoint() != checkpoint {
            return Some("the unfinished run has another checkpoint");
        }
        if number(walk.page()) != self.pages {
            return Some("the unfinished run does not stand where the page log ends");
        }
        match walk.next() {
            Request::Token(token) if run.token.as_ref().map(|(token, _)| token) != Some(token) => {
                Some("the unfinished run would go on with another token than it was given")
            }
            // It goes on from the last row, or from an earlier place; from where it began, if that is beyond. With
            // several lanes, the last page need not be one of the leftmost.
            Request::Since(from)
                if self.pages > 0
                    && !self.lanes
                    && Some(from) > self.last.clone().or(newest).as_ref().max(Some(walk.restart())) =>
            {
                Some("the unfinished run would go on beyond its last row")
            }
            _ => None,
        }
    }
}
