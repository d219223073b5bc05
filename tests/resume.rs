//! A run that was left is gone on with, however it was left, and an operator may move the checkpoint by hand.
//!
//! Nothing is asked for twice that is stored, one process at a time writes to a destination, and a destination
//! belongs to one source.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use highwater::playground::{Options, Tie};
use serde_json::{Value, json};
use support::{Api, BuiltIn, Done, Highwater, Rows, Table, promise};

/// Long enough for a test to act while a request is on the wire.
const SLOW: Duration = Duration::from_millis(300);

const BEGINNING: &str = "0001-01-01T00:00:00Z";

/// A source, and a destination whose first run was left after two pages.
fn left_after_two_pages(walk: &str) -> (BuiltIn, Rows, Highwater) {
    let server = BuiltIn::frozen();
    let source = Api::new(&server.url()).rows();
    let highwater = Highwater::against(&server.url());
    let done = highwater.sync(&["--json", "--walk", walk, "--max-pages", "2"]);
    assert_eq!(done.code(), 4, "{done}");
    let ended = done.event("run_ended");
    assert_eq!((&ended["outcome"], &ended["end"]["why"]), (&json!("stopped"), &json!("limit")));
    assert_eq!(ended["unfinished"]["pages"], 2);
    assert_eq!(ended["totals"]["requests"], 2, "nothing is asked for beyond the limit");
    let table = Table::of(&highwater.db());
    assert_eq!((table.pages().len(), table.unfinished()), (2, Some(1)));
    promise::check(&table, &source);
    (server, source, highwater)
}

fn completes(highwater: &Highwater, source: &Rows, arguments: &[&str]) -> Done {
    let done = highwater.sync(&[&["--json"], arguments].concat());
    assert_eq!(done.code(), 0, "{done}");
    promise::check_complete(&Table::of(&highwater.db()), source);
    done
}

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

/// The checkpoint's moves by hand: each does what it says, is written down, and can be taken back.
#[test]
fn an_operator_moves_the_checkpoint_and_takes_it_back() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let run = highwater.checkpoint();
    let hour = chrono::DateTime::parse_from_rfc3339(&run).unwrap() - chrono::TimeDelta::hours(1);
    let hour = hour.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();

    let set = highwater.state(&["set", "2020-02-02T00:00:00Z"]);
    assert_eq!(set.code(), 0, "{set}");
    assert!(set.stdout.contains("run 1 was unfinished and is closed"), "{set}");
    assert_eq!(highwater.checkpoint(), "2020-02-02T00:00:00Z");
    assert_eq!(highwater.state(&["undo"]).code(), 0);
    assert_eq!(highwater.checkpoint(), run);

    assert_eq!(highwater.state(&["rewind", "--by", "1h"]).code(), 0);
    assert_eq!(highwater.checkpoint(), hour, "in the source's spelling");
    let ahead = highwater.state(&["rewind", "--to", &run]);
    assert_eq!(ahead.code(), 1, "a rewind never skips rows: {ahead}");
    assert_eq!(highwater.state(&["rewind", "--to", BEGINNING]).code(), 0);
    assert_eq!(highwater.checkpoint(), BEGINNING);
    assert_eq!(highwater.state(&["undo"]).code(), 0);
    assert_eq!(highwater.state(&["undo"]).code(), 0);
    assert_eq!(highwater.checkpoint(), run);

    let history = highwater.state(&["history"]).stdout;
    let causes: Vec<&str> =
        history.lines().rev().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
    assert_eq!(causes, ["run", "set", "undo", "rewind", "rewind", "undo", "undo"], "{history}");
    assert_eq!(history.matches("undone by").count(), 3, "{history}");

    let done = completes(&highwater, &source, &[]);
    assert_eq!(done.event("run_started")["first"], json!({ "by": "since", "value": run }));
}

/// A reset is not done by accident, and forgets the checkpoint, not the rows.
#[test]
fn a_reset_asks_first_and_keeps_the_rows() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    let (run, rows) = (highwater.checkpoint(), Table::of(&highwater.db()).rows());
    let asked = highwater.state(&["reset"]);
    assert_eq!(asked.code(), 1, "{asked}");
    assert!(asked.stderr.contains("--yes"), "{asked}");
    assert_eq!(highwater.checkpoint(), run);
    assert_eq!(highwater.state(&["reset", "--yes"]).code(), 0);
    let none = highwater.state(&["export"]);
    assert_eq!((none.code(), none.stdout.as_str()), (1, ""), "{none}");
    assert_eq!(Table::of(&highwater.db()).rows(), rows);
    let done = completes(&highwater, &source, &[]);
    assert_eq!(done.event("run_started")["first"]["value"], BEGINNING);
}

/// The reference's `state.json`, both ways: what highwater writes the reference reads, and the other way round.
#[test]
fn the_references_state_file_goes_out_and_in() {
    let (server, source, highwater) = left_after_two_pages("auto");
    let done = completes(&highwater, &source, &[]);
    let checkpoint = done.event("run_ended")["checkpoint"].as_str().unwrap().to_owned();
    assert_eq!(highwater.state(&["export", "out.json"]).code(), 0);
    let file = highwater.home().join("out.json");
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written, format!("{{\"last_updated_at\":\"{checkpoint}\"}}\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    let heir = Highwater::against(&server.url());
    let imported = heir.state(&["import", file.to_str().unwrap()]);
    assert_eq!(imported.code(), 0, "{imported}");
    assert_eq!(heir.checkpoint(), checkpoint);
    let done = heir.sync(&["--json"]);
    let totals = &done.event("run_ended")["totals"];
    assert_eq!((&totals["requests"], &totals["rows"]), (&json!(1), &json!(1)), "as the reference would");

    for (text, hint) in [
        ("{}", "last_updated_at"),
        (r#"{"last_updated_at": null}"#, "null"),
        (r#"{"last_updated_at": "yesterday"}"#, "yesterday"),
        ("", "EOF"),
    ] {
        std::fs::write(heir.home().join("bad.json"), text).unwrap();
        let refused = heir.state(&["import", "bad.json"]);
        assert_eq!(refused.code(), 1, "{text}: {refused}");
        assert!(refused.stderr.contains("bad.json") && refused.stderr.contains(hint), "{text}: {refused}");
        assert_eq!(heir.checkpoint(), checkpoint);
    }
}

/// Where there is nothing yet, looking makes nothing, and says what to do.
#[test]
fn without_a_destination_there_is_nothing_to_show() {
    let highwater = Highwater::built_in();
    for look in ["show", "history", "export", "undo"] {
        let done = highwater.state(&[look]);
        assert_eq!(done.code(), 1, "{look}: {done}");
        assert!(done.stderr.contains("run a sync first"), "{look}: {done}");
        assert!(!highwater.db().exists(), "{look}");
    }
}

/// Whatever a database holds, and whatever it is called, what is printed of it is safe for a terminal.
#[cfg(unix)]
#[test]
fn what_a_database_holds_is_made_safe() {
    let server = BuiltIn::frozen();
    let highwater = Highwater::against(&server.url());
    completes(&highwater, &Api::new(&server.url()).rows(), &[]);
    let hostile = highwater.home().join("h\u{1b}[31m.db");
    std::fs::copy(highwater.db(), &hostile).unwrap();
    let write = "UPDATE _highwater_state SET source = 's' || char(27) || '[2J';
                 UPDATE _highwater_history SET cause = 'c' || char(8238), before = char(155) || 'b', run = NULL;";
    rusqlite::Connection::open(&hostile).unwrap().execute_batch(write).unwrap();
    let db = ["--db", hostile.to_str().unwrap()];
    for words in
        [["state", "show"], ["state", "history"], ["sync", "--json"], ["state", "undo"], ["state", "undo"]]
    {
        let done = highwater.start([&words[..1], &db, &words[1..]].concat()).end();
        let printed = format!("{}{}", done.stdout, done.stderr);
        assert!(printed.contains("<U+"), "{words:?}: {printed:?}");
        let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!printed.contains(hostile), "{words:?}: {printed:?}");
    }
}

/// The files hold people's data: nobody else reads them.
#[cfg(unix)]
#[test]
fn the_destinations_files_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = BuiltIn::slow(SLOW);
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json"]);
    running.until_event("page");
    let folder = highwater.db().parent().unwrap().to_owned();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "database, write-ahead log, its index, lock: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
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
    database.execute("UPDATE _highwater_runs SET walk = '{\"of\": \"another version\"}'", []).unwrap();
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

#[test]
fn a_checkpoint_that_cannot_be_read_is_not_taken_for_none() {
    let server = BuiltIn::frozen();
    let highwater = Highwater::against(&server.url());
    assert_eq!(highwater.sync(&[]).code(), 0);
    let database = rusqlite::Connection::open(highwater.db()).unwrap();
    database.execute("UPDATE _highwater_state SET checkpoint = 'soon'", []).unwrap();
    drop(database);
    let refused = highwater.sync(&[]);
    assert_eq!(refused.code(), 1, "{refused}");
    assert!(refused.stderr.contains("soon") && refused.stderr.contains("state undo"), "{refused}");
    let undone = highwater.state(&["undo"]);
    assert_eq!(undone.code(), 0, "{undone}");
    assert_eq!(highwater.sync(&[]).code(), 0);
}

/// A key in the address's own query is sent, and shown or stored nowhere.
#[test]
fn a_key_in_the_address_is_shown_nowhere() {
    let server = BuiltIn::frozen();
    let highwater = Highwater::against(&format!("{}?api_key=canary", server.url()));
    for style in [&[][..], &["--json"]] {
        let refused = highwater.sync(style);
        assert_eq!(refused.code(), 1, "the playground knows no such parameter: {refused}");
        assert!(refused.stdout.contains("api_key=***"), "{refused}");
        assert!(!format!("{}{}", refused.stdout, refused.stderr).contains("canary"), "{refused}");
    }
    let stored = std::fs::read(highwater.db()).unwrap();
    assert!(!stored.windows(6).any(|bytes| bytes == b"canary"), "the key is in the database");
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
