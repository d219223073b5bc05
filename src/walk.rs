//! How the next request follows from the last page: the protocol's cleverness, all of it, and nothing else.
//!
//! Pure: no I/O and no clock, so that it can be driven against an in-memory source by the ten thousand. [`Walk`]
//! takes a page and says what the checkpoint is now, what was found, and what to ask for next, or how it ends.
//!
//! **Why the default anchors every seam.** A source that pages by cursor alone cuts groups of rows that share a
//! value, and its token asks for strictly later rows: the rest of the group is never sent. Where two such rows are
//! on one page the loss can be suspected; where the cut falls between exactly two of them it cannot be seen at all.
//! So the one way to lose nothing is to ask every seam inclusively, from the last row's cursor; the primary key
//! absorbs the row that comes twice. That costs one row a page, and it makes the checkpoint true at every instant:
//! each row below it is stored.
//!
//! What it trusts the source for is order: a page that starts from a cursor leaves out every row below it. The first
//! row out of order ends that trust, and the run begins again by token with its checkpoint held. So does a token whose
//! promise the anchored page does not keep: it is followed once, and shows what was there. A source that goes by
//! another order and happens to look sorted on every page all the same is not found out.

mod ceiling;
mod decision;
mod followed;
pub mod lanes;
mod machine;
mod manner;
mod mark;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

pub use self::decision::{Decision, Way};
pub use self::machine::Walk;
use crate::record::Cursor;

/// How far a cursor may lie above the source's clock before it is taken for one from the future.
pub const FUTURE: TimeDelta = TimeDelta::minutes(5);

/// How many pages in a row may bring nothing, unless [`Walk::patient_for`] says otherwise: no row at all, where empty
/// pages are followed, or nothing that the run has not seen.
pub const PATIENCE: u32 = 100;

/// How many pages in a row may hold nothing but rows that changed after the run began, or went on after a
/// pause: a source that changes as fast as
/// it is read would keep it for ever. Not the first such page, because a source's clock may run ahead of its `Date`.
pub const CEILING: u32 = 20;

/// How a run walks from page to page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Anchored for as long as the source's answers bear it, else by token.
    #[default]
    Auto,
    /// By the scroll token, as the reference does.
    Scroll,
    /// Anchored or not at all.
    Anchor,
}

impl Mode {
    /// Every mode, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Scroll, Self::Anchor];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Scroll => "scroll",
            Self::Anchor => "anchor",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", content = "value", rename_all = "snake_case")]
pub enum Request {
    /// Rows from this cursor on, itself included: `updated_since`.
    Since(Cursor),
    /// Rows after this scroll token: `scroll_param`.
    Token(String),
}

impl Request {
    /// By what it asks, and with which value.
    #[must_use]
    pub fn parts(&self) -> (By, &str) {
        match self {
            Self::Since(cursor) => (By::Since, cursor.text()),
            Self::Token(token) => (By::Token, token),
        }
    }
}

/// By what a request asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A cursor.
    #[default]
    Since,
    /// A scroll token.
    Token,
}

impl By {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Since => "since",
            Self::Token => "token",
        }
    }
}

/// Why a run ended. No end is silent, and no two are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum End {
    /// The source returned no further token: the end of the data.
    Exhausted,
    /// A page without rows.
    EmptyPage {
        /// True if a token came along, which leaves the end unexplained.
        token: bool,
    },
    /// An answer without `data`.
    NoData,
    /// Everything that was there when the run began is read, and [`CEILING`] pages of what changed since.
    Ceiling,
    /// Page after page brought nothing new.
    Stalled {
        /// How many in a row.
        pages: u32,
    },
    /// The limit of pages was reached.
    Limit,
    /// The source gave a token that it had given before, or the same page again and again.
    Loop {
        /// The page that brought it first.
        first: u64,
        /// The page that brought it again.
        again: u64,
    },
    /// The source's answers do not bear the anchored walk that was demanded.
    NotAnchorable,
    /// The operator left while the run was paused.
    Paused,
    /// The operator or a signal stopped the run.
    Stopped,
    /// The source or the destination failed for good.
    Error,
}

impl End {
    /// True if all that was there when the run began has been read, by what the source says.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.is_of_data() || matches!(self, Self::Ceiling)
    }

    /// True if the source has nothing more, by what it says.
    #[must_use]
    pub fn is_of_data(&self) -> bool {
        matches!(self, Self::Exhausted | Self::EmptyPage { token: false })
    }
}

/// What a page leads to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The page's number in its run, from 1.
    pub page: u64,
    /// The checkpoint to store together with the page's rows.
    pub checkpoint: Option<Cursor>,
    /// True if this page moved the checkpoint.
    pub moved: bool,
    /// What the page showed about the source.
    pub findings: Vec<Finding>,
    /// Why the walk goes on as it does.
    pub decision: Decision,
    /// What to do now.
    pub next: Next,
}

/// What to do after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask for another page.
    Ask(Request),
    /// Leave the rest to other lanes. Never what a walk by itself comes to.
    Rest,
    /// The run is over.
    End(End),
}

/// What a page showed about the source, beyond its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A seam crossed by token cuts a visible group of rows that share this cursor.
    TieUnsafe(Cursor),
    /// The page after such a seam began with the same cursor: the token goes on within the group after all.
    TieSafe(Cursor),
    /// One value fills a whole page, and the token stepped over it to a later one: rows may be missing.
    TieOverflow(Cursor),
    /// The source's `updated_since` leaves out the value itself.
    NotInclusive(Cursor),
    /// A row came before a row with a smaller cursor: `before` was followed by `after`.
    OrderViolated {
        /// The larger cursor, which came first, or was asked from.
        before: Cursor,
        /// The smaller one, which came next.
        after: Cursor,
    },
    /// The run began from the checkpoint, inclusively, and the source has nothing there or after it: the row at the
    /// checkpoint is gone, or the source is another one.
    NothingAtCheckpoint(Cursor),
    /// So many rows lie in the source's future; the largest cursor among them.
    Future(u64, Cursor),
    /// The run was to have several lanes, and has one.
    OneLane(lanes::Refusal),
}
