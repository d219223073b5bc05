//! Nothing is lost when the process is killed: SIGKILL at random instants, many times in a row on one destination,
//! and after each kill the files must keep every promise of `support::promise`: rows, checkpoint, walk and page log
//! are of one instant, each of the source's rows below the checkpoint is stored, and nothing is there twice. After
//! the last kill one more run must end with exactly the source's rows.
//!
//! `HIGHWATER_TEST_KILLS` says how many kills (30), `HIGHWATER_TEST_SEED` which ones.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use highwater::playground::{Options, Tie};
use support::kill::{Attempt, Dice, Harness, When, number};

/// How long the source takes for an answer.
const LATENCY: Duration = Duration::from_millis(5);

/// A time in which a process starts, opens its destination and stores its first pages.
const START: Duration = Duration::from_millis(80);

/// How many pages a process stores at most before it is killed.
const PAGES: u64 = 9;

fn kills() -> u64 {
    number("HIGHWATER_TEST_KILLS", 30)
}

/// The seed, told where a failure shows it.
fn dice() -> Dice {
    let seed = number("HIGHWATER_TEST_SEED", 1);
    println!("HIGHWATER_TEST_SEED={seed}");
    Dice::new(seed)
}

/// A third soon after the start, the others in the middle of the pages.
fn instant(dice: &mut Dice) -> When {
    match dice.below(3) {
        0 => When::Started(dice.time(START)),
        _ => When::Stored { pages: 1 + dice.below(PAGES), after: dice.time(2 * LATENCY) },
    }
}

/// 30 rows share a value across the first cut, where a client that trusts the token loses 20.
fn options(users: u64, page_size: usize) -> Options {
    let tie = Some(Tie { users: 30, before_cut: 10 });
    let users = usize::try_from(users).unwrap();
    Options { users, page_size, tie, latency: LATENCY, keep_alive: true, ..Options::default() }
}

/// One destination, kill after kill. As many users as it takes for the first pass to outlast the kills; should it
/// not, the next pass is a full one.
#[test]
fn kills_in_a_row_lose_nothing_and_double_nothing() {
    let (kills, mut dice) = (kills(), dice());
    let mut harness = Harness::new(options(kills * PAGES * 30, 50));
    for kill in 0..kills {
        let resume = match harness.is_unfinished() {
            true if kill % 2 == 0 => "token",
            true => "checkpoint",
            false => "full",
        };
        let walk = dice.pick(&["auto", "auto", "auto", "anchor"]);
        harness.attempt(&Attempt { walk, resume, when: instant(&mut dice) });
    }
    harness.finish();
    let tally = harness.tally;
    println!("{tally:?}");
    // Else the kills would prove nothing.
    assert!(u64::from(tally.unfinished) * 3 >= kills * 2, "{tally:?}");
    assert!(u64::from(tally.amid_pages) * 3 >= kills, "{tally:?}");
}

/// Many destinations, each killed in short runs: while its files are made, near the end of the run, and between the
/// last page and the end, which a long run hardly ever meets.
#[test]
fn a_kill_while_the_files_are_made_or_at_the_end_of_a_run_loses_nothing() {
    let mut dice = dice();
    for _ in 0..kills().div_ceil(5) {
        let mut harness = Harness::new(options(200, 50));
        let walk = dice.pick(&["auto", "anchor"]);
        let near_the_end = When::Stored { pages: 3 + dice.below(3), after: dice.time(2 * LATENCY) };
        for when in [When::Started(dice.time(START / 2)), near_the_end, When::Ending] {
            harness.attempt(&Attempt { walk, resume: "token", when });
        }
        harness.finish();
    }
}
