//! Fetching and writing at the same time, and pages that share a commit.

use std::time::Duration;

use highwater::record::BEGINNING;
use highwater::run::{Outcome, Start};
use highwater::source::Limits;
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Phase, Stamped};
use highwater::walk::Mode;

use crate::faulty::Answer;
use crate::faulty::rig::{Setup, limits};
use crate::faulty::rows::{at, last_page, page, user_with, users};
use crate::faulty::slow::Handle;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_request_is_on_the_wire_while_the_page_before_is_being_committed() {
    for (mode, next) in
        [(Mode::Scroll, "scroll_param=a".to_owned()), (Mode::Auto, format!("updated_since={}", at(2)))]
    {
        let handle = Handle::default().hold();
        let setup = Setup::default().walk(mode).held_by(&handle);
        let mut rig = setup.start([page(1..=2, "a"), last_page(2..=3)]).await;
        rig.send(Command::Run(Start::Checkpoint)).await;
        handle.until_begun(1).await;
        // The commit does not return before this has arrived.
        rig.server.until_asked(2).await;
        assert_eq!(rig.server.queries()[1], next);
        handle.release();
        assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
        assert_eq!(rig.server.asked().len(), 2, "nothing was asked for twice");
    }
}

/// The end of a body tells the next request before the body is read; where it says something else than the body, the
/// body has the last word, and no end is trusted any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_body_misleads_once_at_most() {
    let misleading = |number| user_with(number, "zone", serde_json::json!({ "updatedAt": at(9) }));
    let page = |numbers: [u32; 2], token| Answer::page(&numbers.map(misleading), Some(token));
    let script = [
        page([1, 2], "a"),
        page([2, 3], "b").only_to(format!("updated_since={}", at(2))),
        last_page([3, 4]).only_to(format!("updated_since={}", at(3))),
    ];
    let mut rig = Setup::default().walk(Mode::Auto).start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2 u3 u4"), "{}", ended.text);
    assert_eq!(ended.totals.requests, 4, "one too many");
}

/// What was sent ahead on the word of a body that turns out to be none is forgotten with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_only_ends_like_a_page_is_asked_for_again() {
    let good = format!(r#"{{"data":[{}],"scroll_param":"a"}}"#, users([1, 2]).join(","));
    let script = [
        Answer::ok(good.replacen('[', "[oops", 1)),
        Answer::ok(&good).only_to(format!("updated_since={BEGINNING}")),
        last_page([2, 3]).only_to(format!("updated_since={}", at(2))),
    ];
    let mut rig = Setup::default().walk(Mode::Auto).start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2 u3"), "{}", ended.text);
    assert_eq!((ended.totals.retries, ended.totals.pages), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_arrive_during_a_commit_share_the_next_one() {
    let handle = Handle::default().hold();
    let (second, later) = page([2], "t2").held();
    let (last, at_last) = last_page([6]).held();
    let middle = (3..=5).map(|number| page([number], &format!("t{number}")));
    let script = [page([1], "t1"), later].into_iter().chain(middle).chain([at_last]);
    let mut rig = Setup::default().held_by(&handle).start(script).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    handle.until_begun(1).await;
    second.open();
    rig.server.until_asked(6).await;
    assert_eq!(handle.groups(), [vec![1]], "a page does not wait for company");
    handle.release();
    last.open();
    let ended = rig.until_ended().await;
    let groups = handle.groups();
    assert!(groups[1].starts_with(&[2, 3, 4]), "{groups:?}");
    assert_eq!(groups.concat(), [1, 2, 3, 4, 5, 6], "each page once, in order");
    assert_eq!(ended.totals.commits, groups.len() as u64);
    assert_eq!((ended.totals.pages, ended.totals.checkpoints, ended.totals.counts.new), (6, 6, 6));
    let told: Vec<u64> = rig.pages().iter().map(|page| page.totals.pages).collect();
    assert_eq!(told, [1, 2, 3, 4, 5, 6], "and each is told on its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_with_a_page_counts_that_page_and_its_commit() {
    let pages = (1..=3).map(|number| page([number], &format!("t{number}")));
    let mut rig = Setup::default().start(pages).await;
    for _ in 0..3 {
        rig.send(Command::Step).await;
        rig.until_paused().await;
    }
    let told = rig.pages().pop().unwrap().totals;
    let stored: String = rig.sql("SELECT totals FROM _highwater_runs");
    let stored: highwater::run::Totals = serde_json::from_str(&stored).unwrap();
    assert_eq!((stored.pages, stored.commits, stored.checkpoints), (3, 3, 3));
    assert_eq!(
        (stored.counts, stored.requests),
        (told.counts, told.requests),
        "a killed run goes on from the truth"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_destination_bounds_what_is_fetched_ahead_of_it() {
    let handle = Handle::default().hold();
    let large = |number: u32| user_with(number, "name", serde_json::json!("x".repeat(5 << 20)));
    let page = |number: u32| Answer::page(&[large(number)], Some(&format!("t{number}")));
    let (second, later) = page(2).held();
    let script = [page(1), later].into_iter().chain((3..=8).map(page)).chain([last_page([9])]);
    let limits = Limits { body: 8 << 20, ..limits() };
    let setup = Setup { limits, ..Setup::default() }.held_by(&handle);
    let mut rig = setup.start(script).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    handle.until_begun(1).await;
    second.open();
    // Three pages fill the queue, and a fourth was on its way: no more must follow.
    rig.until_phase("Storing", |phase| matches!(phase, Phase::Storing { .. })).await;
    assert_eq!(rig.server.asked().len(), 4);
    // So long the first commit takes at least.
    tokio::time::sleep(Duration::from_millis(50)).await;
    handle.release();
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.totals.pages), (Outcome::Complete, 9));
    assert!(rig.pages()[0].commit_ms >= 50, "{}", rig.pages()[0].commit_ms);
    let storing = rig.seen.iter().filter_map(|stamped| match stamped.event {
        Event::Phase { phase: Phase::Storing { pages, since } } => Some((pages, since)),
        _ => None,
    });
    let storing: Vec<_> = storing.take(2).collect();
    assert_eq!((storing[0].0, storing[1].0), (4, 3), "it tells how many pages wait");
    assert_eq!(storing[0].1, storing[1].1, "and since when the source does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_keeps_up_is_not_waited_for() {
    let pages = (1..=5).map(|number| page([number], &format!("t{number}")));
    let mut rig = Setup::default().start(pages.chain([last_page([6])])).await;
    rig.run(Start::Checkpoint).await;
    let storing = |stamped: &Stamped| matches!(stamped.event, Event::Phase { phase: Phase::Storing { .. } });
    assert!(!rig.seen.iter().any(storing), "{:?}", rig.seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_and_a_stop_wait_for_a_commit_and_say_so() {
    let handle = Handle::default().hold();
    let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), last_page([2])]).await;
    rig.send(Command::Step).await;
    rig.until_phase("Pausing", |phase| *phase == Phase::Pausing { deadline: None }).await;
    rig.send(Command::Stop).await;
    rig.until_phase("Stopping", |phase| *phase == Phase::Stopping { deadline: None }).await;
    handle.release();
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Stopped, "u1"));
}
