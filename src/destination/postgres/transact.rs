//! Transactions that are carried out once, whatever becomes of the connection meanwhile.
//!
//! A server that goes away is waited for. Where it went away during the commit itself, nobody knows whether that was
//! carried out; so every transaction counts up the stream's changes, under a lock of the stream's row, and the next
//! attempt sees there what became of the last one. What was carried out is not carried out again.

use std::mem;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::failure::Failure;
use super::link::Link;
use super::{Postgres, hold, schema};
use crate::destination::DestinationError;
use crate::destination::kept::cursor_of;
use crate::destination::outage::{Outage, Waits};
use crate::record::{Cursor, Schema};

/// How long a server that went away is waited for, from the first attempt that failed to the last that is made.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a connection may take that is being made when nothing is to be waited for any more.
const GRACE: Duration = Duration::from_secs(1);

/// What to do where a wait was ended.
const LEFT: &str =
    "left without waiting for it: what was stored before is safe, and the next run asks for the rest";

/// The first wait, which doubles, and the longest.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// A wait for anything but a lost connection is told of from this length on.
const TOLD: Duration = Duration::from_millis(400);

/// What stands in the stream's state when a transaction begins.
pub(super) struct Standing {
    pub(super) rows: i64,
    pub(super) oldest: Option<Cursor>,
    pub(super) newest: Option<Cursor>,
    pub(super) checkpoint: Option<String>,
    pub(super) unfinished: Option<i64>,
    pub(super) source: Option<String>,
    /// The field that the checkpoint is one of.
    pub(super) cursor: Option<String>,
    /// The last number of a run, of a move, of a row.
    pub(super) runs: i64,
    pub(super) moves: i64,
    pub(super) sequence: i64,
}

/// How long to go on trying. It is one outage's, whatever is tried in it, and renewed when something succeeds.
#[derive(Debug)]
pub(super) struct Patience {
    /// When the first attempt failed, and the last.
    failed: Option<(Instant, DateTime<Utc>, Instant)>,
    wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { failed: None, wait: FIRST }
    }
}

impl Patience {
    /// Before something is tried for the first time: an outage that nobody met for so long is another.
    fn begin(&mut self) {
        if self.failed.is_some_and(|(.., last)| last.elapsed() >= PATIENCE) {
            *self = Self::default();
        }
    }

    /// Waits a little longer than the last time; false if that has come to an end. After the first failure it is tried
    /// once more in any case: a session that was ended can be made again at once.
    fn wait(&mut self, waits: &Waits, failure: &Failure) -> bool {
        let is_first = self.failed.is_none();
        let (first, since, last) =
            self.failed.get_or_insert_with(|| (Instant::now(), Utc::now(), Instant::now()));
        *last = Instant::now();
        if first.elapsed() >= PATIENCE {
            return false;
        }
        let next = (self.wait * 2).min(LONGEST);
        let wait = mem::replace(&mut self.wait, next);
        let (until, gives_up, since) = (Utc::now() + wait, *since + PATIENCE, *since);
        let outage = Outage { reason: failure.text(), since, until, gives_up };
        let is_told = failure.is_lost() || wait >= TOLD;
        waits.wait(wait, is_told.then_some(outage)) || is_first
    }
}

impl Postgres {
    /// The connection; made again if it was lost.
    pub(super) fn linked(&mut self) -> Result<&mut Link, Failure> {
        let link = match self.link.take() {
            Some(link) => link,
            None => {
                let waits = self.waits.clone();
                let mut link = Link::connect(&self.address, move || waits.were_ended(GRACE))?;
                // What has begun on it is carried out.
                link.go_on();
                if let Some(owner) = &self.owner {
                    hold::lock_again(&mut link, &self.address, self.schema.table, owner)?;
                    schema::create_incoming(&mut link, self.schema)?;
                }
                link
            }
        };
        Ok(self.link.insert(link))
    }

    /// Reads something, once more if the connection is lost.
    pub(super) fn read<T>(
        &mut self,
        mut work: impl FnMut(&mut Link) -> Result<T, Failure>,
    ) -> Result<T, DestinationError> {
        self.patience.begin();
        loop {
            match self.linked().and_then(&mut work) {
                Ok(done) => return Ok(self.succeeded(done)),
                Err(failure) => self.bear(failure)?,
            }
        }
    }

    /// Bears a failure that may pass, and gives back any other.
    fn bear(&mut self, failure: Failure) -> Result<(), DestinationError> {
        let is_lost = failure.is_lost();
        if is_lost || self.link.as_ref().is_some_and(|link| link.batch("ROLLBACK").is_err()) {
            self.link = None;
        }
        if !is_lost && !failure.is_passing() {
            return Err(failure.told(&self.address));
        }
        if self.patience.wait(&self.waits, &failure) {
            return Ok(());
        }
        Err(match failure.told(&self.address) {
            DestinationError::Database { place, what, .. } if self.waits.were_ended(Duration::ZERO) => {
                DestinationError::Database { place, what, remedy: LEFT }
            }
            told => told,
        })
    }

    /// Something was done: what was waited for before that is there.
    fn succeeded<T>(&mut self, done: T) -> T {
        self.patience = Patience::default();
        self.waits.are_over();
        done
    }

    /// Carries out a transaction on the stream, once.
    pub(super) fn transact<T>(
        &mut self,
        mut work: impl FnMut(&mut Link, &Standing) -> Result<T, Failure>,
    ) -> Result<T, DestinationError> {
        self.patience.begin();
        let mut unknown = None;
        loop {
            match self.attempt(&mut work, &mut unknown) {
                Ok(done) => return Ok(self.succeeded(done)),
                Err(failure) => self.bear(failure)?,
            }
        }
    }

    /// Carries out a transaction in which the server may refuse a value: then once more, with care.
    pub(super) fn transact_with_care<T>(
        &mut self,
        mut work: impl FnMut(&mut Link, &Standing, bool) -> Result<T, Failure>,
    ) -> Result<T, DestinationError> {
        let mut was_refused = false;
        let first = self.transact(|link, standing| match work(link, standing, false) {
            Err(failure) if failure.is_about_a_value() => {
                was_refused = true;
                Err(failure)
            }
            done => done,
        });
        if was_refused { self.transact(|link, standing| work(link, standing, true)) } else { first }
    }

    /// One attempt. `unknown` is what the last one did, if nobody knows whether it was committed.
    fn attempt<T>(
        &mut self,
        work: &mut impl FnMut(&mut Link, &Standing) -> Result<T, Failure>,
        unknown: &mut Option<T>,
    ) -> Result<T, Failure> {
        let (schema, changes) = (self.schema, self.changes);
        let stream = schema.table;
        let owner = self.owner.as_ref().map(|owner| owner.name.clone());
        let place = self.address.to_string();
        let link = self.linked()?;
        link.batch("BEGIN")?;
        let (standing, found) = standing(link, schema)?;
        if owner.is_none() || owner != found.owner {
            let holder = found.holder.unwrap_or_else(|| "another process, which is over again".to_owned());
            return Err(DestinationError::Locked { place, holder }.into());
        }
        // Whoever has the row locked knows how the transaction ended that had it locked before.
        if found.changes == changes + 1
            && let Some(done) = unknown.take()
        {
            link.batch("ROLLBACK")?;
            self.changes = found.changes;
            return Ok(done);
        }
        if found.changes != changes {
            let what = "the stream was changed by another than its owner";
            return Err(Failure::Broken(what.to_owned()));
        }
        *unknown = None;
        let done = work(link, &standing)?;
        link.execute(
            "UPDATE _highwater_state SET changes = changes + 1, held_at = now() WHERE stream = $1",
            &[&stream],
        )?;
        match link.batch("COMMIT") {
            Ok(()) => {
                self.changes += 1;
                Ok(done)
            }
            Err(failure) => {
                *unknown = Some(done);
                Err(failure)
            }
        }
    }
}

/// Whose stream it is, and how often it was changed.
struct Found {
    owner: Option<String>,
    holder: Option<String>,
    changes: i64,
}

fn standing(link: &mut Link, schema: &Schema) -> Result<(Standing, Found), Failure> {
    let row = link.one(
        "SELECT owner, holder, changes, rows, oldest, newest, checkpoint, unfinished, runs, moves, sequence, source,
                \"cursor\"
         FROM _highwater_state WHERE stream = $1 FOR UPDATE",
        &[&schema.table],
    )?;
    let found = Found { owner: row.try_get(0)?, holder: row.try_get(1)?, changes: row.try_get(2)? };
    let standing = Standing {
        rows: row.try_get(3)?,
        oldest: cursor_of(row.try_get(4)?),
        newest: cursor_of(row.try_get(5)?),
        checkpoint: row.try_get(6)?,
        unfinished: row.try_get(7)?,
        runs: row.try_get(8)?,
        moves: row.try_get(9)?,
        sequence: row.try_get(10)?,
        source: row.try_get(11)?,
        cursor: row.try_get(12)?,
    };
    Ok((standing, found))
}
