//! What more than one test of the destination needs.

mod beside;
mod opening;
mod storing;
mod streams;
pub(super) mod typed;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use super::log::Length;
use super::*;
use crate::exchange::Exchange;
use crate::record::{BEGINNING, Packed, Page, Row, USER};
use crate::run::Start;
use crate::walk::lanes::Abreast;
use crate::walk::{End, Mode, Request, Walk};

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &USER).unwrap().sqlite
}

fn refused(path: &Path) -> String {
    Sqlite::open(path, &USER).unwrap_err().to_string()
}

pub(super) fn noon() -> DateTime<Utc> {
    time("2026-01-01T12:00:00Z").unwrap()
}

fn cursor(second: u32) -> Cursor {
    Cursor::parse(&stamp(noon() + TimeDelta::seconds(second.into()))).unwrap()
}

/// A version of a row: of this id, of this second (0: without a cursor), with this name.
pub(super) fn row(id: &str, second: u32, name: &str) -> Row {
    let cursor = (second > 0).then(|| cursor(second));
    let mut values = vec![None; USER.columns.len()];
    values[USER.primary_key] = Some(id.to_owned());
    values[1] = Some(name.to_owned());
    values[USER.cursor.unwrap()] = cursor.as_ref().map(|cursor| cursor.text().to_owned());
    Row { values: Packed::new(&values), cursor, extra: None }
}

/// A run under way: its walk, and the pages that it has brought.
pub(super) struct Pages {
    pub(super) run: i64,
    walk: Walk,
}

impl Pages {
    pub(super) fn begin(sqlite: &mut Sqlite) -> Self {
        let checkpoint = sqlite.stored().unwrap().checkpoint;
        let start = checkpoint.clone().unwrap_or_else(|| Cursor::parse(BEGINNING).unwrap());
        let walk = Walk::new(Mode::Scroll, true, start, checkpoint);
        let run = sqlite.begin(&NewRun { start: Start::Checkpoint, walk: walk.clone(), at: noon() }).unwrap();
        Self { run, walk }
    }

    pub(super) fn next(&mut self, rows: Vec<Row>, token: Option<&str>) -> Batch {
        let request = self.walk.next().clone();
        let page = Page { rows, token: token.map(str::to_owned), has_data: true, ..Page::default() };
        let step = self.walk.on_page(&page, noon() + TimeDelta::days(1));
        Batch {
            run: self.run,
            page: step.page,
            lane: 1,
            opens: false,
            request,
            rows: page.rows,
            quarantined: Vec::new(),
            token: page.token,
            at: noon(),
            walk: self.walk.snapshot(),
            lanes: Abreast::default(),
            end: None,
            decision: step.decision.to_string(),
            totals: Totals { pages: step.page, ..Totals::default() },
            future: 0,
            wait_ms: 1,
            body_ms: 2,
            decode_ms: 5,
            bytes: 3,
            retries: 4,
            reasons: vec!["HTTP 503; waited 9 ms".to_owned()],
            exchange: exchange(),
            show: 2,
        }
    }

    pub(super) fn ending(&self, outcome: Outcome, resumable: bool) -> Ending {
        let totals = Totals { pages: 7, ..Totals::default() };
        let text = "so it ended".to_owned();
        Ending { run: self.run, outcome, end: End::Stopped, text, totals, resumable, at: noon() }
    }
}

fn exchange() -> Exchange {
    let headers = vec![("server".to_owned(), "a \"b\"".to_owned())];
    Exchange::new("http://h/?scroll_param=t".to_owned(), 203, headers, noon())
}

fn value<T: rusqlite::types::FromSql>(sqlite: &Sqlite, query: &str) -> T {
    sqlite.own().query_row(query, [], |row| row.get(0)).unwrap()
}
