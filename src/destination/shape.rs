//! Whether rows of what is declared now go into a table that was made for what was declared then, and what a column that
//! was declared since is filled with. Whoever keeps the table says what stands in it; what that means is settled here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::kept::json;
use crate::record::value::{self, Name};
use crate::record::{Cursor, Schema};

/// What to do about a table that is another one.
const ANEW: &str = "give the source a table of another name, or another --db, and read everything again";

/// A column as it stands in a table.
pub(super) struct Found {
    pub(super) name: String,
    /// Its type, in the database's words.
    pub(super) kind: String,
    pub(super) is_key: bool,
}

/// What speaks against putting rows of this shape into a table of ours, if anything does: another key, a column of
/// another type, or a missing one that cannot be added. Columns that are declared no more stay. `other` names the type
/// of a column that is not the one declared at that position.
pub(super) fn contradiction<'f>(
    schema: &Schema,
    found: &'f [Found],
    writes: bool,
    other: impl Fn(usize, &'f Found) -> Option<&'f str>,
) -> Option<String> {
    let key = schema.columns[schema.primary_key].name;
    if let Some(other) = found.iter().find(|column| column.is_key && column.name != key) {
        return Some(format!("has the key {}, not {key}; {ANEW}", other.name));
    }
    schema.columns.iter().enumerate().find_map(|(position, column)| {
        let name = column.name;
        match found.iter().find(|found| found.name == name) {
            Some(found) => other(position, found)
                .map(|other| format!("has {name} as {other}, and not as {}; {ANEW}", column.kind.word())),
            None if position == schema.primary_key
                || schema.cursor == Some(position)
                || schema.parts.contains(&position) =>
            {
                Some(format!("has no {name}, by which its rows are told apart or ordered; {ANEW}"))
            }
            None if writes => None,
            None => Some(format!("has no {name} yet; run a sync first")),
        }
    })
}

/// The columns that were declared since a table was made.
pub(super) fn missing<'f>(schema: &Schema, found: impl Iterator<Item = &'f str> + Clone) -> Vec<usize> {
    let is_new = |position: &usize| found.clone().all(|name| name != schema.columns[*position].name);
    (0..schema.columns.len()).filter(is_new).collect()
}

/// What a row's fields, which were kept beside the table, give to columns that were declared since.
pub(super) struct Filled {
    pub(super) values: Vec<(usize, String)>,
    /// The fields that are still to be kept.
    pub(super) rest: Option<String>,
}

/// What those fields give to these columns; a value that does not fit its column stays where it is.
pub(super) fn fill(
    schema: &Schema,
    columns: &[usize],
    fields: &str,
    fits: impl Fn(usize, &str) -> bool,
) -> Option<Filled> {
    let mut rest: BTreeMap<Name<'_>, &RawValue> = serde_json::from_str(fields).ok()?;
    let (mut values, mut taken) = (Vec::new(), Vec::new());
    for position in columns {
        let Some((field, within)) = schema.columns[*position].path.split_first() else { continue };
        let Some(raw) = rest.get(&Name(Cow::Borrowed(field))) else { continue };
        let found = value::within(field, within, raw);
        let read = found.and_then(|raw| raw.map_or(Ok(None), |raw| value::read(schema, *position, raw)));
        let Ok(Some(value)) = read else { continue };
        if !fits(*position, &value) {
            continue;
        }
        values.push((*position, value.into_owned()));
        if within.is_empty() {
            taken.push(*field);
        }
    }
    if values.is_empty() {
        return None;
    }
    if taken.is_empty() {
        return Some(Filled { values, rest: Some(fields.to_owned()) });
    }
    rest.retain(|name, _| !taken.contains(&&*name.0));
    Some(Filled { values, rest: (!rest.is_empty()).then(|| json(&rest)) })
}

/// What speaks against going on from a checkpoint with rows that are ordered as they are declared now; `by` is the field
/// that the checkpoint is one of, if that was written down.
pub(super) fn other_cursor(schema: &Schema, checkpoint: Option<&Cursor>, by: Option<&str>) -> Option<String> {
    const AGAIN: &str = "give the source a table of another name, or another --db; or forget the checkpoint with \
                         `highwater state reset`, and read everything again";
    let (checkpoint, field) = (checkpoint?, schema.columns[schema.cursor?].name);
    let (was, is) = (checkpoint.format(), schema.format);
    if was != is {
        return Some(format!(
            "its checkpoint {checkpoint} is written as {}, and {field} is declared as {}; {AGAIN}",
            was.word(),
            is.word()
        ));
    }
    let by = by.filter(|by| *by != field)?;
    Some(format!(
        "its checkpoint {checkpoint} is one of {by}, and rows are declared to be ordered by {field}; {AGAIN}"
    ))
}
