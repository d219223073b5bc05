//! How our own columns keep a cursor, whichever destination they stand in.

use crate::record::Cursor;

/// A kept cursor as the source wrote it, or whatever else stands there: without the name of its format, which is kept
/// with it where that is not RFC 3339.
#[must_use]
pub fn as_written(kept: String) -> String {
    Cursor::try_from(kept.clone()).map_or(kept, |cursor| cursor.text().to_owned())
}
