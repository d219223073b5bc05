//! What lies over the panels: at most one thing at a time.

use super::super::keys::{Group, KEYMAP};
use super::super::text;
use super::compare::WholeRun;
use super::entries::request;
use super::inspect::Inspector;
use super::row::RowSheet;
use super::{Copied, ExportForm, Input, Model, Palette, Sheet};
use crate::record::BEGINNING;
use crate::run::{Outcome, Start};
use crate::sync::event::Unfinished;
use crate::walk::By;

/// What lies over the panels.
#[derive(Clone, Debug, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// Every key and what it does, scrolled down by so many lines.
    Help(usize),
    /// All of one entry, or two runs side by side.
    Detail(Sheet),
    /// All of a row.
    Row(Box<RowSheet>),
    /// All of a page.
    Inspect(Box<Inspector>),
    /// All of a run.
    Run(Box<WholeRun>),
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

impl Overlay {
    /// True if it takes the panels' place: a filter is typed in the last line, so that what it lets through stays in
    /// sight.
    #[must_use]
    pub fn covers(&self) -> bool {
        !matches!(self, Self::None | Self::Filter(..))
    }

    /// The sheet that it is, if it is one.
    #[must_use]
    pub fn sheet(&self) -> Option<&Sheet> {
        match self {
            Self::Detail(sheet) => Some(sheet),
            Self::Row(entry) => Some(&entry.sheet),
            Self::Inspect(inspector) => Some(&inspector.sheet),
            Self::Run(run) => Some(&run.sheet),
            _ => None,
        }
    }

    /// The sheet that it is, to be scrolled or laid out anew.
    pub fn sheet_mut(&mut self) -> Option<&mut Sheet> {
        match self {
            Self::Detail(sheet) => Some(sheet),
            Self::Row(entry) => Some(&mut entry.sheet),
            Self::Inspect(inspector) => Some(&mut inspector.sheet),
            Self::Run(run) => Some(&mut run.sheet),
            _ => None,
        }
    }
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
    if by == By::Since {
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

/// What the signs and the words on the screen mean.
const WORDS: [(&str, &str); 12] = [
    ("+ new", "the table had no row of that id"),
    ("~ changed", "it replaced an older version"),
    ("= same", "the table held it already"),
    ("< stale", "older than what is stored, not written"),
    ("by since", "the page was asked for from a cursor on"),
    ("by token", "the page was asked for by what the one before it gave along"),
    ("cursor", "a row's updatedAt: rows are asked for in its order"),
    ("checkpoint", "the cursor up to which every row is stored; the next run starts there"),
    ("seam", "the cut between two pages"),
    ("walk", "how the next request follows from the last page: scroll, anchor or auto"),
    ("p50 p90 p99", "half, nine in ten, 99 in 100 answers were at least that fast"),
    ("budget", "how many requests the source's rate limit leaves"),
];

/// The help, cut to a width: every key, what the signs and the words mean, then what is too long for the header.
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
    lines.push(HelpLine::Heading("Signs and words"));
    for (word, meaning) in WORDS {
        entry(&mut lines, word.to_owned(), meaning);
    }
    lines.push(HelpLine::Heading("This stream"));
    if let Some(stream) = &model.heard.stream {
        entry(&mut lines, "source".to_owned(), &stream.source);
        entry(&mut lines, "destination".to_owned(), &stream.destination);
    }
    entry(&mut lines, "highwater".to_owned(), env!("CARGO_PKG_VERSION"));
    lines
}
