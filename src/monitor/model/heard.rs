//! What the sync has told: everything that an event changes, and nothing that a key does.
//!
//! It is one value so that the view can be frozen: a copy of it stands still while the live one goes on.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::entries::{Came, LogEntry, Problem, RowEntry, Tone};
use super::lanes::Lanes;
use super::pace::Pace;
use super::page::PageEntry;
use super::shelf::Shelf;
use super::token::Token;
use crate::exchange::Budget;
use crate::record::Cursor;
use crate::run::{Fate, Lost, Start, Totals};
use crate::sync::event::{Phase, RunEnded, Unfinished};
use crate::walk::{By, Mode};

/// How many rows the tail keeps; older ones are in the destination, not lost.
pub const ROWS: usize = 1_000;
/// How many pages are kept; older ones are in the page log.
pub const PAGES: usize = 1_000;
/// How many lines the log keeps, and how many problems.
pub const LINES: usize = 500;

/// How long a row that changed is set off from the others.
pub const FLASH: TimeDelta = TimeDelta::milliseconds(1_500);

/// The stream that is watched, as [`Opened`](crate::sync::event::Opened) named it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The source.
    pub source: String,
    /// The destination.
    pub destination: String,
    /// The method that the source is asked with.
    pub method: String,
    /// True if everything that is sent and received can be read on the way.
    pub plain_http: bool,
}

/// The checkpoint, as the screen shows it.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// The value and its text, verbatim but safe.
    pub value: Option<(Cursor, String)>,
    /// When it last moved.
    pub moved_at: Option<DateTime<Utc>>,
    /// True while an inversion keeps it from moving.
    pub held: bool,
}

/// The run that is under way, or the last one.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its number.
    pub number: i64,
    /// When it began, pauses and earlier processes counted as if it had never rested.
    pub began: DateTime<Utc>,
    /// Where it started.
    pub start: Start,
    /// The first request since it was taken up: by what, and with what.
    pub first: (By, String),
    /// The checkpoint when it was taken up.
    pub before: Option<String>,
    /// Its counters.
    pub totals: Totals,
    /// Failed attempts at the page that is asked for; the counters have them once it is stored.
    pub failing: u64,
    /// How fast it goes.
    pub pace: Pace,
    /// The last value that a seam crossed by token may have cut.
    pub tie_unsafe: Option<String>,
    /// True once rows came out of order.
    pub disorder: bool,
    /// The cursor of the last row stored; with several lanes, that the leftmost one brought.
    pub position: Option<Cursor>,
    /// How the walk goes on, in the last page's words.
    pub decision: String,
}

/// What the sync has told.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The stream; `None` until the destination is open.
    pub stream: Option<Stream>,
    /// What the sync is doing.
    pub phase: Phase,
    /// Since when.
    pub phase_at: DateTime<Utc>,
    /// The walk.
    pub walk: Mode,
    /// The run that is under way, or the last one.
    pub run: Option<Run>,
    /// Its lanes.
    pub lanes: Lanes,
    /// How many runs began while the monitor was open.
    pub runs: u64,
    /// The end of the last run.
    pub ended: Option<RunEnded>,
    /// The run that can be gone on with.
    pub unfinished: Option<Unfinished>,
    /// Where rows may have been lost, by what the destination says.
    pub lost: Option<Lost>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The last scroll token.
    pub token: Option<Token>,
    /// What the source allows, as it last said, and when it did.
    pub budget: Option<(Budget, DateTime<Utc>)>,
    /// Until when rows that came by just now are set off from the others.
    pub flash_until: Option<DateTime<Utc>>,
    /// True once the sync rested between two runs: it follows the source.
    pub follows: bool,
    /// The smallest cursor stored.
    pub oldest: Option<Cursor>,
    /// How many rows the table holds.
    pub rows: u64,
    /// The rows that were upserted last.
    pub tail: Tail,
    /// The pages of the run.
    pub pages: Shelf<PageEntry>,
    /// True if some of them were missed.
    pub pages_missed: bool,
    /// How many pages were told of, of whatever run.
    pub told: u64,
    /// What happened and why.
    pub log: Shelf<LogEntry>,
    /// What did not go as hoped, with what can be done about it.
    pub problems: Shelf<Problem>,
    /// How many events were missed.
    pub missed: u64,
}

impl Heard {
    /// Nothing yet.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            stream: None,
            phase: Phase::Idle,
            phase_at: now,
            walk: Mode::default(),
            run: None,
            lanes: Lanes::default(),
            runs: 0,
            ended: None,
            unfinished: None,
            lost: None,
            checkpoint: Checkpoint::default(),
            token: None,
            budget: None,
            flash_until: None,
            follows: false,
            oldest: None,
            rows: 0,
            tail: Tail::default(),
            pages: Shelf::new(PAGES),
            pages_missed: false,
            told: 0,
            log: Shelf::new(LINES),
            problems: Shelf::new(LINES),
            missed: 0,
        }
    }

    /// True while a run is under way, a paused one included.
    #[must_use]
    pub fn under_way(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Ended { .. } | Phase::Resting { .. } | Phase::Holding)
    }

    /// True if the last run ended, but not as it should have.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| !ended.attention.is_empty())
    }

    /// True if what came so came just now and is not what it was: worth an eye. In a first sync everything is new, and
    /// nothing stands out.
    #[must_use]
    pub fn is_flashing(&self, came: Came, now: DateTime<Utc>) -> bool {
        self.is_news(came.fate) && now - came.at < FLASH
    }

    /// True if that is worth an eye.
    #[must_use]
    pub fn is_news(&self, fate: Fate) -> bool {
        fate == Fate::Changed || (fate == Fate::New && self.follows)
    }

    /// Writes a line into the log.
    pub fn note_down(&mut self, at: DateTime<Utc>, tone: Tone, text: impl Into<String>) {
        let (serial, text) = (self.log.pushed(), text.into());
        self.log.push(LogEntry { serial, at, tone, text });
    }

    /// Writes a problem down, and a line into the log.
    pub fn trouble(&mut self, at: DateTime<Utc>, tone: Tone, text: String, advice: &'static str) {
        let run = self.run.as_ref().map(|run| run.number);
        let serial = self.problems.pushed();
        self.problems.push(Problem { serial, at, tone, text: text.clone(), advice, run });
        self.note_down(at, tone, text);
    }
}

/// The rows that were upserted last, each once, newest first.
#[derive(Clone, Debug)]
pub struct Tail {
    rows: Shelf<RowEntry>,
    /// Whatever came by before this serial may no longer be in it.
    horizon: u64,
    serials: HashMap<String, u64>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { rows: Shelf::new(ROWS), horizon: 0, serials: HashMap::new() }
    }
}

impl Tail {
    /// Puts a row on top; an older version of it goes.
    pub fn push(&mut self, entry: RowEntry) {
        let id = entry.id().to_owned();
        if let Some(serial) = self.serials.get_mut(&id) {
            *serial = self.rows.replace(*serial, entry);
            return;
        }
        let (serial, dropped) = self.rows.push(entry);
        self.serials.insert(id, serial);
        if let Some((gone, dropped)) = dropped {
            self.serials.remove(dropped.id());
            self.horizon = gone + 1;
        }
    }

    /// Notes that rows were stored which never come by here.
    pub fn passed_over(&mut self) {
        self.rows.skip();
        self.horizon = self.rows.pushed();
    }

    /// True if every row that was stored since that many had come by is in it.
    #[must_use]
    pub fn reaches_back_to(&self, pushed: u64) -> bool {
        self.horizon <= pushed
    }

    /// True if a row of that id is in it.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.serials.contains_key(id)
    }

    /// The row of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&RowEntry> {
        self.rows.get(*self.serials.get(id)?)
    }

    /// The rows, newest first.
    #[must_use]
    pub fn rows(&self) -> &Shelf<RowEntry> {
        &self.rows
    }

    /// The rows, to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut RowEntry> {
        self.rows.iter_mut()
    }
}
