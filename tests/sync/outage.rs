//! A destination that is gone for a while: that is told, a command ends the wait, and nothing is lost by either.

use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Level, NoticeKind, Phase};

use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{last_page, page};
use crate::faulty::slow::Handle;

async fn until_outage(rig: &mut Rig) {
    rig.until_phase("Outage", |phase| matches!(phase, Phase::Outage { .. })).await;
}

/// What was told of outages so far.
fn told(rig: &Rig) -> Vec<(Level, String)> {
    let outage = rig.notices().into_iter().filter(|notice| notice.kind == NoticeKind::Outage);
    outage.map(|notice| (notice.level, notice.text)).collect()
}

/// A run whose first page is stored, and whose second comes when the destination is gone.
async fn cut_off(handle: &Handle) -> Rig {
    let (second, held) = page([2], "b").held();
    let mut rig = Setup::default().held_by(handle).start([page([1], "a"), held, last_page([3])]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.until("page", |stamped| matches!(stamped.event, Event::Page(_)).then_some(())).await;
    handle.go(true);
    second.open();
    until_outage(&mut rig).await;
    rig
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_is_gone_is_told_of_once_and_tried_again_at_a_command() {
    let handle = Handle::default();
    let mut rig = cut_off(&handle).await;
    rig.send(Command::RetryNow).await;
    until_outage(&mut rig).await;
    handle.go(false);
    rig.send(Command::RetryNow).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2 u3"));
    let told = told(&rig);
    assert_eq!(told.len(), 2, "once an outage: {told:?}");
    assert!(told[0].0 == Level::Warning && told[0].1.contains("no answer; tried again"), "{told:?}");
    assert!(told[1].0 == Level::Info && told[1].1.contains("there again after"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_destination_that_is_gone_and_the_next_run_asks_for_the_rest() {
    let handle = Handle::default();
    let mut rig = cut_off(&handle).await;
    rig.send(Command::Stop).await;
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.text.as_str()), (Outcome::Failed, "not waited for"));
    assert_eq!(ended.totals.pages, 1);
    rig.until_left().await;
    let script = [page([2], "b"), last_page([3])];
    let mut rig = Setup::default().within(rig.folder).start(script).await;
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2 u3"));
    assert_eq!(rig.server.queries()[0], "scroll_param=a", "the page that was not stored is asked for again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_cannot_begin_waits_as_visibly_and_keeps_what_it_is_told() {
    for stops in [false, true] {
        let handle = Handle::default();
        let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), last_page([2])]).await;
        rig.until("opened", |_| Some(())).await;
        handle.go(true);
        rig.send(Command::Run(Start::Checkpoint)).await;
        until_outage(&mut rig).await;
        if stops {
            rig.send(Command::Stop).await;
            rig.until("notice", |stamped| {
                matches!(&stamped.event, Event::Notice(it) if it.text == "not waited for").then_some(())
            })
            .await;
            rig.until_left().await;
            continue;
        }
        // It takes effect when the run has begun.
        rig.send(Command::Pause).await;
        handle.go(false);
        rig.send(Command::RetryNow).await;
        rig.until_paused().await;
        assert_eq!(told(&rig).len(), 2, "{:?}", told(&rig));
        rig.send(Command::Resume).await;
        let ended = rig.until_ended().await;
        assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, "u1 u2"));
    }
}
