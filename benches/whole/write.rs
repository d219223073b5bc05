//! A fast source: nothing is waited for, and a run can be no faster than the tightest loop that stores the same rows as
//! durably.

use std::time::Duration;

use super::figure::{Figure, grouped};
use super::pairs::{GROUP, Pairs, insert, sync, told};
use super::rows::Spread;
use super::source::Source;
use super::{Fault, Figures, Ratio, Scale};

/// How many times as long as the loop a run may take.
const ALLOWED: f64 = 1.0;
/// Rows of a transaction that is as large as can be: with keys in no order the fewest writes a row, and the longest time
/// until a row is safe.
const LARGE: usize = 65_536;

/// Large pages and small ones.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let source = Source::start(scale.rows, Spread::Even)?;
    for page in [1_000, 50] {
        let url = source.url(page, Duration::ZERO);
        let mut large = Vec::new();
        let pairs = Pairs::run(
            scale.pairs.min(3),
            || sync(&url, scale.rows, &[]),
            || {
                large.push(insert(&url, scale.rows, LARGE / page)?);
                insert(&url, scale.rows, GROUP)
            },
        )?;
        let what = format!("fast, {} rows, {} a page", grouped(scale.rows), grouped(page));
        let times = pairs.ratio();
        println!("write, {what}: {times}");
        figures.table.push(Figure {
            target: format!("≤ {ALLOWED}"),
            missed: times.median > ALLOWED,
            ..figure(what, &pairs)
        });
        let what = format!("the same, the loop in groups of {}", grouped(LARGE / page));
        let large = Pairs { limit: large, ..pairs };
        println!("write, {what}: {}", large.ratio());
        figures.table.push(figure(what, &large));
        let name = format!("fast source, {} rows a page", grouped(page));
        figures.ratios.push(Ratio { name, times });
    }
    Ok(())
}

fn figure(what: String, pairs: &Pairs) -> Figure {
    let (measured, limit) = (told(&pairs.ours), told(&pairs.limit));
    Figure { what, measured, limit, ratio: pairs.ratio().to_string(), ..Figure::default() }
}
