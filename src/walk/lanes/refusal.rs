//! Why a run has one lane, although it was to have more.

use std::fmt;

use crate::record::Cursor;
use crate::walk::{End, Mode, Walk};

/// Why a run has one lane, although it was to have more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The walk goes by token, one page after another.
    ByToken,
    /// A lane's first page holds rows from below its start: the source does not leave them out.
    NotFiltered {
        /// Where the lane was to start.
        start: Cursor,
        /// What came.
        came: Cursor,
    },
    /// Rows came out of order.
    Unordered,
    /// The source leaves out the cursor that it is asked from.
    NotInclusive,
    /// Rows have no cursor that could be asked from.
    NoCursor,
    /// Cursors name no instants, and between two of them there is no middle.
    NoTimes,
    /// A lane came to an end that says nothing of its stretch.
    Unexplained(End),
    /// A lane's request failed for good, in words that are safe for a terminal.
    Failed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByToken => {
                f.write_str("the walk goes by token, and a token is known only from the page before")
            }
            Self::NotFiltered { start, came } => {
                write!(f, "asked from {start} on, the source sent {came}: it does not go by what it is asked")
            }
            Self::Unordered => f.write_str("the source does not keep order"),
            Self::NotInclusive => f.write_str("the source leaves out the cursor that it is asked from"),
            Self::NoCursor => f.write_str("a page has no cursor that could be asked from"),
            Self::NoTimes => f.write_str("cursors that are no times cannot be split into stretches of time"),
            Self::Unexplained(End::NoData) => f.write_str("a lane was answered without data"),
            Self::Unexplained(End::EmptyPage { .. }) => {
                f.write_str("a lane was answered with no rows, and a token")
            }
            Self::Unexplained(_) => f.write_str("a lane was given the same pages again and again"),
            Self::Failed(failure) => write!(f, "a lane could not be read: {failure}"),
        }
    }
}

impl Refusal {
    /// Why a walk can be none of several, if it cannot.
    pub(super) fn of(walk: &Walk) -> Option<Self> {
        if walk.is_held() {
            Some(Self::Unordered)
        } else if walk.reached().instant().is_none() {
            Some(Self::NoTimes)
        } else if walk.asks_every_seam() {
            None
        } else if walk.goes_by_token() {
            Some(if walk.mode() == Mode::Scroll { Self::ByToken } else { Self::NotInclusive })
        } else {
            Some(Self::NoCursor)
        }
    }
}
