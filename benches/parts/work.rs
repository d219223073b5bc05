//! The parts of a sync, each ready to be done by itself: answers to decode, pages to walk over, and a table with what is
//! to be committed next. Made-up users, the same ones every time.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use highwater::destination::sqlite::Sqlite;
use highwater::destination::{Batch, Destination as _, NewRun};
use highwater::exchange::Exchange;
use highwater::record::{Cursor, Packed, Page, USER};
use highwater::run::{Start, Totals};
use highwater::source::decode::Envelope;
use highwater::source::{Failure, KEYSET, Limits};
use highwater::sync::event::SHOWN_ROWS;
use highwater::walk::lanes::Abreast;
use highwater::walk::{Mode, Walk};
use serde_json::{Map, Value};

use super::{Fault, users};

/// Beyond every user of the tables that are made for measuring, so that all of these are new.
const FIRST: u64 = 100_000_000;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    idle: Duration::from_secs(30),
    request: Duration::from_secs(120),
    head: 65_536,
    redirects: 5,
    body: 33_554_432,
    ratio: 100,
    rows: 100_000,
    depth: 64,
};

/// The answer that holds so many users, the first of which has that place.
pub fn body(place: u64, rows: u64) -> String {
    let row = |number: u64| {
        let values = users::values(FIRST + number);
        let fields = USER.columns.iter().zip(values.iter());
        fields.map(|(column, value)| (column.name.to_owned(), value.clone().into())).collect::<Map<_, _>>()
    };
    let data: Vec<Value> = (place..place + rows).map(|number| row(number).into()).collect();
    let token = format!("token-{}", place + rows);
    serde_json::json!({ "data": data, "scroll_param": token }).to_string()
}

/// Reads an answer, as a sync does.
pub fn decode(body: &str) -> Result<Page, Failure> {
    Ok(Envelope::read(&KEYSET, body.as_bytes(), &LIMITS)?.into_page())
}

/// Pages as an anchored walk gets them: each begins with the last row of the one before it.
pub fn pages(count: u64, rows: u64) -> Result<Vec<Page>, Failure> {
    (0..count).map(|page| decode(&body(page * (rows - 1), rows))).collect()
}

/// When all of it happens: after every user has changed.
pub fn now() -> DateTime<Utc> {
    users::changed_at(10 * FIRST)
}

/// A walk that begins.
pub fn walk() -> Walk {
    Walk::new(Mode::Auto, false, Cursor::beginning(), None)
}

/// Takes all the pages; gives how many the walk has counted.
pub fn take(walk: &mut Walk, pages: &[Page], now: DateTime<Utc>) -> u64 {
    pages.iter().map(|page| walk.on_page(page, now).page).last().unwrap_or(0)
}

/// A table, and the run whose pages go into it.
pub struct Table {
    sqlite: Sqlite,
    walk: Walk,
    run: i64,
    place: u64,
}

impl Table {
    /// Opens a table, or makes it, and begins a run at its checkpoint.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let mut sqlite = Sqlite::open(path, &USER)?.sqlite;
        let stored = sqlite.stored()?;
        let start = stored.checkpoint.clone().unwrap_or_else(Cursor::beginning);
        // By token, so that every row is a new one.
        let walk = Walk::new(Mode::Scroll, false, start, stored.checkpoint);
        let run = sqlite.begin(&NewRun { start: Start::Checkpoint, walk: walk.clone(), at: now() })?;
        Ok(Self { sqlite, walk, run, place: stored.rows })
    }

    /// So many pages of so many rows that come next, decoded and walked over.
    pub fn group(&mut self, pages: u64, rows: u64) -> Result<Vec<Batch>, Fault> {
        (0..pages).map(|_| self.batch(rows)).collect()
    }

    /// The last group's rows once more; every tenth of them has another name.
    pub fn group_again(&mut self, pages: u64, rows: u64) -> Result<Vec<Batch>, Fault> {
        let place = self.place;
        self.place -= pages * rows;
        let mut group = self.group(pages, rows)?;
        for batch in &mut group {
            for row in batch.rows.iter_mut().step_by(10) {
                let name = format!("Renamed by page {}", batch.page);
                let mut values: Vec<_> = row.values.iter().collect();
                values[1] = Some(&name);
                row.values = Packed::new(&values);
            }
        }
        self.place = place;
        Ok(group)
    }

    fn batch(&mut self, rows: u64) -> Result<Batch, Fault> {
        let request = self.walk.next().clone();
        let body = body(self.place, rows);
        let page = decode(&body)?;
        self.place += rows;
        let step = self.walk.on_page(&page, now());
        let address = "http://127.0.0.1:5001/users?scroll_param=token".to_owned();
        Ok(Batch {
            run: self.run,
            page: step.page,
            lane: 1,
            opens: false,
            request,
            rows: page.rows,
            quarantined: page.quarantined,
            token: page.token,
            at: now(),
            walk: self.walk.snapshot(),
            lanes: Abreast::default(),
            end: None,
            decision: step.decision.to_string(),
            totals: Totals { pages: step.page, ..Totals::default() },
            future: 0,
            wait_ms: 20,
            body_ms: 1,
            decode_ms: 1,
            bytes: body.len() as u64,
            retries: 0,
            reasons: Vec::new(),
            exchange: Exchange::new(address, 200, Vec::new(), now()),
            show: SHOWN_ROWS,
        })
    }

    /// Commits pages in one transaction; gives how many rows the table holds then.
    pub fn commit(&mut self, group: &[Batch]) -> Result<u64, Fault> {
        Ok(self.sqlite.commit(group)?.last().map_or(0, |page| page.rows))
    }
}
