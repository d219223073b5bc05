//! A value on its way into a column with a type: what the column takes, and whether it gives the same text back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

use crate::record::{ColumnType, Cursor, Format};

/// The most digits of a `numeric`, before the point and after it.
/// Source: PostgreSQL documentation, "Numeric Types".
const DIGITS: (usize, usize) = (131_072, 16_383);

/// A value as it goes into its column.
pub(super) struct Fitted<'v> {
    /// As the server reads it.
    pub(super) text: Cow<'v, str>,
    /// True if the column gives the same text back as came.
    pub(super) is_whole: bool,
}

/// A value as its column takes it; a time in that format, if it is known, or else in any.
///
/// # Errors
/// Why it cannot, to be said after the value.
pub(super) fn fit(kind: ColumnType, format: Option<Format>, value: &str) -> Result<Fitted<'_>, String> {
    let as_it_is = |is_whole| Fitted { text: Cow::Borrowed(value), is_whole };
    let fitted = match kind {
        ColumnType::String => Some(as_it_is(true)),
        ColumnType::Int => value.parse::<i64>().ok().map(|number| as_it_is(number.to_string() == value)),
        ColumnType::Float => float(value).map(as_it_is),
        ColumnType::Bool => matches!(value, "true" | "false").then(|| as_it_is(true)),
        ColumnType::Json => is_json(value).then(|| as_it_is(matches!(value, "{}" | "[]" | "true" | "false"))),
        ColumnType::Date => is_date(value).then(|| as_it_is(true)),
        ColumnType::UtcDatetime => instant(format, value).map(|instant| Fitted {
            text: Cow::Owned(instant_text(instant)),
            is_whole: is_plain_time(value),
        }),
        ColumnType::Decimal => decimal(value).map(as_it_is),
        ColumnType::Binary => bytes(value),
    };
    fitted.ok_or_else(|| {
        let held = match kind {
            ColumnType::String => "text",
            ColumnType::Int => "whole numbers of 64 bits",
            ColumnType::Float => "numbers in double precision",
            ColumnType::Bool => "true and false",
            ColumnType::Json => "JSON without the character NUL and halves of characters",
            ColumnType::Date => "days, as 2026-11-16",
            ColumnType::UtcDatetime => "dates and times",
            ColumnType::Decimal => "decimal numbers",
            ColumnType::Binary => "Base64",
        };
        format!("does not fit its column, which holds {held}")
    })
}

/// The instant that a text names.
fn instant(format: Option<Format>, value: &str) -> Option<DateTime<Utc>> {
    /// So many digits of seconds are later than any year with four digits.
    const MILLISECONDS: usize = 12;
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let read = |format| Cursor::read(format, value).ok()?.instant();
    let is_meant = |format: &Format| format.is_time() && (*format != Format::Unix || digits < MILLISECONDS);
    let instant = match format {
        Some(format) => read(format),
        None => Format::ALL.into_iter().filter(is_meant).find_map(read),
    };
    // Beyond this, a year has more digits than the server reads.
    instant.filter(|instant| instant.year().abs() < 10_000)
}

/// Whether a number is written as the server writes it, if it is one.
fn float(value: &str) -> Option<bool> {
    let number: f64 = value.parse().ok().filter(|number: &f64| number.is_finite())?;
    // Beyond these, the server writes an exponent.
    let is_plain = number == 0.0 || (1e-4..1e15).contains(&number.abs());
    Some(is_plain && number.to_string() == value)
}

/// Whether a decimal number is written as the server writes it, if it is one.
fn decimal(value: &str) -> Option<bool> {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let (mantissa, exponent) =
        unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(mantissa, power)| (mantissa, Some(power)));
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, rest)| (whole, Some(rest)));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let power: i64 = exponent.map_or(Some(0), |power| power.parse().ok())?;
    let reach = usize::try_from(power.unsigned_abs()).ok()?;
    let length = fraction.map_or(0, str::len);
    let is_held = whole.len().saturating_add(reach) <= DIGITS.0 && length.saturating_add(reach) <= DIGITS.1;
    if !is_digits(whole) || !fraction.is_none_or(is_digits) || !is_held {
        return None;
    }
    let is_zero = mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let has_zeros = whole.len() > 1 && whole.starts_with('0');
    Some(exponent.is_none() && !has_zeros && !(is_zero && value.starts_with('-')))
}

/// True of JSON that `jsonb` takes: all but escapes that stand for no character of PostgreSQL's.
fn is_json(value: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok() && has_whole_escapes(value)
}

/// True if no escape of a JSON text stands for NUL, nor for half a character.
fn has_whole_escapes(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        rest = &rest[at + 1..];
        let unit = |text: &str| u16::from_str_radix(text.strip_prefix('u')?.get(..4)?, 16).ok();
        match unit(rest) {
            Some(0 | 0xdc00..=0xdfff) => return false,
            Some(0xd800..=0xdbff) => {
                let second = rest.get(5..).and_then(|rest| unit(rest.strip_prefix('\\')?));
                if !second.is_some_and(|unit| (0xdc00..=0xdfff).contains(&unit)) {
                    return false;
                }
                rest = &rest[11..];
            }
            Some(_) => rest = &rest[5..],
            None => rest = rest.get(1..).unwrap_or_default(),
        }
    }
    true
}

fn is_date(value: &str) -> bool {
    value.len() == 10
        && value.as_bytes()[0].is_ascii_digit()
        && NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok_and(|day| day.year() > 0)
}

fn bytes(value: &str) -> Option<Fitted<'_>> {
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    let bytes = engines.iter().find_map(|engine| engine.decode(value).ok())?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(Fitted { text: Cow::Owned(format!("\\x{hex}")), is_whole: STANDARD.encode(&bytes) == value })
}

/// An instant for a `timestamptz`, cut to microseconds and not rounded.
fn instant_text(instant: DateTime<Utc>) -> String {
    let time = instant.format("%m-%dT%H:%M:%S%.6fZ");
    match instant.year() {
        // There is no year 0: before the year 1 comes the year 1 before it.
        year if year < 1 => format!("{:04}-{time} BC", 1 - year),
        year => format!("{year:04}-{time}"),
    }
}

/// True for `2026-11-16T19:05:47Z` with at most microseconds and no zero at their end: as it is read back.
fn is_plain_time(text: &str) -> bool {
    let Some((whole, fraction)) = text.strip_suffix('Z').and_then(|text| text.split_at_checked(19)) else {
        return false;
    };
    let shape = whole.bytes().zip(b"0000-00-00T00:00:00").all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        _ => byte == *shape,
    });
    let digits = fraction.strip_prefix('.').unwrap_or_default();
    shape
        && !whole.starts_with("0000")
        && !whole.ends_with("60")
        && (fraction.is_empty() || (1..=6).contains(&digits.len()) && !digits.ends_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_cut_to_what_its_column_holds() {
        let fitted = |text: &str| {
            let fitted = fit(ColumnType::UtcDatetime, None, text).unwrap();
            (fitted.text.into_owned(), fitted.is_whole)
        };
        for (text, column, is_whole) in [
            ("2026-11-16T19:05:47Z", "2026-11-16T19:05:47.000000Z", true),
            ("2026-11-16T19:05:47.25Z", "2026-11-16T19:05:47.250000Z", true),
            ("2026-11-16T19:05:47.250Z", "2026-11-16T19:05:47.250000Z", false),
            ("2026-11-16T19:05:47.999999999Z", "2026-11-16T19:05:47.999999Z", false),
            ("2026-11-16T20:05:47+01:00", "2026-11-16T19:05:47.000000Z", false),
            ("2026-11-16t19:05:47z", "2026-11-16T19:05:47.000000Z", false),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z", true),
            ("2026-11-16 19:05:47", "2026-11-16T19:05:47.000000Z", false),
            ("Mon, 16 Nov 2026 19:05:47 +0000", "2026-11-16T19:05:47.000000Z", false),
            ("2026-11-16", "2026-11-16T00:00:00.000000Z", false),
            ("1794855947", "2026-11-16T19:05:47.000000Z", false),
            ("1794855947250", "2026-11-16T19:05:47.250000Z", false),
            ("0000-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z BC", false),
        ] {
            assert_eq!(fitted(text), (column.to_owned(), is_whole), "{text}");
        }
        assert!(fit(ColumnType::UtcDatetime, None, "yesterday").is_err());
    }

    #[test]
    fn what_fits_and_what_is_given_back() {
        use ColumnType::{Binary, Bool, Date, Decimal, Float, Int, Json, String};
        for (kind, value, whole) in [
            (String, "", Some(true)),
            (Int, "-9223372036854775808", Some(true)),
            (Int, "007", Some(false)),
            (Int, "9223372036854775808", None),
            (Float, "0.1", Some(true)),
            (Float, "1.0", Some(false)),
            (Float, "1e300", Some(false)),
            (Float, "NaN", None),
            (Bool, "true", Some(true)),
            (Bool, "yes", None),
            (Json, "{\"a\": 1}", Some(false)),
            (Json, "\"\\ud83d\\ude00\"", Some(false)),
            (Json, "\"\\ud83d\"", None),
            (Json, "\"\\u0000\"", None),
            (Json, "\"\\\\u0000\"", Some(false)),
            (Json, "{", None),
            (Date, "2026-11-16", Some(true)),
            (Date, "2026-02-30", None),
            (Date, "+026-11-16", None),
            (Decimal, "-12.50", Some(true)),
            (Decimal, "-0.00", Some(false)),
            (Decimal, "1e5", Some(false)),
            (Decimal, "1e99999999999", None),
            (Decimal, "1.", None),
            (Binary, "aGk=", Some(true)),
            (Binary, "aGk", Some(false)),
            (Binary, "a*k=", None),
        ] {
            assert_eq!(fit(kind, None, value).ok().map(|fitted| fitted.is_whole), whole, "{kind:?} {value}");
        }
    }
}
