//! The same pages through both kinds of destination: the same is counted, told and stored.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use highwater::destination::Batch;
use highwater::destination::history::Entry;
use highwater::destination::place::Steered;
use highwater::destination::postgres::{Postgres, mirror};
use highwater::destination::sqlite::Sqlite;
use highwater::record::{Cursor, Row, USER};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::Connection;

use crate::rig::{Pages, Version, noon, unfit};
use crate::support::cluster::shared;

/// What stands in a file, table by table, as text.
pub fn contents(path: &Path) -> Vec<Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let all = |sql: &str| -> Vec<String> {
        let mut query = connection.prepare(sql).unwrap();
        let columns = query.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?)));
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
        };
        query.query_map([], row).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    };
    [
        "SELECT * FROM user ORDER BY id",
        "SELECT source, checkpoint, checkpoint_at, rows, oldest, newest, unfinished, clean FROM _highwater_state",
        "SELECT * FROM _highwater_runs ORDER BY run",
        "SELECT * FROM _highwater_pages ORDER BY run, page",
        // A file leaves out numbers of moves where a run moves the checkpoint again.
        "SELECT at, cause, run, before, after, source,
                (SELECT count(*) FROM _highwater_history u WHERE u.entry <= h.undone_by)
         FROM _highwater_history h ORDER BY entry",
        "SELECT * FROM _highwater_extra ORDER BY id",
        "SELECT * FROM _highwater_previous ORDER BY id",
        "SELECT run, page, position, reason, row, at FROM _highwater_quarantine ORDER BY row",
    ]
    .map(all)
    .into()
}

/// A version of one of a few rows, spelt in one of many ways.
fn version() -> impl Strategy<Value = Row> {
    const SUFFIXES: &[&str] =
        &["Z", "Z", "Z", ".5Z", ".500Z", ".123456Z", ".1234567Z", ".123456789Z", "+00:00", "z", ".0Z"];
    const NAMES: &[&str] = &["A", "B", "", "\\N", "\t\n\r\\", "é", "\u{1b}[31m", "\u{fffd}", "日本", "'\""];
    const TIMES: &[&str] = &[
        "2026-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "0000-01-01T00:00:00+23:00",
        "2016-12-31T23:59:60Z",
        "2026-01-01 00:00:00Z",
    ];
    let cursor = prop::option::weighted(0.9, (0..9_u32, select(SUFFIXES)))
        .prop_map(|cursor| cursor.map(|(second, suffix)| format!("2026-01-01T12:00:0{second}{suffix}")));
    let some = |texts: &'static [&'static str]| prop::option::of(select(texts).prop_map(str::to_owned));
    (0..6_u8, cursor, some(NAMES), some(TIMES), some(&["{}", "{\"a\":\"\\\\n\"}", "{\"b\":1}"])).prop_map(
        |(id, cursor, name, created, extra)| {
            let id = format!("é\\{id}");
            Version { id, cursor, name, created, extra }.row()
        },
    )
}

/// Runs, each of some commits of some pages.
pub type Runs = Vec<Vec<Vec<Vec<Row>>>>;

pub fn runs() -> impl Strategy<Value = Runs> {
    let page = prop::collection::vec(version(), 0..8);
    let commit = prop::collection::vec(page, 1..4);
    prop::collection::vec(prop::collection::vec(commit, 1..4), 1..4)
}

/// A move, but for its number.
fn unnumbered(entry: Entry) -> String {
    let Entry { at, cause, run, before, after, undone_by, .. } = entry;
    format!("{at} {cause} {run:?} {before:?} {after:?} {}", undone_by.is_some())
}

/// Plays runs into a destination; gives all that it told of them.
pub fn play(destination: &mut dyn Steered, runs: &Runs) -> Vec<String> {
    let mut told = Vec::new();
    destination.bind("a source").unwrap();
    for (number, commits) in runs.iter().enumerate() {
        let mut pages = Pages::begin(destination);
        for (commit, rows) in commits.iter().enumerate() {
            let batch = |(page, rows): (usize, &Vec<Row>)| {
                let mut batch = pages.next(rows.clone(), Some(&format!("{commit} {page}")));
                batch.quarantined = vec![unfit(&format!("{{\"page\":{page}}}"))];
                batch
            };
            let batches: Vec<Batch> = rows.iter().enumerate().map(batch).collect();
            told.push(format!(
                "{:?}",
                destination.commit(&batches).map_err(|error| error.to_string().contains("go back"))
            ));
        }
        destination.check_steering().unwrap();
        destination.end(&pages.ending(number % 2 == 0)).unwrap();
        told.push(format!("{:?}", destination.stored().unwrap()));
    }
    let back = Cursor::parse("2026-01-01T12:00:01+00:00").unwrap();
    told.push(format!("{:?}", destination.move_checkpoint("set", Some(&back), noon()).unwrap()));
    told.push(format!("{:?}", destination.move_checkpoint("reset", None, noon()).unwrap()));
    for _ in 0..2 {
        told.push(format!("{:?}", destination.undo(noon()).unwrap().map(unnumbered)));
    }
    let history: Vec<String> = destination.history(99).unwrap().into_iter().map(unnumbered).collect();
    told.push(format!("{history:?} {:?}", destination.stored().unwrap()));
    told
}

#[test]
fn the_same_pages_end_as_the_same_rows_counts_and_bookkeeping() {
    let Some(cluster) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases = AtomicU32::new(0);
    let mut runner = TestRunner::new(Config {
        cases: 40,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let played = runner.run(&runs(), |runs| {
        let case = cases.fetch_add(1, Ordering::Relaxed);
        let address = cluster.address(&format!("alike_{case}"));
        let [file, copy] = ["a", "b"].map(|name| folder.path().join(format!("{name}{case}.db")));
        let in_file = play(&mut Sqlite::open(&file, &USER).unwrap().sqlite, &runs);
        let in_server = play(&mut Postgres::open(&address, &USER).unwrap().0, &runs);
        prop_assert_eq!(in_file, in_server);
        mirror(&address, &USER, &copy).unwrap();
        prop_assert_eq!(contents(&file), contents(&copy));
        Ok(())
    });
    played.unwrap();
}
