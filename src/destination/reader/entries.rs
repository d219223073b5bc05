//! What the log and the table tell of one run, one page, one row.
//!
//! A text is what the source sent, cut at a length that no screen has use for, and not yet safe for a terminal.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::run::{Outcome, Start, Totals};
use crate::walk::{By, End, Mode, Request};

/// One row with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeRow {
    /// The values in the schema's order.
    pub values: Box<[Option<String>]>,
    /// The fields that the schema does not declare, as one JSON object.
    pub extra: Option<String>,
    /// The version that this one replaced, where it is kept.
    pub previous: Option<Previous>,
}

/// What a row was before its last change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// The run that changed it.
    pub run: i64,
    /// The page of that run.
    pub page: u64,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// The old values of the columns that changed.
    pub before: BTreeMap<String, Option<String>>,
}

/// A run, over or under way. What this version cannot read of it is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Its number.
    pub run: i64,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was last left.
    pub ended_at: Option<DateTime<Utc>>,
    /// Where it started.
    pub start: Option<Start>,
    /// How it walks.
    pub mode: Option<Mode>,
    /// Its first request.
    pub first: Option<Request>,
    /// How it was left; `None` while it is under way, and if its process was killed.
    pub outcome: Option<Outcome>,
    /// Why.
    pub end: Option<End>,
    /// The end in words.
    pub text: Option<String>,
    /// True if it is the one to go on with, or under way.
    pub unfinished: bool,
    /// The checkpoint before it.
    pub checkpoint_before: Option<String>,
    /// The checkpoint after it.
    pub checkpoint_after: Option<String>,
    /// Its counters, as of its last commit.
    pub totals: Option<Totals>,
}

/// A page of the log. What an older version did not write down is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastPage {
    /// The run.
    pub run: i64,
    /// Its number in the run.
    pub page: u64,
    /// The lane that brought it.
    pub lane: Option<u32>,
    /// True if that lane began with it.
    pub opens: bool,
    /// By what it was asked for.
    pub asked_by: By,
    /// The cursor or the token.
    pub asked: String,
    /// Rows received, storable or not.
    pub rows: u64,
    /// Ids that were not in the table.
    pub new: u64,
    /// Rows that replaced an older version.
    pub changed: u64,
    /// Rows that the table held already.
    pub same: u64,
    /// Older versions, not written.
    pub stale: u64,
    /// Rows that the table cannot hold.
    pub quarantined: u64,
    /// The first row's cursor.
    pub first: Option<String>,
    /// The last row's cursor.
    pub last: Option<String>,
    /// The token that came along.
    pub token: Option<String>,
    /// The checkpoint after it.
    pub checkpoint: Option<String>,
    /// Why the walk went on as it did.
    pub decision: String,
    /// From the request to the first byte, in milliseconds.
    pub wait_ms: u64,
    /// From the first byte to the last, in milliseconds.
    pub body_ms: u64,
    /// To read the rows out of the body, in milliseconds.
    pub decode_ms: Option<u64>,
    /// Bytes of the body, decompressed.
    pub bytes: u64,
    /// Failed attempts before it came.
    pub retries: u64,
    /// Why the last of them failed.
    pub reasons: Option<Vec<String>>,
    /// When it arrived.
    pub at: Option<DateTime<Utc>>,
    /// The address that was asked.
    pub url: Option<String>,
    /// The status of the answer.
    pub status: Option<u64>,
    /// The headers of the answer that are kept.
    pub headers: Option<Vec<(String, String)>>,
    /// The ids of its first rows.
    pub first_ids: Option<Vec<String>>,
}
