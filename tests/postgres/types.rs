//! Columns with types: they hold what a team reckons with, and give back what the source wrote.

use highwater::destination::Destination as _;
use highwater::destination::postgres::{Postgres, PostgresLook};
use highwater::destination::reader::{Look as _, Stop};
use highwater::record::{Column, ColumnType, Cursor, Format, Packed, Row, Schema};

use crate::rig::Pages;
use crate::support::cluster::shared;

const fn column(name: &'static [&'static str], kind: ColumnType) -> Column {
    Column { name: name[0], path: name, kind }
}

static THINGS: Schema = Schema {
    table: "things'\"x",
    title: "Things",
    columns: &[
        column(&["key"], ColumnType::Int),
        column(&["whole"], ColumnType::Int),
        column(&["part"], ColumnType::Float),
        column(&["is'it"], ColumnType::Bool),
        column(&["any \"thing\""], ColumnType::Json),
        column(&["day"], ColumnType::Date),
        column(&["at"], ColumnType::UtcDatetime),
        column(&["sum"], ColumnType::Decimal),
        column(&["bytes"], ColumnType::Binary),
        column(&["version"], ColumnType::Int),
    ],
    primary_key: 0,
    parts: &[],
    cursor: Some(9),
    format: Format::Integer,
};

fn thing(values: [Option<&str>; 10]) -> Row {
    let cursor = values[9].and_then(|text| Cursor::read(Format::Integer, text).ok());
    Row { values: Packed::new(&values), cursor, extra: None }
}

#[test]
fn values_are_of_their_columns_types_and_come_back_as_they_came() {
    let Some(cluster) = shared() else { return };
    let address = cluster.address("types");
    let (mut postgres, _) = Postgres::open(&address, &THINGS).unwrap();
    let rows = [
        ["3", "007", "-0.0", "true", "\"\"", "9999-12-31", "0000-01-01T00:00:00Z", "-0.00", "", "-5"],
        [
            "1",
            "42",
            "0.5",
            "true",
            "{\"b\": [1, 2],  \"a\":\"\\u00e9\\n\"}",
            "2026-11-16",
            "2026-11-16T19:05:47Z",
            "1.50",
            "aGk=",
            "9",
        ],
        [
            "2",
            "-7",
            "1e300",
            "false",
            "null",
            "0001-01-01",
            "2026-11-16T19:05:47.123456789+02:00",
            "1e3",
            "aGk",
            "10",
        ],
    ];
    let long = "QUJD".repeat(100);
    let mut pages = Pages::begin(&mut postgres);
    let mut things: Vec<Row> = rows.iter().map(|row| thing(row.map(Some))).collect();
    things.push(thing([Some("4"), None, None, None, None, None, None, None, Some(&long), None]));
    let committed = postgres.commit(&[pages.next(things.clone(), Some("t"))]).unwrap();
    assert_eq!((committed[0].counts.new, committed[0].counts.quarantined), (4, 0));
    // The same once more is the same: nothing of it was lost.
    let again = postgres.commit(&[pages.next(things.clone(), Some("u"))]).unwrap();
    assert_eq!(again[0].counts.same, 4);
    let mut look = PostgresLook::new(&address, &THINGS, Stop::default());
    for thing in &things {
        let found = look.row(thing.id(&THINGS)).unwrap().unwrap();
        assert_eq!(Packed::new(&found.values), thing.values);
    }
    let types = "SELECT string_agg(format_type(atttypid, NULL), ',' ORDER BY attnum) FROM pg_attribute
                 WHERE attrelid = '\"things''\"\"x\"'::regclass AND attnum BETWEEN 1 AND 10";
    let expected =
        "bigint,bigint,double precision,boolean,jsonb,date,timestamp with time zone,numeric,bytea,bigint";
    assert_eq!(cluster.sql("types", types), expected);
    let reckoned = "SELECT sum(whole), max(at), sum(sum), (SELECT \"any \"\"thing\"\"\" ->> 'a' FROM \"things'\"\"x\" WHERE key = 1)
                    FROM \"things'\"\"x\"";
    assert_eq!(cluster.sql("types", reckoned), "42|2026-11-16 19:05:47+00|1001.50|é");
    assert_eq!(postgres.stored().unwrap().checkpoint.unwrap().text(), "10", "not the largest text");
    let page = &look.pages(pages.run, None, 9).unwrap()[0];
    assert_eq!(page.checkpoint.as_deref(), Some("10"), "without the name of its format");
}

#[test]
fn what_a_column_cannot_hold_is_set_apart_and_the_rest_is_stored() {
    let Some(cluster) = shared() else { return };
    let address = cluster.address("unfit");
    let (mut postgres, _) = Postgres::open(&address, &THINGS).unwrap();
    let mut pages = Pages::begin(&mut postgres);
    let (deep, long) = ("[".repeat(60_000) + &"]".repeat(60_000), "k".repeat(3_000));
    let mut things = vec![thing([Some("11"); 10].map(|_| None))];
    let with = |key, position: usize, value| {
        let mut values = [None; 10];
        (values[0], values[9]) = (Some(key), Some("1"));
        values[position] = Some(value);
        thing(values)
    };
    things[0] = with("11", 1, "1");
    things.extend([
        with("1\0", 1, "1"),
        with("13", 1, "one"),
        with("14", 4, deep.as_str()),
        with("15", 4, "\"\\ud800\""),
        with(&long, 1, "1"),
        with("17", 9, "77"),
    ]);
    let committed = postgres.commit(&[pages.next(things, Some("t"))]).unwrap();
    let counts = committed[0].counts;
    assert_eq!((counts.rows, counts.new, counts.quarantined), (7, 2, 5));
    let place = postgres.beside().quarantine;
    let kept = cluster.sql("unfit", &format!("SELECT position, reason FROM {place} ORDER BY position"));
    for said in [
        "1|",
        "NUL",
        "2|whole: \"one\" does not fit its column",
        "3|the server refuses it",
        "4|",
        "5|its key is no whole number",
    ] {
        assert!(kept.contains(said), "{said}: {kept}");
    }
    assert_eq!(
        cluster.sql("unfit", "SELECT string_agg(key::text, ',' ORDER BY key) FROM \"things'\"\"x\""),
        "11,17"
    );
    assert_eq!(postgres.stored().unwrap().checkpoint.unwrap().text(), "77");
}
