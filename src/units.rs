//! Spans of time and sizes as people write them: `250ms`, `1m 30s`, `32 MiB`. A unit is always asked for: a bare
//! number would mean seconds to one reader and milliseconds to the next.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

use crate::sanitize::quoted;

/// A unit: its symbol and how many of the smallest unit it holds.
type Unit = (&'static str, u64);

/// The units of time, in milliseconds.
const TIME: &[Unit] = &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The units of size, in bytes. The decimal ones are read, never written.
const SIZE: &[Unit] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Reads a span of time: numbers with a unit each (`ms`, `s`, `m`, `h`, `d`), added up. To the millisecond.
///
/// # Errors
/// A message that quotes the text (made safe) and shows how to write one.
pub fn duration(text: &str) -> Result<Duration, String> {
    let example = "write a number and a unit (ms, s, m, h or d), such as \"250ms\" or \"1m 30s\"";
    total(text, TIME)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{} is not a span of time; {example}", quoted(text)))
}

/// Reads a span of time from a file that serde reads.
///
/// # Errors
/// As [`duration`], in the deserialiser's words.
pub fn span<'de, D: Deserializer<'de>>(text: D) -> Result<Duration, D::Error> {
    duration(&String::deserialize(text)?).map_err(D::Error::custom)
}

/// Reads a size in bytes: one number with a unit (`B`, `KiB`, `MiB`, `GiB`, or the decimal `KB`, `MB`, `GB`).
///
/// # Errors
/// A message that quotes the text (made safe) and shows how to write one.
pub fn size(text: &str) -> Result<u64, String> {
    let example = "write a number and a unit (B, KiB, MiB or GiB), such as \"32 MiB\"";
    total(text, SIZE).ok_or_else(|| format!("{} is not a size; {example}", quoted(text)))
}

/// Writes a span of time so that [`duration`] reads it back: in the largest unit that it fills exactly. What is finer
/// than a millisecond is cut off.
#[must_use]
pub fn write_duration(span: Duration) -> String {
    let milliseconds = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    if milliseconds == 0 {
        return "0s".to_owned();
    }
    let (symbol, worth) = largest(milliseconds, TIME);
    format!("{}{symbol}", milliseconds / worth)
}

/// Writes a size so that [`size`] reads it back: in the largest binary unit that it fills exactly.
#[must_use]
pub fn write_size(bytes: u64) -> String {
    let (symbol, worth) = largest(bytes, SIZE);
    format!("{} {symbol}", bytes / worth)
}

/// The first unit that divides the amount, else the smallest: both tables end with it. Decimal sizes are passed over.
fn largest(amount: u64, units: &'static [Unit]) -> Unit {
    units
        .iter()
        .filter(|(symbol, _)| !matches!(*symbol, "GB" | "MB" | "KB"))
        .find(|(_, worth)| amount > 0 && amount.is_multiple_of(*worth))
        .or(units.last())
        .copied()
        .unwrap_or(("", 1))
}

/// Adds up `number unit` pairs in the smallest unit. `None` if the text is anything else, is finer than that unit,
/// or does not fit.
fn total(text: &str, units: &[Unit]) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (symbol, tail) = split(tail.trim_start(), |c| c.is_ascii_alphabetic());
        let (_, worth) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(symbol))?;
        sum = sum.checked_add(multiply(number, *worth)?)?;
        rest = tail.trim_start();
    }
    Some(sum)
}

/// The part at the start whose characters all pass, and what follows it.
fn split(text: &str, passes: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !passes(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// A decimal number times a unit's worth, in integers: 0.1 has no exact binary form.
fn multiply(number: &str, worth: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = fraction.parse::<u64>().ok()?.checked_mul(worth)?;
    if !part.is_multiple_of(scale) {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(worth)?;
    whole.checked_add(part / scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_of_time_are_read_as_written() {
        for (text, milliseconds) in [
            ("250ms", 250),
            ("10s", 10_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1m 30s", 90_000),
            ("1h30m", 5_400_000),
            ("0s", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_an_example() {
        for text in ["", "10", "s", "-1s", "10 parsecs", "1.s", ".5s", "0.0001s", "999999999999d", "1s,2s"] {
            let message = duration(text).unwrap_err();
            assert!(message.contains("such as \"250ms\""), "{text}: {message}");
        }
    }

    #[test]
    fn sizes_are_read_as_written() {
        for (text, bytes) in
            [("32 MiB", 32 << 20), ("1GiB", 1 << 30), ("1.5 kib", 1536), ("10 MB", 10_000_000), ("7 B", 7)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        assert!(size("32").is_err());
        assert!(size("32 Mo").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(amount in 0_u64..1 << 50) {
            let span = Duration::from_millis(amount);
            prop_assert_eq!(duration(&write_duration(span)), Ok(span));
            prop_assert_eq!(size(&write_size(amount)), Ok(amount));
        }

        #[test]
        fn no_text_brings_the_reader_down(text in any::<String>()) {
            let _ = duration(&text);
            let _ = size(&text);
        }
    }
}
