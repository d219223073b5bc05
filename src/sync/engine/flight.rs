//! What a run waits for: a request on the wire, or the time of the next attempt.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::exchange::Budget;
use crate::kill_point::KillPoint;
use crate::record::Cursor;
use crate::source::{Answer, Failure, Source};
use crate::walk::Request;

/// What a run waits for.
pub(super) enum Flight {
    /// Nothing.
    None,
    /// A request on the wire.
    Wire(Wire),
    /// The time of the next attempt.
    Wait(Wait),
}

/// What became of a request on the wire.
pub(super) struct Landed {
    pub(super) request: Request,
    /// When it was sent.
    pub(super) sent: Instant,
    pub(super) answer: Result<Answer, Failure>,
}

/// A request on the wire. It ends when this is dropped.
pub(super) struct Wire {
    request: Request,
    sent: Instant,
    answer: JoinHandle<Result<Answer, Failure>>,
    /// When the request times out.
    pub(super) deadline: DateTime<Utc>,
    /// When it is dropped, if a stop is waiting for it.
    give_up: Option<(Instant, DateTime<Utc>)>,
}

/// A wait for the next attempt.
pub(super) struct Wait {
    pub(super) until: DateTime<Utc>,
    at: Instant,
    /// True if the source wants to be left alone by every lane.
    pub(super) shared: bool,
    pub(super) reason: String,
    /// What the source says of its limit.
    pub(super) budget: Option<Budget>,
}

impl Wait {
    /// A wait of that length after an attempt that failed.
    pub(super) fn new(wait: Duration, failure: &Failure) -> Self {
        Self {
            until: Utc::now() + span(wait),
            at: Instant::now() + wait,
            shared: failure.limits_requests(),
            reason: failure.to_string(),
            budget: failure.budget(),
        }
    }

    /// True if its time has not come yet.
    pub(super) fn is_pending(&self) -> bool {
        Instant::now() < self.at
    }
}

impl Wire {
    pub(super) fn send(source: &Source, request: Request, since: Option<Cursor>) -> Self {
        let deadline = Utc::now() + span(source.limits().request);
        let (source, asked) = (source.clone(), request.clone());
        let answer = tokio::spawn(async move {
            KillPoint::BeforeRequest.pass();
            let answer = source.ask(&asked, since.as_ref()).await;
            KillPoint::AfterRequest.pass();
            answer
        });
        Self { request, sent: Instant::now(), answer, deadline, give_up: None }
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// When this request is given up at the latest.
    pub(super) fn gives_up(&self) -> DateTime<Utc> {
        self.give_up.map_or(self.deadline, |(_, at)| at.min(self.deadline))
    }

    async fn outcome(&mut self) -> Option<Result<Answer, Failure>> {
        let give_up = self.give_up;
        tokio::select! {
            answer = &mut self.answer => {
                Some(answer.unwrap_or_else(|error| Err(Failure::Cut(error.to_string()))))
            }
            () = async { match give_up {
                Some((at, _)) => sleep_until(at).await,
                None => std::future::pending().await,
            } } => None,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.answer.abort();
    }
}

impl Flight {
    /// What became of it: the answer, or nothing if a wait is over or a request was given up. Never, if there is
    /// nothing to wait for. Safe to drop and call again.
    pub(super) async fn outcome(&mut self) -> Option<Landed> {
        match self {
            Self::None => std::future::pending().await,
            Self::Wire(wire) => {
                let answer = wire.outcome().await?;
                Some(Landed { request: wire.request.clone(), sent: wire.sent, answer })
            }
            Self::Wait(wait) => {
                sleep_until(wait.at).await;
                None
            }
        }
    }

    /// Ends a wait, and gives what was waited for; a request on the wire goes on.
    pub(super) fn end_wait(&mut self) -> Option<Wait> {
        match std::mem::replace(self, Self::None) {
            Self::Wait(wait) => Some(wait),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Lets a request on the wire live no longer than this.
    pub(super) fn give_up_after(&mut self, grace: Duration) {
        if let Self::Wire(wire) = self {
            wire.give_up = Some((Instant::now() + grace, Utc::now() + span(grace)));
        }
    }
}

fn span(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
