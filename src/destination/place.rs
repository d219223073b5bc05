//! What `--db` names: where rows go, before anything of it is opened.
//!
//! Commands go through this room and need not know which kind of destination it is. What only one kind can do, as a
//! rehearsal with a file of its own needs it, is asked of that kind itself.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::copy::{self, Side};
use super::history::Entry;
use super::lock::Lock;
use super::postgres::{self, Address, Postgres};
use super::reader::{Answer, Reader};
use super::sqlite::verify::Verifier;
use super::sqlite::{self, Sqlite};
use super::{Destination, DestinationError};
use crate::record::{Cursor, Schema};

/// A destination's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<Address>),
}

/// A destination, with what a command needs of it beyond what a run does.
pub trait Steered: Destination + Side {
    /// Binds it to a source, or checks that it is the one whose rows it holds.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if it holds another source's rows: under their checkpoint, older rows of this
    /// one would never be asked for. And if its checkpoint is one of another field, or written in another way.
    fn bind(&mut self, source: &str) -> Result<(), DestinationError>;

    /// Checks that what steers a run is the same in all places where it is written down.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if it is not, with what an operator can do; the others as they come.
    fn check_steering(&mut self) -> Result<(), DestinationError>;

    /// The last moves of the checkpoint, newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn history(&mut self, most: u32) -> Result<Vec<Entry>, DestinationError>;

    /// Moves the checkpoint by an operator's act, or removes it; gives what it was.
    ///
    /// # Errors
    /// If it cannot be written.
    fn move_checkpoint(
        &mut self,
        cause: &str,
        to: Option<&Cursor>,
        at: DateTime<Utc>,
    ) -> Result<Option<String>, DestinationError>;

    /// Shows the fields of stored rows that the schema does not declare, a JSON object a row: of so many rows that have
    /// such fields, or, where there are more, of half as many from either end. True if those are known to
    /// be all.
    ///
    /// # Errors
    /// If they cannot be read.
    fn kept_beside(&mut self, most: usize, each: &mut dyn FnMut(&str)) -> Result<bool, DestinationError>;

    /// Takes back the last move that was not taken back yet; gives it, or `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read or written.
    fn undo(&mut self, at: DateTime<Utc>) -> Result<Option<Entry>, DestinationError>;
}

/// A destination that was opened for writing, and what was noticed on the way.
pub struct Opened {
    /// The destination.
    pub destination: Box<dyn Steered>,
    /// The holder that was killed while it held the lock, if there was one, and what it left.
    pub killed: Option<Killed>,
}

/// A process that was killed while it wrote to a destination.
#[derive(Clone, Debug)]
pub struct Killed {
    /// Which one, and since when it ran.
    pub holder: String,
    /// True if the log that it should have left was gone, and the file was found to be whole without it.
    pub lacked_log: bool,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "took over the lock of {}, which ended without a word", self.holder)?;
        if self.lacked_log {
            f.write_str("; found no write-ahead log of it, and looked through the whole file: it agrees with what was noted down of it")?;
        }
        Ok(())
    }
}

impl Place {
    /// Opens it for writing, or makes it; takes its lock, and brings its tables up to date.
    ///
    /// # Errors
    /// [`DestinationError::Locked`] if another process writes to it; [`DestinationError::Refused`] if it is not what
    /// this program may write to; the others as they come.
    pub fn open(&self, schema: &'static Schema) -> Result<Opened, DestinationError> {
        let mut opened = self.open_unfinished(schema)?;
        self.refuse_unfinished(opened.destination.copying()?)?;
        Ok(opened)
    }

    /// The same for one that may be an unfinished copy of another.
    ///
    /// # Errors
    /// As [`Place::open`], but for that.
    pub fn open_unfinished(&self, schema: &'static Schema) -> Result<Opened, DestinationError> {
        match self {
            Self::File(path) => {
                let sqlite::Opened { sqlite, killed } = Sqlite::open(path, schema)?;
                Ok(Opened { destination: Box::new(sqlite), killed })
            }
            Self::Postgres(address) => {
                let (postgres, killed) = Postgres::open(address, schema)?;
                Ok(Opened { destination: Box::new(postgres), killed })
            }
        }
    }

    /// Opens it for reading, if it is there; a run may be writing to it.
    ///
    /// # Errors
    /// As [`Place::open`], and if there is none.
    pub fn read(&self, schema: &'static Schema) -> Result<Box<dyn Steered>, DestinationError> {
        let mut read: Box<dyn Steered> = match self {
            Self::File(path) => Box::new(Sqlite::read(path, schema)?),
            Self::Postgres(address) => Box::new(Postgres::read_only(address, schema)?),
        };
        self.refuse_unfinished(read.copying()?)?;
        Ok(read)
    }

    /// Refuses what is not yet the whole of what is being copied there.
    fn refuse_unfinished(&self, mark: Option<String>) -> Result<(), DestinationError> {
        let Some(mark) = mark else { return Ok(()) };
        let from = copy::unfinished(&mark).unwrap_or_else(|| "another destination".to_owned());
        Err(DestinationError::Refused(format!(
            "{self} holds an unfinished copy of {from}; finish it with the `highwater copy` that began it"
        )))
    }

    /// Starts a reader. There need be no destination yet; what is wrong with it is said when something is asked.
    #[must_use]
    pub fn reader(&self, schema: &'static Schema) -> (Reader, mpsc::Receiver<Answer>) {
        match self {
            Self::File(path) => Sqlite::reader(path, schema),
            Self::Postgres(address) => Postgres::reader(address, schema),
        }
    }

    /// Opens it for checks; a run may be writing to it.
    ///
    /// # Errors
    /// As [`Place::read`]; damage is none, but a finding.
    pub fn verifier(&self, schema: &'static Schema) -> Result<Verifier, DestinationError> {
        match self {
            Self::File(path) => {
                let mut verifier = Verifier::open(path, schema)?;
                // What cannot be told of a damaged file, the checks tell.
                self.refuse_unfinished(verifier.copying().ok().flatten())?;
                Ok(verifier)
            }
            Self::Postgres(address) => {
                self.read(schema)?;
                postgres::verifier(address, schema)
            }
        }
    }

    /// Tidies up after a writer and readers that have closed it, as far as there is anything to tidy.
    ///
    /// # Errors
    /// If it cannot be written. Nothing is lost then: the next one that opens it does the same.
    pub fn settle(&self) -> Result<(), DestinationError> {
        match self {
            Self::File(path) => Sqlite::settle(path),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Who writes to the table of that shape in it, if anyone does.
    #[must_use]
    pub fn holder(&self, schema: &'static Schema) -> Option<String> {
        match self {
            Self::File(path) => Lock::holder(path, schema.table),
            Self::Postgres(address) => Postgres::holder(address, schema),
        }
    }
}

impl fmt::Display for Place {
    /// As a person would write it, without a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}
