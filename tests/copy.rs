//! A table with its state from one file to another: resumable, compared at the end, and in nobody's way.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::PathBuf;

use highwater::destination::copy::{Copy, Doing, Ended};
use highwater::destination::place::Place;
use highwater::kill_point::VARIABLE;
use highwater::playground::Options;
use highwater::record::{Column, ColumnType, Format, Schema, USER};
use rusqlite::Connection;
use support::left::left_after_two_pages;
use support::{Api, BuiltIn, Done, Highwater, Table, promise};

/// A file with a part of a source's rows, where it is copied to, and the program that does it.
struct Rig {
    source: BuiltIn,
    highwater: Highwater,
    to: PathBuf,
}

impl Rig {
    fn new() -> Self {
        let source = BuiltIn::start(Options { users: 3_000, frozen: true, ..Options::default() });
        let highwater = Highwater::against(&source.url());
        assert_eq!(highwater.sync(&["--max-pages", "50"]).code(), 4);
        let to = highwater.home().join("there/copy.db");
        Self { source, highwater, to }
    }

    fn copy(&self, arguments: &[&str]) -> Done {
        let [from, to] = [self.highwater.db(), self.to.clone()];
        let first = ["copy", "--from", from.to_str().unwrap(), "--to", to.to_str().unwrap()];
        self.highwater.start(first.iter().chain(arguments)).end()
    }

    /// Copies, and stops after the first piece.
    fn copy_a_piece(&self) {
        let [mut from, mut to] = [self.highwater.db(), self.to.clone()]
            .map(|path| Place::File(path).open_unfinished(&USER).unwrap().destination);
        let mut tell = |doing| !matches!(doing, Doing::Copied(_));
        let ended = Copy::new(from.as_mut(), to.as_mut(), &mut tell).run(false).unwrap();
        assert!(matches!(ended, Ended::Stopped(1_000)), "{ended:?}");
    }

    /// The program on the copy.
    fn there(&self, words: &[&str]) -> Done {
        let url = self.source.url();
        let sync = ["--url", url.as_str()];
        let more = if matches!(words[0], "sync" | "verify") { &sync[..] } else { &[] };
        let place = ["--db", self.to.to_str().unwrap()];
        self.highwater.start([&words[..1], &place, &words[1..], more].concat()).end()
    }
}

#[test]
fn a_sync_goes_on_in_the_copy_from_where_it_was() {
    let rig = Rig::new();
    let before = rig.highwater.state(&["show"]).stdout;
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    for said in ["2,451 rows", "1 run", "50 pages", "every entry of both was read again"] {
        assert!(copied.stdout.contains(said), "{said}: {copied}");
    }
    let [here, there] = [rig.highwater.state(&["show"]), rig.there(&["state", "show"])];
    assert_eq!(here.stdout, before);
    let but_its_name = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(but_its_name(&here.stdout), but_its_name(&there.stdout));
    let synced = rig.there(&["sync"]);
    assert!(synced.code() == 0 && synced.stdout.contains("run 1"), "{synced}");
    promise::check_complete(&Table::of(&rig.to), &Api::new(&rig.source.url()).rows());
    let verified = rig.there(&["verify", "--against-source"]);
    assert_eq!(verified.code(), 0, "{verified}");
}

#[test]
fn what_a_killed_run_left_goes_along() {
    let (_server, source, highwater) = left_after_two_pages("scroll");
    let to = highwater.home().join("copy.db");
    let words =
        ["copy", "--from", highwater.db().to_str().unwrap(), "--to", to.to_str().unwrap()].map(str::to_owned);
    assert_eq!(highwater.start(&words).end().code(), 0);
    std::fs::remove_file(highwater.db()).unwrap();
    std::fs::rename(&to, highwater.db()).unwrap();
    support::left::completes(&highwater, &source, &[]);
}

#[test]
fn an_unfinished_copy_is_nobodys_until_it_is_finished() {
    let rig = Rig::new();
    rig.copy_a_piece();
    for words in [&["sync"][..], &["state", "show"], &["state", "reset", "--yes"], &["verify"]] {
        let refused = rig.there(words);
        assert_eq!(refused.code(), 1, "{words:?}: {refused}");
        assert!(refused.stderr.contains("unfinished copy of"), "{words:?}: {refused}");
    }
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stderr.contains("goes on after 1,000 entries"), "{copied}");
    assert_eq!(rig.there(&["verify"]).code(), 0);
}

#[test]
fn a_table_that_has_changed_since_is_copied_anew() {
    let rig = Rig::new();
    rig.copy_a_piece();
    assert_eq!(rig.highwater.state(&["rewind", "--by", "1h"]).code(), 0);
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stderr.contains("begins anew"), "{copied}");
    assert!(copied.stdout.contains("2 moves"), "{copied}");
}

#[test]
fn another_table_takes_no_unfinished_copys_place_unasked() {
    let rig = Rig::new();
    rig.copy_a_piece();
    let other = Rig { to: rig.to.clone(), ..Rig::new() };
    assert_eq!(other.highwater.state(&["reset", "--yes"]).code(), 0);
    let refused = other.copy(&[]);
    assert!(refused.code() == 1 && refused.stderr.contains("--anew"), "{refused}");
    let copied = other.copy(&["--anew"]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stdout.contains("checkpoint  none"), "{copied}");
    let again = other.copy(&["--anew"]);
    assert!(
        again.code() == 1 && again.stderr.contains("such a table already"),
        "what is whole stays: {again}"
    );
}

#[test]
fn a_copy_that_is_killed_goes_on_with_the_same_command() {
    let Some(variable) = VARIABLE else { return };
    let mut rig = Rig::new();
    for point in ["before-commit:2", "after-commit:1", "before-commit:1", "after-commit:2"] {
        rig.highwater.set(variable, Some(point));
        let killed = rig.copy(&[]);
        rig.highwater.set(variable, None);
        assert_eq!(killed.status.code(), None, "{point}: {killed}");
    }
    let copied = rig.copy(&[]);
    assert_eq!(copied.code(), 0, "{copied}");
    assert!(copied.stderr.contains("goes on after"), "{copied}");
}

/// Rows that are large go over a few at a time.
#[test]
fn a_piece_holds_no_more_than_it_may() {
    let rig = Rig::new();
    let file = Connection::open(rig.highwater.db()).unwrap();
    file.execute("UPDATE user SET name = hex(zeroblob(1500000)) WHERE rowid <= 6", []).unwrap();
    drop(file);
    let [mut from, mut to] = [rig.highwater.db(), rig.to.clone()]
        .map(|path| Place::File(path).open_unfinished(&USER).unwrap().destination);
    let mut copied = Vec::new();
    let mut tell = |doing| {
        copied.extend(if let Doing::Copied(entries) = doing { Some(entries) } else { None });
        true
    };
    Copy::new(from.as_mut(), to.as_mut(), &mut tell).run(false).unwrap();
    assert_eq!(copied[..5], [2, 4, 6, 10, 18], "and more where they are small again: {copied:?}");
}

const fn column(name: &'static [&'static str]) -> Column {
    Column { name: name[0], path: name, kind: ColumnType::String }
}

const fn things(columns: &'static [Column]) -> Schema {
    let (primary_key, cursor, format) = (0, Some(1), Format::Rfc3339);
    Schema { table: "things", title: "Things", columns, primary_key, parts: &[], cursor, format }
}

#[test]
fn a_column_that_is_declared_no_more_is_not_left_behind_unasked() {
    static WIDE: Schema = things(&[column(&["id"]), column(&["at"]), column(&["gone"])]);
    static NARROW: Schema = things(&[column(&["id"]), column(&["at"])]);
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["a.db", "b.db"].map(|name| Place::File(folder.path().join(name)));
    drop(from.open(&WIDE).unwrap());
    let [mut source, mut target] = [&from, &to].map(|place| place.open(&NARROW).unwrap().destination);
    let refused =
        Copy::new(source.as_mut(), target.as_mut(), &mut |_| true).run(false).unwrap_err().to_string();
    assert!(refused.contains("does not declare its columns gone"), "{refused}");
}

/// Something else writes to the copy meanwhile: it is found, and the copy stays unfinished.
#[test]
fn a_copy_that_came_out_otherwise_is_no_copy() {
    for (damage, said) in [
        ("UPDATE user SET name = 'someone' WHERE rowid = 7", "not all of its 2,451 rows"),
        ("DELETE FROM user WHERE rowid = 7", "2,450 rows"),
        ("UPDATE _highwater_pages SET decision = 'none' WHERE page = 1", "not all of its 50 pages"),
    ] {
        let rig = Rig::new();
        let [mut from, mut to] = [rig.highwater.db(), rig.to.clone()]
            .map(|path| Place::File(path).open_unfinished(&USER).unwrap().destination);
        let mut is_damaged = false;
        let mut tell = |doing| {
            if matches!(doing, Doing::Compared(_)) && !is_damaged {
                is_damaged = true;
                Connection::open(&rig.to).unwrap().execute(damage, []).unwrap();
            }
            true
        };
        let refused = Copy::new(from.as_mut(), to.as_mut(), &mut tell).run(false).unwrap_err().to_string();
        assert!(refused.contains(said), "{damage}: {refused}");
        drop((from, to));
        let refused = rig.there(&["sync"]);
        assert!(refused.stderr.contains("unfinished copy of"), "{refused}");
        assert_eq!(rig.copy(&["--anew"]).code(), 0, "{damage}");
    }
}

#[test]
fn what_cannot_be_copied_is_told_and_nothing_is_made() {
    let rig = Rig::new();
    let (from, home) = (rig.highwater.db(), rig.highwater.home().to_owned());
    let [from, none, to] =
        [from, home.join("none.db"), home.join("to.db")].map(|it| it.to_str().unwrap().to_owned());
    let refused = |words: [&str; 4], code: i32, said: &str| {
        let done = rig.highwater.start(["copy"].iter().chain(&words)).end();
        assert!(done.code() == code && done.stderr.contains(said), "{words:?}: {done}");
    };
    refused(["--from", &none, "--to", &to], 1, "run a sync first");
    refused(["--from", &from, "--to", &from], 1, "cannot be copied to itself");
    refused(["--from", &from, "--to", "mysql://h/d"], 2, "no destination is addressed by");
    assert!(!home.join("none.db").exists() && !home.join("to.db").exists());
    let words = ["sync", "--db", &from, "--url", &rig.source.url(), "--every", "1h", "--json"];
    let mut running = rig.highwater.start(words);
    running.until_event("run_ended");
    refused(["--from", &from, "--to", &to], 1, "in use by process");
}
