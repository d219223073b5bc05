//! What stays on the normal screen after the monitor: how the last run ended, and how to go on.

use std::io::Write as _;
use std::sync::mpsc;
use std::time::Duration;

use chrono::TimeDelta;

use super::text;
use super::{Departure, Left};
use crate::sync::event::RunEnded;

/// How long the summary waits for the terminal to take it.
const PATIENCE: Duration = Duration::from_millis(500);

impl Left {
    /// Prints the summary on standard output, and gives up on a terminal that takes nothing or is gone: a process
    /// that was told to end must not wait for somebody to read why.
    pub fn print_summary(&self) {
        let lines = self.summary().join("\n");
        let (done, printed) = mpsc::channel();
        let printing = std::thread::Builder::new().spawn(move || {
            let mut out = std::io::stdout();
            let _ = writeln!(out, "{lines}").and_then(|()| out.flush());
            let _ = done.send(());
        });
        if printing.is_ok() {
            let _ = printed.recv_timeout(PATIENCE);
        }
    }

    /// A short summary, a line each: safe for a terminal, and without colours.
    #[must_use]
    pub fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.last {
            Some(ended) => lines.extend(told(ended)),
            None if self.runs > 0 => lines.push(
                "left before the run's end was told; what was stored stays stored, and the next start goes on"
                    .to_owned(),
            ),
            None => lines.push("no run began; nothing changed".to_owned()),
        }
        if self.departure == Departure::SyncGone {
            lines.push("the sync ended by itself".to_owned());
        }
        lines
    }
}

fn told(ended: &RunEnded) -> Vec<String> {
    let totals = &ended.totals;
    let counts = &totals.counts;
    let elapsed = i64::try_from(totals.elapsed_ms).unwrap_or(i64::MAX / 2);
    let mut lines = vec![
        format!("run {}: {}", ended.run, ended.text),
        format!(
            "{}, {}: {} new, {} changed, {} same, {} stale; {}, retries {}",
            text::count(totals.pages, "page"),
            text::count(counts.rows, "row"),
            text::number(counts.new),
            text::number(counts.changed),
            text::number(counts.same),
            text::number(counts.stale),
            text::span(TimeDelta::milliseconds(elapsed)),
            text::number(totals.retries),
        ),
    ];
    let rows = text::count(ended.rows, "row");
    lines.push(match &ended.checkpoint {
        Some(checkpoint) => {
            format!(
                "checkpoint {}; {rows} in the table",
                crate::sanitize::line(checkpoint.text())
            )
        }
        None => format!("no checkpoint yet; {rows} in the table"),
    });
    lines.extend(
        ended
            .attention
            .iter()
            .map(|text| format!("attention: {text}")),
    );
    lines.push(match &ended.unfinished {
        Some(unfinished) => format!(
            "to go on: the same command again offers page {} of run {}",
            text::number(unfinished.pages + 1),
            unfinished.run,
        ),
        None => "to go on: the same command again asks for what is new".to_owned(),
    });
    lines
}
