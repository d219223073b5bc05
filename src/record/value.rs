//! A value of a row as its column keeps it, or why the column cannot: a value that does not fit its type keeps its row
//! out of the table, and never becomes a null.
//!
//! Numbers and truth values come out in one spelling, so that what is stored as a number is the same text when it is
//! read again. All else stays as the source wrote it.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{ColumnType, Cursor, Format, Schema};
use crate::{sanitize, text};

/// The most that a reason quotes of a value, in characters.
const QUOTED: usize = 40;

/// A value as the column keeps it; nothing for null. The cursor where it is a date and time is not looked at: a row is
/// stored whatever it says there, and moves nothing if that cannot be read.
pub(crate) fn read<'a>(
    schema: &Schema,
    position: usize,
    raw: &'a RawValue,
) -> Result<Option<Cow<'a, str>>, String> {
    let (column, json) = (&schema.columns[position], raw.get());
    let misfit = || {
        let (value, what) = (sanitize::snippet(json, QUOTED), what(column.kind));
        format!("`{}` is {value}, not {what} ({})", column.name, column.kind.word())
    };
    let Some(content) = text_of(raw).map_err(|error| error.to_string())? else { return Ok(None) };
    match column.kind {
        ColumnType::String => Ok(Some(content)),
        ColumnType::Json => Ok(Some(Cow::Borrowed(json))),
        ColumnType::UtcDatetime if schema.cursor == Some(position) => Ok(Some(content)),
        ColumnType::Binary if !json.starts_with('"') => Err(misfit()),
        kind => fitted(kind, content).map(Some).ok_or_else(misfit),
    }
}

/// A text in the spelling that its column keeps, if it fits there.
fn fitted(kind: ColumnType, content: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let fits = match kind {
        ColumnType::String | ColumnType::Json => true,
        ColumnType::Int => {
            let number = content.parse::<i64>().ok()?.to_string();
            return Some(if number == content { content } else { number.into() });
        }
        ColumnType::Float => {
            let number = content.parse::<f64>().ok().filter(|number| number.is_finite())?;
            return Some(text::real(number).into());
        }
        ColumnType::Bool => matches!(&*content, "true" | "false"),
        ColumnType::Date => {
            content.len() == "2026-11-16".len() && Cursor::read(Format::Date, &content).is_ok()
        }
        ColumnType::UtcDatetime => is_plain_time(&content) || is_time(&content),
        ColumnType::Decimal => is_decimal(&content),
        ColumnType::Binary => {
            STANDARD_PAD_INDIFFERENT.decode(&*content).is_ok()
                || URL_SAFE_PAD_INDIFFERENT.decode(&*content).is_ok()
        }
    };
    fits.then_some(content)
}

/// What a value of a type is, in words.
fn what(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::String => "a text",
        ColumnType::Int => "a whole number of 64 bits",
        ColumnType::Float => "a number",
        ColumnType::Bool => "true or false",
        ColumnType::Json => "JSON",
        ColumnType::Date => "a day such as 2026-11-16",
        ColumnType::UtcDatetime => "a date and time",
        ColumnType::Decimal => "a decimal number",
        ColumnType::Binary => "Base64",
    }
}

/// True if a text is a date and time in any of the ways in which cursors are written, one without a zone being in UTC.
fn is_time(content: &str) -> bool {
    Format::ALL.into_iter().any(|format| format.is_time() && Cursor::read(format, content).is_ok())
}

/// True if it certainly is one, of the spelling that most have: `2026-11-16T19:05:47Z`, up to the day that every month
/// has. To read it would cost many times as much.
fn is_plain_time(content: &str) -> bool {
    const SHAPE: &[u8; 20] = b"0000-00-00T00:00:00Z";
    let Ok(bytes) = <&[u8; 20]>::try_from(content.as_bytes()) else { return false };
    let is_shaped = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    let pair = |at: usize| 10 * (bytes[at] - b'0') + (bytes[at + 1] - b'0');
    bytes.iter().zip(SHAPE).all(is_shaped)
        && matches!((pair(5), pair(8)), (1..=12, 1..=28))
        && matches!((pair(11), pair(14), pair(17)), (0..=23, 0..=59, 0..=59))
}

/// True for digits with a sign, a fraction and an exponent, where they are there.
fn is_decimal(content: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_signed = |text: &str| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text));
    let (mantissa, exponent) = content.split_once(['e', 'E']).unwrap_or((content, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_signed(whole) && is_digits(fraction) && is_signed(exponent)
}

/// The content of a string, nothing for null, anything else as its JSON text.
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

/// What stands at a path within a field of that name; none where a part of the way is absent or null.
pub(crate) fn within<'a>(
    name: &str,
    path: &[&str],
    raw: &'a RawValue,
) -> Result<Option<&'a RawValue>, String> {
    let Some((first, rest)) = path.split_first() else { return Ok(Some(raw)) };
    match raw.get() {
        "null" => Ok(None),
        text if !text.starts_with('{') => {
            Err(format!("`{name}` is {}, not an object", sanitize::snippet(text, QUOTED)))
        }
        text => match Member(first).deserialize(&mut serde_json::Deserializer::from_str(text)) {
            Ok(None) => Ok(None),
            Ok(Some(member)) => within(first, rest, member),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// The member of an object of that name, if there is one, and one only.
struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(Name(name)) = map.next_key()? {
            if name != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value()?).is_some() {
                return Err(twice(&name));
            }
        }
        Ok(found)
    }
}

/// The error of an object that says something twice.
pub(crate) fn twice<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("two fields named {}", sanitize::quoted(name)))
}

/// A field's name, as it stands in the body where nothing in it is escaped.
#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
