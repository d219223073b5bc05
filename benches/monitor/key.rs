//! From a key to what it changes on the screen, while pages arrive as fast as they can be made and stored.

use std::time::{Duration, Instant};

use super::budget::{Budget, Times};
use super::source::Source;
use super::terminal::{Launch, Terminal};
use super::{Fault, Scale};

const ALLOWED: Duration = Duration::from_millis(33);

/// A key, the title of the panel that keys are in once it is obeyed, and what the title's line says then. Only such
/// words will do as nothing but the key changes.
type Key = (&'static str, &'static str, fn(&str) -> bool);

const KEYS: [Key; 4] = [
    ("j", "▶ Users ─", |title| !title.contains(NEWEST)),
    ("g", "▶ Users ─", |title| title.contains(NEWEST)),
    ("\t", "▶ Pages ─", |_| true),
    ("\u{1b}[Z", "▶ Users ─", |_| true),
];

/// What the users panel says while it follows the newest entry.
const NEWEST: &str = "as they came";

/// Presses keys at random instants.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let source = Source::start(1_000_000, 1_000, Duration::ZERO)?;
    let begun = Instant::now();
    let mut times = Vec::with_capacity(scale.keys);
    while times.len() < scale.keys {
        let mut terminal = Launch::highwater(&["--url", &source.url()]).size(120, 40).start();
        terminal.shows("page 5").shows("▶ Users ─");
        for key in KEYS.iter().cycle().take(scale.keys - times.len()) {
            let took = press(&mut terminal, key);
            // At the end of the data there is nothing left to compete with.
            if terminal.screen().contains("COMPLETE") {
                break;
            }
            times.push(took);
        }
    }
    let pace = source.requests() as f64 / begun.elapsed().as_secs_f64();
    let times = Times::new(times);
    println!("key, {pace:.0} pages of 1,000 a second: {times}");
    Ok(vec![Budget {
        allowed: "key to paint ≤ 33 ms while pages arrive at full speed",
        kept: times.percentile(99) <= ALLOWED,
        measured: times.to_string(),
        how: format!("{} keys in a pseudo-terminal, {pace:.0} pages of 1,000 rows a second", scale.keys),
    }])
}

/// Presses a key, and says how long it took until it was seen.
fn press(terminal: &mut Terminal, (key, title, seen): &Key) -> Duration {
    terminal.watch_for(Duration::from_micros(rand::random_range(30_000..130_000)));
    let begun = Instant::now();
    terminal.press(key).until(title, |screen| {
        let line = screen.lines().find_map(|line| line.split_once(title));
        line.is_some_and(|(_, rest)| seen(rest.split('╮').next().unwrap_or(rest)))
    });
    begun.elapsed()
}
