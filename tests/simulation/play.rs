//! One process: a real sync over the scripted source into a real file, from its start until it has left or is killed,
//! with an operator who interferes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use highwater::destination::sqlite::Sqlite;
use highwater::destination::{
    Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored,
};
use highwater::record::USER;
use highwater::run::{Outcome, Start};
use highwater::source::retry::Policy;
use highwater::source::{KEYSET, Limits, Source};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, Notice, Phase, RunEnded, Stamped};
use highwater::sync::outlet::Outlet;
use highwater::sync::{InStep, Sync, Terms};
use highwater::walk::Mode;
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::api::{ADDRESS, Api};
use super::fault::{ATTEMPTS, Fault};

/// The longest silence within an answer.
pub const IDLE: Duration = Duration::from_secs(10);

/// The most bytes that a body may have.
pub const LARGEST: usize = 2 << 20;

/// No process takes longer than this, whatever happens to it; it is bounded by attempts, time-outs and pages.
const LONGEST: Duration = Duration::from_secs(6 * 3_600);

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Lets it run.
    None,
    /// Pauses, and goes on after a while.
    Pause,
    /// Pauses, asks for one page, and goes on.
    Step,
    /// Pauses and leaves.
    PauseAndLeave,
    /// Stops.
    Stop,
    /// Ends a wait.
    RetryNow,
    /// Kills the process.
    Kill,
}

/// An operator, and when he acts.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    pub act: Act,
    /// After so much time.
    pub after: Duration,
}

impl Operator {
    pub const NONE: Self = Self { act: Act::None, after: Duration::ZERO };

    pub fn pick(rng: &mut StdRng) -> Self {
        let act = match rng.random_range(0..12) {
            0 => Act::Pause,
            1 => Act::Step,
            2 => Act::PauseAndLeave,
            3 => Act::Stop,
            4 => Act::RetryNow,
            5 => Act::Kill,
            _ => Act::None,
        };
        Self { act, after: Duration::from_millis(rng.random_range(1..3_000)) }
    }

    /// True if the process leaves before its run has ended by itself.
    pub fn leaves(self) -> bool {
        matches!(self.act, Act::PauseAndLeave | Act::Stop | Act::Kill)
    }
}

/// How the process is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub walk: Mode,
    pub follow_empty: bool,
    pub lanes: u32,
    pub commit: Duration,
    pub seed: u64,
}

/// What came of a process.
#[derive(Debug, Default)]
pub struct Done {
    /// True if it went on with an unfinished run.
    pub is_continued: bool,
    /// How its run ended, if it was not killed before.
    pub ended: Option<RunEnded>,
    /// The run and number of every page that it told is stored.
    pub pages: Vec<(i64, i64)>,
    /// All that it told besides.
    pub notices: Vec<Notice>,
    /// Every event, without what depends on the machine and its clock.
    pub history: Vec<String>,
}

fn limits() -> Limits {
    Limits {
        connect: IDLE,
        idle: IDLE,
        request: 6 * IDLE,
        head: 1 << 16,
        redirects: ATTEMPTS.into(),
        body: LARGEST as u64,
        ratio: 200,
        rows: 1_000,
        depth: 100,
    }
}

/// Plays one process to its end.
pub async fn process(api: &Api, file: &Path, start: Start, operator: Operator, setup: Setup) -> Done {
    let (sender, mut events) = mpsc::channel(4_096);
    let (commands, receiver) = mpsc::channel(16);
    let url = Url::parse(ADDRESS).unwrap();
    let source = Source::over(Arc::new(api.clone()), url, limits(), &KEYSET);
    let retry = Policy {
        attempts: ATTEMPTS,
        base: Duration::from_millis(500),
        max: Duration::from_secs(10),
        max_wait: Duration::from_secs(60),
    };
    let terms = Terms {
        walk: setup.walk,
        follow_empty: setup.follow_empty,
        patience: 30,
        lag: Duration::ZERO,
        lanes: Some(setup.lanes),
        max_pages: None,
        rate: None,
        every: None,
        retry,
        stop_grace: Duration::from_secs(5),
        show: 0,
    };
    let sqlite = Sqlite::open(file, &USER).unwrap().sqlite;
    let destination = Box::new(Disk { sqlite, api: api.clone() });
    let step = InStep { commit: setup.commit, seed: setup.seed };
    let (named, outlet) = ((source, "sim".to_owned()), Outlet::every(sender));
    let sync = Sync::in_step(named, destination, terms, outlet, receiver, step);
    let serving = tokio::spawn(sync.serve(None));
    commands.send(Command::Run(start)).await.unwrap();
    let mut done = Done::default();
    let acting = act(operator, commands, &mut events, &mut done);
    match timeout(LONGEST, acting).await {
        Ok(true) => serving.abort(),
        Ok(false) => {}
        Err(_) => panic!("unbounded: it goes on after {LONGEST:?}"),
    }
    match serving.await {
        Ok(served) => served.unwrap(),
        Err(error) if error.is_cancelled() => {}
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
    while let Some(event) = events.recv().await {
        done.hear(event);
    }
    done
}

/// Listens and interferes until the process has left; true if it is to be killed.
async fn act(
    operator: Operator,
    commands: mpsc::Sender<Command>,
    events: &mut mpsc::Receiver<Stamped>,
    done: &mut Done,
) -> bool {
    let due = Instant::now() + operator.after;
    let mut acted = operator.act == Act::None;
    let mut paused = 0;
    loop {
        tokio::select! {
            biased;
            event = events.recv() => {
                let Some(event) = event else { return false };
                match done.hear(event) {
                    Some(Heard::Ended) => drop(commands.send(Command::Stop).await),
                    Some(Heard::Paused) => {
                        paused += 1;
                        sleep(operator.after).await;
                        let command = match operator.act {
                            Act::PauseAndLeave => Command::Stop,
                            Act::Step if paused == 1 => Command::Step,
                            _ => Command::Resume,
                        };
                        let _ = commands.send(command).await;
                    }
                    None => {}
                }
            }
            () = tokio::time::sleep_until(due), if !acted => {
                acted = true;
                let command = match operator.act {
                    Act::Kill => return true,
                    Act::None => continue,
                    Act::RetryNow => Command::RetryNow,
                    Act::Stop => Command::Stop,
                    Act::Pause | Act::Step | Act::PauseAndLeave => Command::Pause,
                };
                let _ = commands.send(command).await;
            }
        }
    }
}

enum Heard {
    Paused,
    Ended,
}

impl Done {
    fn hear(&mut self, event: Stamped) -> Option<Heard> {
        let mut told = serde_json::to_value(&event).unwrap();
        without_the_machine(&mut told);
        self.history.push(told.to_string());
        match event.event {
            Event::RunStarted(started) => self.is_continued = started.continued,
            Event::Page(page) => self.pages.push((page.run, i64::try_from(page.page).unwrap())),
            Event::Notice(notice) => self.notices.push(notice),
            Event::Phase { phase: Phase::Paused } => return Some(Heard::Paused),
            Event::RunEnded(ended) => {
                self.ended = Some(*ended);
                return Some(Heard::Ended);
            }
            _ => {}
        }
        None
    }
}

/// The file, on a disk that may be full.
struct Disk {
    sqlite: Sqlite,
    api: Api,
}

impl Destination for Disk {
    fn name(&self) -> String {
        self.sqlite.name()
    }
    fn beside(&self) -> Beside {
        self.sqlite.beside()
    }
    fn stored(&mut self) -> Result<Stored, DestinationError> {
        self.sqlite.stored()
    }
    fn begin(&mut self, run: &NewRun) -> Result<i64, DestinationError> {
        self.sqlite.begin(run)
    }
    fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        self.sqlite.mark(run, outcome)
    }
    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError> {
        match self.api.lock().strikes(|fault| fault == Fault::Disk) {
            Some(_) => Err(DestinationError::Refused("the disk is full".to_owned())),
            None => self.sqlite.commit(batches),
        }
    }
    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError> {
        self.sqlite.end(ending)
    }
}

/// Leaves out what the machine's clock and file names put in.
fn without_the_machine(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let clock =
                ["at", "until", "deadline", "since", "started_at", "token_at", "checkpoint_at", "commit_ms"];
            fields.retain(|name, _| name != "destination" && !clock.contains(&name.as_str()));
            fields.values_mut().for_each(without_the_machine);
        }
        Value::Array(values) => values.iter_mut().for_each(without_the_machine),
        _ => {}
    }
}
