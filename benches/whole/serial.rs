//! A slow source: every answer takes its time, and a run can be no faster than the chain of requests.

use std::time::Duration;

use super::chain::By;
use super::figure::{Figure, Middle};
use super::pairs::{Pairs, sync, told};
use super::process;
use super::rows::Spread;
use super::source::Source;
use super::{Fault, Figures, Ratio, Scale};

/// How long every answer takes.
pub const LATENCY: Duration = Duration::from_millis(25);
/// Rows of a page.
pub const PAGE: usize = 50;
/// How many times as long as the chain a run may take.
const ALLOWED: f64 = 1.02;

/// Both walks, each against the chain that asks the same questions.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let rows = scale.pages * PAGE;
    let mut source = Source::start(rows, Spread::Even)?;
    let url = source.url(PAGE, LATENCY);
    for (walk, by) in [("auto", By::Cursor), ("scroll", By::Token)] {
        source.log()?;
        let pairs = Pairs::run(
            scale.pairs,
            || sync(&url, rows, &["--walk", walk]),
            || process::run(process::chain(&url, by)?),
        )?;
        let requests = source.log()?.asked.len() / (2 * scale.pairs);
        let ratio = pairs.ratio();
        let what = format!("slow, {requests} answers of 25 ms, --walk {walk}");
        println!("serial, {what}: {ratio}");
        figures.table.push(figure(&what, &pairs, ratio));
        figures.ratios.push(Ratio { name: format!("slow source, --walk {walk}"), times: ratio });
    }
    Ok(())
}

fn figure(what: &str, pairs: &Pairs, ratio: Middle) -> Figure {
    Figure {
        what: what.to_owned(),
        measured: told(&pairs.ours),
        limit: told(&pairs.limit),
        ratio: ratio.to_string(),
        target: format!("≤ {ALLOWED}"),
        missed: ratio.median > ALLOWED,
    }
}
