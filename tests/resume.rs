//! A run that was left is gone on with, however it was left.
//!
//! Nothing is asked for twice that is stored, one process at a time writes to a destination, and a destination
//! belongs to one source.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use highwater::playground::{Options, Tie};
use serde_json::{Value, json};
use support::left::{completes, left_after_two_pages};
use support::{Api, BuiltIn, Highwater, Table, promise};

/// Long enough for a test to act while a request is on the wire.
const SLOW: Duration = Duration::from_millis(300);

const BEGINNING: &str = "0001-01-01T00:00:00Z";

#[test]
fn from_its_token_a_run_goes_on_where_it_stood() {
    for (walk, pages) in [("scroll", 4), ("anchor", 5), ("auto", 5)] {
        let (server, source, highwater) = left_after_two_pages(walk);
        let shown = highwater.state(&["show"]);
        assert!(shown.stdout.contains("unfinished   run 1, stopped after 2 pages"), "{shown}");
        let before = server.requests();
        let done = completes(&highwater, &source, &["--walk", walk]);
        let started = done.event("run_started");
        assert_eq!((&started["run"], &started["continued"]), (&json!(1), &json!(true)), "{walk}");
        assert_eq!(server.requests() - before, pages - 2, "{walk}: no page is asked for twice");
        let totals = &done.event("run_ended")["totals"];
        assert_eq!(
            (&totals["pages"], &totals["new"]),
            (&json!(pages), &json!(200)),
            "{walk}: of the whole run"
        );
        assert!(highwater.state(&["show"]).stdout.contains("unfinished   none"));
    }
}

#[test]
fn from_the_checkpoint_a_new_run_takes_its_place() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let checkpoint = highwater.checkpoint();
    let done = completes(&highwater, &source, &["--resume", "checkpoint"]);
    let started = done.event("run_started");
    assert_eq!((&started["run"], &started["continued"]), (&json!(2), &json!(false)));
    assert_eq!(started["first"], json!({ "by": "since", "value": checkpoint }));
}

#[test]
fn in_full_a_new_run_reads_everything_again() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let stored = Table::of(&highwater.db()).count() as u64;
    let checkpoint = highwater.checkpoint();
    let done = completes(&highwater, &source, &["--resume", "full"]);
    let started = done.event("run_started");
    assert_eq!(started["first"], json!({ "by": "since", "value": BEGINNING }));
    assert_eq!(started["checkpoint"], json!(checkpoint), "a full run does not take the checkpoint back");
    let totals = &done.event("run_ended")["totals"];
    let known = totals["same"].as_u64().unwrap();
    assert_eq!(totals["new"], 200 - stored);
    assert_eq!(totals["changed"], 0);
    assert!(known >= stored, "{totals}");
}

#[test]
fn another_walk_starts_a_run_of_its_own() {
    let (_server, source, highwater) = left_after_two_pages("scroll");
    let done = completes(&highwater, &source, &["--walk", "anchor"]);
    assert_eq!(done.event("run_started")["run"], 2);
}

/// A full run reads again what lies below the checkpoint. Left, and gone on with by another walk, it does so from
/// where it stood: the checkpoint is far above, and what the first pass had lost would be lost for good.
#[test]
fn a_full_run_keeps_its_place_when_the_walk_changes() {
    let tie = Some(Tie { users: 30, before_cut: 10 });
    let server = BuiltIn::start(Options { frozen: true, tie, ..Options::default() });
    let source = Api::new(&server.url()).rows();
    let highwater = Highwater::against(&server.url());
    assert_eq!(highwater.sync(&["--walk", "scroll"]).code(), 3, "20 rows are lost");
    let left = highwater.sync(&["--resume", "full", "--walk", "auto", "--max-pages", "1"]);
    assert_eq!(left.code(), 4, "{left}");
    let done = completes(&highwater, &source, &["--walk", "anchor"]);
    assert_eq!(done.event("run_ended")["totals"]["new"], 20);
}

/// From the checkpoint, when the operator says so, also where that leaves a full run.
#[test]
fn a_full_run_is_left_for_the_checkpoint_on_demand() {
    let server = BuiltIn::frozen();
    let source = Api::new(&server.url()).rows();
    let highwater = Highwater::against(&server.url());
    completes(&highwater, &source, &[]);
    assert_eq!(highwater.sync(&["--resume", "full", "--max-pages", "1"]).code(), 4);
    let done = completes(&highwater, &source, &["--resume", "checkpoint"]);
    assert_eq!(done.event("run_started")["first"]["value"], support::newest(&source));
}

#[test]
fn a_limit_may_be_reached_again_and_again() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let again = highwater.sync(&["--max-pages", "2"]);
    assert_eq!(again.code(), 4, "{again}");
    assert!(again.stdout.contains("offers to go on"), "tells how to go on: {again}");
    assert_eq!(Table::of(&highwater.db()).pages().len(), 4);
    completes(&highwater, &source, &[]);
    let log = Table::of(&highwater.db()).pages();
    assert_eq!(
        log.iter().map(|page| (page.run, page.page)).collect::<Vec<_>>(),
        (1..=5).map(|page| (1, page)).collect::<Vec<_>>()
    );
}

/// The first signal ends the run once the page on the wire is stored: exit 128 + n, and every answer that the
/// source gave is in the destination.
#[cfg(unix)]
#[test]
fn a_signal_stores_the_page_on_the_wire_and_the_run_goes_on_later() {
    use rustix::process::Signal;
    for signal in [Signal::INT, Signal::TERM] {
        let server = BuiltIn::slow(SLOW);
        let source = Api::new(&server.url()).rows();
        let before = server.requests();
        let highwater = Highwater::against(&server.url());
        let mut running = highwater.start_sync(&["--json"]);
        running.until_event("page");
        running.signal(signal);
        let done = running.end();
        assert_eq!(done.code(), 128 + signal.as_raw(), "{done}");
        let ended = done.event("run_ended");
        assert_eq!((&ended["outcome"], &ended["end"]["why"]), (&json!("stopped"), &json!("stopped")));
        let table = Table::of(&highwater.db());
        assert_eq!(table.pages().len() as u64, server.requests() - before, "every answer is stored");
        assert!(table.unfinished().is_some());
        promise::check(&table, &source);
        completes(&highwater, &source, &[]);
        assert_eq!(server.requests() - before, 5, "no page is asked for twice");
    }
}

/// A second process is refused and told who is at work, whether it would sync or move the checkpoint. Looking is
/// allowed.
#[test]
fn one_process_at_a_time_writes_to_a_destination() {
    let server = BuiltIn::slow(SLOW);
    let source = Api::new(&server.url()).rows();
    let highwater = Highwater::against(&server.url());
    let mut first = highwater.start_sync(&["--json"]);
    first.until_event("page");
    let holder = format!("process {},", first.pid());

    let state = highwater.home().join("state.json");
    std::fs::write(&state, format!(r#"{{"last_updated_at":"{BEGINNING}"}}"#)).unwrap();
    let refused = [
        highwater.sync(&[]),
        highwater.state(&["set", BEGINNING]),
        highwater.state(&["rewind", "--by", "1h"]),
        highwater.state(&["reset", "--yes"]),
        highwater.state(&["undo"]),
        highwater.state(&["import", "state.json"]),
    ];
    for done in refused {
        assert_eq!(done.code(), 1, "{done}");
        assert!(done.stderr.contains(&holder) && done.stderr.contains("in use"), "{done}");
        assert_eq!(done.stdout, "");
    }
    let shown = highwater.state(&["show"]);
    assert_eq!(shown.code(), 0, "{shown}");
    assert!(shown.stdout.contains(&format!("in use by    {holder}")), "{shown}");
    assert_eq!(highwater.state(&["history"]).code(), 0);
    highwater.checkpoint();

    assert_eq!(first.end().code(), 0);
    promise::check_complete(&Table::of(&highwater.db()), &source);
    assert!(!highwater.state(&["show"]).stdout.contains("in use"));
}

/// Under another source's checkpoint, older rows of this one would never be asked for.
#[test]
fn a_destination_belongs_to_one_source() {
    let (ours, other) = (BuiltIn::frozen(), BuiltIn::frozen());
    let source = Api::new(&ours.url()).rows();
    let mut highwater = Highwater::against(&ours.url());
    completes(&highwater, &source, &[]);
    highwater.turn_to(&other.url());
    let before = other.requests();
    let refused = highwater.sync(&[]);
    assert_eq!(refused.code(), 1, "{refused}");
    for part in [ours.url(), other.url(), "state reset".to_owned()] {
        assert!(refused.stderr.contains(&part), "{refused}");
    }
    assert_eq!(other.requests(), before, "refused before anything is asked for");
    promise::check_complete(&Table::of(&highwater.db()), &source);
    // The way out that the refusal names.
    assert_eq!(highwater.state(&["reset", "--yes"]).code(), 0);
    completes(&highwater, &source, &[]);
}

/// Without the source the run fails, says where, and keeps what it has.
#[test]
fn a_run_that_failed_goes_on_when_the_source_is_back() {
    let server = BuiltIn::frozen();
    let source = Api::new(&server.url()).rows();
    let url = server.url();
    let highwater = Highwater::against(&url).with("HIGHWATER_RETRY_BASE", "1ms");
    assert_eq!(highwater.sync(&["--max-pages", "1"]).code(), 4);
    server.stop();
    let failed = highwater.sync(&["--json", "--retries", "2"]);
    assert_eq!(failed.code(), 1, "{failed}");
    let ended = failed.event("run_ended");
    assert_eq!((&ended["outcome"], &ended["end"]["why"]), (&json!("failed"), &json!("error")));
    assert!(ended["text"].as_str().unwrap().contains(&url), "{ended}");
    assert!(highwater.state(&["show"]).stdout.contains("unfinished   run 1, failed after 1 page"));
    promise::check(&Table::of(&highwater.db()), &source);

    let port = url::Url::parse(&url).unwrap().port();
    let back = BuiltIn::frozen_on(port);
    assert_eq!(back.url(), url);
    let done = completes(&highwater, &source, &[]);
    assert_eq!(done.event("run_started")["continued"], true);
}

/// A page that is told is stored: what a reader sees of a run under way is in the files already.
#[cfg(unix)]
#[test]
fn what_is_told_is_stored() {
    let server = BuiltIn::slow(SLOW);
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json"]);
    let mut told = Vec::new();
    running.until(|event| {
        if event["event"] == "page" {
            told.push((event["page"].clone(), event["checkpoint"].clone()));
        }
        told.len() == 3
    });
    running.kill();
    let logged: Vec<(Value, Value)> = Table::of(&highwater.db())
        .pages()
        .iter()
        .map(|page| (json!(page.page), json!(page.checkpoint)))
        .collect();
    assert_eq!(logged[..3], told);
}

/// The walk of an unfinished run is stored in this program's own form, which a later version may change.
#[test]
fn a_run_that_another_version_left_is_given_up_on_demand_only() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let database = rusqlite::Connection::open(highwater.db()).unwrap();
    // It would have sealed its own.
    database
        .execute("UPDATE _highwater_runs SET walk = '{\"of\": \"another version\"}', seal = NULL", [])
        .unwrap();
    drop(database);
    for arguments in [&[][..], &["--resume", "checkpoint"]] {
        let refused = highwater.sync(arguments);
        assert_eq!(refused.code(), 1, "its checkpoint may have been held: {refused}");
        assert!(
            refused.stderr.contains("another version") && refused.stderr.contains("--resume full"),
            "{refused}"
        );
    }
    let shown = highwater.state(&["show"]);
    assert!(shown.stdout.contains("by another version of highwater"), "{shown}");
    completes(&highwater, &source, &["--resume", "full"]);
}

#[cfg(unix)]
#[test]
fn a_database_that_is_deleted_under_a_run_is_not_written_to_unseen() {
    let server = BuiltIn::slow(std::time::Duration::from_millis(100));
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json"]);
    running.until_event("page");
    std::fs::remove_file(highwater.db()).unwrap();
    let done = running.end();
    assert_eq!(done.code(), 1, "{done}");
    assert!(done.stdout.contains("was moved or deleted"), "{done}");
}
