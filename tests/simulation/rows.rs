//! The source's rows: how they are made from a seed, what they look like in an answer, and every version of them.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use highwater::record::{BEGINNING, Cursor};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::fault::{Change, Fault, Rows, Ties, Where};
use super::judge::Truth;
use super::left::version;

/// Where the source's time begins.
pub fn epoch() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap()
}

/// What a terminal might obey, and what no eye can see.
pub const ESCAPES: &str = "\u{1b}]52;c;eA==\u{7}\u{1b}[2J\u{9b}6n\u{202e}\u{200b}\u{e0041}";

/// A row as the source has it.
#[derive(Clone, Debug)]
pub struct Row {
    pub at: DateTime<Utc>,
    pub version: u32,
}

/// The source's rows, by id.
#[derive(Debug)]
pub struct Table {
    pub rows: BTreeMap<String, Row>,
    pub truth: Truth,
    spelling: Option<Rows>,
    escapes: bool,
}

impl Table {
    /// Rows for pages of that size, as odd as the faults say.
    pub fn new(rng: &mut StdRng, page_size: usize, faults: &[Fault]) -> Self {
        let count = page_size * rng.random_range(2..5) + rng.random_range(0..page_size);
        let mut times = Vec::new();
        let mut at = 0;
        for _ in 0..count {
            at += rng.random_range(1..20);
            times.push(epoch() + TimeDelta::seconds(at));
        }
        for fault in faults {
            if let Fault::Rows(odd) = fault {
                make_odd(&mut times, *odd, page_size, rng);
            }
        }
        let spelling = faults.iter().find_map(|fault| match fault {
            Fault::Rows(odd @ (Rows::Fractions | Rows::Offsets)) => Some(*odd),
            _ => None,
        });
        let escapes = faults.contains(&Fault::Escapes(Where::Values));
        let mut table = Self { rows: BTreeMap::new(), truth: Truth::default(), spelling, escapes };
        for at in times {
            table.insert(rng, at);
        }
        table
    }

    fn insert(&mut self, rng: &mut StdRng, at: DateTime<Utc>) -> String {
        let id = format!("{:06x}-{}", rng.random_range(0..1 << 24), self.rows.len());
        self.put(&id, Row { at, version: 1 });
        id
    }

    fn put(&mut self, id: &str, row: Row) {
        self.truth.has(id, version(&self.json(id, &row)));
        self.rows.insert(id.to_owned(), row);
    }

    /// What happens to the rows while they are read.
    pub fn change(&mut self, change: Change, now: DateTime<Utc>, rng: &mut StdRng) {
        // Cursors are whole seconds, unless the source writes fractions.
        let now = match self.spelling {
            Some(Rows::Fractions) => now,
            _ => DateTime::from_timestamp(now.timestamp(), 0).unwrap(),
        };
        match change {
            Change::Inserts => drop(self.insert(rng, now)),
            Change::Late => {
                let span = (now - epoch()).num_seconds();
                let at = epoch() + TimeDelta::seconds(rng.random_range(0..span));
                let id = self.insert(rng, at);
                self.truth.elusive.insert(id);
            }
            Change::Updates => {
                let place = rng.random_range(0..self.rows.len());
                let (id, row) =
                    self.rows.iter().nth(place).map(|(id, row)| (id.clone(), row.clone())).unwrap();
                // A source does not take a row's time back.
                let at = now.max(row.at);
                self.put(&id, Row { at, version: row.version + 1 });
            }
        }
    }

    /// The row in an answer.
    pub fn json(&self, id: &str, row: &Row) -> Value {
        let name = match self.escapes {
            true => format!("{ESCAPES} {}", row.version),
            false => format!("Zoë \"{}\"", row.version),
        };
        json!({
            "id": id, "name": name, "email": format!("{id}@example.org"), "address": "1 High Street\nTown",
            "company": "Tide & Sons", "job": "Pilot",
            "createdAt": "2020-02-29T00:00:00Z", "updatedAt": self.spelled(row.at),
        })
    }

    /// A cursor as this source writes it.
    pub fn spelled(&self, at: DateTime<Utc>) -> String {
        match self.spelling {
            Some(Rows::Fractions) => at.to_rfc3339_opts(SecondsFormat::Millis, true),
            Some(Rows::Offsets) => {
                let hours = i32::try_from(at.timestamp().rem_euclid(23)).unwrap() - 11;
                let offset = chrono::FixedOffset::east_opt(hours * 3_600 + 1_800).unwrap();
                // Year 0 is no year that every reader knows.
                match at < DateTime::from_timestamp(0, 0).unwrap() || at > epoch() + TimeDelta::days(9_999) {
                    true => at.to_rfc3339_opts(SecondsFormat::Secs, true),
                    false => at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Secs, false),
                }
            }
            _ => at.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }
}

fn make_odd(times: &mut [DateTime<Utc>], odd: Rows, page_size: usize, rng: &mut StdRng) {
    let count = times.len();
    match odd {
        Rows::Future => {
            let far = epoch() + TimeDelta::days(rng.random_range(10_000..1_000_000));
            let some = rng.random_range(1..=page_size + 1).min(count);
            for (step, at) in (0..).zip(&mut times[count - some..]) {
                *at = far + TimeDelta::seconds(step);
            }
        }
        Rows::Year1 => {
            let some = rng.random_range(1..=2);
            for at in &mut times[..some] {
                *at = Cursor::parse(BEGINNING).unwrap().instant().unwrap();
            }
        }
        Rows::Fractions => {
            for at in times {
                *at += TimeDelta::milliseconds(rng.random_range(0..1_000));
            }
        }
        Rows::Offsets => {}
        Rows::Ties(ties) => {
            let some = match ties {
                Ties::Two => 2,
                Ties::PageLessOne => page_size - 1,
                Ties::Page => page_size,
                Ties::PageAndOne => page_size + 1,
                Ties::All => count,
            };
            let from = rng.random_range(0..=count - some);
            let shared = times[from];
            times[from..from + some].fill(shared);
        }
    }
}
