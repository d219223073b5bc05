//! What a destination keeps beside its rows, from outside: the state command with its history and undo, the
//! reference's state file both ways, private files, and nothing shown that is not safe or not to be seen.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use highwater::playground::{Options, Tie};
use highwater::record::BEGINNING;
use serde_json::json;
use support::left::{completes, left_after_two_pages};
use support::{Api, BuiltIn, Highwater, Table};

/// Long enough for a test to act while a request is on the wire.
const SLOW: Duration = Duration::from_millis(300);

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

/// What lanes have read ahead of the checkpoint is nothing that an act by hand may count on: the run that had them is
/// closed, and the next one reads all that its own checkpoint asks for, with lanes of its own.
#[test]
fn a_checkpoint_that_is_moved_by_hand_lets_go_of_the_lanes() {
    let server = BuiltIn::start(Options { users: 2_000, frozen: true, ..Options::default() });
    let source = Api::new(&server.url()).rows();
    for act in [&["set", "2020-02-02T00:00:00Z"][..], &["rewind", "--by", "1h"], &["reset", "--yes"]] {
        let highwater = Highwater::against(&server.url());
        let left = highwater.sync(&["--lanes", "4", "--max-pages", "20"]);
        assert_eq!(left.code(), 4, "{left}");
        let table = Table::of(&highwater.db());
        assert_ne!(table.value::<u32>("SELECT count(DISTINCT lane) FROM _highwater_pages"), 1, "{act:?}");
        let stored = table.count();

        assert_eq!(highwater.state(act).code(), 0, "{act:?}");
        let table = Table::of(&highwater.db());
        assert_eq!((table.unfinished(), table.count()), (None, stored), "{act:?}");
        let done = completes(&highwater, &source, &["--lanes", "4"]);
        assert_eq!(done.event("run_started")["continued"], false, "{act:?}");
    }
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

/// Rows that a run lost are not forgotten by the next one: every end says so, until a run has read everything.
#[test]
fn lost_rows_are_told_until_a_run_has_read_everything() {
    let tie = Some(Tie { users: 30, before_cut: 10 });
    let server = BuiltIn::start(Options { frozen: true, tie, ..Options::default() });
    let highwater = Highwater::against(&server.url());
    let lost = json!({ "first": 1, "runs": 1, "seams": 1 });
    let first = highwater.sync(&["--json", "--walk", "scroll"]);
    assert_eq!((first.code(), &first.event("run_ended")["lost"]), (3, &lost), "{first}");
    assert_eq!(first.event("run_ended")["attention"].as_array().unwrap().len(), 1, "said once: {first}");
    // A clean run from the checkpoint, and a full one that is left.
    for (arguments, code) in [(&[][..], 3), (&["--resume", "full", "--max-pages", "2"], 4)] {
        let done = highwater.sync(&[&["--json"], arguments].concat());
        assert_eq!(done.code(), code, "{done}");
        assert_eq!(
            (&done.event("opened")["lost"], &done.event("run_ended")["lost"]),
            (&lost, &lost),
            "{done}"
        );
        let said = done.event("run_ended")["attention"][0].as_str().unwrap().to_owned();
        assert!(said.contains("run 1 has 1 seam") && said.contains("--resume full"), "{said}");
    }
    let plain = highwater.sync(&["--max-pages", "1", "--resume", "checkpoint"]);
    assert_eq!(plain.stdout.matches("ATTENTION").count(), 2, "when it opens, and when it ends: {plain}");
    let shown = highwater.state(&["show"]);
    assert!(shown.stdout.contains("\nATTENTION    run 1 has 1 seam"), "{shown}");
    assert_eq!(highwater.verify(&[]).code(), 3);

    for arguments in [&["--resume", "full"][..], &[]] {
        let done = highwater.sync(&[&["--json"], arguments].concat());
        assert_eq!((done.code(), &done.event("run_ended")["lost"]), (0, &json!(null)), "{done}");
    }
    assert!(!highwater.state(&["show"]).stdout.contains("ATTENTION"));
    assert_eq!(highwater.verify(&["--against-source"]).code(), 0);
    // Lost anew: the clean run is the past.
    assert_eq!(highwater.sync(&["--walk", "scroll", "--resume", "full"]).code(), 3);
    assert_eq!(highwater.sync(&[]).code(), 3);
}

/// A token may cut a group of two rows, and no page shows it: that a run by token saw no such seam says nothing.
#[test]
fn a_run_by_token_does_not_take_back_that_rows_may_be_lost() {
    let tie = Some(Tie { users: 30, before_cut: 10 });
    let server = BuiltIn::start(Options { frozen: true, tie, ..Options::default() });
    let highwater = Highwater::against(&server.url());
    assert_eq!(highwater.sync(&["--walk", "scroll"]).code(), 3);
    let port = url::Url::parse(&server.url()).unwrap().port();
    server.stop();
    let _server = BuiltIn::frozen_on(port);
    let lost = json!({ "first": 1, "runs": 1, "seams": 1 });
    for (walk, lost) in [("scroll", &lost), ("auto", &json!(null)), ("scroll", &json!(null))] {
        let done = highwater.sync(&["--json", "--resume", "full", "--walk", walk]);
        let ended = done.event("run_ended");
        assert_eq!((&ended["outcome"], &ended["lost"]), (&json!("complete"), lost), "{walk}: {done}");
        let done = highwater.verify(&["--json"]);
        assert_eq!(done.code(), if lost.is_null() { 0 } else { 3 }, "{walk}: {done}");
    }
}

/// What belongs to another source, or to none of this version's, is refused by all that would use it, with the reason
/// and a way out, and nothing about it is changed: the token of the run that was left least of all.
#[test]
fn what_cannot_be_trusted_is_refused_and_left_as_it_is() {
    let (server, _, mut highwater) = left_after_two_pages("scroll");
    let (db, own) = (highwater.db(), server.url());
    let sound = std::fs::read(&db).unwrap();
    let other = BuiltIn::frozen();
    let doctored = |sql: &str| {
        std::fs::write(&db, &sound).unwrap();
        rusqlite::Connection::open(&db).unwrap().execute_batch(sql).unwrap();
    };
    let query = format!("{own}?team=2");
    let cases = [
        ("", other.url(), "holds the rows of", "state reset"),
        ("", query, "holds the rows of", "state reset"),
        ("ALTER TABLE user ADD COLUMN shoe", own.clone(), "has the columns id, name,", "another --db"),
        ("ALTER TABLE user RENAME COLUMN job TO work", own.clone(), "company, work,", "another --db"),
        ("PRAGMA user_version = 99", own.clone(), "a newer highwater (format 99", "another --db"),
        ("DROP TABLE _highwater_state", own, "was not made by highwater", "another --db"),
    ];
    for (sql, url, why, way) in cases {
        highwater.turn_to(&url);
        doctored(sql);
        let before = (std::fs::read(&db).unwrap(), other.requests() + server.requests());
        let file = db.to_str().unwrap();
        let watch = ["watch", "--db", file, "--url", &url];
        let mut attempts = vec![highwater.sync(&[]), highwater.sync(&["--resume", "full"])];
        attempts.extend([highwater.start(watch).end(), highwater.verify(&["--against-source"])]);
        // The checkpoint's own commands ask no source.
        if !sql.is_empty() {
            attempts.extend(
                [&["show"][..], &["set", BEGINNING], &["reset", "--yes"], &["undo"]]
                    .map(|act| highwater.state(act)),
            );
            attempts.push(highwater.verify(&[]));
        }
        for done in attempts {
            assert_eq!(done.code(), 1, "{sql} {url}: {done}");
            assert!(done.stderr.contains(why) && done.stderr.contains(way), "{sql} {url}: {done}");
        }
        let after = (std::fs::read(&db).unwrap(), other.requests() + server.requests());
        assert!(before == after, "{sql} {url}: {} bytes before, {} after", before.0.len(), after.0.len());
    }
}

/// A token belongs to the window that it was given for: once the checkpoint was moved, it is not used again.
#[test]
fn a_token_is_not_used_in_another_window() {
    for act in [&["rewind", "--by", "1h"][..], &["set", "2020-02-02T00:00:00Z"], &["reset", "--yes"]] {
        let (_server, source, highwater) = left_after_two_pages("scroll");
        assert_eq!(highwater.state(act).code(), 0, "{act:?}");
        let from = match act[0] {
            "reset" => BEGINNING.to_owned(),
            _ => highwater.checkpoint(),
        };
        let done = completes(&highwater, &source, &["--walk", "scroll", "--resume", "token"]);
        assert_eq!(done.event("run_started")["first"], json!({ "by": "since", "value": from }), "{act:?}");
    }
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
