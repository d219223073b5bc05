//! How fast rows come: over the last few seconds while they do, over all of the run once it rests.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// How far back the current rate looks.
const WINDOW: TimeDelta = TimeDelta::seconds(5);

/// The rows of a run against time.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    samples: VecDeque<(DateTime<Utc>, u64)>,
}

impl Rate {
    /// Notes how many rows there were at a time. A reading after a gap longer than the window starts anew.
    pub fn note(&mut self, at: DateTime<Utc>, rows: u64) {
        while let Some((oldest, _)) = self.samples.front()
            && self.samples.len() > 1
            && at - *oldest > WINDOW
        {
            self.samples.pop_front();
        }
        self.samples.push_back((at, rows));
    }

    /// Rows a second over the window; `None` while there is nothing to divide.
    #[must_use]
    pub fn current(&self) -> Option<u64> {
        let (first, before) = self.samples.front()?;
        let (last, after) = self.samples.back()?;
        per_second(after.saturating_sub(*before), *last - *first)
    }
}

/// Rows a second over a length of time.
#[must_use]
pub fn per_second(rows: u64, length: TimeDelta) -> Option<u64> {
    let milliseconds = u64::try_from(length.num_milliseconds()).ok()?;
    rows.saturating_mul(1_000).checked_div(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::milliseconds(ms)
    }

    #[test]
    fn it_looks_back_a_few_seconds_only() {
        let mut rate = Rate::default();
        assert_eq!(rate.current(), None);
        rate.note(at(0), 0);
        assert_eq!(rate.current(), None);
        rate.note(at(500), 50);
        assert_eq!(rate.current(), Some(100));
        rate.note(at(20_000), 60);
        rate.note(at(21_000), 70);
        assert_eq!(rate.current(), Some(10));
    }
}
