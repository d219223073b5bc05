//! What a sync hears while the destination does something that may take as long as a lost server is waited for.
//!
//! A wait for the destination is told of like any other, and a command ends it. Commands that are for a run are kept until
//! it takes them up.

use std::collections::VecDeque;

use chrono::Utc;
use tokio::sync::{mpsc, watch};

use super::command::Command;
use super::event::{Event, Phase};
use super::writer::{self, Answer, Writer};
use super::{Sync, words};
use crate::destination::outage::Outage;
use crate::destination::{DestinationError, Ending, NewRun, Stored};
use crate::run::Outcome;

/// The operator's commands, in order.
#[derive(Debug)]
pub(super) struct Commands {
    incoming: mpsc::Receiver<Command>,
    /// Those that were heard before anybody could take them up.
    kept: VecDeque<Command>,
    /// True once there will be no more.
    are_over: bool,
}

impl Commands {
    pub(super) fn new(incoming: mpsc::Receiver<Command>) -> Self {
        Self { incoming, kept: VecDeque::new(), are_over: false }
    }

    /// The next one; `None` once nobody can command any more. Safe to drop and call again.
    pub(super) async fn next(&mut self) -> Option<Command> {
        match self.kept.pop_front() {
            Some(command) => Some(command),
            None => self.incoming.recv().await,
        }
    }

    /// The same of one that comes only now, and is kept, and no more once there are none. Safe to drop and call again.
    async fn overhear(&mut self) -> Option<Command> {
        if self.are_over {
            return std::future::pending().await;
        }
        let command = self.incoming.recv().await;
        self.kept.extend(command);
        self.are_over = command.is_none();
        command
    }
}

/// What the destination waits for.
#[derive(Debug)]
pub(super) struct Outages {
    now: watch::Receiver<Option<Outage>>,
    /// As it was told last.
    pub(super) told: Option<Outage>,
}

impl Outages {
    pub(super) fn of(writer: &Writer) -> Self {
        Self { now: writer.waits().watch(), told: None }
    }

    /// Waits until there is something to tell. Safe to drop and call again.
    pub(super) async fn changed(&mut self) {
        if self.now.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Sync {
    pub(super) async fn stored(&mut self) -> Result<Stored, DestinationError> {
        let answer = self.writer.stored();
        self.hear(answer).await
    }

    pub(super) async fn begin(&mut self, run: NewRun) -> Result<i64, DestinationError> {
        let answer = self.writer.begin(run);
        self.hear(answer).await
    }

    pub(super) async fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        let answer = self.writer.mark(run, outcome);
        self.hear(answer).await
    }

    pub(super) async fn end(&mut self, ending: Ending) -> Result<(), DestinationError> {
        let answer = self.writer.end(ending);
        self.hear(answer).await
    }

    /// What the destination says, once it has done what it was asked to. Whatever it waits for meanwhile is told.
    async fn hear<T>(&mut self, mut answer: Answer<T>) -> Result<T, DestinationError> {
        loop {
            tokio::select! {
                biased;
                said = &mut answer => {
                    self.tell_outage().await;
                    return said.unwrap_or_else(|_| Err(writer::gone()));
                }
                () = self.outages.changed() => {
                    self.tell_outage().await;
                    if let Some(outage) = self.outages.told.clone() {
                        self.outlet.send(Event::Phase { phase: outage.into() }).await;
                    }
                }
                command = self.commands.overhear() => match command {
                    Some(Command::Stop) | None => self.writer.waits().end(),
                    Some(Command::RetryNow) => self.writer.waits().try_now(),
                    Some(_) => {}
                },
            }
        }
    }

    /// Tells that the destination is gone, or there again, once each.
    pub(super) async fn tell_outage(&mut self) {
        let now = self.outages.now.borrow_and_update().clone();
        let notice = match (&self.outages.told, &now) {
            (None, Some(outage)) => Some(words::outage(self.writer.name(), outage)),
            (Some(outage), None) => Some(words::there_again(self.writer.name(), Utc::now() - outage.since)),
            (None, None) | (Some(_), Some(_)) => None,
        };
        self.outages.told = now;
        if let Some(notice) = notice {
            self.outlet.send(Event::Notice(notice)).await;
        }
    }
}

impl From<Outage> for Phase {
    fn from(Outage { reason, since, until, gives_up }: Outage) -> Self {
        Self::Outage { reason, since, until, gives_up }
    }
}
