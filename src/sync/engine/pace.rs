//! How soon requests may follow one another: by the operator's own rate, and by what the source says that it still
//! grants, so that it need not refuse one to slow the run down.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::exchange::Budget;
use crate::source::retry::Rate;

/// Why nothing may be sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hold {
    pub(super) at: Instant,
    pub(super) until: DateTime<Utc>,
    pub(super) reason: String,
    pub(super) budget: Option<Budget>,
}

/// When the next request may be sent.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Option<Rate>,
    /// The time at which all that was sent would have been sent evenly (generic cell rate algorithm).
    evenly: Option<Instant>,
    /// The longest wait for the source's sake.
    most: Duration,
    granted: Option<Granted>,
}

/// What the source grants, by its last answer.
#[derive(Debug)]
struct Granted {
    budget: Budget,
    left: u64,
    /// When all of them are there again.
    full: Instant,
}

impl Pace {
    /// A pace of that rate, which leaves the source alone for so long at most.
    pub(super) fn new(rate: Option<Rate>, most: Duration) -> Self {
        Self { rate, evenly: None, most, granted: None }
    }

    /// What keeps the next request back, if anything does.
    pub(super) fn hold(&self) -> Option<Hold> {
        let now = Instant::now();
        let by_source = self.granted.as_ref().filter(|granted| granted.left == 0).map(|granted| {
            let reason = "the source grants no more requests until then".to_owned();
            (granted.full, reason, Some(granted.budget))
        });
        let own = self.rate.as_ref().zip(self.evenly).map(|(rate, evenly)| {
            let at = evenly.checked_sub(rate.interval() * (rate.burst - 1)).unwrap_or(evenly);
            (at, format!("no more than {} are sent (source.rate)", rate.words()), None)
        });
        let (at, reason, budget) = by_source.into_iter().chain(own).max_by_key(|(at, ..)| *at)?;
        let wait = at.checked_duration_since(now).filter(|wait| !wait.is_zero())?;
        Some(Hold { at, until: Utc::now() + TimeDelta::from_std(wait).unwrap_or_default(), reason, budget })
    }

    /// A request is sent.
    pub(super) fn on_sent(&mut self) {
        if let Some(rate) = &self.rate {
            let now = Instant::now();
            self.evenly = Some(self.evenly.map_or(now, |evenly| evenly.max(now)) + rate.interval());
        }
        if let Some(granted) = &mut self.granted {
            granted.left = granted.left.saturating_sub(1);
        }
    }

    /// What an answer says that the source still grants, with so many requests on the wire that it may not have counted.
    pub(super) fn on_budget(&mut self, budget: Option<&Budget>, on_the_wire: u64) {
        let Some((budget, remaining, reset)) = budget.and_then(|it| Some((it, it.remaining?, it.reset_s?)))
        else {
            self.granted = None;
            return;
        };
        let reset = Duration::from_secs(reset);
        // Beyond what the operator waits for, the source's own refusal is what ends the run. Where requests come back one
        // by one, nothing is lost by waiting until all are there: as many as come back meanwhile follow one another then.
        let left = if reset > self.most { u64::MAX } else { remaining.saturating_sub(on_the_wire) };
        self.granted = Some(Granted { budget: *budget, left, full: Instant::now() + reset });
    }

    /// The operator waits no longer.
    pub(super) fn forget(&mut self) {
        self.evenly = None;
        self.granted = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn budget(limit: u64, remaining: u64, reset_s: u64) -> Budget {
        Budget { limit: Some(limit), remaining: Some(remaining), reset_s: Some(reset_s) }
    }

    fn waits(pace: &Pace) -> Option<Duration> {
        pace.hold().map(|hold| hold.at - Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_of_ones_own_spaces_requests_after_a_burst() {
        let rate = Rate { requests: 2, per: SECOND, burst: 3 };
        let mut pace = Pace::new(Some(rate), SECOND);
        for _ in 0..3 {
            assert_eq!(waits(&pace), None);
            pace.on_sent();
        }
        for _ in 0..4 {
            assert_eq!(waits(&pace), Some(SECOND / 2));
            assert!(pace.hold().unwrap().reason.contains("2 requests a second"), "{:?}", pace.hold());
            tokio::time::advance(SECOND / 2).await;
            assert_eq!(waits(&pace), None);
            pace.on_sent();
        }
        tokio::time::advance(SECOND).await;
        assert_eq!(waits(&pace), None, "what was not used is saved up to the burst");
        pace.on_sent();
        pace.on_sent();
        assert_eq!(waits(&pace), Some(SECOND / 2));
        pace.forget();
        assert_eq!(waits(&pace), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_that_is_used_up_is_waited_for_to_its_end() {
        let mut pace = Pace::new(None, 60 * SECOND);
        for (remaining, reset) in [(3, 30), (2, 30), (1, 29)] {
            pace.on_budget(Some(&budget(100, remaining, reset)), 0);
            assert_eq!(waits(&pace), None);
            pace.on_sent();
        }
        pace.on_budget(Some(&budget(100, 0, 29)), 0);
        assert_eq!(waits(&pace), Some(29 * SECOND));
        tokio::time::advance(29 * SECOND).await;
        assert_eq!(waits(&pace), None);
        pace.on_budget(Some(&budget(100, 2, 60)), 1);
        assert_eq!(waits(&pace), None);
        pace.on_sent();
        assert_eq!(waits(&pace), Some(60 * SECOND), "one on the wire and one sent are two");
        pace.on_budget(Some(&budget(100, 0, 61)), 0);
        assert_eq!(waits(&pace), None, "longer than the operator waits");
        pace.on_budget(None, 0);
        assert_eq!(waits(&pace), None);
    }
}
