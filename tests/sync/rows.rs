//! Rows that are not as they should be: none is lost, none spoils its page, and each is counted.

use highwater::destination::Destination as _;
use highwater::destination::sqlite::Sqlite;
use highwater::record::USER;
use highwater::run::{Outcome, Start};
use highwater::sync::event::NoticeKind;
use serde_json::{Value, json};

use crate::faulty::Answer;
use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, user_with, users};

/// A run over one page of these rows.
async fn one_page(rows: &[String]) -> Rig {
    pages(&[rows]).await
}

/// A run over each of these pages, which must be complete.
async fn pages(pages: &[&[String]]) -> Rig {
    let mut rig = Setup::default().start(pages.iter().map(|rows| Answer::page(rows, None))).await;
    for _ in pages {
        let ended = rig.run(Start::Full).await;
        assert_eq!(ended.outcome, Outcome::Complete, "{}", ended.text);
    }
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_a_usable_id_are_kept_apart_with_the_reason_and_the_rest_is_stored() {
    let bad = [
        (user_with(1, "id", None), "no `id`"),
        (user_with(2, "id", Value::Null), "`id` is null"),
        (user_with(3, "id", json!(["u3"])), "`id` is neither a string nor a number"),
        (user_with(4, "id", json!({"a": 1})), "`id` is neither a string nor a number"),
        (user_with(5, "id", json!(true)), "`id` is neither a string nor a number"),
        ("7".to_owned(), "expected a JSON object as a row"),
        ("null".to_owned(), "expected a JSON object as a row"),
        ("[]".to_owned(), "expected a JSON object as a row"),
        (r#"{"id":"u9","name":"\ud800"}"#.to_owned(), "unexpected end of hex escape"),
    ];
    let mut rows: Vec<String> = bad.iter().map(|(row, _)| row.clone()).collect();
    rows.insert(4, users([6]).remove(0));
    rows.push(user_with(7, "id", json!(42)));
    let mut rig = Setup::default().start([Answer::page(&rows, None)]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(
        (ended.totals.counts.rows, ended.totals.counts.new, ended.totals.counts.quarantined),
        (11, 2, 9)
    );
    assert_eq!(rig.ids(), "u6 42", "a number is as good an id as a text");
    assert!(ended.attention[0].contains("9 rows did not fit the table"), "{:?}", ended.attention);
    for (place, (row, reason)) in bad.iter().enumerate() {
        let position = if place < 4 { place } else { place + 1 };
        let at = format!("FROM _highwater_quarantine WHERE page = 1 AND position = {position}");
        let kept: String = rig.sql(&format!("SELECT row {at}"));
        assert_eq!(&kept, row, "as the source sent it");
        let told: String = rig.sql(&format!("SELECT reason {at}"));
        assert!(told.contains(reason), "{told:?} is not {reason:?}");
    }
    let notice = rig.notice(|kind| matches!(kind, NoticeKind::Quarantined { .. }));
    assert!(notice.text.contains("9 rows have no place in the table: row 1: no `id`"), "{}", notice.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_nothing_but_rows_without_a_place_is_no_empty_page() {
    let mut rig = Setup::default().start([Answer::page(&["{}".to_owned()], Some("a")), last_page([1])]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.totals.pages, ended.totals.counts.quarantined, rig.ids().as_str()), (2, 1, "u1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_a_readable_cursor_are_stored_and_counted_and_move_nothing() {
    let rows = [
        users([1]).remove(0),
        user_with(2, "updatedAt", Value::Null),
        user_with(3, "updatedAt", None),
        user_with(4, "updatedAt", json!("yesterday")),
        user_with(5, "updatedAt", json!("2026-01-01 00:00:09")),
        user_with(6, "updatedAt", json!(1_767_225_600)),
    ];
    let rig = one_page(&rows).await;
    let page = &rig.pages()[0];
    assert_eq!((page.counts.new, page.counts.no_cursor), (6, 5));
    assert_eq!(rig.checkpoint(), Some(at(1)), "the one cursor that could be read");
    let kept: Option<String> = rig.sql("SELECT updatedAt FROM user WHERE id = 'u4'");
    assert_eq!(kept.as_deref(), Some("yesterday"), "verbatim");
    let notice = rig.notice(|kind| *kind == NoticeKind::NoCursor);
    assert!(notice.text.contains("5 rows have no readable cursor"), "{}", notice.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_without_any_cursor_goes_on_by_token_and_leaves_no_checkpoint() {
    let rows = [user_with(1, "updatedAt", Value::Null)];
    for mode in highwater::walk::Mode::ALL {
        let script = [Answer::page(&rows, Some("a")), Answer::page(&rows, None)];
        let mut rig = Setup::default().walk(mode).start(script).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!(
            (ended.outcome, ended.totals.pages, ended.checkpoint.is_none()),
            (Outcome::Complete, 2, true)
        );
        assert_eq!(rig.server.queries()[1], "scroll_param=a", "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_from_the_future_is_stored_but_never_the_checkpoint() {
    let far = "2999-01-01T00:00:00Z";
    let rows = [users([1]).remove(0), user_with(2, "updatedAt", json!(far))];
    let date = "Thu, 01 Jan 2026 01:00:00 GMT";
    let mut rig = Setup::default().start([Answer::page(&rows, None).header("Date", date)]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.totals.counts.new, ended.totals.counts.future), (2, 1));
    assert_eq!(rig.checkpoint(), Some(at(1)));
    assert_eq!(rig.ids(), "u1 u2");
    assert!(rig.notice(|kind| *kind == NoticeKind::FutureCursor).text.contains(far));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_the_future_is_judged_by_the_clock_of_the_source() {
    // The source lives in 2020, and so do its rows: five minutes ahead are allowed, not six.
    for (cursor, future) in [("2020-01-01T00:05:00Z", 0), ("2020-01-01T00:06:00Z", 1)] {
        let rows = [user_with(1, "updatedAt", json!(cursor))];
        let answer = Answer::page(&rows, None).header("Date", "Wed, 01 Jan 2020 00:00:00 GMT");
        let mut rig = Setup::default().start([answer]).await;
        assert_eq!(rig.run(Start::Checkpoint).await.totals.counts.future, future, "{cursor}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_are_kept_counted_changed_and_removed_with_their_row() {
    let extra = |rig: &Rig| -> Option<String> {
        let found: i64 = rig.sql("SELECT count(*) FROM _highwater_extra");
        (found > 0).then(|| rig.sql("SELECT fields FROM _highwater_extra WHERE id = 'u1'"))
    };
    let with = |value| user_with(1, "team", json!(value));
    let script = [with("red"), with("blue"), with("blue"), users([1]).remove(0)];
    let mut rig = Setup::default().start(script.map(|row| Answer::page(&[row], None))).await;
    for (expected, counted) in [(Some("red"), 1), (Some("blue"), 1), (Some("blue"), 1), (None, 0)] {
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!(ended.totals.counts.extra, counted);
        assert_eq!(extra(&rig), expected.map(|team| format!(r#"{{"team":"{team}"}}"#)));
    }
    assert!(rig.notice(|kind| *kind == NoticeKind::ExtraFields).text.contains("team"));
    let odd = format!(r#"{{"id":"u2","half":"\ud800","deep":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let notice = one_page(&[odd]).await.notice(|kind| *kind == NoticeKind::ExtraFields);
    assert!(notice.text.contains("deep, half"), "named whatever their values are: {}", notice.text);
    let columns: i64 = rig.sql("SELECT count(*) FROM pragma_table_info('user')");
    assert_eq!(columns, 8, "the table has the declared columns and no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_version_never_replaces_a_newer_one_nor_its_unknown_fields() {
    let newer = user_with(5, "team", json!("new"));
    let older = newer.replace(&at(5), &at(3)).replace("User 5", "Old").replace("new", "old");
    let rig = pages(&[&[newer], &[older]]).await;
    assert_eq!(rig.pages()[1].counts.stale, 1);
    assert_eq!(rig.sql::<String>("SELECT name || updatedAt FROM user"), format!("User 5{}", at(5)));
    assert_eq!(rig.sql::<String>("SELECT fields FROM _highwater_extra"), r#"{"team":"new"}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_versions_in_one_page_the_newer_stays_in_either_order() {
    let newer = user_with(2, "id", json!("u1"));
    let older = users([1]).remove(0);
    for (rows, changed, stale) in [([older.clone(), newer.clone()], 1, 0), ([newer, older], 0, 1)] {
        let rig = one_page(&rows).await;
        let counts = rig.pages()[0].counts;
        assert_eq!((counts.new, counts.changed, counts.stale), (1, changed, stale));
        assert_eq!(rig.sql::<String>("SELECT name FROM user"), "User 2");
        assert_eq!(rig.pages()[0].rows, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_text_is_stored_as_it_came() {
    let odd = "\0 \u{1b}[31m \u{202e} \u{feff} é 日本 👩‍👩‍👧 \u{10ffff} ' \" \\ \r\n";
    let rows = [user_with(1, "name", json!(odd)), user_with(2, "job", json!({"a": [1, 2.50]}))];
    let rig = one_page(&rows).await;
    assert_eq!(rig.sql::<String>("SELECT name FROM user WHERE id = 'u1'"), odd);
    assert_eq!(rig.sql::<String>("SELECT job FROM user WHERE id = 'u2'"), r#"{"a":[1,2.5]}"#);
    let again = pages(&[&rows, &rows]).await;
    assert_eq!(again.pages()[1].counts.same, 2, "and recognised when it comes again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_agree_with_the_table() {
    let rows = [users(1..=3), vec!["{}".to_owned(), user_with(4, "updatedAt", Value::Null)]].concat();
    let rig = pages(&[&rows, &rows]).await;
    let last = rig.pages().pop().unwrap();
    assert_eq!(last.rows, rig.sql::<i64>("SELECT count(*) FROM user").unsigned_abs());
    assert_eq!((last.counts.same, last.counts.quarantined), (4, 1));
    assert_eq!(
        rig.sql::<i64>("SELECT count(*) FROM _highwater_quarantine"),
        1,
        "the same bad row is kept once"
    );
    let path = rig.folder.path().join("a.db");
    let stored = Sqlite::read(&path, &USER).unwrap().stored().unwrap();
    assert_eq!(stored.checkpoint.map(String::from), rig.checkpoint());
    assert_eq!((stored.rows, stored.oldest.map(String::from)), (4, Some(at(1))));
}
