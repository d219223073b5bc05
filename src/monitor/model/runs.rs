//! The runs panel: the history of the log, with the run under way on top as the sync tells it.

use super::super::keys::Action;
use super::heard::Heard;
use super::lists::go_in;
use super::run::RunEntry;
use super::scroll::Scroll;
use super::stretch::{Ask, Listed, ROWS, Stretch, Tickets};
use super::{Effect, Model, asked};
use crate::destination::reader::{PastRun, Question};

/// How the runs are looked at.
#[derive(Clone, Debug)]
pub struct Runs {
    /// What is selected.
    pub scroll: Scroll<i64>,
    /// The run that others are compared with.
    pub marked: Option<RunEntry>,
    log: Stretch<RunEntry>,
}

impl Default for Runs {
    fn default() -> Self {
        Self { scroll: Scroll::default(), marked: None, log: Stretch::new(Tickets::RUNS) }
    }
}

impl Runs {
    /// The run under way, or the last one, as it was told; what it had before this session is the log's.
    #[must_use]
    pub fn live(&self, heard: &Heard) -> Option<RunEntry> {
        let run = heard.run.as_ref()?;
        Some(RunEntry::live(heard, run, self.get(run.number)))
    }

    /// The runs that are known, newest first.
    #[must_use]
    pub fn list<'a>(&'a self, live: Option<&'a RunEntry>) -> Vec<&'a RunEntry> {
        let selected = self.scroll.key().and_then(|run| u64::try_from(*run).ok());
        self.log.list(live.into_iter(), selected)
    }

    fn listed(&self, live: Option<&RunEntry>) -> Listed {
        let list = self.list(live);
        Listed::new(&list, self.scroll.rank(&list))
    }

    /// The run of a number, if the log's are known.
    #[must_use]
    pub fn get(&self, run: i64) -> Option<&RunEntry> {
        self.log.get(u64::try_from(run).ok()?)
    }

    /// The newest run that the log is known to have.
    #[must_use]
    pub fn latest(&self) -> Option<i64> {
        i64::try_from(self.log.newest()).ok().filter(|run| *run > 0)
    }

    /// True while runs are awaited.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.log.is_reading()
    }

    /// Keeps a run that another follows: the log has it too, where there is one.
    pub fn keep(&mut self, run: RunEntry) {
        self.log.keep(run);
    }

    /// Marks a run to compare others with, or no longer.
    pub fn mark(&mut self, run: RunEntry) {
        self.marked = (!self.is_marked(&run)).then_some(run);
    }

    /// True if a run is the marked one.
    #[must_use]
    pub fn is_marked(&self, run: &RunEntry) -> bool {
        self.marked.as_ref().is_some_and(|marked| marked.run == run.run)
    }

    /// Asks for the newest runs.
    pub fn refresh(&mut self) -> Question {
        question(self.log.refresh())
    }

    /// Takes runs of the log in; `height` is how many fit on the screen.
    pub fn take(&mut self, ticket: u64, runs: Vec<PastRun>, height: usize) {
        let runs = runs.into_iter().map(RunEntry::past).collect();
        if self.log.take(ticket, runs) {
            let mut scroll = std::mem::take(&mut self.scroll);
            scroll.last(&self.log.list(std::iter::empty(), None), height);
            self.scroll = scroll;
        }
    }

    /// A question could not be answered; true if it was asked here.
    pub fn failed(&mut self, ticket: u64) -> bool {
        self.log.failed(ticket)
    }
}

fn question(ask: Ask) -> Question {
    Question::Runs {
        ticket: ask.ticket,
        before: ask.before.and_then(|run| i64::try_from(run).ok()),
        rows: ROWS,
    }
}

/// Selects the run on a line of the panel.
pub fn pick(model: &mut Model, line: usize, height: usize) -> Vec<Effect> {
    let live = model.runs.live(model.seen());
    let mut scroll = model.runs.scroll.clone();
    scroll.pick(&model.runs.list(live.as_ref()), line, height);
    model.runs.scroll = scroll;
    if !model.has_table {
        return Vec::new();
    }
    let listed = model.runs.listed(live.as_ref());
    asked(model.runs.log.more(listed).map(question))
}

/// Moves the selection among the runs.
pub fn go(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let live = model.runs.live(model.seen());
    let runs = &mut model.runs;
    runs.log.elsewhere();
    let at = runs.listed(live.as_ref());
    let ask = match action {
        Action::Last if model.has_table => runs.log.ask_last(at),
        _ => None,
    };
    if ask.is_some() {
        return asked(ask.map(question));
    }
    let mut scroll = runs.scroll.clone();
    go_in(&mut scroll, &runs.list(live.as_ref()), action, height);
    runs.scroll = scroll;
    let at = runs.listed(live.as_ref());
    let ask = match action {
        _ if !model.has_table => None,
        Action::First if live.is_none() => runs.log.ask_first(),
        _ => runs.log.more(at),
    };
    asked(ask.map(question))
}
