//! What is told of a demo beside the events of its sync: plain data, which the demo makes and a screen shows.
//!
//! Nothing here judges or narrates, and nothing here knows of a scenario.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::run::Outcome;
use crate::sync::event::Level;

/// What is told, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// What just happened, and why it matters.
    Narration(Narration),
    /// How the walker beside it stands.
    Beside(Beside),
    /// What came of the run, measured against what the scenario expects. The last of a run.
    Verdict(Verdict),
}

/// A sentence or two about what just happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename = "narration")]
pub struct Narration {
    /// When it was said.
    pub at: DateTime<Utc>,
    /// What it is about.
    pub level: Level,
    /// The text; safe for a terminal.
    pub text: String,
}

/// How the walker beside stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename = "beside")]
pub struct Beside {
    /// When it stood so.
    pub at: DateTime<Utc>,
    /// How it pages, in a few words.
    pub name: String,
    /// How many pages it has read.
    pub pages: u64,
    /// How many rows it holds.
    pub rows: u64,
    /// How many rows lie behind it that it does not have, or not as they are now.
    pub lost: u64,
    /// How many rows the main walker had lost at that time.
    pub lost_here: u64,
    /// How many rows it was sent that it had.
    pub repeated: u64,
    /// What it is doing.
    pub state: State,
    /// What it asked for last, or why it failed; safe for a terminal.
    pub note: String,
}

/// What the walker beside is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A page is on its way.
    Going,
    /// It waits for the main walker.
    Holding,
    /// It has come to its end.
    Done,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Came {
    /// How it ended.
    pub outcome: Outcome,
    /// How many rows the table holds.
    pub rows: u64,
    /// The most rows that the main walker had lost at any time.
    pub lost: u64,
    /// How many rows it was sent that it had.
    pub repeated: u64,
    /// How many attempts failed.
    pub retries: u64,
    /// How the walker beside ended.
    pub beside: Option<Beside>,
}

/// Whether what came is what was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename = "verdict")]
pub struct Verdict {
    /// When it was given.
    pub at: DateTime<Utc>,
    /// True if nothing differs.
    pub met: bool,
    /// What differs, a sentence each.
    pub differs: Vec<String>,
    /// What came.
    #[serde(flatten)]
    pub came: Came,
}
