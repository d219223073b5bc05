//! Copies to a server and back: what comes back is what went there, wherever the copy was interrupted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use highwater::destination::copy::{Copy, Doing, Ended};
use highwater::destination::outage::Waits;
use highwater::destination::place::Place;
use highwater::destination::postgres::mirror;
use highwater::kill_point::VARIABLE;
use highwater::playground::Options;
use highwater::record::{Schema, USER};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::alike::{contents, play, runs};
use crate::support::cluster::{Cluster, PASSWORD, shared};
use crate::support::{Api, BuiltIn, Done, Highwater, Table, promise};

/// Copies in pieces of three entries, and is stopped after every one of them.
fn copy_haltingly(from: &Place, to: &Place, schema: &'static Schema) -> u32 {
    let mut stops = 0;
    loop {
        let mut source = from.open(schema).unwrap().destination;
        source.check_steering().unwrap();
        let mut target = to.open_unfinished(schema).unwrap().destination;
        let mut tell = |doing| {
            assert_ne!(doing, Doing::Anew);
            !matches!(doing, Doing::Copied(_))
        };
        let copy = Copy::new(source.as_mut(), target.as_mut(), &mut tell).in_pieces_of(3);
        match copy.run(false).unwrap() {
            Ended::Complete(_) => return stops,
            Ended::Stopped(_) => stops += 1,
        }
        drop(target);
        let refused = to.open(schema).err().unwrap().to_string();
        assert!(refused.contains("unfinished copy of"), "{refused}");
    }
}

#[test]
fn what_comes_back_is_what_went_there_wherever_it_was_interrupted() {
    let Some(cluster) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (cases, stops) = (AtomicU32::new(0), AtomicU32::new(0));
    let config = Config { cases: 10, max_shrink_iters: 30, failure_persistence: None, ..Config::default() };
    let played = TestRunner::new(config).run(&runs(), |runs| {
        let case = cases.fetch_add(1, Ordering::Relaxed);
        let [first, last, after] = ["a", "b", "c"].map(|name| folder.path().join(format!("{name}{case}.db")));
        let files = [&first, &last].map(|path| Place::File(path.clone()));
        let server = Place::Postgres(Box::new(cluster.address(&format!("copied_{case}"))));
        play(files[0].open(&USER).unwrap().destination.as_mut(), &runs);
        stops.fetch_add(copy_haltingly(&files[0], &server, &USER), Ordering::Relaxed);
        copy_haltingly(&server, &files[1], &USER);
        prop_assert_eq!(contents(&first), contents(&last));
        // What is stored next is numbered as it would have been in the file.
        for place in [&files[0], &server] {
            play(place.open(&USER).unwrap().destination.as_mut(), &runs);
        }
        mirror(&cluster.address(&format!("copied_{case}")), &USER, &after).unwrap();
        prop_assert_eq!(contents(&first), contents(&after));
        Ok(())
    });
    played.unwrap();
    let stops = stops.into_inner();
    // Of the least that can be played, each case has more than four pieces.
    assert!(stops > 40, "{stops}");
}

/// A file with a part of a source's rows, and the program that copies it.
struct Rig {
    source: BuiltIn,
    highwater: Highwater,
    server: String,
}

impl Rig {
    fn new(cluster: &Cluster, schema: &str) -> Self {
        let source = BuiltIn::start(Options { users: 3_000, frozen: true, ..Options::default() });
        let highwater = Highwater::against(&source.url()).with("PGPASSWORD", PASSWORD);
        assert_eq!(highwater.sync(&["--max-pages", "50"]).code(), 4);
        Self { source, highwater, server: cluster.bare_url(schema) }
    }

    fn copy(&self, arguments: &[&str]) -> Done {
        let db = self.highwater.db();
        let first = ["copy", "--from", db.to_str().unwrap(), "--to", &self.server];
        self.highwater.start(first.iter().chain(arguments)).end()
    }
}

#[test]
fn a_sync_goes_on_in_the_copy_from_where_it_was_in_the_file() {
    let Some(cluster) = shared() else { return };
    let rig = Rig::new(cluster, "moved");
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stdout.contains("every entry of both was read again"), "{copied}");
    let url = rig.source.url();
    let done = rig.highwater.start(["sync", "--db", &rig.server, "--url", &url, "--json"]).end();
    assert_eq!(done.code(), 0, "{done}");
    let started = done.event("run_started");
    assert_eq!((&started["run"], &started["continued"]), (&json!(1), &json!(true)), "{done}");
    let file = rig.highwater.home().join("copy.db");
    mirror(&cluster.address("moved"), &USER, &file).unwrap();
    promise::check_complete(&Table::of(&file), &Api::new(&url).rows());
    let verified = rig.highwater.start(["verify", "--db", &rig.server]).end();
    assert_eq!(verified.code(), 0, "{verified}");
    let again = rig.copy(&[]);
    assert!(again.code() == 1 && again.stderr.contains("holds such a table already"), "{again}");
}

#[test]
fn a_copy_that_is_killed_goes_on_with_the_same_command() {
    let (Some(cluster), Some(variable)) = (shared(), VARIABLE) else { return };
    let mut rig = Rig::new(cluster, "killed_copy");
    for point in ["before-commit:2", "after-commit:1", "before-commit:1", "after-commit:2"] {
        rig.highwater.set(variable, Some(point));
        let killed = rig.copy(&[]);
        rig.highwater.set(variable, None);
        assert_eq!(killed.status.code(), None, "{point}: {killed}");
        let refused = rig.highwater.start(["sync", "--db", &rig.server]).end();
        assert!(refused.code() == 1 && refused.stderr.contains("unfinished copy of"), "{point}: {refused}");
    }
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stderr.contains("goes on after"), "{copied}");
}

#[test]
fn a_row_that_the_server_cannot_hold_is_told_and_nothing_is_left_out() {
    let Some(cluster) = shared() else { return };
    let rig = Rig::new(cluster, "nul");
    let table = Table::of(&rig.highwater.db());
    let id: String = table.value("SELECT max(id) FROM user");
    drop(table);
    let file = rusqlite::Connection::open(rig.highwater.db()).unwrap();
    file.execute("UPDATE user SET name = 'a' || char(0) || 'b' WHERE id = ?1", [&id]).unwrap();
    drop(file);
    let refused = rig.copy(&[]);
    assert_eq!(refused.code(), 1, "{refused}");
    assert!(refused.stderr.contains(&id) && refused.stderr.contains("NUL"), "{refused}");
}

#[test]
fn a_server_that_goes_away_is_waited_for_and_the_copy_goes_on() {
    let Some(mut cluster) = Cluster::start("a copy whose server goes away") else { return };
    let rig = Rig::new(&cluster, "away");
    let from = Place::File(rig.highwater.db());
    let to = Place::Postgres(Box::new(cluster.address("away")));
    let mut source = from.open(&USER).unwrap().destination;
    source.check_steering().unwrap();
    let mut target = to.open_unfinished(&USER).unwrap().destination;
    let waits = Waits::default();
    target.wait_by(waits.clone());
    let mut outages = waits.watch();
    let cluster = Mutex::new(&mut cluster);
    let stopped = AtomicBool::new(false);
    let mut tell = |doing| {
        if matches!(doing, Doing::Copied(_)) && !stopped.swap(true, Ordering::Relaxed) {
            cluster.lock().unwrap().stop("immediate");
        }
        true
    };
    thread::scope(|scope| {
        let waited = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let outage = runtime.block_on(outages.wait_for(Option::is_some)).unwrap().clone().unwrap();
            cluster.lock().unwrap().again();
            outage
        });
        let ended =
            Copy::new(source.as_mut(), target.as_mut(), &mut tell).in_pieces_of(500).run(false).unwrap();
        assert!(matches!(ended, Ended::Complete(_)), "{ended:?}");
        let outage = waited.join().unwrap();
        assert!(outage.gives_up > outage.since, "{outage:?}");
    });
    assert_eq!(*waits.watch().borrow(), None);
}
