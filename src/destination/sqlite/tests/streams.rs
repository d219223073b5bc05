//! Several streams in one file: each with a bookkeeping and a lock of its own.

use std::thread;

use super::super::schema::MIGRATIONS;
use super::typed::{EVENT, begun, made, opened, sound, stored};
use super::*;
use crate::record::{Column, ColumnType, Format};
use crate::run::Counts;

/// A row of either table, by its number.
fn numbered(schema: &'static Schema, number: u32) -> Row {
    match schema.table {
        "user" => row(&format!("u{number}"), number, "A"),
        _ => made(schema, &[&number.to_string(), &number.to_string()]),
    }
}

fn names(sqlite: &Sqlite) -> String {
    let names = "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema
                 WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name)";
    value(sqlite, names)
}

#[test]
fn each_stream_of_a_file_has_its_own_state() {
    let folder = folder();
    let path = folder.path().join("a.db");
    for (schema, rows) in [(&USER, 1_u32..=2), (&EVENT, 3..=7), (&USER, 2..=3)] {
        let mut sqlite = opened(&path, schema);
        Sqlite::bind(&mut sqlite, schema.title).unwrap();
        let mut pages = begun(&mut sqlite, Mode::Auto, "0");
        let rows = rows.map(|number| numbered(schema, number)).collect();
        stored(&mut sqlite, &mut pages, vec![rows]);
    }
    for (schema, rows, newest, runs) in
        [(&USER, 3, cursor(3).text().to_owned(), 2), (&EVENT, 5, "unix:7".to_owned(), 1)]
    {
        let mut sqlite = Sqlite::read(&path, schema).unwrap();
        let stored = sqlite.stored().unwrap();
        assert_eq!((stored.source.as_deref(), stored.rows), (Some(schema.title), rows));
        assert_eq!(stored.checkpoint.map(String::from), Some(newest));
        assert_eq!(value::<i64>(&sqlite, "SELECT count(*) FROM _highwater_runs"), runs);
        assert_eq!(sqlite.history(9).unwrap().len() as i64, runs);
        sqlite.check_steering().unwrap();
        drop(sqlite);
        sound(&path, schema);
    }
    let beside = "extra history pages previous quarantine runs state";
    let of = |prefix: &str| beside.split(' ').map(|it| format!("{prefix}{it}")).collect::<Vec<_>>().join(" ");
    let expected = format!("{} {} event user", of("_highwater_event__"), of("_highwater_"));
    assert_eq!(names(&opened(&path, &USER)), expected);
}

#[test]
fn each_stream_of_a_file_has_its_own_writer() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let (_user, _event) = (opened(&path, &USER), opened(&path, &EVENT));
    for schema in [&USER, &EVENT] {
        let refused = Sqlite::open(&path, schema).unwrap_err();
        assert!(matches!(refused, DestinationError::Locked { .. }), "{refused}");
    }
    assert!(path.with_file_name("a.db.lock").exists() && path.with_file_name("a.db.event.lock").exists());
}

/// Writers that make the file and fill their tables at the same time, each with many commits.
#[test]
fn streams_are_written_side_by_side() {
    const PAGES: u32 = 50;
    const SCHEMAS: [&Schema; 4] = {
        const OTHERS: [Schema; 2] = [Schema { table: "b", ..EVENT }, Schema { table: "c", ..EVENT }];
        [&USER, &EVENT, &OTHERS[0], &OTHERS[1]]
    };
    let folder = folder();
    let path = folder.path().join("a.db");
    thread::scope(|scope| {
        for schema in SCHEMAS {
            let path = &path;
            scope.spawn(move || {
                let mut sqlite = opened(path, schema);
                sqlite.log.largest = Length::LEAST;
                let mut pages = begun(&mut sqlite, Mode::Scroll, "0");
                let rows = |page: u32| (1..=20).map(|row| numbered(schema, 20 * page + row)).collect();
                let counts = stored(&mut sqlite, &mut pages, (0..PAGES).map(rows).collect());
                let rows = u64::from(20 * PAGES);
                assert_eq!(counts, Counts { rows, new: rows, ..Counts::default() });
            });
        }
    });
    SCHEMAS.iter().for_each(|schema| sound(&path, schema));
}

#[test]
fn every_stream_of_a_file_is_brought_up_to_date() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let old = Connection::open(&path).unwrap();
    for (schema, ours) in [(&USER, "_highwater_"), (&EVENT, "_highwater_event__")] {
        for migration in &MIGRATIONS[..2] {
            old.execute_batch(&migration.replace("_highwater_", ours)).unwrap();
        }
        old.execute_batch(&super::super::shape::create_table(schema)).unwrap();
    }
    old.pragma_update(None, "user_version", 2).unwrap();
    drop(old);
    drop(opened(&path, &USER));
    for schema in [&USER, &EVENT] {
        let mut sqlite = Sqlite::read(&path, schema).unwrap();
        assert_eq!(value::<i64>(&sqlite, "SELECT count(*) FROM _highwater_runs WHERE lanes IS NULL"), 0);
        assert!(sqlite.stored().is_ok());
        drop(sqlite);
        sound(&path, schema);
    }
    drop(opened(&path, &EVENT));
}

const fn column(name: &'static str, path: &'static [&'static str], kind: ColumnType) -> Column {
    Column { name, path, kind }
}

const SMALL: Schema = Schema {
    table: "thing",
    title: "Things",
    columns: &[
        column("id", &["id"], ColumnType::Int),
        column("at", &["at"], ColumnType::Date),
        column("old", &["old"], ColumnType::String),
    ],
    primary_key: 0,
    parts: &[],
    cursor: Some(1),
    format: Format::Date,
};

/// The same with some columns more, and one less.
const LARGE: Schema = Schema {
    columns: &[
        column("size", &["size"], ColumnType::Decimal),
        column("id", &["id"], ColumnType::Int),
        column("at", &["at"], ColumnType::Date),
        column("city", &["home", "city"], ColumnType::String),
        column("many", &["many"], ColumnType::Int),
    ],
    primary_key: 1,
    cursor: Some(2),
    ..SMALL
};

#[test]
fn columns_that_are_declared_later_are_added_and_filled_and_those_that_went_stay() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &SMALL);
    let mut pages = begun(&mut sqlite, Mode::Auto, "0001-01-01");
    let with = |id: &str, extra: Option<&str>| Row {
        extra: extra.map(str::to_owned),
        ..made(&SMALL, &[id, "2026-01-01", "o"])
    };
    let rows = vec![
        with("1", Some(r#"{"home":{"city":"Ulm"},"many":7,"size":1.50}"#)),
        with("2", Some(r#"{"many":"?","size":"9"}"#)),
        with("3", Some(r#"{"many":null,"size":1}"#)),
        with("4", None),
    ];
    stored(&mut sqlite, &mut pages, vec![rows]);
    drop(sqlite);
    let text = Sqlite::read(&path, &LARGE).unwrap_err().to_string();
    assert!(text.contains("has no size yet; run a sync first"), "{text}");

    let sqlite = opened(&path, &LARGE);
    let table = "SELECT group_concat(json_array(id, old, size, city, many), ' ') FROM thing";
    assert_eq!(
        value::<String>(&sqlite, table),
        r#"[1,"o","1.50","Ulm",7] [2,"o","9",null,null] [3,"o","1",null,null] [4,"o",null,null,null]"#
    );
    let beside = "SELECT group_concat(id || fields, ' ') FROM _highwater_extra";
    let kept = r#"1{"home":{"city":"Ulm"}} 2{"many":"?"} 3{"many":null}"#;
    assert_eq!(value::<String>(&sqlite, beside), kept, "what does not fit is not lost");
    drop(sqlite);
    sound(&path, &LARGE);
    drop(opened(&path, &LARGE));
    sound(&path, &SMALL);
}

#[test]
fn a_table_that_is_ours_and_of_another_shape_is_refused_with_what_to_do() {
    const OF_TEXT: Schema = Schema {
        columns: &[SMALL.columns[0], SMALL.columns[1], column("old", &["old"], ColumnType::Json)],
        ..SMALL
    };
    const BY_OTHER: Schema = Schema { primary_key: 2, ..SMALL };
    const NEW_CURSOR: Schema =
        Schema { columns: &[SMALL.columns[0], column("on", &["on"], ColumnType::Date)], ..SMALL };
    let folder = folder();
    let path = folder.path().join("a.db");
    drop(opened(&path, &SMALL));
    for (schema, why) in [
        (
            &OF_TEXT,
            "its table \"thing\" has old as STRING, and not as JSON; give the source a table of another name",
        ),
        (&BY_OTHER, "has the key id, not old; give the source a table of another name"),
        (&NEW_CURSOR, "has no on, by which its rows are told apart or ordered; give"),
    ] {
        let text = Sqlite::open(&path, schema).unwrap_err().to_string();
        assert!(text.contains(why), "{text}");
    }
    assert_eq!(value::<i64>(&opened(&path, &SMALL), "SELECT count(*) FROM pragma_table_info('thing')"), 3);
}

#[test]
fn a_table_of_another_program_and_a_name_that_is_none_are_refused() {
    const ODD: [Schema; 4] = [
        Schema { table: "a b", ..EVENT },
        Schema { table: "", ..EVENT },
        Schema { table: "_highwater_runs", ..EVENT },
        Schema { table: "sqlite_x", ..EVENT },
    ];
    let folder = folder();
    let path = folder.path().join("a.db");
    drop(opened(&path, &USER));
    for schema in &ODD {
        let text = Sqlite::open(&path, schema).unwrap_err().to_string();
        assert!(text.contains("cannot be a table's name"), "{text}");
    }
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE event (id INT PRIMARY KEY)").unwrap();
    let text = Sqlite::open(&path, &EVENT).unwrap_err().to_string();
    assert!(text.contains("its table \"event\" has the columns id, not id, changed"), "{text}");
    let text = Sqlite::read(&path, &EVENT).unwrap_err().to_string();
    assert!(text.contains("holds no table \"event\" of ours yet; run a sync into it first"), "{text}");
}

/// A writer that never rests keeps another's log from beginning anew, unless it is made to.
#[test]
fn the_log_of_two_writers_does_not_grow_with_what_they_write() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let long = format!("\"{}\"", "x".repeat(8 << 20));
    const OTHER: Schema = Schema { table: "other", ..EVENT };
    let _open = opened(&path, &USER);
    thread::scope(|scope| {
        for schema in [&EVENT, &OTHER] {
            let (path, long) = (&path, &long);
            scope.spawn(move || {
                let mut sqlite = opened(path, schema);
                sqlite.log.largest = Length::LEAST;
                let mut pages = begun(&mut sqlite, Mode::Scroll, "0");
                let rows = |page: u32| {
                    let number = page.to_string();
                    vec![made(schema, &[&number, &number, "null", "null", "null", long])]
                };
                stored(&mut sqlite, &mut pages, (0..60).map(rows).collect());
            });
        }
    });
    let size = std::fs::metadata(path.with_file_name("a.db-wal")).map_or(0, |log| log.len());
    // Which of them gets to begin it anew, and after how many commits of the other, is the scheduler's to say.
    assert!(size < 640 << 20, "each wrote 480 MiB: {size}");
}
