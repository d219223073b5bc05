//! What a table with its state consists of, part by part, the same in every destination.

/// How the values of a column are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number.
    Int,
    /// A truth value, which is copied as `1` or `0`.
    Bool,
}

/// A column of the bookkeeping.
pub type Column = (&'static str, Kind);

/// A part of what is copied.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The table's rows: their values, the fields that are not declared, and their place in the order in which rows
    /// were first stored.
    Rows,
    /// A table of the bookkeeping.
    Book(&'static Book),
}

/// A table of the bookkeeping. Names are given as SQL has them.
#[derive(Debug)]
pub struct Book {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// By which its entries are told apart, and gone through in a file.
    pub key: &'static [Column],
    /// What it holds, in the singular.
    pub entry: &'static str,
}

/// The parts, in the order in which they are copied.
pub const PARTS: [Part; 6] = [
    Part::Rows,
    Part::Book(&Book {
        name: "_highwater_previous",
        columns: &[
            ("id", Kind::Text),
            ("run", Kind::Int),
            ("page", Kind::Int),
            ("at", Kind::Text),
            ("before", Kind::Text),
        ],
        key: &[("id", Kind::Text)],
        entry: "earlier version",
    }),
    Part::Book(&QUARANTINE),
    Part::Book(&RUNS),
    Part::Book(&Book {
        name: "_highwater_pages",
        columns: &[
            ("run", Kind::Int),
            ("page", Kind::Int),
            ("asked_by", Kind::Text),
            ("asked", Kind::Text),
            ("rows", Kind::Int),
            ("new", Kind::Int),
            ("changed", Kind::Int),
            ("same", Kind::Int),
            ("stale", Kind::Int),
            ("quarantined", Kind::Int),
            ("first", Kind::Text),
            ("last", Kind::Text),
            ("token", Kind::Text),
            ("checkpoint", Kind::Text),
            ("decision", Kind::Text),
            ("wait_ms", Kind::Int),
            ("body_ms", Kind::Int),
            ("bytes", Kind::Int),
            ("retries", Kind::Int),
            ("at", Kind::Text),
            ("url", Kind::Text),
            ("status", Kind::Int),
            ("headers", Kind::Text),
            ("decode_ms", Kind::Int),
            ("reasons", Kind::Text),
            ("first_ids", Kind::Text),
            ("lane", Kind::Int),
            ("opens", Kind::Bool),
        ],
        key: &[("run", Kind::Int), ("page", Kind::Int)],
        entry: "page",
    }),
    Part::Book(&MOVES),
];

/// The rows that the table cannot hold.
pub const QUARANTINE: Book = Book {
    name: "_highwater_quarantine",
    columns: &[
        ("run", Kind::Int),
        ("page", Kind::Int),
        ("position", Kind::Int),
        ("reason", Kind::Text),
        ("\"row\"", Kind::Text),
        ("at", Kind::Text),
    ],
    key: &[("entry", Kind::Int)],
    entry: "quarantined row",
};

/// The runs.
pub const RUNS: Book = Book {
    name: "_highwater_runs",
    columns: &[
        ("run", Kind::Int),
        ("started_at", Kind::Text),
        ("ended_at", Kind::Text),
        ("start", Kind::Text),
        ("mode", Kind::Text),
        ("first", Kind::Text),
        ("checkpoint_before", Kind::Text),
        ("checkpoint_after", Kind::Text),
        ("outcome", Kind::Text),
        ("\"end\"", Kind::Text),
        ("text", Kind::Text),
        ("walk", Kind::Text),
        ("token", Kind::Text),
        ("token_at", Kind::Text),
        ("lanes", Kind::Text),
        ("seal", Kind::Int),
        ("totals", Kind::Text),
        ("seams", Kind::Int),
        ("whole", Kind::Bool),
    ],
    key: &[("run", Kind::Int)],
    entry: "run",
};

/// The moves of the checkpoint.
pub const MOVES: Book = Book {
    name: "_highwater_history",
    columns: &[
        ("entry", Kind::Int),
        ("at", Kind::Text),
        ("cause", Kind::Text),
        ("run", Kind::Int),
        ("before", Kind::Text),
        ("after", Kind::Text),
        ("source", Kind::Text),
        ("undone_by", Kind::Int),
    ],
    key: &[("entry", Kind::Int)],
    entry: "move",
};

/// The columns of the stream's state, which is written last.
pub const STATE: &[Column] = &[
    ("source", Kind::Text),
    ("checkpoint", Kind::Text),
    ("checkpoint_at", Kind::Text),
    ("\"cursor\"", Kind::Text),
    ("rows", Kind::Int),
    ("oldest", Kind::Text),
    ("newest", Kind::Text),
    ("unfinished", Kind::Int),
    ("clean", Kind::Int),
];

impl Part {
    /// What it consists of, in the singular.
    #[must_use]
    pub const fn entry(&self) -> &'static str {
        match self {
            Self::Rows => "row",
            Self::Book(book) => book.entry,
        }
    }
}
