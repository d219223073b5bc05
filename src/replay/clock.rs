//! What time it is in a recording: the clock that a player sets and a monitor reads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::speed::Speed;

/// Longer than anybody watches.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// A clock that runs at a replay's speed from one event to the next, and stands where nothing is played.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Dial>>);

#[derive(Debug)]
struct Dial {
    /// The recorded time `since` then.
    from: DateTime<Utc>,
    since: Instant,
    /// How many recorded seconds pass in one; `None` while it stands.
    pace: Option<f64>,
    /// The time that it does not pass: the next event's.
    until: DateTime<Utc>,
}

impl Dial {
    fn now(&self) -> DateTime<Utc> {
        let Some(pace) = self.pace else { return self.from };
        let passed = self.since.elapsed().as_secs_f64() * pace;
        // A cast from a float saturates.
        let passed = TimeDelta::try_milliseconds((passed * 1_000.0) as i64);
        let now = passed.and_then(|passed| self.from.checked_add_signed(passed));
        now.map_or(self.until, |now| now.min(self.until))
    }
}

impl Clock {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new(Dial { from: at, since: Instant::now(), pace: None, until: at })))
    }

    /// The time in the recording.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.dial().now()
    }

    /// Runs up to the next event. A speed without waits shows no time between two events.
    pub(super) fn run(&self, speed: Speed, until: DateTime<Utc>) {
        let Some(pace) = speed.factor() else { return self.stand() };
        let mut dial = self.dial();
        if dial.pace != Some(pace) {
            (dial.from, dial.since, dial.pace) = (dial.now(), Instant::now(), Some(pace));
        }
        // A clock that was set back while the events were recorded is set back here.
        dial.until = until;
    }

    pub(super) fn stand(&self) {
        let mut dial = self.dial();
        (dial.from, dial.pace) = (dial.now(), None);
    }

    /// Has come to an event. If that is hardly late, the next one is counted from when this one was due.
    pub(super) fn reach(&self, at: DateTime<Utc>, late: Duration) {
        let now = Instant::now();
        let mut dial = self.dial();
        let due = dial.when(at).filter(|due| now.saturating_duration_since(*due) <= late && *due <= now);
        (dial.from, dial.since, dial.until) = (at, due.unwrap_or(now), at);
    }

    /// When it will be that time, if the clock goes on like this; now, if it does not run.
    pub(super) fn when(&self, at: DateTime<Utc>) -> Instant {
        self.dial().when(at).unwrap_or_else(Instant::now)
    }

    fn dial(&self) -> MutexGuard<'_, Dial> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Dial {
    /// `None` while it stands.
    fn when(&self, at: DateTime<Utc>) -> Option<Instant> {
        let wait = (at - self.from).to_std().unwrap_or_default().as_secs_f64() / self.pace?;
        Some(self.since + Duration::try_from_secs_f64(wait).map_or(FAR, |wait| wait.min(FAR)))
    }
}
