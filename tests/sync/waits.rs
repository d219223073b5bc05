//! Every wait is a state with a reason and a time, and a command ends it at once.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use highwater::run::{Outcome, Start};
use highwater::source::retry::{Policy, Rate};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, NoticeKind, Phase, Stamped};

use crate::faulty::Answer;
use crate::faulty::rig::Setup;
use crate::faulty::rows::{last_page, page};

fn limited(retry_after: &str) -> Answer {
    let date = "Sun, 06 Nov 1994 08:49:30 GMT";
    let answer = Answer::status("429 Too Many Requests").header("Date", date);
    answer.header("Retry-After", retry_after).header("X-RateLimit-Remaining", "0")
}

/// How long a wait is, by its own account.
fn length(waiting: &Stamped) -> TimeDelta {
    match &waiting.event {
        Event::Phase { phase: Phase::Waiting { until, .. } } => *until - waiting.at,
        other => panic!("no wait: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wait_is_as_long_as_the_source_asks() {
    for asked in ["40", "40.0", "Sun, 06 Nov 1994 08:50:10 GMT", "Sunday, 06-Nov-94 08:50:10 GMT"] {
        let mut rig = Setup::default().start([limited(asked), last_page([1])]).await;
        rig.send(Command::Run(Start::Checkpoint)).await;
        let waiting = rig.until_waiting().await;
        let length = length(&waiting);
        assert!(length > TimeDelta::seconds(30) && length <= TimeDelta::seconds(40), "{asked}: {length}");
        match waiting.event {
            Event::Phase { phase: Phase::Waiting { reason, page, attempt, attempts, budget, .. } } => {
                assert_eq!(budget.and_then(|budget| budget.remaining), Some(0));
                assert!(reason.contains("429"), "{reason}");
                assert_eq!((page, attempt, attempts), (1, 1, 3));
            }
            other => panic!("{other:?}"),
        }
        rig.send(Command::RetryNow).await;
        assert_eq!(rig.until_ended().await.outcome, Outcome::Complete, "retry now ends it at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_wait_ends_by_itself_and_not_before_its_time() {
    let mut rig = Setup::default().start([limited("0.2"), last_page([1])]).await;
    assert_eq!(rig.run(Start::Checkpoint).await.outcome, Outcome::Complete);
    let asked = rig.server.asked();
    assert!(asked[1].at - asked[0].at >= Duration::from_millis(200), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_asks_for_no_wait_is_waited_for_all_the_same() {
    let own = Duration::from_secs(20);
    for past in ["0", "-5", "Sun, 06 Nov 1994 08:00:00 GMT"] {
        let mut setup = Setup::default();
        setup.terms.retry = Policy { attempts: 3, base: own, max: own, max_wait: own };
        let mut rig = setup.start([limited(past), last_page([1])]).await;
        rig.send(Command::Run(Start::Checkpoint)).await;
        let length = length(&rig.until_waiting().await);
        assert!(length > TimeDelta::seconds(5), "{past}: {length}");
        rig.send(Command::RetryNow).await;
        assert_eq!(rig.until_ended().await.outcome, Outcome::Complete, "{past}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_asks_for_more_patience_than_there_is_ends_the_run() {
    let mut rig = Setup::default().start([page([1], "a"), limited("86400")]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.totals.requests), (Outcome::Failed, 2));
    assert!(ended.text.contains("86400 s, more than max_wait"), "{}", ended.text);
    assert!(ended.unfinished.is_some(), "a later run goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_waits_grow_and_stay_within_the_policy() {
    let (base, max) = (Duration::from_secs(20), Duration::from_secs(30));
    let mut setup = Setup::default();
    setup.terms.retry = Policy { attempts: 4, base, max, max_wait: max };
    let fault = || Answer::status("502 Bad Gateway");
    let mut rig = setup.start([fault(), fault(), fault(), last_page([1])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    for (least, most) in [(10, 20), (15, 30), (15, 30)] {
        let length = length(&rig.until_waiting().await);
        assert!(length > TimeDelta::seconds(least - 5) && length <= TimeDelta::seconds(most), "{length}");
        rig.send(Command::RetryNow).await;
    }
    assert_eq!(rig.until_ended().await.totals.retries, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pause_in_a_wait_takes_effect_at_once_and_nothing_is_asked_for() {
    let mut rig = Setup::default().start([page([1], "a"), limited("0.5"), last_page([2])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    let waiting = rig.until_waiting().await;
    rig.send(Command::Pause).await;
    let paused = rig.until_phase("Paused", |phase| *phase == Phase::Paused).await;
    assert!(paused.at < waiting.at + length(&waiting), "paused before the wait would have ended");
    // Let the time of the next attempt pass.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let resumed = Instant::now();
    rig.send(Command::Resume).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    let asked = rig.server.asked();
    assert!(asked.len() == 3 && asked[2].at >= resumed, "nothing was asked for in the pause: {asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_does_not_shorten_what_the_source_asked_for() {
    for go_on in [Command::Resume, Command::Step] {
        let mut rig = Setup::default().start([limited("40"), last_page([1])]).await;
        rig.send(Command::Run(Start::Checkpoint)).await;
        rig.until_waiting().await;
        rig.send(Command::Pause).await;
        rig.until_paused().await;
        rig.send(go_on).await;
        assert!(
            length(&rig.until_waiting().await) > TimeDelta::seconds(20),
            "the rest of the wait is still due"
        );
        assert_eq!(rig.server.asked().len(), 1);
        rig.send(Command::RetryNow).await;
        assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_now_in_a_pause_makes_the_next_request_go_out_at_once() {
    let mut rig = Setup::default().start([limited("40"), last_page([1])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.until_waiting().await;
    for command in [Command::Pause, Command::RetryNow, Command::Resume] {
        rig.send(command).await;
    }
    let ended = rig.until_ended().await;
    assert_eq!(ended.outcome, Outcome::Complete);
    assert!(ended.totals.elapsed_ms < 30_000, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_fails_while_a_pause_waits_for_it_is_not_asked_for_again_before_the_pause_ends() {
    let (gate, held) = Answer::status("503 Service Unavailable").held();
    let mut rig = Setup::default().start([page([1], "a"), held, last_page([2])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(2).await;
    rig.send(Command::Pause).await;
    rig.until_pausing().await;
    gate.open();
    rig.until_paused().await;
    let notice = rig.notice(|kind| *kind == NoticeKind::Retry);
    assert!(notice.text.ends_with("attempt 2 of 3 when the run goes on"), "{}", notice.text);
    let resumed = Instant::now();
    rig.send(Command::Resume).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    assert!(rig.server.asked()[2].at >= resumed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_in_a_wait_takes_effect_at_once() {
    let mut rig = Setup::default().start([page([1], "a"), limited("40")]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.until_waiting().await;
    rig.send(Command::Stop).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Stopped, "u1"));
    assert!(ended.unfinished.is_some());
    rig.until_left().await;
}

/// The source need not refuse a request to be left alone: its last answer says that it would.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_is_used_up_is_waited_for_before_it_is_met() {
    let used_up = |answer: Answer| {
        answer
            .header("X-RateLimit-Limit", "9")
            .header("X-RateLimit-Remaining", "0")
            .header("X-RateLimit-Reset", "40")
    };
    for lanes in [1, 4] {
        let mut setup = Setup::default();
        setup.terms.lanes = Some(lanes);
        let mut rig = setup.start([used_up(page([1], "a")), last_page([2])]).await;
        rig.send(Command::Run(Start::Checkpoint)).await;
        let waiting = rig.until_waiting().await;
        assert!((30..=40).contains(&length(&waiting).num_seconds()), "{waiting:?}");
        let Event::Phase { phase: Phase::Waiting { reason, page, attempt, budget, .. } } = waiting.event
        else {
            panic!()
        };
        assert_eq!((page, attempt, budget.and_then(|it| it.remaining)), (2, 0, Some(0)));
        assert!(reason.contains("grants no more requests"), "{reason}");
        assert_eq!(rig.server.asked().len(), 1);
        rig.send(Command::RetryNow).await;
        let ended = rig.until_ended().await;
        assert_eq!((ended.outcome, ended.totals.retries), (Outcome::Complete, 0), "{}", ended.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_of_ones_own_is_kept_and_named() {
    let mut setup = Setup::default();
    setup.terms.rate = Some(Rate { requests: 1, per: Duration::from_secs(3_600), burst: 2 });
    let mut rig = setup.start([page([1], "a"), page([2], "b"), page([3], "c"), last_page([4])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    let waiting = rig.until_waiting().await;
    assert!((3_500..=3_600).contains(&length(&waiting).num_seconds()), "{waiting:?}");
    assert!(format!("{waiting:?}").contains("1 request an hour"), "{waiting:?}");
    assert_eq!(rig.server.asked().len(), 2);
    rig.send(Command::RetryNow).await;
    rig.server.until_asked(4).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete, "and begins anew with its burst");
}
