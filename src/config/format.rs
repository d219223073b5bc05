//! How a value is written: reading a text into a checked value, writing it back, and saying what is allowed.
//!
//! A format knows nothing of keys, files or layers. What it refuses, it refuses with the bounds or the nearest right
//! word, in a message that quotes the text made safe.

use std::marker::PhantomData;
use std::time::Duration;

use super::problem::nearest;
use crate::sanitize::quoted;
use crate::units;

/// A way to write values of one type.
pub trait Format {
    /// What the text stands for.
    type Value;

    /// Reads a text.
    ///
    /// # Errors
    /// Why the text is refused and what would be right; safe for one line of a terminal.
    fn read(&self, text: &str) -> Result<Self::Value, String>;

    /// Writes a value so that [`read`](Self::read) reads it back.
    fn write(&self, value: &Self::Value) -> String;

    /// What is allowed, in a few words: `1 to 100`.
    fn bounds(&self) -> String;

    /// The words to choose from, if that is how it is.
    fn choices(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// True if TOML writes this text without quotes: a number, true or false.
    fn is_unquoted(&self, _text: &str) -> bool {
        false
    }

    /// What a file is told that holds this text, if it holds a secret, and so does not belong in one.
    fn secret(&self, _text: &str) -> Option<&'static str> {
        None
    }
}

/// A [`Format`] without its type: all that layers, annotations and help need.
pub trait Rule: Sync {
    /// Reads the text and forgets the value.
    ///
    /// # Errors
    /// As [`Format::read`].
    fn check(&self, text: &str) -> Result<(), String>;
    /// See [`Format::bounds`].
    fn allowed(&self) -> String;
    /// See [`Format::choices`].
    fn words(&self) -> Vec<&'static str>;
    /// See [`Format::is_unquoted`].
    fn is_bare(&self, text: &str) -> bool;
    /// See [`Format::secret`].
    fn secret(&self, text: &str) -> Option<&'static str>;
}

impl<F: Format + Sync> Rule for F {
    fn check(&self, text: &str) -> Result<(), String> {
        self.read(text).map(|_| ())
    }
    fn allowed(&self) -> String {
        self.bounds()
    }
    fn words(&self) -> Vec<&'static str> {
        self.choices()
    }
    fn is_bare(&self, text: &str) -> bool {
        self.is_unquoted(text)
    }
    fn secret(&self, text: &str) -> Option<&'static str> {
        Format::secret(self, text)
    }
}

/// A span of time within bounds.
pub struct Span {
    least: Duration,
    most: Duration,
    bare_milliseconds: bool,
}

impl Span {
    /// From the one to the other, both allowed; in milliseconds.
    pub const fn milliseconds(least: u64, most: u64) -> Self {
        Self {
            least: Duration::from_millis(least),
            most: Duration::from_millis(most),
            bare_milliseconds: false,
        }
    }

    /// The same, and a number without a unit is so many milliseconds.
    pub const fn or_bare(mut self) -> Self {
        self.bare_milliseconds = true;
        self
    }
}

impl Format for Span {
    type Value = Duration;

    fn read(&self, text: &str) -> Result<Duration, String> {
        let bare = self.bare_milliseconds && self.is_unquoted(text);
        let span = match bare.then(|| text.parse().ok()).flatten() {
            Some(milliseconds) => Duration::from_millis(milliseconds),
            None => units::duration(text)?,
        };
        if (self.least..=self.most).contains(&span) {
            Ok(span)
        } else {
            Err(out_of_bounds(text, &self.bounds()))
        }
    }

    fn write(&self, value: &Duration) -> String {
        units::write_duration(*value)
    }

    fn bounds(&self) -> String {
        format!("{} to {}", self.write(&self.least), self.write(&self.most))
    }

    fn is_unquoted(&self, text: &str) -> bool {
        self.bare_milliseconds && text.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// A size in bytes within bounds, both allowed.
pub struct Size(pub u64, pub u64);

impl Format for Size {
    type Value = u64;

    fn read(&self, text: &str) -> Result<u64, String> {
        let size = units::size(text)?;
        if (self.0..=self.1).contains(&size) { Ok(size) } else { Err(out_of_bounds(text, &self.bounds())) }
    }

    fn write(&self, value: &u64) -> String {
        units::write_size(*value)
    }

    fn bounds(&self) -> String {
        format!("{} to {}", self.write(&self.0), self.write(&self.1))
    }
}

/// So many in a second, a minute or an hour.
pub struct PerTime;

impl PerTime {
    const UNITS: [(&'static str, Duration); 3] =
        [("s", Duration::from_secs(1)), ("m", Duration::from_secs(60)), ("h", Duration::from_secs(3_600))];
}

impl Format for PerTime {
    type Value = (u32, Duration);

    fn read(&self, text: &str) -> Result<Self::Value, String> {
        let parts = text.split_once('/').and_then(|(number, unit)| {
            let (_, per) = Self::UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
            Some((number.trim().parse().ok()?, per))
        });
        match parts {
            Some((number, per)) if (1..=1_000_000).contains(&number) => Ok((number, per)),
            Some(_) => Err(out_of_bounds(text, &self.bounds())),
            None => {
                Err(format!("{} is not a number of requests in a time ({})", quoted(text), self.bounds()))
            }
        }
    }

    fn write(&self, (number, per): &Self::Value) -> String {
        let unit = Self::UNITS.into_iter().find(|(_, known)| known == per).map_or("s", |(name, _)| name);
        format!("{number}/{unit}")
    }

    fn bounds(&self) -> String {
        "1/h to 1000000/s".to_owned()
    }
}

/// A whole number within bounds, both allowed.
pub struct Count(pub u64, pub u64);

impl Format for Count {
    type Value = u64;

    fn read(&self, text: &str) -> Result<u64, String> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let bounds = self.bounds();
            return Err(format!("{} is not a whole number ({bounds})", quoted(text)));
        }
        match text.parse() {
            Ok(number) if (self.0..=self.1).contains(&number) => Ok(number),
            _ => Err(out_of_bounds(text, &self.bounds())),
        }
    }

    fn write(&self, value: &u64) -> String {
        value.to_string()
    }

    fn bounds(&self) -> String {
        format!("{} to {}", self.0, self.1)
    }

    fn is_unquoted(&self, _text: &str) -> bool {
        true
    }
}

/// Yes or no.
pub struct Switch;

impl Format for Switch {
    type Value = bool;

    fn read(&self, text: &str) -> Result<bool, String> {
        text.parse().map_err(|_| format!("{} is not one of {}", quoted(text), self.bounds()))
    }

    fn write(&self, value: &bool) -> String {
        value.to_string()
    }

    fn bounds(&self) -> String {
        self.choices().join(", ")
    }

    fn choices(&self) -> Vec<&'static str> {
        vec!["true", "false"]
    }

    fn is_unquoted(&self, _text: &str) -> bool {
        true
    }
}

/// Values that have words.
pub trait Word: Copy + PartialEq + 'static {
    /// Every value, in the order in which they are offered.
    const ALL: &'static [Self];
    /// The word for it.
    fn word(self) -> &'static str;
}

/// One of a few words.
pub struct OneOf<W>(PhantomData<fn() -> W>);

impl<W> OneOf<W> {
    /// Any of the type's words.
    pub const fn any() -> Self {
        Self(PhantomData)
    }
}

impl<W: Word> Format for OneOf<W> {
    type Value = W;

    fn read(&self, text: &str) -> Result<W, String> {
        let known = W::ALL.iter().find(|value| value.word() == text);
        known.copied().ok_or_else(|| {
            let message = format!("{} is not one of {}", quoted(text), self.bounds());
            match nearest(text, self.choices()) {
                Some(word) => format!("{message}; did you mean \"{word}\"?"),
                None => message,
            }
        })
    }

    fn write(&self, value: &W) -> String {
        value.word().to_owned()
    }

    fn bounds(&self) -> String {
        self.choices().join(", ")
    }

    fn choices(&self) -> Vec<&'static str> {
        W::ALL.iter().map(|value| value.word()).collect()
    }
}

/// A word that stands for "none", or a value.
pub struct Unless<F>(pub &'static str, pub F);

impl<F: Format> Format for Unless<F> {
    type Value = Option<F::Value>;

    fn read(&self, text: &str) -> Result<Self::Value, String> {
        if text == self.0 {
            return Ok(None);
        }
        self.1.read(text).map(Some).map_err(|message| {
            let word = self.0;
            match nearest(text, [word]) {
                Some(_) => format!("{message}; did you mean \"{word}\"?"),
                None => format!("{message} (or \"{word}\")"),
            }
        })
    }

    fn write(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| self.0.to_owned(), |value| self.1.write(value))
    }

    fn bounds(&self) -> String {
        format!("{}, or \"{}\"", self.1.bounds(), self.0)
    }

    fn is_unquoted(&self, text: &str) -> bool {
        text != self.0 && self.1.is_unquoted(text)
    }

    fn secret(&self, text: &str) -> Option<&'static str> {
        self.1.secret(text)
    }
}

fn out_of_bounds(text: &str, bounds: &str) -> String {
    format!("{} is out of bounds: {bounds}", quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_bounds_and_name_them() {
        let count = Count(1, 100);
        assert_eq!(count.read("100"), Ok(100));
        for text in ["0", "101", "-1", "99999999999999999999999"] {
            let message = count.read(text).unwrap_err();
            assert_eq!(message, format!("\"{text}\" is out of bounds: 1 to 100"));
        }
        for text in ["", "six", "1.5", "-"] {
            let message = count.read(text).unwrap_err();
            assert!(message.ends_with("is not a whole number (1 to 100)"), "{message}");
        }
        let size = Size(1024, 1 << 30).read("2 GiB").unwrap_err();
        assert_eq!(size, "\"2 GiB\" is out of bounds: 1 KiB to 1 GiB");
    }

    #[test]
    fn spans_keep_their_bounds_and_may_be_bare_only_where_that_is_said() {
        let span = Span::milliseconds(10, 60_000);
        assert!(span.read("350").is_err());
        assert_eq!(span.read("1ms").unwrap_err(), "\"1ms\" is out of bounds: 10ms to 1m");
        let bare = span.or_bare();
        assert_eq!(bare.read("350"), Ok(Duration::from_millis(350)));
        assert_eq!(bare.read("350ms"), bare.read("350"));
        assert!(bare.read("").is_err());
    }

    #[test]
    fn a_word_stands_for_none() {
        let format = Unless("none", Count(1, 9));
        assert_eq!(format.read("none"), Ok(None));
        assert_eq!(format.read("3"), Ok(Some(3)));
        assert!(format.read("nome").unwrap_err().ends_with("did you mean \"none\"?"));
        assert!(format.read("0").unwrap_err().ends_with("1 to 9 (or \"none\")"));
        assert_eq!(format.write(&None), "none");
        assert!(!format.is_unquoted("none") && format.is_unquoted("3"));
    }
}
