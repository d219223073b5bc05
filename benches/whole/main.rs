//! Whole runs of the real program, each beside the limit that it is held against: `cargo bench --bench whole`, or some
//! cases of it with `-- serial write`. `-- --quick` shows that everything works, `-- --rows 10000000` follows growth up to
//! there, and `-- --chart` puts what was measured into the README and its chart.
//!
//! The limits are the bare chain of requests, whose answers are thrown away, and the tightest loop that stores the same
//! rows as durably through the same library. They are measured in the same breath, each in a process of its own, and
//! the source is a third one. So what counts is the ratio: it holds on other machines too.

mod chain;
mod chart;
mod durable;
mod figure;
mod growth;
mod insert;
mod lanes;
mod options;
mod pairs;
mod process;
mod report;
mod rows;
mod serial;
mod source;
mod start;
#[path = "../monitor/users.rs"]
#[allow(dead_code)]
mod users;
mod write;

use std::process::ExitCode;

use self::figure::{Figure, Middle};
use self::options::Options;
use self::rows::Spread;

/// What can go wrong while measuring, in words.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// How much is measured.
#[derive(Clone, Copy)]
struct Scale {
    /// Answers of a slow source.
    pages: usize,
    /// Rows of a fast one.
    rows: usize,
    /// Up to how many rows growth is followed.
    grown: usize,
    /// Runs of highwater and of a limit.
    pairs: usize,
}

const FULL: Scale = Scale { pages: 200, rows: 1_000_000, grown: 1_000_000, pairs: 5 };

/// Enough to see that everything works, too little for a verdict.
const QUICK: Scale = Scale { pages: 40, rows: 100_000, grown: 100_000, pairs: 1 };

/// How many times as long as its limit something took.
struct Ratio {
    name: String,
    times: Middle,
}

/// How many times as fast as the bare chain so many lanes are.
struct Lane {
    spread: Spread,
    lanes: usize,
    speed: Middle,
}

/// What so many rows took.
struct Point {
    rows: usize,
    /// Rows a second.
    pace: f64,
    /// The most memory, in MiB.
    peak: f64,
}

/// All that was measured.
#[derive(Default)]
struct Figures {
    table: Vec<Figure>,
    ratios: Vec<Ratio>,
    lanes: Vec<Lane>,
    /// Of highwater and of the loop.
    growth: Vec<(Point, Point)>,
}

/// A case's name, and what measures it.
type Case = (&'static str, fn(&Scale, &mut Figures) -> Result<(), Fault>);

const CASES: [Case; 6] = [
    ("serial", serial::measure),
    ("write", write::measure),
    ("lanes", lanes::measure),
    ("growth", growth::measure),
    ("start", start::measure),
    ("durable", durable::measure),
];

fn main() -> ExitCode {
    // Cargo says by that how it was called; there is no other way to call this.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let Some(done) = role(&words) {
        return ended(done.map(|()| ExitCode::SUCCESS));
    }
    match Options::read(&words) {
        Ok(options) => ended(measure(&options)),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

fn ended(done: Result<ExitCode, Fault>) -> ExitCode {
    done.unwrap_or_else(|why| {
        eprintln!("error: {why}");
        ExitCode::FAILURE
    })
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

fn measure(options: &Options) -> Result<ExitCode, Fault> {
    let mut figures = Figures::default();
    for (name, measure) in CASES {
        if options.has(name) {
            measure(&options.scale, &mut figures).map_err(|why| format!("{name}: {why}"))?;
        }
    }
    let machine = report::machine();
    println!("\n{}\n\n{machine}", figure::table(&figures.table));
    if options.chart {
        report::write(&figures, &machine)?;
    }
    let missed = figures.table.iter().filter(|figure| figure.missed).count();
    if missed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "{missed} of {} targets missed",
        figures.table.iter().filter(|figure| figure.is_judged()).count()
    );
    Ok(ExitCode::FAILURE)
}
