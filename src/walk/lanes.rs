//! Several walks side by side, each through a stretch of cursor time of its own: past the limit of one scroll, which
//! cannot ask for a page before it has the one before.
//!
//! Pure, as the walk is. The leftmost lane is the run's walk, and it alone holds the mark. The lanes ahead of it only
//! read early: what they store lies above the mark until the leftmost lane reaches the start of the next one, and goes
//! on from where that has come. So whatever becomes of the lanes ahead, the mark is the end of an unbroken stretch, and
//! to forget them costs time and no row.
//!
//! What is split reaches up to the source's clock as of the first page of the sitting. What changed since is read last,
//! by one lane: a row that moves there from a stretch that nobody has read yet is met at the end, as by a single walk.

mod refusal;
mod split;
mod told;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use serde::{Deserialize, Serialize};

pub use self::refusal::Refusal;
pub use self::told::{LaneTold, LanesTold};
use super::{Decision, Finding, Next, Request, Step, Walk};
use crate::record::{Cursor, Page};

/// The most lanes that can be asked for.
pub const MOST: u32 = 64;

/// A run's walk, and the lanes ahead of it.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// The leftmost lane.
    first: Walk,
    /// Its number, from 1, as all lanes are called.
    number: u32,
    opens: bool,
    /// The first cursor that it has shown in this sitting.
    from: Option<Cursor>,
    /// How much cursor time its last page took.
    span: TimeDelta,
    /// The others, by their starts.
    ahead: Vec<Lane>,
    /// The start of the lane that the leftmost has just become one with: what that asked for may have been answered
    /// before the leftmost had read its own stretch.
    joined: Option<Cursor>,
    /// How many may ask at once.
    width: u32,
    /// How far below the source's clock rows may still appear.
    lag: TimeDelta,
    /// Up to where the stretch is split: the source's clock at the first page of the sitting, less the lag.
    until: Option<DateTime<Utc>>,
    refused: Option<Refusal>,
}

/// What is stored beside the walk of a run, to go on with its lanes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Abreast {
    /// The number of the leftmost lane.
    first: u32,
    /// As [`Lane::opens`], of the leftmost.
    opens: bool,
    ahead: Vec<Lane>,
}

impl Default for Abreast {
    fn default() -> Self {
        Self { first: 1, opens: false, ahead: Vec::new() }
    }
}

/// A lane ahead of the leftmost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    number: u32,
    start: Cursor,
    walk: Walk,
    /// True until its first page.
    opens: bool,
    /// Present once there is nothing more for it to read: what follows is left to the leftmost lane, and so is what lies
    /// above this instant, where rows may have appeared since.
    rests: Option<DateTime<Utc>>,
    /// How much cursor time its last page took, or that of the lane whose stretch it took over; in milliseconds.
    span_ms: i64,
}

impl Lanes {
    /// The lanes of a run: its walk, and what an earlier process left beside it. `lag` is how far below its clock the
    /// source may still show rows.
    #[must_use]
    pub fn new(first: Walk, abreast: Abreast, lag: Duration) -> Self {
        Self {
            first,
            number: abreast.first,
            opens: abreast.opens,
            from: None,
            span: TimeDelta::zero(),
            ahead: abreast.ahead,
            joined: None,
            width: 1,
            lag: TimeDelta::from_std(lag).unwrap_or(TimeDelta::MAX),
            until: None,
            refused: None,
        }
    }

    /// The leftmost lane, which holds the mark.
    #[must_use]
    pub fn first(&self) -> &Walk {
        &self.first
    }

    /// True of the leftmost lane.
    #[must_use]
    pub fn is_first(&self, lane: u32) -> bool {
        lane == self.number
    }

    /// True if there are lanes ahead of the leftmost.
    #[must_use]
    pub fn are_several(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// How many lanes may ask at once from now on.
    pub fn widen_to(&mut self, width: u32) {
        self.width = width.max(1);
    }

    /// What is to be asked for now, by lane, from the left; no more than the width allows.
    pub fn asking(&self) -> impl Iterator<Item = (u32, &Request)> {
        let ahead =
            self.ahead.iter().filter(|lane| lane.rests.is_none()).map(|lane| (lane.number, lane.walk.next()));
        std::iter::once((self.number, self.first.next())).chain(ahead).take(self.width as usize)
    }

    /// What a lane is to ask for now; `None` if there is no such lane, or nothing left to ask.
    #[must_use]
    pub fn next(&self, lane: u32) -> Option<&Request> {
        if self.is_first(lane) {
            return Some(self.first.next());
        }
        self.ahead.iter().find(|it| it.number == lane && it.rests.is_none()).map(|lane| lane.walk.next())
    }

    /// What is stored with a page: the walk, and the lanes beside it.
    #[must_use]
    pub fn snapshot(&mut self) -> (Walk, Abreast) {
        let ahead = self.ahead.iter_mut().map(|lane| Lane {
            walk: lane.walk.snapshot(),
            start: lane.start.clone(),
            ..*lane
        });
        let abreast = Abreast { first: self.number, opens: self.opens, ahead: ahead.collect() };
        (self.first.snapshot(), abreast)
    }

    /// True if a lane begins with the page that it is to ask for now: it goes on from none before.
    #[must_use]
    pub fn opens(&self, lane: u32) -> bool {
        match self.ahead.iter().find(|it| it.number == lane) {
            Some(lane) => lane.opens,
            None => self.opens,
        }
    }

    /// After a pause, as [`Walk::look_up`].
    pub fn look_up(&mut self) {
        self.first.look_up();
        self.ahead.iter_mut().for_each(|lane| lane.walk.look_up());
        self.until = None;
    }

    /// A source refused the token that a lane asked with, as [`Walk::on_token_refused`].
    pub fn on_token_refused(&mut self, lane: u32) -> bool {
        match self.ahead.iter_mut().find(|it| it.number == lane) {
            Some(lane) => lane.walk.on_token_refused(),
            None => self.first.on_token_refused(),
        }
    }

    /// The cursor that a lane last asked from.
    #[must_use]
    pub fn asked(&self, lane: u32) -> Option<&Cursor> {
        let ahead = self.ahead.iter().find(|it| it.number == lane).map(|it| it.walk.asked());
        ahead.or_else(|| (lane == self.number).then(|| self.first.asked()))
    }

    /// As [`Walk::predict`]; nothing where a lane comes to the end of its stretch.
    #[must_use]
    pub fn predict(&self, lane: u32, token: Option<&str>, last: Option<&Cursor>) -> Option<Request> {
        let at = self.ahead.iter().position(|it| it.number == lane);
        let (walk, next) = match at {
            None => (&self.first, self.ahead.first()),
            Some(at) => (&self.ahead[at].walk, self.ahead.get(at + 1)),
        };
        let ends = |last: &Cursor| match next {
            Some(next) => *last >= next.start,
            None => at.is_some() && self.until.is_some_and(|until| !last.is_before(until)),
        };
        if last.is_some_and(ends) { None } else { walk.predict(token, last) }
    }

    /// Takes the page that a lane asked for. `now` is the source's clock.
    pub fn on_page(&mut self, lane: u32, page: &Page, now: DateTime<Utc>) -> Step {
        if self.until.is_none() {
            self.until = now.checked_sub_signed(self.lag);
        }
        // A lane that ends with this page and one that begins with it are not to be taken for each other.
        let taken: Vec<u32> = self.numbers().collect();
        let mut step = match self.ahead.iter().position(|it| it.number == lane) {
            Some(at) => self.on_page_ahead(at, page, now),
            None => self.on_first_page(page, now),
        };
        if matches!(step.next, Next::Ask(_) | Next::Rest)
            && let Some(refusal) = self.split(&taken)
        {
            step.findings.push(Finding::OneLane(refusal));
        }
        step
    }

    /// A page of the leftmost lane.
    fn on_first_page(&mut self, page: &Page, now: DateTime<Utc>) -> Step {
        let before = self.first.checkpoint().cloned();
        let joined = self.joined.take();
        let mut step = self.first.on_page(page, now);
        self.opens = false;
        self.from = self.from.take().or_else(|| page.cursors().next().cloned());
        self.span = span(page);
        self.joined = joined.clone().filter(|_| self.first.is_in_doubt());
        if let (Some(start), Some(until), None) = (joined, self.until, Refusal::of(&self.first))
            && self.is_through(&step.next, until)
        {
            self.ahead.clear();
            self.first.close(&start, until);
            (step.decision, step.next) = (Decision::Rest, Next::Ask(self.first.next().clone()));
            return step;
        }
        if !matches!(step.next, Next::Ask(_)) {
            self.ahead.clear();
            return step;
        }
        if let Some(refusal) = Refusal::of(&self.first) {
            step.findings.extend(self.refuse(refusal));
            return step;
        }
        while let Some(next) = self.ahead.first().filter(|next| self.first.meets(&next.start, &next.walk)) {
            step.decision = Decision::Meet(next.start.clone());
            let next = self.ahead.remove(0);
            if self.first.join(&next.walk) {
                (self.number, self.opens) = (next.number, next.opens);
                self.span = TimeDelta::milliseconds(next.span_ms);
                match next.rests {
                    Some(settled) => self.first.close(&next.start, settled),
                    None => self.joined = Some(next.start),
                }
            }
            step.next = Next::Ask(self.first.next().clone());
        }
        step.checkpoint = self.first.checkpoint().cloned();
        step.moved = step.checkpoint.as_ref().map(Cursor::text) != before.as_ref().map(Cursor::text);
        step
    }

    /// True if the leftmost lane has come to the end of the data, or of what is split.
    fn is_through(&self, next: &Next, until: DateTime<Utc>) -> bool {
        match next {
            Next::End(end) => end.is_of_data(),
            _ => !self.first.is_in_doubt() && !self.first.place().is_before(until),
        }
    }

    /// A page of a lane ahead.
    fn on_page_ahead(&mut self, at: usize, page: &Page, now: DateTime<Utc>) -> Step {
        let lane = &mut self.ahead[at];
        let opens = std::mem::take(&mut lane.opens);
        let mut step = lane.walk.on_page_of(page, now, self.first.next_page());
        self.first.number(step.page);
        (step.checkpoint, step.moved) = (self.first.checkpoint().cloned(), false);
        let stray = page.cursors().find(|cursor| opens && is_below(cursor, &lane.start));
        let refusal = match (&step.next, stray) {
            (_, Some(came)) => Some(Refusal::NotFiltered { start: lane.start.clone(), came: came.clone() }),
            (Next::End(end), None) if !end.is_explained() => Some(Refusal::Unexplained(end.clone())),
            _ => Refusal::of(&lane.walk),
        };
        if let Some(refusal) = refusal {
            // What it found is found again by the leftmost lane, if it is there.
            step.findings = self.refuse(refusal).into_iter().collect();
            (step.decision, step.next) = (Decision::Stop, Next::Rest);
            return step;
        }
        lane.span_ms = span(page).num_milliseconds();
        lane.rests = self.until.filter(|_| matches!(step.next, Next::End(_)));
        if lane.rests.is_some() {
            // There is nothing beyond.
            self.ahead.truncate(at + 1);
        }
        let met = self.meet_next(at);
        let is_last = at + 1 == self.ahead.len();
        let lane = &mut self.ahead[at];
        if is_last && !lane.walk.is_in_doubt() {
            lane.rests = lane.rests.or(self.until.filter(|until| !lane.walk.place().is_before(*until)));
        }
        if let Some(start) = met {
            (step.decision, step.next) = (Decision::Meet(start), Next::Rest);
        } else if lane.rests.is_some() {
            (step.decision, step.next) = (Decision::Rest, Next::Rest);
        }
        step
    }

    /// A lane that has reached the start of the next one becomes one with it. Gives that start.
    fn meet_next(&mut self, at: usize) -> Option<Cursor> {
        let next = self.ahead.get(at + 1)?;
        if !self.ahead[at].walk.meets(&next.start, &next.walk) {
            return None;
        }
        let next = self.ahead.remove(at + 1);
        let lane = &mut self.ahead[at];
        if lane.walk.join(&next.walk) {
            (lane.number, lane.opens, lane.rests) = (next.number, next.opens, next.rests);
            lane.span_ms = next.span_ms;
        }
        Some(next.start)
    }

    /// Goes on in one lane. Gives what is to be told of that, unless it was told before.
    #[must_use]
    pub fn refuse(&mut self, refusal: Refusal) -> Option<Finding> {
        self.ahead.clear();
        let told = self.refused.is_some() || self.width < 2;
        (!told).then(|| {
            self.refused = Some(refusal.clone());
            Finding::OneLane(refusal)
        })
    }

    fn numbers(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.number).chain(self.ahead.iter().map(|lane| lane.number))
    }
}

/// How much cursor time a page takes.
fn span(page: &Page) -> TimeDelta {
    let ends = page.cursors().next().zip(page.cursors().next_back());
    let instants = ends.and_then(|(first, last)| first.instant().zip(last.instant()));
    instants.map_or(TimeDelta::zero(), |(first, last)| last - first)
}

/// True of a row that a source leaves out if it goes by where it is asked from; one that knows whole seconds only may
/// begin at that second.
fn is_below(cursor: &Cursor, start: &Cursor) -> bool {
    start.instant().and_then(|start| start.with_nanosecond(0)).is_some_and(|second| cursor.is_before(second))
}
