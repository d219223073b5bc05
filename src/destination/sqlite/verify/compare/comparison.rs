//! What a comparison came to: counted row by row, and told as checks at its end.

use std::mem;

use chrono::{DateTime, Utc};

use crate::destination::sqlite::verify::MOVE;
use crate::destination::verify::{Check, Seam, Verdict};
use crate::record::Cursor;
use crate::text::{count, number};
use crate::walk::FUTURE;

/// What the comparison came to so far.
#[derive(Debug)]
pub struct Comparison {
    pub(super) below: Cursor,
    /// The source's clock when the first page came.
    pub(super) began: Option<DateTime<Utc>>,
    pub(super) pages: u64,
    /// Rows that came, each once.
    pub(super) came: u64,
    /// Those of them that are not due yet.
    pub(super) later: u64,
    /// Those of them without a readable cursor: nothing says when they are due.
    pub(super) timeless: u64,
    /// Rows that came and that the table cannot hold.
    pub(super) unfit: u64,
    /// Stored rows that did not come; `None` as long as the source has not been read to its end.
    pub(super) gone: Option<u64>,
    pub(super) missing: Check,
    pub(super) older: Check,
    pub(super) differs: Check,
    pub(super) newer: Check,
    /// The seam of the last value that was looked for.
    pub(super) seam: Option<(String, Option<Seam>)>,
}

impl Comparison {
    pub(super) fn new(below: Cursor) -> Self {
        Self {
            below,
            began: None,
            pages: 0,
            came: 0,
            later: 0,
            timeless: 0,
            unfit: 0,
            gone: None,
            missing: Check::of("missing"),
            older: Check::of("older"),
            differs: Check::of("differs"),
            newer: Check::of("newer"),
            seam: None,
        }
    }

    /// What was compared with what, and what came of it. `doubts` are what the sync found odd about the source.
    pub fn checks(&mut self, doubts: &[String]) -> Vec<Check> {
        let mut source = Check::of("source");
        for doubt in doubts {
            source.find(Verdict::Attention, "what the source did not send could not be compared", || {
                doubt.clone()
            });
        }
        if let Some(began) = self.began.filter(|began| self.below.is_after(*began + FUTURE)) {
            source.find(Verdict::Attention, MOVE, || {
                let clock = began.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                format!(
                    "its clock says {clock}, and the checkpoint is {}: it has gone back in time",
                    self.below
                )
            });
        }
        let mut read = format!("{} on {}", count(self.came, "row"), count(self.pages, "page"));
        for (rows, what) in [
            (self.later, "not due yet: at the checkpoint or above, or changed meanwhile"),
            (self.timeless, "without a readable cursor, which were not compared"),
            (self.unfit, "with no place in the table"),
            (self.gone.unwrap_or(0), "stored that did not come: deleted, or not to be seen"),
        ] {
            if rows > 0 {
                read.push_str(&format!("; {} {what}", number(rows)));
            }
        }
        let due = self.came - self.later - self.timeless;
        // What is missing is in no version here.
        let there = due.saturating_sub(self.missing.found());
        let mut take = |rows, check: fn(&mut Self) -> &mut Check, well: &str, ill: &str| {
            let check = mem::take(check(self));
            let found = check.found();
            let below = format!("{} below the checkpoint", count(rows, "row"));
            check.told(format!("{below} {well}"), format!("{} of {below} {ill}", number(found)))
        };
        vec![
            source.told(read.clone(), read),
            take(due, |it| &mut it.missing, "are all stored", "are not stored"),
            take(
                there,
                |it| &mut it.older,
                "are stored in that version or a newer one",
                "are stored in an older version",
            ),
            take(
                there,
                |it| &mut it.differs,
                "have the values that are stored",
                "have other values than are stored",
            ),
            take(
                there,
                |it| &mut it.newer,
                "are not older than what is stored",
                "are older than what is stored",
            ),
        ]
    }
}
