//! What the monitor costs the sync: the same rows with it and without it, in pairs, by the run's own clock.

use std::fmt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use highwater::run::Totals;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tempfile::TempDir;

use super::budget::Budget;
use super::idle::used;
use super::source::Source;
use super::terminal::Launch;
use super::{Fault, Scale};

/// How much longer a run may take that is watched.
const ALLOWED: f64 = 0.03;
/// How often is looked whether a run has ended.
const GLANCE: Duration = Duration::from_millis(100);
/// How long a run may take: only a broken program takes that.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs the pairs, each in the other order than the one before it.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let source = Source::start(scale.users, 1_000, Duration::ZERO)?;
    let url = source.url();
    // The server's first answers are slower than its later ones.
    headless(&url)?;
    let mut costs = Vec::with_capacity(scale.pairs);
    for pair in 1..=scale.pairs {
        let (alone, watched) = if pair % 2 == 1 {
            let alone = headless(&url)?;
            (alone, monitored(&url)?)
        } else {
            let watched = monitored(&url)?;
            (headless(&url)?, watched)
        };
        let cost = watched.took.as_secs_f64() / alone.took.as_secs_f64() - 1.0;
        println!("cost, pair {pair}: headless {alone}, monitor {watched}, {:+.1} %", 100.0 * cost);
        costs.push(cost);
    }
    costs.sort_by(f64::total_cmp);
    let [least, most] = [costs.first(), costs.last()].map(|cost| 100.0 * cost.copied().unwrap_or(0.0));
    let median = median(&costs);
    Ok(vec![Budget {
        allowed: "the monitor costs the sync ≤ 3 % against headless",
        kept: median <= ALLOWED,
        measured: format!("median {:+.1} %, from {least:+.1} % to {most:+.1} %", 100.0 * median),
        how: format!("{} pairs of runs of {} rows, in pages of 1,000", scale.pairs, scale.users),
    }])
}

/// A run.
struct Run {
    /// By its own clock.
    took: Duration,
    /// The processor time of its process: what is left of the difference on a machine that is not quiet.
    busy: Duration,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s (CPU {:.2} s)", self.took.as_secs_f64(), self.busy.as_secs_f64())
    }
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[middle - 1] + sorted[middle]) / 2.0 } else { sorted[middle] }
}

fn headless(url: &str) -> Result<Run, Fault> {
    let home = folder()?;
    let path = home.path().join("rows.db");
    // In a terminal as well, where nothing is written to: the system shares the processors out by terminals.
    let script = "exec \"$0\" sync --url \"$1\" --db \"$2\" > /dev/null 2>&1";
    let db = path.display().to_string();
    let mut terminal =
        Launch::program("sh", &["-c", script, env!("CARGO_BIN_EXE_highwater"), url, &db]).start();
    let took = ended(&path, || terminal.ignore())?;
    let busy = used(terminal.process());
    terminal.ends();
    Ok(Run { took, busy })
}

fn monitored(url: &str) -> Result<Run, Fault> {
    let home = folder()?;
    let path = home.path().join("rows.db");
    let db = path.display().to_string();
    let mut terminal = Launch::highwater(&["--url", url, "--db", &db]).size(120, 40).start();
    // An emulator would take the time that is measured.
    let took = ended(&path, || terminal.ignore())?;
    let busy = used(terminal.process());
    terminal.press("q").ends();
    Ok(Run { took, busy })
}

/// On the disk that the table of `frame` is on, too.
fn folder() -> Result<TempDir, Fault> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// Waits until the run has ended, and says how long it took by its own clock.
fn ended(path: &Path, mut meanwhile: impl FnMut()) -> Result<Duration, Fault> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        thread::sleep(GLANCE);
        meanwhile();
        // There may be no file yet, or no table in it.
        let Ok(Some(json)) = totals(path) else { continue };
        let totals: Totals = serde_json::from_str(&json)?;
        return Ok(Duration::from_millis(totals.elapsed_ms));
    }
    Err(format!("the run into {} does not complete", path.display()).into())
}

fn totals(path: &Path) -> rusqlite::Result<Option<String>> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let query = "SELECT totals FROM _highwater_runs WHERE outcome = 'complete' AND ended_at IS NOT NULL";
    connection.query_row(query, [], |row| row.get(0)).optional()
}
