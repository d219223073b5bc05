//! An answer's body → a page. In two steps, so that the next request need not wait for the second: the envelope (is
//! it a page, what is the token, where are the rows), then the rows.
//!
//! A body that is not the contract's shape is an error, never "no rows". A row that the table cannot hold does not
//! spoil its page: it is quarantined with the reason.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use memchr::memchr;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::contract::{Contract, From, Path};
use super::{Failure, Limits};
use crate::record::{Cursor, Packed, Page, Quarantined, Row, Schema};
use crate::sanitize;

/// An answer whose shape is known and whose rows are not read yet.
#[derive(Debug)]
pub struct Envelope<'a> {
    contract: &'static Contract,
    /// How deep a value of a row may be nested.
    depth: usize,
    /// The rows; `None` if there is no `data`, or if it is null.
    rows: Option<Vec<&'a RawValue>>,
    /// False if the answer says that nothing is to follow.
    has_more: bool,
    /// The scroll token; an empty one is none, as for the reference.
    pub token: Option<String>,
}

impl<'a> Envelope<'a> {
    /// Reads a body's outer shape.
    ///
    /// # Errors
    /// [`Failure::BadBody`] if it is not a JSON object, or if the rows or the token have the wrong type;
    /// [`Failure::TooLarge`] if it holds more rows than the limit.
    pub fn read(contract: &'static Contract, body: &'a [u8], limits: &Limits) -> Result<Self, Failure> {
        let most = limits.rows;
        let bad = |error: serde_json::Error| {
            let beginning = sanitize::snippet(&String::from_utf8_lossy(&body[..body.len().min(400)]), 80);
            // The parser quotes a text that it did not expect, whole.
            let error = sanitize::snippet(&error.to_string(), 200);
            Failure::BadBody(format!("{error}; it begins with {beginning:?}"))
        };
        let (mut reader, mut found) = (serde_json::Deserializer::from_slice(body), Found::default());
        let fields = Fields::of(contract, most, &mut found);
        let read = match contract.rows.is_here() {
            true => fields.deserialize(&mut reader),
            false => reader.deserialize_map(fields),
        };
        let read = read.and_then(|_| reader.end());
        read.map_err(|error| wrong_type(contract, body).unwrap_or_else(|| bad(error)))?;
        let (rows, token) = (found.rows.flatten(), found.token.flatten());
        if rows.as_ref().is_some_and(|rows| rows.len() > most) {
            return Err(Failure::TooLarge(format!(
                "more than {most} rows in one page (source.max_page_rows)"
            )));
        }
        let has_more =
            found.more.flatten().zip(contract.more).is_none_or(|(says, flag)| says != flag.at_the_end);
        let token = token.filter(|token| has_more && !token.is_empty());
        Ok(Self { contract, depth: limits.depth, rows, has_more, token })
    }

    /// The same with the token that the answer's head has, where the contract says that it is there.
    #[must_use]
    pub fn with_head(mut self, token: Option<&str>) -> Self {
        if self.contract.next == From::Link {
            self.token = token.filter(|_| self.has_more).map(str::to_owned);
        }
        self
    }

    /// True if it holds no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.as_ref().is_none_or(Vec::is_empty)
    }

    /// The last row's cursor, without reading the others.
    #[must_use]
    pub fn last_cursor(&self) -> Option<Cursor> {
        let last = self.rows.as_ref()?.last()?;
        decode_row(self.contract.schema, last, self.depth).ok()?.cursor
    }

    /// Reads the rows.
    #[must_use]
    pub fn into_page(self) -> Page {
        let mut page = Page { token: self.token, has_data: self.rows.is_some(), ..Page::default() };
        let rows = self.rows.unwrap_or_default();
        page.rows.reserve_exact(rows.len());
        for (position, raw) in rows.into_iter().enumerate() {
            match decode_row(self.contract.schema, raw, self.depth) {
                Ok(row) => page.rows.push(row),
                Err(reason) => page.quarantined.push(Quarantined {
                    position,
                    reason: sanitize::snippet(&reason, 200),
                    json: raw.get().to_owned(),
                }),
            }
        }
        page
    }
}

/// What is wrong with a body that has the fields, if it is their type: what stands there in place of it.
fn wrong_type(contract: &Contract, body: &[u8]) -> Option<Failure> {
    let wrong = |path: Path, begins: &[char], wanted: &str| {
        let raw = At(path).deserialize(&mut serde_json::Deserializer::from_slice(body)).ok()??.get();
        let found = sanitize::snippet(raw, 40);
        let is_wrong = raw != "null" && !raw.starts_with(begins);
        is_wrong.then(|| Failure::BadBody(format!("{path} is {found}, not {wanted}")))
    };
    let token = match contract.next {
        From::Body(path) => wrong(path, &['"'], "a string"),
        From::Link => None,
    };
    let more = || wrong(contract.more?.path, &['t', 'f'], "true or false");
    wrong(contract.rows, &['['], "an array").or(token).or_else(more)
}

/// What stands at a place of a body.
struct At(Path);

impl<'de> DeserializeSeed<'de> for At {
    type Value = Option<&'de RawValue>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_here() {
            <&RawValue>::deserialize(deserializer).map(Some)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for At {
    type Value = Option<&'de RawValue>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(Name(key)) = map.next_key()? {
            match self.0.within(&key) {
                Some(path) => found = map.next_value_seed(At(path))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// The fields of an answer that matter, each `None` until it came.
#[derive(Default)]
struct Found<'a> {
    rows: Option<Option<Vec<&'a RawValue>>>,
    token: Option<Option<String>>,
    more: Option<Option<bool>>,
}

/// Looks for them in an object; all else is skipped. In one pass: the next request waits for it.
struct Fields<'f, 'a> {
    found: &'f mut Found<'a>,
    /// Where they are from here, if they are below.
    rows: Option<Path>,
    token: Option<Path>,
    more: Option<Path>,
    /// How many rows are kept, and one more.
    most: usize,
}

impl<'f, 'a> Fields<'f, 'a> {
    fn of(contract: &Contract, most: usize, found: &'f mut Found<'a>) -> Self {
        let token = match contract.next {
            From::Body(path) => Some(path),
            From::Link => None,
        };
        Self { found, rows: Some(contract.rows), token, more: contract.more.map(|flag| flag.path), most }
    }
}

impl<'de> DeserializeSeed<'de> for Fields<'_, 'de> {
    /// False if what is found here was found before.
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        let is_here = |path: Option<Path>| path.is_some_and(Path::is_here);
        let before = if is_here(self.rows) {
            self.found.rows.replace(Elements(self.most).deserialize(deserializer)?).is_some()
        } else if is_here(self.token) {
            self.found.token.replace(Option::deserialize(deserializer)?).is_some()
        } else if is_here(self.more) {
            self.found.more.replace(Option::deserialize(deserializer)?).is_some()
        } else {
            return deserializer.deserialize_option(self);
        };
        Ok(!before)
    }
}

impl<'de> Visitor<'de> for Fields<'_, 'de> {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    /// Of what is not there, nothing is below it.
    fn visit_none<E>(self) -> Result<bool, E> {
        Ok(true)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_map(self)
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<bool, M::Error> {
        let Self { found, most, .. } = self;
        while let Some(Name(key)) = map.next_key()? {
            let within = |path: Option<Path>| path?.within(&key);
            let (rows, token, more) = (within(self.rows), within(self.token), within(self.more));
            if rows.or(token).or(more).is_none() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if !map.next_value_seed(Fields { found: &mut *found, rows, token, more, most })? {
                return Err(M::Error::custom(format_args!("two fields named `{key}`")));
            }
        }
        Ok(true)
    }
}

/// The elements of an array, of which so many and one more are kept: 32 MiB of `0,` would be half a gigabyte of them.
/// None of `null`.
struct Elements(usize);

impl<'de> DeserializeSeed<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Self::Value, S::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            if elements.len() <= self.0 {
                elements.push(element);
            }
        }
        Ok(Some(elements))
    }
}

/// Reads one row, or says why the table cannot hold it.
fn decode_row(schema: &'static Schema, raw: &RawValue, depth: usize) -> Result<Row, String> {
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
    let cursor = value(schema.cursor).and_then(|text| Cursor::parse(text).ok());
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

/// A field's name, as it stands in the body where nothing in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
