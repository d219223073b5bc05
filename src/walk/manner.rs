//! How a walk crosses the seams between pages, and what a page says of that.

use serde::{Deserialize, Serialize};

use crate::record::Cursor;

/// How the walk crosses seams at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Manner {
    /// By asking again, inclusively, from the last row's cursor.
    Anchored(Anchor),
    /// By a token over the value that fills a page, then anchored again. `carried` once the token turned out to
    /// go on within the value.
    Stepping { value: Cursor, carried: bool },
    /// By token.
    Token,
}

/// What the present request of an anchored walk asks from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Anchor {
    /// The start of the run or its checkpoint, whose row may have changed since.
    Start,
    /// The last row of the page before; `earlier` is the nearest cursor known below it.
    Row { earlier: Cursor },
    /// An earlier row, because the last one, this, was missing on the page that was asked from it.
    Earlier { missing: Cursor },
}

/// What the last page of an anchored walk promised by its token: that there is something beyond its last row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Promise {
    pub(super) token: String,
    /// How many of its last rows share the cursor that is asked from now.
    pub(super) ties: usize,
}

/// What a page says of the request that brought it.
pub(super) enum Bound {
    /// Nothing against it.
    Fine,
    /// The anchor row is missing: it may have changed, or the bound is exclusive. Asking from an earlier cursor tells.
    Doubtful { missing: Cursor, earlier: Cursor },
    /// This cursor was asked for inclusively, and its row left out.
    Exclusive(Cursor),
}
