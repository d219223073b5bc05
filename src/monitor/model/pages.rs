//! The pages panel: of which run the pages are looked at, and where the operator stands among them.
//!
//! Of the run that is under way, those that came by are on top, and the page log follows below them. Of another run,
//! or before the first run of this session, all of them are the log's.

use super::super::keys::Action;
use super::heard::Heard;
use super::lists::go_in;
use super::page::PageEntry;
use super::scroll::Scroll;
use super::stretch::{Ask, Listed, ROWS, Stretch, Tickets};
use super::{Effect, Model, asked};
use crate::destination::reader::{PastPage, Question};

/// How the pages are looked at.
#[derive(Clone, Debug)]
pub struct Pages {
    /// What is selected.
    pub scroll: Scroll<(i64, u64)>,
    /// The run that the operator chose; `None` is the one under way, or the last one.
    pub chosen: Option<i64>,
    /// The last run of the log.
    pub latest: Option<i64>,
    log: Stretch<PageEntry>,
    /// The run that the log is of.
    log_of: Option<i64>,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            scroll: Scroll::default(),
            chosen: None,
            latest: None,
            log: Stretch::new(Tickets::PAGES),
            log_of: None,
        }
    }
}

impl Pages {
    /// The run whose pages are looked at.
    #[must_use]
    pub fn run(&self, heard: &Heard) -> Option<i64> {
        self.chosen.or(live(heard)).or(self.latest)
    }

    /// True if they are not those of the run that is under way, or was last.
    #[must_use]
    pub fn is_elsewhere(&self, heard: &Heard) -> bool {
        self.run(heard) != live(heard)
    }

    /// True while pages are awaited.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.log.is_reading()
    }

    /// The pages that are known, newest first.
    #[must_use]
    pub fn list<'a>(&'a self, heard: &'a Heard) -> Vec<&'a PageEntry> {
        let run = self.run(heard);
        let told = heard.pages.iter().filter(|page| Some(page.run) == run);
        if self.log_of != run {
            return told.collect();
        }
        let selected = self.scroll.key().filter(|(of, _)| Some(*of) == run).map(|(_, page)| *page);
        self.log.list(told, selected)
    }

    /// The selected page.
    #[must_use]
    pub fn selected<'a>(&'a self, heard: &'a Heard) -> Option<&'a PageEntry> {
        self.scroll.selected(&self.list(heard))
    }

    /// How many pages the run has, as far as that is known: they are counted from 1.
    #[must_use]
    pub fn of(&self, heard: &Heard) -> u64 {
        let told = heard.pages.newest().filter(|page| Some(page.run) == self.run(heard));
        let logged = if self.log_of == self.run(heard) { self.log.newest() } else { 0 };
        told.map_or(0, |page| page.page).max(logged)
    }

    /// Looks at the pages of a run.
    pub fn look_at(&mut self, run: i64, heard: &Heard) -> Option<Question> {
        self.chosen = (live(heard) != Some(run)).then_some(run);
        self.scroll.first();
        self.more(heard)
    }

    /// Goes back to the run that is under way, or was last.
    pub fn back(&mut self, heard: &Heard) -> Option<Question> {
        self.chosen = None;
        self.scroll.first();
        self.more(heard)
    }

    /// Asks for more where the operator comes near the end of what is known.
    pub fn more(&mut self, heard: &Heard) -> Option<Question> {
        let run = self.run(heard)?;
        // A run that has stored nothing yet has nothing in the log.
        let begun = heard.run.as_ref().is_none_or(|live| live.number != run || live.totals.pages > 0);
        if !begun {
            return None;
        }
        if self.log_of != Some(run) {
            self.log.clear();
            self.log_of = Some(run);
        }
        let listed = self.listed(heard);
        let ask = self.log.more(listed);
        self.question(ask)
    }

    /// Goes to the newest page, and follows it.
    fn ask_first(&mut self, heard: &Heard) -> Option<Question> {
        self.scroll.first();
        if self.is_elsewhere(heard) || heard.pages.is_empty() {
            let ask = self.log.ask_first();
            return self.question(ask);
        }
        None
    }

    /// Asks for the oldest pages, if they are not known.
    fn ask_last(&mut self, heard: &Heard) -> Option<Question> {
        let listed = self.listed(heard);
        let ask = self.log.ask_last(listed);
        self.question(ask)
    }

    fn listed(&mut self, heard: &Heard) -> Listed {
        if !self.is_elsewhere(heard) {
            let oldest = heard.pages.iter().last().map_or(0, |page| page.page);
            self.log.reaches(oldest.saturating_sub(1));
        }
        let list = self.list(heard);
        Listed::new(&list, self.scroll.rank(&list))
    }

    fn question(&self, ask: Option<Ask>) -> Option<Question> {
        let (ask, run) = (ask?, self.log_of?);
        Some(Question::Pages { ticket: ask.ticket, run, before: ask.before, rows: ROWS })
    }

    /// Takes pages of the log in; `height` is how many fit on the screen.
    pub fn take(&mut self, ticket: u64, pages: Vec<PastPage>, height: usize) {
        let pages = pages.into_iter().map(PageEntry::past).collect();
        if self.log.take(ticket, pages) {
            // Selected by its number: what is live is not listed with it.
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

/// True if lanes other than the first brought some of these pages.
#[must_use]
pub fn have_lanes(pages: &[&PageEntry]) -> bool {
    pages.iter().any(|page| page.lane.is_some_and(|lane| lane > 1))
}

/// Selects the page on a line of the panel.
pub fn pick(model: &mut Model, line: usize, height: usize) -> Vec<Effect> {
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    let mut scroll = model.pages.scroll.clone();
    scroll.pick(&model.pages.list(heard), line, height);
    model.pages.scroll = scroll;
    if model.has_table { asked(model.pages.more(heard)) } else { Vec::new() }
}

/// Moves the selection among the pages.
pub fn go(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    model.pages.log.elsewhere();
    let question = match action {
        Action::First => model.pages.ask_first(heard),
        Action::Last if model.has_table => model.pages.ask_last(heard),
        _ => None,
    };
    if question.is_none() {
        // What is listed depends on where the operator stands.
        let mut scroll = model.pages.scroll.clone();
        go_in(&mut scroll, &model.pages.list(heard), action, height);
        model.pages.scroll = scroll;
    }
    let more = if model.has_table && question.is_none() { model.pages.more(heard) } else { None };
    asked(question.into_iter().chain(more))
}

fn live(heard: &Heard) -> Option<i64> {
    heard.run.as_ref().map(|run| run.number)
}
