//! What travels from the source to the destination: rows, their cursors, and the table that they fill.
//!
//! This room knows no protocol and no storage. It holds the two rules that everything else leans on: a cursor
//! is kept and sent back verbatim and parsed only to compare, and a row that cannot be stored says why.

mod cursor;
mod schema;
pub(crate) mod value;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::cursor::{BEGINNING, Cursor, Format, NotACursor};
pub use self::schema::{Column, ColumnType, Schema, USER};

/// The values of a row for showing, in the order of [`Schema::columns`]. Shared, never copied, on their way to the
/// screen.
pub type Values = Arc<[Option<String>]>;

/// The values of a row, in the order of [`Schema::columns`], in one text: a page has thousands of them, and a room of
/// its own for each costs more than all that is done with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Packed {
    text: Box<str>,
    /// Where each ends in the text, with [`NULL`] if it is null. No body comes near 2 GiB.
    ends: Box<[u32]>,
}

/// The bit that no length of a text has.
const NULL: u32 = 1 << (u32::BITS - 1);

impl Packed {
    /// Packs values, 2 GiB of text at most.
    #[must_use]
    pub fn new(values: &[Option<impl AsRef<str>>]) -> Self {
        Self::of(values.iter().map(|value| value.as_ref().map(AsRef::as_ref)))
    }

    /// The same, from wherever they stand.
    #[must_use]
    pub fn of<'a>(values: impl ExactSizeIterator<Item = Option<&'a str>> + Clone) -> Self {
        let length = values.clone().flatten().map(str::len).sum();
        let mut text = String::with_capacity(length);
        let ends = values.map(|value| {
            text.push_str(value.unwrap_or_default());
            text.len() as u32 | if value.is_none() { NULL } else { 0 }
        });
        Self { ends: ends.collect(), text: text.into() }
    }

    /// The value in a column; `None` if it is null.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = self.ends.get(column).filter(|end| **end & NULL == 0)?;
        let begin = column.checked_sub(1).map_or(0, |before| self.ends[before] & !NULL);
        self.text.get(begin as usize..*end as usize)
    }

    /// The values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|column| self.get(column))
    }
}

/// One record as the source gave it, cut to the declared columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The values in the order of [`Schema::columns`]; `None` where the field is absent or null. Anything but a
    /// string is kept as its JSON text; a whole number, a number with a fraction and a truth value in one spelling.
    pub values: Packed,
    /// The cursor, if the row has one that can be read.
    pub cursor: Option<Cursor>,
    /// The fields that the schema does not declare, as one JSON object.
    pub extra: Option<String>,
}

impl Row {
    /// The primary key. Empty only if the row was built without one, which the decoder never does.
    #[must_use]
    pub fn id(&self, schema: &Schema) -> &str {
        self.values.get(schema.primary_key).unwrap_or("")
    }
}

/// A row that cannot be stored in the table, kept apart with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The row's place in its page, from 0.
    pub position: usize,
    /// Why the table cannot hold it.
    pub reason: String,
    /// The row as the source sent it.
    pub json: String,
}

/// One answer's rows, with the token that came along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The rows that can be stored, in the source's order.
    pub rows: Vec<Row>,
    /// The rows that cannot.
    pub quarantined: Vec<Quarantined>,
    /// The scroll token for the next page.
    pub token: Option<String>,
    /// False if the answer had no `data` at all.
    pub has_data: bool,
}

impl Page {
    /// How many rows the source sent, storable or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len() + self.quarantined.len()
    }

    /// The cursors of the rows that have one, in the source's order.
    pub fn cursors(&self) -> impl DoubleEndedIterator<Item = &Cursor> {
        self.rows.iter().filter_map(|row| row.cursor.as_ref())
    }

    /// True if the source sent no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_values_are_the_values() {
        for values in [
            vec![],
            vec![None],
            vec![Some("")],
            vec![Some("a"), None, None, Some("é"), Some(""), Some("bc"), None],
        ] {
            let packed = Packed::new(&values);
            assert_eq!(packed.iter().collect::<Vec<_>>(), values);
            assert_eq!(packed.get(values.len()), None);
        }
        assert_ne!(Packed::new(&[Some("a"), None]), Packed::new(&[Some("a"), Some("")]));
    }
}
