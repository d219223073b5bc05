//! Pause, step, resume: obeyed at once where nothing is on the wire, and after the page where something is.

use std::time::Instant;

use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Phase};
use highwater::sync::outlet::Outlet;
use tokio::sync::{broadcast, mpsc};

use crate::faulty::Gate;
use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, page};

/// A run whose second page is on the wire until the gate opens; three pages in all.
async fn second_page_on_the_wire() -> (Rig, Gate) {
    let (gate, held) = page([2], "b").held();
    let mut rig = Setup::default().start([page([1], "a"), held, last_page([3])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    rig.until("first page", |stamped| matches!(stamped.event, Event::Page(_)).then_some(())).await;
    (rig, gate)
}

/// Resumes, and checks that the server was left alone until then.
async fn resumes_to_the_end(mut rig: Rig, asked_before: usize) -> Rig {
    let resumed = Instant::now();
    rig.send(Command::Resume).await;
    let ended = rig.until_ended().await;
    assert_eq!(ended.outcome, Outcome::Complete, "{}", ended.text);
    let asked = rig.server.asked();
    assert!(asked[asked_before..].iter().all(|asked| asked.at >= resumed), "asked while paused: {asked:#?}");
    assert!(asked.len() > asked_before);
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_finishes_and_stores_the_page_on_the_wire_first() {
    let (mut rig, gate) = second_page_on_the_wire().await;
    rig.send(Command::Pause).await;
    rig.until_pausing().await;
    gate.open();
    rig.until_paused().await;
    assert_eq!(rig.pages().len(), 2, "the page is told before the pause");
    assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1 u2", Some(at(2))));
    let outcome: Option<String> = rig.sql("SELECT outcome FROM _highwater_runs");
    assert_eq!(outcome.as_deref(), Some("paused"), "the pause would survive the process");
    let rig = resumes_to_the_end(rig, 2).await;
    assert_eq!((rig.ids().as_str(), rig.server.asked().len()), ("u1 u2 u3", 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_pause_drops_the_request_on_the_wire() {
    let (mut rig, _never_opened) = second_page_on_the_wire().await;
    rig.send(Command::Pause).await;
    rig.until_pausing().await;
    rig.send(Command::Pause).await;
    rig.until_paused().await;
    assert_eq!(rig.ids(), "u1");
    // The server's script went on without the page that was dropped.
    let rig = resumes_to_the_end(rig, 2).await;
    assert_eq!(rig.server.queries()[2], "scroll_param=a", "it is asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_asks_for_exactly_one_page_and_holds() {
    let pages = (1..=5).map(|number| page([number], &format!("t{number}")));
    let mut rig = Setup::default().start(pages.chain([last_page([6])])).await;
    for number in 1..=4 {
        rig.send(Command::Step).await;
        rig.until_paused().await;
        assert_eq!((rig.pages().len(), rig.server.asked().len()), (number, number));
    }
    let rig = resumes_to_the_end(rig, 4).await;
    assert_eq!(rig.pages().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_in_a_running_sync_takes_the_page_on_the_wire_for_its_own() {
    let (mut rig, gate) = second_page_on_the_wire().await;
    rig.send(Command::Step).await;
    gate.open();
    rig.until_paused().await;
    assert_eq!((rig.pages().len(), rig.server.asked().len()), (2, 2));
    resumes_to_the_end(rig, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_while_a_step_is_under_way_goes_on_after_it() {
    let (gate, held) = page([1], "a").held();
    let mut rig = Setup::default().start([held, page([2], "b"), last_page([3])]).await;
    rig.send(Command::Step).await;
    rig.server.until_asked(1).await;
    rig.send(Command::Resume).await;
    gate.open();
    assert_eq!(rig.until_ended().await.totals.pages, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_takes_a_pause_back_that_still_waits_for_its_page() {
    let (mut rig, gate) = second_page_on_the_wire().await;
    rig.send(Command::Pause).await;
    rig.until_pausing().await;
    rig.send(Command::Resume).await;
    rig.until_phase("Running", |phase| matches!(phase, Phase::Running { page: 2, .. })).await;
    gate.open();
    assert_eq!(rig.until_ended().await.totals.requests, 3, "the page on the wire was not asked for twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_has_nothing_to_do_does_nothing() {
    let mut rig = Setup::default().start([last_page([1]), last_page([1])]).await;
    for command in [Command::Pause, Command::Resume, Command::RetryNow] {
        rig.send(command).await;
    }
    assert_eq!(rig.run(Start::Checkpoint).await.outcome, Outcome::Complete);
    for command in [Command::Resume, Command::Pause, Command::RetryNow] {
        rig.send(command).await;
    }
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(
        (ended.outcome, ended.run, ended.totals.requests),
        (Outcome::Complete, 2, 1),
        "a run of its own"
    );
    assert_eq!((ended.totals.counts.same, ended.totals.checkpoints), (1, 0), "and nothing has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_is_ignored_while_a_run_is_under_way() {
    let (mut rig, gate) = second_page_on_the_wire().await;
    rig.send(Command::Run(Start::Full)).await;
    rig.send(Command::RetryNow).await;
    gate.open();
    let ended = rig.until_ended().await;
    assert_eq!((ended.run, ended.totals.requests), (1, 3));
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_of_pages_ends_a_run_that_a_later_one_goes_on_with() {
    let mut setup = Setup::default();
    setup.terms.max_pages = Some(2);
    let mut rig = setup.start([page([1], "a"), page([2], "b"), last_page([3])]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, rig.server.asked().len()), (Outcome::Stopped, 2), "{}", ended.text);
    assert!(ended.text.contains("limit of pages"), "{}", ended.text);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run, ended.totals.pages), (Outcome::Complete, 1, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_that_nobody_looks_at_never_holds_a_sync_up() {
    let (sender, frozen) = broadcast::channel(2);
    let pages = (1..=40).map(|number| page([number], &format!("t{number}"))).chain([last_page([41])]);
    let unread = mpsc::channel(1).1;
    let rig = Setup::default().start_with(pages, Outlet::latest(sender), unread).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(41).await;
    let folder = rig.leave().await;
    let connection = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM user", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 41);
    assert!(!frozen.is_empty(), "the reader was there all the time, and read nothing");
}
