//! A destination compared with its source: what is named, what is not, and what happens where it cannot be.

use std::collections::{BTreeMap, BTreeSet};

use highwater::playground::{Growth, Options, Tie, Troubles};
use rusqlite::Connection;
use serde_json::json;

use super::report::{checks, findings, found};
use crate::support::left::{completes, left_after_two_pages};
use crate::support::{self, Api, BuiltIn, Highwater, Modified, RealPlayground, Table};

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
    let growth = Some(Growth { from: 1, until: u64::MAX, inserts: 1, updates: 2 });
    let troubles = Troubles { growth, ..Troubles::default() };
    let server = BuiltIn::start(Options { frozen: true, troubles, ..Options::default() });
    let highwater = Highwater::against(&server.url());
    assert_eq!(highwater.sync(&[]).code(), 0);
    // With every request two rows change and one comes: what a comparison finds is never what the sync stored.
    for _ in 0..3 {
        let done = highwater.verify(&["--against-source", "--json"]);
        assert_eq!(done.code(), 0, "{done}");
        let text = checks(&done)["source"]["text"].as_str().unwrap().to_owned();
        let later = text.split("; ").find_map(|part| part.split_once(" not due yet"));
        let later: u32 = later.unwrap_or_else(|| panic!("{text}")).0.parse().unwrap();
        assert!(later >= 10, "{text}");
    }
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
    let secret = ["--auth", "bearer", "--secret", "env:HIGHWATER_TEST_ABSENT"];
    let done = highwater.verify(&[&["--against-source"], &secret[..]].concat());
    assert_eq!((done.code(), done.stdout.as_str()), (1, ""), "without a credential nothing is begun: {done}");
    server.stop();
    let done = highwater.verify(&["--against-source", "--retries", "1"]);
    assert_eq!(done.code(), 1, "{done}");
    assert!(
        done.stderr.contains("was not read to its end") && done.stderr.contains("no connection"),
        "{done}"
    );
}
