//! Whole runs of the real program, each beside the limit that it is held against: `cargo bench --bench whole`, or some
//! cases of it with `-- serial write`.
//!
//! The limits are the bare chain of requests, whose answers are thrown away, and the tightest loop that stores the same
//! rows as durably through the same library. They are measured in the same breath, each in a process of its own, and
//! the source is a third one. So what counts is the ratio: it holds on other machines too.

mod chain;
mod figure;
mod insert;
mod pairs;
mod process;
mod rows;
mod serial;
mod source;
#[path = "../monitor/users.rs"]
#[allow(dead_code)]
mod users;
mod write;

use std::process::ExitCode;

use self::figure::{Figure, Middle};

/// What can go wrong while measuring, in words.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How much is measured.
struct Scale {
    /// Answers of a slow source.
    pages: usize,
    /// Rows of a fast one.
    rows: usize,
    /// Runs of highwater and of a limit.
    pairs: usize,
}

const FULL: Scale = Scale { pages: 200, rows: 1_000_000, pairs: 5 };

/// Enough to see that everything works, too little for a verdict.
const QUICK: Scale = Scale { pages: 40, rows: 100_000, pairs: 1 };

/// How many times as long as its limit something took.
struct Ratio {
    what: String,
    ratio: Middle,
    target: f64,
}

/// All that was measured.
#[derive(Default)]
struct Figures {
    table: Vec<Figure>,
    ratios: Vec<Ratio>,
}

/// A case's name, and what measures it.
type Case = (&'static str, fn(&Scale, &mut Figures) -> Result<(), Fault>);

const CASES: [Case; 2] = [("serial", serial::measure), ("write", write::measure)];

fn main() -> ExitCode {
    // Cargo says by that how it was called; there is no other way to call this.
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let Some(done) = role(&words) {
        return match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        };
    }
    let scale = if words.iter().any(|word| word == "--quick") { QUICK } else { FULL };
    words.retain(|word| word != "--quick");
    if let Some(word) = words.iter().find(|word| CASES.iter().all(|(name, _)| name != word)) {
        let names = CASES.map(|(name, _)| name).join(", ");
        eprintln!("there is no case {word:?}; there are {names}, and --quick");
        return ExitCode::from(2);
    }
    let mut figures = Figures::default();
    for (name, measure) in CASES {
        if words.is_empty() || words.iter().any(|word| word == name) {
            if let Err(why) = measure(&scale, &mut figures) {
                eprintln!("{name}: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("\n{}", figure::table(&figures.table));
    if figures.table.iter().any(|figure| figure.missed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What this process is for, if another one of this program started it.
fn role(words: &[String]) -> Option<Result<(), Fault>> {
    let (role, words) = words.split_first()?;
    match role.as_str() {
        source::ROLE => Some(source::serve(words)),
        chain::ROLE => Some(chain::run(words)),
        insert::ROLE => Some(insert::run(words)),
        _ => None,
    }
}
