//! The first frame of a monitor whose source does not answer: from the start of the process, the destination made anew.
//! What the harness itself takes to start a process and to see what it wrote is measured with `echo`, and left out.

use std::time::{Duration, Instant};

use super::budget::{Budget, Times};
use super::terminal::Launch;
use super::{Fault, Scale};

const ALLOWED: Duration = Duration::from_millis(50);

/// Starts it against an address that nothing answers from, and one that refuses.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let mut budgets = Vec::new();
    let echo = || start(Launch::program("/bin/echo", &["highwater"]));
    let harness = Times::new((0..scale.starts).map(|_| echo()).collect());
    println!("first, the harness alone: {harness}");
    for (allowed, url, what) in [
        ("first frame ≤ 50 ms, nothing answers", "http://10.255.255.1:9/users", "an unroutable address"),
        ("first frame ≤ 50 ms, refused", "http://127.0.0.1:9/users", "a port that refuses"),
    ] {
        let watch = || start(Launch::highwater(&["--url", url]).size(120, 40));
        let own = |_| watch().saturating_sub(harness.percentile(50));
        let times = Times::new((0..scale.starts).map(own).collect());
        println!("first, {what}: {times}");
        budgets.push(Budget {
            allowed,
            kept: times.max() <= ALLOWED,
            measured: times.to_string(),
            how: format!(
                "{} starts against {what}, with a new database, less what `echo` takes",
                scale.starts
            ),
        });
    }
    Ok(budgets)
}

/// How long it takes until a program has written the name.
fn start(launch: Launch) -> Duration {
    let begun = Instant::now();
    let mut terminal = launch.start();
    terminal.shows("highwater");
    // Before the terminal goes: to end the program takes longer than to start it.
    begun.elapsed()
}
