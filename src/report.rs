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
use crate::walk::{Request, Way};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines for people.
    Plain,
    /// One JSON object a line.
    Json,
}

/// What writes events, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    style: Style,
    /// How many lanes might ask, as of the last event that told, and at most; only of a run that has had several.
    lanes: Option<(u32, u32)>,
}

impl Report {
    /// A report that has written nothing yet.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, lanes: None }
    }

    /// Writes one event.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, out: &mut dyn Write, stamped: &Stamped) -> io::Result<()> {
        match self.style {
            Style::Json => writeln!(out, "{}", stamped.json()?),
            Style::Plain => self.plain(out, stamped),
        }
    }

    fn plain(&mut self, out: &mut dyn Write, stamped: &Stamped) -> io::Result<()> {
        match &stamped.event {
            Event::RunStarted(_) => self.lanes = None,
            Event::Page(page) => return writeln!(out, "{}", page_line(page, self.lanes.is_some())),
            Event::Lanes(told) => {
                let before = self.lanes.replace((told.width, told.most));
                return told.news(before).map_or(Ok(()), |news| writeln!(out, "lanes: {news}"));
            }
            _ => {}
        }
        plain(out, stamped)
    }
}

fn plain(out: &mut dyn Write, stamped: &Stamped) -> io::Result<()> {
    match &stamped.event {
        Event::Opened(opened) => write_opened(out, stamped.at, opened),
        Event::RunStarted(started) => write_started(out, started),
        Event::Notice(notice) => {
            let word = match notice.level {
                Level::Info => "note",
                Level::Warning => "warning",
                Level::Attention => "ATTENTION",
            };
            writeln!(out, "{word}: {}", notice.text)
        }
        Event::RunEnded(ended) => writeln!(out, "\n{}", summary(ended)),
        Event::Phase { .. } | Event::Page(_) | Event::Lanes(_) => Ok(()),
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

/// A page in one line, with its lane if the run has several.
#[must_use]
pub fn page_line(page: &PageStored, has_lanes: bool) -> String {
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
    if has_lanes || page.lane > 1 {
        let what = match Way::written(&page.decision) {
            _ if page.opens => " opens",
            Some(Way::Meet) => " meets the next",
            Some(Way::Rest) => " rests",
            _ => "",
        };
        line.push_str(&format!("  lane {}{what}", page.lane));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::lanes::{LaneTold, LanesTold};

    fn stamped(event: serde_json::Value) -> Stamped {
        let mut all = serde_json::json!({"at": "2026-01-01T12:00:00Z"});
        all.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn page(lane: u32, opens: bool, decision: &str) -> Stamped {
        let counts = serde_json::json!({"rows": 1, "new": 1, "changed": 0, "same": 0, "stale": 0,
            "quarantined": 0, "no_cursor": 0, "future": 0, "extra": 0});
        let mut totals = serde_json::json!({"pages": 2, "requests": 2, "retries": 0, "checkpoints": 0,
            "commits": 2, "tie_unsafe": 0, "tie_overflow": 0, "not_inclusive": 0, "elapsed_ms": 9});
        totals.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        stamped(serde_json::json!({"event": "page", "run": 1, "page": 2, "lane": lane, "opens": opens,
            "request": {"by": "token", "value": "t"}, "counts": counts, "first": null, "last": null, "token": null,
            "wait_ms": 1, "body_ms": 2, "bytes": 3, "retries": 0, "decision": decision, "checkpoint": null,
            "checkpoint_held": false, "totals": totals, "rows": 1}))
    }

    fn lanes(width: u32) -> Stamped {
        let start = Cursor::parse("2026-01-01T00:00:00Z").unwrap();
        let lane = LaneTold { lane: 1, start: start.clone(), reached: start, rests: false };
        let told = LanesTold { from: None, until: None, width, most: 8, lanes: vec![lane; 8] };
        Stamped { at: Utc::now(), event: Event::Lanes(told) }
    }

    #[test]
    fn lanes_are_named_once_there_are_several_and_told_of_where_it_matters() {
        let events = [
            page(1, false, "why"),
            lanes(8),
            page(1, false, "why"),
            page(3, true, "why"),
            page(3, false, "meets the lane that began at 2026-01-01T00:00:00Z"),
            lanes(4),
            lanes(5),
            lanes(8),
        ];
        let (mut out, mut report) = (Vec::new(), Report::new(Style::Plain));
        for event in events {
            report.write(&mut out, &event).unwrap();
        }
        let out = String::from_utf8(out).unwrap();
        let ends: Vec<&str> = out.lines().map(|line| line.split(" by token").last().unwrap()).collect();
        let again = "lanes: 8 may ask again, as many as there are to be";
        let all =
            ["", "lanes: 8 side by side", "  lane 1", "  lane 3 opens", "  lane 3 meets the next", again];
        assert_eq!(ends, all, "{out}");
    }
}
