//! What a destination must be able to tell, so that a [`Reader`](super::Reader) can answer from it.

use std::borrow::Cow;
use std::path::Path;

use super::{Filter, PastPage, PastRun, Place, Slice, View, WholeRow};
use crate::destination::DestinationError;
use crate::record::Schema;

/// A part of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that the filter let through.
    pub matched: u64,
    /// Rows looked at.
    pub seen: u64,
    /// Where the next part begins; `None` if there is none.
    pub next: Option<i64>,
}

/// Takes the values of one row after another.
pub type Each<'f> = &'f mut dyn FnMut(&[Option<Cow<'_, str>>]) -> Result<(), DestinationError>;

/// A read-only look at a destination. It holds nothing of it between two calls, and a call fails soon after the
/// [`Stop`](super::Stop) that it was made with is set.
pub trait Look: Send {
    /// The table.
    fn schema(&self) -> &'static Schema;

    /// True if that file is one of the destination's own, which an export must not take the place of.
    fn owns(&self, path: &Path) -> bool;

    /// A part of the table.
    ///
    /// # Errors
    /// If it cannot be read.
    fn window(&mut self, view: &View, place: &Place, rows: usize) -> Result<Slice, DestinationError>;

    /// How many rows the table holds.
    ///
    /// # Errors
    /// If it cannot be read.
    fn total(&mut self) -> Result<u64, DestinationError>;

    /// Counts what a filter lets through among the next few thousand rows.
    ///
    /// # Errors
    /// If they cannot be read.
    fn tally(&mut self, filter: &Filter, from: Option<i64>) -> Result<Tally, DestinationError>;

    /// One row, if there is one of that id.
    ///
    /// # Errors
    /// If it cannot be read.
    fn row(&mut self, id: &str) -> Result<Option<WholeRow>, DestinationError>;

    /// Runs below a number, newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn runs(&mut self, before: Option<i64>, rows: usize) -> Result<Vec<PastRun>, DestinationError>;

    /// A run's pages below a number, newest first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn pages(
        &mut self,
        run: i64,
        before: Option<u64>,
        rows: usize,
    ) -> Result<Vec<PastPage>, DestinationError>;

    /// Hands over these columns of every row of a view, in order and as of one instant.
    ///
    /// # Errors
    /// If they cannot be read, or what `each` fails with.
    fn each(&mut self, view: &View, columns: &[usize], each: Each<'_>) -> Result<(), DestinationError>;
}
