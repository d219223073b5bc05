//! A second walker over the same data, for comparison: another sync of this program, or a client that counts offsets.
//!
//! It has a playground of its own, which tells the same story, so that neither walker disturbs the other's. It takes
//! one page for each of the main walker's, and then what is left.

mod offset;

use std::path::{Path, PathBuf};

use chrono::Utc;
use tokio::sync::mpsc;
use url::Url;

use self::offset::Counter;
use super::judge::{self, Held, Reach};
use super::rehearsal::{LIMITS, terms};
use super::scenario::{Order, Paging, Scenario};
use crate::destination::DestinationError;
use crate::destination::sqlite::Sqlite;
use crate::lesson::{Beside, State};
use crate::playground::{Options, Playground, Troubles};
use crate::record::USER;
use crate::source::{KEYSET, Source};
use crate::sync::command::Command;
use crate::sync::event::{Event, Phase, Stamped};
use crate::sync::outlet::Outlet;
use crate::sync::{Sync, Terms};
use crate::walk::Mode;

/// How many things wait for their reader.
const WAITING: usize = 64;

/// What a page brought a walker.
pub(super) struct Taken {
    held: Held,
    repeated: u64,
    reach: Reach,
    done: bool,
    note: String,
}

/// What the walker beside is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Step,
    Finish,
}

/// The walker beside, from the main one's side.
#[derive(Debug)]
pub(super) struct Companion {
    asks: mpsc::Sender<Ask>,
    standings: mpsc::Receiver<Beside>,
}

impl Companion {
    /// Starts the walker beside of a scenario, if there is one; `folder` takes its table.
    pub async fn start(
        scenario: &Scenario,
        folder: &Path,
    ) -> Result<Option<Self>, Box<dyn std::error::Error>> {
        let Some(paging) = scenario.beside else { return Ok(None) };
        let troubles = Troubles { faults: Vec::new(), expiry: None, ..scenario.options.troubles.clone() };
        let options = Options { troubles, rate_limit: None, ..scenario.options.clone() };
        let page_size = options.page_size;
        let playground = Playground::start(options, None).await?;
        let walker = match paging {
            Paging::Walk(mode) => Walker::Sync(Engine::start(mode, &playground, folder.join("beside.db"))?),
            Paging::Offset(order) => Walker::Offset(Counter::new(&playground, order, page_size)?),
        };
        let (asks, asked) = mpsc::channel(WAITING);
        let (told, standings) = mpsc::channel(WAITING);
        tokio::spawn(accompany(walker, playground, name(paging), asked, told));
        Ok(Some(Self { asks, standings }))
    }

    /// Asks for one page more.
    pub async fn step(&self) {
        // One that has failed has said so.
        let _ = self.asks.send(Ask::Step).await;
    }

    /// Asks for all that is left.
    pub async fn finish(&self) {
        let _ = self.asks.send(Ask::Finish).await;
    }

    /// The next standing; `None` once there are no more.
    pub async fn standing(&mut self) -> Option<Beside> {
        self.standings.recv().await
    }
}

fn name(paging: Paging) -> &'static str {
    match paging {
        Paging::Walk(Mode::Scroll) => "by scroll token",
        Paging::Walk(Mode::Anchor) => "anchored",
        Paging::Walk(Mode::Auto) => "auto",
        Paging::Offset(Order::NewestFirst) => "by offset, newest first",
        Paging::Offset(Order::OldestFirst) => "by offset, oldest first",
    }
}

/// Walks as it is asked to, and tells how it stands.
async fn accompany(
    mut walker: Walker,
    playground: Playground,
    name: &str,
    mut asked: mpsc::Receiver<Ask>,
    told: mpsc::Sender<Beside>,
) {
    let mut standing = Beside {
        at: Utc::now(),
        name: name.to_owned(),
        pages: 0,
        rows: 0,
        lost: 0,
        lost_here: 0,
        repeated: 0,
        state: State::Holding,
        note: "begins with the other".to_owned(),
    };
    while let Some(ask) = asked.recv().await {
        while standing.state != State::Done {
            standing = Beside { at: Utc::now(), state: State::Going, ..standing };
            // Who does not listen any more will ask for nothing more either.
            let _ = told.send(standing.clone()).await;
            standing = match walker.step().await {
                Ok(taken) => Beside {
                    at: Utc::now(),
                    pages: standing.pages + 1,
                    rows: taken.held.len() as u64,
                    lost: judge::lost(&playground.versions(), &taken.reach, &taken.held),
                    repeated: taken.repeated,
                    state: if taken.done { State::Done } else { State::Holding },
                    note: taken.note,
                    ..standing
                },
                Err(note) => Beside { at: Utc::now(), state: State::Done, note, ..standing },
            };
            let _ = told.send(standing.clone()).await;
            if ask == Ask::Step {
                break;
            }
        }
    }
}

enum Walker {
    Sync(Engine),
    Offset(Counter),
}

impl Walker {
    async fn step(&mut self) -> Result<Taken, String> {
        match self {
            Self::Sync(engine) => engine.step().await,
            Self::Offset(counter) => counter.step().await,
        }
    }
}

/// Another sync of this program.
struct Engine {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Stamped>,
    path: PathBuf,
}

impl Engine {
    fn start(mode: Mode, playground: &Playground, path: PathBuf) -> Result<Self, Box<dyn std::error::Error>> {
        let sqlite = Sqlite::open(&path, &USER)?.sqlite;
        let source = Source::new(Url::parse(&playground.url())?, LIMITS, &KEYSET)?;
        let (commands, receiver) = mpsc::channel(WAITING);
        let (sender, events) = mpsc::channel(WAITING);
        let terms = Terms { show: 0, ..terms(mode) };
        let sync =
            Sync::new((source, String::new()), Box::new(sqlite), terms, Outlet::every(sender), receiver);
        // How it ends is told by its events; it ends when nobody commands it any more.
        tokio::spawn(sync.serve(None));
        Ok(Self { commands, events, path })
    }

    /// One page, and all that is told of it.
    async fn step(&mut self) -> Result<Taken, String> {
        let gone = || "its sync has ended".to_owned();
        self.commands.send(Command::Step).await.map_err(|_| gone())?;
        let mut taken = None;
        loop {
            match self.events.recv().await.ok_or_else(gone)?.event {
                Event::Page(page) => {
                    let counts = page.totals.counts;
                    taken = Some(Taken {
                        held: Held::new(),
                        repeated: counts.same + counts.stale,
                        reach: page
                            .checkpoint
                            .map_or(Reach::Nothing, |at| Reach::Below(at.text().to_owned())),
                        done: false,
                        note: page.decision,
                    });
                }
                Event::Phase { phase: Phase::Paused } => break,
                Event::RunEnded(ended) => {
                    if let Some(taken) = &mut taken {
                        taken.done = true;
                        taken.reach = Reach::Everything;
                        taken.note = ended.text;
                    }
                    break;
                }
                _ => {}
            }
        }
        let taken = taken.ok_or("no page came")?;
        Ok(Taken { held: held(&self.path).map_err(|error| error.to_string())?, ..taken })
    }
}

/// The rows that a table holds.
///
/// # Errors
/// If it cannot be read.
pub(super) fn held(path: &Path) -> Result<Held, DestinationError> {
    Ok(Sqlite::read(path, &USER)?.versions()?.into_iter().collect())
}

/// An error of a client, in words of one line.
fn words(error: &dyn std::error::Error) -> String {
    crate::sanitize::snippet(&error.to_string(), 200)
}
