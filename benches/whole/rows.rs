//! Rows that are made once, as the JSON that is sent: a page is a slice of them, and nothing is formatted for a request.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Fault;
use super::users;

/// The stretch of time that the rows fill, in seconds a row; the same for both spreads, so that they are told apart by
/// nothing else.
const APART: i64 = 90;

/// How the rows lie in cursor time. No two of them share a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Every one as far from the next.
    Even,
    /// 90 % of them in 1 % of the time, in its middle.
    Skewed,
}

impl Spread {
    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Skewed => "skewed",
        }
    }

    /// The spread of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Even, Self::Skewed].into_iter().find(|spread| spread.name() == name)
    }

    /// When a row of so many last changed, in seconds since the first one.
    fn time(self, row: usize, of: usize) -> i64 {
        let (row, of) = (row as i64, of as i64);
        match self {
            Self::Even => row * APART,
            Self::Skewed => {
                // 5 % before the crowd and 5 % after it share the 99 % of the time that it leaves.
                let edge = of / 20;
                let wide = APART * of * 99 / 100 / (2 * edge).max(1);
                let before = row.min(edge);
                let within = (row - edge).clamp(0, of - 2 * edge);
                let after = (row - (of - edge)).max(0);
                before * wide + within + after * wide
            }
        }
    }
}

/// All rows, in the order of their cursors.
pub struct Rows {
    spread: Spread,
    /// The cursor of the first row, in seconds since 1970: the last one has changed just now, as in a table that is in
    /// use.
    first: i64,
    /// The rows as JSON objects, a comma after each.
    text: Vec<u8>,
    /// Where each row begins, and where the last one ends.
    begins: Vec<usize>,
}

impl Rows {
    /// So many, with ids that are as random as a UUID's.
    pub fn new(count: usize, spread: Spread) -> Result<Self, Fault> {
        let first = Utc::now().timestamp() - spread.time(count.saturating_sub(1), count);
        let mut rows = Self { spread, first, text: Vec::with_capacity(count * 330), begins: vec![0] };
        for row in 0..count {
            let values = users::values(row as u64);
            let at = text(first + spread.time(row, count));
            let value = |column: usize| values[column].as_deref();
            let object = json!({
                "id": id(row as u64), "name": value(1), "email": value(2), "address": value(3),
                "company": value(4), "job": value(5), "updatedAt": at, "createdAt": value(7),
            });
            serde_json::to_writer(&mut rows.text, &object)?;
            rows.text.push(b',');
            rows.begins.push(rows.text.len());
        }
        Ok(rows)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.begins.len() - 1
    }

    /// The row's cursor.
    pub fn cursor(&self, row: usize) -> String {
        text(self.first + self.spread.time(row, self.count()))
    }

    /// The first row from a cursor on, or after it.
    pub fn first(&self, cursor: &str, inclusive: bool) -> Option<usize> {
        let at = DateTime::parse_from_rfc3339(cursor).ok()?.timestamp();
        let at = if inclusive { at } else { at + 1 };
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low.midpoint(high);
            if self.first + self.spread.time(middle, self.count()) < at {
                low = middle + 1
            } else {
                high = middle
            }
        }
        Some(low)
    }

    /// Those rows as the inside of a JSON array.
    pub fn json(&self, rows: Range<usize>) -> &[u8] {
        let (begin, end) = (self.begins[rows.start], self.begins[rows.end]);
        // Without the last comma.
        &self.text[begin..end.saturating_sub(1).max(begin)]
    }
}

fn text(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A version 4 UUID that is always the same for a number, and lies anywhere.
fn id(number: u64) -> String {
    let [high, low] = [mixed(2 * number), mixed(2 * number + 1)];
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// The finaliser of SplitMix64: every number to another one, without a pattern.
fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
