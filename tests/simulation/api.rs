//! The source: it speaks the contract of keyset pagination over its rows, under the runtime's clock, and does what
//! its faults make it do.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use highwater::source::Failure;
use highwater::source::put::Put;
use highwater::source::transport::{Reply, Transport};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::time::Instant;
use url::Url;

use super::fault::{Change, Date, Fault, Format, Host, Line, Odd, RetryAfter, Strike, Where};
use super::pages::{Refusal, cut, write};
use super::play::LARGEST;
use super::rows::{ESCAPES, Table, epoch};
use super::squeeze;
use super::wire::Draft;

/// Where the source is. No other origin may ever be asked.
pub const ADDRESS: &str = "https://api.example.org/users";

/// What is far too large: a few kB that become megabytes, and megabytes as they are.
static BOMBS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let spaces = |length| vec![b' '; length];
    [squeeze::gzip(&spaces(LARGEST)), squeeze::zstd(&spaces(LARGEST)), spaces(LARGEST + 1)]
});

/// More requests than any scenario has a reason to make: beyond that nobody answers any more.
pub const MOST: usize = 700;

/// The source, as the sync and the test share it.
#[derive(Clone, Debug)]
pub struct Api(Arc<Mutex<Server>>);

/// The source's own state.
#[derive(Debug)]
pub struct Server {
    pub table: Table,
    pub faults: Vec<(Fault, Strike)>,
    /// Whether the faults strike.
    pub on: bool,
    /// Every request, with the time since the beginning.
    pub asked: Vec<String>,
    /// The faults that have struck.
    pub struck: BTreeSet<&'static str>,
    /// What was asked of other origins.
    pub foreign: Vec<String>,
    pub page_size: usize,
    began: Instant,
    pub rng: StdRng,
    /// The tokens that may be used no more.
    pub used: BTreeSet<String>,
}

impl Transport for Api {
    fn send(&self, put: Put) -> BoxFuture<'_, Result<Reply, Failure>> {
        let draft = self.lock().draft(&put.url);
        Box::pin(draft.send())
    }
}

impl Api {
    pub fn new(faults: Vec<(Fault, Strike)>, mut rng: StdRng) -> Self {
        let page_size = rng.random_range(4..8);
        let kinds: Vec<Fault> = faults.iter().map(|(fault, _)| *fault).collect();
        let table = Table::new(&mut rng, page_size, &kinds);
        let rng = StdRng::from_rng(&mut rng);
        let odd = kinds.iter().filter(|fault| matches!(fault, Fault::Rows(_)));
        let struck = odd.map(|fault| fault.name()).collect();
        Self(Arc::new(Mutex::new(Server {
            table,
            faults,
            on: false,
            asked: Vec::new(),
            struck,
            foreign: Vec::new(),
            page_size,
            began: Instant::now(),
            rng,
            used: BTreeSet::new(),
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, Server> {
        self.0.lock().unwrap()
    }
}

impl Server {
    /// The source's clock: some time after its oldest rows.
    pub fn now(&self) -> DateTime<Utc> {
        epoch() + TimeDelta::minutes(30) + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    /// The fault of that kind that strikes now, if one does.
    pub fn strikes(&mut self, is: impl Fn(Fault) -> bool) -> Option<Fault> {
        let request = u32::try_from(self.asked.len()).unwrap();
        let found = self.faults.iter().find(|(fault, strike)| is(*fault) && strike.hits(request));
        let fault = found.map(|(fault, _)| *fault).filter(|_| self.on)?;
        self.struck.insert(fault.name());
        Some(fault)
    }

    /// True if the source is of that kind as long as faults strike.
    pub fn is(&mut self, fault: Fault) -> bool {
        let is = self.on && self.faults.iter().any(|(known, _)| *known == fault);
        if is {
            self.struck.insert(fault.name());
        }
        is
    }

    fn draft(&mut self, url: &Url) -> Draft {
        self.asked.push(format!("{:?} {url}", self.began.elapsed()));
        if url.origin() != Url::parse(ADDRESS).unwrap().origin() || !url.username().is_empty() {
            self.foreign.push(url.to_string());
        }
        for change in [Change::Updates, Change::Inserts, Change::Late] {
            if self.strikes(|fault| fault == Fault::Change(change)).is_some() {
                let now = self.now();
                self.table.change(change, now, &mut self.rng);
            }
        }
        let mut draft = Draft {
            status: 200,
            headers: vec![("server", b"sim/1".to_vec()), ("content-type", b"application/json".to_vec())],
            body: Vec::new(),
            latency: Duration::from_millis(self.rng.random_range(5..400)),
            line: None,
            piece: self.rng.random_range(1..2_000),
            broken: false,
        };
        let clock = self.clock(&mut draft);
        if !self.refuse(url, clock, &mut draft) {
            match self.answer(url, &mut draft) {
                Ok(()) => {}
                Err((status, text)) => {
                    draft.status = status;
                    draft.body = json!({ "error": text }).to_string().into_bytes();
                }
            }
        }
        if let Some(Fault::Line(line)) = self.strikes(|fault| matches!(fault, Fault::Line(_))) {
            draft.line = Some(line);
        }
        if self.asked.len() > MOST {
            draft.line = Some(Line::StallBeforeHead);
        }
        if self.strikes(|fault| fault == Fault::Escapes(Where::Headers)).is_some() {
            // All that a header can carry of it.
            draft.headers.push(("x-request-id", b"a\x9b2J\xc2\x9d0;b\x85".to_vec()));
            draft.headers.push(("x-ratelimit-remaining", b"\x9b6n".to_vec()));
        }
        draft
    }

    /// Puts the source's clock on an answer, and gives it as the client will read it.
    fn clock(&mut self, draft: &mut Draft) -> DateTime<Utc> {
        let now = self.now();
        let off = match self.strikes(|fault| matches!(fault, Fault::Date(_))) {
            Some(Fault::Date(Date::Missing)) => return now,
            Some(Fault::Date(Date::Ahead)) => TimeDelta::days(1),
            Some(Fault::Date(Date::Behind)) => -TimeDelta::days(1),
            _ => TimeDelta::zero(),
        };
        draft.headers.push(("date", httpdate::fmt_http_date((now + off).into()).into_bytes()));
        now + off
    }

    /// An answer that is no page at all, if there is to be one.
    fn refuse(&mut self, url: &Url, clock: DateTime<Utc>, draft: &mut Draft) -> bool {
        let refusing = |fault: Fault| {
            matches!(
                fault,
                Fault::Limited(_) | Fault::Trouble(..) | Fault::Redirect(_) | Fault::Escapes(Where::Error)
            )
        };
        let Some(fault) = self.strikes(refusing) else { return false };
        let (status, text) = match fault {
            Fault::Limited(_) => (429, "Rate limit exceeded".to_owned()),
            Fault::Trouble(status, _) => (status, "in trouble".to_owned()),
            Fault::Redirect(_) => (307, String::new()),
            _ => (503, ESCAPES.to_owned()),
        };
        draft.status = status;
        draft.body = json!({ "error": text }).to_string().into_bytes();
        let at = clock + TimeDelta::seconds(9);
        let retry_after = match fault {
            Fault::Limited(RetryAfter::Integer) | Fault::Trouble(_, true) => "7".to_owned(),
            Fault::Limited(RetryAfter::Float) => "1.5".to_owned(),
            Fault::Limited(RetryAfter::ImfDate) => httpdate::fmt_http_date(at.into()),
            Fault::Limited(RetryAfter::Rfc850Date) => at.format("%A, %d-%b-%y %H:%M:%S GMT").to_string(),
            Fault::Limited(RetryAfter::AsctimeDate) => at.format("%a %b %e %H:%M:%S %Y").to_string(),
            Fault::Limited(RetryAfter::Zero) => "0".to_owned(),
            Fault::Limited(RetryAfter::Negative) => "-5".to_owned(),
            Fault::Limited(RetryAfter::Huge) => "86400".to_owned(),
            Fault::Limited(RetryAfter::Garbage) => "soon".to_owned(),
            Fault::Redirect(host) => {
                let mut to = url.clone();
                match host {
                    Host::Same => to.set_path("/v2/users"),
                    Host::Other => to.set_host(Some("evil.example.com")).unwrap(),
                }
                draft.headers.push(("location", to.to_string().into_bytes()));
                return true;
            }
            _ => return true,
        };
        draft.headers.push(("retry-after", retry_after.into_bytes()));
        draft.headers.push(("x-ratelimit-remaining", b"0".to_vec()));
        true
    }

    /// A page.
    fn answer(&mut self, url: &Url, draft: &mut Draft) -> Result<(), Refusal> {
        let mut sheet = self.sheet(url, draft)?;
        let lie = self.strikes(|fault| matches!(fault, Fault::Page(_)));
        if let Some(Fault::Page(lie)) = lie.filter(|_| !sheet.rows.is_empty()) {
            self.lie(lie, &mut sheet);
        }
        let mut body = write(&sheet);
        let odd = self.strikes(|fault| matches!(fault, Fault::Odd(_)));
        match odd {
            Some(Fault::Odd(Odd::Html)) => body = "<!doctype html><title>Sign in</title>".to_owned(),
            Some(Fault::Odd(Odd::Empty)) => body.clear(),
            Some(Fault::Odd(Odd::DataObject)) => body = r#"{"data":{"0":{}},"scroll_param":null}"#.to_owned(),
            Some(Fault::Odd(Odd::DataNull)) => body = r#"{"data":null,"scroll_param":null}"#.to_owned(),
            Some(Fault::Odd(Odd::DataMissing)) => body = r#"{"scroll_param":null}"#.to_owned(),
            Some(Fault::Odd(Odd::DataTwice)) => body.insert_str(1, r#""data":[],"#),
            Some(Fault::Odd(Odd::TooMany)) => {
                body = format!(r#"{{"data":[{}0],"scroll_param":null}}"#, "0,".repeat(1_000));
            }
            Some(Fault::Odd(Odd::TokenNumber)) => body = r#"{"data":[],"scroll_param":7}"#.to_owned(),
            _ => {}
        }
        draft.body = body.into_bytes();
        if odd == Some(Fault::Odd(Odd::NotUtf8)) {
            draft.body.insert(2, 0xff);
        }
        if let Some(Fault::Cut(place)) = self.strikes(|fault| matches!(fault, Fault::Cut(_))) {
            cut(&mut draft.body, place);
            draft.broken = self.rng.random_bool(0.3);
        }
        let bomb = self.strikes(|fault| matches!(fault, Fault::Bomb(_)));
        let (encoding, body) = match (bomb, self.rng.random_range(0..12)) {
            (Some(Fault::Bomb(Format::Gzip)), _) => ("gzip", BOMBS[0].clone()),
            (Some(Fault::Bomb(Format::Zstd)), _) => ("zstd", BOMBS[1].clone()),
            (Some(_), _) => {
                draft.body.clone_from(&BOMBS[2]);
                draft.piece = 1 << 16;
                return Ok(());
            }
            (None, 1) => ("gzip", squeeze::gzip(&draft.body)),
            (None, 2) => ("zstd", squeeze::zstd(&draft.body)),
            (None, _) => return Ok(()),
        };
        draft.body = body;
        draft.headers.push(("content-encoding", encoding.as_bytes().to_vec()));
        Ok(())
    }
}
