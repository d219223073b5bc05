//! The demo that teaches: the sync on the built-in playground, with one thing made to happen and told in words.
//!
//! A scenario is a small data file: what the playground does, how the run walks, what is said when, and what must come
//! of it. A [`Rehearsal`] performs one. Everything that it reads and writes is its own, and goes away with it; the
//! operator's database is never touched. Nothing here knows of a screen: a screen takes the events as those of any
//! sync, and what is told of them beside; a headless run takes both as one stream.
//!
//! - [`scenario`]: the file, and the ones that come along
//! - [`narrator`]: events into sentences (pure)
//! - [`judge`]: what a walker has lost, measured against the truth (pure)
//! - [`beside`]: a second walker over the same data
//! - [`rehearsal`]: a scenario under way
//! - [`operator`]: who presses the keys where nobody is there
//! - [`verdict`]: what was expected, and what came
//! - [`lives`]: a demo whose process is killed, and the one that starts it again

pub mod beside;
pub mod judge;
pub mod lives;
pub mod narrator;
pub mod operator;
pub mod rehearsal;
pub mod scenario;
pub mod scratch;
pub mod verdict;

use serde::Serialize;

pub use self::rehearsal::Rehearsal;
pub use self::scenario::Scenario;
use crate::lesson::Told;
use crate::sync::event::Stamped;

/// A line of a demo that is told in lines: the events, each before what is said of it.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// An event of the main walker's sync.
    Event(Box<Stamped>),
    /// What is said of it.
    Told(Told),
}
