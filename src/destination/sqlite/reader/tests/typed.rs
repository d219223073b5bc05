//! Columns of numbers and truth values, as they are shown, sorted, looked for and exported.

use super::exporting::written;
use super::*;
use crate::destination::reader::Format;
use crate::destination::sqlite::tests::typed::{EVENT, begun, made, opened, stored as store};
use crate::walk::Mode;

/// A table of events, in this order; and a connection to it.
fn events(rows: &[&[&str]]) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = opened(&path, &EVENT);
    let mut pages = begun(&mut sqlite, Mode::Scroll, "0");
    store(&mut sqlite, &mut pages, vec![rows.iter().map(|row| made(&EVENT, row)).collect()]);
    (folder, path)
}

const ROWS: [&[&str]; 6] = [
    &["10", "1", "-1.5", "true", "10.0", "{\"a\":\n\"b\"}"],
    &["-7", "1", "1e300", "false", "9.99", "[1]"],
    &["9", "1", "2", "null", "-3", "\"=x\""],
    &["9223372036854775807", "1", "10", "true", "1e1", "null"],
    &["-9223372036854775808", "1", "null", "false", "null", "2.50"],
    &["0", "1", "0", "true", "0.0000001", "true"],
];

fn column(slice: &Slice, at: usize) -> Vec<&str> {
    slice.rows.iter().map(|row| row.values[at].as_deref().unwrap_or("null")).collect()
}

#[test]
fn numbers_are_sorted_by_what_they_are_worth() {
    let (_folder, path) = events(&ROWS);
    let mut look = SqliteLook::new(&path, &EVENT, || false);
    let least = "-9223372036854775808";
    for (at, sorted) in [
        (0, [least, "-7", "0", "9", "10", "9223372036854775807"]),
        (2, ["null", "-1.5", "0", "2", "10", "1e300"]),
        (3, ["null", "false", "false", "true", "true", "true"]),
        (4, ["null", "-3", "0.0000001", "9.99", "10.0", "1e1"]),
    ] {
        for descending in [false, true] {
            let mut sorted = sorted.to_vec();
            if descending {
                sorted.reverse();
            }
            let view = by(at, descending);
            let whole = look.window(&view, &Place::Top, 10).unwrap();
            assert_eq!(column(&whole, at), sorted);
            // Piece by piece, from any row on.
            for (place, row) in whole.rows.iter().enumerate() {
                let after = look.window(&view, &Place::After(row.key.clone()), 10).unwrap();
                assert_eq!(column(&after, at), sorted[place + 1..]);
                let before = look.window(&view, &Place::Before(row.key.clone()), 10).unwrap();
                assert_eq!(column(&before, at), sorted[..place]);
                let id = row.values[0].clone().unwrap();
                let around = look.window(&view, &Place::Around(id), 10).unwrap();
                assert_eq!(around.rows, whole.rows);
            }
            let mut exported = Vec::new();
            let mut each = |values: &[Option<Cow<'_, str>>]| {
                exported.push(values[0].as_deref().unwrap_or("null").to_owned());
                Ok(())
            };
            look.each(&view, &[at], &mut each).unwrap();
            assert_eq!(exported, sorted, "as the window has them");
        }
    }
    assert_eq!(column(&look.window(&stored(), &Place::Top, 10).unwrap(), 0)[0], "0", "the last one first");
}

#[test]
fn values_are_looked_for_as_they_are_shown() {
    let (_folder, path) = events(&ROWS);
    let mut look = SqliteLook::new(&path, &EVENT, || false);
    for (words, ids) in [("open:true", "0 9223372036854775807 10"), ("weight:1e300", "-7"), ("-open:e", "9")]
    {
        let filter = Filter::parse(words, &EVENT).unwrap();
        let found = look.window(&View { filter, ..stored() }, &Place::Top, 10).unwrap();
        assert_eq!(column(&found, 0).join(" "), ids, "{words}");
    }
    let row = look.row("-7").unwrap().unwrap();
    let values: Vec<_> = row.values.iter().map(|value| value.as_deref().unwrap_or("null")).collect();
    assert_eq!(values, ROWS[1]);
    assert!(look.row("7").unwrap().is_none());
}

#[test]
fn numbers_truth_values_and_json_are_exported_as_such() {
    let (_folder, path) = events(&ROWS[..3]);
    let every = [0, 2, 3, 4, 5];
    let (_, text) = written(&path, &EVENT, &by(0, false), Format::JsonLines, &every);
    let expected = [
        r#"{"id":-7,"weight":1e300,"open":false,"price":"9.99","more":[1]}"#,
        r#"{"id":9,"weight":2,"open":null,"price":"-3","more":"=x"}"#,
        r#"{"id":10,"weight":-1.5,"open":true,"price":"10.0","more":{"a": "b"}}"#,
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    let (_, text) = written(&path, &EVENT, &by(0, false), Format::Csv, &every);
    let expected = ["id,weight,open,price,more", "-7,1e300,false,9.99,[1]", "9,2,,-3,\"\"\"=x\"\"\""];
    assert_eq!(text.lines().take(3).collect::<Vec<_>>(), expected, "a sign before a number is no formula");
    // Another program may have put anything into a column.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE event SET weight = 'x', more = '{', open = 7 WHERE id = 9").unwrap();
    let (_, text) = written(&path, &EVENT, &by(0, false), Format::JsonLines, &every);
    let odd = r#"{"id":9,"weight":"x","open":7,"price":"-3","more":"{"}"#;
    assert_eq!(text.lines().nth(1), Some(odd));
}
