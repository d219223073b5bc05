//! Rest: what a monitor writes and computes while nothing happens, the run complete or paused.

use std::thread;
use std::time::Duration;

use super::budget::Budget;
use super::source::Source;
#[cfg(target_os = "linux")]
pub use super::terminal::proc::used;
use super::terminal::{Launch, Terminal};
use super::{Fault, Scale};

/// The share of one processor that is allowed.
const ALLOWED: f64 = 0.002;
/// Until what was to be said last is said.
const SETTLING: Duration = Duration::from_secs(6);

/// Watches a complete run, and one that is paused.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let source = Source::start(2_000, 50, Duration::from_millis(100))?;
    let start = || Launch::highwater(&["--url", &source.url()]).start();
    let mut paused = start();
    paused.shows("page 3").press(" ").shows("PAUSED");
    let paused = rest(paused, scale, "idle: 0 bytes/s, ≤ 0.2 % CPU when paused", "paused in mid-run");
    let mut complete = start();
    complete.shows("COMPLETE");
    let complete = rest(complete, scale, "idle: 0 bytes/s, ≤ 0.2 % CPU when complete", "run complete");
    Ok(vec![complete, paused])
}

fn rest(mut terminal: Terminal, scale: &Scale, allowed: &'static str, state: &str) -> Budget {
    terminal.watch_for(SETTLING);
    let (written, busy) = (terminal.written().len(), used(terminal.process()));
    // Nothing of this process is to run beside it.
    thread::sleep(scale.rest);
    let busy = used(terminal.process()) - busy;
    let bytes = terminal.watch_for(Duration::from_millis(50)).written().len() - written;
    let seconds = scale.rest.as_secs_f64();
    let share = busy.as_secs_f64() / seconds;
    println!("idle, {state}: {bytes} bytes and {} ms of processor time in {seconds} s", busy.as_millis());
    Budget {
        allowed,
        kept: bytes == 0 && share <= ALLOWED,
        measured: format!("{:.0} bytes/s, {:.2} % CPU", bytes as f64 / seconds, 100.0 * share),
        how: format!("{seconds} s in a pseudo-terminal, {state}; all threads"),
    }
}

/// Elsewhere, nobody says it of another process: it counts as none.
#[cfg(not(target_os = "linux"))]
pub fn used(_: u32) -> Duration {
    Duration::ZERO
}
