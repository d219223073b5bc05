//! A slow source read from several places at once: how many times as fast as the bare chain, which can be in one place
//! only.

use super::chain::By;
use super::figure::{Figure, Middle};
use super::pairs::{sync, told};
use super::process::{self, Run};
use super::rows::Spread;
use super::serial::{LATENCY, PAGE};
use super::source::Source;
use super::{Fault, Figures, Lane, Scale};

const LANES: [usize; 4] = [1, 2, 4, 8];

/// How many times as fast as the chain the most lanes are to be.
fn wanted(spread: Spread) -> f64 {
    match spread {
        Spread::Even => 6.0,
        Spread::Skewed => 5.0,
    }
}

/// Both spreads, each with every number of lanes.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    let home = process::folder()?;
    let help = process::run(process::highwater(&home, &["sync", "--help"]))?.output;
    if !help.contains("--lanes") {
        println!("lanes: left out, for this highwater does not know --lanes");
        return Ok(());
    }
    for spread in [Spread::Even, Spread::Skewed] {
        let rows = scale.pages * PAGE;
        let source = Source::start(rows, spread)?;
        let url = source.url(PAGE, LATENCY);
        let mut chains = Vec::new();
        let mut runs: [Vec<Run>; 4] = Default::default();
        for _ in 0..scale.pairs {
            chains.push(process::run(process::chain(&url, By::Token)?)?);
            for (lanes, runs) in LANES.iter().zip(&mut runs) {
                runs.push(sync(&url, rows, &["--lanes", &lanes.to_string()])?);
            }
        }
        for (lanes, runs) in LANES.into_iter().zip(&runs) {
            figures.table.push(figure(spread, lanes, runs, &chains));
            let speed = speed(runs, &chains);
            println!("lanes, {}, {lanes}: {speed} times as fast as the chain", spread.name());
            figures.lanes.push(Lane { spread, lanes, speed });
        }
    }
    Ok(())
}

fn speed(runs: &[Run], chains: &[Run]) -> Middle {
    let pairs = chains.iter().zip(runs);
    Middle::of(pairs.map(|(chain, run)| chain.took.as_secs_f64() / run.took.as_secs_f64()))
}

fn figure(spread: Spread, lanes: usize, runs: &[Run], chains: &[Run]) -> Figure {
    let (speed, wanted) = (speed(runs, chains), wanted(spread));
    let is_judged = Some(&lanes) == LANES.last();
    let plural = if lanes == 1 { "" } else { "s" };
    Figure {
        what: format!("slow, {lanes} lane{plural}, {} times", spread.name()),
        measured: told(runs),
        limit: told(chains),
        ratio: format!("1/{speed}"),
        target: if is_judged { format!("≤ 1/{wanted}") } else { String::new() },
        missed: is_judged && speed.median < wanted,
    }
}
