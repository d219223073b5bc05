//! A source and a destination in memory, and the promise that must hold between them whatever happens.
//!
//! The source speaks the contract, with quirks on demand. The destination stores a page, the checkpoint and the walk
//! in one step, as the real one does in one transaction. A crash loses what was not stored, nothing else.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use highwater::record::{BEGINNING, Cursor, Page, Row, USER};
use highwater::walk::{End, Finding, Mode, Next, Request, Walk};

/// What is odd about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Nothing: inclusive `updated_since`, a token that asks for strictly later rows.
    Plain,
    /// A token that carries the id too, so that it goes on within a group of equal cursors.
    CompositeToken,
    /// `updated_since` leaves out the value itself.
    Exclusive,
    /// Rows come by id; the token is a position.
    Disorder,
    /// Tokens repeat in a cycle of this length.
    Loop(u32),
    /// Each n-th answer has no rows, but a token to the rows.
    EmptyPages(u32),
    /// A token is refused once this many other requests came in between.
    ExpiringTokens(u32),
}

/// The source.
#[derive(Clone, Debug)]
pub struct Api {
    /// Cursor by id, in seconds.
    pub rows: BTreeMap<u32, u32>,
    /// The source's clock, in seconds.
    pub clock: u32,
    pub page_size: usize,
    pub quirk: Quirk,
    pub requests: u32,
}

pub enum Refused {
    Token,
}

/// Where the seconds of a source are counted from: 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;

pub fn instant(seconds: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(EPOCH + i64::from(seconds))
}

fn seconds(cursor: &Cursor) -> i64 {
    cursor.instant().timestamp() - EPOCH
}

pub fn cursor(seconds: u32) -> Cursor {
    let text = instant(seconds).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Cursor::parse(&text).unwrap()
}

fn row((id, seconds): (u32, u32)) -> Row {
    let mut values = vec![None; USER.columns.len()];
    values[USER.primary_key] = Some(id.to_string());
    values[USER.cursor] = Some(cursor(seconds).text().to_owned());
    Row { values: values.into(), cursor: Some(cursor(seconds)), extra: None }
}

impl Api {
    pub fn answer(&mut self, request: &Request) -> Result<Page, Refused> {
        self.requests += 1;
        let mut ordered: Vec<(u32, u32)> = self.rows.iter().map(|(id, at)| (*id, *at)).collect();
        if self.quirk != Quirk::Disorder {
            ordered.sort_by_key(|(id, at)| (*at, *id));
        }
        if let (Quirk::Loop(length), Request::Token(token)) = (self.quirk, request) {
            let position: u32 = token.parse().unwrap();
            let from = (position as usize * self.page_size).min(ordered.len());
            let rows: Vec<_> = ordered[from..].iter().take(self.page_size).copied().collect();
            let token = Some(((position + 1) % length).to_string());
            return Ok(Page {
                rows: rows.into_iter().map(row).collect(),
                token,
                has_data: true,
                ..Page::default()
            });
        }
        let (since, after) = match request {
            Request::Since(since) => (seconds(since), None),
            Request::Token(token) => {
                let mut parts = token.split('/').map(|part| part.parse::<i64>().unwrap());
                let (issued, since, after) =
                    (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
                if let Quirk::ExpiringTokens(life) = self.quirk
                    && i64::from(self.requests) - issued > i64::from(life)
                {
                    return Err(Refused::Token);
                }
                (since, Some(after))
            }
        };
        let position = |&(id, at): &(u32, u32)| match self.quirk {
            Quirk::CompositeToken => i64::from(at) * 1_000_000 + i64::from(id),
            Quirk::Disorder => i64::from(id),
            _ => i64::from(at),
        };
        let exclusive = self.quirk == Quirk::Exclusive;
        ordered.retain(|entry| {
            let at = i64::from(entry.1);
            (at > since || at == since && !exclusive) && after.is_none_or(|after| position(entry) > after)
        });
        let token = |after: i64| Some(format!("{}/{since}/{after}", self.requests));
        if let Quirk::EmptyPages(every) = self.quirk
            && self.requests.is_multiple_of(every)
            && !ordered.is_empty()
        {
            return Ok(Page { token: token(after.unwrap_or(since - 1)), has_data: true, ..Page::default() });
        }
        let more = ordered.len() > self.page_size;
        ordered.truncate(self.page_size);
        let token = match self.quirk {
            Quirk::Loop(_) => Some("0".to_owned()),
            _ => ordered.last().filter(|_| more).and_then(|last| token(position(last))),
        };
        Ok(Page { rows: ordered.into_iter().map(row).collect(), token, has_data: true, ..Page::default() })
    }
}

/// What happens between an answer and the next.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    Nothing,
    /// The source's clock goes on.
    Tick(u32),
    /// A row, chosen by number, is updated now.
    Update(u32),
    /// A row is inserted now.
    Insert,
    /// The process dies before it stores the page, and is started again.
    CrashBefore {
        from_token: bool,
    },
    /// The process dies after it stored the page, and is started again.
    CrashAfter {
        from_token: bool,
    },
}

/// The destination, and the process that fills it.
#[derive(Clone, Debug)]
pub struct World {
    pub api: Api,
    pub table: BTreeMap<u32, u32>,
    pub checkpoint: Option<Cursor>,
    /// The stored walk of an unfinished run, serialised as it is stored.
    pub stored: Option<String>,
    pub found: Vec<Finding>,
    pub pages: u32,
}

impl World {
    pub fn new(api: Api) -> Self {
        Self { api, table: BTreeMap::new(), checkpoint: None, stored: None, found: Vec::new(), pages: 0 }
    }

    /// The walk with which a process starts.
    fn start(&self, mode: Mode, from_token: bool) -> Walk {
        let stored: Option<Walk> = self.stored.as_deref().map(|json| serde_json::from_str(json).unwrap());
        match (stored, from_token) {
            (Some(walk), true) => walk,
            (Some(walk), false) => {
                walk.anew(mode, self.follow_empty(), walk.restart().clone(), self.checkpoint.clone())
            }
            (None, _) => {
                let beginning = Cursor::parse(BEGINNING).unwrap();
                self.fresh(mode, self.checkpoint.clone().unwrap_or(beginning))
            }
        }
    }

    fn fresh(&self, mode: Mode, start: Cursor) -> Walk {
        Walk::new(mode, self.follow_empty(), start, self.checkpoint.clone())
    }

    fn follow_empty(&self) -> bool {
        matches!(self.api.quirk, Quirk::EmptyPages(_))
    }

    /// One run to its end, with a happening after each answer; panics if the promise breaks, or if it never ends.
    pub fn run(&mut self, mode: Mode, happenings: &mut dyn Iterator<Item = Happening>) -> Option<End> {
        let walk = self.start(mode, true);
        self.run_from(walk, mode, happenings)
    }

    /// A full re-sync to its end: from the beginning, with the checkpoint as it stands.
    pub fn resync(&mut self, mode: Mode) -> Option<End> {
        let walk = self.fresh(mode, Cursor::parse(BEGINNING).unwrap());
        self.run_from(walk, mode, &mut std::iter::empty())
    }

    fn run_from(
        &mut self,
        mut walk: Walk,
        mode: Mode,
        happenings: &mut dyn Iterator<Item = Happening>,
    ) -> Option<End> {
        for _ in 0..5_000 {
            let page = match self.api.answer(walk.next()) {
                Ok(page) => page,
                Err(Refused::Token) if walk.on_token_refused() => continue,
                Err(Refused::Token) => return None,
            };
            let happening = happenings.next().unwrap_or(Happening::Nothing);
            if let Happening::CrashBefore { from_token } = happening {
                walk = self.start(mode, from_token);
                continue;
            }
            let step = walk.on_page(&page, instant(self.api.clock));
            self.store(&page, &walk, matches!(step.next, Next::End(_)));
            self.found.extend(step.findings);
            match happening {
                Happening::Tick(seconds) => self.api.clock += seconds,
                Happening::Update(number) => {
                    let id = number % u32::try_from(self.api.rows.len()).unwrap().max(1);
                    self.api.rows.entry(id).and_modify(|at| *at = self.api.clock);
                }
                Happening::Insert => {
                    let id = u32::try_from(self.api.rows.len()).unwrap();
                    self.api.rows.insert(id, self.api.clock);
                }
                _ => {}
            }
            match (step.next, happening) {
                (Next::End(end), _) => return Some(end),
                (Next::Ask(_), Happening::CrashAfter { from_token }) => walk = self.start(mode, from_token),
                (Next::Ask(request), _) => assert_eq!(&request, walk.next()),
            }
        }
        panic!("the run never ends: {walk:?}");
    }

    /// What the real destination does in one transaction.
    fn store(&mut self, page: &Page, walk: &Walk, ended: bool) {
        for row in &page.rows {
            let id: u32 = row.id(&USER).parse().unwrap();
            let at = u32::try_from(seconds(row.cursor.as_ref().unwrap())).unwrap();
            let stored = self.table.entry(id).or_insert(at);
            *stored = at.max(*stored);
        }
        let checkpoint = walk.checkpoint().cloned();
        assert!(
            checkpoint >= self.checkpoint,
            "the checkpoint went back: {checkpoint:?} < {:?}",
            self.checkpoint
        );
        if let Some(checkpoint) = &checkpoint {
            let stored = self.table.values().any(|at| i64::from(*at) >= seconds(checkpoint));
            assert!(stored, "the checkpoint {checkpoint} is above every stored row");
        }
        self.checkpoint = checkpoint;
        self.stored = (!ended).then(|| serde_json::to_string(walk).unwrap());
        self.pages += 1;
    }

    /// The source's rows at or below a cursor that the table does not have, at that version or newer.
    pub fn missing(&self, below: impl Fn(i64) -> bool) -> Vec<(u32, u32)> {
        let has = |id: u32, at: u32| self.table.get(&id).is_some_and(|stored| *stored >= at);
        let rows = self.api.rows.iter().map(|(id, at)| (*id, *at));
        rows.filter(|(id, at)| below((*at).into()) && !has(*id, *at)).collect()
    }

    /// The source's rows below the checkpoint that are not stored: none, at any instant, on an anchored walk.
    pub fn missing_below_checkpoint(&self) -> Vec<(u32, u32)> {
        let checkpoint = self.checkpoint.as_ref().map(seconds);
        self.missing(|at| checkpoint.is_some_and(|checkpoint| at < checkpoint))
    }
}
