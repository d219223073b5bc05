//! Windows over what a destination holds, for eyes: the table, one row, the log of runs and pages, an export.
//!
//! Whoever looks asks a [`Question`] and never waits; threads with read-only connections of their own send each
//! [`Answer`] as a message. A question that a newer one of its kind supersedes is dropped, at once and without an
//! answer. An answer is bounded whatever the table holds, and nothing is written here but the file of an export.

pub(super) mod bounds;
mod desk;
mod entries;
mod export;
mod filter;
mod look;
#[cfg(test)]
mod tests;
mod threads;

use std::path::PathBuf;
use std::time::Duration;

pub use self::desk::Stop;
pub use self::entries::{PastPage, PastRun, Previous, WholeRow};
pub use self::export::{Export, Format};
pub use self::filter::Filter;
pub use self::look::{Each, Look, Tally};
pub use self::threads::Reader;
use crate::record::{ColumnType, Schema};

/// The most rows that a window, or a piece of a log, is given.
pub const MOST_ROWS: usize = 1_000;

/// The rows of a window that had to be found by a scan of the whole table: so many that scrolling seldom asks again.
pub const SCANNED_ROWS: usize = 4_000;

/// How rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// As they were first stored, the last one first. What one large commit stored, it stored in the order of ids.
    #[default]
    Stored,
    /// By a column: numbers by what they are worth, all else by its text, byte by byte; a null before everything. Rows
    /// of the same value stand as they were first stored.
    Column {
        /// The column's place in the schema.
        position: usize,
        /// From the largest value to the smallest: the exact reverse.
        descending: bool,
    },
}

/// Which rows of the table are looked at, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Which rows.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
}

impl View {
    /// True if a window costs a scan of the whole table, wherever it is: no index has the order, or the index would
    /// lead to the rows that the filter wants one by one. It brings [`SCANNED_ROWS`] then, and is not to be asked for
    /// again whenever a page was stored. (As the rows were stored, a filter is followed no farther than the window is
    /// long.)
    #[must_use]
    pub(super) fn is_scanned(&self, schema: &Schema) -> bool {
        match self.order {
            Order::Stored => false,
            Order::Column { position, .. } => {
                let is_indexed = position == schema.primary_key
                    // Their index has another order, or compares with what is no text.
                    && !matches!(
                        schema.columns[position].kind,
                        ColumnType::Float | ColumnType::Bool | ColumnType::Decimal
                    );
                !is_indexed || !self.filter.is_empty()
            }
        }
    }
}

/// Where a row stands in the order of the view in which it was found, whatever becomes of it afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// What the view is ordered by, as a text that sorts like it; whole, or rows would be passed over.
    pub(super) value: Option<Box<str>>,
    pub(super) rowid: i64,
}

#[cfg(test)]
impl Key {
    /// The key of a row in a table that stands in for a real one.
    pub(crate) fn new(value: Option<String>, rowid: i64) -> Self {
        Self { value: value.map(String::into_boxed_str), rowid }
    }
}

/// Where in a view a window is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the first row.
    Top,
    /// At the last row.
    Bottom,
    /// Around the row of this id, wherever it stands now, be it in the view or not. At the top if there is none.
    Around(String),
    /// The rows that follow this key.
    After(Key),
    /// The rows that lead up to this key.
    Before(Key),
}

/// What can be asked. A newer question supersedes an older one of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A part of the table.
    Window {
        /// Comes back with the answer.
        ticket: u64,
        /// Which rows in which order.
        view: View,
        /// Where.
        place: Place,
        /// How many rows are wanted: not more come, unless they cost nothing ([`SCANNED_ROWS`]).
        rows: usize,
    },
    /// How many rows a filter lets through. Gives way to every window.
    Count {
        /// Comes back with the answer.
        ticket: u64,
        /// Which rows.
        filter: Filter,
    },
    /// One row with all that is kept of it.
    Row {
        /// Comes back with the answer.
        ticket: u64,
        /// Its primary key.
        id: String,
    },
    /// Runs, newest first.
    Runs {
        /// Comes back with the answer.
        ticket: u64,
        /// Only those below this number.
        before: Option<i64>,
        /// How many.
        rows: usize,
    },
    /// A run's pages, newest first.
    Pages {
        /// Comes back with the answer.
        ticket: u64,
        /// The run.
        run: i64,
        /// Only those below this number.
        before: Option<u64>,
        /// How many.
        rows: usize,
    },
    /// The rows of a view as a file.
    Export {
        /// Comes back with the answer.
        ticket: u64,
        /// What, and where to.
        export: Box<Export>,
    },
    /// Ends the export that is under way, or waits.
    Cancel,
}

/// What comes back.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A part of the table.
    Window {
        /// The question's.
        ticket: u64,
        /// The part.
        slice: Slice,
        /// How long it took to find.
        took: Duration,
    },
    /// How many rows a filter lets through. Rows that changed while they were counted count as they were when they
    /// came up.
    Count {
        /// The question's.
        ticket: u64,
        /// The rows.
        rows: u64,
    },
    /// One row, if there is one of that id.
    Row {
        /// The question's.
        ticket: u64,
        /// The row.
        row: Option<Box<WholeRow>>,
    },
    /// Runs, newest first.
    Runs {
        /// The question's.
        ticket: u64,
        /// The runs.
        runs: Vec<PastRun>,
    },
    /// A run's pages, newest first.
    Pages {
        /// The question's.
        ticket: u64,
        /// The pages.
        pages: Vec<PastPage>,
    },
    /// How far a count or an export has come. Left out where the receiver is slow.
    Progress {
        /// The question's.
        ticket: u64,
        /// Rows counted or written.
        done: u64,
        /// How many there are, where that is known.
        of: Option<u64>,
    },
    /// The file is complete, and on the disk.
    Exported {
        /// The question's.
        ticket: u64,
        /// Rows written.
        rows: u64,
        /// The size of the file.
        bytes: u64,
        /// The file, from the root on where that can be told.
        path: PathBuf,
    },
    /// Nothing was exported: the file exists, and [`Export::replace`] does not say that it may go.
    Occupied {
        /// The question's.
        ticket: u64,
        /// The file, as the question named it.
        path: PathBuf,
    },
    /// The export ended at [`Question::Cancel`] and left nothing behind.
    Cancelled {
        /// The question's.
        ticket: u64,
    },
    /// It could not be answered.
    Failed {
        /// The question's.
        ticket: u64,
        /// What happened, where, and what to do.
        text: String,
    },
}

/// A part of a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// The rows, in order: fewer than were asked for where the view ends, or where they are very large.
    pub rows: Vec<FoundRow>,
    /// True if the first of them is known to be the view's first. False is no claim.
    pub top: bool,
    /// True if the last of them is known to be the view's last. False is no claim.
    pub bottom: bool,
    /// How many rows of the view stand before the first of these, where that is cheap to know.
    pub rank: Option<u64>,
    /// How many rows the view has, where that is cheap to know.
    pub of: Option<u64>,
}

/// A row of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRow {
    /// Where it stands.
    pub key: Key,
    /// The values in the schema's order, cut as [`ShownRow`](crate::run::ShownRow)'s are, and not yet safe for a
    /// terminal.
    pub values: Box<[Option<String>]>,
}
