//! Nothing is lost when the process is killed: SIGKILL at every named point and at random instants, in every walk and
//! resume mode, with pages of 1, 50 and 1,000 rows. After each kill the files must keep every promise of
//! `support::promise`: rows, checkpoint, walk and page log are of one instant, each of the source's rows below the
//! checkpoint is stored, nothing is there twice, and what was told to be stored, is stored. After the last kill of
//! each destination one more run must end with exactly the source's rows.
//!
//! `HIGHWATER_TEST_KILLS` says how many kills (200), `HIGHWATER_TEST_SEED` which ones, `HIGHWATER_TEST_LIFE` that only
//! this destination's are wanted. Without debug assertions there are no named points: all kills are random then.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use highwater::kill_point::{KillPoint, VARIABLE};
use highwater::playground::{Options, Tie};
use support::kill::{Attempt, Dice, Harness, Standing, Tally, When, number};

/// A time in which a process starts, opens its destination and stores its first pages.
const START: Duration = Duration::from_millis(80);

/// A time in which it stores a page or two more.
const MORE: Duration = Duration::from_millis(10);

/// Of so many kills one is part of the long row on one destination.
const ROW: u64 = 10;

/// How many pages a process of that row stores at most before it is killed.
const PAGES: u64 = 9;

/// Kills in the life of each of the other destinations.
const LIFE: u64 = 6;

/// How often a kill is tried for that comes too late, or at a point that is not passed in every run.
const TRIES: u64 = 8;

const WALKS: [&str; 3] = ["auto", "anchor", "scroll"];
const RESUMES: [&str; 3] = ["token", "checkpoint", "full"];
const PAGE_SIZES: [usize; 3] = [1, 50, 1_000];

/// How many lanes a process has: what one leaves, another goes on with in more or fewer.
const LANES: [&str; 2] = ["1", "4"];

/// Points that only a new destination passes.
const OPENING: [KillPoint; 4] =
    [KillPoint::LockTaken, KillPoint::FileMade, KillPoint::AmidMigration, KillPoint::AfterMigration];

fn kills() -> u64 {
    number("HIGHWATER_TEST_KILLS", 200)
}

fn seed() -> u64 {
    number("HIGHWATER_TEST_SEED", 1)
}

/// What is told of a destination whose test failed.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("again: {} cargo test --test kill", self.0);
        }
    }
}

/// 30 rows share a value across the first cut, where a client that trusts the token loses 20.
fn tied(page_size: usize) -> Tie {
    Tie { users: 30, before_cut: 10.min(page_size) }
}

/// One destination, kill after kill, at random. As many users as it takes for the first pass to outlast the kills;
/// should it not, the next pass is a full one.
#[test]
fn kills_in_a_row_lose_nothing_and_double_nothing() {
    let kills = kills().div_ceil(ROW);
    let _told = Told(format!("HIGHWATER_TEST_SEED={}", seed()));
    let mut dice = Dice::new(seed());
    let users = usize::try_from(kills * PAGES * 30).unwrap();
    let latency = MORE / 2;
    let options = Options { users, tie: Some(tied(50)), latency, keep_alive: true, ..Options::default() };
    let source = Standing::new(options);
    let mut harness = Harness::new(&source);
    for kill in 0..kills {
        let resume = match harness.is_unfinished() {
            true if kill % 2 == 0 => "token",
            true => "checkpoint",
            false => "full",
        };
        let walk = dice.pick(&["auto", "auto", "auto", "anchor"]);
        let when = match dice.below(3) {
            0 => When::Started(dice.time(START)),
            _ => When::Stored { pages: 1 + dice.below(PAGES), after: dice.time(MORE) },
        };
        let lanes = dice.pick(&LANES);
        harness.attempt(&Attempt { walk, resume, lanes, when });
    }
    harness.finish();
    let tally = harness.tally;
    println!("{tally:?}");
    // Else the kills would prove nothing.
    assert!(tally.unfinished * 3 >= kills * 2, "{tally:?}");
    assert!(tally.amid_pages * 3 >= kills, "{tally:?}");
}

/// Many destinations, each of one walk, resume mode and page size, and with a few kills.
#[test]
fn a_kill_at_any_point_in_any_mode_loses_nothing_and_doubles_nothing() {
    let sources: Vec<[Standing; 2]> = PAGE_SIZES.into_iter().map(sources).collect();
    let lives = (kills() - kills().div_ceil(ROW)).div_ceil(LIFE);
    let only = number("HIGHWATER_TEST_LIFE", u64::MAX);
    let (next, sum) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let life = next.fetch_add(1, Ordering::Relaxed)
                    && life < lives
                {
                    if only == u64::MAX || only == life {
                        let tally = live(life, &sources);
                        sum.lock().unwrap().add(&tally);
                    }
                }
            });
        }
    });
    let tally = sum.into_inner().unwrap();
    println!("{tally:#?}");
    if VARIABLE.is_some() && only == u64::MAX && lives * LIFE >= 180 {
        let missed: Vec<_> = KillPoint::ALL.iter().filter(|point| !tally.at.contains_key(point)).collect();
        assert!(missed.is_empty(), "never killed at {missed:?}: {tally:?}");
        assert!(tally.killed >= lives * LIFE * 9 / 10, "{tally:?}");
    }
}

/// The same rows twice, but that in the second one some tie across a cut. The token loses those, and tells; on pages
/// of one row nothing can tie.
fn sources(page_size: usize) -> [Standing; 2] {
    let users = match page_size {
        1 => 24,
        50 => 300,
        _ => 3 * page_size,
    };
    [None, Some(tied(page_size)).filter(|_| page_size > 1)]
        .map(|tie| Standing::new(Options { users, page_size, tie, keep_alive: true, ..Options::default() }))
}

/// The kills of one destination, and the run that ends it.
fn live(life: u64, sources: &[[Standing; 2]]) -> Tally {
    let cell = usize::try_from(life).unwrap();
    let (walk, resume) = (WALKS[cell % 3], RESUMES[cell / 3 % 3]);
    let [even, tied] = &sources[cell / 9 % 3];
    let source = if walk == "scroll" { even } else { tied };
    let of = format!("HIGHWATER_TEST_KILLS={} HIGHWATER_TEST_SEED={}", kills(), seed());
    let _told = Told(format!("{of} HIGHWATER_TEST_LIFE={life}"));
    let mut dice = Dice::new(seed() << 32 | life);
    let mut harness = Harness::new(source);
    for kill in 0..LIFE {
        let point = if kill == 0 { opening(life) } else { under_way(life * (LIFE - 1) + kill) };
        for attempt in 0..TRIES {
            let when = match point.filter(|_| VARIABLE.is_some()) {
                // A run passes some points less often than others, each of these once.
                Some(point) if attempt > 0 => When::At(point, 1),
                Some(point) => When::At(point, 1 + dice.below(passes(point, source))),
                None => at_random(&mut dice, source),
            };
            let has_run = || resume == "token" && harness.has_run();
            let when = match when {
                // Only a run that is gone on with is marked.
                When::At(KillPoint::BeforeRunMark | KillPoint::AfterRunMark, _) if !has_run() => {
                    When::At(KillPoint::AfterCommit, 1)
                }
                when => when,
            };
            let resume = if harness.is_unfinished() { resume } else { "full" };
            let lanes = dice.pick(&LANES);
            if harness.attempt(&Attempt { walk, resume, lanes, when }) {
                break;
            }
        }
    }
    harness.finish();
    harness.tally
}

/// Where a destination is killed first: while it is made, or at random.
fn opening(life: u64) -> Option<KillPoint> {
    OPENING.get(usize::try_from(life % 5).unwrap()).copied()
}

/// Where it is killed then: at each point in turn, and at random in a third of the cases.
fn under_way(turn: u64) -> Option<KillPoint> {
    let points = &KillPoint::ALL[OPENING.len()..];
    let turn = usize::try_from(turn).unwrap() % (points.len() * 3 / 2);
    points.get(turn).copied()
}

/// How often a run passes a point, about: fewer times where pages share a commit.
fn passes(point: KillPoint, source: &Standing) -> u64 {
    match point {
        KillPoint::AfterUpsert => u64::try_from(source.rows.len()).unwrap(),
        KillPoint::BeforeRequest
        | KillPoint::AfterRequest
        | KillPoint::AfterDecode
        | KillPoint::BeforeEvent
        | KillPoint::AfterEvent => source.pages(),
        KillPoint::AfterBegin | KillPoint::BeforeCommit | KillPoint::AfterCommit => {
            source.pages().div_ceil(3)
        }
        _ => 1,
    }
}

fn at_random(dice: &mut Dice, source: &Standing) -> When {
    match dice.below(2) {
        0 => When::Started(dice.time(START)),
        _ => When::Stored { pages: 1 + dice.below(source.pages()), after: dice.time(MORE) },
    }
}
