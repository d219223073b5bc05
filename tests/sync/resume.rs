//! Going on with what an earlier process left, and with a source that does not know its token any more.

use highwater::record::BEGINNING;
use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, NoticeKind};
use highwater::walk::Mode;
use tempfile::TempDir;

use crate::faulty::Answer;
use crate::faulty::rig::Setup;
use crate::faulty::rows::{at, last_page, page};

fn refused() -> Answer {
    Answer::status("400 Bad Request").body(r#"{"error": "Invalid scroll_param value"}"#)
}

fn since(cursor: &str) -> String {
    format!("updated_since={cursor}")
}

/// What a run leaves that was stopped after two pages, up to the fourth user.
async fn left_after_two_pages(start: Start) -> TempDir {
    let mut rig = Setup::default().start([page(1..=2, "a"), page(3..=4, "b"), Answer::stall()]).await;
    rig.send(Command::Run(start)).await;
    rig.server.until_asked(3).await;
    rig.send(Command::Stop).await;
    rig.send(Command::Stop).await;
    rig.until_ended().await;
    rig.until_left().await;
    rig.folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_is_offered_and_gone_on_with_from_its_token() {
    let folder = left_after_two_pages(Start::Checkpoint).await;
    let mut rig = Setup::default().within(folder).start([last_page(5..=5)]).await;
    let pick = |stamped: &highwater::sync::event::Stamped| match &stamped.event {
        Event::Opened(opened) => Some(opened.clone()),
        _ => None,
    };
    let opened = rig.until("opening", pick).await;
    let unfinished = opened.unfinished.unwrap();
    assert_eq!((unfinished.pages, unfinished.token.as_deref()), (2, Some("b")));
    assert_eq!((opened.rows, opened.checkpoint.map(String::from)), (4, Some(at(4))));
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.totals.pages, ended.totals.counts.new), (Outcome::Complete, 3, 5));
    assert_eq!(rig.server.queries(), ["scroll_param=b"]);
    assert_eq!(ended.totals.requests, 4, "the dropped request is counted too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_falls_back_to_the_checkpoint_and_says_so() {
    for status in ["400 Bad Request", "404 Not Found", "410 Gone", "422 Unprocessable Entity"] {
        let folder = left_after_two_pages(Start::Checkpoint).await;
        let script = [Answer::status(status), last_page(4..=5)];
        let mut rig = Setup::default().within(folder).start(script).await;
        let ended = rig.run(Start::Token).await;
        assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2 u3 u4 u5"), "{status}");
        assert_eq!(rig.server.queries(), ["scroll_param=b".to_owned(), since(&at(4))]);
        let notice = rig.notice(|kind| *kind == NoticeKind::TokenRefused);
        assert!(notice.text.contains("refused the token") && notice.text.contains(&at(4)), "{}", notice.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_refused_in_a_full_resync_does_not_skip_what_lies_below_the_old_checkpoint() {
    // The checkpoint is at the fourth user; the full re-sync is told a token is unknown after the second.
    let folder = left_after_two_pages(Start::Checkpoint).await;
    let script = [page(1..=2, "x"), refused(), page(2..=3, "y"), last_page(4..=5)];
    let mut rig = Setup::default().within(folder).start(script).await;
    let ended = rig.run(Start::Full).await;
    assert_eq!(ended.outcome, Outcome::Complete, "{}", ended.text);
    let expected =
        [since(BEGINNING), "scroll_param=x".to_owned(), since(&at(2)), "scroll_param=y".to_owned()];
    assert_eq!(rig.server.queries(), expected, "it goes on from where it was, not from the checkpoint");
    assert_eq!(rig.checkpoint(), Some(at(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_again_and_again_ends_the_run() {
    let mut rig = Setup::default().start([page([1], "a"), refused(), page([1], "b"), refused()]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.server.asked().len()), (Outcome::Failed, 4));
    assert!(ended.text.contains("Invalid scroll_param value"), "{}", ended.text);
    assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1", Some(at(1))));
    // A source that has come to its senses is not held to it: the run goes on by itself, as often as it takes.
    rig.server.then([refused(), last_page(1..=2)]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2"), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_walk_begins_a_run_of_its_own_from_the_checkpoint() {
    let folder = left_after_two_pages(Start::Checkpoint).await;
    let mut rig = Setup::default().walk(Mode::Auto).within(folder).start([last_page(4..=5)]).await;
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run, ended.totals.pages), (Outcome::Complete, 2, 1));
    assert_eq!(rig.server.queries(), [since(&at(4))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_walk_goes_on_with_a_full_resync_where_that_was_left() {
    let folder = left_after_two_pages(Start::Checkpoint).await;
    let mut rig = Setup::default().within(folder).start([page(1..=2, "x")]).await;
    rig.send(Command::Run(Start::Full)).await;
    rig.send(Command::Pause).await;
    rig.until_paused().await;
    let folder = rig.leave().await;
    let mut rig = Setup::default().walk(Mode::Auto).within(folder).start([last_page(2..=5)]).await;
    rig.run(Start::Token).await;
    assert_eq!(rig.server.queries(), [since(&at(2))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checkpoint_and_the_beginning_are_starts_of_new_runs() {
    for (start, first) in [(Start::Checkpoint, at(4)), (Start::Full, BEGINNING.to_owned())] {
        let folder = left_after_two_pages(Start::Checkpoint).await;
        let mut rig = Setup::default().within(folder).start([last_page(1..=5)]).await;
        let ended = rig.run(start).await;
        assert_eq!((ended.outcome, ended.run), (Outcome::Complete, 2));
        assert_eq!(rig.server.queries(), [since(&first)]);
        assert_eq!(rig.checkpoint(), Some(at(5)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_resync_never_takes_the_checkpoint_back() {
    let folder = left_after_two_pages(Start::Checkpoint).await;
    let mut rig = Setup::default().within(folder).start([page([1], "x"), last_page([2])]).await;
    let ended = rig.run(Start::Full).await;
    assert_eq!((ended.outcome, rig.checkpoint()), (Outcome::Complete, Some(at(4))));
    assert_eq!((ended.totals.counts.same, ended.totals.checkpoints), (2, 0));
}
