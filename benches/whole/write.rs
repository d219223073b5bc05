//! A fast source: nothing is waited for, and a run can be no faster than the tightest loop that stores the same rows as
//! durably.

use std::time::Duration;

use super::figure::{Figure, grouped};
use super::pairs::{Pairs, insert, sync, told};
use super::rows::Spread;
use super::source::Source;
use super::{Fault, Figures, Ratio, Scale};

/// How many times as long as the loop a run may take.
const ALLOWED: f64 = 1.0;

/// Large pages and small ones.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let source = Source::start(scale.rows, Spread::Even)?;
    for page in [1_000, 50] {
        let url = source.url(page, Duration::ZERO);
        let pairs =
            Pairs::run(scale.pairs.min(3), || sync(&url, scale.rows, &[]), || insert(&url, scale.rows))?;
        let ratio = pairs.ratio();
        let what = format!("fast, {} rows, {} a page", grouped(scale.rows), grouped(page));
        println!("write, {what}: {ratio}");
        figures.table.push(Figure {
            what,
            measured: told(&pairs.ours),
            limit: told(&pairs.limit),
            ratio: ratio.to_string(),
            target: format!("≤ {ALLOWED}"),
            missed: ratio.median > ALLOWED,
        });
        let name = format!("fast source, {} rows a page", grouped(page));
        figures.ratios.push(Ratio { name, times: ratio });
    }
    Ok(())
}
