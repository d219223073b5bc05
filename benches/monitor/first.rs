//! The first frame of a monitor whose source does not answer: from the start of the process, the destination made anew.

use std::time::{Duration, Instant};

use super::budget::{Budget, Times};
use super::terminal::Launch;
use super::{Fault, Scale};

const ALLOWED: Duration = Duration::from_millis(50);

/// Starts it against an address that nothing answers from, and one that refuses.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let mut budgets = Vec::new();
    for (allowed, url, what) in [
        ("first frame ≤ 50 ms, nothing answers", "http://10.255.255.1:9/users", "an unroutable address"),
        ("first frame ≤ 50 ms, refused", "http://127.0.0.1:9/users", "a port that refuses"),
    ] {
        let times = Times::new((0..scale.starts).map(|_| first_frame(url)).collect());
        println!("first, {what}: {times}");
        budgets.push(Budget {
            allowed,
            kept: times.max() <= ALLOWED,
            measured: times.to_string(),
            how: format!("{} starts against {what}, from exec to the name on the screen", scale.starts),
        });
    }
    Ok(budgets)
}

fn first_frame(url: &str) -> Duration {
    let launch = Launch::highwater(&["--url", url]).size(120, 40);
    let begun = Instant::now();
    launch.start().shows("highwater");
    begun.elapsed()
}
