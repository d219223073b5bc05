//! What is left to say after a run: how it ended, what it did, what needs attention, and how to go on.

use std::fmt::Write as _;

use crate::run::Outcome;
use crate::sanitize;
use crate::sync::event::{LanesUsed, RunEnded};
use crate::text::{count, milliseconds, number};
use crate::walk::Request;

/// A run's end in a few lines, for the normal screen and the plain report. No newline at the end.
#[must_use]
pub fn summary(ended: &RunEnded) -> String {
    let word = match ended.outcome {
        Outcome::Complete => "complete",
        Outcome::Paused => "paused",
        Outcome::Stopped => "stopped",
        Outcome::Failed => "FAILED",
    };
    let mut text = format!("run {} {word}: {}\n\n", ended.run, ended.text);
    for (name, figure, more) in operations(ended) {
        let line = format!("  {name:<12}{figure:>10}   {more}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let checkpoint = ended.checkpoint.as_ref().map_or("none".to_owned(), ToString::to_string);
    let _ = write!(text, "\n  table: {} rows · checkpoint: {checkpoint}", number(ended.rows));
    for sentence in &ended.attention {
        let _ = write!(text, "\n  ATTENTION: {sentence}");
    }
    let next = match (&ended.unfinished, &ended.checkpoint) {
        (Some(unfinished), _) => match &unfinished.next {
            Request::Since(cursor) => format!("offers to go on from {cursor}"),
            Request::Token(_) => "offers to go on from its token".to_owned(),
        },
        (None, Some(_)) if ended.reads_all => "reads everything".to_owned(),
        (None, Some(checkpoint)) => format!("asks for what changed since {checkpoint}"),
        (None, None) => "reads everything".to_owned(),
    };
    let _ = write!(text, "\n  to go on: the same command again {next}");
    text
}

/// The operations of a run: name, figure, detail.
fn operations(ended: &RunEnded) -> Vec<(&'static str, String, String)> {
    let totals = &ended.totals;
    let counts = &totals.counts;
    let seconds = totals.elapsed_ms as f64 / 1_000.0;
    let rate = if seconds >= 1.0 {
        format!("{} rows/s", number((counts.rows as f64 / seconds) as u64))
    } else {
        String::new()
    };
    let mut lines = vec![("pages", number(totals.pages), count(totals.requests, "request"))];
    if let Some(LanesUsed { most, opened }) = ended.lanes {
        let more = format!("side by side at most, {} in all; each takes about one request more", opened + 1);
        lines.push(("lanes", number(most.into()), more));
    }
    lines.extend([
        (
            "upserts",
            number(counts.upserts()),
            format!(
                "new {} · changed {} · same {}",
                number(counts.new),
                number(counts.changed),
                number(counts.same)
            ),
        ),
        ("checkpoints", number(totals.checkpoints), count(totals.commits, "commit")),
        ("retries", number(totals.retries), String::new()),
        ("quarantined", number(counts.quarantined), String::new()),
    ]);
    // A recording may have been written by anyone.
    let place = sanitize::line(ended.extra.as_deref().unwrap_or("the destination"));
    let extra = format!("kept in {place}; `highwater source fields` proposes columns for them");
    for (name, figure, more) in [
        ("stale", counts.stale, "older than what is stored, not written"),
        ("no cursor", counts.no_cursor, "stored, but the checkpoint does not count on them"),
        ("future", counts.future, "stored, but never the checkpoint"),
        ("extra fields", counts.extra, &extra),
    ] {
        if figure > 0 {
            lines.push((name, number(figure), more.to_owned()));
        }
    }
    lines.push(("elapsed", milliseconds(totals.elapsed_ms), rate));
    lines
}
