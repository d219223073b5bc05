//! The monitor's budgets, measured: `cargo bench --bench monitor`, or some parts of it with `-- frame first`.
//!
//! Prints a table and exits 1 if a budget is missed. `frame` draws in this process, over a real table; everything
//! else drives the real binary in a pseudo-terminal, as an operator would. Time is measured here and never in tests:
//! what it says holds for a quiet machine only.

mod budget;
mod cost;
mod first;
mod frame;
mod idle;
mod key;
mod source;
mod table;
#[path = "../../tests/terminal/mod.rs"]
mod terminal;
mod users;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use self::budget::Budget;

/// What can go wrong while measuring, in words.
type Fault = Box<dyn std::error::Error>;

/// How much is measured.
struct Scale {
    /// Rows behind the frames.
    rows: u64,
    /// Frames of each scene.
    frames: usize,
    /// How long rest is watched.
    rest: Duration,
    /// Starts against each dead address.
    starts: usize,
    /// Keys pressed.
    keys: usize,
    /// Users that are synced to see what the monitor costs.
    users: usize,
    /// Runs with and without the monitor.
    pairs: usize,
}

const FULL: Scale = Scale {
    rows: 10_000_000,
    frames: 2_000,
    rest: Duration::from_secs(20),
    starts: 20,
    keys: 200,
    users: 1_000_000,
    pairs: 5,
};

/// Enough to see that everything works, too little for a verdict.
const QUICK: Scale = Scale {
    rows: 200_000,
    frames: 200,
    rest: Duration::from_secs(5),
    starts: 3,
    keys: 20,
    users: 200_000,
    pairs: 2,
};

/// A part's name, and what measures it.
type Part = (&'static str, fn(&Scale) -> Result<Vec<Budget>, Fault>);

const PARTS: [Part; 5] = [
    ("frame", frame::measure),
    ("idle", idle::measure),
    ("first", first::measure),
    ("key", key::measure),
    ("cost", cost::measure),
];

fn main() -> ExitCode {
    // Cargo says by that how it was called; there is no other way to call this.
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let scale = if words.iter().any(|word| word == "--quick") { QUICK } else { FULL };
    words.retain(|word| word != "--quick");
    if let Some(word) = words.iter().find(|word| PARTS.iter().all(|(name, _)| name != word)) {
        let names = PARTS.map(|(name, _)| name).join(", ");
        eprintln!("there is no part {word:?}; there are {names}, and --quick");
        return ExitCode::from(2);
    }
    let chosen = PARTS.iter().filter(|(name, _)| words.is_empty() || words.iter().any(|word| word == name));
    match chosen.map(|(_, measure)| measure(&scale)).collect::<Result<Vec<_>, _>>() {
        Ok(budgets) => verdict(&budgets.concat()),
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn verdict(budgets: &[Budget]) -> ExitCode {
    print!("\n{}", budget::table(budgets));
    let missed = budgets.iter().filter(|budget| !budget.kept).count();
    if missed == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{missed} of {} budgets missed", budgets.len());
    ExitCode::FAILURE
}
