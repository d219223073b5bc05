//! One line on a terminal that says what a headless run is doing. It stands on stderr, below the report, and leaves
//! nothing behind.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};

use crate::sync::event::{Event, Phase};
use crate::text::{count, number, span};

/// How often the sign of life moves.
const TICK: Duration = Duration::from_millis(120);

/// The line; nothing where stderr is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    /// What becomes of the rows.
    done: &'static str,
    sofar: String,
}

impl Progress {
    /// The line, if there is a terminal to show it on. `done` says what becomes of the rows: `stored`, `compared`.
    #[must_use]
    pub fn start(done: &'static str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { bar, done, sofar: format!("nothing {done} yet") }
    }

    /// Takes in what happened.
    pub fn on(&mut self, event: &Event) {
        let Some(bar) = &self.bar else { return };
        let doing = match event {
            Event::Page(page) => {
                let checkpoint =
                    page.checkpoint.as_ref().map_or("no checkpoint yet".to_owned(), ToString::to_string);
                self.sofar = format!("{} rows {} · {checkpoint}", number(page.totals.counts.rows), self.done);
                format!("page {}", number(page.page))
            }
            Event::Phase { phase: Phase::Running { page, .. } } => {
                format!("asking for page {}", number(*page))
            }
            Event::Phase { phase: Phase::Waiting { until, attempt: 0, reason, .. } } => {
                let seconds = (*until - Utc::now()).num_seconds().max(0);
                format!("waits {seconds} s: {reason}")
            }
            Event::Phase { phase: Phase::Waiting { until, attempt, attempts, reason, .. } } => {
                let seconds = (*until - Utc::now()).num_seconds().max(0);
                format!("waits {seconds} s, attempt {} of {attempts}: {reason}", attempt + 1)
            }
            Event::Phase { phase: Phase::Outage { until, reason, .. } } => {
                let seconds = (*until - Utc::now()).num_seconds().max(0);
                format!("waits {seconds} s for the destination: {reason}")
            }
            Event::Phase { phase: Phase::Storing { pages, .. } } => {
                format!("waits for the destination to store {}", count(*pages, "page"))
            }
            Event::Phase { phase: Phase::Resting { until } } => {
                format!("rests {} until the next run", span(*until - Utc::now()))
            }
            Event::Phase { phase: Phase::Stopping { .. } } => {
                "stopping after the page on the wire".to_owned()
            }
            _ => return,
        };
        bar.set_message(format!("{doing} · {}", self.sofar));
    }

    /// Says what is done, where that is no run's doing.
    pub fn say(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// Does something to the terminal with the line out of the way.
    pub fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(work),
            None => work(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
