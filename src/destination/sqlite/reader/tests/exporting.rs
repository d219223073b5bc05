//! A view as a file.

use super::*;
use crate::destination::reader::{Export, Format};
use crate::sanitize;

fn export(table: &Table, view: &View, format: Format, columns: &[usize]) -> (u64, String) {
    written(&table.path, &USER, view, format, columns)
}

/// The rows of a view as a file.
pub(super) fn written(
    database: &Path,
    schema: &'static Schema,
    view: &View,
    format: Format,
    columns: &[usize],
) -> (u64, String) {
    let path = database.with_file_name("out");
    let export =
        Export { view: view.clone(), columns: columns.to_vec(), format, path: path.clone(), replace: true };
    let (reader, mut answers) = Sqlite::reader(database, schema);
    reader.ask(Question::Export { ticket: 1, export: Box::new(export) });
    loop {
        match answers.blocking_recv().unwrap() {
            Answer::Progress { done, of, .. } => assert!(of.is_none_or(|of| done <= of)),
            Answer::Exported { rows, bytes, .. } => {
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(bytes, text.len() as u64);
                assert!(!path.with_extension("part").exists());
                #[cfg(unix)]
                assert_eq!(std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap()) & 0o777, 0o600);
                return (rows, text);
            }
            other => panic!("{other:?}"),
        }
    }
}

fn odd() -> Table {
    let texts = ["=1+1", "+1", "-1", "@a", "\tx", "\rx", "plain", "a \"b\", c\nd", "", "é\u{1b}[2J\u{202e}"];
    let mut table =
        Table::with((0..).zip(texts).map(|(at, text)| (format!("{at}"), Some(text.to_owned()), None)));
    table.add([("null".to_owned(), None, Some("e".to_owned()))]);
    table
}

#[test]
fn json_lines_hold_the_view_as_it_is() {
    let table = odd();
    for view in [stored(), by(1, false), by(1, true), View { filter: filter("-1"), ..by(0, false) }] {
        let (rows, text) = export(&table, &view, Format::JsonLines, &[1, 0]);
        let whole = table.view(&view);
        assert_eq!((rows, text.lines().count()), (whole.len() as u64, whole.len()));
        for (line, (_, values)) in text.lines().zip(whole) {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(object, serde_json::json!({ "name": values[1], "id": values[0] }));
            assert!(line.starts_with("{\"name\":"), "in the order that was chosen");
        }
        assert!(!text.contains(['\u{1b}', '\u{202e}']));
    }
}

#[test]
fn a_csv_file_holds_the_view_and_no_formula() {
    let table = odd();
    let (rows, text) = export(&table, &by(0, false), Format::Csv, &[0, 1, 2]);
    assert_eq!(rows, 11);
    assert!(text.starts_with("id,name,email\n0,'=1+1,\n"), "{text}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for (record, (_, values)) in reader.records().map(Result::unwrap).zip(table.view(&by(0, false))) {
        let name = values[1].clone().unwrap_or_default();
        assert_eq!(record[1].strip_prefix('\'').unwrap_or(&record[1]), sanitize::cell(&name));
        assert!(!record.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
        assert_eq!(record[2], values[2].clone().unwrap_or_default());
    }
    assert!(text.contains("é<U+001B>[2J<U+202E>") && text.contains("'<U+000D>x"), "{text}");
}

#[test]
fn a_raw_csv_file_holds_the_view_as_it_is() {
    let table = odd();
    let (rows, text) = export(&table, &by(0, false), Format::RawCsv, &[1]);
    assert_eq!(rows, 11);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let cells = reader.records().map(|record| record.unwrap()[0].to_owned());
    let sent = table.view(&by(0, false)).into_iter().map(|(_, values)| values[1].clone().unwrap_or_default());
    assert_eq!(cells.collect::<Vec<_>>(), sent.collect::<Vec<_>>());
}

#[test]
fn an_export_is_as_of_one_instant() {
    let mut table = many(1_000);
    let path = table.path.clone();
    let mut rows = 0;
    look(&path)
        .each(&stored(), &[0], &mut |_| {
            rows += 1;
            if rows == 1 {
                table.add([("late".to_owned(), None, None)]);
                table.delete(0);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, 1_000);
}
