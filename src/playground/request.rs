//! What a request asks for, read as the original reads it: by Flask, `base64.b64decode` and `strptime`.
//!
//! Their leniency is part of the contract, since a client may lean on it without knowing: an empty parameter counts
//! as absent, one digit does for a month, and a token may hold characters that base64 does not know.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Bound;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::NaiveDate;

const BOTH: &str = "You can only use 'updated_since' in first request, subsequent requests should use only \
                    'scroll_param'";
pub(super) const NO_Z: &str = "Invalid date format for 'updated_since'. Must end with 'Z' for UTC";
pub(super) const NO_DATE: &str = "Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'";
pub(super) const NO_TOKEN: &str = "Invalid scroll_param value";

/// Decodes what the original's decoder decodes, once [`decode`] has dropped what it drops.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The `updatedAt` (Unix seconds) from which a raw query asks for rows: at or after it, after it, or from the first.
///
/// # Errors
/// The text of the answer with status 400.
pub(super) fn read(query: &str) -> Result<Bound<i64>, String> {
    let parameters = parameters(query);
    refuse_others(&parameters, &["scroll_param", "updated_since"])?;
    let value = |wanted: &str| first(&parameters, wanted).filter(|value| !value.is_empty());
    match (value("scroll_param"), value("updated_since")) {
        (Some(_), Some(_)) => Err(BOTH.to_owned()),
        (None, None) => Ok(Bound::Unbounded),
        (None, Some(since)) => {
            let since = since.strip_suffix('Z').ok_or(NO_Z)?;
            Ok(Bound::Included(seconds(since).ok_or(NO_DATE)?))
        }
        (Some(token), None) => {
            let text = decode(token).and_then(|bytes| String::from_utf8(bytes).ok());
            let after = text.as_deref().and_then(|text| seconds(text.strip_suffix(['Z', 'z'])?));
            Ok(Bound::Excluded(after.ok_or(NO_TOKEN)?))
        }
    }
}

/// The token that asks for the rows after that `updatedAt`.
pub(super) fn token(updated_at: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(updated_at)
}

/// Refuses parameters of other names than these.
pub(super) fn refuse_others(parameters: &[(String, String)], names: &[&str]) -> Result<(), String> {
    let mut unexpected: Vec<&str> = Vec::new();
    for (name, _) in parameters {
        if !names.contains(&name.as_str()) && !unexpected.contains(&name.as_str()) {
            unexpected.push(name);
        }
    }
    if unexpected.is_empty() {
        return Ok(());
    }
    Err(format!("Unexpected query parameters: {}", unexpected.join(", ")))
}

/// The value of a parameter: of a repeated one the first counts, even where it is empty and the second is not.
pub(super) fn first<'a>(parameters: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// A raw query's parameters, decoded, in their order.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unquote(name), unquote(value))
        })
        .collect()
}

/// Undoes percent-encoding. Bytes that are not UTF-8 stay encoded, as Flask leaves them.
fn unquote(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = match rest {
            [b'%', high, low, ..] => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[3..] } else { after };
    }
    let mut unquoted = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        unquoted.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(unquoted, "%{byte:02X}");
        }
    }
    unquoted
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// `base64.b64decode`: whatever is not of the alphabet is skipped, but the padding must be there.
fn decode(token: &str) -> Option<Vec<u8>> {
    if !token.is_ascii() {
        return None;
    }
    let mut letters = Vec::with_capacity(token.len());
    let mut pads = 0;
    let mut padded = false;
    for byte in token.bytes() {
        if byte == b'=' {
            let in_quad = letters.len() % 4;
            if in_quad >= 2 {
                pads += 1;
                padded = in_quad + pads >= 4;
            }
            if padded {
                break;
            }
        } else if byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/' {
            letters.push(byte);
            pads = 0;
        }
    }
    if !padded && letters.len() % 4 != 0 {
        return None;
    }
    BASE64.decode(letters).ok()
}

/// `strptime(text, "%Y-%m-%dT%H:%M:%S")` as Unix seconds: four digits of year, one or two of all else, and a space
/// for the day's first digit.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    let [year, month, day] = three(date, '-')?;
    let [hour, minute, second] = three(time, ':')?;
    let day = match day.strip_prefix(' ') {
        Some(digit) if digit.len() == 1 => Cow::from(format!("0{digit}")),
        _ => Cow::from(day),
    };
    let year = number(year, 4..=4).filter(|year| *year > 0)?;
    let date =
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(month, 1..=2)?, number(&day, 1..=2)?)?;
    let moment = date.and_hms_opt(number(hour, 1..=2)?, number(minute, 1..=2)?, number(second, 1..=2)?)?;
    Some(moment.and_utc().timestamp())
}

fn three(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::people::timestamp;
    use super::*;

    /// Read off Python 3.11's `base64.b64decode`.
    #[test]
    fn tokens_are_decoded_as_python_decodes_them() {
        for (token, bytes) in [
            ("", Some(b"".as_slice())),
            ("==", Some(b"")),
            ("*", Some(b"")),
            ("a=", None),
            ("ab=", None),
            ("ab==", Some(b"i")),
            ("ab===", Some(b"i")),
            ("abc", None),
            ("ab=c", None),
            ("ab=c=", Some(b"i\xb7")),
            ("a b==", Some(b"i")),
            ("ab==zz", Some(b"i")),
            ("abcd=", Some(b"i\xb7\x1d")),
            ("abcde", None),
            ("abcd==ef==", Some(b"i\xb7\x1dy")),
            ("é", None),
        ] {
            assert_eq!(decode(token).as_deref(), bytes, "{token:?}");
        }
    }

    /// Read off Python 3.11's `strptime`.
    #[test]
    fn times_are_read_as_python_reads_them() {
        for (text, read) in [
            ("2026-1-1T1:1:1", Some("2026-01-01T01:01:01Z")),
            ("2026-11- 5T00:00:00", Some("2026-11-05T00:00:00Z")),
            ("2026-11-16t19:05:47", Some("2026-11-16T19:05:47Z")),
            ("0001-01-01T00:00:00", Some("0001-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59", Some("9999-12-31T23:59:59Z")),
            ("0000-01-01T00:00:00", None),
            ("2026-11-16T19:05:60", None),
            ("2026-02-29T00:00:00", None),
            ("2026-11-16T24:00:00", None),
            ("2026-11-16T19:05:47\n", None),
            ("02026-11-16T19:05:47", None),
            ("2026-11-016T19:05:47", None),
            ("2026-00-16T19:05:47", None),
            ("2026-11- 16T19:05:47", None),
            ("2026-11-  T19:05:47", None),
            ("+026-11-16T19:05:47", None),
            ("2026-11-16", None),
            ("", None),
        ] {
            assert_eq!(seconds(text).map(timestamp).as_deref(), read, "{text:?}");
        }
    }

    #[test]
    fn parameters_are_read_as_flask_reads_them() {
        assert_eq!(read("&&updated_since=&scroll_param"), Ok(Bound::Unbounded));
        assert_eq!(read("updated_since=&updated_since=x"), Ok(Bound::Unbounded));
        assert_eq!(read("a=1&b&a=2").unwrap_err(), "Unexpected query parameters: a, b");
        assert_eq!(read("=x").unwrap_err(), "Unexpected query parameters: ");
        assert_eq!(read("%ff%C3%A9%zz+%").unwrap_err(), "Unexpected query parameters: %FFé%zz %");
        assert_eq!(read("%75pdated_since=2026-11-16T19%3A05:47Z"), Ok(Bound::Included(1_794_855_947)));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query: String) {
            let _ = read(&query);
        }

        #[test]
        fn a_token_asks_for_what_comes_after_its_time(second in 0i64..4_000_000_000) {
            let query = format!("scroll_param={}", token(&timestamp(second)));
            prop_assert_eq!(read(&query), Ok(Bound::Excluded(second)));
        }
    }
}
