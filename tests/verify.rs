//! `highwater verify` from outside: what is sound is found sound and left alone, each promise that is broken by hand is
//! named, and a comparison with the source names exactly the rows that a walk lost.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use highwater::playground::{Options, Tie};
use rusqlite::Connection;
use serde_json::{Value, json};
use support::left::{completes, left_after_two_pages};
use support::{Api, BuiltIn, Done, Highwater, Modified, RealPlayground, Rows, Table};

/// The checks of a report, by name.
fn checks(done: &Done) -> BTreeMap<String, Value> {
    let checks = done.events().into_iter().filter(|event| event["event"] == "check");
    checks.map(|check| (check["check"].as_str().unwrap().to_owned(), check)).collect()
}

/// The verdicts that are not "ok", by the name of their check.
fn found(done: &Done) -> BTreeMap<String, String> {
    let of = |(name, check): (String, Value)| (name, check["verdict"].as_str().unwrap().to_owned());
    checks(done).into_iter().map(of).filter(|(_, verdict)| verdict != "ok").collect()
}

/// What a check found, a line each.
fn findings(done: &Done, name: &str) -> String {
    let checks = checks(done);
    let check = checks.get(name).unwrap_or_else(|| panic!("no check {name}: {done}"));
    let texts = check["findings"].as_array().into_iter().flatten();
    texts.map(|finding| finding["text"].as_str().unwrap().to_owned() + "\n").collect()
}

/// The files of a directory with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

/// A complete run by token, a second one anchored and complete, and a third, full one that was left after two pages.
fn three_runs() -> (BuiltIn, Rows, Highwater) {
    let (server, source, highwater) = left_after_two_pages("scroll");
    completes(&highwater, &source, &["--walk", "scroll"]);
    completes(&highwater, &source, &["--resume", "full"]);
    let left = highwater.sync(&["--resume", "full", "--max-pages", "2"]);
    assert_eq!(left.code(), 4, "{left}");
    (server, source, highwater)
}

#[test]
fn a_sound_file_is_found_sound_and_nothing_about_it_is_changed() {
    let (_server, _, highwater) = three_runs();
    let folder = highwater.db().parent().unwrap().to_owned();
    let before = files(&folder);
    for arguments in [&[][..], &["--json"], &["--against-source"], &["--json", "--against-source"]] {
        let done = highwater.verify(arguments);
        assert_eq!(done.code(), 0, "{done}");
        assert!(!done.stdout.is_empty() && done.stderr.is_empty(), "{done}");
        assert_eq!(files(&folder), before, "{arguments:?}");
    }
    let done = highwater.verify(&["--json", "--against-source"]);
    let end = done.event("verified");
    assert_eq!(
        (&end["attention"], &end["damage"], &end["checks"]),
        (&json!(0), &json!(0), &json!(18)),
        "{done}"
    );
    assert!(checks(&done)["source"]["text"].as_str().unwrap().starts_with("200 rows on 5 pages"), "{done}");
}

/// An operator's acts are no damage, whatever they do to the checkpoint.
#[test]
fn what_an_operator_did_is_no_damage() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    for act in [
        &["rewind", "--by", "1h"][..],
        &["undo"],
        &["set", "2020-02-02T00:00:00Z"],
        &["reset", "--yes"],
        &["undo"],
    ] {
        assert_eq!(highwater.state(act).code(), 0, "{act:?}");
        let done = highwater.verify(&[]);
        assert_eq!(done.code(), 0, "{act:?}: {done}");
    }
    completes(&highwater, &source, &["--resume", "full"]);
    highwater.state(&["set", "2999-01-01T00:00:00Z"]);
    let done = highwater.verify(&["--json"]);
    assert_eq!(done.code(), 3, "{done}");
    assert_eq!(found(&done), [("checkpoint".to_owned(), "attention".to_owned())].into(), "{done}");
    assert!(findings(&done, "checkpoint").contains("was set by hand"), "{done}");
}

/// Each thing that must hold, broken by hand: the check that is about it says so.
#[test]
fn each_promise_that_is_broken_is_named() {
    let (_server, _, highwater) = three_runs();
    let sound = files(highwater.db().parent().unwrap());
    let broken = highwater.home().join("broken.db");
    for (sql, check, words) in [
        ("DELETE FROM user WHERE id = (SELECT min(id) FROM user)", "rows", "the table has 199 rows"),
        ("UPDATE _highwater_state SET rows = 7", "rows", "the state has counted 7"),
        (
            "UPDATE _highwater_pages SET new = 90, same = -40 WHERE run = 1 AND page = 1",
            "rows",
            "the pages brought",
        ),
        (
            "UPDATE _highwater_state SET newest = '2020-01-01T00:00:00Z'",
            "cursors",
            "the newest by the state is 2020",
        ),
        ("UPDATE _highwater_state SET newest = NULL", "cursors", "the newest by the state is none"),
        (
            "UPDATE _highwater_state SET oldest = '2030-01-01T00:00:00Z'",
            "cursors",
            "the oldest by the state is 2030",
        ),
        ("UPDATE _highwater_state SET checkpoint = 'soon'", "checkpoint", "soon is not a date and time"),
        (
            "UPDATE _highwater_state SET checkpoint = '2999-01-01T00:00:00Z'",
            "checkpoint",
            "above all that is stored",
        ),
        (
            "UPDATE _highwater_state SET checkpoint = '2020-01-01T00:00:00Z'",
            "history",
            "the checkpoint is 2020",
        ),
        ("UPDATE _highwater_state SET checkpoint = NULL", "history", "the checkpoint is none"),
        ("UPDATE _highwater_state SET checkpoint = '2020-01-01T00:00:00Z'", "pages", "no operator moved it"),
        (
            "UPDATE _highwater_history SET before = '2020-01-01T00:00:00Z' WHERE entry = 1",
            "history",
            "move 1 begins at 2020",
        ),
        (
            "UPDATE _highwater_history SET before = '2998-01-01T00:00:00Z' WHERE entry = 1",
            "history",
            "run 1 took it back",
        ),
        (
            "DELETE FROM _highwater_pages WHERE run = 2 AND page = 2",
            "pages",
            "run 2, page 3: page 2 should come here",
        ),
        (
            "DELETE FROM _highwater_pages WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 2: page 1 should come here",
        ),
        (
            "UPDATE _highwater_pages SET asked = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 1: was asked by since from 2020-01-01T00:00:00Z, its run began by since",
        ),
        (
            "UPDATE _highwater_pages SET asked = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 2",
            "pages",
            "run 2, page 2: was asked by since from 2020-01-01T00:00:00Z, and page 1 says: asks again",
        ),
        (
            "UPDATE _highwater_pages SET last = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 2: was asked",
        ),
        (
            "UPDATE _highwater_pages SET token = 'x' WHERE run = 1 AND page = 1",
            "pages",
            "run 1, page 2: was asked by token",
        ),
        ("UPDATE _highwater_pages SET asked = 'x' WHERE run = 1 AND page = 2", "pages", "by token from x"),
        (
            "UPDATE _highwater_pages SET asked_by = 'since', asked = '2999-01-01T00:00:00Z' WHERE run = 1 AND page = 2",
            "pages",
            "by since from 2999",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = '2020-01-01T00:00:00Z' WHERE run = 1 AND page = 3",
            "pages",
            "run 1, page 3: took the checkpoint back",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = '2999-01-01T00:00:00Z' WHERE run = 1 AND page = 4",
            "pages",
            "run 1, page 4: moved the checkpoint to 2999-01-01T00:00:00Z, above",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = 'soon' WHERE run = 1 AND page = 4",
            "pages",
            "its checkpoint soon is not",
        ),
        ("UPDATE _highwater_pages SET same = same + 1 WHERE run = 2 AND page = 1", "pages", "of 51 is said"),
        (
            "UPDATE _highwater_pages SET same = same + 1 WHERE run = 2 AND page = 1",
            "runs",
            "same rows, and its pages",
        ),
        (
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.pages', 9) WHERE run = 1",
            "runs",
            "run 1 has counted 9 pages, and its pages have 4",
        ),
        (
            "UPDATE _highwater_runs SET totals = 'none' WHERE run = 1",
            "runs",
            "run 1: its counters cannot be read",
        ),
        ("DELETE FROM _highwater_runs WHERE run = 1", "pages", "its run is not among the runs"),
        ("DELETE FROM _highwater_runs WHERE run = 3", "unfinished", "run 3 is not among the runs"),
        ("UPDATE _highwater_runs SET walk = NULL WHERE run = 3", "unfinished", "run 3 has no walk"),
        ("UPDATE _highwater_runs SET walk = '{}' WHERE run = 3", "unfinished", "its walk cannot be read"),
        (
            "UPDATE _highwater_runs SET walk = json_set(walk, '$.page', 7) WHERE run = 3",
            "unfinished",
            "run 3 has walked 7 pages, and 2 are logged",
        ),
        (
            "UPDATE _highwater_runs SET walk = json_set(walk, '$.mark.checkpoint', '2020-01-01T00:00:00Z') WHERE run = 3",
            "unfinished",
            "goes by the checkpoint 2020",
        ),
        (
            "INSERT INTO _highwater_extra VALUES ('ghost', '{}')",
            "beside",
            "_highwater_extra: id ghost is not",
        ),
        ("INSERT INTO _highwater_extra SELECT min(id), 'no' FROM user", "beside", "is not JSON"),
        (
            "INSERT INTO _highwater_previous VALUES ('ghost', 1, 1, '', '{}')",
            "beside",
            "_highwater_previous: id ghost is not",
        ),
        (
            "INSERT INTO _highwater_quarantine (run, page, position, reason, row, at)
             VALUES (1, 2, 0, 'no id ' || char(27) || '[31m', '{}', '')",
            "quarantine",
            "run 1, page 2: 1 row: no id <U+001B>[31m",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "\"user\" has no key",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "is there 2 times",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "1 row without an id",
        ),
        (
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.tie_unsafe', 2), mode = 'scroll' WHERE run = 3",
            "seams",
            "run 3, walk scroll: 2 seams crossed by token",
        ),
        (
            "UPDATE _highwater_pages SET decision = x'00' WHERE run = 1 AND page = 1",
            "pages",
            "cannot be read",
        ),
        ("DROP TABLE _highwater_history", "history", "no such table"),
    ] {
        std::fs::write(&broken, &sound[&highwater.db()]).unwrap();
        Connection::open(&broken).unwrap().execute_batch(sql).unwrap();
        let done = highwater.verify_file(&broken, &["--json"]);
        assert_eq!(done.code(), 3, "{sql}: {done}");
        let told = findings(&done, check);
        assert!(told.contains(words), "{sql}: {check}: {told}");
        assert!(checks(&done)[check]["remedy"].is_string(), "{sql}: {done}");
        let plain = highwater.verify_file(&broken, &[]);
        assert_eq!(plain.code(), 3, "{sql}: {plain}");
        assert!(plain.stdout.contains(words) && !plain.stdout.contains('\u{1b}'), "{sql}: {plain}");
    }
}

/// A seam that may have lost rows asks for attention until everything was read without one.
#[test]
fn an_unsafe_seam_is_told_until_a_clean_run_from_the_beginning() {
    let (_server, source, highwater) = three_runs();
    let doctored = Connection::open(highwater.db()).unwrap();
    doctored
        .execute_batch(
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.tie_overflow', 1) WHERE run = 1",
        )
        .unwrap();
    drop(doctored);
    assert_eq!(highwater.verify(&[]).code(), 0, "run 2 was full and without one");
    let doctored = Connection::open(highwater.db()).unwrap();
    doctored
        .execute_batch(
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.tie_overflow', 1) WHERE run = 2",
        )
        .unwrap();
    drop(doctored);
    assert_eq!(highwater.verify(&[]).code(), 3, "run 3 is not complete");
    completes(&highwater, &source, &["--resume", "token"]);
}

/// Bytes that were overwritten or cut off are damage; what is no file of this program's cannot be checked.
#[test]
fn damage_is_found_and_what_cannot_be_checked_is_told_apart() {
    let (_server, _, highwater) = left_after_two_pages("auto");
    let (whole, broken) = (std::fs::read(highwater.db()).unwrap(), highwater.home().join("broken.db"));
    let verify = |bytes: &[u8]| {
        std::fs::write(&broken, bytes).unwrap();
        highwater.verify_file(&broken, &["--json"])
    };
    for (from, to) in [(4_096, 12_288), (whole.len() - 8_192, whole.len()), (100, 4_096)] {
        let mut bytes = whole.clone();
        bytes[from..to].fill(0xa5);
        let done = verify(&bytes);
        assert_eq!((done.code(), done.stderr.as_str()), (3, ""), "{from}: {done}");
        assert_eq!(found(&done)["file"], "damage", "{from}: {done}");
    }
    let done = verify(&whole[..whole.len() / 2]);
    assert_eq!((done.code(), found(&done)["file"].as_str()), (3, "damage"), "{done}");

    for (name, sql, why) in [
        ("newer", "PRAGMA user_version = 99", "a newer highwater (format 99, this one knows"),
        ("other columns", "ALTER TABLE user ADD COLUMN shoe", "has the columns id, name,"),
    ] {
        std::fs::write(&broken, &whole).unwrap();
        Connection::open(&broken).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&broken).unwrap();
        for arguments in [&[][..], &["--against-source"]] {
            let done = highwater.verify_file(&broken, arguments);
            assert_eq!((done.code(), done.stdout.as_str()), (1, ""), "{name}: {done}");
            assert!(done.stderr.contains(why) && done.stderr.contains("another --db"), "{name}: {done}");
        }
        assert_eq!(std::fs::read(&broken).unwrap(), before, "{name}");
    }
    for (bytes, why) in
        [(&b"no database, but long enough for one".repeat(90)[..], "restore it"), (b"", "still empty")]
    {
        let done = verify(bytes);
        assert_eq!((done.code(), done.stdout.as_str()), (1, ""), "{done}");
        assert!(done.stderr.contains(why), "{done}");
    }
    std::fs::remove_file(&broken).unwrap();
    let done = highwater.verify_file(&broken, &[]);
    assert_eq!(done.code(), 1, "{done}");
    assert!(done.stderr.contains("run a sync first") && !broken.exists(), "{done}");
    assert_eq!(highwater.verify(&["--against"]).code(), 2);
}

/// Syncs by token from a source whose first cut lies inside a group, and compares: exactly the rows that were lost are
/// named, with the seam that lost them, and a run that reads everything makes it whole.
fn the_lost_rows_are_named(url: &str, lost: usize) {
    let highwater = Highwater::against(url);
    let source = Api::new(url).rows();
    assert_eq!(highwater.sync(&["--walk", "scroll"]).code(), 3);
    let table = Table::of(&highwater.db());
    let missing: BTreeSet<&str> =
        source.keys().filter(|id| !table.rows().contains_key(*id)).map(String::as_str).collect();
    assert_eq!(missing.len(), lost);

    let done = highwater.verify(&["--against-source", "--json"]);
    assert_eq!(done.code(), 3, "{done}");
    let checks = checks(&done);
    let findings = checks["missing"]["findings"].as_array().unwrap();
    let named: BTreeSet<&str> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    assert_eq!((named, findings.len()), (missing, lost), "{done}");
    let seam = table.pages().into_iter().find(|page| page.page == 1).unwrap();
    for finding in findings {
        let expected = json!({ "run": 1, "page": 1, "value": seam.last, "by": "token" });
        assert_eq!(finding["seam"], expected, "{finding}");
    }
    let all: BTreeMap<_, _> = [("missing", "damage"), ("seams", "attention")].into();
    let all = all.into_iter().map(|(check, verdict)| (check.to_owned(), verdict.to_owned()));
    assert_eq!(found(&done), all.collect(), "{done}");

    let plain = highwater.verify(&["--against-source"]);
    assert_eq!((plain.code(), plain.stderr.as_str()), (3, ""), "{plain}");
    assert!(plain.stdout.contains("between pages 1 and 2 by token"), "{plain}");
    assert!(plain.stdout.contains("--resume full"), "{plain}");

    assert_eq!(highwater.sync(&["--resume", "full"]).code(), 0);
    let done = highwater.verify(&["--against-source"]);
    assert_eq!(done.code(), 0, "{done}");
}

#[test]
fn rows_that_a_token_lost_are_named_with_their_seam() {
    let tie = Some(Tie { users: 30, before_cut: 10 });
    let server = BuiltIn::start(Options { frozen: true, tie, ..Options::default() });
    the_lost_rows_are_named(&server.url(), 20);
}

#[test]
fn rows_that_a_token_lost_at_the_real_playground_are_named_with_their_seam() {
    let Some(executable) =
        RealPlayground::executable("rows_that_a_token_lost_at_the_real_playground_are_named_with_their_seam")
    else {
        return;
    };
    let modified = Modified { tie: 30, before_cut: 10, ..Modified::default() };
    let server = RealPlayground::start_modified(&executable, modified);
    the_lost_rows_are_named(&server.url(), 20);
}

/// The source stands still, and the table was changed by hand.
#[test]
fn rows_that_differ_from_the_source_are_named() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    completes(&highwater, &source, &[]);
    let whole = std::fs::read(highwater.db()).unwrap();
    // The second row of all, well below the checkpoint.
    let second = "(SELECT id FROM user ORDER BY updatedAt, id LIMIT 1 OFFSET 1)";
    let (id, row) = {
        let mut rows: Vec<_> = source.iter().collect();
        rows.sort_by_key(|(id, row)| (support::cursor(row).to_owned(), (*id).clone()));
        rows[1]
    };
    for (sql, check, words) in [
        (
            format!("UPDATE user SET name = 'x', job = NULL WHERE id = {second}"),
            "differs",
            "differs in name, job",
        ),
        (
            format!("INSERT INTO _highwater_extra SELECT {second}, '{{}}'"),
            "differs",
            "differs in _highwater_extra",
        ),
        (
            format!("UPDATE user SET updatedAt = '2019-01-01T00:00:00Z' WHERE id = {second}"),
            "older",
            "stored is 2019-01-01T00:00:00Z",
        ),
        (
            format!("UPDATE user SET updatedAt = '2026-12-01T00:00:00Z' WHERE id = {second}"),
            "newer",
            "stored is 2026-12-01T00:00:00Z",
        ),
        (format!("DELETE FROM user WHERE id = {second}"), "missing", "no seam in the page log explains it"),
    ] {
        std::fs::write(highwater.db(), &whole).unwrap();
        Connection::open(highwater.db()).unwrap().execute_batch(&sql).unwrap();
        let done = highwater.verify(&["--against-source", "--json"]);
        assert_eq!(done.code(), 3, "{sql}: {done}");
        let told = findings(&done, check);
        assert!(told.contains(words) && told.contains(id), "{sql}: {told}");
        assert_eq!(told.lines().count(), 1, "{sql}: {told}");
        for other in ["differs", "older", "newer", "missing"].into_iter().filter(|other| *other != check) {
            assert_eq!(findings(&done, other), "", "{sql}: {row}: {done}");
        }
    }
    // What the source does not have is no finding; what is stored beyond the checkpoint's reach is not due.
    std::fs::write(highwater.db(), &whole).unwrap();
    let doctored = Connection::open(highwater.db()).unwrap();
    doctored.execute_batch(&format!("UPDATE user SET id = 'deleted there' WHERE id = {second}")).unwrap();
    drop(doctored);
    let done = highwater.verify(&["--against-source", "--json"]);
    assert!(
        checks(&done)["source"]["text"].as_str().unwrap().contains("; 1 stored that did not come"),
        "{done}"
    );

    std::fs::write(highwater.db(), &whole).unwrap();
    assert_eq!(highwater.state(&["rewind", "--to", support::cursor(row)]).code(), 0);
    let doctored = Connection::open(highwater.db()).unwrap();
    doctored.execute_batch(&format!("DELETE FROM user WHERE id = {second}")).unwrap();
    drop(doctored);
    let done = highwater.verify(&["--against-source", "--json"]);
    assert_eq!(findings(&done, "missing"), "", "at the checkpoint it is asked for again: {done}");
    assert!(checks(&done)["source"]["text"].as_str().unwrap().contains("; 199 not due yet"), "{done}");
}

/// A source that moves while it is compared: what changes meanwhile is no finding.
#[test]
fn rows_that_change_meanwhile_are_no_findings() {
    let options = Options { latency: Duration::from_millis(400), ..Options::default() };
    let server = BuiltIn::start(options);
    let highwater = Highwater::against(&server.url());
    assert_eq!(highwater.sync(&[]).code(), 0);
    // Somebody changes every ten seconds; six comparisons take twelve.
    let mut later = BTreeSet::new();
    for _ in 0..6 {
        let done = highwater.verify(&["--against-source", "--json"]);
        assert_eq!(done.code(), 0, "{done}");
        later.insert(checks(&done)["source"]["text"].as_str().unwrap().to_owned());
    }
    assert!(later.len() > 1, "the source moved: {later:?}");
}

/// A run that is under way is told of, and does not disturb the check.
#[test]
fn a_file_can_be_checked_while_a_run_writes_to_it() {
    let server = BuiltIn::slow(Duration::from_millis(300));
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json"]);
    running.until_event("page");
    let done = highwater.verify(&["--json", "--against-source"]);
    assert_eq!(done.code(), 0, "{done}");
    assert!(done.event("verifying")["in_use_by"].as_str().unwrap().starts_with("process "), "{done}");
    let plain = highwater.verify(&[]);
    assert!(
        plain.code() == 0
            && plain.stdout.contains("\ndestination ") | plain.stdout.starts_with("destination")
    );
    let ended = running.end();
    assert_eq!(ended.code(), 0, "{ended}");
    assert_eq!(highwater.verify(&["--against-source"]).code(), 0);
}

#[test]
fn a_source_that_cannot_be_read_to_its_end_is_told_and_proves_nothing() {
    let (server, source, mut highwater) = left_after_two_pages("auto");
    completes(&highwater, &source, &[]);
    let other = BuiltIn::frozen();
    highwater.turn_to(&other.url());
    let done = highwater.verify(&["--against-source"]);
    assert_eq!(done.code(), 1, "{done}");
    assert!(done.stderr.contains("holds the rows of") && done.stderr.contains("state reset"), "{done}");
    highwater.turn_to(&server.url());
    server.stop();
    let done = highwater.verify(&["--against-source", "--retries", "1"]);
    assert_eq!(done.code(), 1, "{done}");
    assert!(
        done.stderr.contains("was not read to its end") && done.stderr.contains("no connection"),
        "{done}"
    );
}
