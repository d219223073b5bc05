//! The rows of a source that never stands still: whatever is sent, as much is stamped anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// How many rows there are.
const ROWS: u32 = 100_000;
/// How many are sent at once.
pub const PAGE: usize = 1_000;
/// Microseconds between two rows at the beginning.
const APART: i64 = 1_000_000;

/// The rows, each by its stamp in microseconds since 1970; no two are equal, so that none can be lost to a tie.
pub struct World {
    by_stamp: BTreeMap<i64, u32>,
    stamps: Vec<i64>,
    last: i64,
    /// What chance decides.
    pub dice: StdRng,
    /// True while rows change.
    pub lively: bool,
}

impl World {
    /// A world whose rows are a day old.
    pub fn new(seed: u64) -> Self {
        let begin = Utc::now().timestamp_micros() - i64::from(ROWS) * APART;
        let stamps: Vec<i64> = (0..i64::from(ROWS)).map(|row| begin + row * APART).collect();
        let by_stamp = (0_u32..).zip(&stamps).map(|(row, stamp)| (*stamp, row)).collect();
        let last = stamps.last().copied().unwrap_or(begin);
        Self { by_stamp, stamps, last, dice: StdRng::seed_from_u64(seed), lively: true }
    }

    /// The rows from a stamp on, itself included or not, as a body; and how many they are.
    pub fn page(&mut self, from: i64, inclusive: bool) -> (String, usize) {
        let from = if inclusive { from } else { from + 1 };
        let rows: Vec<(i64, u32)> =
            self.by_stamp.range(from..).take(PAGE + 1).map(|(at, row)| (*at, *row)).collect();
        let token = rows.get(PAGE).map(|_| rows[PAGE - 1].0);
        let mut body = String::with_capacity(PAGE * 280);
        body.push_str(r#"{"data":["#);
        for (number, (at, row)) in rows.iter().take(PAGE).enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let at = text(*at);
            // A String takes everything.
            let _ = write!(
                body,
                r#"{comma}{{"id":"{row:08x}-user","name":"User {row} of {at}","email":"user{row}@example.com","address":"{row} High Street\nLeeds","company":"Company {row}","job":"Clerk","createdAt":"2026-01-01T00:00:00Z","updatedAt":"{at}"}}"#
            );
        }
        match token {
            Some(token) => drop(write!(body, r#"],"scroll_param":"{token}"}}"#)),
            None => body.push_str(r#"],"scroll_param":null}"#),
        }
        if self.lively {
            (0..PAGE).for_each(|_| self.stamp_one());
        }
        (body, rows.len().min(PAGE))
    }

    /// Stamps a row anew.
    fn stamp_one(&mut self) {
        let row = self.dice.random_range(0..ROWS);
        self.last = Utc::now().timestamp_micros().max(self.last + 1);
        let stamp = &mut self.stamps[row as usize];
        self.by_stamp.remove(stamp);
        *stamp = self.last;
        self.by_stamp.insert(self.last, row);
    }

    /// The rows' ids with the cursors that they have now.
    pub fn rows(&self) -> BTreeMap<String, String> {
        (0_u32..).zip(&self.stamps).map(|(row, stamp)| (format!("{row:08x}-user"), text(*stamp))).collect()
    }
}

fn text(stamp: i64) -> String {
    let at = DateTime::from_timestamp_micros(stamp).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A cursor as a stamp; the beginning of time if it is none.
pub fn stamp(cursor: &str) -> i64 {
    DateTime::parse_from_rfc3339(cursor).map_or(i64::MIN + 1, |at| at.timestamp_micros().max(0))
}
