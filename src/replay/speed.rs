//! How fast a recording is played.

use std::fmt;

/// The slowest and the fastest that can be asked for by number.
const BOUNDS: std::ops::RangeInclusive<f64> = 0.1..=1_000.0;

/// How fast a recording is played: so many times as fast as it was recorded, or without any wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(Option<f64>);

impl Speed {
    /// Without any wait.
    pub const MAX: Self = Self(None);

    /// So many times as fast, from 0.1 to 1000.
    #[must_use]
    pub fn times(factor: f64) -> Option<Self> {
        BOUNDS.contains(&factor).then_some(Self(Some(factor)))
    }

    /// Reads a speed: a number, or `max`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn read(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::MAX);
        }
        text.parse().ok().and_then(Self::times).ok_or_else(|| "from 0.1 to 1000, or max".to_owned())
    }

    /// Twice as fast, up to no wait at all; half as fast, if not.
    #[must_use]
    pub fn step(self, faster: bool) -> Self {
        match (self.0, faster) {
            (Some(factor), true) => Self::times(factor * 2.0).unwrap_or(Self::MAX),
            (Some(factor), false) => Self::times(factor / 2.0).unwrap_or(self),
            (None, true) => self,
            (None, false) => Self(Some(*BOUNDS.end())),
        }
    }

    /// How many recorded seconds pass in one; `None` if nothing is waited for.
    #[must_use]
    pub fn factor(self) -> Option<f64> {
        self.0
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(factor) => write!(f, "×{factor}"),
            None => f.write_str("max"),
        }
    }
}
