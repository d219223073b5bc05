//! The table that a stream fills: its name, its columns, and what the rows are told apart and ordered by.

use serde::Serialize;

use super::{Cursor, Format};

/// The type of a column, in the reference's words. A value that does not fit its column's type is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ColumnType {
    /// Text. What is none is kept as its JSON text.
    String,
    /// A whole number of 64 bits.
    Int,
    /// A number with a fraction, in double precision.
    Float,
    /// True or false.
    Bool,
    /// Any JSON value, as its text.
    Json,
    /// A day: `2026-11-16`.
    Date,
    /// A date and time in UTC, kept as the text that the source gave.
    UtcDatetime,
    /// A decimal number of any length, kept as its text.
    Decimal,
    /// Bytes, kept as the Base64 that the source gave.
    Binary,
}

impl ColumnType {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::String,
        Self::Int,
        Self::Float,
        Self::Bool,
        Self::Json,
        Self::Date,
        Self::UtcDatetime,
        Self::Decimal,
        Self::Binary,
    ];

    /// Its name in a definition of a source.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Float => "FLOAT",
            Self::Bool => "BOOL",
            Self::Json => "JSON",
            Self::Date => "DATE",
            Self::UtcDatetime => "UTC_DATETIME",
            Self::Decimal => "DECIMAL",
            Self::Binary => "BINARY",
        }
    }
}

/// One column of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// Where in a row its value stands: the names of the fields from the outermost in.
    pub path: &'static [&'static str],
    /// The declared type.
    pub kind: ColumnType,
}

/// The table that a stream fills.
#[derive(Debug, PartialEq)]
pub struct Schema {
    /// The table's name.
    pub table: &'static str,
    /// What its rows are called together, as a heading.
    pub title: &'static str,
    /// The columns, in the order in which they are declared.
    pub columns: &'static [Column],
    /// Index of the primary key in `columns`.
    pub primary_key: usize,
    /// The columns that the primary key is put together from, as a JSON array of their texts, where it is no field of
    /// its own: its path is empty then. Otherwise none.
    pub parts: &'static [usize],
    /// Index of the cursor field in `columns`, if the rows have one.
    pub cursor: Option<usize>,
    /// How cursors are written.
    pub format: Format,
}

impl Schema {
    /// The position of the column of that name.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The cursor that a text is, if it is one.
    #[must_use]
    pub fn read_cursor(&self, text: &str) -> Option<Cursor> {
        Cursor::read(self.format, text).ok()
    }
}

const fn column(path: &'static [&'static str], kind: ColumnType) -> Column {
    Column { name: path[0], path, kind }
}

/// The reference's table: `user`, by `id`, ordered by `updatedAt`.
pub const USER: Schema = Schema {
    table: "user",
    title: "Users",
    columns: &[
        column(&["id"], ColumnType::String),
        column(&["name"], ColumnType::String),
        column(&["email"], ColumnType::String),
        column(&["address"], ColumnType::String),
        column(&["company"], ColumnType::String),
        column(&["job"], ColumnType::String),
        column(&["updatedAt"], ColumnType::UtcDatetime),
        column(&["createdAt"], ColumnType::UtcDatetime),
    ],
    primary_key: 0,
    parts: &[],
    cursor: Some(6),
    format: Format::Rfc3339,
};
