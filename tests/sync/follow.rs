//! A sync that runs again at intervals: when, what a command does to the schedule, and what a failure does not.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Phase};

use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{last_page, page};
use crate::faulty::{Answer, PATIENCE};

/// Longer than any test waits: only a command begins the next run.
const NEVER: Duration = Duration::from_secs(10 * PATIENCE.as_secs());

async fn every(interval: Duration, script: impl IntoIterator<Item = Answer>) -> Rig {
    let mut setup = Setup::default();
    setup.terms.every = Some(interval);
    setup.start(script).await
}

/// Waits until the sync rests, and gives the time at which it goes on.
async fn until_resting(rig: &mut Rig) -> DateTime<Utc> {
    match rig.until_phase("Resting", |phase| matches!(phase, Phase::Resting { .. })).await.event {
        Event::Phase { phase: Phase::Resting { until } } => until,
        other => panic!("{other:?}"),
    }
}

async fn until_holding(rig: &mut Rig) {
    rig.until_phase("Holding", |phase| *phase == Phase::Holding).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_run_begins_when_it_is_due_and_asks_from_the_checkpoint() {
    let mut rig =
        every(Duration::from_millis(300), [last_page([1]), last_page([1, 2]), last_page([2])]).await;
    assert_eq!(rig.run(Start::Checkpoint).await.run, 1);
    let until = until_resting(&mut rig).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.run, ended.outcome, rig.ids().as_str()), (2, Outcome::Complete, "u1 u2"));
    let began = rig.seen.iter().rev().find(|seen| matches!(seen.event, Event::RunStarted(_))).unwrap().at;
    // Two clocks, one of which counts whole milliseconds.
    assert!(began >= until - TimeDelta::milliseconds(20), "{began} {until}");
    assert!(rig.server.queries()[1].starts_with("updated_since=2026-"), "{:?}", rig.server.queries());
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn run_and_retry_now_begin_the_next_run_at_once() {
    let mut rig = every(NEVER, [last_page([1]), last_page([1]), last_page([1])]).await;
    rig.run(Start::Checkpoint).await;
    for (number, command) in [(2, Command::Run(Start::Checkpoint)), (3, Command::RetryNow)] {
        let before = until_resting(&mut rig).await;
        rig.send(command).await;
        assert_eq!(rig.until_ended().await.run, number);
        assert!(until_resting(&mut rig).await > before, "the interval counts from the new start");
        rig.send(Command::Pause).await;
        rig.send(Command::Resume).await;
    }
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pause_holds_the_next_run_back_and_resume_begins_the_one_that_is_overdue() {
    let interval = Duration::from_millis(300);
    let mut rig = every(interval, [last_page([1]), last_page([1])]).await;
    rig.run(Start::Checkpoint).await;
    until_resting(&mut rig).await;
    rig.send(Command::Pause).await;
    until_holding(&mut rig).await;
    // Let the time of the next run pass.
    tokio::time::sleep(2 * interval).await;
    let resumed = Instant::now();
    rig.send(Command::Resume).await;
    assert_eq!(rig.until_ended().await.run, 2);
    assert!(rig.server.asked()[1].at >= resumed, "asked for while the schedule was held");
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_before_its_time_goes_on_with_the_same_wait() {
    let mut rig = every(NEVER, [last_page([1])]).await;
    rig.run(Start::Checkpoint).await;
    let until = until_resting(&mut rig).await;
    rig.send(Command::Pause).await;
    until_holding(&mut rig).await;
    rig.send(Command::Resume).await;
    assert_eq!(until_resting(&mut rig).await, until);
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_between_two_runs_is_one_page_and_then_the_schedule_is_held() {
    let mut rig = every(NEVER, [last_page([1]), page([1], "a"), last_page([2])]).await;
    rig.run(Start::Checkpoint).await;
    until_resting(&mut rig).await;
    rig.send(Command::Step).await;
    rig.until_paused().await;
    assert_eq!(rig.server.asked().len(), 2);
    rig.send(Command::Step).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    until_holding(&mut rig).await;
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_failed_is_told_and_gone_on_with_at_the_next_interval() {
    let fault = Answer::status("403 Forbidden");
    let mut rig = every(Duration::from_millis(50), [page([1], "a"), fault, last_page([2])]).await;
    let failed = rig.run(Start::Checkpoint).await;
    assert_eq!((failed.outcome, failed.totals.pages), (Outcome::Failed, 1), "{}", failed.text);
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.run, rig.ids().as_str()), (Outcome::Complete, 1, "u1 u2"));
    assert_eq!(rig.server.queries()[2], "scroll_param=a");
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_took_longer_is_followed_at_once_by_one() {
    let (gate, held) = last_page([1]).held();
    let interval = Duration::from_millis(200);
    let mut rig = every(interval, [held, last_page([1])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(1).await;
    // Let three intervals pass.
    tokio::time::sleep(interval * 3 + interval / 10).await;
    gate.open();
    assert_eq!(rig.until_ended().await.run, 1);
    assert_eq!(rig.until_ended().await.run, 2);
    let rests = |rig: &Rig| {
        let rest = |event: &Event| matches!(event, Event::Phase { phase: Phase::Resting { .. } });
        rig.seen.iter().filter(|seen| rest(&seen.event)).count()
    };
    assert_eq!(rests(&rig), 0, "it was due already");
    until_resting(&mut rig).await;
    rig.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_between_two_runs_leaves_at_once() {
    let mut rig = every(NEVER, [last_page([1])]).await;
    rig.run(Start::Checkpoint).await;
    until_resting(&mut rig).await;
    rig.send(Command::Stop).await;
    rig.until_left().await;
    assert_eq!(rig.server.asked().len(), 1);
}
