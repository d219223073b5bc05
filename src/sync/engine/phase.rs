//! What a run is doing at the moment, told when it changes.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use super::pace::Hold;
use super::{QUEUE, Run, Wish};
use crate::run::Outcome;
use crate::sync::event::{Event, Phase};

/// A wait between two requests that is shorter is not told of.
const TOLD: Duration = Duration::from_millis(500);

impl Run<'_> {
    pub(super) async fn tell_phase(&mut self) {
        let Some(phase) = self.present() else { return };
        if phase == self.phase {
            return;
        }
        if phase == Phase::Paused {
            self.paused = Some(Instant::now());
            self.try_mark(Some(Outcome::Paused)).await;
        }
        self.phase = phase.clone();
        self.sync.outlet.send(Event::Phase { phase }).await;
    }

    /// What the run is doing; `None` where that is not for long, or told otherwise.
    fn present(&self) -> Option<Phase> {
        if let Some(outage) = self.sync.outages.told.clone() {
            return Some(outage.into());
        }
        let page = self.lanes.first().next_page();
        // Of several on the wire, the leftmost tells; a page that is stopped for is given up when the last of them is.
        let wire = self
            .lanes
            .asking()
            .find_map(|(lane, _)| self.traffic.wires().find(|(it, _)| *it == lane).map(|(_, wire)| wire));
        let wire = wire.or_else(|| self.traffic.wires().next().map(|(_, wire)| wire));
        let last = self.traffic.wires().map(|(_, wire)| wire.gives_up()).max();
        let phase = match (wire, self.traffic.wait(), self.wish) {
            (Some(wire), _, Wish::Go | Wish::Step) => Phase::Running { page, deadline: wire.deadline },
            (Some(_), _, Wish::Hold) => Phase::Pausing { deadline: last },
            (Some(_), _, Wish::Leave { .. }) => Phase::Stopping { deadline: last },
            (None, Some((wait, attempt)), _) => Phase::Waiting {
                reason: wait.reason.clone(),
                page,
                attempt,
                attempts: self.sync.terms.retry.attempts,
                until: wait.until,
                budget: wait.budget,
            },
            // What is left of a run that ends is told by its end.
            (None, None, _) if self.ending.is_some() => return None,
            (None, None, Wish::Go | Wish::Step) if let Some(hold) = self.long_hold() => Phase::Waiting {
                reason: hold.reason,
                page,
                attempt: 0,
                attempts: self.sync.terms.retry.attempts,
                until: hold.until,
                budget: hold.budget,
            },
            (None, None, Wish::Hold) if self.pending.is_empty() => Phase::Paused,
            (None, None, Wish::Hold) => Phase::Pausing { deadline: None },
            (None, None, Wish::Leave { .. }) => Phase::Stopping { deadline: None },
            (None, None, Wish::Go | Wish::Step) if self.queued >= QUEUE => self.storing(),
            (None, None, Wish::Go | Wish::Step) => return None,
        };
        Some(phase)
    }

    /// What keeps the next request back, if it does for so long that it is worth telling.
    fn long_hold(&self) -> Option<Hold> {
        self.pace.hold().filter(|hold| hold.at.saturating_duration_since(Instant::now()) > TOLD)
    }

    /// The wait for a destination that is slower than the source.
    fn storing(&self) -> Phase {
        let since = match self.phase {
            Phase::Storing { since, .. } => since,
            _ => Utc::now(),
        };
        Phase::Storing { pages: self.pending.len() as u64, since }
    }
}
