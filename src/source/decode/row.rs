//! One row of a page.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Name;
use crate::record::{Packed, Row, Schema};
use crate::sanitize;

/// Reads one row, or says why the table cannot hold it.
pub(super) fn decode_row(schema: &'static Schema, raw: &RawValue, depth: usize) -> Result<Row, String> {
    let mut reader = serde_json::Deserializer::from_str(raw.get());
    let fields = RowFields { schema, depth }.deserialize(&mut reader).map_err(|error| error.to_string())?;
    let key = schema.columns[schema.primary_key].name;
    let value = |column: usize| fields.values[column].as_deref();
    match fields.key {
        Some('"' | '0'..='9' | '-') if value(schema.primary_key) == Some("") => {
            return Err(format!("`{key}` is empty"));
        }
        Some('"' | '0'..='9' | '-') => {}
        Some('n') => return Err(format!("`{key}` is null")),
        Some(_) => return Err(format!("`{key}` is neither a string nor a number")),
        None => return Err(format!("no `{key}`")),
    }
    let cursor = schema.cursor.and_then(value).and_then(|text| schema.read_cursor(text));
    let extra = match fields.extra.is_empty() {
        true => None,
        false => Some(serde_json::to_string(&fields.extra).map_err(|error| error.to_string())?),
    };
    Ok(Row { values: Packed::new(&fields.values), cursor, extra })
}

struct RowFields {
    schema: &'static Schema,
    depth: usize,
}

struct RowFound<'a> {
    values: Vec<Option<Cow<'a, str>>>,
    /// The first character of the primary key's JSON, which tells its type.
    key: Option<char>,
    extra: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

impl<'de> DeserializeSeed<'de> for RowFields {
    type Value = RowFound<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RowFound<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowFields {
    type Value = RowFound<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object as a row")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<RowFound<'de>, M::Error> {
        let mut values = vec![None; self.schema.columns.len()];
        let (mut key, mut extra, mut seen) = (None, BTreeMap::new(), 0_u64);
        let twice =
            |name: &str| M::Error::custom(format_args!("two fields named {}", sanitize::quoted(name)));
        while let Some(Name(name)) = map.next_key()? {
            let raw = map.next_value::<&RawValue>()?;
            if is_deeper(raw.get(), self.depth) {
                let (name, depth) = (sanitize::quoted(&name), self.depth);
                return Err(M::Error::custom(format_args!(
                    "{name} is nested more than {depth} deep (source.max_depth)"
                )));
            }
            match self.schema.position(&name) {
                Some(column) => {
                    let bit =
                        u32::try_from(column).ok().and_then(|column| 1_u64.checked_shl(column)).unwrap_or(0);
                    if seen & bit != 0 {
                        return Err(twice(&name));
                    }
                    seen |= bit;
                    values[column] = text_of(raw).map_err(M::Error::custom)?;
                    if column == self.schema.primary_key {
                        key = raw.get().chars().next();
                    }
                }
                None => match extra.entry(name) {
                    Entry::Occupied(before) => return Err(twice(before.key())),
                    Entry::Vacant(place) => drop(place.insert(raw)),
                },
            }
        }
        Ok(RowFound { values, key, extra })
    }
}

/// True if a JSON text has more lists and objects within each other than that. The parser skips them however deep they
/// are; whoever reads the table later may not.
fn is_deeper(json: &str, most: usize) -> bool {
    if !json.starts_with(['[', '{']) {
        return false;
    }
    let (mut depth, mut quoted, mut bytes) = (0_usize, false, json.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b']' | b'}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    false
}

/// A value as the column keeps it: a string's content, nothing for null, anything else as its JSON text.
fn text_of(raw: &RawValue) -> serde_json::Result<Option<Cow<'_, str>>> {
    let text = raw.get();
    if text == "null" {
        return Ok(None);
    }
    let Some(content) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return Ok(Some(Cow::Borrowed(text)));
    };
    // What the parser has passed over has no quote in it, nor anything else to be read, but behind a backslash.
    match memchr(b'\\', content.as_bytes()) {
        None => Ok(Some(Cow::Borrowed(content))),
        Some(_) => serde_json::from_str(text).map(|text| Some(Cow::Owned(text))),
    }
}
