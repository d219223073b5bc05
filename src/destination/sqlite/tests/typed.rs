//! Tables of other shapes than the reference's: columns of every type, keys and cursors that are numbers, none at all.

use super::verify::Verifier;
use super::*;
use crate::destination::verify::Verdict;
use crate::record::{Column, ColumnType, Format};
use crate::run::Counts;

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, path: &[], kind }
}

/// A whole number for a key, seconds since 1970 for a cursor.
pub(in crate::destination::sqlite) const EVENT: Schema = Schema {
    table: "event",
    title: "Events",
    columns: &[
        column("id", ColumnType::Int),
        column("changed", ColumnType::Int),
        column("weight", ColumnType::Float),
        column("open", ColumnType::Bool),
        column("price", ColumnType::Decimal),
        column("more", ColumnType::Json),
    ],
    primary_key: 0,
    parts: &[],
    cursor: Some(1),
    format: Format::Unix,
};

const TIMELESS: Schema = Schema { table: "timeless", cursor: None, ..EVENT };

const TOGETHER: Schema = Schema {
    table: "together",
    columns: &[
        column("_key", ColumnType::String),
        column("shop", ColumnType::String),
        column("number", ColumnType::Int),
    ],
    parts: &[1, 2],
    cursor: Some(2),
    format: Format::Integer,
    ..EVENT
};

pub(in crate::destination::sqlite) fn opened(path: &Path, schema: &'static Schema) -> Sqlite {
    Sqlite::open(path, schema).unwrap().sqlite
}

/// A row of these values; null where there is none.
pub(in crate::destination::sqlite) fn made(schema: &'static Schema, values: &[&str]) -> Row {
    let mut all: Vec<_> = values.iter().map(|value| (*value != "null").then_some(*value)).collect();
    all.resize(schema.columns.len(), None);
    let cursor = schema.cursor.and_then(|cursor| schema.read_cursor(all[cursor]?));
    Row { values: Packed::new(&all), cursor, extra: None }
}

/// A run of a schema's own from its beginning, or from the checkpoint.
pub(in crate::destination::sqlite) fn begun(sqlite: &mut Sqlite, mode: Mode, beginning: &str) -> Pages {
    let schema = sqlite.schema;
    let checkpoint = sqlite.stored().unwrap().checkpoint;
    let from = || schema.read_cursor(beginning).unwrap_or_else(Cursor::beginning);
    let walk = Walk::new(mode, true, checkpoint.clone().unwrap_or_else(from), checkpoint);
    let run = sqlite.begin(&NewRun { start: Start::Checkpoint, walk: walk.clone(), at: noon() }).unwrap();
    Pages { run, walk }
}

/// Stores these pages, the last one being the end of the data; gives what became of the rows.
pub(in crate::destination::sqlite) fn stored(
    sqlite: &mut Sqlite,
    pages: &mut Pages,
    all: Vec<Vec<Row>>,
) -> Counts {
    let last = all.len() - 1;
    let mut counts = Counts::default();
    for (number, rows) in all.into_iter().enumerate() {
        let token = (number < last).then(|| format!("t{number}"));
        let mut batch = pages.next(rows, token.as_deref());
        batch.end = (number == last).then_some((Outcome::Complete, End::Exhausted));
        counts.add(&sqlite.commit(&[batch]).unwrap()[0].counts);
    }
    counts
}

/// Every check of a file finds it as it should be.
pub(in crate::destination::sqlite) fn sound(path: &Path, schema: &'static Schema) {
    let verifier = Verifier::open(path, schema).unwrap();
    let checks = verifier.checks(|check| {
        assert_eq!(check.verdict, Verdict::Ok, "{}: {:?}", schema.table, check);
        Ok::<(), DestinationError>(())
    });
    checks.unwrap();
}

fn events() -> Vec<Row> {
    [
        &["9", "100", "1.5", "true", "1.50", r#"{"a":[1]}"#][..],
        &["10", "101", "-3", "false", "-2", "\"x\""],
        &["-7", "102", "1e300", "null", "10.0", "1.0"],
        &["9223372036854775807", "102", "0.30000000000000004", "true", "9", "null"],
    ]
    .map(|values| made(&EVENT, values))
    .into()
}

#[test]
fn values_are_stored_by_their_types_and_are_the_same_when_they_come_again() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &EVENT);
    let mut pages = begun(&mut sqlite, Mode::Auto, "0");
    let new = Counts { rows: 4, new: 4, ..Counts::default() };
    assert_eq!(stored(&mut sqlite, &mut pages, vec![events()]), new);
    let types = "SELECT group_concat(typeof(id) || typeof(changed) || typeof(weight) || typeof(open)
                                     || typeof(price) || typeof(more)) FROM event WHERE id = 9";
    assert_eq!(value::<String>(&sqlite, types), "integerintegerrealintegertexttext");
    assert_eq!(value::<i64>(&sqlite, "SELECT rowid FROM event WHERE id = 9"), 1, "a number of its own");
    drop(sqlite);

    let mut sqlite = opened(&path, &EVENT);
    let mut pages = begun(&mut sqlite, Mode::Auto, "0");
    let same = Counts { rows: 4, same: 4, ..Counts::default() };
    assert_eq!(stored(&mut sqlite, &mut pages, vec![events()]), same);
    let mut other = begun(&mut sqlite, Mode::Auto, "0");
    let newer = made(&EVENT, &["9", "103", "1.25", "false", "1.5", "null"]);
    let older = made(&EVENT, &["10", "1", "0", "true", "0", "null"]);
    let counts = stored(&mut sqlite, &mut other, vec![vec![newer, older]]);
    assert_eq!((counts.changed, counts.stale), (1, 1));
    let before: String = value(&sqlite, "SELECT before FROM _highwater_previous");
    let expected = r#"{"changed":"100","more":"{\"a\":[1]}","open":"true","price":"1.50","weight":"1.5"}"#;
    assert_eq!(before, expected);
    drop(sqlite);
    sound(&path, &EVENT);
}

#[test]
fn a_checkpoint_of_any_format_is_kept_moved_and_taken_back() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &EVENT);
    let mut pages = begun(&mut sqlite, Mode::Auto, "0");
    let [one, two, three, four] = events().try_into().unwrap();
    stored(&mut sqlite, &mut pages, vec![vec![one, two.clone()], vec![two, three], vec![four]]);
    let at = |second: &str| Cursor::read(Format::Unix, second).unwrap();
    let kept: String =
        value(&sqlite, "SELECT checkpoint || ' ' || oldest || ' ' || newest FROM _highwater_state");
    assert_eq!(kept, "unix:102 unix:100 unix:102");
    assert_eq!(sqlite.stored().unwrap().checkpoint, Some(at("102")));
    sqlite.check_steering().unwrap();
    assert_eq!(
        value::<Option<i64>>(&sqlite, "SELECT clean FROM _highwater_state"),
        Some(1),
        "it read everything"
    );
    drop(sqlite);
    sound(&path, &EVENT);

    let mut sqlite = opened(&path, &EVENT);
    sqlite.move_checkpoint("set", Some(&at("101")), noon()).unwrap();
    sqlite.check_steering().unwrap();
    sqlite.undo(noon()).unwrap();
    assert_eq!(sqlite.stored().unwrap().checkpoint, Some(at("102")));
    // A run left in the middle, and what it is held against.
    let mut left = begun(&mut sqlite, Mode::Auto, "0");
    let newer = made(&EVENT, &["12", "109", "0", "true", "0", "null"]);
    sqlite.commit(&[left.next(vec![newer], Some("t"))]).unwrap();
    sqlite.check_steering().unwrap();
    drop(sqlite);
    sound(&path, &EVENT);
}

#[test]
fn rows_without_a_cursor_leave_no_checkpoint_and_their_last_word_counts() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &TIMELESS);
    for (values, (new, changed)) in [(&["1", "5"], (1, 0)), (&["1", "4"], (0, 1))] {
        let mut pages = begun(&mut sqlite, Mode::Scroll, "");
        let counts = stored(&mut sqlite, &mut pages, vec![vec![made(&TIMELESS, values)]]);
        assert_eq!((counts.new, counts.changed), (new, changed));
    }
    assert_eq!(sqlite.stored().unwrap().checkpoint, None);
    drop(sqlite);
    sound(&path, &TIMELESS);
}

#[test]
fn rows_of_a_key_put_together_are_told_apart_by_all_of_it() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &TOGETHER);
    let mut pages = begun(&mut sqlite, Mode::Anchor, "0");
    let row = |shop: &str, number: &str| made(&TOGETHER, &[&json(&[shop, number]), shop, number]);
    let counts = stored(&mut sqlite, &mut pages, vec![vec![row("a", "1"), row("b", "1"), row("a", "1")]]);
    assert_eq!((counts.new, counts.same), (2, 1));
    assert_eq!(value::<String>(&sqlite, "SELECT checkpoint FROM _highwater_state"), "integer:1");
    drop(sqlite);
    sound(&path, &TOGETHER);
}
