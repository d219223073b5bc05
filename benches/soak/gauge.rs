//! What a process holds of memory, descriptors and threads, looked at again and again.

use std::fmt;
use std::fs;

use super::Fault;

/// Looks before this share of all are not counted: caches fill.
const WARM: usize = 5;

/// By how much the memory of the second half may be above that of the first.
const GROWTH: f64 = 1.05;

/// One look.
#[derive(Clone, Copy)]
struct Look {
    kilobytes: u64,
    descriptors: u64,
    threads: u64,
}

/// The looks at one process.
pub struct Gauge {
    name: &'static str,
    process: u32,
    looks: Vec<Look>,
}

impl Gauge {
    /// Nothing yet of that process.
    pub fn new(name: &'static str, process: u32) -> Self {
        Self { name, process, looks: Vec::new() }
    }

    /// Looks once.
    pub fn look(&mut self) -> Result<(), Fault> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.process))?.count() as u64;
        self.looks.push(Look { kilobytes: number("VmRSS:"), descriptors, threads: number("Threads:") });
        Ok(())
    }

    /// The first and the second half of what counts.
    fn halves(&self) -> [&[Look]; 2] {
        let warm = &self.looks[self.looks.len() / WARM..];
        let (first, second) = warm.split_at(warm.len() / 2);
        [first, second]
    }

    /// The most of the first and of the second half.
    fn most(&self, of: impl Fn(&Look) -> u64) -> [u64; 2] {
        self.halves().map(|half| half.iter().map(&of).max().unwrap_or(0))
    }

    /// True if the second half needed no more than the first.
    pub fn is_flat(&self) -> bool {
        let [first, second] = self.most(|look| look.kilobytes);
        let [descriptors, threads] = [self.most(|look| look.descriptors), self.most(|look| look.threads)];
        second as f64 <= first as f64 * GROWTH && descriptors[1] <= descriptors[0] && threads[1] <= threads[0]
    }
}

impl fmt::Display for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.most(|look| look.kilobytes);
        let [descriptors, threads] = [self.most(|look| look.descriptors), self.most(|look| look.threads)];
        let verdict = if self.is_flat() { "flat" } else { "GREW" };
        write!(
            f,
            "{}: {verdict}; at most, first half then second: {:.1} and {:.1} MiB, {} and {} descriptors, {} and {} threads",
            self.name,
            first as f64 / 1024.0,
            second as f64 / 1024.0,
            descriptors[0],
            descriptors[1],
            threads[0],
            threads[1]
        )
    }
}
