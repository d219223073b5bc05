//! What the monitor knows, and how it comes to know more: `update(model, message)` gives the effects to carry out.
//!
//! Pure: no I/O and no clock; time arrives in messages. All text from the source is made safe here, at the door,
//! and everything that costs more than a line of text (sorting, decoding, cutting) is done here and not while
//! drawing.

mod act;
mod apply;
mod entries;
pub mod overlay;
pub mod rate;
mod shelf;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyEvent;
use ratatui::layout::Size;

pub use self::entries::{LogEntry, PageEntry, Tone, UserEntry};
pub use self::overlay::{Detail, Offer, Overlay};
pub use self::rate::Rate;
pub use self::shelf::{Shelf, Window};
pub use self::token::Token;
use super::Departure;
use super::text;
use super::theme::Theme;
use crate::record::Cursor;
use crate::replay::{Motion, Playback};
use crate::run::{Start, Totals};
use crate::sync::command::Command;
use crate::sync::event::{Phase, RunEnded, Stamped, Unfinished};
use crate::walk::Mode;

/// How many users the table keeps; older ones are in the destination, not lost.
const USERS: usize = 1_000;
/// How many pages of a run the pages panel keeps.
const PAGES: usize = 1_000;
/// How many lines the log keeps.
const LINES: usize = 500;

/// How long a short answer stays.
const ANSWER: TimeDelta = TimeDelta::seconds(5);

/// What can happen to the monitor.
#[derive(Clone, Debug)]
pub enum Message {
    /// The sync told something.
    Event(Box<Stamped>),
    /// The sync told this many things that the monitor was too slow to hear.
    Missed(u64),
    /// A key went down, or repeats.
    Key(KeyEvent),
    /// The terminal has a new size.
    Resize(Size),
    /// What time it is.
    Now(DateTime<Utc>),
    /// A signal asks for the end.
    Signal(i32),
    /// The process goes on after having been suspended.
    Continued,
    /// The sync has no room for the last command.
    Refused,
    /// The replay goes otherwise, or has come further.
    Playback(Playback),
    /// The sync has told everything that it ever will.
    Closed,
}

/// What the loop has to do after an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell the sync.
    Send(Command),
    /// Give the terminal back and stop the process until it is continued.
    Suspend,
    /// Leave the monitor.
    Leave(Departure),
}

/// The panels that keys can be in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// The users, newest on top.
    #[default]
    Users,
    /// The pages of the run.
    Pages,
    /// What is happening and why.
    Log,
}

/// How far leaving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Nobody asked for it.
    No,
    /// Stop was sent this many times; leaves when the sync is done, and then by this road.
    Asked(u8, Departure),
}

/// The stream that is watched, as [`Opened`](crate::sync::event::Opened) named it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// The source.
    pub source: String,
    /// The destination.
    pub destination: String,
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
    /// Its counters.
    pub totals: Totals,
    /// Failed attempts at the page that is asked for; the counters have them once it is stored.
    pub failing: u64,
    /// How fast rows come.
    pub rate: Rate,
    /// The last value that a seam crossed by token may have cut.
    pub tie_unsafe: Option<String>,
    /// True once rows came out of order.
    pub disorder: bool,
    /// The cursor of the last row stored.
    pub position: Option<Cursor>,
    /// How the walk goes on, in the last page's words.
    pub decision: String,
}

/// What the monitor knows.
#[derive(Clone, Debug)]
pub struct Model {
    /// How things look.
    pub theme: Theme,
    /// The terminal's size.
    pub size: Size,
    /// The time of the last message that brought one.
    pub now: DateTime<Utc>,
    /// Where the first run starts; `None` asks if a run was left unfinished.
    pub start: Option<Start>,
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
    /// How many runs began while the monitor was open.
    pub runs: u64,
    /// The end of the last run.
    pub ended: Option<RunEnded>,
    /// The run that can be gone on with.
    pub unfinished: Option<Unfinished>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The last scroll token.
    pub token: Option<Token>,
    /// The smallest cursor stored.
    pub oldest: Option<Cursor>,
    /// How many rows the table holds.
    pub rows: u64,
    /// The upserted users.
    pub users: Shelf<UserEntry>,
    /// The pages of the run.
    pub pages: Shelf<PageEntry>,
    /// What happened and why.
    pub log: Shelf<LogEntry>,
    /// The panel that keys are in.
    pub focus: Panel,
    /// What lies over the panels.
    pub overlay: Overlay,
    /// How many events were missed.
    pub missed: u64,
    /// A short answer to the last key, and when it goes away if no other key comes.
    pub answer: Option<(String, DateTime<Utc>)>,
    /// How the replay goes; `None` if it is a sync that is watched.
    pub playback: Option<Playback>,
    /// How far leaving has come.
    pub leaving: Leaving,
    /// The serials of the users by id.
    shelved: HashMap<String, u64>,
}

impl Model {
    /// A monitor that has heard nothing yet.
    #[must_use]
    pub fn new(theme: Theme, size: Size, now: DateTime<Utc>) -> Self {
        Self {
            theme,
            size,
            now,
            start: None,
            stream: None,
            phase: Phase::Idle,
            phase_at: now,
            walk: Mode::default(),
            run: None,
            runs: 0,
            ended: None,
            unfinished: None,
            checkpoint: Checkpoint::default(),
            token: None,
            oldest: None,
            rows: 0,
            users: Shelf::new(USERS),
            pages: Shelf::new(PAGES),
            log: Shelf::new(LINES),
            focus: Panel::default(),
            overlay: Overlay::None,
            missed: 0,
            answer: None,
            playback: None,
            leaving: Leaving::No,
            shelved: HashMap::new(),
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

    /// Where "run again" starts: goes on with what was left unfinished, else from the checkpoint.
    #[must_use]
    pub fn again(&self) -> Start {
        match self.unfinished {
            Some(_) => Start::Token,
            None => Start::Checkpoint,
        }
    }

    /// How long until something that the screen tells relative to now reads differently; `None` if nothing does.
    #[must_use]
    pub fn changes_in(&self) -> Option<TimeDelta> {
        match self.playback {
            None => self.changes_in_time(),
            // The recording's clock stands, or goes by leaps that are told.
            Some(Playback { motion: Motion::Held | Motion::Over, .. }) => None,
            Some(Playback { motion: Motion::Playing, speed, .. }) => {
                let (change, factor) = (self.changes_in_time()?, speed.factor()?);
                Some(TimeDelta::milliseconds((change.num_milliseconds() as f64 / factor).ceil() as i64))
            }
        }
    }

    fn changes_in_time(&self) -> Option<TimeDelta> {
        let second = TimeDelta::seconds(1);
        let ticking = match &self.phase {
            Phase::Waiting { .. }
            | Phase::Running { .. }
            | Phase::Pausing { .. }
            | Phase::Stopping { .. }
            | Phase::Resting { .. } => Some(second),
            Phase::Idle | Phase::Paused | Phase::Ended { .. } | Phase::Holding => None,
        };
        let token_at = self.token.as_ref().and_then(|token| token.at);
        let lag = self.checkpoint.value.as_ref().map(|(c, _)| c.instant());
        let ages = [self.checkpoint.moved_at, token_at, lag];
        let answer = self.answer.as_ref().map(|(_, until)| *until - self.now);
        ages.into_iter()
            .flatten()
            .map(|then| text::age_changes_in(self.now, then))
            .chain(ticking)
            .chain(answer)
            .min()
    }

    fn answer(&mut self, text: impl Into<String>) {
        self.answer = Some((text.into(), self.now + ANSWER));
    }

    fn note_down(&mut self, at: DateTime<Utc>, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        self.log.push(LogEntry { at, tone, text });
    }
}

/// Takes a message in, and gives what has to be done about it.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Event(stamped) => return apply::event(model, *stamped),
        Message::Missed(count) => {
            model.missed += count;
            let text =
                format!("the screen missed {}; nothing stored is affected", text::count(count, "event"));
            model.note_down(model.now, Tone::Warning, text);
        }
        Message::Key(key) => return act::key(model, key),
        Message::Resize(size) => model.size = size,
        Message::Now(now) => {
            model.now = now;
            model.answer.take_if(|(_, until)| *until <= now);
        }
        Message::Signal(number) => return act::leave(model, Departure::Signal(number)),
        Message::Continued => {
            let text = "the process was suspended and goes on; the sync stood still too";
            model.note_down(model.now, Tone::Info, text);
        }
        Message::Refused => {
            model.answer("the sync is busy and did not hear that: press again");
        }
        Message::Playback(playback) => model.playback = Some(playback),
        Message::Closed => {
            let departure = match model.leaving {
                Leaving::No => Departure::SyncGone,
                Leaving::Asked(_, departure) => departure,
            };
            return vec![Effect::Leave(departure)];
        }
    }
    Vec::new()
}
