//! The narrator: what happens → what is said of it, by the cues of the scenario. Pure: no clock and no channel.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::scenario::{Cue, Scenario, Trigger};
use crate::destination::Stored;
use crate::lesson::{Beside, Narration};
use crate::record::Cursor;
use crate::run::Outcome;
use crate::sanitize;
use crate::sync::event::{Event, Level, NoticeKind, PageStored, Phase, Stamped};
use crate::text::number;

/// What a text can name in braces.
pub const PLACEHOLDERS: &[&str] = &[
    "page",
    "rows",
    "new",
    "changed",
    "same",
    "cursor",
    "checkpoint",
    "wait",
    "reason",
    "lost",
    "repeated",
    "beside_page",
    "beside_rows",
];

/// Who says it.
#[derive(Debug)]
pub struct Narrator {
    cues: Vec<(Cue, u64)>,
    facts: Facts,
    heard: HashSet<Trigger>,
    holding: bool,
}

/// What the texts can name.
#[derive(Clone, Debug, Default)]
struct Facts {
    page: u64,
    rows: u64,
    new: u64,
    changed: u64,
    same: u64,
    cursor: Option<Cursor>,
    checkpoint: Option<Cursor>,
    wait_ms: u64,
    reason: String,
    beside: Option<Beside>,
}

impl Narrator {
    /// A narrator who has said nothing yet.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            cues: scenario.cues.iter().map(|cue| (cue.clone(), 0)).collect(),
            facts: Facts::default(),
            heard: HashSet::new(),
            holding: false,
        }
    }

    /// Takes in an event, and says what is due.
    pub fn hear(&mut self, stamped: &Stamped) -> Option<Narration> {
        let triggers = match &stamped.event {
            Event::Opened(opened) => {
                self.facts.rows = opened.rows;
                self.facts.checkpoint = opened.checkpoint.clone();
                let fresh = opened.unfinished.is_none();
                fresh.then_some((Trigger::Start, 0)).into_iter().collect()
            }
            Event::RunStarted(started) => {
                self.facts.page = started.totals.pages;
                let again = started.continued.then_some((Trigger::ResumedAfterKill, self.facts.page));
                again.into_iter().collect()
            }
            Event::Phase { phase } => self.phase(phase, stamped.at),
            Event::Page(page) => self.page(page),
            Event::Notice(notice) => {
                let next = self.facts.page + 1;
                let trigger = match notice.kind {
                    NoticeKind::Retry => Some((Trigger::Retry, next)),
                    NoticeKind::TokenRefused => Some((Trigger::TokenRefused, next)),
                    NoticeKind::TieUnsafe { .. } => Some((Trigger::TieUnsafe, self.facts.page)),
                    NoticeKind::TieOverflow { .. } => Some((Trigger::TieOverflow, self.facts.page)),
                    NoticeKind::OrderViolated => Some((Trigger::OrderViolated, self.facts.page)),
                    _ => None,
                };
                trigger.into_iter().collect()
            }
            Event::Lanes(_) => Vec::new(),
            Event::RunEnded(ended) => {
                self.facts.rows = ended.rows;
                self.facts.checkpoint = ended.checkpoint.clone();
                let complete = ended.outcome == Outcome::Complete;
                complete.then_some((Trigger::Complete, self.facts.page)).into_iter().collect()
            }
        };
        self.say(stamped.at, triggers)
    }

    /// Takes in how the walker beside stands, and says what is due.
    pub fn see(&mut self, beside: &Beside) -> Option<Narration> {
        let (lost, repeated) = self.facts.beside.as_ref().map_or((0, 0), |old| (old.lost, old.repeated));
        let mut triggers = Vec::new();
        if beside.lost > lost {
            triggers.push((Trigger::Lost, beside.pages));
        }
        if beside.repeated > repeated {
            triggers.push((Trigger::Repeated, beside.pages));
        }
        self.facts.beside = Some(beside.clone());
        self.say(beside.at, triggers)
    }

    /// Learns that the process was killed, and what it left stored, and says what is due.
    pub fn killed(&mut self, stored: &Stored, at: DateTime<Utc>) -> Option<Narration> {
        self.facts.rows = stored.rows;
        self.facts.checkpoint = stored.checkpoint.clone();
        self.facts.page = stored.unfinished.as_ref().map_or(0, |run| run.totals.pages);
        self.say(at, vec![(Trigger::Killed, self.facts.page)])
    }

    /// What has happened so far, whether or not it was spoken of.
    #[must_use]
    pub fn heard(&self, trigger: Trigger) -> bool {
        self.heard.contains(&trigger)
    }

    fn phase(&mut self, phase: &Phase, at: DateTime<Utc>) -> Vec<(Trigger, u64)> {
        let held = std::mem::replace(&mut self.holding, *phase == Phase::Paused);
        let goes_on = |page: u64| held.then_some((Trigger::Resumed, page));
        match phase {
            Phase::Paused => vec![(Trigger::Paused, self.facts.page)],
            Phase::Running { page, .. } => goes_on(*page).into_iter().collect(),
            Phase::Waiting { page, until, reason, .. } => {
                self.facts.wait_ms = u64::try_from((*until - at).num_milliseconds()).unwrap_or(0);
                self.facts.reason = reason.clone();
                [(Trigger::Waiting, *page)].into_iter().chain(goes_on(*page)).collect()
            }
            Phase::Idle
            | Phase::Storing { .. }
            | Phase::Outage { .. }
            | Phase::Pausing { .. }
            | Phase::Stopping { .. }
            | Phase::Resting { .. }
            | Phase::Holding
            | Phase::Ended { .. } => Vec::new(),
        }
    }

    fn page(&mut self, page: &PageStored) -> Vec<(Trigger, u64)> {
        let facts = &mut self.facts;
        facts.page = page.page;
        facts.rows = page.rows;
        facts.new = page.counts.new;
        facts.changed = page.counts.changed;
        facts.same = page.counts.same;
        facts.cursor = page.last.clone();
        facts.checkpoint = page.checkpoint.clone();
        let held = page.checkpoint_held.then_some((Trigger::CheckpointHeld, page.page));
        held.into_iter().chain([(Trigger::Page, page.page)]).collect()
    }

    /// What the first cue says that is due for one of these, the most telling of which comes first.
    fn say(&mut self, at: DateTime<Utc>, triggers: Vec<(Trigger, u64)>) -> Option<Narration> {
        self.heard.extend(triggers.iter().map(|(trigger, _)| trigger));
        let facts = &self.facts;
        triggers.into_iter().find_map(|(trigger, page)| {
            let due = |(cue, said): &&mut (Cue, u64)| {
                cue.on == trigger
                    && cue.page.is_none_or(|wanted| wanted == page)
                    && cue.times.is_none_or(|most| *said < most)
            };
            let (cue, said) = self.cues.iter_mut().find(due)?;
            *said += 1;
            let text = sanitize::line(&facts.fill(&cue.say)).into_owned();
            Some(Narration { at, level: level(trigger), text })
        })
    }
}

impl Facts {
    fn fill(&self, text: &str) -> String {
        let mut parts = text.split('{');
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            filled.push_str(&self.value(name));
            filled.push_str(rest);
        }
        filled
    }

    fn value(&self, name: &str) -> String {
        let cursor = |cursor: &Option<Cursor>| cursor.as_ref().map_or("none".to_owned(), ToString::to_string);
        let beside = |figure: fn(&Beside) -> u64| number(self.beside.as_ref().map_or(0, figure));
        match name {
            "page" => number(self.page),
            "rows" => number(self.rows),
            "new" => number(self.new),
            "changed" => number(self.changed),
            "same" => number(self.same),
            "cursor" => cursor(&self.cursor),
            "checkpoint" => cursor(&self.checkpoint),
            "wait" => format!("{:.1} s", self.wait_ms as f64 / 1_000.0),
            "reason" => self.reason.clone(),
            "lost" => beside(|beside| beside.lost),
            "repeated" => beside(|beside| beside.repeated),
            "beside_page" => beside(|beside| beside.pages),
            "beside_rows" => beside(|beside| beside.rows),
            _ => String::new(),
        }
    }
}

/// How much a thing matters.
fn level(trigger: Trigger) -> Level {
    match trigger {
        Trigger::Lost | Trigger::Repeated | Trigger::TieUnsafe | Trigger::TieOverflow => Level::Attention,
        Trigger::Retry
        | Trigger::Waiting
        | Trigger::TokenRefused
        | Trigger::OrderViolated
        | Trigger::CheckpointHeld
        | Trigger::Killed => Level::Warning,
        Trigger::Start
        | Trigger::Page
        | Trigger::Paused
        | Trigger::Resumed
        | Trigger::ResumedAfterKill
        | Trigger::Complete => Level::Info,
    }
}

#[cfg(test)]
mod tests;
