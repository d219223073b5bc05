//! One run, as it is told or as the log has it. Text in it is safe for a terminal.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::theme::Role;
use super::entries::{request, safe};
use super::heard::{Heard, Run};
use super::scroll::Keyed;
use super::stretch::Numbered;
use crate::destination::reader::PastRun;
use crate::run::{Outcome, Start, Totals};
use crate::walk::{By, End, Mode};

/// One run. What is not known of it is `None`.
#[derive(Clone, Debug)]
pub struct RunEntry {
    /// Its number.
    pub run: i64,
    /// How it stands.
    pub state: State,
    /// When it began.
    pub began: Option<DateTime<Utc>>,
    /// When it was last left.
    pub left: Option<DateTime<Utc>>,
    /// Where it started.
    pub start: Option<Start>,
    /// How it walks.
    pub walk: Option<Mode>,
    /// Its first request: by what, and with what.
    pub first: Option<(By, String)>,
    /// The end in words.
    pub text: Option<String>,
    /// True if it can be gone on with.
    pub unfinished: bool,
    /// The checkpoint before it.
    pub before: Option<String>,
    /// The checkpoint after it, or so far.
    pub after: Option<String>,
    /// Its counters.
    pub totals: Option<Totals>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is under way.
    UnderWay,
    /// It was left.
    Left {
        /// How.
        outcome: Outcome,
        /// True if something about it needs attention.
        attention: bool,
    },
    /// Its process was killed.
    Killed,
}

impl State {
    /// Its meaning, its glyph and its word: the same as those of the phase in which such a run ends.
    #[must_use]
    pub fn sign(self) -> (Role, &'static str, &'static str) {
        match self {
            Self::UnderWay => (Role::Good, "●", "under way"),
            Self::Left { outcome, attention } => match outcome {
                Outcome::Complete if attention => (Role::Warn, "!", "attention"),
                Outcome::Complete => (Role::Good, "✔", "complete"),
                Outcome::Paused => (Role::Held, "‖", "paused"),
                Outcome::Stopped => (Role::Held, "■", "stopped"),
                Outcome::Failed => (Role::Bad, "✖", "failed"),
            },
            Self::Killed => (Role::Warn, "◌", "killed"),
        }
    }
}

impl RunEntry {
    /// The run that is told of. What was before this process took it up, only the log knows.
    #[must_use]
    pub fn live(heard: &Heard, run: &Run, logged: Option<&Self>) -> Self {
        let ended = heard.ended.as_ref().filter(|ended| ended.run == run.number);
        let state = ended.map_or(State::UnderWay, |ended| State::Left {
            outcome: ended.outcome,
            attention: !ended.attention.is_empty(),
        });
        Self {
            run: run.number,
            state,
            began: logged.and_then(|logged| logged.began).or(Some(run.began)),
            left: ended.map(|_| heard.phase_at),
            start: logged.and_then(|logged| logged.start).or(Some(run.start)),
            walk: Some(heard.walk),
            first: logged.and_then(|logged| logged.first.clone()).or_else(|| Some(run.first.clone())),
            text: ended.map(|ended| ended.text.clone()),
            unfinished: heard.unfinished.as_ref().is_some_and(|unfinished| unfinished.run == run.number),
            before: logged.map_or_else(|| run.before.clone(), |logged| logged.before.clone()),
            after: heard.checkpoint.value.as_ref().map(|(_, text)| text.clone()),
            totals: Some(run.totals),
        }
    }

    /// A run of the log.
    #[must_use]
    pub fn past(run: PastRun) -> Self {
        let text = |text: Option<String>| text.as_deref().map(safe);
        let attention = needs_attention(run.totals.as_ref(), run.end.as_ref());
        Self {
            run: run.run,
            state: run.outcome.map_or(State::Killed, |outcome| State::Left { outcome, attention }),
            began: run.started_at,
            left: run.ended_at,
            start: run.start,
            walk: run.mode,
            first: run.first.as_ref().map(request),
            text: text(run.text),
            unfinished: run.unfinished,
            before: text(run.checkpoint_before),
            after: text(run.checkpoint_after),
            totals: run.totals,
        }
    }

    /// How long it took, waits and pauses included.
    #[must_use]
    pub fn took(&self) -> Option<TimeDelta> {
        let elapsed = self.totals.as_ref()?.elapsed_ms;
        Some(TimeDelta::milliseconds(i64::try_from(elapsed).unwrap_or(i64::MAX / 2)))
    }
}

/// True if a run that ended so is told of with a warning.
fn needs_attention(totals: Option<&Totals>, end: Option<&End>) -> bool {
    let unexplained = matches!(end, Some(End::EmptyPage { token: true } | End::NoData));
    let counted = |totals: &Totals| {
        let seams = totals.seams;
        let all = [seams.tie_unsafe, seams.tie_overflow, seams.not_inclusive, totals.counts.quarantined];
        all.iter().any(|count| *count > 0)
    };
    unexplained || totals.is_some_and(counted)
}

impl Keyed for RunEntry {
    type Key = i64;

    fn key(&self) -> i64 {
        self.run
    }

    fn is(&self, key: &i64) -> bool {
        self.run == *key
    }
}

impl Numbered for RunEntry {
    fn number(&self) -> u64 {
        u64::try_from(self.run).unwrap_or(0)
    }
}
