//! The shell around the walk: fetch, commit, retry, obey commands, tell what happened.
//!
//! A [`Sync`] owns a source and a destination, and serves an operator until it is told to stop. It begins the first
//! run when it is told to, and later ones on its own only where its terms say how often. It knows nothing of screens: it takes
//! [`command::Command`]s and sends [`event::Event`]s.

pub mod command;
mod engine;
pub mod event;
mod listen;
pub mod outlet;
pub mod recorder;
mod schedule;
mod words;
mod writer;

use std::time::Duration;

use chrono::Utc;
use rand::rngs::StdRng;
use rand::{SeedableRng as _, make_rng};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::command::Command;
use self::event::{Event, Level, Notice, NoticeKind, Opened, Unfinished};
use self::listen::{Commands, Outages};
use self::outlet::Outlet;
use self::schedule::Schedule;
use self::writer::Writer;
use crate::destination::{Destination, DestinationError, Stored, StoredRun};
use crate::record::Cursor;
use crate::run::{Outcome, Start};
use crate::source::Source;
use crate::source::retry::{Policy, Rate};
use crate::walk::{Mode, Request, Walk};

/// How a sync goes about its work.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How runs walk.
    pub walk: Mode,
    /// Whether a token that comes with an empty page is followed.
    pub follow_empty: bool,
    /// How many pages in a row may bring nothing new.
    pub patience: u32,
    /// How far below the checkpoint a run from it begins: rows that the source stamped earlier than it showed them
    /// are asked for once more. The checkpoint itself is never set back.
    pub lag: Duration,
    /// How many lanes a run has at most; `None` for as many as turn out to be of use.
    pub lanes: Option<u32>,
    /// Pages after which a run is left, if any.
    pub max_pages: Option<u64>,
    /// How long after the start of a run the next one begins by itself, if it does.
    pub every: Option<Duration>,
    /// How many requests may be sent in a time, if that is limited.
    pub rate: Option<Rate>,
    /// How failures are retried.
    pub retry: Policy,
    /// How long a stop waits for the page on the wire.
    pub stop_grace: Duration,
    /// How many rows of each page the events carry; 0 unless someone looks.
    pub show: usize,
}

/// A source, a destination, and what goes on between them.
#[derive(Debug)]
pub struct Sync {
    source: Source,
    source_name: String,
    writer: Writer,
    terms: Terms,
    outlet: Outlet,
    commands: Commands,
    outages: Outages,
    /// What spreads the waits between attempts.
    luck: StdRng,
}

/// What a sync leaves to the machine unless it is told otherwise: whether the destination has a thread of its own,
/// and chance. With both given, the same source has the same history each time.
#[derive(Clone, Copy, Debug)]
pub struct InStep {
    /// How long a commit takes, by the runtime's clock.
    pub commit: Duration,
    /// Where the chance in waits comes from.
    pub seed: u64,
}

/// What the operator wants after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The next one, when it is due.
    Rest,
    /// The next one when he says so: he was holding or stepping this one.
    Hold,
    /// None.
    Leave,
}

impl Sync {
    /// A sync that serves the given commands. `source_name` is how a person calls the source.
    #[must_use]
    pub fn new(
        (source, source_name): (Source, String),
        destination: Box<dyn Destination>,
        terms: Terms,
        outlet: Outlet,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        Self::with((source, source_name), Writer::start(destination), terms, outlet, commands, make_rng())
    }

    /// A sync that leaves nothing to threads and to chance, for tests under a clock of their own.
    #[must_use]
    pub fn in_step(
        (source, source_name): (Source, String),
        destination: Box<dyn Destination>,
        terms: Terms,
        outlet: Outlet,
        commands: mpsc::Receiver<Command>,
        step: InStep,
    ) -> Self {
        let (writer, luck) = (Writer::in_step(destination, step.commit), StdRng::seed_from_u64(step.seed));
        Self::with((source, source_name), writer, terms, outlet, commands, luck)
    }

    fn with(
        (source, source_name): (Source, String),
        writer: Writer,
        terms: Terms,
        outlet: Outlet,
        commands: mpsc::Receiver<Command>,
        luck: StdRng,
    ) -> Self {
        let (outages, commands) = (Outages::of(&writer), Commands::new(commands));
        Self { source, source_name, writer, terms, outlet, commands, outages, luck }
    }

    /// Serves until [`Command::Stop`], or until nobody can command any more. `found` is what was noticed
    /// when the destination was opened, if anything was: that is told first of all.
    ///
    /// # Errors
    /// If the destination cannot be read or a run cannot begin; a run that fails is told as an event, and is none.
    pub async fn serve(mut self, found: Option<String>) -> Result<(), DestinationError> {
        let served = self.serve_runs(found).await;
        self.outlet.end_recording().await;
        served
    }

    async fn serve_runs(&mut self, found: Option<String>) -> Result<(), DestinationError> {
        let stored = self.stored().await?;
        let opened = self.opened(stored);
        self.outlet.send(Event::Opened(opened)).await;
        if let Some(text) = found {
            let notice = Notice { level: Level::Info, kind: NoticeKind::Housekeeping, text };
            self.outlet.send(Event::Notice(notice)).await;
        }
        if self.source.is_readable_on_the_way() {
            self.outlet.send(Event::Notice(words::plain_http())).await;
        }
        for notice in words::contract(self.source.contract()) {
            self.outlet.send(Event::Notice(notice)).await;
        }
        let mut schedule = Schedule::None;
        while let Some((start, step)) = self.next(&mut schedule).await {
            let began = Instant::now();
            let after = match self.run(start, step).await {
                // A stop ended the wait for the destination before the run began.
                Err(error) if self.writer.waits().were_ended(Duration::ZERO) => {
                    self.outlet.send(Event::Notice(words::given_up(&error))).await;
                    break;
                }
                after => after?,
            };
            if after == After::Leave {
                break;
            }
            schedule = Schedule::after(self.terms.every, began, after);
        }
        Ok(())
    }

    /// How the next run begins, once it is due or asked for; `None` if there will be none.
    async fn next(&mut self, schedule: &mut Schedule) -> Option<(Start, bool)> {
        let mut told = None;
        loop {
            let phase = schedule.phase();
            if let Some(phase) = phase.clone().filter(|_| phase != told) {
                self.outlet.send(Event::Phase { phase }).await;
            }
            told = phase;
            let command = tokio::select! {
                biased;
                command = self.commands.next() => command?,
                () = schedule.due() => return Some((Start::Token, false)),
            };
            match command {
                Command::Run(start) => return Some((start, false)),
                Command::Step => return Some((Start::Token, true)),
                Command::RetryNow if *schedule != Schedule::None => return Some((Start::Token, false)),
                Command::Stop => return None,
                Command::Pause => schedule.hold(),
                Command::Resume => schedule.resume(),
                Command::RetryNow => {}
            }
        }
    }

    fn opened(&self, stored: Stored) -> Opened {
        let unfinished = offered(&stored, self.terms.lag, &self.source.contract().beginning());
        Opened {
            source: self.source_name.clone(),
            destination: self.writer.name().to_owned(),
            method: self.source.contract().method.word().to_owned(),
            walk: self.terms.walk,
            checkpoint: stored.checkpoint,
            checkpoint_at: stored.checkpoint_at,
            rows: stored.rows,
            oldest: stored.oldest,
            plain_http: self.source.is_readable_on_the_way(),
            unfinished,
            lost: stored.lost,
        }
    }

    /// The walk of a run that is about to start, and the run that it goes on with, if it does.
    fn plan(&self, start: Start, stored: Stored) -> Result<(Walk, Option<StoredRun>), DestinationError> {
        let beginning = self.source.contract().beginning();
        let Terms { walk: mode, follow_empty, patience, lag, .. } = self.terms;
        let checkpoint = stored.checkpoint;
        if let Some(run) = stored.unreadable.filter(|_| start != Start::Full) {
            return Err(DestinationError::Refused(format!(
                "run {run} was left unfinished by another version of highwater, and only that one can go on with \
                 it; to give it up, read everything again with --resume full"
            )));
        }
        let asks = self.source.contract().since.is_some();
        let Some(run) = stored.unfinished else {
            let from = checkpoint.as_ref().filter(|_| asks && start != Start::Full);
            let from =
                from.map_or_else(|| beginning.clone(), |checkpoint| checkpoint.earlier(lag, &beginning));
            let walk = Walk::new(mode, follow_empty, from, checkpoint).patient_for(patience);
            return Ok((self.by_contract(walk), None));
        };
        let from = match start {
            // It ended out of order, and unexplained: to ask the same again would bring the same end.
            Start::Token if run.outcome == Some(Outcome::Complete) => run.walk.restart().clone(),
            Start::Token if run.walk.mode() == mode => {
                let mut walk = run.walk.clone();
                if self.is_stale(&run) {
                    walk.on_token_refused();
                }
                return Ok((walk, Some(run)));
            }
            _ if !asks => beginning,
            Start::Token => run.walk.reached().clone(),
            Start::Checkpoint => run.walk.restart().earlier(lag, &beginning),
            Start::Full => beginning,
        };
        let walk = run.walk.anew(mode, follow_empty, from, checkpoint).patient_for(patience);
        Ok((self.by_contract(walk), None))
    }

    /// True if an unfinished run is to go on with a token that has outlived what the source keeps one for.
    fn is_stale(&self, run: &StoredRun) -> bool {
        let given =
            run.token.as_ref().map(|(_, at)| *at).filter(|_| matches!(run.walk.next(), Request::Token(_)));
        let lifetime = self.source.contract().lifetime;
        let age = given.and_then(|at| (Utc::now() - at).to_std().ok());
        age.zip(lifetime).is_some_and(|(age, lifetime)| age >= lifetime)
    }

    /// A new walk, as the source's order bears it.
    fn by_contract(&self, walk: Walk) -> Walk {
        let contract = self.source.contract();
        let walk = if contract.token.is_counted() { walk.stepping_within() } else { walk };
        if contract.goes_by_cursor() { walk } else { walk.unordered() }
    }
}

/// The unfinished run, if it makes a difference: one that stored no page and asks for what any new run asks for
/// is not worth a question.
fn offered(stored: &Stored, lag: Duration, beginning: &Cursor) -> Option<Unfinished> {
    let run = stored.unfinished.as_ref()?;
    let afresh = match (run.walk.next(), &stored.checkpoint) {
        (Request::Since(cursor), Some(checkpoint)) => *cursor == checkpoint.earlier(lag, beginning),
        (Request::Since(_), None) => true,
        (Request::Token(_), _) => false,
    };
    (run.totals.pages > 0 || !afresh).then(|| run.clone().into())
}

impl From<StoredRun> for Unfinished {
    fn from(run: StoredRun) -> Self {
        let (token, token_at) = run.token.unzip();
        Self {
            run: run.run,
            started_at: run.started_at,
            outcome: run.outcome,
            pages: run.totals.pages,
            next: run.walk.next().clone(),
            token,
            token_at,
        }
    }
}
