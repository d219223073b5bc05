//! A page's way through a run: from the answer to the writer, and from the commit to the event that tells of it.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use super::flight::{Flight, Landed};
use super::{QUEUE, Run, Wish, millis, outcome};
use crate::destination::{Batch, DestinationError};
use crate::kill_point::KillPoint;
use crate::record::{Page, Row, Schema};
use crate::run::{Counts, Outcome, Seams, Totals};
use crate::source::decode::Envelope;
use crate::source::glimpse::glimpse;
use crate::source::{Answer, Failure};
use crate::sync::event::{Event, Notice, PageStored};
use crate::sync::words;
use crate::sync::writer::{Group, Word};
use crate::text;
use crate::walk::lanes::LanesTold;
use crate::walk::{End, Finding, Next, Request};

/// What a page weighs in the queue besides its body, so that a great many small ones are bounded too.
const OVERHEAD: u64 = 4 << 10;

/// A page that was handed to the writer, and what is to be told once it is stored.
#[derive(Debug)]
pub(super) struct Pending {
    stored: PageStored,
    weight: u64,
    notices: Vec<Notice>,
    moved: bool,
    /// The run's seams up to and including this page.
    seams: Seams,
    /// The lanes after it, where there are several, or were.
    lanes: Option<LanesTold>,
}

/// What is told once a run.
#[derive(Default)]
pub(super) struct Told {
    extra: bool,
    covered: bool,
    stale: bool,
}

impl Run<'_> {
    /// Takes in the answers that are there. Of all of them it is first looked where they go on, so that no lane's next
    /// request waits until the rows of the others are read.
    pub(super) async fn on_answers(&mut self, landed: Vec<(u32, Landed)>) {
        self.unread = landed.iter().map(|(lane, _)| *lane).collect();
        // A body is shared, not copied.
        let body =
            |landed: &Landed| landed.answer.as_ref().map(|answer| answer.body.clone()).unwrap_or_default();
        let bodies: Vec<_> = landed.iter().map(|(_, landed)| body(landed)).collect();
        for ((lane, landed), body) in landed.iter().zip(&bodies) {
            if let Ok(answer) = &landed.answer {
                let on_the_wire = self.traffic.wires().count() as u64;
                self.pace.on_budget(answer.exchange.budget.as_ref(), on_the_wire);
                self.glimpse(*lane, body);
            }
        }
        // A task that was just spawned runs on this thread, as soon as this one gives way: what was sent ahead gets on the
        // wire before anything is read.
        tokio::task::yield_now().await;
        let mut read = Vec::with_capacity(landed.len());
        for ((lane, Landed { request, sent, answer }), body) in landed.into_iter().zip(&bodies) {
            let begun = Instant::now();
            let answer =
                answer.and_then(|answer| match self.read(lane, body, &request, answer.next.as_deref()) {
                    Ok(envelope) => Ok((answer, envelope)),
                    Err(failure) => {
                        self.traffic.of(lane).flight = Flight::None;
                        Err(self.sync.source.cover(failure))
                    }
                });
            read.push((lane, (request, sent), answer, begun.elapsed()));
        }
        // The same for what only the envelopes told.
        tokio::task::yield_now().await;
        for (lane, (request, sent), answer, took) in read {
            self.unread.retain(|it| *it != lane);
            // What nobody asks for any more, by what has just been read.
            if self.ending.is_some() || self.lanes.next(lane) != Some(&request) {
                self.traffic.keep(&self.lanes, &self.unread);
                continue;
            }
            match answer {
                Ok(answer) => self.on_answer(lane, request, answer, took),
                Err(failure) => self.on_failure(lane, (request, sent), failure).await,
            }
        }
    }

    /// Reads an answer's outer shape, and sends the lane's next request if that tells it.
    fn read<'b>(
        &mut self,
        lane: u32,
        body: &'b [u8],
        request: &Request,
        head: Option<&str>,
    ) -> Result<Envelope<'b>, Failure> {
        let source = &self.sync.source;
        let envelope = Envelope::read(source.contract(), body, source.limits())?.with_next(request, head)?;
        self.look_ahead(lane, &envelope);
        Ok(envelope)
    }

    fn on_answer(
        &mut self,
        lane: u32,
        request: Request,
        (answer, envelope): (Answer, Envelope<'_>),
        took: Duration,
    ) {
        // Before anything of it is stored.
        if self.pages_here == 0 && self.lanes.first().is_ahead_of(answer.now) {
            return self.fail(words::gone_back(self.lanes.first().reached(), &answer));
        }
        let begun = Instant::now();
        let page = envelope.into_page();
        KillPoint::AfterDecode.pass();
        self.on_page(lane, request, page, answer, millis(took + begun.elapsed()));
    }

    /// Sends a lane's next request by what the end of a body shows, before anything of it is read. A source whose bodies
    /// mislead once is not glimpsed at again.
    fn glimpse(&mut self, lane: u32, body: &[u8]) {
        if self.misled {
            return;
        }
        if let Some((token, last)) = glimpse(self.sync.source.contract(), body) {
            let request = self.lanes.predict(lane, Some(&token), Some(&last));
            self.send_ahead(lane, request);
        }
    }

    /// Sends a lane's next request as soon as the envelope tells what it will most likely be, unless the end of the body
    /// told it.
    fn look_ahead(&mut self, lane: u32, envelope: &Envelope<'_>) {
        // Without rows the run most likely ends here, whatever token came along.
        let last = if envelope.is_empty() { None } else { envelope.last_cursor() };
        let token = envelope.token.as_deref().filter(|_| !envelope.is_empty());
        let request = self.lanes.predict(lane, token, last.as_ref());
        let glimpsed = self.traffic.wire(lane).map(|wire| wire.request().parts());
        if let Some(glimpsed) = glimpsed {
            if request.as_ref().map(Request::parts) == Some(glimpsed) {
                return;
            }
            self.misled = true;
            self.traffic.of(lane).flight = Flight::None;
        }
        self.send_ahead(lane, request);
    }

    fn send_ahead(&mut self, lane: u32, request: Option<Request>) {
        if let Some(request) = request
            && self.wish == Wish::Go
            && self.has_room()
            && !self.traffic.is_barred()
            && self.pace.hold().is_none()
        {
            self.send(lane, request);
        }
    }

    fn on_page(&mut self, lane: u32, request: Request, page: Page, answer: Answer, decode_ms: u64) {
        let opens = self.lanes.opens(lane);
        self.width.on_answer(self.unstored < QUEUE / 4);
        self.lanes.widen_to(self.width.now());
        let step = self.lanes.on_page(lane, &page, answer.now);
        self.pages_here += 1;
        if self.wish == Wish::Step {
            self.wish = Wish::Hold;
        }
        let failed = std::mem::take(&mut self.traffic.of(lane).failed);
        let end = self.go_by(step.next);
        let mut notices = self.notices(step.page, &step.findings, &page);
        if answer.covered && !std::mem::replace(&mut self.told.covered, true) {
            notices.push(words::credential_sent_back(step.page));
        }
        let future = step.findings.iter().map(|finding| match finding {
            Finding::Future(rows, _) => *rows,
            _ => 0,
        });
        let (retries, reasons) = failed.into_reasons();
        let (walk, lanes) = self.lanes.snapshot();
        let batch = Batch {
            run: self.id,
            page: step.page,
            lane,
            opens,
            request,
            rows: page.rows,
            quarantined: page.quarantined,
            token: page.token,
            at: Utc::now(),
            walk,
            lanes,
            end,
            decision: step.decision.to_string(),
            totals: Totals {
                pages: self.totals.pages + self.pending.len() as u64 + 1,
                checkpoints: self.totals.checkpoints + self.moves_pending() + u64::from(step.moved),
                elapsed_ms: self.elapsed_ms(),
                seams: self.seams,
                ..self.totals
            },
            future: future.sum(),
            wait_ms: millis(answer.wait),
            body_ms: millis(answer.reading),
            decode_ms,
            bytes: answer.body.len() as u64,
            retries,
            reasons,
            exchange: answer.exchange,
            show: self.sync.terms.show,
        };
        let weight = batch.bytes + OVERHEAD;
        self.queued += weight;
        self.unstored += weight;
        self.largest = self.largest.max(weight);
        let stored = to_be_told(&batch, self.sync.source.contract().schema);
        self.told_lanes |= self.lanes.are_several();
        let lanes = self.told_lanes.then(|| self.lanes.told(self.width.most()));
        let (moved, seams) = (step.moved, self.seams);
        let pending = Pending { stored, weight, notices, moved, seams, lanes };
        self.pending.push_back(pending);
        self.sync.writer.page(batch, weight);
    }

    /// Goes by what the walk says is next: keeps the requests that were sent ahead if they are those, or lets the run
    /// end. Gives the end if it is for good, to be stored together with the page.
    fn go_by(&mut self, next: Next) -> Option<(Outcome, End)> {
        match next {
            Next::End(why) => {
                let end = (!self.is_resumable(&why)).then(|| (outcome(&why), why.clone()));
                self.traffic.clear();
                self.ending = Some((why, None));
                return end;
            }
            Next::Ask(_) | Next::Rest
                if self.sync.terms.max_pages.is_some_and(|most| self.pages_here >= most) =>
            {
                self.traffic.clear();
                self.ending = Some((End::Limit, None));
            }
            Next::Ask(_) | Next::Rest => self.traffic.keep(&self.lanes, &self.unread),
        }
        None
    }

    fn moves_pending(&self) -> u64 {
        self.pending.iter().filter(|pending| pending.moved).count() as u64
    }

    /// What a page gives to tell, besides its rows.
    fn notices(&mut self, number: u64, findings: &[Finding], page: &Page) -> Vec<Notice> {
        let mut notices = Vec::new();
        for finding in findings {
            match finding {
                Finding::TieUnsafe(_) => self.seams.tie_unsafe += 1,
                Finding::TieSafe(_) => self.seams.tie_unsafe = self.seams.tie_unsafe.saturating_sub(1),
                Finding::TieOverflow(_) => self.seams.tie_overflow += 1,
                Finding::NotInclusive(_) => self.seams.not_inclusive += 1,
                Finding::OrderViolated { .. }
                | Finding::NothingAtCheckpoint(_)
                | Finding::Future(..)
                | Finding::OneLane(_) => {}
            }
            let notice = words::finding(number, finding, self.lanes.first().mode());
            if matches!(finding, Finding::NothingAtCheckpoint(_)) {
                self.nothing_there = Some(notice.text.clone());
            }
            notices.push(notice);
        }
        notices.extend(words::quarantined(number, &page.quarantined, self.sync.writer.beside()));
        let without = page.rows.iter().filter(|row| row.cursor.is_none()).count() as u64;
        // Where there is none by definition, nobody counts on one.
        if without > 0 && self.sync.source.contract().schema.cursor.is_some() {
            notices.push(words::no_cursor(number, without));
        }
        let extra = page.rows.iter().find_map(|row| row.extra.as_deref());
        if let Some(extra) = extra.filter(|_| !self.told.extra) {
            self.told.extra = true;
            notices.push(words::extra(number, extra, self.sync.writer.beside()));
        }
        notices
    }

    pub(super) async fn on_word(&mut self, word: Word) {
        match word {
            Word::Room(weight) => self.queued = self.queued.saturating_sub(weight),
            Word::Group(group) => self.on_group(group).await,
        }
    }

    async fn on_group(&mut self, group: Result<Group, DestinationError>) {
        let group = match group {
            Ok(group) => group,
            Err(error) => {
                self.pending.clear();
                self.fail(words::destination(&error));
                return;
            }
        };
        self.totals.commits += 1;
        for page in group.pages {
            let Some(pending) = self.pending.pop_front() else { return };
            self.unstored = self.unstored.saturating_sub(pending.weight);
            self.totals.pages += 1;
            self.totals.checkpoints += u64::from(pending.moved);
            self.totals.counts.add(&page.counts);
            self.totals.elapsed_ms = self.elapsed_ms();
            self.totals.seams = pending.seams;
            let stored = PageStored {
                counts: page.counts,
                rows: page.rows,
                shown: page.shown,
                commit_ms: millis(group.took),
                totals: self.totals,
                ..pending.stored
            };
            let number = stored.page;
            self.lanes_used.opened += u64::from(stored.opens);
            self.known = (stored.checkpoint.clone(), stored.rows);
            KillPoint::BeforeEvent.pass();
            self.sync.outlet.send(Event::Page(Box::new(stored))).await;
            if let Some(lanes) = pending.lanes {
                self.lanes_used.most = self.lanes_used.most.max(lanes.asking());
                self.sync.outlet.send(Event::Lanes(lanes)).await;
            }
            let stale = Some(page.counts.stale).filter(|stale| *stale > 0 && !self.told.stale);
            self.told.stale |= stale.is_some();
            let stale = stale.map(|rows| words::stale(number, rows));
            for notice in pending.notices.into_iter().chain(stale) {
                self.sync.outlet.send(Event::Notice(notice)).await;
            }
        }
    }
}

/// What will be told of a page once it is stored, but for what its commit brings.
fn to_be_told(batch: &Batch, schema: &Schema) -> PageStored {
    let cursor = |row: Option<&Row>| row.and_then(|row| row.cursor.clone());
    PageStored {
        run: batch.run,
        page: batch.page,
        lane: batch.lane,
        opens: batch.opens,
        request: batch.request.clone(),
        counts: Counts::default(),
        first: cursor(batch.rows.first()),
        last: cursor(batch.rows.last()),
        token: batch.token.clone(),
        wait_ms: batch.wait_ms,
        body_ms: batch.body_ms,
        decode_ms: batch.decode_ms,
        commit_ms: 0,
        bytes: batch.bytes,
        retries: batch.retries,
        reasons: batch.reasons.clone(),
        exchange: batch.exchange.clone(),
        decision: batch.decision.clone(),
        checkpoint: batch.walk.checkpoint().cloned(),
        checkpoint_held: batch.walk.is_held(),
        totals: Totals::default(),
        rows: 0,
        first_ids: batch.first_ids(schema).map(|id| text::shown(id).into_owned()).collect(),
        shown: Vec::new(),
    }
}
