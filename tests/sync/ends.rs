//! No end is silent: each has its own name, and those that the source left unexplained ask for attention.

use std::time::Duration;

use highwater::record::BEGINNING;
use highwater::run::{Outcome, Seams, Start};
use highwater::sync::event::{Level, NoticeKind, RunEnded};
use highwater::walk::{End, Mode};

use crate::faulty::Answer;
use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, page, users};

async fn ends_with(last: Answer) -> (Rig, RunEnded) {
    let mut rig = Setup::default().start([page(1..=2, "a"), last]).await;
    let ended = rig.run(Start::Checkpoint).await;
    (rig, ended)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_further_token_is_the_end_of_the_data() {
    for token in ["null", "\"\""] {
        let rows = users(3..=3).join(",");
        let (rig, ended) =
            ends_with(Answer::ok(format!(r#"{{"data":[{rows}],"scroll_param":{token}}}"#))).await;
        assert_eq!((ended.outcome, ended.end), (Outcome::Complete, End::Exhausted));
        assert!(ended.attention.is_empty() && ended.unfinished.is_none());
        assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1 u2 u3", Some(at(3))));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_page_without_a_token_is_complete_under_its_own_name() {
    let (_rig, ended) = ends_with(last_page([])).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Complete, &End::EmptyPage { token: false }));
    assert!(ended.text.contains("empty page") && ended.attention.is_empty(), "{ended:?}");
    assert_eq!(ended.totals.pages, 2, "the empty page counts as one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_page_with_a_token_is_complete_but_asks_for_attention() {
    let (rig, ended) = ends_with(page([], "b")).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Complete, &End::EmptyPage { token: true }));
    assert!(ended.attention[0].contains("empty_page_with_token"), "{:?}", ended.attention);
    assert_eq!(rig.server.asked().len(), 2, "the token is not followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_an_empty_page_is_followed_where_that_is_set() {
    let mut setup = Setup::default();
    setup.terms.follow_empty = true;
    let mut rig = setup.start([page([1], "a"), page([], "b"), page([], "c"), last_page([2])]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.end), (Outcome::Complete, End::Exhausted));
    assert!(ended.attention.is_empty());
    assert_eq!(rig.server.queries()[1..], ["scroll_param=a", "scroll_param=b", "scroll_param=c"]);
    assert_eq!(rig.ids(), "u1 u2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_pages_without_end_are_not_followed_for_ever_and_the_advice_fits() {
    let mut setup = Setup::default();
    setup.terms.follow_empty = true;
    let mut rig = setup.start((0..200).map(|number| page([], &format!("t{number}")))).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Complete, &End::EmptyPage { token: true }));
    assert_eq!(rig.server.asked().len(), 101);
    assert!(!ended.text.contains("empty_page_with_token"), "it is set already: {}", ended.text);
    assert!(ended.text.contains("100 empty pages"), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_data_is_complete_but_asks_for_attention() {
    for body in ["{}", r#"{"data":null,"scroll_param":"b"}"#, r#"{"error":"no"}"#] {
        let (rig, ended) = ends_with(Answer::ok(body)).await;
        assert_eq!((ended.outcome, &ended.end), (Outcome::Complete, &End::NoData), "{body}");
        assert!(ended.attention[0].contains("page 2 has no data at all"), "{body}: {:?}", ended.attention);
        assert_eq!((rig.ids().as_str(), rig.server.asked().len()), ("u1 u2", 2), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_ends_the_run_and_names_both_pages() {
    let mut rig = Setup::default().start([page([1], "a"), page([2], "b"), page([3], "a")]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Loop { first: 1, again: 3 }));
    assert!(ended.text.contains("page 3 leads back to where page 1 led"), "{}", ended.text);
    assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1 u2 u3", Some(at(3))), "what came is stored");
    assert_eq!(rig.server.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_without_progress_end_the_run_and_name_their_limit() {
    let mut setup = Setup::default();
    setup.terms.patience = 3;
    let pages = [page([1, 2, 3], "a"), page([4, 5, 6], "b")];
    let circle =
        (0..20).flat_map(|turn| [page([1, 2, 3], &format!("{turn}a")), page([4, 5, 6], &format!("{turn}b"))]);
    let mut rig = setup.start(pages.into_iter().chain(circle)).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Stalled { pages: 3 }));
    assert!(
        ended.text.contains("the last 3 pages") && ended.text.contains("source.max_idle_pages"),
        "{}",
        ended.text
    );
    assert_eq!((ended.totals.pages, rig.ids().as_str()), (5, "u1 u2 u3 u4 u5 u6"), "what came is stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_begins_below_the_checkpoint_by_the_lag_and_never_sets_it_back() {
    let mut setup = Setup::default().walk(Mode::Auto);
    setup.terms.lag = Duration::from_secs(7);
    let late = crate::faulty::rows::user_with(95, "id", serde_json::json!("late"));
    let script =
        [last_page([90, 100]), Answer::page(&[vec![late], users([100])].concat(), None), last_page([])];
    let mut rig = setup.start(script).await;
    for ids in ["u90 u100", "u90 late u100", "u90 late u100"] {
        let ended = rig.run(Start::Token).await;
        assert_eq!(ended.outcome, Outcome::Complete, "{}", ended.text);
        assert_eq!((rig.ids().as_str(), rig.checkpoint()), (ids, Some(at(100))));
    }
    let asked: Vec<String> =
        [BEGINNING.to_owned(), at(93), at(93)].map(|at| format!("updated_since={at}")).into();
    assert_eq!(rig.server.queries(), asked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seam_within_a_tie_asks_for_attention_when_crossed_by_token() {
    let tied = |id: u32| crate::faulty::rows::user_with(2, "id", serde_json::json!(format!("u{id}")));
    let first = Answer::page(&[users([1]), vec![tied(2), tied(3)]].concat(), Some("a"));
    let mut rig = Setup::default().start([first, last_page([4])]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.totals.seams.tie_unsafe), (Outcome::Complete, 1));
    assert!(ended.attention[0].contains("--walk auto"), "{:?}", ended.attention);
    assert!(rig.notice(|kind| matches!(kind, NoticeKind::TieUnsafe { .. })).text.contains(&at(2)));
}

/// No walk reads what a source leaves out both by token and by cursor: none is recommended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exclusive_bound_asks_for_attention_and_promises_nothing() {
    let below = page([2, 3], "c").only_to(format!("updated_since={}", at(1)));
    let last = last_page([4]).only_to("scroll_param=c");
    let script = [page([1, 2], "a"), page([3, 4], "b"), below, last];
    let mut rig = Setup::default().walk(Mode::Auto).start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    let seams = Seams { not_inclusive: 1, ..Seams::default() };
    assert_eq!((ended.outcome, ended.totals.seams), (Outcome::Complete, seams), "{}", ended.text);
    assert!(!ended.attention[0].contains("--walk auto"), "{:?}", ended.attention);
    assert!(rig.notice(|kind| *kind == NoticeKind::NotInclusive).text.contains(&at(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_failed_out_of_order_is_gone_on_with_from_its_own_start() {
    let below = page([9, 4], "c").only_to(format!("updated_since={}", at(1)));
    let script = [page(1..=2, "a"), page(6..=9, "b"), below];
    let mut rig = Setup::default().walk(Mode::Anchor).start(script).await;
    let ended = rig.run(Start::Full).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::NotAnchorable), "{}", ended.text);
    let folder = rig.leave().await;

    // The checkpoint may have passed rows that were not sent yet when the disorder showed.
    let setup = Setup::default().walk(Mode::Auto).within(folder);
    let mut rig = setup.start([page(1..=9, "a"), last_page([9])]).await;
    rig.run(Start::Token).await;
    assert_eq!(rig.server.queries()[0], format!("updated_since={}", highwater::record::BEGINNING));
}

/// Rows out of order hold the checkpoint, and an unexplained end does not let it go: the next run reads from where
/// this one began, and does not ask the same once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unexplained_end_out_of_order_is_gone_on_with_from_the_start_of_its_run() {
    let mut rig = Setup::default().start([page([2, 1], "a"), page([], "b")]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.checkpoint()), (Outcome::Complete, None));
    assert!(ended.unfinished.is_some());
    rig.server.then([last_page([3, 2, 1])]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run, rig.ids().as_str()), (Outcome::Complete, 2, "u1 u2 u3"));
    let queries = rig.server.queries();
    assert_eq!(queries[2], queries[0], "from the start of the run before");
}

/// The same address, but the rows behind it are others, older than the checkpoint: the run ends as the reference's
/// does, but not without a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_at_the_checkpoint_is_worth_a_word() {
    let mut rig = Setup::default().start([last_page([5]), last_page([]), last_page([5])]).await;
    rig.run(Start::Checkpoint).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(ended.outcome, Outcome::Complete);
    let notice = rig.notice(|kind| *kind == NoticeKind::NothingAtCheckpoint);
    for words in [at(5).as_str(), "--resume full", "verify --against-source", "state rewind"] {
        assert!(notice.text.contains(words), "{words}: {}", notice.text);
    }
    assert_eq!((notice.level, ended.attention), (Level::Attention, vec![notice.text]));
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(ended.attention.len(), 0, "there it is again");
}
