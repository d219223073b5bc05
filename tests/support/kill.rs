//! A destination whose processes are killed, again and again, at instants that a seed picks.
//!
//! SIGKILL takes the process and leaves the system's cache, so this shows what transactions promise, not what the
//! disk does.

use std::os::unix::process::ExitStatusExt as _;
use std::thread;
use std::time::Duration;

use highwater::playground::Options;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use super::{Api, BuiltIn, Highwater, Rows, Table, promise};

/// The signal that nobody can catch.
const KILL: i32 = 9;

/// The instant at which a process is killed.
#[derive(Clone, Copy, Debug)]
pub enum When {
    /// So long after its start; also while it opens its files.
    Started(Duration),
    /// So long after it told of so many pages.
    Stored {
        /// How many.
        pages: u64,
        /// How much later.
        after: Duration,
    },
    /// As soon as it told of the page that ends its run.
    Ending,
}

/// One process, and when it is killed.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `--walk`.
    pub walk: &'static str,
    /// `--resume`.
    pub resume: &'static str,
    /// The instant.
    pub when: When,
}

/// What the kills have hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Processes killed.
    pub killed: u32,
    /// Processes that reached the end of their run first.
    pub ended: u32,
    /// Kills that left a run unfinished.
    pub unfinished: u32,
    /// Kills that left a run unfinished to which this very process had added pages.
    pub amid_pages: u32,
    /// Kills that caught the process before it had made or taken its destination.
    pub early: u32,
}

/// A source that stands still, and a destination.
pub struct Harness {
    server: BuiltIn,
    /// What the source serves.
    pub source: Rows,
    highwater: Highwater,
    /// What the kills have hit so far.
    pub tally: Tally,
    checkpoint: Option<String>,
    pages: usize,
    /// The process that was killed last, if it held the lock.
    holder: Option<u32>,
}

impl Harness {
    /// A new destination for a source with these options. Its rows stand still, whatever the options say.
    pub fn new(options: Options) -> Self {
        let server = BuiltIn::start(Options { frozen: true, ..options });
        let source = Api::new(&server.url()).rows();
        let highwater = Highwater::against(&server.url());
        Self { server, source, highwater, tally: Tally::default(), checkpoint: None, pages: 0, holder: None }
    }

    /// True if there is something to go on with: a run, or rows that were never asked for.
    pub fn is_unfinished(&self) -> bool {
        let db = self.highwater.db();
        !db.exists() || {
            let table = Table::of(&db);
            !table.is_made() || table.checkpoint().is_none() || table.unfinished().is_some()
        }
    }

    /// Starts a process, kills it, and checks every promise.
    pub fn attempt(&mut self, attempt: &Attempt) {
        let mut running =
            self.highwater.start_sync(&["--json", "--walk", attempt.walk, "--resume", attempt.resume]);
        let pid = running.pid();
        match attempt.when {
            When::Started(after) => thread::sleep(after),
            When::Stored { pages, after } => {
                let mut told = 0;
                running.until(|event| {
                    told += u64::from(event["event"] == "page");
                    told == pages
                });
                thread::sleep(after);
            }
            When::Ending => drop(running.until(|event| event["event"] == "page" && event["token"].is_null())),
        }
        let done = running.kill();
        let killed = done.status.signal() == Some(KILL);
        assert!(killed || done.code() == 0, "{attempt:?}: {done}");
        self.look(pid, killed);
    }

    /// Runs a last process to its end, and checks that the destination holds the source's rows and nothing else.
    pub fn finish(&mut self) {
        let done = self.highwater.sync(&["--json"]);
        assert_eq!(done.code(), 0, "{done}");
        if let Some(pid) = self.holder.take() {
            let killed = format!("process {pid},");
            let told = |event: &Value| event["text"].as_str().is_some_and(|text| text.contains(&killed));
            assert!(done.events().iter().any(told), "not told whose lock was taken over: {done}");
        }
        promise::check_complete(&Table::of(&self.highwater.db()), &self.source);
    }

    /// Checks the promises, and notes what a kill has hit.
    fn look(&mut self, pid: u32, killed: bool) {
        let db = self.highwater.db();
        let lock = std::fs::read_to_string(db.with_extension("db.lock")).unwrap_or_default();
        let holds = lock.contains(&format!("process {pid},"));
        assert!(!holds || killed, "a clean end leaves no trace: {lock}");
        self.holder = if holds { Some(pid) } else { self.holder.filter(|_| !lock.is_empty()) };
        self.tally.killed += u32::from(killed);
        self.tally.ended += u32::from(!killed);
        self.tally.early += u32::from(killed && !holds);
        if !db.exists() {
            return;
        }
        let table = Table::of(&db);
        promise::check(&table, &self.source);
        if !table.is_made() {
            return;
        }
        let (checkpoint, pages) = (table.checkpoint(), table.pages().len());
        assert!(checkpoint >= self.checkpoint, "{:?}, then {checkpoint:?}", self.checkpoint);
        let unfinished = killed && table.unfinished().is_some();
        self.tally.unfinished += u32::from(unfinished);
        self.tally.amid_pages += u32::from(unfinished && pages > self.pages);
        (self.checkpoint, self.pages) = (checkpoint, pages);
    }
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
