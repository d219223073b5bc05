//! What the monitor knows, and how it comes to know more: `update(model, message)` gives the effects to carry out.
//!
//! Pure: no I/O and no clock; time arrives in messages. All text from the source is made safe here, at the door,
//! and everything that costs more than a line of text (sorting, decoding, cutting) is done here and not while
//! drawing.

mod act;
mod answers;
mod apply;
pub mod browse;
pub mod compare;
pub mod copy;
mod entries;
pub mod export;
pub mod heard;
pub mod input;
mod inspect;
pub mod lanes;
pub mod lesson;
pub mod lists;
mod message;
mod mouse;
mod open;
pub mod overlay;
pub mod pace;
mod page;
pub mod pages;
mod palette;
mod row;
mod run;
mod runs;
mod scroll;
pub mod sheet;
mod shelf;
mod stretch;
#[cfg(test)]
mod tests;
mod token;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::layout::Size;

pub use self::browse::Browse;
pub use self::copy::Copied;
pub use self::entries::{Came, LogEntry, Problem, RowEntry, Tone};
pub use self::export::{ExportForm, Exporting, Obstacle};
pub use self::heard::{Checkpoint, Heard, Run, Stream, Tail};
pub use self::input::Input;
pub use self::lesson::Lesson;
pub use self::message::{Effect, Message};
pub use self::overlay::{Offer, Overlay};
pub use self::page::PageEntry;
pub use self::pages::Pages;
pub use self::palette::Palette;
pub use self::run::{RunEntry, State};
pub use self::runs::Runs;
pub use self::scroll::{Keyed, Scroll, Window};
pub use self::sheet::Sheet;
pub use self::shelf::Shelf;
pub use self::stretch::Tickets;
pub use self::token::Token;
use super::Departure;
use super::layout::Arrangement;
use super::text;
use super::theme::Theme;
use crate::destination::reader::Question;
use crate::record::Schema;
use crate::replay::{Motion, Playback};
use crate::run::Start;
use crate::sync::event::Phase;

/// How long a short answer stays.
const ANSWER: TimeDelta = TimeDelta::seconds(5);

/// The panels that keys can be in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Panel {
    /// The rows.
    #[default]
    Rows,
    /// The pages of a run.
    Pages,
    /// The runs.
    Runs,
    /// What is happening and why.
    Log,
    /// What did not go as hoped.
    Problems,
}

impl Panel {
    /// Every panel, in the order of Tab.
    pub const ALL: [Self; 5] = [Self::Rows, Self::Pages, Self::Runs, Self::Log, Self::Problems];

    /// The panel a number of places further, around the end.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|panel| *panel == self).unwrap_or(0);
        let all = Self::ALL.len();
        Self::ALL[(at + all).saturating_add_signed(by) % all]
    }
}

/// How far leaving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Nobody asked for it.
    No,
    /// Stop was sent this many times; leaves when the sync is done, and then by this road.
    Asked(u8, Departure),
}

/// What the monitor knows.
#[derive(Clone, Debug)]
pub struct Model {
    /// The table whose rows are shown.
    pub schema: &'static Schema,
    /// How things look.
    pub theme: Theme,
    /// The terminal's size.
    pub size: Size,
    /// The time of the last message that brought one.
    pub now: DateTime<Utc>,
    /// Where the first run starts; `None` asks if a run was left unfinished.
    pub start: Option<Start>,
    /// The demo, if it is one.
    pub lesson: Option<Lesson>,
    /// True if there is a table behind what is told: there is none behind a recording.
    pub has_table: bool,
    /// What the sync has told.
    pub heard: Heard,
    /// What it had told when the view was frozen, while it is.
    frozen: Option<Box<Heard>>,
    /// Which panels are on screen, and where keys are.
    pub arrangement: Arrangement,
    /// How the rows are looked at.
    pub browse: Browse,
    /// How the pages are looked at.
    pub pages: Pages,
    /// How the runs are looked at.
    pub runs: Runs,
    /// The numbers of questions for whole rows.
    pub tickets: Tickets,
    /// What is selected in the log.
    pub log: Scroll<u64>,
    /// What is selected among the problems.
    pub problems: Scroll<u64>,
    /// How many of the problems the operator has seen.
    pub problems_seen: u64,
    /// What lies over the panels.
    pub overlay: Overlay,
    /// The export that is under way, or the last one.
    pub export: Option<Exporting>,
    /// A short answer to the last key, and when it goes away if no other key comes.
    pub answer: Option<(Answer, DateTime<Utc>)>,
    /// How the replay goes; `None` if it is a sync that is watched.
    pub playback: Option<Playback>,
    /// How far leaving has come.
    pub leaving: Leaving,
}

/// A short answer to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Done(String),
    /// It was not, and why.
    Refused(String),
}

impl Model {
    /// A monitor that has heard nothing yet.
    #[must_use]
    pub fn new(schema: &'static Schema, theme: Theme, size: Size, now: DateTime<Utc>) -> Self {
        Self {
            schema,
            theme,
            size,
            now,
            start: None,
            lesson: None,
            has_table: true,
            heard: Heard::new(now),
            frozen: None,
            arrangement: Arrangement::default(),
            browse: Browse::new(schema, now),
            pages: Pages::default(),
            runs: Runs::default(),
            tickets: Tickets::ROW,
            log: Scroll::default(),
            problems: Scroll::default(),
            problems_seen: 0,
            overlay: Overlay::None,
            export: None,
            answer: None,
            playback: None,
            leaving: Leaving::No,
        }
    }

    /// What the panels show: what the sync has told, or had told when the view was frozen.
    #[must_use]
    pub fn seen(&self) -> &Heard {
        self.frozen.as_deref().unwrap_or(&self.heard)
    }

    /// True while the view is frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// How many problems the operator has not seen yet.
    #[must_use]
    pub fn unread(&self) -> u64 {
        match self.arrangement.focus {
            Panel::Problems => 0,
            _ => self.heard.problems.pushed() - self.problems_seen,
        }
    }

    /// Where "run again" starts: goes on with what was left unfinished, else from the checkpoint.
    #[must_use]
    pub fn again(&self) -> Start {
        match self.heard.unfinished {
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
        let ticking = match &self.heard.phase {
            Phase::Waiting { .. }
            | Phase::Running { .. }
            | Phase::Storing { .. }
            | Phase::Outage { .. }
            | Phase::Pausing { .. }
            | Phase::Stopping { .. }
            | Phase::Resting { .. } => Some(second),
            Phase::Idle | Phase::Paused | Phase::Ended { .. } | Phase::Holding => None,
        };
        let seen = self.seen();
        let token_at = seen.token.as_ref().and_then(|token| token.at);
        let lag = seen.checkpoint.value.as_ref().and_then(|(cursor, _)| cursor.instant());
        let ages = [seen.checkpoint.moved_at, token_at, lag];
        let answer = self.answer.as_ref().map(|(_, until)| *until - self.now);
        let refresh = self.browse.refresh_at().filter(|_| !self.is_frozen());
        let refresh = refresh.map(|at| (at - self.now).max(TimeDelta::zero()));
        ages.into_iter()
            .flatten()
            .map(|then| text::age_changes_in(self.now, then))
            .chain(ticking)
            .chain(answer)
            .chain(refresh)
            .chain(self.flash_ends_in())
            .chain(lesson::next_step(self).map(|due| (due - self.now).max(TimeDelta::zero())))
            .min()
    }

    fn flash_ends_in(&self) -> Option<TimeDelta> {
        let left = self.seen().flash_until? - self.now;
        (left > TimeDelta::zero()).then_some(left)
    }

    fn answer(&mut self, answer: Answer) {
        self.answer = Some((answer, self.now + ANSWER));
    }

    fn refuse(&mut self, text: impl Into<String>) {
        self.answer(Answer::Refused(text.into()));
    }
}

/// A question as an effect, if there is one.
fn asked(question: impl IntoIterator<Item = Question>) -> Vec<Effect> {
    question.into_iter().map(|question| Effect::Ask(Box::new(question))).collect()
}

/// A time as sheets tell it.
fn clock(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What is to be read of the table before the next frame: anew, because it has changed, or for the first time.
fn look(model: &mut Model) -> Vec<Effect> {
    if !model.has_table || model.is_frozen() {
        return Vec::new();
    }
    let height = lists::height(model, Panel::Rows);
    let mut questions = model.browse.refresh(&model.heard, model.now);
    questions.extend(model.browse.fill(&model.heard, height));
    asked(questions)
}

/// Takes a message in, and gives what has to be done about it.
pub fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let effects = take(model, message);
    model.arrangement.lanes = model.seen().lanes.room();
    effects
}

fn take(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Event(stamped) => return apply::event(model, *stamped),
        Message::Missed(count) => return apply::missed(model, count),
        Message::Key(key) => return act::key(model, key),
        Message::Told(told) => lesson::told(model, *told),
        Message::Read(answer) => return answers::take(model, *answer),
        Message::Mouse(event) => return mouse::event(model, event),
        Message::Paste(text) => return act::paste(model, &text),
        Message::NotCopied(why) => model.refuse(format!("not copied: {why}")),
        Message::Resize(size) => {
            model.size = size;
            let width = open::width(model);
            if let Some(sheet) = model.overlay.sheet_mut() {
                sheet.lay(width);
            }
        }
        Message::Now(now) => {
            model.now = now;
            model.answer.take_if(|(_, until)| *until <= now);
            let mut effects = lesson::tick(model);
            effects.extend(look(model));
            return effects;
        }
        Message::Signal(number) => return act::leave(model, Departure::Signal(number)),
        Message::Continued => {
            let text = "the process was suspended and goes on; the sync stood still too";
            model.heard.note_down(model.now, Tone::Info, text);
        }
        Message::Refused => model.refuse("the sync is busy and did not hear that: press again"),
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
