//! One stored page, as it is told.

use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;
use crate::record::Cursor;
use crate::run::{Counts, ShownRow, Totals};
use crate::walk::Request;

/// One stored page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PageStored {
    /// The run.
    pub run: i64,
    /// The page's number in its run, from 1.
    pub page: u64,
    /// The lane that brought it, from 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub lane: u32,
    /// True if that lane began with it, and did not go on from a page before; never said of a run's first lane.
    #[serde(default, skip_serializing_if = "is_not")]
    pub opens: bool,
    /// How it was asked for.
    pub request: Request,
    /// What became of its rows.
    pub counts: Counts,
    /// The first row's cursor.
    pub first: Option<Cursor>,
    /// The last row's cursor.
    pub last: Option<Cursor>,
    /// The scroll token that came along, whether or not the walk follows it.
    pub token: Option<String>,
    /// Milliseconds from sending the request to the first byte of the answer.
    pub wait_ms: u64,
    /// Milliseconds from the first byte to the last.
    pub body_ms: u64,
    /// Milliseconds that it took to read the rows out of the body.
    #[serde(default)]
    pub decode_ms: u64,
    /// Milliseconds of the commit that stored the page, which it may share with others.
    #[serde(default)]
    pub commit_ms: u64,
    /// Bytes of the answer's body, decompressed.
    pub bytes: u64,
    /// Failed attempts before this one.
    pub retries: u32,
    /// Why the last of them failed, each with the wait that followed. Safe for a terminal.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// The request as it was sent, and the answer but for its body.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// Why the walk goes on as it does, in words.
    pub decision: String,
    /// The checkpoint, stored together with the page.
    pub checkpoint: Option<Cursor>,
    /// True while an inversion keeps the checkpoint from moving.
    pub checkpoint_held: bool,
    /// The run's counters, this page included.
    pub totals: Totals,
    /// How many rows the table holds.
    pub rows: u64,
    /// The ids of the page's first rows, as the source sent them but for their length: not yet safe for a terminal.
    #[serde(default)]
    pub first_ids: Vec<String>,
    /// The page's rows and what became of each. Filled only for a monitor and a recording; at
    /// most [`SHOWN_ROWS`], the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<ShownRow>,
}

fn one() -> u32 {
    1
}

/// Left out where there is one: so are all lines of a run that has no others.
fn is_one(lane: &u32) -> bool {
    *lane == 1
}

fn is_not(opens: &bool) -> bool {
    !*opens
}

/// How many rows of a page an event shows at most.
pub const SHOWN_ROWS: usize = 200;
