//! A table that was made for other columns than are declared now: what is added, what stays, and what is refused, in a
//! database as in a file.

use highwater::destination::Destination as _;
use highwater::destination::place::Steered;
use highwater::destination::postgres::Postgres;
use highwater::destination::sqlite::Sqlite;
use highwater::record::{Column, ColumnType, Cursor, Format, Packed, Row, Schema};

use crate::rig::{Pages, noon};
use crate::support::cluster::shared;

const fn column(path: &'static [&'static str], name: &'static str, kind: ColumnType) -> Column {
    Column { name, path, kind }
}

const KEY: Column = column(&["key"], "key", ColumnType::Int);
const AT: Column = column(&["at"], "at", ColumnType::Int);
const OLD: Column = column(&["old"], "old", ColumnType::String);

const fn things(columns: &'static [Column], format: Format) -> Schema {
    Schema { table: "thing", title: "Things", columns, primary_key: 0, parts: &[], cursor: Some(1), format }
}

static BEFORE: Schema = things(&[KEY, AT, OLD], Format::Unix);
static SINCE: Schema = things(
    &[
        KEY,
        AT,
        column(&["sum"], "sum", ColumnType::Decimal),
        column(&["in", "day"], "day", ColumnType::Date),
        column(&["big"], "big", ColumnType::Json),
    ],
    Format::Unix,
);
static OTHER_TYPE: Schema = things(&[KEY, AT, column(&["old"], "old", ColumnType::Float)], Format::Unix);
static OTHER_KEY: Schema = Schema { primary_key: 2, ..things(&[KEY, AT, OLD], Format::Unix) };
static OTHER_ORDER: Schema =
    things(&[KEY, column(&["then"], "then", ColumnType::Int), AT, OLD], Format::Unix);
static OTHER_UNIT: Schema = things(&[KEY, AT, OLD], Format::UnixMs);
static OTHER_FIELD: Schema = Schema { cursor: Some(0), ..things(&[KEY, AT, OLD], Format::Unix) };

fn thing(key: &str, at: &str, values: &[Option<&str>], extra: Option<&str>) -> Row {
    let all: Vec<Option<&str>> = [Some(key), Some(at)].into_iter().chain(values.iter().copied()).collect();
    let (cursor, extra) = (Cursor::read(Format::Unix, at).ok(), extra.map(str::to_owned));
    Row { values: Packed::new(&all), cursor, extra }
}

#[test]
fn columns_that_were_declared_since_are_added_with_what_came_for_them_before() {
    let Some(cluster) = shared() else { return };
    let address = cluster.address("shape");
    let (mut postgres, _) = Postgres::open(&address, &BEFORE).unwrap();
    let mut pages = Pages::begin(&mut postgres);
    let mut rows = vec![
        thing("1", "10", &[Some("a")], Some(r#"{"in":{"day":"2026-11-16"},"other":1,"sum":"1.50"}"#)),
        thing("2", "11", &[Some("b")], Some(r#"{"sum":"none"}"#)),
        thing("3", "12", &[None], Some(r#"{"big":"\ud800","sum":"7"}"#)),
        thing("4", "13", &[None], None),
    ];
    // More than are filled in one go.
    rows.extend((5..2_500).map(|key| thing(&key.to_string(), "14", &[None], Some(r#"{"sum":"2"}"#))));
    // So deep is nothing that the server takes, which it says itself.
    let deep = format!(r#"{{"big":{}{},"sum":"8"}}"#, "[".repeat(60_000), "]".repeat(60_000));
    rows.push(thing("3000", "14", &[None], Some(&deep)));
    postgres.commit(&[pages.next(rows, Some("t"))]).unwrap();
    postgres.end(&pages.ending(false)).unwrap();
    drop(postgres);
    let refused = Postgres::read_only(&address, &SINCE).unwrap_err().to_string();
    assert!(refused.contains("its table \"thing\" has no sum yet; run a sync first"), "{refused}");

    let first = "SELECT key, old, sum, day, big, _highwater_verbatim, _highwater_extra FROM thing
                 WHERE key < 5 ORDER BY key";
    let filled = "1|a|1.50|2026-11-16|||{\"in\":{\"day\":\"2026-11-16\"},\"other\":1}\n\
                  2|b|||||{\"sum\":\"none\"}\n\
                  3||7||||{\"big\":\"\\ud800\"}\n4||||||";
    let rest = "SELECT sum(sum), count(_highwater_extra), count(_highwater_version) FROM thing WHERE key > 4";
    let (mut postgres, _) = Postgres::open(&address, &SINCE).unwrap();
    assert_eq!(cluster.sql("shape", first), filled, "what the server refuses stays where it was");
    assert_eq!(cluster.sql("shape", rest), "4990|1|2496");
    // The row that comes again is the same, and a column that is declared no more is not touched.
    let mut pages = Pages::begin(&mut postgres);
    let again = thing(
        "1",
        "10",
        &[Some("1.50"), Some("2026-11-16"), None],
        Some(r#"{"in":{"day":"2026-11-16"},"other":1}"#),
    );
    let new = thing("5000", "15", &[Some("3"), None, None], None);
    let counts = postgres.commit(&[pages.next(vec![again, new], Some("t"))]).unwrap()[0].counts;
    assert_eq!((counts.same, counts.new), (1, 1));
    assert_eq!(cluster.sql("shape", "SELECT old FROM thing WHERE key = 1"), "a");
    drop(postgres);

    // Whoever was killed in between has not filled them.
    cluster.sql(
        "shape",
        "UPDATE _highwater_state SET filling = true;
         UPDATE thing SET sum = NULL, _highwater_extra = '{\"sum\":\"9\"}' WHERE key = 4",
    );
    drop(Postgres::open(&address, &SINCE).unwrap());
    assert_eq!(cluster.sql("shape", "SELECT sum, _highwater_extra FROM thing WHERE key = 4"), "9|");
    assert_eq!(cluster.sql("shape", "SELECT filling FROM _highwater_state"), "f");
    // Both declarations still read it, and may go on writing.
    drop(Postgres::open(&address, &BEFORE).unwrap());
    drop(Postgres::read_only(&address, &SINCE).unwrap());
}

/// What a destination of a kind says to another declaration.
type Says<'s> = &'s dyn Fn(&'static Schema) -> String;

#[test]
fn what_cannot_go_on_in_the_same_table_is_refused_in_the_same_words() {
    let Some(cluster) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (path, address) = (folder.path().join("a.db"), cluster.address("other_shape"));
    let file = |schema| Sqlite::open(&path, schema).map(|opened| opened.sqlite);
    let server = |schema| Postgres::open(&address, schema).map(|(postgres, _)| postgres);
    let mut both: [Box<dyn Steered>; 2] =
        [Box::new(file(&BEFORE).unwrap()), Box::new(server(&BEFORE).unwrap())];
    for destination in &mut both {
        destination.bind("a source").unwrap();
        let mut pages = Pages::begin(&mut **destination);
        destination.commit(&[pages.next(vec![thing("1", "10", &[None], None)], Some("t"))]).unwrap();
        destination.end(&pages.ending(false)).unwrap();
    }
    drop(both);
    let file_says =
        |schema| file(schema).and_then(|mut it| Steered::bind(&mut it, "a source")).unwrap_err().to_string();
    let server_says = |schema| server(schema).and_then(|mut it| it.bind("a source")).unwrap_err().to_string();
    let kinds: [Says<'_>; 2] = [&file_says, &server_says];
    for (schema, said) in [
        (&OTHER_TYPE, "has old as STRING, and not as FLOAT; give the source a table of another name"),
        (&OTHER_KEY, "has the key key, not old; give the source a table"),
        (&OTHER_ORDER, "has no then, by which its rows are told apart or ordered"),
        (
            &OTHER_UNIT,
            "its checkpoint 10 is written as unix, and at is declared as unix_ms; give the source a table",
        ),
        (&OTHER_FIELD, "its checkpoint 10 is one of at, and rows are declared to be ordered by key"),
    ] {
        for says in kinds {
            let what = says(schema);
            assert!(what.contains(said), "{what}");
        }
    }
    // Without a checkpoint there is nothing to go on from.
    let forget = |destination: &mut dyn Steered| {
        destination.move_checkpoint("reset", None, noon()).unwrap();
    };
    forget(&mut file(&BEFORE).unwrap());
    forget(&mut server(&BEFORE).unwrap());
    let mut both: [Box<dyn Steered>; 2] =
        [Box::new(file(&OTHER_UNIT).unwrap()), Box::new(server(&OTHER_UNIT).unwrap())];
    both.iter_mut().for_each(|it| it.bind("a source").unwrap());
}
