//! One row of a page.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::record::value::{self, Name, twice};
use crate::record::{Packed, Row, Schema};
use crate::sanitize;

/// How the rows of a table are read: what is the same for all of them.
pub(super) struct Rows {
    schema: &'static Schema,
    /// How deep a value may be nested.
    depth: usize,
    fields: Vec<Field>,
}

/// A field of a row that columns take their values from.
struct Field {
    name: &'static str,
    /// One of these columns, and that of the whole field if there is one.
    column: usize,
    whole: bool,
    /// True if there are others.
    shared: bool,
}

impl Rows {
    /// The rows of a table, whose values may be nested so deep.
    pub(super) fn new(schema: &'static Schema, depth: usize) -> Self {
        let mut fields: Vec<Field> = Vec::with_capacity(schema.columns.len());
        for (position, column) in schema.columns.iter().enumerate() {
            let Some((name, rest)) = column.path.split_first() else { continue };
            let whole = rest.is_empty();
            match fields.iter_mut().find(|field| field.name == *name) {
                None => fields.push(Field { name, column: position, whole, shared: false }),
                Some(field) => {
                    field.shared = true;
                    if whole {
                        (field.column, field.whole) = (position, true);
                    }
                }
            }
        }
        Self { schema, depth, fields }
    }

    /// Reads one row, or says why the table cannot hold it.
    pub(super) fn decode(&self, raw: &RawValue) -> Result<Row, String> {
        let mut reader = serde_json::Deserializer::from_str(raw.get());
        let mut found = RowFields(self).deserialize(&mut reader).map_err(|error| error.to_string())?;
        if let Some(misfit) = found.misfit {
            return Err(misfit);
        }
        let schema = self.schema;
        if schema.parts.is_empty() {
            found.check_key(schema)?;
        } else {
            let key = found.put_together(schema)?;
            found.values[schema.primary_key] = Some(Some(key.into()));
        }
        let cursor = schema.cursor.and_then(|column| found.value(column));
        let cursor = cursor.and_then(|text| schema.read_cursor(text));
        let extra = match found.extra.is_empty() {
            true => None,
            false => Some(serde_json::to_string(&found.extra).map_err(|error| error.to_string())?),
        };
        let values = found.values.iter().map(|value| value.as_ref()?.as_deref());
        Ok(Row { values: Packed::of(values), cursor, extra })
    }

    /// The field of a name, which is most often the one after the last.
    fn field(&self, name: &str, next: &mut usize) -> Option<&Field> {
        let is_it = |field: &Field| field.name == name;
        let at = match self.fields.get(*next) {
            Some(field) if is_it(field) => *next,
            _ => self.fields.iter().position(is_it)?,
        };
        *next = at + 1;
        self.fields.get(at)
    }
}

struct RowFields<'r>(&'r Rows);

struct RowFound<'a> {
    /// By column: none where the row has no such field, and none in it where that is null.
    values: Vec<Option<Option<Cow<'a, str>>>>,
    /// The first character of the primary key's JSON, which tells its type.
    key: Option<char>,
    extra: BTreeMap<Cow<'a, str>, &'a RawValue>,
    /// The first value that does not fit its column, in words.
    misfit: Option<String>,
}

impl<'a> RowFound<'a> {
    fn value(&self, column: usize) -> Option<&str> {
        self.values[column].as_ref()?.as_deref()
    }

    /// Takes a column's value from a field, or from within it.
    fn take(&mut self, schema: &Schema, column: usize, raw: &'a RawValue) {
        let found = match schema.columns[column].path {
            [] | [_] => Ok(Some(raw)),
            [name, rest @ ..] => value::within(name, rest, raw),
        };
        let read = found.and_then(|found| {
            let Some(raw) = found else { return Ok(None) };
            if column == schema.primary_key {
                self.key = raw.get().chars().next();
            }
            value::read(schema, column, raw)
        });
        self.values[column] = Some(read.unwrap_or_else(|misfit| {
            self.misfit.get_or_insert(misfit);
            None
        }));
    }

    /// Refuses a row without a primary key.
    fn check_key(&self, schema: &Schema) -> Result<(), String> {
        let key = schema.columns[schema.primary_key].name;
        match self.key {
            Some('"' | '0'..='9' | '-') if self.value(schema.primary_key) == Some("") => {
                Err(format!("`{key}` is empty"))
            }
            Some('"' | '0'..='9' | '-') => Ok(()),
            Some('n') => Err(format!("`{key}` is null")),
            Some(_) => Err(format!("`{key}` is neither a string nor a number")),
            None => Err(format!("no `{key}`")),
        }
    }

    /// The primary key out of its parts, of which none may be missing.
    fn put_together(&self, schema: &Schema) -> Result<String, String> {
        let part = |part: &usize| {
            let name = schema.columns[*part].name;
            match &self.values[*part] {
                None => Err(format!("no `{name}`, a part of the key")),
                Some(None) => Err(format!("`{name}` is null, a part of the key")),
                Some(Some(text)) => Ok(text),
            }
        };
        let parts = schema.parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        serde_json::to_string(&parts).map_err(|error| error.to_string())
    }
}

impl<'de> DeserializeSeed<'de> for RowFields<'_> {
    type Value = RowFound<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RowFound<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowFields<'_> {
    type Value = RowFound<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object as a row")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<RowFound<'de>, M::Error> {
        let Rows { schema, depth, .. } = self.0;
        let values = vec![None; schema.columns.len()];
        let mut found = RowFound { values, key: None, extra: BTreeMap::new(), misfit: None };
        let mut next = 0;
        while let Some(Name(name)) = map.next_key()? {
            let raw = map.next_value::<&RawValue>()?;
            if is_deeper(raw.get(), *depth) {
                let name = sanitize::quoted(&name);
                return Err(M::Error::custom(format_args!(
                    "{name} is nested more than {depth} deep (source.max_depth)"
                )));
            }
            let field = self.0.field(&name, &mut next);
            if let Some(field) = field {
                if found.values[field.column].is_some() {
                    return Err(twice(&name));
                }
                found.take(schema, field.column, raw);
                if field.shared {
                    let takes = |column: &usize| schema.columns[*column].path.first() == Some(&field.name);
                    let others = (0..schema.columns.len()).filter(takes);
                    others
                        .filter(|other| *other != field.column)
                        .for_each(|other| found.take(schema, other, raw));
                }
            }
            // Of a field that is no column as a whole, nothing is lost either.
            if field.is_none_or(|field| !field.whole) {
                match found.extra.entry(name) {
                    Entry::Occupied(before) => return Err(twice(before.key())),
                    Entry::Vacant(place) => drop(place.insert(raw)),
                }
            }
        }
        Ok(found)
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
