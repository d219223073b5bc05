//! One row, and the log.

use super::*;
use crate::destination::Destination;
use crate::destination::sqlite::tests::{Pages, noon, row};
use crate::run::Outcome;
use crate::walk::By;

/// Two runs of two pages and one.
fn runs(path: &Path) -> Sqlite {
    let mut sqlite = open(path);
    let mut first = Pages::begin(&mut sqlite);
    let mut with_extra = row("a", 1, "A");
    with_extra.extra = Some(r#"{"shoe":9}"#.to_owned());
    let pages = [first.next(vec![with_extra], Some("t1")), first.next(vec![row("b", 2, "B")], None)];
    sqlite.commit(&pages).unwrap();
    sqlite.end(&first.ending(Outcome::Complete, false)).unwrap();
    let mut second = Pages::begin(&mut sqlite);
    sqlite.commit(&[second.next(vec![row("c", 3, "C")], Some("t2"))]).unwrap();
    sqlite
}

#[test]
fn a_row_comes_whole_with_what_is_kept_beside_it() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = runs(&path);
    let mut look = look(&path);
    assert_eq!(look.row("nobody").unwrap(), None);
    let found = look.row("a").unwrap().unwrap();
    assert_eq!((found.values[1].as_deref(), found.values[2].as_deref()), (Some("A"), None));
    assert_eq!(found.extra.as_deref(), Some(r#"{"shoe":9}"#));
    assert_eq!(found.previous, None);

    let long = "é".repeat(70_000);
    let kept = "DROP TABLE IF EXISTS _highwater_previous;
                CREATE TABLE _highwater_previous (id TEXT PRIMARY KEY, run, page, at, before);
                INSERT INTO _highwater_previous VALUES
                    ('a', 1, 2, '2026-01-01T12:00:00.000Z', '{\"name\":\"Z\",\"email\":null}')";
    sqlite.try_sql(|connection| connection.execute_batch(kept)).unwrap();
    let renamed = "UPDATE user SET name = ?1 WHERE id = 'a'";
    sqlite.try_sql(|connection| connection.execute(renamed, [&long])).unwrap();
    let found = look.row("a").unwrap().unwrap();
    let name = found.values[1].as_deref().unwrap();
    assert!(name.starts_with(&long[..131_072]) && name.ends_with("é… (70,000 characters in all)"));
    let previous = found.previous.unwrap();
    assert_eq!((previous.run, previous.page, previous.at), (1, 2, Some(noon())));
    assert_eq!(previous.before["name"].as_deref(), Some("Z"));
    assert_eq!(previous.before["email"], None);
}

#[test]
fn runs_come_newest_first_with_how_they_were_left() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let _sqlite = runs(&path);
    let mut look = look(&path);
    let found = look.runs(None, 9).unwrap();
    assert_eq!(found.iter().map(|run| run.run).collect::<Vec<_>>(), [2, 1]);
    let (left, over) = (&found[0], &found[1]);
    assert_eq!((left.unfinished, left.outcome, left.ended_at), (true, None, None));
    assert_eq!(left.totals.map(|totals| totals.counts.new), Some(1));
    assert_eq!(left.checkpoint_before, over.checkpoint_after);
    assert_eq!((over.unfinished, over.outcome), (false, Some(Outcome::Complete)));
    assert_eq!((over.started_at, over.ended_at), (Some(noon()), Some(noon())));
    assert_eq!(over.text.as_deref(), Some("so it ended"));
    assert!(over.start.is_some() && over.mode.is_some() && over.first.is_some() && over.end.is_some());
    assert_eq!(look.runs(Some(2), 9).unwrap(), found[1..]);
    assert_eq!(look.runs(None, 1).unwrap(), found[..1]);
}

#[test]
fn pages_come_newest_first_whatever_version_wrote_them() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = runs(&path);
    let mut look = look(&path);
    let pages = look.pages(1, None, 9).unwrap();
    assert_eq!(pages.iter().map(|page| page.page).collect::<Vec<_>>(), [2, 1]);
    let first = &pages[1];
    assert_eq!((first.asked_by, first.rows, first.new), (By::Since, 1, 1));
    assert_eq!((first.wait_ms, first.body_ms, first.bytes, first.retries), (1, 2, 3, 4));
    assert_eq!((first.token.as_deref(), first.at, first.first.is_some()), (Some("t1"), Some(noon()), true));
    assert_eq!(look.pages(1, Some(2), 9).unwrap(), pages[1..]);
    assert_eq!(look.pages(9, None, 9).unwrap(), []);

    let columns = [("url", "TEXT"), ("status", "INTEGER"), ("headers", "TEXT"), ("decode_ms", "INTEGER")];
    for (column, kind) in columns.into_iter().chain([("reasons", "TEXT"), ("first_ids", "TEXT")]) {
        let add = format!("ALTER TABLE _highwater_pages ADD COLUMN {column} {kind}");
        // A file of today may have it.
        let _ = sqlite.try_sql(|connection| connection.execute_batch(&add));
    }
    let fill = r#"UPDATE _highwater_pages SET url = 'http://a', status = 200, headers = '[["date","now"]]',
                      decode_ms = 5, reasons = '["late"]', first_ids = '["a"]'"#;
    sqlite.try_sql(|connection| connection.execute_batch(fill)).unwrap();
    let first = look.pages(1, None, 9).unwrap().remove(1);
    assert_eq!((first.url.as_deref(), first.status, first.decode_ms), (Some("http://a"), Some(200), Some(5)));
    assert_eq!(first.headers, Some(vec![("date".to_owned(), "now".to_owned())]));
    assert_eq!((first.reasons, first.first_ids), (Some(vec!["late".to_owned()]), Some(vec!["a".to_owned()])));

    assert_eq!((pages[0].lane, pages[0].opens), (Some(1), false));
    let lanes = "UPDATE _highwater_pages SET lane = 3, opens = 1 WHERE page = 2";
    sqlite.try_sql(|connection| connection.execute_batch(lanes)).unwrap();
    let second = look.pages(1, None, 1).unwrap().remove(0);
    assert_eq!((second.lane, second.opens), (Some(3), true));
    let older =
        "ALTER TABLE _highwater_pages DROP COLUMN lane; ALTER TABLE _highwater_pages DROP COLUMN opens";
    sqlite.try_sql(|connection| connection.execute_batch(older)).unwrap();
    let second = look.pages(1, None, 1).unwrap().remove(0);
    assert_eq!((second.lane, second.opens), (None, false));
}
