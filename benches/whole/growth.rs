//! From a thousand rows to millions: what a row costs, and what memory it takes, as the table behind it grows.

use std::time::Duration;

use super::figure::{Figure, Middle, grouped};
use super::pairs::{GROUP, Pairs, insert, sync};
use super::process::Run;
use super::rows::Spread;
use super::source::Source;
use super::{Fault, Figures, Point, Scale};

/// Rows of a page.
const PAGE: usize = 1_000;
/// MiB that a run may hold at most, however many rows there are.
pub const ALLOWED: f64 = 64.0;

/// Every power of ten up to what the scale says.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let sizes = std::iter::successors(Some(1_000), |rows| Some(10 * rows));
    for rows in sizes.take_while(|rows| *rows <= scale.grown) {
        let source = Source::start(rows, Spread::Even)?;
        let url = source.url(PAGE, Duration::ZERO);
        // The larger ones take minutes, and small differences are lost in them.
        let pairs = if rows < 1_000_000 { scale.pairs } else { 1 };
        let pairs = Pairs::run(pairs, || sync(&url, rows, &[]), || insert(&url, rows, GROUP))?;
        let [ours, limit] = [&pairs.ours, &pairs.limit].map(|runs| Point::of(rows, runs));
        println!("growth, {}: {}, the loop {}", grouped(rows), told(&ours), told(&limit));
        figures.table.push(Figure {
            what: format!("growth, {} rows", grouped(rows)),
            measured: told(&ours),
            limit: told(&limit),
            ratio: pairs.ratio().to_string(),
            target: format!("≤ {ALLOWED} MiB"),
            missed: ours.peak > ALLOWED,
        });
        figures.growth.push((ours, limit));
    }
    Ok(())
}

fn told(point: &Point) -> String {
    format!("{} rows/s, {:.0} MiB", grouped(point.pace as usize), point.peak)
}

impl Point {
    /// Of runs that stored so many rows.
    fn of(rows: usize, runs: &[Run]) -> Self {
        let took = Middle::seconds(runs.iter().map(|run| run.took)).median;
        let peak = Middle::of(runs.iter().map(|run| run.peak as f64)).most / 1_024.0;
        Self { rows, pace: rows as f64 / took, peak }
    }
}
