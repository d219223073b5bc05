//! What a sync tells: the one stream that the monitor, the plain report and the JSON lines are made from.
//!
//! An event is sent after the commit that it speaks of: what it says is stored, is stored. Every event that moves
//! a figure carries the figure's new value, not the step, so a reader that misses one is right again at the next.
//! The serialised form is the documented NDJSON schema: a field may be added, none is renamed or removed.

mod page;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::page::{PageStored, SHOWN_ROWS};
use crate::exchange::Budget;
use crate::record::{Cursor, Quarantined};
use crate::run::{Lost, Outcome, Start, Totals};
use crate::sanitize;
use crate::walk::lanes::LanesTold;
use crate::walk::{End, Mode, Request};

/// One event, with the time at which it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stamped {
    /// When it was sent, by this machine's clock.
    pub at: DateTime<Utc>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Stamped {
    /// The event as one line of JSON, with everything escaped that a terminal might obey.
    ///
    /// # Errors
    /// Never for an event; the type is the serialiser's.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|text| match sanitize::json(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(safe) => safe,
        })
    }

    /// Leaves out the rows, which are for screens.
    pub fn hide_rows(&mut self) {
        if let Event::Page(page) = &mut self.event {
            page.shown.clear();
        }
    }
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The destination is open; no run is under way yet.
    Opened(Opened),
    /// A run began, or went on.
    RunStarted(RunStarted),
    /// What the sync is doing changed.
    Phase {
        /// What it is doing now.
        phase: Phase,
    },
    /// One page is stored.
    Page(Box<PageStored>),
    /// The lanes of the run changed: only where there are several, or were.
    Lanes(LanesTold),
    /// Something worth knowing happened; none of these ends the run by itself.
    Notice(Notice),
    /// The run is over.
    RunEnded(Box<RunEnded>),
}

/// What stands in the destination before the first run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// The source, as a person would name it. Holds no secret.
    pub source: String,
    /// The destination, as a person would name it.
    pub destination: String,
    /// The method that the source is asked with.
    #[serde(default = "get", skip_serializing_if = "is_get")]
    pub method: String,
    /// The walk that the next run will use.
    pub walk: Mode,
    /// The checkpoint, if there is one.
    pub checkpoint: Option<Cursor>,
    /// When the checkpoint last moved.
    pub checkpoint_at: Option<DateTime<Utc>>,
    /// How many rows the table holds.
    pub rows: u64,
    /// The smallest cursor stored.
    pub oldest: Option<Cursor>,
    /// True if everything that is sent and received can be read on the way.
    #[serde(default)]
    pub plain_http: bool,
    /// The run that was left unfinished, if one was.
    pub unfinished: Option<Unfinished>,
    /// Where earlier runs may have lost rows, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// What a source is asked with unless it is said otherwise.
fn get() -> String {
    "GET".to_owned()
}

fn is_get(method: &str) -> bool {
    method == "GET"
}

/// A run that did not reach the end of the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The run's number.
    pub run: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How it was left; `None` if its process was killed.
    pub outcome: Option<Outcome>,
    /// How many pages it had stored.
    pub pages: u64,
    /// What it would ask for next.
    pub next: Request,
    /// The scroll token that its last page gave.
    pub token: Option<String>,
    /// When that token was given.
    pub token_at: Option<DateTime<Utc>>,
}

/// The beginning of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// The run's number, counted up for the life of the destination.
    pub run: i64,
    /// Where it starts.
    pub start: Start,
    /// True if it goes on with an unfinished run of the same number.
    pub continued: bool,
    /// How it walks.
    pub walk: Mode,
    /// The first request.
    pub first: Request,
    /// The checkpoint that it starts with.
    pub checkpoint: Option<Cursor>,
    /// Its counters so far: zero unless it goes on.
    pub totals: Totals,
}

/// What the sync is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Phase {
    /// No run is under way.
    Idle,
    /// A request is on the wire.
    Running {
        /// The page that it will bring, from 1.
        page: u64,
        /// When the request is given up, by this machine's clock.
        deadline: DateTime<Utc>,
    },
    /// Nothing is on the wire until a time, for a reason.
    Waiting {
        /// Why: the error that the last attempt met, or what limits how often is asked.
        reason: String,
        /// The page that is waited for.
        page: u64,
        /// How many attempts have failed; none, where a limit is kept.
        attempt: u32,
        /// How many attempts there will be at most.
        attempts: u32,
        /// When the next attempt begins.
        until: DateTime<Utc>,
        /// What the source said of its limit with that error.
        #[serde(default)]
        budget: Option<Budget>,
    },
    /// Nothing more is asked for until the destination has caught up: what has arrived fills the room that there is
    /// for it.
    Storing {
        /// How many pages wait for their commit.
        pages: u64,
        /// Since when nothing is asked for.
        since: DateTime<Utc>,
    },
    /// The destination is gone, and waited for.
    Outage {
        /// Why: what the last attempt met.
        reason: String,
        /// Since when.
        since: DateTime<Utc>,
        /// When the next attempt begins.
        until: DateTime<Utc>,
        /// When no other attempt is made any more, and the run fails.
        gives_up: DateTime<Utc>,
    },
    /// A pause was asked for; the page on the wire is awaited and stored first.
    Pausing {
        /// When that page is given up; `None` if nothing is on the wire any more, and only stored.
        deadline: Option<DateTime<Utc>>,
    },
    /// Holding, with nothing on the wire and everything stored.
    Paused,
    /// A stop was asked for; the page on the wire is awaited and stored first.
    Stopping {
        /// When that page is given up; `None` if nothing is on the wire any more, and only stored.
        deadline: Option<DateTime<Utc>>,
    },
    /// The run is over; its [`RunEnded`] says how.
    Ended {
        /// How.
        outcome: Outcome,
    },
    /// Between two runs: the next one begins by itself.
    Resting {
        /// When it begins.
        until: DateTime<Utc>,
    },
    /// Between two runs, and the operator holds the next one back.
    Holding,
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// How much it matters.
    pub level: Level,
    /// What it is, for a program.
    pub kind: NoticeKind,
    /// What happened, where, and what it means, for a person. Safe for a terminal.
    pub text: String,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the curious.
    Info,
    /// The run goes on, but not as hoped.
    Warning,
    /// Needs attention: the run's exit code will say so.
    Attention,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum NoticeKind {
    /// An attempt failed; another follows.
    Retry,
    /// The source refused a scroll token; the run goes on from the checkpoint.
    TokenRefused,
    /// A seam crossed by token lies inside a visible tie group.
    TieUnsafe {
        /// The value that the rows share.
        cursor: Cursor,
    },
    /// One value fills a whole page; it was stepped over by token.
    TieOverflow {
        /// The value.
        cursor: Cursor,
    },
    /// The source's `updated_since` does not include the value itself.
    NotInclusive,
    /// Rows came out of order; the checkpoint is held until the run completes.
    OrderViolated,
    /// The source has nothing at the checkpoint, where it had a row.
    NothingAtCheckpoint,
    /// Rows came in an older version than is stored; the newer one stays.
    StaleRows,
    /// Rows lie in the source's future.
    FutureCursor,
    /// Rows have no readable cursor.
    NoCursor,
    /// Rows have fields that the schema does not declare.
    ExtraFields,
    /// Rows could not be stored in the table.
    Quarantined {
        /// The first of them.
        first: Box<Quarantined>,
    },
    /// The run was to have several lanes, and goes on in one.
    OneLane,
    /// The source sent the credential back; it was covered.
    CredentialSentBack,
    /// Everything that is sent and received can be read on the way.
    PlainHttp,
    /// The destination is gone and waited for, or there again.
    Outage,
    /// The lock of a process that is gone was taken over, or the like: about this program's own doings.
    Housekeeping,
}

/// The end of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunEnded {
    /// The run.
    pub run: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended.
    pub end: End,
    /// The end in words: what happened, where, and what to do. Safe for a terminal.
    pub text: String,
    /// Its counters.
    pub totals: Totals,
    /// What its lanes came to since it was taken up, if it had several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<LanesUsed>,
    /// The checkpoint that it left.
    pub checkpoint: Option<Cursor>,
    /// How many rows the table holds.
    pub rows: u64,
    /// True if every run of the source reads everything: it cannot be asked from a checkpoint on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reads_all: bool,
    /// What needs attention, a sentence each; empty if nothing does. Safe for a terminal.
    pub attention: Vec<String>,
    /// Where fields are kept that the table has no column for, if any came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// What a later run can go on with, if this one did not reach the end.
    pub unfinished: Option<Unfinished>,
    /// Where this run and earlier ones may have lost rows, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Lost>,
}

/// What the lanes of a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanesUsed {
    /// How many there were side by side at most.
    pub most: u32,
    /// How many began beside the first: each takes about one request more than one lane alone.
    pub opened: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    /// A page and a pause as the first version recorded them.
    const OLD: [&str; 2] = [
        r#"{"at":"2026-01-01T12:00:00Z","event":"page","run":1,"page":2,"request":{"by":"token","value":"t"},
            "counts":{"rows":1,"new":1,"changed":0,"same":0,"stale":0,"quarantined":0,"no_cursor":0,"future":0,
            "extra":0},"first":null,"last":null,"token":null,"wait_ms":1,"body_ms":2,"bytes":3,"retries":0,
            "decision":"why","checkpoint":null,"checkpoint_held":false,"totals":{"pages":2,"requests":2,"retries":0,
            "checkpoints":0,"commits":2,"tie_unsafe":0,"tie_overflow":0,"not_inclusive":0,"elapsed_ms":9,"rows":1,
            "new":1,"changed":0,"same":0,"stale":0,"quarantined":0,"no_cursor":0,"future":0,"extra":0},"rows":1,
            "shown":[{"fate":"new","values":["a",null]}]}"#,
        r#"{"at":"2026-01-01T12:00:00Z","event":"phase","phase":{"is":"pausing","deadline":"2026-01-01T12:02:00Z"}}"#,
    ];

    #[test]
    fn what_an_older_version_recorded_can_be_read_and_nothing_of_it_is_lost() {
        for old in OLD {
            let old: serde_json::Value = serde_json::from_str(old).unwrap();
            let read: Stamped = serde_json::from_value(old.clone()).unwrap();
            let mut written = serde_json::to_value(&read).unwrap();
            for (name, value) in old.as_object().unwrap() {
                assert_eq!(written[name].take(), *value, "{name}");
            }
        }
    }

    #[test]
    fn all_that_is_told_of_a_page_can_be_read_again() {
        let Event::Page(mut page) = serde_json::from_str::<Stamped>(OLD[0]).unwrap().event else { panic!() };
        let headers = vec![("x-ratelimit-remaining".to_owned(), "9".to_owned())];
        page.exchange = Exchange::new("http://h/".to_owned(), 200, headers, DateTime::UNIX_EPOCH);
        page.reasons = vec!["HTTP 503".to_owned()];
        page.shown[0].before = vec![(1, None)];
        let event = Event::Page(page.clone());
        let written = serde_json::to_string(&Stamped { at: DateTime::UNIX_EPOCH, event }).unwrap();
        assert!(written.contains(r#""budget":{"limit":null,"remaining":9,"reset_s":null}"#), "{written}");
        let Event::Page(read) = serde_json::from_str::<Stamped>(&written).unwrap().event else { panic!() };
        assert_eq!((read.exchange, read.reasons), (page.exchange, page.reasons));
        assert_eq!(read.shown[0].before, page.shown[0].before);
    }
}
