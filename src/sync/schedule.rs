//! When the next run begins by itself.
//!
//! An interval counts from the start of one run to the start of the next. A run that took longer is followed at once,
//! and by one run, however many intervals it took. A run that the operator stepped or held back leaves the schedule
//! held: only a command goes on with it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep_until};

use super::After;
use super::event::Phase;

/// When the next run begins by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Never: the operator begins every run.
    None,
    /// At a time.
    Set(Due),
    /// At a time, if the operator lets it.
    Held(Due),
}

/// A time, by the clock that waits for it and by the one that people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    at: Instant,
    until: DateTime<Utc>,
}

impl Schedule {
    /// The schedule after a run that began then.
    pub(super) fn after(every: Option<Duration>, began: Instant, after: After) -> Self {
        let Some(every) = every else { return Self::None };
        let at = began + every;
        let left = at.saturating_duration_since(Instant::now());
        let due = Due { at, until: Utc::now() + TimeDelta::from_std(left).unwrap_or_default() };
        match after {
            After::Rest => Self::Set(due),
            After::Hold | After::Leave => Self::Held(due),
        }
    }

    /// Holds the next run back.
    pub(super) fn hold(&mut self) {
        if let Self::Set(due) = *self {
            *self = Self::Held(due);
        }
    }

    /// Lets the next run begin at its time; at once, if that has passed.
    pub(super) fn resume(&mut self) {
        if let Self::Held(due) = *self {
            *self = Self::Set(due);
        }
    }

    /// What the sync is doing; `None` if no run is to come, or one is due.
    pub(super) fn phase(&self) -> Option<Phase> {
        match self {
            Self::None => None,
            Self::Set(due) => (due.at > Instant::now()).then_some(Phase::Resting { until: due.until }),
            Self::Held(_) => Some(Phase::Holding),
        }
    }

    /// Waits for the time of the next run; for ever, if there is none. Safe to drop and call again.
    pub(super) async fn due(&self) {
        match self {
            Self::Set(due) => sleep_until(due.at).await,
            Self::None | Self::Held(_) => std::future::pending().await,
        }
    }
}
