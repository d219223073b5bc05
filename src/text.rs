//! Figures and times as a person reads them, the same on the screen and in the report.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};

/// A number with its thousands apart: `12,345`.
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with its noun: `1 page`, `2 pages`.
#[must_use]
pub fn count(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(value))
}

/// A length of time in its largest fitting unit: `3 s`, `4 min`, `2 h`, `5 days`.
#[must_use]
pub fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", number((seconds / 86_400).unsigned_abs())),
    }
}

/// How long ago something was: `just now`, `4 min ago`. Seconds are not counted: a screen that stands still should
/// have nothing to redraw.
#[must_use]
pub fn age(now: DateTime<Utc>, then: DateTime<Utc>) -> String {
    let passed = now - then;
    if passed.num_minutes() <= 0 { "just now".to_owned() } else { format!("{} ago", span(passed)) }
}

/// Milliseconds as a person reads them: `34 ms`, `1.2 s`.
#[must_use]
pub fn milliseconds(value: u64) -> String {
    if value < 1_000 {
        format!("{value} ms")
    } else if value < 10_000 {
        format!("{}.{} s", value / 1_000, value % 1_000 / 100)
    } else {
        span(TimeDelta::milliseconds(i64::try_from(value).unwrap_or(i64::MAX / 2)))
    }
}

/// A number with a fraction as its shortest decimal text that reads back as the same number, with an exponent where it
/// would be long without. It is JSON as well, if it is finite.
#[must_use]
pub fn real(value: f64) -> String {
    // There is no zero below zero in a table.
    let value = if value == 0.0 { 0.0 } else { value };
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

/// The longest text that is shown, in characters.
const SHOWN: usize = 1_000;

/// The text as it is shown, on a screen that has to be drawn in an instant: one of megabytes is cut, and says so.
/// Idempotent.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    cut(text, SHOWN)
}

/// The text with so many characters; one that is longer is cut, and says so. Idempotent.
#[must_use]
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    // Most texts are short: their bytes tell without a count. The remark about the cut does not lead to another one.
    if text.len() <= most || text.chars().nth(most + 64).is_none() {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}… ({} characters in all)", &text[..end], number(text.chars().count() as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(count(2_000, "page"), "2,000 pages");
        assert_eq!(milliseconds(34), "34 ms");
        assert_eq!(milliseconds(1_234), "1.2 s");
        assert_eq!(milliseconds(125_000), "2 min");
    }

    #[test]
    fn numbers_with_a_fraction_read_back_as_they_were() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e300, "1e300"),
            (-2.5e-9, "-2.5e-9"),
            (f64::MAX, "1.7976931348623157e308"),
        ] {
            assert_eq!(real(value), text);
            assert_eq!(text.parse(), Ok(value));
        }
    }

    #[test]
    fn ages_count_no_seconds() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(age(now, now - TimeDelta::seconds(59)), "just now");
        assert_eq!(age(now, now - TimeDelta::seconds(241)), "4 min ago");
        assert_eq!(age(now, now - TimeDelta::hours(3)), "3 h ago");
        assert_eq!(age(now, now - TimeDelta::days(9)), "9 days ago");
        assert_eq!(age(now, now + TimeDelta::seconds(5)), "just now");
    }

    #[test]
    fn a_text_of_megabytes_is_shown_in_part() {
        assert!(matches!(shown(&"é".repeat(SHOWN)), Cow::Borrowed(_)));
        let long = shown(&"é".repeat(3_000_000)).into_owned();
        assert!(long.ends_with("é… (3,000,000 characters in all)"));
        assert_eq!(shown(&long), long);
    }
}
