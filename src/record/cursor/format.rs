//! How a source writes its cursors: what is read off a text, and how an instant is written down again.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};

/// How a source writes its cursors, and so what they are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// A date and time with a zone, any fraction and any offset.
    #[default]
    Rfc3339,
    /// A date and time without a zone, in UTC: `2026-11-16 19:05:47`, with a space or a `T`.
    Utc,
    /// A date and time as e-mail has it: `Mon, 16 Nov 2026 19:05:47 +0000`.
    Rfc2822,
    /// A day, in UTC: `2026-11-16`.
    Date,
    /// Seconds since 1970, whole or with a fraction.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// A whole number that only grows, such as an id or a version.
    Integer,
    /// Anything, compared byte by byte.
    Text,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Rfc3339,
        Self::Utc,
        Self::Rfc2822,
        Self::Date,
        Self::Unix,
        Self::UnixMs,
        Self::Integer,
        Self::Text,
    ];

    /// Its name in a definition of a source.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rfc3339 => "rfc3339",
            Self::Utc => "utc",
            Self::Rfc2822 => "rfc2822",
            Self::Date => "date",
            Self::Unix => "unix",
            Self::UnixMs => "unix_ms",
            Self::Integer => "integer",
            Self::Text => "text",
        }
    }

    /// True if it names instants.
    #[must_use]
    pub fn is_time(self) -> bool {
        !matches!(self, Self::Integer | Self::Text)
    }

    /// What a value of it looks like.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Rfc3339 => "a date and time such as 2026-11-16T19:05:47Z",
            Self::Utc => "a date and time such as 2026-11-16 19:05:47",
            Self::Rfc2822 => "a date and time such as Mon, 16 Nov 2026 19:05:47 +0000",
            Self::Date => "a date such as 2026-11-16",
            Self::Unix => "a number of seconds since 1970",
            Self::UnixMs => "a number of milliseconds since 1970",
            Self::Integer => "a whole number",
            Self::Text => "a text",
        }
    }

    pub(super) fn point(self, text: &str) -> Option<Point> {
        match self {
            Self::Rfc3339 => Some(Point::Time(DateTime::parse_from_rfc3339(text).ok()?.to_utc())),
            Self::Utc => {
                let read = |format| NaiveDateTime::parse_from_str(text, format).ok();
                let time = read("%Y-%m-%d %H:%M:%S%.f").or_else(|| read("%Y-%m-%dT%H:%M:%S%.f"))?;
                Some(Point::Time(time.and_utc()))
            }
            Self::Rfc2822 => Some(Point::Time(DateTime::parse_from_rfc2822(text).ok()?.to_utc())),
            Self::Date => {
                let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
                Some(Point::Time(day.and_time(NaiveTime::MIN).and_utc()))
            }
            Self::Unix => since_1970(text, 9).map(Point::Time),
            Self::UnixMs => since_1970(text, 6).map(Point::Time),
            Self::Integer => text.parse().ok().map(Point::Number),
            Self::Text => Some(Point::Text),
        }
    }

    /// An instant, written as this says with that many digits of a fraction where it has one, cut off and not rounded.
    pub(super) fn write(self, instant: DateTime<Utc>, digits: usize) -> Option<String> {
        let fraction = |format: &str| {
            let whole = instant.format(format).to_string();
            let nanos = format!("{:09}", instant.timestamp_subsec_nanos());
            if digits == 0 { whole } else { format!("{whole}.{}", &nanos[..digits.min(9)]) }
        };
        match self {
            Self::Rfc3339 => {
                let seconds = match digits {
                    0 => SecondsFormat::Secs,
                    1..=3 => SecondsFormat::Millis,
                    4..=6 => SecondsFormat::Micros,
                    _ => SecondsFormat::Nanos,
                };
                Some(instant.to_rfc3339_opts(seconds, true))
            }
            Self::Utc => Some(fraction("%Y-%m-%d %H:%M:%S")),
            Self::Rfc2822 => Some(instant.to_rfc2822()),
            Self::Date => Some(instant.format("%Y-%m-%d").to_string()),
            Self::Unix => Some(fraction("%s")),
            Self::UnixMs => Some(instant.timestamp_millis().to_string()),
            Self::Integer | Self::Text => None,
        }
    }
}

/// A decimal number of a unit that has so many digits of nanoseconds, since 1970. What lies below a nanosecond is cut
/// off.
fn since_1970(text: &str, digits: usize) -> Option<DateTime<Utc>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if unsigned.is_empty() || !is_digits(unsigned) || !is_digits(fraction) || text.ends_with('.') {
        return None;
    }
    let nanos: i128 = format!("{whole}{:0<digits$}", &fraction[..fraction.len().min(digits)]).parse().ok()?;
    let (second, nano) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
    DateTime::from_timestamp(i64::try_from(second).ok()?, u32::try_from(nano).ok()?)
}

/// What a cursor is compared by, beside its text where that is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Point {
    Time(DateTime<Utc>),
    Number(i64),
    Text,
}

/// How many digits of a fraction say an instant whole, in threes.
pub(super) fn shortest(instant: DateTime<Utc>) -> usize {
    match instant.timestamp_subsec_nanos() {
        0 => 0,
        nanos if nanos % 1_000_000 == 0 => 3,
        nanos if nanos % 1_000 == 0 => 6,
        _ => 9,
    }
}
