//! A destination whose processes are killed, again and again, at named points or at instants that a seed picks.
//!
//! SIGKILL takes the process and leaves the system's cache, so this shows what transactions promise, not what the
//! disk does.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::thread;
use std::time::Duration;

use highwater::kill_point::{KillPoint, VARIABLE};
use highwater::playground::Options;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use super::{Api, BuiltIn, Done, Highwater, Rows, Table, promise};

/// The signal that nobody can catch.
const KILL: i32 = 9;

/// The instant at which a process is killed.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// As it passes a point for the nth time, from 1: it does so itself.
    At(KillPoint, u64),
    /// So long after its start; also while it opens its files.
    Started(Duration),
    /// So long after it told of so many pages.
    Stored {
        /// How many.
        pages: u64,
        /// How much later.
        after: Duration,
    },
}

/// One process, and when it is killed.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// `--walk`.
    pub walk: &'static str,
    /// `--resume`.
    pub resume: &'static str,
    /// `--lanes`.
    pub lanes: &'static str,
    /// The instant.
    pub when: When,
}

/// What the kills have hit.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Processes killed.
    pub killed: u64,
    /// Processes that reached the end of their run first.
    pub ended: u64,
    /// Kills that left a run unfinished.
    pub unfinished: u64,
    /// Kills that left a run unfinished to which this very process had added pages.
    pub amid_pages: u64,
    /// Kills that caught the process before it had made or taken its destination.
    pub early: u64,
    /// Kills at each point.
    pub at: BTreeMap<KillPoint, u64>,
    /// Destinations that were brought to a complete end after their kills.
    pub finished: u64,
}

impl Tally {
    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.killed += other.killed;
        self.ended += other.ended;
        self.unfinished += other.unfinished;
        self.amid_pages += other.amid_pages;
        self.early += other.early;
        self.finished += other.finished;
        for (point, kills) in &other.at {
            *self.at.entry(*point).or_default() += kills;
        }
    }
}

/// A source that stands still.
pub struct Standing {
    server: BuiltIn,
    /// How many rows it puts on a page.
    pub page_size: usize,
    /// What it serves.
    pub rows: Rows,
}

impl Standing {
    /// One with these options. Its rows stand still, whatever the options say.
    pub fn new(options: Options) -> Self {
        let page_size = options.page_size;
        let server = BuiltIn::start(Options { frozen: true, ..options });
        let api = Api::new(&server.url());
        let rows = if page_size == 1 { api.untied_rows() } else { api.rows() };
        Self { server, page_size, rows }
    }

    /// Of how many pages a run consists at the least.
    pub fn pages(&self) -> u64 {
        u64::try_from(self.rows.len().div_ceil(self.page_size)).unwrap()
    }
}

/// A destination.
pub struct Harness<'a> {
    source: &'a Standing,
    highwater: Highwater,
    /// What the kills have hit so far.
    pub tally: Tally,
    checkpoint: Option<String>,
    pages: usize,
    /// The process that was killed last, if it held the lock.
    holder: Option<u32>,
}

impl<'a> Harness<'a> {
    /// A new destination for a source.
    pub fn new(source: &'a Standing) -> Self {
        let highwater = Highwater::against(&source.server.url());
        Self { source, highwater, tally: Tally::default(), checkpoint: None, pages: 0, holder: None }
    }

    /// True if there is something to go on with: a run, or rows that were never asked for.
    pub fn is_unfinished(&self) -> bool {
        let db = self.highwater.db();
        !db.exists() || {
            let table = Table::of(&db);
            !table.is_made() || table.checkpoint().is_none() || table.unfinished().is_some()
        }
    }

    /// True if a run was left to go on with.
    pub fn has_run(&self) -> bool {
        let db = self.highwater.db();
        db.exists() && {
            let table = Table::of(&db);
            table.is_made() && table.unfinished().is_some()
        }
    }

    /// Starts a process, kills it, and checks every promise. False if it ended before it could be killed.
    pub fn attempt(&mut self, attempt: &Attempt) -> bool {
        if let When::At(point, nth) = attempt.when {
            let plan = format!("{}:{nth}", point.name());
            self.highwater.set(VARIABLE.unwrap(), Some(&plan));
        }
        let Attempt { walk, resume, lanes, .. } = attempt;
        let mut running =
            self.highwater.start_sync(&["--json", "--walk", walk, "--resume", resume, "--lanes", lanes]);
        if let Some(variable) = VARIABLE {
            self.highwater.set(variable, None);
        }
        let pid = running.pid();
        let done = match attempt.when {
            When::At(..) => running.end(),
            When::Started(after) => {
                thread::sleep(after);
                running.kill()
            }
            When::Stored { pages, after } => {
                let mut told = 0;
                running.until(|event| {
                    told += u64::from(event["event"] == "page");
                    told == pages
                });
                thread::sleep(after);
                running.kill()
            }
        };
        let killed = done.status.signal() == Some(KILL);
        assert!(killed || self.is_clean(&done), "{attempt:?}: {done}");
        if let (true, When::At(point, _)) = (killed, attempt.when) {
            *self.tally.at.entry(point).or_default() += 1;
        }
        self.look(pid, killed, &done);
        // The page log of each lane by itself, the walk and its lanes under their seal.
        let db = self.highwater.db();
        if db.exists() && Table::of(&db).is_made() {
            let verified = self.highwater.verify(&["--json"]);
            assert_eq!(verified.event("verified")["damage"], 0, "{attempt:?}: {verified}");
        }
        killed
    }

    /// Runs a last process to its end, and checks that the destination holds the source's rows and nothing else.
    pub fn finish(&mut self) {
        let done = self.highwater.sync(&["--json"]);
        assert!(self.is_clean(&done), "{done}");
        if let Some(pid) = self.holder.take() {
            let killed = format!("process {pid},");
            let told = |event: &Value| event["text"].as_str().is_some_and(|text| text.contains(&killed));
            assert!(done.events().iter().any(told), "not told whose lock was taken over: {done}");
        }
        promise::check_complete(&Table::of(&self.highwater.db()), &self.source.rows);
        self.tally.finished += 1;
    }

    /// True of a good end. On a page of one row each value fills its page: that asks for attention, and loses nothing.
    fn is_clean(&self, done: &Done) -> bool {
        done.code() == 0 || (self.source.page_size == 1 && done.code() == 3)
    }

    /// Checks the promises, and notes what a kill has hit.
    fn look(&mut self, pid: u32, killed: bool, done: &Done) {
        let db = self.highwater.db();
        let lock = std::fs::read_to_string(db.with_extension("db.lock")).unwrap_or_default();
        let holds = lock.contains(&format!("process {pid},"));
        assert!(!holds || killed, "a clean end leaves no trace: {lock}");
        self.holder = if holds { Some(pid) } else { self.holder.filter(|_| !lock.is_empty()) };
        self.tally.killed += u64::from(killed);
        self.tally.ended += u64::from(!killed);
        self.tally.early += u64::from(killed && !holds);
        if !db.exists() {
            return;
        }
        let table = Table::of(&db);
        promise::check(&table, &self.source.rows);
        if !table.is_made() {
            return;
        }
        let (checkpoint, pages) = (table.checkpoint(), table.pages());
        assert!(checkpoint >= self.checkpoint, "{:?}, then {checkpoint:?}", self.checkpoint);
        for (run, page) in told_of(done) {
            let stored = pages.iter().any(|logged| (logged.run, logged.page) == (run, page));
            assert!(stored, "page {page} of run {run} was told to be stored, and is not: {done}");
        }
        let unfinished = killed && table.unfinished().is_some();
        self.tally.unfinished += u64::from(unfinished);
        self.tally.amid_pages += u64::from(unfinished && pages.len() > self.pages);
        (self.checkpoint, self.pages) = (checkpoint, pages.len());
    }
}

/// The pages that a process told of, run and number. A kill may cut its last line.
fn told_of(done: &Done) -> Vec<(i64, i64)> {
    let events = done.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let pages = events.filter(|event| event["event"] == "page");
    pages.map(|page| (page["run"].as_i64().unwrap(), page["page"].as_i64().unwrap())).collect()
}

/// Instants to kill at, from a seed.
pub struct Dice {
    rng: StdRng,
}

impl Dice {
    /// The same seed gives the same instants.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed) }
    }

    /// A whole number below that.
    pub fn below(&mut self, most: u64) -> u64 {
        self.rng.random_range(0..most)
    }

    /// A time below that.
    pub fn time(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.rng.random_range(0.0..1.0))
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.random_range(0..of.len())]
    }
}

/// A number from the environment, to scale a test up or to repeat one.
pub fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).unwrap_or_default();
    if text.is_empty() {
        return default;
    }
    text.parse().unwrap_or_else(|error| panic!("{variable}: {text:?}: {error}"))
}
