//! A destination that fails: the run ends with its words, and nothing is stored beyond the gap.

use highwater::sync::command::{Command, Start};
use highwater::sync::event::{Event, Outcome};

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
    let handle = Handle::default().failing(2);
    let mut rig = Setup::default().held_by(&handle).start([page([1], "a"), last_page([2])]).await;
    assert_eq!(rig.run(Start::Checkpoint).await.outcome, Outcome::Failed);
    rig.server.then([last_page([2])]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.run, ended.totals.pages), (Outcome::Complete, 1, 2));
    assert_eq!(rig.ids(), "u1 u2");
}
