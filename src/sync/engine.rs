//! One run, from its first request to its end.
//!
//! At most one request of a lane is on the wire. It is sent as soon as the answer before it has shown where to go on,
//! while that answer's rows are still being decoded and written; it is dropped if the rows say otherwise. Whatever the
//! run does, it listens: a command takes effect at once in a wait, and after the page in flight otherwise.

mod failed;
mod failure;
mod flight;
mod pace;
mod page;
mod phase;
mod traffic;
mod width;

use std::collections::VecDeque;
use std::time::Duration;

use chrono::Utc;
use tokio::time::{Instant, sleep_until};

use self::flight::{Flight, Wire};
use self::pace::Pace;
use self::page::{Pending, Told};
use self::traffic::Traffic;
use self::width::Width;
use super::command::Command;
use super::event::{Event, LanesUsed, Level, Notice, NoticeKind, Phase, RunEnded, RunStarted};
use super::{After, Sync, offered, words};
use crate::destination::{DestinationError, Ending, NewRun};
use crate::record::Cursor;
use crate::run::{Outcome, Seams, Start, Totals};
use crate::walk::lanes::Lanes;
use crate::walk::{End, Request};

/// How many bytes of pages may wait for their commit, beside those that are being stored, before no more are asked for.
const QUEUE: u64 = 10 << 20;

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
    lanes: Lanes,
    width: Width,
    pace: Pace,
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
    traffic: Traffic,
    pending: VecDeque<Pending>,
    /// What the pages weigh that wait for a commit.
    queued: u64,
    /// The same with those that are being committed.
    unstored: u64,
    /// The lanes whose answers have come and are not read yet.
    unread: Vec<u32>,
    /// True once the end of a body said something else of the next request than the body.
    misled: bool,
    /// The largest weight of a page so far.
    largest: u64,
    /// The checkpoint and the number of rows in the table, as of the last page that is stored.
    known: (Option<Cursor>, u64),
    /// Why nothing more is asked for; the run ends when everything is stored.
    ending: Option<(End, Option<String>)>,
    phase: Phase,
    told: Told,
    /// Since when it holds, if it does.
    paused: Option<Instant>,
    /// True once several lanes were told of: then it is told as well that there is one.
    told_lanes: bool,
    lanes_used: LanesUsed,
    /// What is to be said of a source that has nothing at the checkpoint.
    nothing_there: Option<String>,
}

impl Sync {
    /// One run to its end.
    pub(super) async fn run(&mut self, start: Start, step: bool) -> Result<After, DestinationError> {
        let stored = self.stored().await?;
        let known = (stored.checkpoint.clone(), stored.rows);
        let (walk, continued) = self.plan(start, stored)?;
        let abreast = continued.as_ref().map(|run| run.lanes.clone()).unwrap_or_default();
        let width = Width::new(self.terms.lanes);
        let pace = Pace::new(self.terms.rate, self.terms.retry.max_wait);
        let id = match &continued {
            Some(run) => {
                self.mark(run.run, None).await?;
                run.run
            }
            None => self.begin(NewRun { start, walk: walk.clone(), at: Utc::now() }).await?,
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
        if let Some(before) = &continued
            && before.walk.next() != walk.next()
            && let Some(lifetime) = self.source.contract().lifetime
        {
            let notice = words::token_expired(walk.next_page(), lifetime, walk.next().parts().1);
            self.outlet.send(Event::Notice(notice)).await;
        }
        let lanes = Lanes::new(walk, abreast, self.terms.lag);
        let run = Run {
            sync: self,
            id,
            lanes,
            width,
            pace,
            totals,
            seams: totals.seams,
            started: Instant::now(),
            elapsed_before: Duration::from_millis(totals.elapsed_ms),
            pages_here: 0,
            wish: if step { Wish::Step } else { Wish::Go },
            alone: false,
            traffic: Traffic::default(),
            pending: VecDeque::new(),
            queued: 0,
            unstored: 0,
            unread: Vec::new(),
            misled: false,
            largest: 0,
            known,
            ending: None,
            phase: Phase::Idle,
            told: Told::default(),
            paused: None,
            told_lanes: false,
            lanes_used: LanesUsed::default(),
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
            self.sync.tell_outage().await;
            self.tell_phase().await;
            let held = self.pace.hold().map(|hold| hold.at);
            tokio::select! {
                biased;
                command = self.sync.commands.next(), if !self.alone => match command {
                    Some(command) => self.obey(command).await,
                    None => {
                        self.alone = true;
                        self.leave();
                    }
                },
                word = self.sync.writer.word(), if !self.pending.is_empty() => self.on_word(word).await,
                () = self.sync.outages.changed() => {}
                landed = self.traffic.landed() => self.on_answers(landed).await,
                () = async { match held {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                } } => {}
            }
        }
    }

    /// True if nothing is under way and nothing is to be.
    fn is_holding(&self) -> bool {
        self.traffic.is_idle() && self.pending.is_empty()
    }

    /// Sends what is to be asked for, as far as it may be sent now.
    fn launch(&mut self) {
        if self.ending.is_some() {
            return;
        }
        let most = match self.wish {
            Wish::Go => self.width.now(),
            Wish::Step if self.is_holding() => 1,
            _ => return,
        };
        self.traffic.take_up_waits();
        if self.traffic.is_barred() {
            return;
        }
        self.lanes.widen_to(self.width.now());
        let free = self.lanes.asking().take(most as usize).filter(|(lane, _)| self.traffic.is_free(*lane));
        let due: Vec<_> = free.map(|(lane, request)| (lane, request.clone())).collect();
        for (lane, request) in due {
            if self.has_room() && self.pace.hold().is_none() {
                self.send(lane, request);
            }
        }
    }

    /// True if another page may be asked for: by what waits for its commit, and by the limit of pages.
    fn has_room(&self) -> bool {
        let coming = (self.unread.len() + self.traffic.wires().count()) as u64;
        // What several lanes bring at once is to have room when it comes.
        self.queued + coming.saturating_sub(1) * self.largest < QUEUE
            && self.sync.terms.max_pages.is_none_or(|most| self.pages_here + coming < most)
    }

    fn send(&mut self, lane: u32, request: Request) {
        self.totals.requests += 1;
        let since = self.lanes.asked(lane).filter(|_| self.sync.source.contract().carry).cloned();
        self.pace.on_sent();
        let traveller = self.traffic.of(lane);
        traveller.failed.asked();
        traveller.flight = Flight::Wire(Wire::send(&self.sync.source, request, since));
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Pause if self.wish == Wish::Hold => self.traffic.drop_wires(),
            Command::Pause if matches!(self.wish, Wish::Go | Wish::Step) => {
                self.wish = Wish::Hold;
                self.traffic.end_waits(true);
            }
            Command::Resume if matches!(self.wish, Wish::Hold | Wish::Step) => self.go_on(Wish::Go).await,
            Command::Step => self.go_on(Wish::Step).await,
            Command::RetryNow => {
                self.pace.forget();
                self.traffic.end_waits(false);
                self.sync.writer.waits().try_now();
            }
            Command::Stop if matches!(self.wish, Wish::Leave { .. }) => self.traffic.drop_wires(),
            Command::Stop => self.leave(),
            Command::Pause | Command::Resume | Command::Run(_) => {}
        }
    }

    /// Leaves as soon as the page on the wire is stored, or its grace is over.
    fn leave(&mut self) {
        if !matches!(self.wish, Wish::Leave { .. }) {
            self.wish = Wish::Leave { paused: self.wish == Wish::Hold && self.is_holding() };
            self.traffic.end_waits(false);
            self.traffic.give_up_after(self.sync.terms.stop_grace);
            self.sync.writer.waits().end();
        }
    }

    async fn go_on(&mut self, wish: Wish) {
        if matches!(self.wish, Wish::Leave { .. }) {
            return;
        }
        if self.phase == Phase::Paused {
            self.let_go_of_old_tokens().await;
            self.lanes.look_up();
            self.try_mark(None).await;
        }
        self.wish = wish;
    }

    /// After a pause that was longer than the source keeps a token: asks again from where nothing can be missed.
    async fn let_go_of_old_tokens(&mut self) {
        let paused = self.paused.take().map(|since| since.elapsed());
        let lifetime = self.sync.source.contract().lifetime;
        let Some(lifetime) = lifetime.filter(|lifetime| paused.is_some_and(|paused| paused >= *lifetime))
        else {
            return;
        };
        let by_token = self.lanes.asking().filter(|(_, request)| matches!(request, Request::Token(_)));
        let lanes: Vec<u32> = by_token.map(|(lane, _)| lane).collect();
        for lane in lanes {
            if self.lanes.on_token_refused(lane) {
                let from = self.lanes.next(lane).map_or("", |request| request.parts().1);
                let notice = words::token_expired(self.lanes.first().next_page(), lifetime, from);
                self.sync.outlet.send(Event::Notice(notice)).await;
            }
        }
    }

    /// Notes how the run stands; a failure to is the run's.
    async fn try_mark(&mut self, outcome: Option<Outcome>) {
        if let Err(error) = self.sync.mark(self.id, outcome).await {
            self.fail(words::destination(&error));
        }
    }

    fn fail(&mut self, text: String) {
        self.traffic.clear();
        self.ending = Some((End::Error, Some(text)));
    }

    /// True if a later run can go on with this one after such an end.
    fn is_resumable(&self, end: &End) -> bool {
        // Out of order, the checkpoint may have passed rows that are still to come: only this run knows where to begin.
        self.lanes.first().is_held() || matches!(end, End::Paused | End::Limit | End::Stopped | End::Error)
    }

    async fn finish(mut self) -> After {
        let Some((end, detail)) = self.ending.take() else { return After::Rest };
        let outcome = outcome(&end);
        let text = words::end(&end, self.lanes.first().page(), &self.sync.terms, detail);
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
        if let Err(error) = self.sync.end(ending).await {
            let error = words::destination(&error);
            let text = format!("the end of the run could not be written down: {error}");
            let notice = Notice { level: Level::Warning, kind: NoticeKind::Housekeeping, text };
            self.sync.outlet.send(Event::Notice(notice)).await;
        }
        let (checkpoint, rows, unfinished, lost) = match self.sync.stored().await {
            Ok(stored) => {
                let unfinished =
                    offered(&stored, self.sync.terms.lag, &self.sync.source.contract().beginning());
                (stored.checkpoint, stored.rows, unfinished, stored.lost)
            }
            // Whatever is the matter there: what was stored, is stored.
            Err(_) => (self.known.0, self.known.1, None, None),
        };
        let mut attention =
            words::attention(&end, &text, &self.totals, self.lanes.first().mode(), self.sync.writer.beside());
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
            lanes: self.told_lanes.then_some(self.lanes_used),
            checkpoint,
            rows,
            reads_all: self.sync.source.contract().since.is_none(),
            attention,
            extra: (self.totals.counts.extra > 0).then(|| self.sync.writer.beside().extra.clone()),
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
