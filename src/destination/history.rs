//! The checkpoint's history, as every destination tells it.

/// The columns of an [`Entry`], in its order.
pub(super) const ENTRY: &str = "entry, at, cause, run, before, after, undone_by";

/// One move of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub entry: i64,
    /// When, as RFC 3339.
    pub at: String,
    /// What moved it: `run`, `set`, `rewind`, `reset`, `import`, `undo`.
    pub cause: String,
    /// The run, if it was one.
    pub run: Option<i64>,
    /// The checkpoint before.
    pub before: Option<String>,
    /// The checkpoint after.
    pub after: Option<String>,
    /// The entry that took it back, if one did.
    pub undone_by: Option<i64>,
}
