//! A server that is stopped while a run writes to it: the wait for it is told of, and neither its return nor a stop in
//! between loses anything.

use std::time::Duration;

use highwater::destination::postgres::mirror;
use highwater::playground::Options;
use highwater::record::USER;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::cluster::{Cluster, PASSWORD};
use crate::support::{Api, BuiltIn, Highwater, Rows, Running, Table, promise};

/// A server of its own, a source that takes its time, and the program between them.
struct Rig {
    cluster: Cluster,
    source: BuiltIn,
    rows: Rows,
    highwater: Highwater,
}

impl Rig {
    fn new(test: &str, users: usize) -> Option<Self> {
        let cluster = Cluster::start(test)?;
        let latency = Duration::from_millis(60);
        let options = Options { users, page_size: 20, frozen: true, latency, ..Options::default() };
        let source = BuiltIn::start(options);
        let rows = Api::new(&source.url()).rows();
        let highwater = Highwater::against(&source.url()).with("PGPASSWORD", PASSWORD);
        Some(Self { cluster, source, rows, highwater })
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let (db, url) = (self.cluster.bare_url("outage"), self.source.url());
        self.highwater.start([&["sync", "--db", &db, "--url", &url][..], arguments].concat())
    }

    fn check_complete(&self) {
        let copy = self.highwater.home().join("copy.db");
        mirror(&self.cluster.address("outage"), &USER, &copy).unwrap();
        promise::check_complete(&Table::of(&copy), &self.rows);
    }
}

fn is_outage(event: &Value) -> bool {
    event["phase"]["is"] == "outage"
}

#[test]
fn a_server_that_is_stopped_and_started_again_is_waited_for_in_sight() {
    let Some(mut rig) = Rig::new("a server that is stopped and started", 1_000) else { return };
    let mut running = rig.start(&["--json"]);
    running.until_event("page");
    rig.cluster.stop("fast");
    let outage = running.until(is_outage).unwrap();
    assert!(outage["phase"]["gives_up"].as_str() > outage["phase"]["since"].as_str(), "{outage}");
    // It was tried again in vain.
    running.until(is_outage).unwrap();
    rig.cluster.again();
    let done = running.end();
    assert_eq!(done.code(), 0, "{done}");
    let notices = done.events().into_iter().filter(|event| event["kind"]["about"] == "outage");
    let notices: Vec<String> = notices.map(|event| event["text"].to_string()).collect();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(
        notices[0].contains("tried again for") && notices[1].contains("there again after"),
        "{notices:?}"
    );
    let last = done.events().into_iter().rfind(|event| event["event"] == "phase").unwrap();
    assert_eq!(last["phase"]["is"], "ended");
    rig.check_complete();
}

#[test]
fn a_stop_while_the_server_is_down_leaves_at_once_and_the_next_run_asks_for_the_rest() {
    let Some(mut rig) = Rig::new("a stop while the server is down", 1_000) else { return };
    let mut running = rig.start(&["--json"]);
    running.until_event("page");
    rig.cluster.stop("immediate");
    running.until(is_outage).unwrap();
    running.signal(Signal::TERM);
    let done = running.end();
    assert_eq!(done.code(), 128 + 15, "{done}");
    let ended = done.event("run_ended");
    assert_eq!(ended["outcome"], "failed", "{done}");
    assert!(ended["text"].as_str().unwrap().contains("left without waiting for it"), "{done}");
    rig.cluster.again();
    let done = rig.start(&[]).end();
    assert_eq!(done.code(), 0, "{done}");
    assert!(done.stdout.contains("run 1        goes on"), "{done}");
    rig.check_complete();
}

#[test]
fn a_server_that_is_down_when_the_next_run_is_due_is_waited_for_too_and_a_stop_ends_that() {
    let Some(mut rig) = Rig::new("a server that is down between two runs", 100) else { return };
    let mut running = rig.start(&["--every", "4s"]);
    while !running.line().unwrap().starts_with("run 1 complete") {}
    rig.cluster.stop("fast");
    let mut told = 0;
    while told == 0 {
        told += usize::from(running.line().unwrap().contains("; tried again for"));
    }
    running.signal(Signal::TERM);
    let done = running.end();
    assert_eq!(done.code(), 0, "{done}");
    assert_eq!(done.stdout.matches("; tried again for").count(), 1, "{done}");
    assert!(done.stdout.contains("left without waiting for it"), "{done}");
    rig.cluster.again();
    rig.check_complete();
}
