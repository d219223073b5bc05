//! The state machine of a walk. Serialisable whole: what is stored with a page is what a later process goes on from.

mod beside;
mod checks;
mod cross;
mod standing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ceiling::Ceiling;
use super::followed::Followed;
use super::manner::{Anchor, Manner, Promise};
use super::mark::Mark;
use super::{Decision, End, FUTURE, Finding, Mode, Next, PATIENCE, Request, Step};
use crate::record::{Cursor, Page};

/// A run's walk through the source, from its first request to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Walk {
    mode: Mode,
    follow_empty: bool,
    next: Request,
    /// What the run began from: where it begins again if order cannot be trusted.
    start: Cursor,
    /// How far this run has read in order: the checkpoint, except in a full re-sync, which begins far below it.
    reached: Cursor,
    /// The source's clock when the run's first page came.
    began: Option<DateTime<Utc>>,
    mark: Mark,
    manner: Manner,
    /// True if a token is known to go on within a group of rows that share their cursor.
    #[serde(default)]
    steps_within: bool,
    /// True once an inclusive request has shown its own value: the bound of a source does not change in a run.
    inclusive: bool,
    page: u64,
    /// True once a token was trusted with a seam that could not be asked for, or with an order that was none.
    #[serde(default)]
    trusting: bool,
    empty_pages: u32,
    /// How many pages in a row may bring nothing.
    #[serde(default = "patience")]
    patience: u32,
    #[serde(skip)]
    ceiling: Ceiling,
    /// The cursor that was last asked from: an anchored walk must get beyond it.
    asked: Cursor,
    /// What the page before promised, if the present request is to show it.
    #[serde(default)]
    promise: Option<Promise>,
    /// The last cursor that the walk has seen, for order across seams that are crossed by token.
    last: Option<Cursor>,
    /// The value that may lie on both sides of the seam just crossed by token.
    seam: Option<Cursor>,
    /// Where a refused token last fell back to: a second time without progress is an end. Not kept beyond it: the
    /// source may have come to its senses, and whoever goes on with the run would be refused for ever.
    #[serde(skip)]
    refused_at: Option<Cursor>,
    #[serde(skip)]
    followed: Followed,
}

fn patience() -> u32 {
    PATIENCE
}

impl Walk {
    /// A walk that starts from a cursor, inclusively, with the checkpoint as it stands. With `follow_empty`, a
    /// token that comes with an empty page is followed, up to [`PATIENCE`] in a row unless
    /// [`Walk::patient_for`] says otherwise.
    #[must_use]
    pub fn new(mode: Mode, follow_empty: bool, start: Cursor, checkpoint: Option<Cursor>) -> Self {
        Self {
            mode,
            follow_empty,
            next: Request::Since(start.clone()),
            asked: start.clone(),
            reached: start.clone(),
            start,
            began: None,
            mark: Mark::new(checkpoint),
            manner: match mode {
                Mode::Scroll => Manner::Token,
                Mode::Auto | Mode::Anchor => Manner::Anchored(Anchor::Start),
            },
            steps_within: false,
            inclusive: false,
            page: 0,
            trusting: false,
            empty_pages: 0,
            patience: PATIENCE,
            ceiling: Ceiling::default(),
            promise: None,
            last: None,
            seam: None,
            refused_at: None,
            followed: Followed::default(),
        }
    }

    /// The same, with that many pages in a row that may bring nothing.
    #[must_use]
    pub fn patient_for(mut self, pages: u32) -> Self {
        self.patience = pages;
        self
    }

    /// The same for a source whose tokens are places in a list, and so go on within a group of rows that share their
    /// cursor.
    #[must_use]
    pub fn stepping_within(mut self) -> Self {
        self.steps_within = true;
        self
    }

    /// The same for a source that does not go by cursor: by token, and with the checkpoint held until everything is
    /// read. A walk that must be anchored ends with its first page.
    #[must_use]
    pub fn unordered(mut self) -> Self {
        self.mark.hold();
        if self.mode == Mode::Auto {
            self.manner = Manner::Token;
        }
        self
    }

    /// After a pause: what has changed meanwhile is as much part of the run as what was there when it began.
    pub fn look_up(&mut self) {
        self.ceiling = Ceiling::default();
    }

    /// A new walk that takes the place of this one. What it knows of the source's order stays known: the checkpoint
    /// may have passed rows that are still to come, and a new walk that is left early must not begin above them.
    #[must_use]
    pub fn anew(&self, mode: Mode, follow_empty: bool, start: Cursor, checkpoint: Option<Cursor>) -> Self {
        let mut anew = Self::new(mode, follow_empty, start, checkpoint).patient_for(self.patience);
        if self.is_held() {
            anew.mark.hold();
        }
        anew.steps_within = self.steps_within;
        anew
    }

    /// The walk as it is stored with a page: without the tokens that it followed, which only grow.
    #[must_use]
    pub fn snapshot(&mut self) -> Self {
        let followed = std::mem::take(&mut self.followed);
        let snapshot = self.clone();
        self.followed = followed;
        snapshot
    }

    /// What the next request will most likely be, judged by the little of an answer that can be read at once, so
    /// that it can be on the wire while the rows are decoded and written. [`Walk::on_page`] has the last word.
    #[must_use]
    pub fn predict(&self, token: Option<&str>, last: Option<&Cursor>) -> Option<Request> {
        let token = token?;
        if self.manner == Manner::Token {
            let fresh = self.followed.page_of(token).is_none();
            fresh.then(|| Request::Token(token.to_owned()))
        } else {
            let beyond = last.filter(|last| **last > self.asked);
            beyond.map(|last| Request::Since(last.clone()))
        }
    }

    /// Takes the page that [`Walk::next`] asked for. `now` is the source's clock.
    pub fn on_page(&mut self, page: &Page, now: DateTime<Utc>) -> Step {
        self.on_page_of(page, now, self.next_page())
    }

    /// The same for a page that is the run's so many-th.
    pub(super) fn on_page_of(&mut self, page: &Page, now: DateTime<Utc>, number: u64) -> Step {
        self.page = number;
        let before = self.checkpoint().cloned();
        let mut findings = Vec::new();
        let (decision, next) = if !page.has_data {
            (Decision::Stop, Next::End(End::NoData))
        } else if page.is_empty() {
            self.on_empty(page, &mut findings)
        } else {
            self.empty_pages = 0;
            self.read(page, now, &mut findings);
            let reached = self.ceiling.is_reached(page, now);
            match self.on_rows(page, now, &mut findings) {
                (_, Next::Ask(_)) if reached && !self.is_held() => (Decision::Stop, Next::End(End::Ceiling)),
                (_, Next::Ask(_)) if self.followed.is_stalled(page, self.patience) => {
                    (Decision::Stop, Next::End(End::Stalled { pages: self.patience }))
                }
                onward => onward,
            }
        };
        self.trusting |= self.is_held() || decision == Decision::NothingToAnchor;
        match &next {
            Next::Ask(request) => self.ask(request.clone()),
            Next::End(end) if end.is_of_data() => self.mark.release(),
            Next::End(_) | Next::Rest => {}
        }
        Step {
            page: self.page,
            // By text: an equal instant in another spelling is no move.
            moved: self.checkpoint().map(Cursor::text) != before.as_ref().map(Cursor::text),
            checkpoint: self.checkpoint().cloned(),
            findings,
            decision,
            next,
        }
    }

    /// The source refused the token that [`Walk::next`] asks with: falls back to where nothing can be missed.
    /// False if it did so before and nothing was gained since, which would go round for ever.
    pub fn on_token_refused(&mut self) -> bool {
        let from = self.reached().clone();
        if self.refused_at.as_ref() == Some(&from) {
            return false;
        }
        self.refused_at = Some(from.clone());
        if self.manner != Manner::Token {
            self.manner = Manner::Anchored(Anchor::Start);
        }
        self.seam = None;
        self.followed = Followed::default();
        self.ask(Request::Since(from));
        true
    }

    fn ask(&mut self, request: Request) {
        if let Request::Since(cursor) = &request {
            self.asked = cursor.clone();
            // Its answer may begin below it, where a source knows whole seconds only: that is no inversion.
            self.last = None;
        }
        self.next = request;
    }

    /// Reads the page's cursors: order, the future, and the checkpoint.
    fn read(&mut self, page: &Page, now: DateTime<Utc>, findings: &mut Vec<Finding>) {
        let (last, future_from) = (self.last.take(), now + FUTURE);
        let mut previous = last.as_ref();
        let began = *self.began.get_or_insert(now);
        let (mut high, mut future, mut farthest) = (None, 0, None);
        for cursor in page.cursors() {
            if let Some(previous) = previous.filter(|previous| cursor < *previous)
                && !self.mark.is_held()
            {
                findings.push(Finding::OrderViolated { before: previous.clone(), after: cursor.clone() });
                self.mark.hold();
                high = high.filter(|cursor: &&Cursor| self.is_from_before(cursor, began));
            }
            if cursor.is_after(future_from) {
                future += 1;
                farthest = farthest.max(Some(cursor));
            } else if !self.mark.is_held() || self.is_from_before(cursor, began) {
                high = high.max(Some(cursor));
            }
            previous = Some(cursor);
        }
        self.last = previous.cloned();
        if let Some(cursor) = farthest {
            findings.push(Finding::Future(future, cursor.clone()));
        }
        if let Some(high) = high.map(|high| self.mark.within(high))
            && !self.mark.is_held()
            && *high > self.reached
        {
            self.reached = high.clone();
        }
        self.mark.raise(high);
    }

    /// True if whatever is written after the run began lies above that cursor, so that it counts although rows come in
    /// no order. One that names no instant only grows, and so all that the first page shows is from before what is
    /// written later.
    fn is_from_before(&self, cursor: &Cursor, began: DateTime<Utc>) -> bool {
        cursor.instant().map_or(self.page == 1, |at| at < began)
    }

    /// A page without rows.
    fn on_empty(&mut self, page: &Page, findings: &mut Vec<Finding>) -> (Decision, Next) {
        self.empty_pages += 1;
        if let Some(token) = &page.token
            && self.follow_empty
            && self.empty_pages <= self.patience
        {
            return self.follow(page, token, Decision::FollowEmpty);
        }
        if self.page == 1 && self.checkpoint() == Some(&self.asked) {
            findings.push(Finding::NothingAtCheckpoint(self.asked.clone()));
        }
        self.check_overflow(None, findings);
        let (_, probe) = self.check_bound(page, findings);
        probe.unwrap_or_else(|| {
            let token = page.token.is_some();
            (Decision::Stop, Next::End(End::EmptyPage { token }))
        })
    }

    /// A page with rows: what it says of the seam before it, and how to cross the one after.
    fn on_rows(&mut self, page: &Page, now: DateTime<Utc>, findings: &mut Vec<Finding>) -> (Decision, Next) {
        let first = page.cursors().next();
        self.check_overflow(first, findings);
        if let Some(value) = self.seam.take()
            && first == Some(&value)
        {
            findings.push(Finding::TieSafe(value));
        }
        self.check_reach(page, findings);
        let (inclusive, probe) = self.check_bound(page, findings);
        if let Some(probe) = probe {
            return probe;
        }
        if (!inclusive || self.is_held()) && self.manner != Manner::Token {
            if self.mode == Mode::Anchor {
                return (Decision::Stop, Next::End(End::NotAnchorable));
            }
            self.manner = Manner::Token;
            // Tokens of the anchored walk may come again, once.
            self.followed = Followed::default();
            if self.is_held() && self.asked != self.start {
                // Where rows do not ascend, the ones below an anchor were left out by the very request.
                let next = Next::Ask(Request::Since(self.start.clone()));
                return (Decision::Again(self.start.clone()), next);
            }
        }
        let promise = self.promise.take();
        match &page.token {
            None => match promise.filter(|promise| self.is_broken(promise, page)) {
                Some(promise) => self.follow(page, &promise.token, Decision::Doubt),
                None => (Decision::Stop, Next::End(End::Exhausted)),
            },
            Some(token) if self.manner == Manner::Token => self.cross_by_token(page, token, findings),
            Some(token) => self.cross_anchored(page, token, now),
        }
    }
}
