//! How fast rows and pages come, how long answers take, and when the end can be expected.
//!
//! Everything is bounded: a minute of seconds, a histogram of fixed size, two minutes of positions.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use hdrhistogram::Histogram;

/// How many seconds of figures are kept: as many as the widest line of them shows.
const SECONDS: usize = 120;
/// How far back the current rate looks, in seconds.
const RATE: i64 = 5;
/// The longest latency that is told apart from longer ones, in milliseconds.
const LONGEST: u64 = 3_600_000;

/// What came in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Rows.
    pub rows: u64,
    /// Pages.
    pub pages: u64,
}

/// How fast a run goes.
#[derive(Clone, Debug)]
pub struct Pace {
    /// The latest seconds, the last one not yet over.
    seconds: VecDeque<Second>,
    /// The second that is not yet over, in Unix time.
    current: i64,
    /// The rows that the run had counted last.
    rows: u64,
    /// When the run began or went on, in this process.
    since: DateTime<Utc>,
    /// Milliseconds from the request to the last byte of its answer.
    latency: Option<Histogram<u32>>,
    reach: Reach,
}

impl Pace {
    /// A run that begins or goes on, with the rows that it has counted already.
    #[must_use]
    pub fn new(at: DateTime<Utc>, rows: u64) -> Self {
        Self {
            seconds: VecDeque::from([Second::default()]),
            current: at.timestamp(),
            rows,
            since: at,
            // Two digits are all that is shown of a latency.
            latency: Histogram::new_with_bounds(1, LONGEST, 2).ok(),
            reach: Reach::default(),
        }
    }

    /// Notes a page: when it was stored, how many rows the run has counted with it, how long its answer took.
    pub fn page(&mut self, at: DateTime<Utc>, rows: u64, latency_ms: u64, position: Option<DateTime<Utc>>) {
        self.turn(at);
        if let Some(second) = self.seconds.back_mut() {
            second.rows += rows.saturating_sub(self.rows);
            second.pages += 1;
        }
        self.rows = rows;
        if let Some(latency) = &mut self.latency {
            latency.saturating_record(latency_ms.clamp(1, LONGEST));
        }
        if let Some(position) = position {
            self.reach.note(at, position);
        }
    }

    /// Notes where the run stands in cursor time, where that is not told by its pages.
    pub fn reached(&mut self, at: DateTime<Utc>, position: DateTime<Utc>) {
        self.reach.note(at, position);
    }

    /// Forgets how fast the position moved: the run was held, or its rows came out of order.
    pub fn interrupted(&mut self) {
        self.reach = Reach::default();
    }

    /// Opens the second of that time.
    fn turn(&mut self, at: DateTime<Utc>) {
        let now = at.timestamp();
        let passed = usize::try_from(now - self.current).unwrap_or(0).min(SECONDS);
        for _ in 0..passed {
            self.seconds.push_back(Second::default());
        }
        let surplus = self.seconds.len().saturating_sub(SECONDS);
        self.seconds.drain(..surplus);
        self.current = self.current.max(now);
    }

    /// The latest seconds up to a time, oldest first, those in which nothing came included.
    pub fn seconds(&self, now: DateTime<Utc>, most: usize) -> impl Iterator<Item = Second> {
        let idle = usize::try_from(now.timestamp() - self.current).unwrap_or(0).min(most);
        let kept = self.seconds.len().min(most - idle);
        let from = self.seconds.len() - kept;
        self.seconds.iter().skip(from).copied().chain(std::iter::repeat_n(Second::default(), idle))
    }

    /// Rows and pages a second over the last few seconds; `None` until there is something to divide.
    #[must_use]
    pub fn rate(&self, now: DateTime<Utc>) -> Option<(f64, f64)> {
        let length = (now - self.since).min(TimeDelta::seconds(RATE)).num_milliseconds();
        if length < 200 {
            return None;
        }
        let part = f64::from(now.timestamp_subsec_millis()) / 1_000.0;
        let whole = length as f64 / 1_000.0;
        let (mut rows, mut pages) = (0.0, 0.0);
        let seconds: Vec<Second> = self.seconds(now, RATE as usize + 1).collect();
        for (age, second) in seconds.iter().rev().enumerate() {
            // Of the oldest second only what is still within the window.
            let share = if age == RATE as usize { 1.0 - part } else { 1.0 };
            rows += second.rows as f64 * share;
            pages += second.pages as f64 * share;
        }
        Some((rows / whole, pages / whole))
    }

    /// Rows and pages a second over all of a run that is over.
    #[must_use]
    pub fn mean(&self, elapsed_ms: u64, pages: u64) -> Option<(f64, f64)> {
        let seconds = elapsed_ms as f64 / 1_000.0;
        (elapsed_ms > 0).then(|| (self.rows as f64 / seconds, pages as f64 / seconds))
    }

    /// The latencies; `None` until there is one.
    #[must_use]
    pub fn latency(&self) -> Option<&Histogram<u32>> {
        self.latency.as_ref().filter(|latency| !latency.is_empty())
    }

    /// How long the way to a point in cursor time takes, if that can be said.
    #[must_use]
    pub fn left(&self, now: DateTime<Utc>, goal: DateTime<Utc>) -> Option<TimeDelta> {
        self.reach.left(now, goal)
    }
}

/// How fast the position moves in cursor time.
#[derive(Clone, Debug, Default)]
struct Reach {
    /// When the position was where, at most one a second.
    marks: VecDeque<(DateTime<Utc>, DateTime<Utc>)>,
    /// Pages since it began.
    pages: u64,
}

/// How many pages an estimate needs at least.
const PAGES: u64 = 8;
/// How long it must have watched at least.
const WATCHED: TimeDelta = TimeDelta::seconds(4);
/// How far the speeds of the two halves of what it watched may differ.
const STEADY: f64 = 1.25;
/// How many times what it watched an estimate may reach ahead.
const REACH: i32 = 4;

impl Reach {
    fn note(&mut self, at: DateTime<Utc>, position: DateTime<Utc>) {
        self.pages += 1;
        // What the first page spans is no speed: its request may have begun anywhere.
        if self.marks.back().is_some_and(|(last, _)| at - *last < TimeDelta::milliseconds(500)) {
            return;
        }
        self.marks.push_back((at, position));
        if self.marks.len() > SECONDS {
            self.marks.pop_front();
        }
    }

    /// The time left, where it can be trusted: enough pages over enough time, the position always ahead, both halves
    /// of that time about equally fast, and what is left not much longer than what was watched.
    fn left(&self, now: DateTime<Utc>, goal: DateTime<Utc>) -> Option<TimeDelta> {
        let (first, last) = (self.marks.front()?, self.marks.back()?);
        if self.pages < PAGES || last.0 - first.0 < WATCHED {
            return None;
        }
        let middle = self.marks.get(self.marks.len() / 2)?;
        let (early, late) = (speed(first, middle)?, speed(middle, last)?);
        if early / late > STEADY || late / early > STEADY {
            return None;
        }
        let ahead = (goal - last.1).num_milliseconds() as f64 / late;
        let left = ahead - (now - last.0).num_milliseconds() as f64;
        // A wait for longer than what was watched says that the speed is not the old one any more.
        let watched = last.0 - first.0;
        let furthest = (watched * REACH).num_milliseconds() as f64;
        if now - last.0 > watched / 2 || !(1_000.0..furthest).contains(&left) {
            return None;
        }
        Some(TimeDelta::milliseconds(left as i64))
    }
}

/// Cursor time passed in a unit of time between two marks, if it moved ahead at all.
fn speed(from: &(DateTime<Utc>, DateTime<Utc>), to: &(DateTime<Utc>, DateTime<Utc>)) -> Option<f64> {
    let time = (to.0 - from.0).num_milliseconds() as f64;
    let way = (to.1 - from.1).num_milliseconds() as f64;
    (time > 0.0 && way > 0.0).then(|| way / time)
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

    /// A pace of a page of 100 rows every so many milliseconds, each a minute further in cursor time.
    fn steady(pages: i64, every: i64) -> Pace {
        let mut pace = Pace::new(at(0), 0);
        for page in 1..=pages {
            pace.page(at(page * every), 100 * page.unsigned_abs(), 40, Some(at(page * 60_000)));
        }
        pace
    }

    #[test]
    fn seconds_add_up_and_idle_ones_are_empty() {
        let pace = steady(4, 500);
        let seconds: Vec<u64> = pace.seconds(at(4_000), 10).map(|second| second.rows).collect();
        assert_eq!(seconds, [100, 200, 100, 0, 0]);
        let last: Vec<u64> = pace.seconds(at(4_000), 3).map(|second| second.pages).collect();
        assert_eq!(last, [1, 0, 0]);
        assert_eq!(pace.seconds(at(9_000_000), 5).count(), 5);
        let long = steady(10_000, 1_000);
        assert!(long.seconds.len() <= SECONDS);
    }

    #[test]
    fn the_rate_looks_back_a_few_seconds_only() {
        assert_eq!(steady(1, 100).rate(at(100)), None, "too soon to divide");
        let (rows, pages) = steady(20, 500).rate(at(10_000)).unwrap();
        assert!((190.0..=225.0).contains(&rows), "{rows}");
        assert!((1.9..=2.25).contains(&pages), "{pages}");
        let (rows, _) = steady(20, 500).rate(at(60_000)).unwrap();
        assert_eq!(rows, 0.0);
    }

    #[test]
    fn time_left_is_told_only_of_a_steady_way() {
        let pace = steady(20, 500);
        // A minute of cursor time takes half a second: forty minutes ahead are twenty seconds.
        let left = pace.left(at(10_000), at(60 * 60_000)).unwrap();
        assert!((19..=21).contains(&left.num_seconds()), "{left}");
        assert_eq!(steady(5, 500).left(at(2_500), at(60 * 60_000)), None, "too few pages");
        assert_eq!(steady(40, 50).left(at(2_000), at(60 * 60_000)), None, "too short a time");
        assert_eq!(pace.left(at(30_000), at(60 * 60_000)), None, "nothing came for long");
        assert_eq!(pace.left(at(10_000), at(20 * 60_000)), None, "it has arrived");
        assert_eq!(pace.left(at(10_000), at(200 * 60_000)), None, "it is far too far");

        let mut uneven = steady(20, 500);
        for page in 21..40 {
            uneven.page(at(page * 500), 100, 40, Some(at(20 * 60_000 + page)));
        }
        assert_eq!(uneven.left(at(20_000), at(60 * 60_000)), None, "the speed has changed");
        let mut held = steady(20, 500);
        held.interrupted();
        assert_eq!(held.left(at(10_000), at(60 * 60_000)), None);
    }

    #[test]
    fn latencies_are_kept_to_two_digits() {
        let mut pace = Pace::new(at(0), 0);
        assert!(pace.latency().is_none());
        for page in 1..=100 {
            pace.page(at(page), 0, page.unsigned_abs() * 10, None);
        }
        pace.page(at(200), 0, u64::MAX, None);
        let latency = pace.latency().unwrap();
        assert!((490..=520).contains(&latency.value_at_quantile(0.5)));
    }
}
