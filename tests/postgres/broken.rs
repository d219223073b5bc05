//! Processes that are killed, connections that are lost, and a server that is stopped in the middle of its work: each
//! row and page is stored once.

use std::path::Path;
use std::time::Duration;

use highwater::destination::postgres::{Address, mirror};
use highwater::kill_point::{KillPoint, VARIABLE};
use highwater::playground::Options;
use highwater::record::USER;

use crate::support::cluster::{Cluster, PASSWORD, shared};
use crate::support::kill::Dice;
use crate::support::{Api, BuiltIn, Highwater, Rows, Table, promise};

/// A source that stands still, and the program with a schema as its destination.
struct Rig {
    source: BuiltIn,
    rows: Rows,
    highwater: Highwater,
    db: String,
    address: Address,
    /// How often it was copied.
    copies: usize,
}

impl Rig {
    fn new(cluster: &Cluster, schema: &str, latency: u64) -> Self {
        let latency = Duration::from_millis(latency);
        let options = Options { users: 400, page_size: 20, frozen: true, latency, ..Options::default() };
        let source = BuiltIn::start(options);
        let rows = Api::new(&source.url()).rows();
        let highwater = Highwater::against(&source.url()).with("PGPASSWORD", PASSWORD);
        Self {
            source,
            rows,
            highwater,
            db: cluster.bare_url(schema),
            address: cluster.address(schema),
            copies: 0,
        }
    }

    fn start(&self, arguments: &[&str]) -> crate::support::Running {
        let url = self.source.url();
        self.highwater.start([&["sync", "--db", &self.db, "--url", &url, "--json"][..], arguments].concat())
    }

    /// What stands there, as a file.
    fn table(&mut self) -> Table {
        self.copies += 1;
        let path = self.highwater.home().join(format!("copy{}.db", self.copies));
        mirror(&self.address, &USER, Path::new(&path)).unwrap();
        Table::of(&path)
    }

    fn finish(&mut self) {
        let done = self.start(&[]).end();
        assert_eq!(done.code(), 0, "{done}");
        promise::check_complete(&self.table(), &self.rows);
    }
}

#[test]
fn a_kill_at_any_point_loses_nothing_and_doubles_nothing() {
    let (Some(cluster), Some(variable)) = (shared(), VARIABLE) else { return };
    for point in KillPoint::ALL.iter().filter(|point| **point != KillPoint::FileMade) {
        let mut rig = Rig::new(cluster, &format!("kill_{}", point.name().replace('-', "_")), 2);
        let mut kill = |point: KillPoint, nth: u32| {
            rig.highwater.set(variable, Some(&format!("{}:{nth}", point.name())));
            let done = rig.start(&[]).end();
            rig.highwater.set(variable, None);
            assert_eq!(done.status.code(), None, "not killed at {point:?}: {done}");
        };
        match point {
            // Only a run that is gone on with is marked.
            KillPoint::BeforeRunMark | KillPoint::AfterRunMark => {
                kill(KillPoint::BeforeRequest, 5);
                kill(*point, 1);
            }
            KillPoint::AfterUpsert
            | KillPoint::BeforeCommit
            | KillPoint::AfterBegin
            | KillPoint::AfterCommit => {
                kill(*point, 2);
                kill(*point, 1);
            }
            _ => kill(*point, 1),
        }
        let is_made = !matches!(point, KillPoint::AmidMigration);
        if is_made {
            promise::check(&rig.table(), &rig.rows.clone());
        }
        rig.finish();
    }
}

#[test]
fn kills_in_a_row_lose_nothing_and_double_nothing() {
    let Some(cluster) = shared() else { return };
    let mut rig = Rig::new(cluster, "kills", 2);
    let mut dice = Dice::new(1);
    for kill in 0..12 {
        let mut running = rig.start(&[
            "--lanes",
            dice.pick(&["1", "4"]),
            "--resume",
            if kill % 4 == 3 { "full" } else { "token" },
        ]);
        let (mut told, pages) = (0, 1 + dice.below(4));
        running.until(|event| {
            told += u64::from(event["event"] == "page");
            told == pages
        });
        std::thread::sleep(dice.time(Duration::from_millis(10)));
        running.kill();
        promise::check(&rig.table(), &rig.rows.clone());
    }
    let done = rig.start(&["--resume", "full"]).end();
    assert_eq!(done.code(), 0, "{done}");
    assert!(done.to_string().contains("took over the lock of process"), "{done}");
    promise::check_complete(&rig.table(), &rig.rows.clone());
}

#[test]
fn a_session_that_is_ended_again_and_again_is_made_again_and_nothing_is_stored_twice() {
    // A server of its own: every session is ended, whose ever it is.
    let Some(cluster) = Cluster::start("sessions that are ended") else { return };
    let mut rig = Rig::new(&cluster, "ended", 60);
    let mut running = rig.start(&[]);
    let mut dice = Dice::new(2);
    let mut ended = 0;
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE application_name = 'highwater'";
    while let Some(event) = running.until(|event| event["event"] == "page" || event["event"] == "run_ended") {
        if event["event"] == "run_ended" {
            break;
        }
        std::thread::sleep(dice.time(Duration::from_millis(15)));
        ended += cluster.sql("ended", end).parse::<u32>().unwrap();
    }
    let done = running.end();
    assert_eq!(done.code(), 0, "{done}");
    assert!(ended > 3, "{ended}");
    promise::check_complete(&rig.table(), &rig.rows.clone());
}

#[test]
fn a_server_that_crashes_amid_commits_is_waited_for_and_nothing_is_lost_or_stored_twice() {
    let Some(mut cluster) = Cluster::start("a server that crashes") else { return };
    let mut rig = Rig::new(&cluster, "crash", 20);
    let mut running = rig.start(&[]);
    let mut dice = Dice::new(3);
    for _ in 0..4 {
        running.until_event("page");
        std::thread::sleep(dice.time(Duration::from_millis(25)));
        cluster.stop("immediate");
        cluster.again();
    }
    let done = running.end();
    assert_eq!(done.code(), 0, "{done}");
    promise::check_complete(&rig.table(), &rig.rows.clone());
}
