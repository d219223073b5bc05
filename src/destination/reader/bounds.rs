//! How much of a row and of the log an answer holds, whichever destination gives it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{MOST_ROWS, PastPage, PastRun};
use crate::text::cut;

/// The most that is given of a value, in characters.
const VALUE: usize = 65_536;

/// The most that a piece of the log may fill, in bytes; but never less than one entry.
const BYTES: usize = 2 << 20;

/// As much of a value as is given.
pub(in crate::destination) fn shown(text: &str) -> String {
    cut(text, VALUE).into_owned()
}

/// What a row was before: the fields that were kept of it, each as a text.
pub(in crate::destination) fn before(kept: Option<Map<String, Value>>) -> BTreeMap<String, Option<String>> {
    let old = |value| match value {
        Value::Null => None,
        Value::String(text) => Some(shown(&text)),
        other => Some(shown(&other.to_string())),
    };
    kept.into_iter().flatten().map(|(name, value)| (name, old(value))).collect()
}

/// So many entries of the log as may be asked for at once, as SQL counts them.
pub(in crate::destination) fn limit(rows: usize) -> i64 {
    i64::try_from(rows.clamp(1, MOST_ROWS)).unwrap_or(i64::MAX)
}

/// An entry of the log, whose texts may be long.
pub(in crate::destination) trait Long {
    /// How long they are together, in bytes.
    fn len(&self) -> usize;
}

impl Long for PastRun {
    fn len(&self) -> usize {
        self.text.as_deref().map_or(0, str::len)
    }
}

impl Long for PastPage {
    fn len(&self) -> usize {
        let token = self.token.as_deref().map_or(0, str::len);
        token + self.asked.len() + self.url.as_deref().map_or(0, str::len)
    }
}

/// The entries, as far as there is room for them.
pub(in crate::destination) fn bounded<T: Long, E>(
    entries: impl Iterator<Item = Result<T, E>>,
) -> Result<Vec<T>, E> {
    let (mut kept, mut bytes) = (Vec::new(), 0);
    for entry in entries {
        let entry = entry?;
        bytes += entry.len();
        kept.push(entry);
        if bytes > BYTES {
            break;
        }
    }
    Ok(kept)
}
