//! The high-water mark of a walk, and when it may move.

use serde::{Deserialize, Serialize};

use crate::record::Cursor;

/// The checkpoint, and whether it may move. While it is held, only cursors from before the run began count for
/// what it becomes: a row that was read first and updated later may lie below one that was updated later still.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Mark {
    checkpoint: Option<Cursor>,
    /// Present from the first inversion on: what the checkpoint becomes when the run is complete.
    held: Option<Held>,
    /// A group that was stepped over while rows of its value could still be written, some of them before the place that
    /// the step went on from: the mark stays there until a later run has read it again.
    #[serde(default)]
    open: Option<Cursor>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    high: Option<Cursor>,
}

impl Mark {
    /// The mark as it stands before a run.
    pub(super) fn new(checkpoint: Option<Cursor>) -> Self {
        Self { checkpoint, held: None, open: None }
    }

    pub(super) fn checkpoint(&self) -> Option<&Cursor> {
        self.checkpoint.as_ref()
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Keeps the checkpoint where it is until [`Mark::release`].
    pub(super) fn hold(&mut self) {
        self.held.get_or_insert_with(|| Held { high: self.checkpoint.clone() });
    }

    /// Keeps the checkpoint from passing a value in this run.
    pub(super) fn stay_at(&mut self, value: Option<&Cursor>) {
        if let Some(value) = value.filter(|value| self.open.as_ref().is_none_or(|open| *value < open)) {
            self.open = Some(value.clone());
        }
    }

    /// The value that it may not pass in this run, if there is one.
    pub(super) fn open(&self) -> Option<&Cursor> {
        self.open.as_ref()
    }

    /// The same cursor, or the value that may not be passed.
    pub(super) fn within<'c>(&'c self, high: &'c Cursor) -> &'c Cursor {
        self.open.as_ref().map_or(high, |open| open.min(high))
    }

    /// Everything up to this cursor is read: raises the checkpoint, or what it becomes. It never goes back.
    pub(super) fn raise(&mut self, high: Option<&Cursor>) {
        let high = high.map(|high| self.within(high).clone());
        let mark = match &mut self.held {
            Some(held) => &mut held.high,
            None => &mut self.checkpoint,
        };
        if high > *mark {
            *mark = high;
        }
    }

    /// The run is complete: what an inversion held back is true now.
    pub(super) fn release(&mut self) {
        if let Some(Held { high }) = self.held.take() {
            self.raise(high.as_ref());
        }
    }
}
