//! Where rows go, with everything that must be stored in the same breath: checkpoint, walk, page log.
//!
//! A destination is synchronous and has one owner; the sync gives it a thread. It decides what becomes of a row (an
//! older version never overwrites a newer one) and nothing about what is asked for next.

mod beside;
pub mod copy;
mod guard;
pub mod history;
pub mod kept;
pub mod lock;
pub mod outage;
pub mod place;
pub mod postgres;
pub mod reader;
mod seal;
mod shape;
pub mod sqlite;
mod steering;
mod tally;
pub mod verify;

use std::path::PathBuf;

use chrono::{DateTime, Utc};

pub use self::beside::Beside;
use self::outage::Waits;
use crate::exchange::Exchange;
use crate::record::{Cursor, Quarantined, Row, Schema};
use crate::run::{Counts, Lost, Outcome, ShownRow, Start, Totals};
use crate::walk::lanes::Abreast;
use crate::walk::{End, Request, Walk};

/// Why a destination could not do its part. The text says what happened, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// The database refused.
    #[error("{place}: {what}; {remedy}")]
    Database {
        /// The database.
        place: String,
        /// What it said.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The file system refused.
    #[error("{path}: {error}; {remedy}", path = path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        error: std::io::Error,
        /// What to do.
        remedy: &'static str,
    },
    /// Another process writes to the same destination.
    #[error("{place} is in use by {holder}; wait until it ends, or stop it")]
    Locked {
        /// The destination.
        place: String,
        /// The process.
        holder: String,
    },
    /// The destination is not what this program may write to.
    #[error("{0}")]
    Refused(String),
}

/// What to do about a file that the system refused: by the reason where that says enough, and this otherwise.
fn remedy_for(error: &std::io::Error, otherwise: &'static str) -> &'static str {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        ReadOnlyFilesystem => "have it mounted for writing, or give another --db",
        StorageFull | QuotaExceeded | FileTooLarge => {
            "make room and run again: what was stored before is safe"
        }
        _ => otherwise,
    }
}

/// What stands in a destination.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The source whose rows these are.
    pub source: Option<String>,
    /// The checkpoint.
    pub checkpoint: Option<Cursor>,
    /// When it last moved.
    pub checkpoint_at: Option<DateTime<Utc>>,
    /// How many rows the table holds.
    pub rows: u64,
    /// The smallest cursor stored.
    pub oldest: Option<Cursor>,
    /// The run that was left unfinished.
    pub unfinished: Option<StoredRun>,
    /// The number of an unfinished run whose walk this version cannot read: there is no going on with it, and its
    /// checkpoint may have been held.
    pub unreadable: Option<i64>,
    /// Where rows may have been lost, if anywhere.
    pub lost: Option<Lost>,
}

/// An unfinished run, with all that it takes to go on.
#[derive(Clone, Debug)]
pub struct StoredRun {
    /// Its number.
    pub run: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How it was left; `None` if its process was killed.
    pub outcome: Option<Outcome>,
    /// Its walk.
    pub walk: Walk,
    /// What it takes to go on with the lanes beside that.
    pub lanes: Abreast,
    /// The last token that it was given, and when.
    pub token: Option<(String, DateTime<Utc>)>,
    /// Its counters.
    pub totals: Totals,
}

/// A run that is about to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Where it starts.
    pub start: Start,
    /// Its walk, before the first page.
    pub walk: Walk,
    /// When it begins.
    pub at: DateTime<Utc>,
}

/// One page, with all that is stored together with it.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The run.
    pub run: i64,
    /// The page's number in its run.
    pub page: u64,
    /// The lane that asked for it.
    pub lane: u32,
    /// True if that lane began with it, and did not go on from a page before.
    pub opens: bool,
    /// How it was asked for.
    pub request: Request,
    /// The rows for the table.
    pub rows: Vec<Row>,
    /// The rows that the table cannot hold.
    pub quarantined: Vec<Quarantined>,
    /// The token that came along.
    pub token: Option<String>,
    /// When the page arrived.
    pub at: DateTime<Utc>,
    /// The walk after the page; its checkpoint becomes the stream's.
    pub walk: Walk,
    /// The lanes beside it.
    pub lanes: Abreast,
    /// How the run ends with this page, if it ends for good. Stored with the page: between them,
    /// a killed process would leave a run to go on with that has nowhere to go.
    pub end: Option<(Outcome, End)>,
    /// Why the walk goes on as it does, in words.
    pub decision: String,
    /// The run's counters, except commits and what becomes of the rows: the destination counts those.
    pub totals: Totals,
    /// Rows of the page whose cursor lies in the source's future.
    pub future: u64,
    /// From the request to the first byte, in milliseconds.
    pub wait_ms: u64,
    /// From the first byte to the last, in milliseconds.
    pub body_ms: u64,
    /// To read the rows out of the body, in milliseconds.
    pub decode_ms: u64,
    /// Bytes of the body, decompressed.
    pub bytes: u64,
    /// Failed attempts before it came.
    pub retries: u32,
    /// Why the last of them failed. Safe for a terminal.
    pub reasons: Vec<String>,
    /// The request as it was sent, and the answer but for its body.
    pub exchange: Exchange,
    /// How many of its rows to give back for showing.
    pub show: usize,
}

/// Of how many rows of a page the log keeps the ids.
const FIRST: usize = 3;

impl Batch {
    /// The ids of the page's first rows.
    pub fn first_ids(&self, schema: &Schema) -> impl Iterator<Item = &str> {
        self.rows.iter().take(FIRST).map(|row| row.id(schema))
    }
}

/// What became of a page.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// What became of its rows.
    pub counts: Counts,
    /// How many rows the table holds.
    pub rows: u64,
    /// The rows to show, the page's last ones.
    pub shown: Vec<ShownRow>,
}

/// The end of a run.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The run.
    pub run: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub end: End,
    /// The end in words.
    pub text: String,
    /// Its counters.
    pub totals: Totals,
    /// True if a later run can go on with it.
    pub resumable: bool,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Where rows go.
pub trait Destination: Send {
    /// Its name, for a person. Holds no secret.
    fn name(&self) -> String;

    /// Where it keeps what has no place in the table.
    fn beside(&self) -> Beside;

    /// Is given the waits that it is to tell of and that may be ended, if it ever waits for something that is gone.
    fn wait_by(&mut self, _waits: Waits) {}

    /// What stands in it.
    ///
    /// # Errors
    /// If it cannot be read.
    fn stored(&mut self) -> Result<Stored, DestinationError>;

    /// Begins a run and gives its number. A run that was left unfinished is closed: the new one takes its place.
    ///
    /// # Errors
    /// If it cannot be written.
    fn begin(&mut self, run: &NewRun) -> Result<i64, DestinationError>;

    /// Notes that an unfinished run is being gone on with, or that it holds.
    ///
    /// # Errors
    /// If it cannot be written.
    fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError>;

    /// Stores pages, in order and all in one transaction: rows, checkpoint, walk, token and page log.
    ///
    /// # Errors
    /// If they could not be stored; then none of them is.
    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError>;

    /// Ends a run.
    ///
    /// # Errors
    /// If it cannot be written.
    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError>;
}
