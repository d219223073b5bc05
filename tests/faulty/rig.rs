//! A sync under test: a faulty server on one side, a SQLite file of its own on the other.

use std::path::PathBuf;
use std::time::Duration;

use highwater::destination::outage::Waits;
use highwater::destination::sqlite::Sqlite;
use highwater::destination::{Destination, DestinationError};
use highwater::run::Start;
use highwater::source::retry::Policy;
use highwater::source::{Contract, KEYSET, Limits, Source};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Notice, NoticeKind, PageStored, Phase, RunEnded, Stamped};
use highwater::sync::outlet::Outlet;
use highwater::sync::{Sync, Terms};
use highwater::walk::{self, Mode};
use rusqlite::Connection;
use rusqlite::types::FromSql;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::slow::{Handle, Handled};
use super::{Answer, Faulty, PATIENCE};

/// Limits that no test meets unless it means to.
pub fn limits() -> Limits {
    Limits {
        connect: PATIENCE,
        idle: PATIENCE,
        request: 2 * PATIENCE,
        head: 16 << 10,
        redirects: 2,
        body: 1 << 20,
        ratio: 200,
        rows: 1_000,
        depth: 128,
    }
}

/// What a test may set of a sync.
pub struct Setup {
    pub terms: Terms,
    pub limits: Limits,
    /// What the source speaks.
    pub contract: &'static Contract,
    /// What the destination is held by, if it is.
    pub handle: Option<Handle>,
    /// The directory of an earlier sync.
    pub folder: Option<TempDir>,
}

impl Default for Setup {
    fn default() -> Self {
        let millisecond = Duration::from_millis(1);
        let retry = Policy { attempts: 3, base: millisecond, max: millisecond, max_wait: 2 * PATIENCE };
        let terms = Terms {
            walk: Mode::Scroll,
            follow_empty: false,
            patience: walk::PATIENCE,
            lag: Duration::ZERO,
            lanes: Some(1),
            max_pages: None,
            rate: None,
            every: None,
            retry,
            stop_grace: PATIENCE,
            show: 0,
        };
        Self { terms, limits: limits(), contract: &KEYSET, handle: None, folder: None }
    }
}

impl Setup {
    pub fn speaking(mut self, contract: &'static Contract) -> Self {
        self.contract = contract;
        self
    }

    pub fn walk(mut self, mode: Mode) -> Self {
        self.terms.walk = mode;
        self
    }

    /// Waits between attempts that last until somebody ends them.
    pub fn patient(mut self) -> Self {
        self.terms.retry = Policy { base: PATIENCE, max: PATIENCE, ..self.terms.retry };
        self
    }

    pub fn held_by(mut self, handle: &Handle) -> Self {
        self.handle = Some(handle.clone());
        self
    }

    pub fn within(mut self, folder: TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Starts the server and the sync.
    pub async fn start(self, script: impl IntoIterator<Item = Answer>) -> Rig {
        let (sender, events) = mpsc::channel(1_024);
        self.start_with(script, Outlet::every(sender), events).await
    }

    /// The same with an outlet of the test's own.
    pub async fn start_with(
        self,
        script: impl IntoIterator<Item = Answer>,
        outlet: Outlet,
        events: mpsc::Receiver<Stamped>,
    ) -> Rig {
        let server = Faulty::start(script).await;
        let folder = self.folder.unwrap_or_else(|| tempfile::tempdir().unwrap());
        let inner: Box<dyn Destination> =
            Box::new(Sqlite::open(&folder.path().join("a.db"), self.contract.schema).unwrap().sqlite);
        let destination = match self.handle {
            Some(handle) => Box::new(Handled { inner, handle, waits: Waits::default() }),
            None => inner,
        };
        let source = Source::new(server.url(), self.limits, self.contract).unwrap();
        let (commands, receiver) = mpsc::channel(16);
        let sync = Sync::new((source, "faulty".to_owned()), destination, self.terms, outlet, receiver);
        let serving = tokio::spawn(sync.serve(None));
        Rig { server, folder, commands, events, seen: Vec::new(), serving }
    }
}

/// The sync under test.
pub struct Rig {
    pub server: Faulty,
    pub folder: TempDir,
    pub commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Stamped>,
    /// Every event that was waited past.
    pub seen: Vec<Stamped>,
    pub serving: JoinHandle<Result<(), DestinationError>>,
}

impl Rig {
    pub async fn send(&self, command: Command) {
        timeout(PATIENCE, self.commands.send(command)).await.expect("the sync takes no command").unwrap();
    }

    /// Waits for an event, past all others.
    pub async fn until<T>(&mut self, what: &str, pick: impl Fn(&Stamped) -> Option<T>) -> T {
        loop {
            let Ok(Some(event)) = timeout(PATIENCE, self.events.recv()).await else {
                let seen: Vec<String> =
                    self.seen.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
                panic!("no {what} came after\n{}\nasked: {:#?}", seen.join("\n"), self.server.queries());
            };
            self.seen.push(event);
            if let Some(found) = self.seen.last().and_then(&pick) {
                return found;
            }
        }
    }

    /// Waits for a phase, and gives it with the time at which it was told.
    pub async fn until_phase(&mut self, what: &str, is: impl Fn(&Phase) -> bool) -> Stamped {
        let pick = |stamped: &Stamped| match &stamped.event {
            Event::Phase { phase } if is(phase) => Some(stamped.clone()),
            _ => None,
        };
        self.until(what, pick).await
    }

    pub async fn until_waiting(&mut self) -> Stamped {
        self.until_phase("wait", |phase| matches!(phase, Phase::Waiting { .. })).await
    }

    pub async fn until_pausing(&mut self) {
        self.until_phase("Pausing", |phase| matches!(phase, Phase::Pausing { .. })).await;
    }

    pub async fn until_paused(&mut self) {
        self.until_phase("Paused", |phase| *phase == Phase::Paused).await;
    }

    /// Waits for the end of the run.
    pub async fn until_ended(&mut self) -> RunEnded {
        let pick = |stamped: &Stamped| match &stamped.event {
            Event::RunEnded(ended) => Some((**ended).clone()),
            _ => None,
        };
        self.until("end of the run", pick).await
    }

    /// One run to its end.
    pub async fn run(&mut self, start: Start) -> RunEnded {
        self.send(Command::Run(start)).await;
        self.until_ended().await
    }

    /// Waits until the sync has left.
    pub async fn until_left(&mut self) {
        let left = timeout(PATIENCE, &mut self.serving).await.expect("the sync does not leave");
        left.unwrap().unwrap();
    }

    /// Stops the sync, and leaves the directory for another.
    pub async fn leave(mut self) -> TempDir {
        self.send(Command::Stop).await;
        self.until_left().await;
        self.folder
    }

    /// The pages told so far.
    pub fn pages(&self) -> Vec<PageStored> {
        let page = |stamped: &Stamped| match &stamped.event {
            Event::Page(page) => Some((**page).clone()),
            _ => None,
        };
        self.seen.iter().filter_map(page).collect()
    }

    /// The notices told so far.
    pub fn notices(&self) -> Vec<Notice> {
        let notice = |stamped: &Stamped| match &stamped.event {
            Event::Notice(notice) => Some(notice.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(notice).collect()
    }

    /// The first notice of a kind.
    pub fn notice(&self, is: impl Fn(&NoticeKind) -> bool) -> Notice {
        let found = self.notices().into_iter().find(|notice| is(&notice.kind));
        found.unwrap_or_else(|| panic!("no such notice among {:#?}", self.notices()))
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    /// One value out of the destination.
    pub fn sql<T: FromSql>(&self, query: &str) -> T {
        let connection = Connection::open(self.database()).unwrap();
        connection.query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The ids in the table, in order of their cursors.
    pub fn ids(&self) -> String {
        self.sql(
            "SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT id FROM user ORDER BY updatedAt, id)",
        )
    }

    pub fn checkpoint(&self) -> Option<String> {
        self.sql("SELECT checkpoint FROM _highwater_state")
    }
}
