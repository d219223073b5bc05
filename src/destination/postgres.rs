//! PostgreSQL, and what speaks its protocol: the table with typed columns in a schema of a database, and the bookkeeping
//! of all tables of that schema in tables of its own, prefixed `_highwater_`.
//!
//! The promise is that of the file: rows, checkpoint, walk and page log in one transaction, an older version never over a
//! newer one, one writer. Only what CockroachDB, YugabyteDB and Citus take as well is asked of the server; where one of
//! them needs it otherwise, the product tells.

mod address;
mod clean;
mod columns;
mod commit;
mod copy;
mod failure;
mod history;
mod hold;
mod link;
mod mirror;
mod password;
mod reader;
mod schema;
mod shape;
mod steering;
mod stored;
mod tls;
mod transact;
mod undeclared;
mod upsert;
mod value;

use std::fmt;
use std::thread;

pub use self::address::{Address, Password};
use self::failure::Failure;
use self::hold::{Owner, Renewal};
use self::link::Link;
pub use self::mirror::{mirror, verifier};
pub use self::reader::PostgresLook;
use self::transact::Patience;
use super::copy::plain;
use super::kept::{cursor_text, json, number, stamp, word};
use super::outage::Waits;
use super::place::Killed;
use super::{Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored};
use crate::kill_point::KillPoint;
use crate::record::{Cursor, Schema};
use crate::run::{Outcome, Totals};
use crate::walk::lanes::Abreast;

/// A database that this process reads, or writes to.
pub struct Postgres {
    address: Address,
    schema: &'static Schema,
    /// `None` while the connection is lost.
    link: Option<Link>,
    /// Who this process is as the one that writes; `None` for a reader.
    owner: Option<Owner>,
    renewal: Option<Renewal>,
    /// How many changes the stream has seen, all of them known here.
    changes: i64,
    waits: Waits,
    patience: Patience,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)
    }
}

impl Postgres {
    /// Connects for writing, takes the stream over, and brings the tables up to date. With it comes who wrote last, if
    /// that one was killed.
    ///
    /// # Errors
    /// [`DestinationError::Locked`] if another process writes to it; [`DestinationError::Refused`] if a newer version
    /// wrote it, or if its table has other columns; the others as they come.
    pub fn open(
        address: &Address,
        schema: &'static Schema,
    ) -> Result<(Self, Option<Killed>), DestinationError> {
        let opened = || -> Result<_, Failure> {
            let mut link = Link::connect(address, || false)?;
            schema::migrate(&mut link, address, schema)?;
            let (owner, changes, before) = hold::take(&mut link, address, schema.table)?;
            KillPoint::LockTaken.pass();
            schema::create_incoming(&mut link, schema)?;
            let renewal = Renewal::start(&link, address, schema.table, &owner);
            let (link, owner) = (Some(link), Some(owner));
            let killed = before.map(|holder| Killed { holder, lacked_log: false });
            let address = address.clone();
            let (waits, patience) = Default::default();
            Ok((Self { address, schema, link, owner, renewal, changes, waits, patience }, killed))
        };
        let (mut postgres, killed) = opened().map_err(|failure| failure.told(address))?;
        postgres.widen()?;
        Ok((postgres, killed))
    }

    /// Connects for reading; a run may be writing to it.
    ///
    /// # Errors
    /// As [`Postgres::open`], and if there is no such table.
    pub fn read_only(address: &Address, schema: &'static Schema) -> Result<Self, DestinationError> {
        let opened = || -> Result<_, Failure> {
            let mut link = Link::connect(address, || false)?;
            link.batch("SET default_transaction_read_only = on")?;
            schema::check(&mut link, address, schema)?;
            let (address, link) = (address.clone(), Some(link));
            let (waits, patience) = Default::default();
            Ok(Self { address, schema, link, owner: None, renewal: None, changes: 0, waits, patience })
        };
        opened().map_err(|failure| failure.told(address))
    }

    /// Who writes to it at present, if anyone does.
    #[must_use]
    pub fn holder(address: &Address, schema: &'static Schema) -> Option<String> {
        let mut link = Link::connect(address, || false).ok()?;
        hold::holder(&mut link, address, schema.table).ok()?
    }

    fn refused<T>(&self, what: &str) -> Result<T, DestinationError> {
        Err(DestinationError::Refused(format!("{}: {what}", self.address)))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.renewal = None;
        if let (Some(mut link), Some(owner)) = (self.link.take(), self.owner.take()) {
            let stream = self.schema.table;
            // On a thread of its own: this one may be another runtime's. What cannot be let go runs out by itself.
            let _ = thread::spawn(move || hold::release(&mut link, stream, &owner)).join();
        }
    }
}

impl Destination for Postgres {
    fn name(&self) -> String {
        self.address.to_string()
    }

    fn beside(&self) -> Beside {
        columns::beside(self.schema.table)
    }

    fn wait_by(&mut self, waits: Waits) {
        self.waits = waits;
    }

    fn stored(&mut self) -> Result<Stored, DestinationError> {
        let stream = self.schema.table;
        let (mut stored, checkpoint) = self.read(|link| stored::of(link, stream))?;
        let checkpoint = checkpoint.map(Cursor::try_from).transpose();
        stored.checkpoint = match checkpoint {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                return self
                    .refused(&format!("the stored checkpoint, {error}; `highwater state undo` or `set`"));
            }
        };
        Ok(stored)
    }

    fn begin(&mut self, new: &NewRun) -> Result<i64, DestinationError> {
        let stream = self.schema.table;
        let (walk, lanes) = (json(&new.walk), json(&Abreast::default()));
        let run = self.transact(|link, standing| {
            let whole = clean::is_whole(link, stream, standing, new)?;
            link.execute(
                "UPDATE _highwater_runs SET outcome = coalesce(outcome, 'stopped'), walk = NULL,
                        text = coalesce(text, 'a later run took its place')
                 WHERE stream = $1 AND run = $2",
                &[&stream, &standing.unfinished],
            )?;
            let run = standing.runs + 1;
            link.execute(
                "INSERT INTO _highwater_runs
                        (stream, run, started_at, start, mode, first, checkpoint_before, walk, totals, whole, lanes,
                         seal, seams)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
                &[
                    &stream,
                    &run,
                    &stamp(new.at),
                    &word(&new.start),
                    &new.walk.mode().word(),
                    &json(new.walk.next()),
                    &new.walk.checkpoint().map(cursor_text),
                    &walk,
                    &json(&Totals::default()),
                    &whole,
                    &lanes,
                    &super::seal::seal(&walk, &lanes),
                ],
            )?;
            link.execute(
                "UPDATE _highwater_state SET unfinished = $2, runs = $2 WHERE stream = $1",
                &[&stream, &run],
            )?;
            KillPoint::AmidRunBegin.pass();
            Ok(run)
        })?;
        KillPoint::AfterRunBegin.pass();
        Ok(run)
    }

    fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        KillPoint::BeforeRunMark.pass();
        let (stream, outcome) = (self.schema.table, outcome.as_ref().map(word));
        self.transact(|link, _| {
            link.execute(
                "UPDATE _highwater_runs SET outcome = $3, text = NULL WHERE stream = $1 AND run = $2",
                &[&stream, &run, &outcome],
            )
        })?;
        KillPoint::AfterRunMark.pass();
        Ok(())
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError> {
        let schema = self.schema;
        let committed = self.transact_with_care(|link, standing, care| {
            KillPoint::AfterBegin.pass();
            let committed = commit::pages(link, schema, standing, batches, care)?;
            KillPoint::BeforeCommit.pass();
            Ok(committed)
        })?;
        KillPoint::AfterCommit.pass();
        Ok(committed)
    }

    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError> {
        let stream = self.schema.table;
        self.transact(|link, standing| {
            link.execute(
                "UPDATE _highwater_runs SET ended_at = $3, outcome = $4, \"end\" = $5, text = $6, totals = $7,
                        seams = $9, walk = CASE WHEN $8 THEN walk END, checkpoint_after = $10
                 WHERE stream = $1 AND run = $2",
                &[
                    &stream,
                    &ending.run,
                    &stamp(ending.at),
                    &word(&ending.outcome),
                    &json(&ending.end),
                    &plain(&ending.text),
                    &json(&ending.totals),
                    &ending.resumable,
                    &number(ending.totals.seams.sum()),
                    &standing.checkpoint,
                ],
            )?;
            clean::note(link, stream, ending.run, ending.outcome, &ending.end)?;
            if !ending.resumable {
                link.execute(
                    "UPDATE _highwater_state SET unfinished = NULL WHERE stream = $1 AND unfinished = $2",
                    &[&stream, &ending.run],
                )?;
            }
            KillPoint::AmidRunEnd.pass();
            Ok(())
        })?;
        KillPoint::AfterRunEnd.pass();
        Ok(())
    }
}
