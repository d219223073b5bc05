//! A source and a destination in memory, and the promise that must hold between them whatever happens.
//!
//! The destination stores a page, the checkpoint and the walk
//! in one step, as the real one does in one transaction. A crash loses what was not stored, nothing else.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

pub mod api;
pub mod judge;

use std::collections::BTreeMap;
use std::time::Duration;

use highwater::record::{BEGINNING, Cursor, Page, USER};
use highwater::walk::lanes::{Abreast, Lanes, Refusal};
use highwater::walk::{By, End, Finding, Mode, Next, Request, Walk};

use self::api::seconds;
pub use self::api::{Api, Quirk, Refused, instant};
use self::judge::{Left, Logged, Told, Truth, Unfinished, Version};

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
    /// A row shows up that many seconds later than it is stamped.
    Late(u32),
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
    /// The page log.
    pub log: Vec<Logged>,
    /// Every version that the source ever had.
    pub truth: Truth,
    /// True if a run was told to follow tokens.
    by_token: bool,
    /// How many lanes a run has.
    pub width: u32,
    /// How far below the source's clock rows may still show up, in seconds.
    pub lag: u32,
    /// How many lanes asked at once, at most.
    pub abreast: usize,
    /// How many lanes the processes have that are started after a crash, one after another.
    pub widths: Vec<u32>,
    /// What decides whose answer comes next: more at once than one, each as the source stood when it was asked.
    pub picks: u64,
}

impl World {
    pub fn new(api: Api) -> Self {
        let mut truth = Truth::default();
        api.rows.iter().for_each(|(id, at)| truth.has(&id.to_string(), version(*at)));
        let (table, found, log) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            api,
            table,
            checkpoint: None,
            stored: None,
            found,
            log,
            truth,
            by_token: false,
            width: 1,
            lag: 0,
            abreast: 0,
            widths: Vec::new(),
            picks: 1,
        }
    }

    /// The lanes with which a process starts.
    fn start(&self, mode: Mode, from_token: bool) -> Lanes {
        let stored: Option<(Walk, Abreast)> =
            self.stored.as_deref().map(|json| serde_json::from_str(json).unwrap());
        let (walk, abreast) = match (stored, from_token) {
            (Some((walk, abreast)), true) => (walk, abreast),
            (Some((walk, _)), false) => {
                let (from, checkpoint) = (walk.restart().clone(), self.checkpoint.clone());
                (walk.anew(mode, self.follow_empty(), from, checkpoint), Abreast::default())
            }
            (None, _) => {
                let lag = Duration::from_secs(self.lag.into());
                let from =
                    self.checkpoint.as_ref().map(|checkpoint| checkpoint.earlier(lag, &Cursor::beginning()));
                let beginning = Cursor::parse(BEGINNING).unwrap();
                (self.fresh(mode, from.unwrap_or(beginning)), Abreast::default())
            }
        };
        self.lanes(walk, abreast)
    }

    fn lanes(&self, walk: Walk, abreast: Abreast) -> Lanes {
        let mut lanes = Lanes::new(walk, abreast, Duration::from_secs(self.lag.into()));
        lanes.widen_to(self.width);
        lanes
    }

    fn fresh(&self, mode: Mode, start: Cursor) -> Walk {
        Walk::new(mode, self.follow_empty(), start, self.checkpoint.clone())
    }

    fn follow_empty(&self) -> bool {
        matches!(self.api.quirk, Quirk::EmptyPages(_))
    }

    /// One run to its end, with a happening after each answer; panics if the promise breaks, or if it never ends.
    pub fn run(&mut self, mode: Mode, happenings: &mut dyn Iterator<Item = Happening>) -> Option<End> {
        let lanes = self.start(mode, true);
        self.run_from(lanes, mode, happenings)
    }

    /// A full re-sync to its end: from the beginning, with the checkpoint as it stands.
    pub fn resync(&mut self, mode: Mode) -> Option<End> {
        let walk = self.fresh(mode, Cursor::parse(BEGINNING).unwrap());
        self.run_from(self.lanes(walk, Abreast::default()), mode, &mut std::iter::empty())
    }

    fn run_from(
        &mut self,
        mut lanes: Lanes,
        mode: Mode,
        happenings: &mut dyn Iterator<Item = Happening>,
    ) -> Option<End> {
        self.by_token |= mode == Mode::Scroll;
        // What is on the wire: by lane, the request, the answer, and the source's clock with it.
        let mut wires: Vec<(u32, Request, Result<Page, Refused>, u32)> = Vec::new();
        for _ in 0..5_000 {
            for (lane, request) in lanes.asking().map(|(lane, it)| (lane, it.clone())).collect::<Vec<_>>() {
                if wires.iter().all(|(it, ..)| *it != lane) {
                    let answer = self.api.answer(&request);
                    wires.push((lane, request, answer, self.api.clock));
                }
            }
            self.abreast = self.abreast.max(wires.len());
            self.picks = self.picks.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let next = usize::try_from(self.picks >> 33).unwrap() % wires.len();
            let (lane, request, answer, clock) = wires.swap_remove(next);
            let page = match answer {
                Ok(page) => page,
                Err(Refused::Token) if lanes.on_token_refused(lane) => continue,
                Err(Refused::Token) if lanes.is_first(lane) => return None,
                Err(Refused::Token) => {
                    self.found.extend(lanes.refuse(Refusal::Failed("refused".to_owned())));
                    wires.retain(|(lane, request, ..)| lanes.next(*lane) == Some(request));
                    continue;
                }
            };
            let happening = happenings.next().unwrap_or(Happening::Nothing);
            if let Happening::CrashBefore { from_token } = happening {
                self.width = self.widths.pop().unwrap_or(self.width);
                lanes = self.start(mode, from_token);
                wires.clear();
                continue;
            }
            let step = lanes.on_page(lane, &page, instant(clock));
            wires.retain(|(lane, request, ..)| lanes.next(*lane) == Some(request));
            let before = self.checkpoint.clone();
            self.store(&page, (lane, &request), &mut lanes, matches!(step.next, Next::End(_)));
            let text = |cursor: &Option<Cursor>| cursor.as_ref().map(Cursor::text).map(str::to_owned);
            assert_eq!(step.checkpoint, self.checkpoint);
            assert_eq!(step.moved, text(&before) != text(&self.checkpoint), "{before:?}, then {step:?}");
            self.found.extend(step.findings);
            match happening {
                Happening::Tick(seconds) => self.api.clock += seconds,
                Happening::Update(number) => {
                    let id = number % u32::try_from(self.api.rows.len()).unwrap().max(1);
                    self.has(id, self.api.clock);
                }
                Happening::Insert => {
                    let id = u32::try_from(self.api.rows.len()).unwrap();
                    self.has(id, self.api.clock);
                }
                Happening::Late(seconds) => {
                    let id = u32::try_from(self.api.rows.len()).unwrap();
                    self.has(id, self.api.clock.saturating_sub(seconds));
                }
                _ => {}
            }
            match (step.next, happening) {
                (Next::End(end), _) => return Some(end),
                (_, Happening::CrashAfter { from_token }) => {
                    self.width = self.widths.pop().unwrap_or(self.width);
                    lanes = self.start(mode, from_token);
                    wires.clear();
                }
                (Next::Ask(request), _) => assert!(lanes.asking().any(|(_, it)| *it == request)),
                (Next::Rest, _) => assert!(!lanes.is_first(lane)),
            }
        }
        panic!("the run never ends: {lanes:?}");
    }

    /// The source has a row of that time.
    fn has(&mut self, id: u32, at: u32) {
        self.api.rows.insert(id, at);
        self.truth.has(&id.to_string(), version(at));
    }

    /// What the real destination does in one transaction.
    fn store(&mut self, page: &Page, (lane, request): (u32, &Request), lanes: &mut Lanes, ended: bool) {
        let (walk, abreast) = lanes.snapshot();
        let before = self.table.len();
        for row in &page.rows {
            let id: u32 = row.id(&USER).parse().unwrap();
            let at = u32::try_from(seconds(row.cursor.as_ref().unwrap())).unwrap();
            let stored = self.table.entry(id).or_insert(at);
            *stored = at.max(*stored);
        }
        let number = i64::try_from(walk.next_page() - 1).unwrap();
        let run = self.log.last().map_or(0, |last| last.run) + i64::from(number == 1);
        let checkpoint = walk.checkpoint().cloned();
        let (by, _) = request.parts();
        self.log.push(Logged {
            run,
            page: number,
            lane: lane.into(),
            by_token: by == By::Token,
            since: if let Request::Since(cursor) = request { cursor.instant() } else { None },
            new: i64::try_from(self.table.len() - before).unwrap(),
            last: page.cursors().next_back().and_then(Cursor::instant),
            checkpoint: checkpoint.as_ref().and_then(Cursor::instant),
        });
        assert!(checkpoint >= self.checkpoint, "from {:?} back to {checkpoint:?}", self.checkpoint);
        self.checkpoint = checkpoint;
        self.stored = (!ended).then(|| serde_json::to_string(&(walk, abreast)).unwrap());
    }

    /// The destination as it stands.
    pub fn left(&self) -> Left {
        let unfinished = self.stored.as_deref().map(|json| {
            let (walk, _): (Walk, Abreast) = serde_json::from_str(json).unwrap();
            let run = self.log.last().unwrap().run;
            Unfinished { run, walked: i64::try_from(walk.next_page() - 1).unwrap(), is_held: walk.is_held() }
        });
        Left {
            rows: self.table.iter().map(|(id, at)| (id.to_string(), version(*at))).collect(),
            checkpoint: self.checkpoint.as_ref().and_then(Cursor::instant),
            counted: i64::try_from(self.table.len()).unwrap(),
            log: self.log.clone(),
            unfinished,
        }
    }

    /// What the walk has said of rows that may be missing.
    pub fn told(&self) -> Told {
        let mut told = Told { by_token: self.by_token, ..Told::default() };
        self.found.iter().for_each(|finding| told.add(finding));
        told
    }

    /// What breaks the promise as it stands: at any instant, whatever the source did.
    pub fn breaches(&self) -> Vec<String> {
        let left = self.left();
        [left.disagreements(), self.truth.made_up(&left), self.truth.lost(&left, &self.told())].concat()
    }

    /// Where the table is not what the source has, but for what was told.
    pub fn differences(&self) -> Vec<String> {
        self.truth.differences(&self.left(), &self.told())
    }

    /// The same, whatever was told.
    pub fn untold_or_not(&self) -> Vec<String> {
        self.truth.differences(&self.left(), &Told::default())
    }
}

/// A row's version: it has no other value than its time.
fn version(at: u32) -> Version {
    Version { at: Some(instant(at)), content: String::new() }
}
