//! A scenario under way: the playground, the sync, the walker beside it, and what is told of them all.
//!
//! The sync is the very one that works outside the demo; this room stands between it and its audience. Every event
//! passes through here, and what the narrator and the judge have to say of it follows it.

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use url::Url;

use super::Line;
use super::beside::{self, Companion};
use super::judge::{self, Reach};
use super::narrator::Narrator;
use super::scenario::Scenario;
use super::scratch::Scratch;
use super::verdict::verdict;
use crate::destination::DestinationError;
use crate::destination::sqlite::{Opened, Sqlite};
use crate::lesson::{Beside, Came, State, Told, Verdict};
use crate::platform::process;
use crate::playground::Playground;
use crate::record::USER;
use crate::run::{Outcome, Totals};
use crate::source::retry::Policy;
use crate::source::{KEYSET, Limits, Source};
use crate::sync::command::Command;
use crate::sync::event::{Event, PageStored, Phase, RunEnded, SHOWN_ROWS, Stamped};
use crate::sync::outlet::Outlet;
use crate::sync::{Sync, Terms};
use crate::walk::{Mode, PATIENCE};

/// What one request may take. Everything is on this machine.
pub(super) const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    idle: Duration::from_secs(15),
    request: Duration::from_secs(60),
    head: 64 << 10,
    redirects: 0,
    body: 32 << 20,
    ratio: 200,
    rows: 1_000,
    depth: 128,
};

/// How many things wait for their reader.
const WAITING: usize = 64;

/// How the syncs of a demo go about their work, whatever the operator's own settings say.
pub(super) fn terms(walk: Mode) -> Terms {
    Terms {
        walk,
        follow_empty: false,
        patience: PATIENCE,
        lag: Duration::ZERO,
        lanes: Some(1),
        max_pages: None,
        rate: None,
        retry: Policy {
            attempts: 6,
            base: Duration::from_millis(500),
            max: Duration::from_secs(5),
            max_wait: Duration::from_secs(60),
        },
        stop_grace: Duration::from_secs(5),
        show: SHOWN_ROWS,
        every: None,
    }
}

/// Who is told, and how.
#[derive(Clone, Debug)]
pub enum Audience {
    /// One that reads lines: the events, each before what is said of it.
    Lines(mpsc::Sender<Line>),
    /// A screen.
    Screen {
        /// Takes the events, and misses what it cannot show.
        events: broadcast::Sender<Stamped>,
        /// Takes the rest.
        told: mpsc::Sender<Told>,
    },
}

impl Audience {
    /// One that reads lines, and what it reads, until the sync has ended.
    #[must_use]
    pub fn lines() -> (Self, mpsc::Receiver<Line>) {
        let (lines, read) = mpsc::channel(WAITING);
        (Self::Lines(lines), read)
    }

    /// A screen that takes the events, and what else it is told, until the sync has ended.
    #[must_use]
    pub fn screen(events: broadcast::Sender<Stamped>) -> (Self, mpsc::Receiver<Told>) {
        let (told, heard) = mpsc::channel(WAITING);
        (Self::Screen { events, told }, heard)
    }

    // An audience that has left needs to be told nothing more, here and below.
    async fn event(&self, stamped: &Stamped) {
        match self {
            Self::Lines(lines) => drop(lines.send(Line::Event(Box::new(stamped.clone()))).await),
            Self::Screen { events, .. } => drop(events.send(stamped.clone())),
        }
    }

    async fn tell(&self, what: Told) {
        match self {
            Self::Lines(lines) => drop(lines.send(Line::Told(what)).await),
            Self::Screen { told, .. } => drop(told.send(what).await),
        }
    }
}

/// A scenario under way. It begins no run until it is commanded to.
#[derive(Debug)]
pub struct Rehearsal {
    /// What the sync is told.
    pub commands: mpsc::Sender<Command>,
    serving: JoinHandle<Result<(), DestinationError>>,
    scratch: Scratch,
}

impl Rehearsal {
    /// Sets a scenario up, and tells of it, in order. Where the table in that directory holds an unfinished run, it is
    /// the second life of a demo whose process was killed.
    ///
    /// # Errors
    /// If the playground, the source or the table cannot be opened.
    pub async fn open(
        scenario: &Scenario,
        scratch: Scratch,
        audience: Audience,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let Opened { mut sqlite, killed } = Sqlite::open(&scratch.table(), &USER)?;
        sqlite.bind(&format!("the playground of {:?}", scenario.title))?;
        let playground = Playground::start(scenario.options.clone(), None).await?;
        let name = playground.name();
        let source = Source::new(Url::parse(&playground.url())?, LIMITS, &KEYSET)?;
        let companion = Companion::start(scenario, scratch.path()).await?;
        let (commands, receiver) = mpsc::channel(WAITING);
        let (sender, heard) = mpsc::channel(WAITING);
        let outlet = Outlet::every(sender);
        let sync = Sync::new((source, name), Box::new(sqlite), terms(scenario.walk), outlet, receiver);
        let pump = Pump {
            narrator: Narrator::new(scenario),
            scenario: scenario.clone(),
            companion,
            playground,
            table: scratch.table(),
            audience,
            kill: scenario.kill(),
            lost: 0,
            beside: None,
        };
        tokio::spawn(pump.run(heard));
        let serving = tokio::spawn(sync.serve(killed.as_ref().map(ToString::to_string)));
        Ok(Self { commands, serving, scratch })
    }

    /// Waits until the sync is done, and clears away what the demo wrote.
    ///
    /// # Errors
    /// What ended the sync, if it did not end by itself.
    pub async fn close(self) -> Result<(), Box<dyn std::error::Error>> {
        drop(self.commands);
        let served = self.serving.await?;
        drop(self.scratch);
        Ok(served?)
    }
}

/// What stands between the sync and its audience.
struct Pump {
    narrator: Narrator,
    scenario: Scenario,
    companion: Option<Companion>,
    playground: Playground,
    table: PathBuf,
    audience: Audience,
    /// The page after which the process is killed; `None` once it was, or never is.
    kill: Option<u64>,
    /// The most rows that the main walker had lost at any time.
    lost: u64,
    beside: Option<Beside>,
}

impl Pump {
    async fn run(mut self, mut heard: mpsc::Receiver<Stamped>) {
        loop {
            tokio::select! {
                biased;
                Some(standing) = next(&mut self.companion) => self.on_standing(standing).await,
                stamped = heard.recv() => match stamped {
                    Some(stamped) => self.on_event(stamped).await,
                    None => return,
                },
            }
        }
    }

    async fn on_event(&mut self, stamped: Stamped) {
        self.audience.event(&stamped).await;
        match &stamped.event {
            Event::RunStarted(started) if started.continued => self.kill = None,
            Event::Page(page) => self.on_page(page).await,
            Event::RunEnded(ended) if ended.outcome == Outcome::Complete => self.complete().await,
            _ => {}
        }
        if let Some(narration) = self.narrator.hear(&stamped) {
            self.audience.tell(Told::Narration(narration)).await;
        }
        match stamped.event {
            Event::RunEnded(ended) => self.audience.tell(Told::Verdict(self.verdict(&ended))).await,
            Event::Phase { phase: Phase::Running { page, .. } } if self.kill == Some(page - 1) => {
                // Halfway: the answer must not come before the end does.
                tokio::time::sleep(self.scenario.options.latency / 2).await;
                process::die();
            }
            _ => {}
        }
    }

    async fn on_page(&mut self, page: &PageStored) {
        if let Some(checkpoint) = &page.checkpoint {
            self.judge(&Reach::Below(checkpoint.text().to_owned()));
        }
        if let Some(companion) = &self.companion {
            companion.step().await;
        }
    }

    /// The main walker has come to the end: the other must, too, before anything is said of it.
    async fn complete(&mut self) {
        self.judge(&Reach::Everything);
        if let Some(companion) = &self.companion {
            companion.finish().await;
        }
        while self.beside.as_ref().is_none_or(|beside| beside.state != State::Done)
            && let Some(standing) = next(&mut self.companion).await
        {
            self.on_standing(standing).await;
        }
    }

    async fn on_standing(&mut self, mut standing: Beside) {
        standing.lost_here = self.lost;
        self.audience.tell(Told::Beside(standing.clone())).await;
        if let Some(narration) = self.narrator.see(&standing) {
            self.audience.tell(Told::Narration(narration)).await;
        }
        self.beside = Some(standing);
    }

    fn judge(&mut self, reach: &Reach) {
        // A table that cannot be read is the sync's affair, which will say so.
        if let Ok(held) = beside::held(&self.table) {
            self.lost = self.lost.max(judge::lost(&self.playground.versions(), reach, &held));
        }
    }

    fn verdict(&self, ended: &RunEnded) -> Verdict {
        let Totals { retries, counts, .. } = ended.totals;
        let came = Came {
            outcome: ended.outcome,
            rows: ended.rows,
            lost: self.lost,
            repeated: counts.same + counts.stale,
            retries,
            beside: self.beside.clone(),
        };
        verdict(Utc::now(), self.scenario.expect.as_ref(), came, |trigger| self.narrator.heard(trigger))
    }
}

/// The next standing of the walker beside; `None` if there is none, or it tells no more.
async fn next(companion: &mut Option<Companion>) -> Option<Beside> {
    match companion {
        Some(companion) => companion.standing().await,
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Start;

    /// Lets a scenario run by itself, before a screen; gives the last that was told of the walker beside.
    async fn let_run(name: &str) -> Option<Beside> {
        let mut scenario = Scenario::built_in(name).unwrap().unwrap();
        scenario.options.latency = Duration::ZERO;
        let (screen, mut events) = broadcast::channel(256);
        let scratch = Scratch::new().unwrap();
        let folder = scratch.path().to_owned();
        let (audience, mut told) = Audience::screen(screen);
        let rehearsal = Rehearsal::open(&scenario, scratch, audience).await.unwrap();
        rehearsal.commands.send(Command::Run(Start::Token)).await.unwrap();
        let verdict = loop {
            match told.recv().await.unwrap() {
                Told::Narration(_) | Told::Beside(_) => {}
                Told::Verdict(verdict) => break verdict,
            }
        };
        assert!(verdict.met, "{name}: {:?}", verdict.differs);
        rehearsal.commands.send(Command::Stop).await.unwrap();
        rehearsal.close().await.unwrap();
        assert!(!folder.exists());
        let mut ended = false;
        while let Ok(stamped) = events.recv().await {
            ended |= matches!(stamped.event, Event::RunEnded(_));
        }
        assert!(ended, "{name}");
        verdict.came.beside
    }

    #[tokio::test]
    async fn what_runs_by_itself_tells_the_same_story() {
        for name in ["basics", "disorder"] {
            assert_eq!(let_run(name).await, None);
        }
        let ties = let_run("ties").await.unwrap();
        assert_eq!((ties.state, ties.pages, ties.lost), (State::Done, 4, 20));
        let growing = let_run("growing").await.unwrap();
        assert_eq!((growing.state, growing.pages, growing.lost, growing.repeated), (State::Done, 5, 27, 20));
    }
}
