//! Pages for a destination, whichever it is.

use chrono::{DateTime, TimeDelta, Utc};
use highwater::destination::{Batch, Destination, Ending, NewRun};
use highwater::exchange::Exchange;
use highwater::record::{BEGINNING, Cursor, Packed, Page, Quarantined, Row, USER};
use highwater::run::{Outcome, Start, Totals};
use highwater::walk::lanes::Abreast;
use highwater::walk::{End, Mode, Walk};

/// When everything happens.
pub fn noon() -> DateTime<Utc> {
    "2026-01-01T12:00:00Z".parse().unwrap()
}

/// A version of a row: of this id and cursor, with these names and extra fields.
#[derive(Clone, Debug, Default)]
pub struct Version {
    pub id: String,
    pub cursor: Option<String>,
    pub name: Option<String>,
    pub created: Option<String>,
    pub extra: Option<String>,
}

impl Version {
    /// As the source would have sent it.
    pub fn row(&self) -> Row {
        let mut values = vec![None; USER.columns.len()];
        values[USER.primary_key] = Some(self.id.as_str());
        values[1] = self.name.as_deref();
        values[USER.cursor.unwrap()] = self.cursor.as_deref();
        values[7] = self.created.as_deref();
        let cursor = self.cursor.as_deref().and_then(|text| Cursor::parse(text).ok());
        Row { values: Packed::new(&values), cursor, extra: self.extra.clone() }
    }
}

/// A run under way: its walk, and the pages that it has brought.
pub struct Pages {
    pub run: i64,
    walk: Walk,
}

impl Pages {
    /// Begins a run.
    pub fn begin(destination: &mut dyn Destination) -> Self {
        let checkpoint = destination.stored().unwrap().checkpoint;
        let start = checkpoint.clone().unwrap_or_else(|| Cursor::parse(BEGINNING).unwrap());
        let walk = Walk::new(Mode::Scroll, true, start, checkpoint);
        let new = NewRun { start: Start::Checkpoint, walk: walk.clone(), at: noon() };
        let run = destination.begin(&new).unwrap();
        Self { run, walk }
    }

    /// Its next page.
    pub fn next(&mut self, rows: Vec<Row>, token: Option<&str>) -> Batch {
        let request = self.walk.next().clone();
        let page = Page { rows, token: token.map(str::to_owned), has_data: true, ..Page::default() };
        let step = self.walk.on_page(&page, noon() + TimeDelta::days(1));
        let headers = vec![("server".to_owned(), "a \"b\"\t\\".to_owned())];
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
            exchange: Exchange::new("http://h/?scroll_param=t".to_owned(), 203, headers, noon()),
            show: 3,
        }
    }

    /// Its end.
    pub fn ending(&self, resumable: bool) -> Ending {
        Ending {
            run: self.run,
            outcome: Outcome::Stopped,
            end: End::Stopped,
            text: "so it ended".to_owned(),
            totals: Totals { pages: self.walk.page(), ..Totals::default() },
            resumable,
            at: noon(),
        }
    }
}

/// A row that the table cannot hold.
pub fn unfit(json: &str) -> Quarantined {
    Quarantined { position: 1, reason: "why".to_owned(), json: json.to_owned() }
}
