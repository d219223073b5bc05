//! The headless report: plain lines or JSON lines, from the same events as the monitor.
//!
//! A plain report is for people and CI logs: a line a page, a line a notice, and a table of operations at the end.
//! The JSON report is one [`Stamped`] event a line, for programs. Both tell everything, in order.

mod progress;
mod summary;

use std::io::{self, Write};

use chrono::{DateTime, Utc};

pub use self::progress::Progress;
pub use self::summary::summary;
use crate::record::Cursor;
use crate::run::Start;
use crate::sanitize;
use crate::sync::event::{Event, Level, Opened, PageStored, RunStarted, Stamped, Unfinished};
use crate::text::{age, count, milliseconds, number};
use crate::walk::Request;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines for people.
    Plain,
    /// One JSON object a line.
    Json,
}

/// Writes one event.
///
/// # Errors
/// If it cannot be written.
pub fn write(out: &mut dyn Write, style: Style, stamped: &Stamped) -> io::Result<()> {
    match style {
        Style::Json => writeln!(out, "{}", stamped.json()?),
        Style::Plain => plain(out, stamped),
    }
}

fn plain(out: &mut dyn Write, stamped: &Stamped) -> io::Result<()> {
    match &stamped.event {
        Event::Opened(opened) => write_opened(out, stamped.at, opened),
        Event::RunStarted(started) => write_started(out, started),
        Event::Page(page) => writeln!(out, "{}", page_line(page)),
        Event::Notice(notice) => {
            let word = match notice.level {
                Level::Info => "note",
                Level::Warning => "warning",
                Level::Attention => "ATTENTION",
            };
            writeln!(out, "{word}: {}", notice.text)
        }
        Event::RunEnded(ended) => writeln!(out, "\n{}", summary(ended)),
        Event::Phase { .. } | Event::Lanes(_) => Ok(()),
    }
}

fn write_opened(out: &mut dyn Write, at: DateTime<Utc>, opened: &Opened) -> io::Result<()> {
    let Opened { source, destination, rows, checkpoint, checkpoint_at, .. } = opened;
    writeln!(out, "source       {}", sanitize::line(source))?;
    writeln!(out, "destination  {} ({})", sanitize::line(destination), count(*rows, "row"))?;
    let moved = checkpoint_at.map(|then| format!(", moved {}", age(at, then))).unwrap_or_default();
    match checkpoint {
        Some(checkpoint) => writeln!(out, "checkpoint   {checkpoint}{moved}"),
        None => writeln!(out, "checkpoint   none: the first sync reads everything"),
    }?;
    if let Some(unfinished) = &opened.unfinished {
        writeln!(out, "unfinished   {}", left(unfinished))?;
    }
    match &opened.lost {
        Some(lost) => writeln!(out, "ATTENTION    {}", lost.sentence()),
        None => Ok(()),
    }
}

/// What an unfinished run left behind.
#[must_use]
pub fn left(unfinished: &Unfinished) -> String {
    use crate::run::Outcome;
    let how = match unfinished.outcome {
        Some(Outcome::Paused) => "paused",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Complete | Outcome::Stopped) => "stopped",
        None => "cut off",
    };
    format!("run {}, {how} after {}", unfinished.run, count(unfinished.pages, "page"))
}

fn write_started(out: &mut dyn Write, started: &RunStarted) -> io::Result<()> {
    let verb = if started.continued { "goes on" } else { "starts" };
    let from = match (&started.first, started.start) {
        (_, Start::Full) => "from the beginning of time".to_owned(),
        (Request::Since(cursor), _) if cursor.text() == crate::record::BEGINNING => {
            "from the beginning of time".to_owned()
        }
        (Request::Since(cursor), _) => format!("from {cursor}"),
        (Request::Token(token), _) => format!("from token {}", sanitize::snippet(token, 60)),
    };
    writeln!(out, "run {:<8} {verb} {from}, {} walk", started.run, started.walk)
}

/// A page in one line.
#[must_use]
pub fn page_line(page: &PageStored) -> String {
    let cursor = |cursor: &Option<Cursor>| cursor.as_ref().map_or("-".to_owned(), ToString::to_string);
    let by = page.request.parts().0.word();
    let counts = &page.counts;
    let mut line = format!(
        "page {:>5}  {:>5} rows  {:>5} new {:>5} changed {:>5} same  {} … {}  {:>6} by {by}",
        number(page.page),
        number(counts.rows),
        number(counts.new),
        number(counts.changed),
        number(counts.same),
        cursor(&page.first),
        cursor(&page.last),
        milliseconds(page.wait_ms + page.body_ms),
    );
    if page.lane > 1 {
        line.push_str(&format!("  lane {}", page.lane));
    }
    for (figure, word) in
        [(counts.stale, "stale"), (counts.quarantined, "quarantined"), (page.retries.into(), "retries")]
    {
        if figure > 0 {
            line.push_str(&format!("  {} {word}", number(figure)));
        }
    }
    line
}
