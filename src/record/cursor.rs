//! Where in a stream a row stands: the value as the source wrote it, and what it is compared by.

mod format;

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::format::Format;
use self::format::{Point, shortest};

/// The cursor that stands for "the beginning of time": what the first request of a full sync asks from.
/// Source: the reference connector's initial `last_updated_at`.
pub const BEGINNING: &str = "0001-01-01T00:00:00Z";

/// A cursor value: the text as the source wrote it, and what it means.
///
/// Compared by what it means alone, so `…00Z` and `…00.000+00:00` are the same place in the stream; sent and stored as
/// the text, because a source may accept only its own spelling.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    text: Box<str>,
    point: Point,
    format: Format,
}

/// Why a text is not a cursor: it does not read as its format says.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text:?} is not {}", format.example())]
pub struct NotACursor {
    text: String,
    format: Format,
}

impl Cursor {
    /// Reads an RFC 3339 date and time; any fraction and any offset, but never without a zone.
    ///
    /// # Errors
    /// [`NotACursor`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NotACursor> {
        Self::read(Format::Rfc3339, text)
    }

    /// Reads a cursor of that format.
    ///
    /// # Errors
    /// [`NotACursor`] if the text is anything else.
    pub fn read(format: Format, text: &str) -> Result<Self, NotACursor> {
        match format.point(text) {
            Some(point) => Ok(Self { text: text.into(), point, format }),
            None => Err(NotACursor { text: text.to_owned(), format }),
        }
    }

    /// The text, exactly as the source wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The beginning of time.
    #[must_use]
    pub fn beginning() -> Self {
        let point = DateTime::<Utc>::MIN_UTC;
        let odd = Self { text: BEGINNING.into(), point: Point::Time(point), format: Format::Rfc3339 };
        Self::parse(BEGINNING).unwrap_or(odd)
    }

    /// The cursor so much earlier, but not before the beginning, written as this one is: in whole seconds with
    /// `Z` if it is. One that names no instant is its own.
    #[must_use]
    pub fn earlier(&self, by: Duration, beginning: &Self) -> Self {
        let Some(own) = self.instant().filter(|_| !by.is_zero()) else { return self.clone() };
        let instant = TimeDelta::from_std(by).ok().and_then(|by| own.checked_sub_signed(by));
        let Some(instant) = instant else { return beginning.clone() };
        let digits = match (self.format, self.digits()) {
            // Shortest where it says the same.
            (Format::Rfc3339, 1..) => shortest(instant),
            (_, digits) => digits,
        };
        let earlier = self.format.write(instant, digits).and_then(|text| Self::read(self.format, &text).ok());
        earlier.filter(|earlier| earlier > beginning).unwrap_or_else(|| beginning.clone())
    }

    /// A cursor at an instant, written as this one is: with as many digits of a second, cut off and not rounded, and
    /// with `Z` if it has that. `None` if the instant cannot be written.
    #[must_use]
    pub fn at(&self, instant: DateTime<Utc>) -> Option<Self> {
        let mut text = self.format.write(instant, self.digits())?;
        if self.format == Format::Rfc3339 && !self.text.ends_with(['Z', 'z']) {
            text.truncate(text.len() - 1);
            text.push_str("+00:00");
        }
        Self::read(self.format, &text).ok()
    }

    /// A cursor halfway between this one and an instant; `None` if there is none that can be written as this one is.
    #[must_use]
    pub fn middle(&self, to: DateTime<Utc>) -> Option<Self> {
        let own = self.instant()?;
        let middle = self.at(own + (to - own) / 2)?;
        (middle > *self && middle.instant()? < to).then_some(middle)
    }

    /// The cursor one unit earlier, as it is written or as that format would write it: where rows are asked for that lie
    /// above a bound, those at this one come too. `None` if there is no such unit.
    #[must_use]
    pub fn before(&self, format: Option<Format>) -> Option<Self> {
        if let Point::Number(number) = self.point {
            return Self::read(self.format, &number.checked_sub(1)?.to_string()).ok();
        }
        let written = match format {
            Some(other) if other != self.format => (other, 0),
            _ => (self.format, self.digits()),
        };
        let unit = match written {
            (Format::Date, _) => TimeDelta::days(1),
            (Format::UnixMs, _) => TimeDelta::milliseconds(1),
            (_, 0) => TimeDelta::seconds(1),
            (_, 1..=3) => TimeDelta::milliseconds(1),
            (_, 4..=6) => TimeDelta::microseconds(1),
            _ => TimeDelta::nanoseconds(1),
        };
        self.at(self.instant()?.checked_sub_signed(unit)?)
    }

    /// Its text as another format has it, cut off where that is coarser: a bound that is too low reads a row again, one
    /// that is too high loses it.
    #[must_use]
    pub fn written_as(&self, format: Format) -> String {
        let written = self.instant().filter(|_| format != self.format);
        let written = written.and_then(|instant| format.write(instant, 0));
        written.unwrap_or_else(|| self.text.clone().into_string())
    }

    /// The instant that it names, if it names one. Fractions beyond nanoseconds are cut off, never rounded up: a bound
    /// that is too low reads a row again, one that is too high loses it.
    #[must_use]
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        match self.point {
            Point::Time(instant) => Some(instant),
            Point::Number(_) | Point::Text => None,
        }
    }

    /// True if it names a later instant. One that names none is never later.
    #[must_use]
    pub fn is_after(&self, instant: DateTime<Utc>) -> bool {
        self.instant().is_some_and(|own| own > instant)
    }

    /// True if it names an earlier instant. One that names none is never earlier.
    #[must_use]
    pub fn is_before(&self, instant: DateTime<Utc>) -> bool {
        self.instant().is_some_and(|own| own < instant)
    }

    /// How it is written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// How many digits of a fraction it is written with.
    fn digits(&self) -> usize {
        let fraction = self.text.split_once('.').map_or("", |(_, fraction)| fraction);
        fraction.bytes().take_while(u8::is_ascii_digit).count()
    }
}

/// As our own state keeps it: the text alone, or behind the name of its format and a colon if that is another than RFC
/// 3339, of which no value begins with a letter.
impl TryFrom<String> for Cursor {
    type Error = NotACursor;
    fn try_from(kept: String) -> Result<Self, NotACursor> {
        let named = kept.split_once(':').and_then(|(word, text)| {
            let format = Format::ALL.into_iter().find(|format| format.word() == word)?;
            Some((format, text))
        });
        match named {
            Some((format, text)) => Self::read(format, text),
            None => Self::parse(&kept),
        }
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        match cursor.format {
            Format::Rfc3339 => cursor.text.into(),
            format => format!("{}:{}", format.word(), cursor.text),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Cursor {}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.point, other.point) {
            (Point::Time(own), Point::Time(other)) => own.cmp(&other),
            (Point::Text, Point::Text) => self.text.cmp(&other.text),
            (own, other) => own.cmp(&other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_compare_by_instant_and_keep_their_text() {
        let z = Cursor::parse("2026-11-16T19:05:47Z").unwrap();
        let offset = Cursor::parse("2026-11-16T20:05:47.000+01:00").unwrap();
        assert_eq!(z, offset);
        assert_eq!(offset.text(), "2026-11-16T20:05:47.000+01:00");
        assert!(Cursor::parse("2026-11-16T19:05:47.000000001Z").unwrap() > z);
    }

    #[test]
    fn the_beginning_of_time_and_the_end_of_years_are_cursors() {
        let first = Cursor::parse(BEGINNING).unwrap();
        let last = Cursor::parse("9999-12-31T23:59:59.999999999Z").unwrap();
        assert!(first < last);
    }

    #[test]
    fn a_fraction_beyond_nanoseconds_is_cut_not_rounded() {
        let long = Cursor::parse("2026-11-16T19:05:47.9999999999Z").unwrap();
        let nano = Cursor::parse("2026-11-16T19:05:47.999999999Z").unwrap();
        assert_eq!(long, nano);
    }

    #[test]
    fn an_earlier_one_is_written_alike_and_not_before_the_beginning() {
        let earlier = |text: &str, seconds| {
            String::from(
                Cursor::parse(text).unwrap().earlier(Duration::from_secs(seconds), &Cursor::beginning()),
            )
        };
        assert_eq!(earlier("2026-11-16T19:05:47Z", 47), "2026-11-16T19:05:00Z");
        assert_eq!(earlier("2026-11-16T19:05:47.25Z", 47), "2026-11-16T19:05:00.250Z");
        assert_eq!(earlier("2026-11-16T19:05:47+00:00", 0), "2026-11-16T19:05:47+00:00", "itself, verbatim");
        assert_eq!(earlier(BEGINNING, 1), BEGINNING);
        assert_eq!(earlier("2026-11-16T19:05:47Z", u64::MAX), BEGINNING);
    }

    #[test]
    fn a_place_between_is_written_alike_and_lies_between() {
        let middle = |from: &str, to: &str| {
            Cursor::parse(from)
                .unwrap()
                .middle(Cursor::parse(to).unwrap().instant().unwrap())
                .map(String::from)
        };
        for (from, to, between) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", Some("2026-01-01T00:00:02Z")),
            ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z", Some("2026-01-01T00:00:00.750Z")),
            ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:04Z", Some("2026-01-01T00:00:02+00:00")),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", None),
            ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000002Z", None),
            ("2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z", None),
            ("2026-01-01T00:00:02Z", "2026-01-01T00:00:02Z", None),
        ] {
            assert_eq!(middle(from, to).as_deref(), between, "{from} {to}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_no_cursor() {
        for text in ["2026-11-16T19:05:47", "2026-11-16", "1763319947", "", "now"] {
            assert!(Cursor::parse(text).is_err(), "{text:?}");
        }
    }
}
