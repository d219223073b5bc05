//! How long a page that has arrived is not yet safe: from the last byte of the answer, by the source's clock, to the
//! line of `--json` that tells of its commit. The line is written after the commit, so this is what it takes at most.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use super::figure::{Figure, Middle, grouped};
use super::process;
use super::rows::Spread;
use super::serial::{LATENCY, PAGE};
use super::source::{Source, now};
use super::{Fault, Figures, Scale};

/// Milliseconds that a page may be unsafe.
const ALLOWED: f64 = 50.0;

/// A slow source, which is what the promise is made for, and one that is as fast as can be.
pub fn measure(scale: &Scale, figures: &mut Figures) -> Result<(), Fault> {
    for (page, latency) in [(PAGE, LATENCY), (1_000, Duration::ZERO)] {
        let mut source = Source::start(scale.pages * page, Spread::Even)?;
        let (url, mut times) = (source.url(page, latency), Vec::new());
        for _ in 0..scale.pairs {
            times.extend(waits(&mut source, &url)?);
        }
        times.sort_by(f64::total_cmp);
        let (of, middle) = (times.len(), Middle::of(times.iter().copied()));
        let late = times[(of * 99).div_ceil(100).max(1) - 1];
        let what = format!("a page of {} safe after its arrival, {}", grouped(page), told(latency));
        println!(
            "durable, {what}: p50 {:.1} ms, p99 {late:.1} ms, worst {:.1} ms",
            middle.median, middle.most
        );
        let is_judged = !latency.is_zero();
        figures.table.push(Figure {
            what,
            measured: format!(
                "worst of {of} {:.1} ms (p50 {:.1}, p99 {late:.1})",
                middle.most, middle.median
            ),
            target: if is_judged { format!("≤ {ALLOWED} ms") } else { String::new() },
            missed: is_judged && middle.most > ALLOWED,
            ..Figure::default()
        });
    }
    Ok(())
}

fn told(latency: Duration) -> String {
    if latency.is_zero() { "no latency".to_owned() } else { format!("{} ms an answer", latency.as_millis()) }
}

/// For every page of a run, the milliseconds between its arrival and the line that tells of its commit.
fn waits(source: &mut Source, url: &str) -> Result<Vec<f64>, Fault> {
    source.log()?;
    let home = process::folder()?;
    let mut command = process::highwater(&home, &["sync", "--json", "--url", url, "--db", "rows.db"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    let mut told = Vec::new();
    for line in lines {
        if line?.contains(r#""event":"page""#) {
            told.push(now());
        }
    }
    let status = child.wait()?;
    let answered = source.log()?.answered;
    if !status.success() || answered.len() != told.len() {
        let (answers, pages) = (answered.len(), told.len());
        return Err(format!("{status}, with {answers} answers and {pages} pages told").into());
    }
    Ok(told.iter().zip(answered).map(|(told, answered)| told.saturating_sub(answered) as f64 / 1e6).collect())
}
