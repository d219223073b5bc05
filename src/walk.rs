//! How the next request follows from the last page. Pure: no I/O, no clock.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::Cursor;

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
    /// The limit of pages was reached.
    Limit,
    /// The source gave a token that it had given before.
    Loop {
        /// The page that brought it first.
        first: u64,
        /// The page that brought it again.
        again: u64,
    },
    /// The operator left while the run was paused.
    Paused,
    /// The operator or a signal stopped the run.
    Stopped,
    /// The source or the destination failed for good.
    Error,
}
