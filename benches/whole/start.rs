//! Starts: until the program has said its version, until its first request is on the wire, and until it knows that
//! nothing has changed.

use std::fs;
use std::time::Duration;

use super::figure::{Figure, Middle};
use super::process::{self, Run};
use super::rows::Spread;
use super::source::Source;
use super::{Fault, Figures, Scale};

/// Rows of the source: what the playground has.
const ROWS: usize = 200;
/// Starts of each kind for a pair of the other cases.
const STARTS: usize = 4;
/// Bytes that the program may have.
const LARGEST: u64 = 15_000_000;

/// All of them.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let mut source = Source::start(ROWS, Spread::Even)?;
    let url = source.url(50, Duration::ZERO);
    let [mut versions, mut firsts, mut seconds] = [const { Vec::new() }; 3];
    let mut requests = 0;
    for _ in 0..scale.pairs * STARTS {
        let home = process::folder()?;
        versions.push(milliseconds(&process::run(process::highwater(&home, &["--version"]))?));
        source.log()?;
        let sync = || process::run(process::highwater(&home, &["sync", "--url", &url, "--db", "rows.db"]));
        let began = sync()?.began;
        let asked = *source.log()?.asked.first().ok_or("nothing was asked for")?;
        firsts.push(asked.saturating_sub(began) as f64 / 1e6);
        seconds.push(milliseconds(&sync()?));
        requests = requests.max(source.log()?.asked.len());
    }
    figures.table.push(line("--version", Middle::of(versions), 10.0));
    figures.table.push(line("from the start to the first request on the wire", Middle::of(firsts), 30.0));
    let what = format!("a second run with nothing changed, {requests} request{}", plural(requests));
    let again = line(&what, Middle::of(seconds), 100.0);
    figures.table.push(Figure { missed: again.missed || requests > 1, ..again });
    let size = fs::metadata(env!("CARGO_BIN_EXE_highwater"))?.len();
    figures.table.push(Figure {
        what: "the program's file".to_owned(),
        measured: format!("{:.1} MB", size as f64 / 1e6),
        target: format!("≤ {} MB", LARGEST / 1_000_000),
        missed: size > LARGEST,
        ..Figure::default()
    });
    Ok(())
}

fn milliseconds(run: &Run) -> f64 {
    1_000.0 * run.took.as_secs_f64()
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn line(what: &str, times: Middle, allowed: f64) -> Figure {
    let Middle { least, median, most } = times;
    println!("start, {what}: {median:.1} ms");
    Figure {
        what: what.to_owned(),
        measured: format!("{median:.1} ms ({least:.1} to {most:.1})"),
        target: format!("≤ {allowed} ms"),
        missed: median > allowed,
        ..Figure::default()
    }
}
