//! Where a destination keeps what has no place in the table, by the names under which an operator finds it there.

/// The places beside one table. What is a table reads as it may follow `FROM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Where fields stand that the table has no column for: a table, or a column of it.
    pub extra: String,
    /// Where rows stand that the table cannot hold, each with the reason.
    pub quarantine: String,
    /// Where that stands which a row's last change replaced.
    pub previous: String,
}
