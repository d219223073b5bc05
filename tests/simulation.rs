//! The whole sync against a source on which everything goes wrong, alone and in pairs, under a clock that stands still
//! while there is work: the real engine, the real decoder and limits, a real file, and an operator who interferes.
//!
//! Each scenario has a name, and the name is all that it depends on:
//!
//! ```sh
//! HIGHWATER_SIM='gzip-bomb+token-loop-2/auto/seed=7' cargo test --test simulation -- one --nocapture
//! ```
//!
//! `HIGHWATER_SIM_SEEDS` says how many seeds each set of faults is played with (1), `HIGHWATER_SIM_FIRST` which one is
//! the first (1).
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod simulation {
    mod api;
    mod fault;
    #[path = "../oracle/judge.rs"]
    mod judge;
    #[path = "../oracle/left.rs"]
    mod left;
    mod pages;
    mod play;
    mod rows;
    pub mod scenario;
    #[allow(dead_code)]
    #[path = "../faulty/squeeze.rs"]
    mod squeeze;
    pub mod verdict;
    mod wire;
}

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use highwater::walk::Mode;
use simulation::scenario::{Scenario, sets};
use simulation::verdict::{Verdict, play};

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{variable}: {error}")))
}

/// Plays all of them on every core, and fails with those that break a promise.
fn all(scenarios: &[Scenario]) {
    let (next, failed, ends) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
            let verdict = catch_unwind(AssertUnwindSafe(|| play(scenario)))
                .unwrap_or_else(|_| Verdict { breaches: vec!["a panic".to_owned()], ..Verdict::default() });
            let end = format!("{:?}", verdict.outcome);
            *ends.lock().unwrap().entry((end, verdict.interrupted)).or_insert(0_u64) += 1;
            if !verdict.breaches.is_empty() {
                failed.lock().unwrap().push((scenario, verdict.breaches));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    println!("{} runs; ended, and whether interrupted: {:?}", scenarios.len(), ends.lock().unwrap());
    let failed = failed.into_inner().unwrap();
    let told: Vec<String> = failed
        .iter()
        .take(40)
        .map(|(scenario, breaches)| {
            let first: Vec<&str> = breaches.iter().take(3).map(String::as_str).collect();
            format!(
                "HIGHWATER_SIM='{scenario}' cargo test --test simulation -- one --nocapture\n    {}",
                first.join("\n    ")
            )
        })
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} break a promise:\n{}",
        failed.len(),
        scenarios.len(),
        told.join("\n")
    );
}

/// Every set of that many faults with as many seeds as are asked for. A fault alone meets every walk with each seed; a
/// pair meets the default walk, and one of the others in turn. Each fault alone and every other pair is met by several
/// lanes, too.
fn every(faults: usize) -> Vec<Scenario> {
    let (first, seeds) = (number("HIGHWATER_SIM_FIRST", 1), number("HIGHWATER_SIM_SEEDS", 1));
    let sets = sets().into_iter().filter(|set| set.len() == faults);
    let mut scenarios = Vec::new();
    for (place, faults) in (0..).zip(sets) {
        for seed in first..first + seeds {
            let left_out = if (place + seed) % 2 == 0 { Mode::Scroll } else { Mode::Anchor };
            let walks = Mode::ALL.into_iter().filter(|walk| faults.len() == 1 || *walk != left_out);
            scenarios.extend(walks.map(|walk| Scenario { faults: faults.clone(), walk, seed, lanes: 1 }));
            if faults.len() == 1 || (place / 3 + seed) % 2 == 0 {
                let lanes = [2, 4, 8][usize::try_from((place + seed) % 3).unwrap()];
                scenarios.push(Scenario { faults: faults.clone(), walk: Mode::Auto, seed, lanes });
            }
        }
    }
    scenarios
}

#[test]
fn each_fault_by_itself() {
    all(&every(1));
}

#[test]
fn each_pair_of_faults() {
    all(&every(2));
}

/// The one that is named in the environment.
#[test]
fn one() {
    let Ok(name) = std::env::var("HIGHWATER_SIM") else { return };
    let scenario: Scenario = name.parse().unwrap();
    let verdict = play(&scenario);
    println!("{}", verdict.history.join("\n"));
    assert!(verdict.breaches.is_empty(), "{}", verdict.breaches.join("\n"));
}

#[test]
fn a_name_has_the_same_history_twice() {
    for scenario in every(1).into_iter().step_by(3) {
        let (once, again) = (play(&scenario).history, play(&scenario).history);
        assert!(once.len() > 3, "{scenario}");
        assert_eq!(once, again, "{scenario}");
    }
}
