//! Made-up users: of the usual length, in the order of their numbers by `updatedAt`, and scattered by `id`.

use chrono::{DateTime, TimeDelta, Utc};
use highwater::record::{Cursor, Values};

/// The cursor of user 0, in seconds since 1970; each one after it changed a second later.
const FIRST: i64 = 1_500_000_000;

const NAMES: [&str; 8] = [
    "Ada Lovelace",
    "Grace Hopper",
    "Edsger Dijkstra",
    "Barbara Liskov",
    "Zoë Müller",
    "田中 太郎",
    "Donald Knuth",
    "Frances Allen",
];
const COMPANIES: [&str; 3] = ["Analytical Engines and Sons", "Eckert-Mauchly Computer Corp", "Bell Labs"];
const JOBS: [&str; 3] = ["Countess of Computing", "Rear Admiral", "Senior Systems Programmer"];

/// When a user last changed.
pub fn changed_at(number: u64) -> DateTime<Utc> {
    let seconds = i64::try_from(number).unwrap_or(i64::MAX);
    DateTime::from_timestamp(FIRST, 0).unwrap_or_default() + TimeDelta::seconds(seconds)
}

/// The cursor of a user.
pub fn cursor(number: u64) -> Option<Cursor> {
    Cursor::parse(&time(changed_at(number))).ok()
}

/// A user's values, in the order of the table's columns.
pub fn values(number: u64) -> Values {
    let pick = |words: &[&str]| words[number as usize % words.len()].to_owned();
    [
        id(number),
        pick(&NAMES),
        format!("user{number}@example.org"),
        format!("{} St James's Square\nLondon, SW {:05}", number % 9_000, number % 99_991),
        pick(&COMPANIES),
        pick(&JOBS),
        time(changed_at(number)),
        "2016-01-01T00:00:00Z".to_owned(),
    ]
    .map(Some)
    .into()
}

/// An id of its own for every number, far from its neighbour's.
fn id(number: u64) -> String {
    let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (high, low) = (bits >> 32, bits & 0xffff_ffff);
    format!("{high:08x}-{:04x}-4{:03x}-8000-{low:012x}", low >> 16, low & 0xfff)
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
