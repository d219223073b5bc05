//! A destination that cannot be reached for a while: what is told of it, and who ends the wait for it.
//!
//! The destination waits on its own thread. Whoever runs the sync stands on the other side: it sees at any time what is
//! waited for, has the next attempt made at once, or ends all waiting.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

/// A wait for a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Why: what the last attempt met. Safe for a terminal.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the next attempt begins.
    pub until: DateTime<Utc>,
    /// When no other attempt is made any more.
    pub gives_up: DateTime<Utc>,
}

/// The waits of one destination. Where nobody stands on the other side, they last as long as they do.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    told: Arc<watch::Sender<Option<Outage>>>,
    said: Arc<(Mutex<Said>, Condvar)>,
}

/// What was said to the destination.
#[derive(Debug, Default)]
struct Said {
    /// The next attempt is to be made at once.
    again: bool,
    /// Since when nothing is waited for any more.
    ended: Option<Instant>,
}

impl Waits {
    /// Waits so long, unless somebody ends that, and tells of it where there is something to tell; false if nothing is
    /// to be waited for any more.
    pub fn wait(&self, length: Duration, outage: Option<Outage>) -> bool {
        let mut said = self.said();
        if said.ended.is_some() {
            return false;
        }
        said.again = false;
        if outage.is_some() {
            self.told.send_replace(outage);
        }
        let goes_on = |said: &mut Said| !said.again && said.ended.is_none();
        let waited = self.said.1.wait_timeout_while(said, length, goes_on);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended.is_none()
    }

    /// What was waited for is there, if anything was.
    pub fn are_over(&self) {
        self.told.send_if_modified(|told| told.take().is_some());
    }

    /// True if nothing is to be waited for any more, for at least so long.
    #[must_use]
    pub fn were_ended(&self, ago: Duration) -> bool {
        self.said().ended.is_some_and(|ended| ended.elapsed() >= ago)
    }

    /// What is waited for, now and whenever that changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<Outage>> {
        self.told.subscribe()
    }

    /// Has the next attempt made at once.
    pub fn try_now(&self) {
        self.said().again = true;
        self.said.1.notify_all();
    }

    /// Ends the wait, and every later one before it begins.
    pub fn end(&self) {
        self.said().ended.get_or_insert_with(Instant::now);
        self.said.1.notify_all();
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
