//! What lies over the panels: at most one thing at a time.

use super::super::keys::{Group, KEYMAP};
use super::super::text;
use super::entries::{PageEntry, UserEntry, request};
use super::{Copied, ExportForm, Input, LogEntry, Model, Palette, Problem};
use crate::record::{BEGINNING, USER};
use crate::run::{Outcome, Start};
use crate::sync::event::Unfinished;

/// What lies over the panels.
#[derive(Clone, Debug, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// Every key and what it does, scrolled down by so many lines.
    Help(usize),
    /// All of one entry.
    Detail(Detail),
    /// What to do about the run that was left unfinished.
    Choice(Offer),
    /// Whether to really read everything again.
    ConfirmFull,
    /// What to copy.
    Copy(Copied),
    /// Every action by its name.
    Palette(Palette),
    /// The filter that is being typed, and what is wrong with it.
    Filter(Input, Option<String>),
    /// Which columns are shown; the marked one.
    Columns(usize),
    /// Where an export goes.
    Export(ExportForm),
}

/// All of one entry, as it stood when it was opened.
#[derive(Clone, Debug)]
pub struct Detail {
    /// What it is.
    pub title: String,
    /// Labels and their values.
    pub fields: Vec<(String, String)>,
    /// How many lines it is scrolled down.
    pub top: usize,
}

/// What can be done about a run that was left unfinished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Go on where it stood.
    Token,
    /// Leave it, and start a new run from the checkpoint.
    Checkpoint,
    /// Leave it, and read everything again.
    Full,
    /// Leave the monitor.
    Quit,
}

impl Offer {
    /// Every offer, in the order in which they stand.
    pub const ALL: [Self; 4] = [Self::Token, Self::Checkpoint, Self::Full, Self::Quit];

    /// The offer a number of places further, stopping at the ends.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|offer| *offer == self);
        let to = at.unwrap_or(0).saturating_add_signed(by);
        Self::ALL[to.min(Self::ALL.len() - 1)]
    }

    /// The run that it starts; `None` if it starts none.
    #[must_use]
    pub fn start(self) -> Option<Start> {
        match self {
            Self::Token => Some(Start::Token),
            Self::Checkpoint => Some(Start::Checkpoint),
            Self::Full => Some(Start::Full),
            Self::Quit => None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Token => "Go on where it stopped",
            Self::Checkpoint => "Start from the checkpoint",
            Self::Full => "Full re-sync",
            Self::Quit => "Quit",
        }
    }

    /// What it would do.
    #[must_use]
    pub fn consequence(self, model: &Model) -> String {
        let checkpoint = match &model.heard.checkpoint.value {
            Some((_, text)) => text.as_str(),
            None => BEGINNING,
        };
        match (self, &model.heard.unfinished) {
            (Self::Token, Some(unfinished)) => on_going_on(model, unfinished),
            (Self::Token, None) => "There is no run to go on with.".to_owned(),
            (Self::Checkpoint, _) => format!(
                "That run is given up, and a new one asks for rows since {checkpoint}. What is stored stays."
            ),
            (Self::Full, _) => format!(
                "A new run asks for everything since {BEGINNING}. What is stored stays and is compared; the \
                 checkpoint does not go back."
            ),
            (Self::Quit, _) => {
                "Nothing is asked for and nothing changes; the next start offers this again.".to_owned()
            }
        }
    }
}

fn on_going_on(model: &Model, unfinished: &Unfinished) -> String {
    let page = text::number(unfinished.pages + 1);
    let run = unfinished.run;
    let (by, with) = request(&unfinished.next);
    if by == "since" {
        return format!("Run {run} goes on with page {page}, asking for rows since {with}.");
    }
    let age = match unfinished.token_at {
        Some(at) => format!(", given {}", text::age(model.now, at)),
        None => String::new(),
    };
    format!(
        "Run {run} goes on with page {page} by its scroll token{age}. Should the source refuse the token, the run \
         falls back to the checkpoint."
    )
}

/// How a run was left, in a sentence.
#[must_use]
pub fn left(model: &Model, unfinished: &Unfinished) -> String {
    let how = match unfinished.outcome {
        None => "ended without a word: its process was killed",
        Some(Outcome::Paused) => "was left while paused",
        Some(Outcome::Stopped) => "was stopped",
        Some(Outcome::Failed) => "failed",
        Some(Outcome::Complete) => "is complete",
    };
    format!(
        "Run {} {how}. It began {} and stored {}.",
        unfinished.run,
        text::age(model.now, unfinished.started_at),
        text::count(unfinished.pages, "page"),
    )
}

impl Detail {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), fields: Vec::new(), top: 0 }
    }

    fn field(mut self, label: &str, value: impl Into<String>) -> Self {
        self.fields.push((label.to_owned(), value.into()));
        self
    }

    /// All of a user.
    #[must_use]
    pub fn user(user: &UserEntry) -> Self {
        let mut detail = Self::new(format!("User {}", user.id()));
        for column in USER.columns {
            detail = detail.field(column.name, user.value(column.name).unwrap_or("null"));
        }
        let Some(came) = user.came else { return detail };
        detail.field("", "").field("stored", format!("with page {}, {}", came.page, clock(came.at))).field(
            "fate",
            match came.fate {
                crate::run::Fate::New => "new: its id was not in the table",
                crate::run::Fate::Changed => "changed: it replaced an older version",
                crate::run::Fate::Same => "same: the table held these values already",
                crate::run::Fate::Stale => "stale: the table holds a newer version, which stays",
            },
        )
    }

    /// All of a page.
    #[must_use]
    pub fn page(page: &PageEntry) -> Self {
        let none = || "none".to_owned();
        let counts = &page.counts;
        Self::new(format!("Page {}", page.page))
            .field("asked", format!("by {} {}", page.asked_by, page.asked_with))
            .field(
                "answer",
                format!(
                    "{} bytes: first byte after {}, last byte {} later",
                    text::number(page.bytes),
                    text::milliseconds(page.wait_ms),
                    text::milliseconds(page.body_ms),
                ),
            )
            .field("retries", page.retries.to_string())
            .field("first", page.first.clone().unwrap_or_else(none))
            .field("last", page.last.clone().unwrap_or_else(none))
            .field(
                "rows",
                format!(
                    "{}: {} new, {} changed, {} same, {} stale, {} quarantined",
                    counts.rows, counts.new, counts.changed, counts.same, counts.stale, counts.quarantined,
                ),
            )
            .field(
                "cursors",
                format!(
                    "{} without one, {} in the source's future; {} rows with fields beyond the schema",
                    counts.no_cursor, counts.future, counts.extra,
                ),
            )
            .field("token", page.token.clone().unwrap_or_else(none))
            .field("checkpoint", page.checkpoint.clone().unwrap_or_else(none))
            .field("then", page.decision.clone())
            .field("stored", clock(page.at))
    }

    /// All of a line of the log.
    #[must_use]
    pub fn line(line: &LogEntry) -> Self {
        Self::new("Log").field("at", clock(line.at)).field("what", line.text.clone())
    }

    /// All of a problem.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        let run = problem.run.map_or("none".to_owned(), |run| run.to_string());
        Self::new("Problem")
            .field("what", problem.text.clone())
            .field("next", problem.advice)
            .field("run", run)
            .field("at", clock(problem.at))
    }

    /// Its lines, cut to a width: a label where a field begins, and a piece of its value.
    #[must_use]
    pub fn lines(&self, cells: usize) -> Vec<(&str, String)> {
        let widest = self.fields.iter().map(|(label, _)| text::width(label)).max();
        let cells = cells.saturating_sub(widest.unwrap_or(0) + 2);
        let mut lines = Vec::new();
        for (label, value) in &self.fields {
            let mut label = label.as_str();
            for piece in text::wrap(value, cells) {
                lines.push((label, piece));
                label = "";
            }
        }
        lines
    }
}

fn clock(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// One line of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpLine {
    /// The heading of a group.
    Heading(&'static str),
    /// A key, or nothing where its explanation goes on, and a piece of the explanation.
    Key(String, String),
}

/// How many cells the names of the keys take in the help.
pub const HELP_KEYS: usize = 13;

/// The help, cut to a width: every key, then what is too long for the header.
#[must_use]
pub fn help(model: &Model, cells: usize) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let entry = |lines: &mut Vec<HelpLine>, label: String, value: &str| {
        let mut label = label;
        for piece in text::wrap(value, cells.saturating_sub(HELP_KEYS)) {
            lines.push(HelpLine::Key(std::mem::take(&mut label), piece));
        }
    };
    for group in Group::ALL {
        lines.push(HelpLine::Heading(group.title()));
        for binding in KEYMAP.iter().filter(|binding| binding.group == group) {
            entry(&mut lines, binding.names(), binding.help);
        }
    }
    lines.push(HelpLine::Heading("This stream"));
    if let Some(stream) = &model.heard.stream {
        entry(&mut lines, "source".to_owned(), &stream.source);
        entry(&mut lines, "destination".to_owned(), &stream.destination);
    }
    entry(&mut lines, "highwater".to_owned(), env!("CARGO_PKG_VERSION"));
    lines
}
