//! One run, from its first request to its end.
//!
//! At most one request is on the wire. It is sent as soon as the answer before it has shown where to go on, while
//! that answer's rows are still being decoded and written; it is dropped if the rows say otherwise. Whatever the run
//! does, it listens: a command takes effect at once in a wait, and after the page in flight otherwise.

mod failed;
mod flight;
mod page;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::Utc;
use rand::RngExt as _;
use tokio::time::Instant;

use self::failed::Failed;
use self::flight::{Flight, Wait, Wire};
use self::page::{Pending, Told};
use super::command::Command;
use super::event::{Event, Level, Notice, NoticeKind, Phase, RunEnded, RunStarted};
use super::{After, Sync, offered, words};
use crate::destination::{DestinationError, Ending, NewRun};
use crate::record::Cursor;
use crate::run::{Outcome, Seams, Start, Totals};
use crate::source::Failure;
use crate::walk::{End, Request, Walk};

/// How many bytes of pages may wait for their commit before no more are asked for.
const QUEUE: u64 = 4 << 20;

/// What the operator wants of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Go,
    /// One page, then hold.
    Step,
    Hold,
    /// Hold, then leave; `paused` if it held already when the operator left.
    Leave {
        paused: bool,
    },
}

/// A run under way.
struct Run<'a> {
    sync: &'a mut Sync,
    id: i64,
    walk: Walk,
    /// As of the last page that is stored.
    totals: Totals,
    /// The seams that ask for attention, those of pages that are not stored yet included.
    seams: Seams,
    started: Instant,
    elapsed_before: Duration,
    pages_here: u64,
    wish: Wish,
    /// True once nobody can command any more.
    alone: bool,
    flight: Flight,
    /// The wait that a pause interrupted: what is left of it is due before the next request.
    owed: Option<Wait>,
    /// Failed attempts at the page that is asked for.
    failed: Failed,
    pending: VecDeque<Pending>,
    queued: u64,
    /// The checkpoint and the number of rows in the table, as of the last page that is stored.
    known: (Option<Cursor>, u64),
    /// Why nothing more is asked for; the run ends when everything is stored.
    ending: Option<(End, Option<String>)>,
    phase: Phase,
    told: Told,
    /// What is to be said of a source that has nothing at the checkpoint.
    nothing_there: Option<String>,
}

impl Sync {
    /// One run to its end.
    pub(super) async fn run(&mut self, start: Start, step: bool) -> Result<After, DestinationError> {
        let stored = self.writer.stored().await?;
        let known = (stored.checkpoint.clone(), stored.rows);
        let (walk, continued) = self.plan(start, stored)?;
        let id = match &continued {
            Some(run) => {
                self.writer.mark(run.run, None).await?;
                run.run
            }
            None => self.writer.begin(NewRun { start, walk: walk.clone(), at: Utc::now() }).await?,
        };
        let totals = continued.as_ref().map(|run| run.totals).unwrap_or_default();
        let started = Event::RunStarted(RunStarted {
            run: id,
            start,
            continued: continued.is_some(),
            walk: walk.mode(),
            first: walk.next().clone(),
            checkpoint: walk.checkpoint().cloned(),
            totals,
        });
        self.outlet.send(started).await;
        let run = Run {
            sync: self,
            id,
            walk,
            totals,
            seams: totals.seams,
            started: Instant::now(),
            elapsed_before: Duration::from_millis(totals.elapsed_ms),
            pages_here: 0,
            wish: if step { Wish::Step } else { Wish::Go },
            alone: false,
            flight: Flight::None,
            owed: None,
            failed: Failed::default(),
            pending: VecDeque::new(),
            queued: 0,
            known,
            ending: None,
            phase: Phase::Idle,
            told: Told::default(),
            nothing_there: None,
        };
        Ok(run.until_the_end().await)
    }
}

impl Run<'_> {
    async fn until_the_end(mut self) -> After {
        loop {
            self.launch();
            if self.ending.is_some() && self.pending.is_empty() {
                return self.finish().await;
            }
            if let Wish::Leave { paused } = self.wish
                && self.is_holding()
            {
                self.ending = Some((if paused { End::Paused } else { End::Stopped }, None));
                continue;
            }
            self.tell_phase().await;
            tokio::select! {
                biased;
                command = self.sync.commands.recv(), if !self.alone => match command {
                    Some(command) => self.obey(command).await,
                    None => {
                        self.alone = true;
                        self.leave();
                    }
                },
                group = self.sync.writer.group(), if !self.pending.is_empty() => self.on_group(group).await,
                outcome = self.flight.outcome() => match outcome {
                    Some(answer) => self.on_answer(answer).await,
                    None => self.flight = Flight::None,
                },
            }
        }
    }

    /// True if nothing is under way and nothing is to be.
    fn is_holding(&self) -> bool {
        matches!(self.flight, Flight::None) && self.pending.is_empty()
    }

    /// Sends the next request, if one may be sent now.
    fn launch(&mut self) {
        let free = matches!(self.flight, Flight::None) && self.ending.is_none() && self.queued < QUEUE;
        match self.wish {
            Wish::Go if free => {}
            Wish::Step if free && self.pending.is_empty() => {}
            _ => return,
        }
        match self.owed.take().filter(Wait::is_pending) {
            Some(wait) => self.flight = Flight::Wait(wait),
            None => self.send(self.walk.next().clone()),
        }
    }

    fn send(&mut self, request: Request) {
        self.totals.requests += 1;
        self.failed.asked();
        self.flight = Flight::Wire(Wire::send(&self.sync.source, request));
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Pause if self.wish == Wish::Hold => self.drop_wire(),
            Command::Pause if matches!(self.wish, Wish::Go | Wish::Step) => {
                self.wish = Wish::Hold;
                self.owed = self.flight.end_wait().or(self.owed.take());
            }
            Command::Resume if matches!(self.wish, Wish::Hold | Wish::Step) => self.go_on(Wish::Go).await,
            Command::Step => self.go_on(Wish::Step).await,
            Command::RetryNow => {
                self.flight.end_wait();
                self.owed = None;
            }
            Command::Stop if matches!(self.wish, Wish::Leave { .. }) => self.drop_wire(),
            Command::Stop => self.leave(),
            Command::Pause | Command::Resume | Command::Run(_) => {}
        }
    }

    /// Leaves as soon as the page on the wire is stored, or its grace is over.
    fn leave(&mut self) {
        if !matches!(self.wish, Wish::Leave { .. }) {
            self.wish = Wish::Leave { paused: self.wish == Wish::Hold && self.is_holding() };
            self.flight.end_wait();
            self.flight.give_up_after(self.sync.terms.stop_grace);
        }
    }

    async fn go_on(&mut self, wish: Wish) {
        if matches!(self.wish, Wish::Leave { .. }) {
            return;
        }
        if self.phase == Phase::Paused {
            self.walk.look_up();
            self.try_mark(None).await;
        }
        self.wish = wish;
    }

    /// Notes how the run stands; a failure to is the run's.
    async fn try_mark(&mut self, outcome: Option<Outcome>) {
        if let Err(error) = self.sync.writer.mark(self.id, outcome).await {
            self.fail(words::destination(&error));
        }
    }

    fn drop_wire(&mut self) {
        if matches!(self.flight, Flight::Wire(_)) {
            self.flight = Flight::None;
        }
    }

    fn fail(&mut self, text: String) {
        self.flight = Flight::None;
        self.ending = Some((End::Error, Some(text)));
    }

    async fn on_failure(&mut self, request: &Request, failure: Failure) {
        let page = self.walk.next_page();
        if matches!(request, Request::Token(_)) && failure.may_mean_token() && self.walk.on_token_refused() {
            self.failed = Failed::default();
            let notice = words::token_refused(page, &failure, self.walk.reached().text());
            self.sync.outlet.send(Event::Notice(notice)).await;
            return;
        }
        self.failed.add(&failure);
        let failed = self.failed.attempts();
        let policy = &self.sync.terms.retry;
        let asked = failure.retry_after();
        let patient = asked.is_none_or(|wait| wait <= policy.max_wait);
        if !failure.is_retryable() || failed >= policy.attempts || !patient {
            let address = self.sync.source.shown(request);
            let mut text = words::failure(page, &address, &failure, failed);
            if let Some(wait) = asked.filter(|_| !patient) {
                text.push_str(&format!(
                    " (it asks to be left alone for {} s, more than max_wait)",
                    wait.as_secs()
                ));
            }
            self.fail(text);
            return;
        }
        self.totals.retries += 1;
        let own = policy.backoff(failed, self.sync.luck.random());
        let wait = asked.unwrap_or(own);
        let goes_on = matches!(self.wish, Wish::Go | Wish::Step);
        let notice = words::retry(page, &failure, failed, policy.attempts, goes_on.then_some(wait));
        self.sync.outlet.send(Event::Notice(notice)).await;
        let wait = Wait::new(wait, &failure);
        // A pause asked for while the request was on the wire holds here, with nothing on the wire.
        if goes_on {
            self.flight = Flight::Wait(wait);
        } else {
            self.owed = Some(wait);
        }
    }

    async fn tell_phase(&mut self) {
        let phase = match (&self.flight, self.wish) {
            (Flight::Wire(wire), Wish::Go | Wish::Step) => {
                Phase::Running { page: self.walk.next_page(), deadline: wire.deadline }
            }
            (Flight::Wire(wire), Wish::Hold) => Phase::Pausing { deadline: Some(wire.deadline) },
            (Flight::Wire(wire), Wish::Leave { .. }) => Phase::Stopping { deadline: Some(wire.gives_up()) },
            (Flight::Wait(wait), _) => Phase::Waiting {
                reason: wait.reason.clone(),
                page: self.walk.next_page(),
                attempt: self.failed.attempts(),
                attempts: self.sync.terms.retry.attempts,
                until: wait.until,
                budget: wait.budget,
            },
            // What is left of a run that ends is told by its end.
            (Flight::None, _) if self.ending.is_some() => return,
            (Flight::None, Wish::Hold) if self.pending.is_empty() => Phase::Paused,
            (Flight::None, Wish::Hold) => Phase::Pausing { deadline: None },
            (Flight::None, Wish::Leave { .. }) => Phase::Stopping { deadline: None },
            (Flight::None, Wish::Go | Wish::Step) if self.queued >= QUEUE => self.storing(),
            (Flight::None, Wish::Go | Wish::Step) => return,
        };
        if phase == self.phase {
            return;
        }
        if phase == Phase::Paused {
            self.try_mark(Some(Outcome::Paused)).await;
        }
        self.phase = phase.clone();
        self.sync.outlet.send(Event::Phase { phase }).await;
    }

    /// The wait for a destination that is slower than the source.
    fn storing(&self) -> Phase {
        let since = match self.phase {
            Phase::Storing { since, .. } => since,
            _ => Utc::now(),
        };
        Phase::Storing { pages: self.pending.len() as u64, since }
    }

    /// True if a later run can go on with this one after such an end.
    fn is_resumable(&self, end: &End) -> bool {
        // Out of order, the checkpoint may have passed rows that are still to come: only this run knows where to begin.
        self.walk.is_held() || matches!(end, End::Paused | End::Limit | End::Stopped | End::Error)
    }

    async fn finish(mut self) -> After {
        let Some((end, detail)) = self.ending.take() else { return After::Rest };
        let outcome = outcome(&end);
        let text = words::end(&end, self.walk.page(), &self.sync.terms, detail);
        self.totals.elapsed_ms = self.elapsed_ms();
        let resumable = self.is_resumable(&end);
        let ending = Ending {
            run: self.id,
            outcome,
            end: end.clone(),
            text: text.clone(),
            totals: self.totals,
            resumable,
            at: Utc::now(),
        };
        if let Err(error) = self.sync.writer.end(ending).await {
            let error = words::destination(&error);
            let text = format!("the end of the run could not be written down: {error}");
            let notice = Notice { level: Level::Warning, kind: NoticeKind::Housekeeping, text };
            self.sync.outlet.send(Event::Notice(notice)).await;
        }
        let (checkpoint, rows, unfinished, lost) = match self.sync.writer.stored().await {
            Ok(stored) => {
                let unfinished = offered(&stored, self.sync.terms.lag);
                (stored.checkpoint, stored.rows, unfinished, stored.lost)
            }
            // Whatever is the matter there: what was stored, is stored.
            Err(_) => (self.known.0, self.known.1, None, None),
        };
        let mut attention = words::attention(&end, &text, &self.totals, self.walk.mode());
        attention.extend(self.nothing_there.take());
        // What this run alone may have lost is said above.
        attention.extend(lost.filter(|lost| lost.first != self.id).map(|lost| lost.sentence()));
        self.sync.outlet.send(Event::Phase { phase: Phase::Ended { outcome } }).await;
        let ended = RunEnded {
            run: self.id,
            outcome,
            end,
            text,
            totals: self.totals,
            checkpoint,
            rows,
            attention,
            unfinished,
            lost,
        };
        self.sync.outlet.send(Event::RunEnded(Box::new(ended))).await;
        match self.wish {
            Wish::Go => After::Rest,
            Wish::Step | Wish::Hold => After::Hold,
            Wish::Leave { .. } => After::Leave,
        }
    }

    fn elapsed_ms(&self) -> u64 {
        millis(self.elapsed_before + self.started.elapsed())
    }
}

fn outcome(end: &End) -> Outcome {
    match end {
        End::Exhausted | End::Ceiling | End::EmptyPage { .. } | End::NoData => Outcome::Complete,
        End::Paused => Outcome::Paused,
        End::Limit | End::Stopped => Outcome::Stopped,
        End::Loop { .. } | End::Stalled { .. } | End::NotAnchorable | End::Error => Outcome::Failed,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
