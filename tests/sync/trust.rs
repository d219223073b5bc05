//! A source that has gone back in time: its clock, or the versions of its rows. Nothing newer is given up for it, and
//! no run goes on as if nothing had happened.

use chrono::{DateTime, TimeDelta, Utc};
use highwater::destination::sqlite::Sqlite;
use highwater::record::{BEGINNING, Cursor, USER};
use highwater::run::{Outcome, Start};
use highwater::sync::event::{Level, NoticeKind};
use highwater::walk::{End, FUTURE, Mode};

use crate::faulty::Answer;
use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, page, user_with, users};

/// A time so long before that of the n-th second.
fn before(second: u32, span: TimeDelta) -> DateTime<Utc> {
    Cursor::parse(&at(second)).unwrap().instant().unwrap() - span
}

/// The answer of a source whose clock says so.
fn dated(answer: Answer, clock: DateTime<Utc>) -> Answer {
    answer.header("Date", &clock.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

/// A rig with five rows stored, and a script to go on with.
async fn five_stored(mode: Mode, script: impl IntoIterator<Item = Answer>) -> Rig {
    let mut rig = Setup::default().walk(mode).start([last_page(1..=5)].into_iter().chain(script)).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.checkpoint()), (Outcome::Complete, Some(at(5))));
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_whose_clock_lies_below_the_checkpoint_is_refused_with_ways_out() {
    let clock = before(5, FUTURE + TimeDelta::seconds(1));
    for mode in Mode::ALL {
        // Rows that it would store, were it not for the clock; and more of them after that.
        let mut rig = five_stored(mode, [dated(page(5..=9, "a"), clock)]).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Error), "{mode}");
        for words in
            ["the source's clock says 2025-12-31T23:55:04Z", &at(5), "5 min before", "nothing was stored"]
        {
            assert!(ended.text.contains(words), "{mode}: {words}: {}", ended.text);
        }
        for way in ["state rewind --to 2025-12-31T23:55:04Z", "--resume full", "--db"] {
            assert!(ended.text.contains(way), "{mode}: {way}: {}", ended.text);
        }
        assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1 u2 u3 u4 u5", Some(at(5))), "{mode}");
        assert_eq!(rig.sql::<i64>("SELECT count(*) FROM _highwater_pages WHERE run = 2"), 0, "{mode}");

        // What was sent ahead before the clock was looked at may arrive at any time.
        let full = dated(last_page([1]), clock).only_to(format!("updated_since={BEGINNING}"));
        let later = dated(last_page([5, 6]), before(5, FUTURE)).only_to(format!("updated_since={}", at(5)));
        rig.server.then([full, later]);
        let ended = rig.run(Start::Full).await;
        assert_eq!(
            (ended.outcome, rig.checkpoint()),
            (Outcome::Complete, Some(at(5))),
            "{mode}: {}",
            ended.text
        );
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!(ended.outcome, Outcome::Complete, "{mode}: so much is allowed: {}", ended.text);
    }
}

/// The same for a run that is gone on with, in a later process: by token, and after a token that is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_not_gone_on_with_where_the_clock_has_gone_back() {
    let clock = before(2, FUTURE * 2);
    let refused = || Answer::status("400 Bad Request").body(r#"{"error": "Invalid scroll_param value"}"#);
    for script in [vec![dated(last_page([3]), clock)], vec![refused(), dated(last_page([3]), clock)]] {
        let mut setup = Setup::default();
        setup.terms.max_pages = Some(1);
        let mut rig = setup.start([page(1..=2, "a")]).await;
        rig.run(Start::Checkpoint).await;
        let folder = rig.leave().await;
        let mut rig = Setup::default().within(folder).start(script).await;
        let ended = rig.run(Start::Token).await;
        assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Failed, "u1 u2"), "{}", ended.text);
        assert!(ended.unfinished.is_some(), "it can be gone on with when the clock is right");
        rig.server.then([last_page([3])]);
        assert_eq!(rig.run(Start::Token).await.outcome, Outcome::Complete);
        assert_eq!(rig.ids(), "u1 u2 u3");
    }
}

/// A full re-sync that was left goes on, although the checkpoint, which stayed, lies above the clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_resync_that_was_left_goes_on_below_the_clock() {
    let clock = before(5, FUTURE * 2);
    let folder = five_stored(Mode::Auto, []).await.leave().await;
    let mut setup = Setup::default().walk(Mode::Auto).within(folder);
    setup.terms.max_pages = Some(1);
    let old = || users([1]).remove(0).replace(&at(1), "2020-01-01T00:00:00Z").replace("u1", "u0");
    let mut rig = setup.start([dated(Answer::page(&[old()], Some("a")), clock)]).await;
    let ended = rig.run(Start::Full).await;
    assert_eq!(ended.end, End::Limit, "{}", ended.text);
    // With the row that the token promised.
    rig.server.then([dated(Answer::page(&[old(), old().replace("u0", "u9")], None), clock)]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run), (Outcome::Complete, 2), "{}", ended.text);
}

/// An answer that does not tell the time is judged by this machine's clock, and that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_date_this_machines_clock_is_what_counts() {
    let folder = tempfile::tempdir().unwrap();
    let far = Cursor::parse("2999-01-01T00:00:00Z").unwrap();
    let mut sqlite = Sqlite::open(&folder.path().join("a.db"), &USER).unwrap().sqlite;
    sqlite.move_checkpoint("set", Some(&far), Utc::now()).unwrap();
    drop(sqlite);
    let mut rig = Setup::default().within(folder).start([last_page([])]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.text.contains("this machine's clock (the source tells no time)"), "{}", ended.text);
}

/// Rows that come in an older version than is stored are told of once a run, and ask for attention; what is stored
/// stays. It is the same from the checkpoint and from the beginning.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_in_an_older_version_ask_for_attention_and_replace_nothing() {
    let older = |number: u32| user_with(number, "updatedAt", serde_json::json!(at(0)));
    for start in [Start::Checkpoint, Start::Full] {
        let script = [Answer::page(&[older(2), older(3)], Some("a")), Answer::page(&[older(4)], None)];
        let mut rig = five_stored(Mode::Scroll, script).await;
        let ended = rig.run(start).await;
        assert_eq!((ended.outcome, ended.totals.counts.stale), (Outcome::Complete, 3));
        let told: Vec<_> =
            rig.notices().into_iter().filter(|notice| notice.kind == NoticeKind::StaleRows).collect();
        assert_eq!((told.len(), told[0].level), (1, Level::Attention), "{told:?}");
        assert!(told[0].text.starts_with("page 1: 2 rows came in an older version"), "{}", told[0].text);
        assert!(told[0].text.contains("verify --against-source"), "{}", told[0].text);
        let said = ended.attention.iter().find(|said| said.contains("3 rows came in an older version"));
        assert!(said.is_some_and(|said| said.contains("--db")), "{:?}", ended.attention);
        assert_eq!(rig.ids(), "u1 u2 u3 u4 u5", "in the order of their cursors");
        assert_eq!(rig.checkpoint(), Some(at(5)));
    }
}
