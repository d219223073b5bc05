//! A destination that fails: the run ends with its words, and nothing is stored beyond the gap.

use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::Event;

use crate::faulty::rig::Setup;
use crate::faulty::rows::{at, last_page, page};
use crate::faulty::slow::Handle;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_commit_that_failed_no_later_page_is_stored() {
    let handle = Handle::default().hold().failing(2);
    let (second, later) = page([2], "t2").held();
    let middle = (3..=6).map(|number| page([number], &format!("t{number}")));
    let script = [page([1], "t1"), later].into_iter().chain(middle);
    let mut rig = Setup::default().held_by(&handle).start(script).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    handle.until_begun(1).await;
    second.open();
    rig.server.until_asked(4).await;
    handle.release();
    let ended = rig.until_ended().await;
    assert_eq!(ended.outcome, Outcome::Failed);
    assert!(ended.text.contains("the disk is full"), "{}", ended.text);
    assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1", Some(at(1))));
    assert_eq!(rig.sql::<i64>("SELECT count(*) FROM _highwater_pages"), 1);
    assert_eq!(rig.pages().len(), 1, "no page is told that is not stored");
    assert_eq!(handle.groups().len(), 2, "nothing was tried after it: {:?}", handle.groups());
    assert_eq!((ended.rows, ended.totals.pages), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_commit_failed_can_be_gone_on_with_in_the_same_process() {
    let handle = Handle::default().failing(1);
    let mut rig = Setup::default().held_by(&handle).start([last_page(1..=2)]).await;
    assert_eq!(rig.run(Start::Checkpoint).await.outcome, Outcome::Failed);
    assert_eq!(rig.ids(), "");
    rig.server.then([last_page(1..=2)]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run, ended.totals.pages), (Outcome::Complete, 1, 1));
    assert_eq!(rig.ids(), "u1 u2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_cannot_be_written_is_told_with_what_is_known() {
    let handle = Handle::default();
    let (gate, held) = last_page([2]).held();
    let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), held]).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.until("page", |stamped| matches!(stamped.event, Event::Page(_)).then_some(())).await;
    handle.close();
    gate.open();
    let ended = rig.until_ended().await;
    let texts: Vec<String> = rig.notices().into_iter().map(|notice| notice.text).collect();
    let told = "the end of the run could not be written down: the disk is gone";
    assert!(texts.iter().any(|text| text.contains(told)), "{texts:?}");
    assert_eq!(
        (ended.rows, ended.checkpoint.map(String::from)),
        (2, Some(at(2))),
        "what is stored, is stored"
    );
}
