//! What a run is, for all who speak of it: where it starts, what it counts, how it is left.
//!
//! Plain words and figures. The sync fills them, the destination keeps them, the monitor and the report show them.

use serde::{Deserialize, Serialize};

use crate::record::{Packed, Values};
use crate::text;

/// Where a run starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Goes on with the unfinished run at the request it stood at; if there is none, like `Checkpoint`.
    Token,
    /// A new run from the checkpoint.
    Checkpoint,
    /// A new run from the beginning of time. The checkpoint stays where it is.
    Full,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It read to the end of the data.
    Complete,
    /// It was left while paused.
    Paused,
    /// It was stopped, by the operator, a signal or a limit.
    Stopped,
    /// It could not go on.
    Failed,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its id was not in the table.
    New,
    /// It replaced an older version.
    Changed,
    /// The table held the same values.
    Same,
    /// The table holds a newer version, which stays.
    Stale,
}

/// What a row replaced: the columns that differ, by their position, with the values before.
pub type Before = Vec<(u16, Option<String>)>;

/// A row as a monitor shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShownRow {
    /// What became of it.
    pub fate: Fate,
    /// The values in the order of the schema's columns, as the source sent them but for their length: not yet safe
    /// for a terminal.
    pub values: Values,
    /// What it replaced, if it changed: the columns that differ, by their position, with the values before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Before,
}

impl ShownRow {
    /// A row for showing: what waits for a screen that stands still is bounded by what is shown of a value.
    #[must_use]
    pub fn new(fate: Fate, values: &Packed, before: &Before) -> Self {
        let cut = |text: &str| text::shown(text).into_owned();
        let values = values.iter().map(|value| value.map(cut)).collect();
        let before = before.iter().map(|(column, value)| (*column, value.as_deref().map(cut))).collect();
        Self { fate, values, before }
    }
}

/// What became of a number of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows received, storable or not.
    pub rows: u64,
    /// Ids that were not in the table.
    pub new: u64,
    /// Rows that replaced an older version.
    pub changed: u64,
    /// Rows that the table held already.
    pub same: u64,
    /// Older versions, not written.
    pub stale: u64,
    /// Rows kept apart because the table cannot hold them.
    pub quarantined: u64,
    /// Rows stored whose cursor is null or cannot be read.
    pub no_cursor: u64,
    /// Rows stored whose cursor lies in the source's future.
    pub future: u64,
    /// Rows with fields that the schema does not declare.
    pub extra: u64,
}

impl Counts {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.stale += other.stale;
        self.quarantined += other.quarantined;
        self.no_cursor += other.no_cursor;
        self.future += other.future;
        self.extra += other.extra;
    }

    /// Rows that went into the table or were found there.
    #[must_use]
    pub fn upserts(&self) -> u64 {
        self.new + self.changed + self.same
    }
}

/// Seams of a run at which rows may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seams {
    /// Seams crossed by token inside a visible group of rows that share their cursor.
    pub tie_unsafe: u64,
    /// Values that fill more than a page, stepped over by token.
    pub tie_overflow: u64,
    /// Cursors that the source left out when it was asked from them: from there on, seams are crossed by token.
    #[serde(default)]
    pub not_inclusive: u64,
}

impl Seams {
    /// How many there are, of whatever kind.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.tie_unsafe.saturating_add(self.tie_overflow).saturating_add(self.not_inclusive)
    }
}

/// Seams at which rows may have been lost, of all runs since the last complete one that read everything without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The first run that has some.
    pub first: i64,
    /// How many runs have some.
    pub runs: u64,
    /// How many there are.
    pub seams: u64,
}

impl Lost {
    /// What it means and what to do, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let seams = text::count(self.seams, "seam");
        let of = match self.runs {
            1 => format!("run {} has {seams}", self.first),
            runs => format!("{} since run {} have {seams}", text::count(runs, "run"), self.first),
        };
        format!(
            "{of} at which rows may have been lost, and no run has read everything without any since: --resume full \
             does, and `highwater verify --against-source` tells what is missing"
        )
    }
}

/// A run's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Pages stored.
    pub pages: u64,
    /// Requests sent, retries and dropped ones included.
    pub requests: u64,
    /// Failed attempts.
    pub retries: u64,
    /// Times that the checkpoint moved.
    pub checkpoints: u64,
    /// Commits: fewer than pages where several pages went into one.
    pub commits: u64,
    /// Seams that ask for attention.
    #[serde(flatten)]
    pub seams: Seams,
    /// Milliseconds from the start of the run, waits and pauses included.
    pub elapsed_ms: u64,
    /// What became of the rows.
    #[serde(flatten)]
    pub counts: Counts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_for_showing() {
        let values: Values = [Some("short".to_owned()), None, Some("é".repeat(5_000))].into();
        let shown = ShownRow::new(Fate::Changed, &Packed::new(&values), &vec![(2, values[2].clone())]);
        assert_eq!(shown.values[..2], values[..2]);
        let cut = Some(format!("{}… (5,000 characters in all)", "é".repeat(1_000)));
        assert_eq!((&shown.values[2], &shown.before), (&cut, &vec![(2, cut.clone())]));
    }
}
