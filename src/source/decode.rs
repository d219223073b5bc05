//! An answer's body → a page. In two steps, so that the next request need not wait for the second: the envelope (is
//! it a page, what is the token, where are the rows), then the rows.
//!
//! A body that is not the contract's shape is an error, never "no rows". A row that the table cannot hold does not
//! spoil its page: it is quarantined with the reason.

mod row;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::row::Rows;
use super::contract::{Contract, Path, TokenAt};
use super::{Failure, Limits, put};
use crate::record::value::Name;
use crate::record::{Cursor, Page, Quarantined};
use crate::sanitize;
use crate::walk::Request;

/// An answer whose shape is known and whose rows are not read yet.
#[derive(Debug)]
pub struct Envelope<'a> {
    contract: &'static Contract,
    /// How deep a value of a row may be nested.
    depth: usize,
    /// The rows; `None` if nothing stands where they belong, or null.
    rows: Option<Vec<&'a RawValue>>,
    /// Whether there is more, if the answer says so beside its token.
    more: Option<bool>,
    /// The scroll token.
    pub token: Option<String>,
}

impl<'a> Envelope<'a> {
    /// Reads a body's outer shape, and the token if the contract says that it is there.
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
        let read = read.and_then(|()| reader.end());
        read.map_err(|error| wrong_type(contract, body).unwrap_or_else(|| bad(error)))?;
        let Found { rows, token, more } = found;
        let is_number = matches!(contract.token, TokenAt::Number(_));
        if token.as_ref().is_some_and(|token| token.is_number != is_number)
            && let Some(wrong) = wrong_type(contract, body)
        {
            return Err(wrong);
        }
        if rows.as_ref().is_some_and(|rows| rows.len() > most) {
            return Err(Failure::TooLarge(format!(
                "more than {most} rows in one page (source.max_page_rows)"
            )));
        }
        let more = more.zip(contract.more).map(|(says, flag)| says != flag.is);
        let envelope = Self { contract, depth: limits.depth, rows, more, token: None };
        match contract.token.in_body() {
            Some(_) => envelope.with_token(token.map(|token| token.text)),
            None => Ok(envelope),
        }
    }

    /// The same with the token, where it is not in the body: what the answer's head has, what the last row has, or what
    /// is counted up from the request.
    ///
    /// # Errors
    /// [`Failure::BadBody`] if the body says that there is more, and nothing says where.
    pub fn with_next(self, request: &Request, head: Option<&str>) -> Result<Self, Failure> {
        let rows = self.rows.as_ref().map_or(0, Vec::len) as u64;
        let token = match self.contract.token {
            TokenAt::Body(_) | TokenAt::Number(_) => return Ok(self),
            TokenAt::Header(_) | TokenAt::Link => head.map(str::to_owned),
            TokenAt::LastRow(path) => self.rows.as_ref().and_then(|rows| scalar(path, rows.last()?)),
            counted => put::counted(counted, request, rows).filter(|_| rows > 0),
        };
        self.with_token(token)
    }

    /// The same with a token, if the answer does not say that nothing is to follow. An empty one is none, as for the
    /// reference, unless the contract says otherwise.
    fn with_token(mut self, token: Option<String>) -> Result<Self, Failure> {
        let rows = self.rows.as_ref().map_or(0, Vec::len) as u64;
        let ends = self.more == Some(false) || self.contract.full.is_some_and(|full| rows < full);
        self.token = token.filter(|token| !ends && (self.contract.empty_token || !token.is_empty()));
        match (self.more, &self.token, self.contract.more) {
            (Some(true), None, Some(flag)) => {
                let says = !flag.is;
                Err(Failure::BadBody(format!("{} is {says}, and no token came along", flag.path)))
            }
            _ => Ok(self),
        }
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
        Rows::new(self.contract.schema, self.depth).decode(last).ok()?.cursor
    }

    /// Reads the rows.
    #[must_use]
    pub fn into_page(self) -> Page {
        let mut page = Page { token: self.token, has_data: self.rows.is_some(), ..Page::default() };
        let rows = self.rows.unwrap_or_default();
        page.rows.reserve_exact(rows.len());
        let read = Rows::new(self.contract.schema, self.depth);
        for (position, raw) in rows.into_iter().enumerate() {
            match read.decode(raw) {
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

/// What a row has in a field, if that is a text or a whole number.
fn scalar(path: Path, row: &RawValue) -> Option<String> {
    let found = At(path).deserialize(&mut serde_json::Deserializer::from_str(row.get())).ok()??;
    serde_json::from_str::<Scalar>(found.get()).ok().map(|scalar| scalar.text)
}

/// What a success says in refusal, where the contract has a flag for that: the reason, as far as one is given.
pub(super) fn refusal(contract: &Contract, body: &[u8]) -> Option<String> {
    let (flag, reason) = contract.refusal?;
    let at = |path| At(path).deserialize(&mut serde_json::Deserializer::from_slice(body)).ok().flatten();
    let says = serde_json::from_str::<bool>(at(flag.path)?.get()).ok()?;
    let reason = || at(reason).map(RawValue::get).unwrap_or("no reason is given");
    (says == flag.is).then(|| sanitize::snippet(reason().trim_matches('"'), 200))
}

/// What is wrong with a body that has the fields, if it is their type: what stands there in place of it.
fn wrong_type(contract: &Contract, body: &[u8]) -> Option<Failure> {
    let wrong = |path: Path, begins: &[char], wanted: &str| {
        let raw = At(path).deserialize(&mut serde_json::Deserializer::from_slice(body)).ok()??.get();
        let found = sanitize::snippet(raw, 40);
        let is_wrong = raw != "null" && !raw.starts_with(begins);
        is_wrong.then(|| Failure::BadBody(format!("{path} is {found}, not {wanted}")))
    };
    let token = match contract.token {
        TokenAt::Body(path) => wrong(path, &['"'], "a string"),
        TokenAt::Number(path) => {
            wrong(path, &['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], "a whole number")
        }
        TokenAt::Header(_) | TokenAt::Link | TokenAt::LastRow(_) | TokenAt::Page(_) | TokenAt::Offset => None,
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

/// The fields of an answer that matter; what is null is not there.
#[derive(Default)]
struct Found<'a> {
    rows: Option<Vec<&'a RawValue>>,
    token: Option<Scalar>,
    more: Option<bool>,
}

/// A text, or a whole number as its text.
struct Scalar {
    text: String,
    is_number: bool,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarRead)
    }
}

struct ScalarRead;

impl Visitor<'_> for ScalarRead {
    type Value = Scalar;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar { text: text.to_owned(), is_number: false })
    }
    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar { text: number.to_string(), is_number: true })
    }
    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar { text: number.to_string(), is_number: true })
    }
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
        let token = contract.token.in_body();
        Self { found, rows: Some(contract.rows), token, more: contract.more.map(|flag| flag.path), most }
    }
}

impl<'de> DeserializeSeed<'de> for Fields<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let is_here = |path: Option<Path>| path.is_some_and(Path::is_here);
        if is_here(self.rows) {
            self.found.rows = Elements(self.most).deserialize(deserializer)?;
        } else if is_here(self.token) {
            self.found.token = Option::deserialize(deserializer)?;
        } else if is_here(self.more) {
            self.found.more = Option::deserialize(deserializer)?;
        } else {
            return deserializer.deserialize_option(self);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Fields<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    /// Of what is not there, nothing is below it.
    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Self { found, most, .. } = self;
        let mut passed = [false; 3];
        while let Some(Name(key)) = map.next_key()? {
            let within = |path: Option<Path>| path?.within(&key);
            let (rows, token, more) = (within(self.rows), within(self.token), within(self.more));
            let leads = [rows, token, more].map(|path| path.is_some());
            if leads == [false; 3] {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            for (passed, leads) in passed.iter_mut().zip(leads) {
                if leads && std::mem::replace(passed, true) {
                    return Err(M::Error::custom(format_args!("two fields named `{key}`")));
                }
            }
            map.next_value_seed(Fields { found: &mut *found, rows, token, more, most })?;
        }
        Ok(())
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
