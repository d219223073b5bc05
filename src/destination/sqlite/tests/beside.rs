//! What is stored beside the rows: what the table does not declare, what it cannot hold, and the span of cursors.

use super::verify::Verifier;
use super::*;
use crate::record::Quarantined;

fn with_extra(row: Row, extra: Option<&str>) -> Row {
    Row { extra: extra.map(str::to_owned), ..row }
}

/// A row whose cursor is spelt like that.
fn spelt(id: &str, text: &str) -> Row {
    let row = row(id, 1, "A");
    let cursor = Cursor::parse(text).unwrap();
    let mut values: Vec<_> = row.values.iter().collect();
    values[USER.cursor.unwrap()] = Some(text);
    Row { values: Packed::new(&values), cursor: Some(cursor), ..row }
}

#[test]
fn fields_that_the_table_does_not_have_follow_the_newest_version() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    for (number, (second, name, extra, kept)) in [
        (2, "A", Some("{1}"), Some("{1}")),
        (2, "A", Some("{2}"), Some("{2}")),
        (1, "B", Some("{3}"), Some("{2}")),
        (1, "B", None, Some("{2}")),
        (3, "C", Some("{4}"), Some("{4}")),
        (3, "C", None, None),
    ]
    .into_iter()
    .enumerate()
    {
        let row = with_extra(row("a", second, name), extra);
        let committed = sqlite.commit(&[pages.next(vec![row], Some(&number.to_string()))]).unwrap();
        assert_eq!((committed[0].counts.extra, committed[0].rows), (u64::from(extra.is_some()), 1));
        let fields: Option<String> = value(&sqlite, "SELECT max(fields) FROM _highwater_extra");
        assert_eq!(fields.as_deref(), kept, "{number}");
    }
}

#[test]
fn rows_that_do_not_fit_are_kept_once_each() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    for token in ["t", "u"] {
        let mut page = pages.next(vec![row("a", 1, "A")], Some(token));
        page.quarantined = vec![Quarantined { position: 1, reason: "why".to_owned(), json: "{}".to_owned() }];
        page.future = 7;
        let counts = sqlite.commit(&[page]).unwrap()[0].counts;
        assert_eq!((counts.rows, counts.quarantined, counts.future), (2, 1, 7));
    }
    let kept = "SELECT count(*) || max(run) || max(page) || max(position) || max(reason) || max(row)
                FROM _highwater_quarantine";
    assert_eq!(value::<String>(&sqlite, kept), "1111why{}");
}

#[test]
fn rows_are_counted_over_all_commits() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    for (number, rows) in (1_u32..=3).enumerate() {
        let page = pages.next(vec![row(&rows.to_string(), rows, "A")], Some(&number.to_string()));
        assert_eq!(sqlite.commit(&[page]).unwrap()[0].rows, u64::from(rows));
        assert_eq!(value::<u32>(&sqlite, "SELECT rows FROM _highwater_state"), rows);
    }
}

/// The same instant in another spelling is neither older nor newer, and moves nothing.
#[test]
fn an_equal_cursor_changes_neither_the_span_nor_the_checkpoint() {
    const Z: &str = "2026-01-01T12:00:05Z";
    const OFFSET: &str = "2026-01-01T12:00:05+00:00";
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    sqlite.commit(&[pages.next(vec![spelt("a", Z)], Some("t"))]).unwrap();
    let later = Batch { at: noon() + TimeDelta::hours(1), ..pages.next(vec![spelt("b", OFFSET)], Some("u")) };
    sqlite.commit(&[later]).unwrap();
    let stored = "SELECT oldest || newest || checkpoint || checkpoint_at FROM _highwater_state";
    assert_eq!(value::<String>(&sqlite, stored), [Z, Z, Z, &stamp(noon())].concat());
    assert_eq!(value::<String>(&sqlite, "SELECT at FROM _highwater_history"), stamp(noon()));
    // The guard of the upsert goes by the instant too: what is as new may replace.
    let again = pages.next(vec![spelt("a", OFFSET)], Some("v"));
    assert_eq!(sqlite.commit(&[again]).unwrap()[0].counts.changed, 1);
}

/// Nothing says whether a version without a cursor was there before the checkpoint: that the table has none is told, and
/// is no finding.
#[test]
fn rows_without_a_cursor_are_compared_with_nothing() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = open(&path);
    let mut pages = Pages::begin(&mut sqlite);
    sqlite.commit(&[pages.next(vec![row("a", 1, "A")], Some("t"))]).unwrap();
    let (mut compare, comparison) = Verifier::open(&path, &USER).unwrap().against("s", cursor(9)).unwrap();
    let rows = vec![row("a", 0, "B"), row("b", 0, "B"), row("c", 2, "C")];
    compare.commit(&[pages.next(rows, None)]).unwrap();
    let checks = comparison.lock().unwrap().checks(&[]);
    let found: Vec<_> = checks.iter().map(|check| (check.check, check.found())).collect();
    assert_eq!(found, [("source", 0), ("missing", 1), ("older", 0), ("differs", 0), ("newer", 0)]);
    assert!(
        checks[0].text.starts_with("3 rows on 1 page; 2 without a readable cursor"),
        "{}",
        checks[0].text
    );
    assert_eq!(checks[1].text, "1 of 1 row below the checkpoint are not stored");
}
