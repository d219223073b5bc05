//! Budgets beside what was measured, and the figures of many measurements.

use std::fmt;
use std::time::Duration;

/// A budget and what became of it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// What was allowed.
    pub allowed: &'static str,
    /// What was measured.
    pub measured: String,
    /// How.
    pub how: String,
    /// True if it was kept.
    pub kept: bool,
}

/// All of them as a table, in the README's form.
pub fn table(budgets: &[Budget]) -> String {
    let line = |Budget { allowed, measured, how, kept }: &Budget| {
        let missed = if *kept { "" } else { "MISSED: " };
        format!("| {allowed} | {missed}{measured} | {how} |\n")
    };
    let lines: String = budgets.iter().map(line).collect();
    format!("| budget | measured | how |\n|---|---|---|\n{lines}")
}

/// How long something took, many times.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Takes them in, in any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time that so many hundredths do not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let rank = (self.0.len() * hundredths).div_ceil(100).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] =
            [self.percentile(50), self.percentile(99), self.max()].map(|time| 1_000.0 * time.as_secs_f64());
        write!(f, "p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")
    }
}
