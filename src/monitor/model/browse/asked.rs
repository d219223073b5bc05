//! What the reader was asked for.

/// A question that has not been answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Comes back with the answer.
    pub ticket: u64,
    /// What it is to bring.
    pub what: Wanted,
    /// How many rows had come by then.
    pub pushed: u64,
}

/// What a question is to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Another part.
    Afresh,
    /// Another part, whose last row is selected.
    Bottom,
    /// What comes before the part.
    Before,
    /// What comes after it.
    After,
}
