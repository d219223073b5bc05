//! Stop: whatever the run is at, it ends under the right name, stores what it has, and leaves.

use std::time::Duration;

use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::Phase;
use highwater::walk::End;

use crate::faulty::Answer;
use crate::faulty::rig::Setup;
use crate::faulty::rows::{last_page, page};
use crate::faulty::slow::Handle;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_stores_the_page_on_the_wire_if_it_comes_in_time() {
    let (gate, held) = page([2], "b").held();
    let mut rig = Setup::default().start([page([1], "a"), held]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    rig.send(Command::Stop).await;
    rig.until_phase("Stopping", |phase| matches!(phase, Phase::Stopping { .. })).await;
    gate.open();
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.end, ended.totals.pages), (Outcome::Stopped, End::Stopped, 2));
    assert_eq!(rig.ids(), "u1 u2");
    rig.until_left().await;
    assert_eq!(rig.server.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_waits_for_the_page_on_the_wire_no_longer_than_its_grace() {
    let mut setup = Setup::default();
    setup.terms.stop_grace = Duration::from_millis(100);
    let mut rig = setup.start([page([1], "a"), Answer::stall()]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    rig.send(Command::Stop).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Stopped, "u1"));
    rig.until_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_stop_drops_the_page_on_the_wire() {
    let mut rig = Setup::default().start([page([1], "a"), Answer::stall()]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    rig.send(Command::Stop).await;
    rig.until_phase("Stopping", |phase| matches!(phase, Phase::Stopping { .. })).await;
    rig.send(Command::Stop).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Stopped);
    rig.until_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_in_a_pause_ends_the_run_as_paused() {
    let mut rig = Setup::default().start([page([1], "a"), last_page([2])]).await;
    rig.send(Command::Step).await;
    rig.until_paused().await;
    rig.send(Command::Stop).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.end), (Outcome::Paused, End::Paused));
    assert_eq!(ended.unfinished.unwrap().outcome, Some(Outcome::Paused));
    rig.until_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_when_the_last_page_has_come_lets_the_run_be_complete() {
    let handle = Handle::default().hold();
    let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), last_page([2])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    handle.until_begun(1).await;
    rig.server.until_asked(2).await;
    rig.send(Command::Stop).await;
    handle.release();
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2"));
    rig.until_left().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_without_a_run_leaves_at_once() {
    let mut rig = Setup::default().start([]).await;
    rig.send(Command::Stop).await;
    rig.until_left().await;
    assert_eq!(rig.server.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_promise_another_attempt() {
    let (gate, held) = Answer::status("503 Service Unavailable").held();
    let mut rig = Setup::default().start([held]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(1).await;
    rig.send(Command::Stop).await;
    rig.until_phase("Stopping", |phase| matches!(phase, Phase::Stopping { .. })).await;
    gate.open();
    assert_eq!(rig.until_ended().await.outcome, Outcome::Stopped);
    let texts: Vec<String> = rig.notices().into_iter().map(|notice| notice.text).collect();
    assert!(texts.iter().all(|text| text.contains("when the run goes on")), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_nobody_can_command_any_more_stores_what_it_has_and_leaves() {
    let handle = Handle::default().hold();
    let (gate, held) = page([2], "b").held();
    let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), held]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    handle.until_begun(1).await;
    let (unused, _) = tokio::sync::mpsc::channel(1);
    drop(std::mem::replace(&mut rig.commands, unused));
    rig.until_phase("Stopping", |phase| matches!(phase, Phase::Stopping { .. })).await;
    gate.open();
    handle.release();
    let ended = rig.until_ended().await;
    assert_eq!(
        (ended.outcome, rig.ids().as_str()),
        (Outcome::Stopped, "u1 u2"),
        "the page in flight had its grace"
    );
    rig.until_left().await;
}
