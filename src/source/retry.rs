//! When to ask again: exponential backoff with jitter, and what the source itself says in `Retry-After`.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

use crate::text;

/// How many requests may be sent in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many, and at least one.
    pub requests: u32,
    /// In this time.
    pub per: Duration,
    /// How many may follow one another at once, if none was sent for a while; at least one.
    pub burst: u32,
}

impl Rate {
    /// The time between two requests that are sent evenly.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.per / self.requests.max(1)
    }

    /// In words, as `10 requests a second`.
    #[must_use]
    pub fn words(&self) -> String {
        let per = match self.per.as_secs() {
            1 => "a second",
            60 => "a minute",
            _ => "an hour",
        };
        format!("{} {per}", text::count(u64::from(self.requests), "request"))
    }
}

/// How often and how patiently a page is asked for.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Attempts for one page, the first included.
    pub attempts: u32,
    /// The wait after the first failure.
    pub base: Duration,
    /// The longest wait of our own.
    pub max: Duration,
    /// The longest wait that the source may ask for.
    pub max_wait: Duration,
}

impl Policy {
    /// How long to wait after so many failed attempts (from 1), if the source does not say. `luck` in 0..1 spreads
    /// the waits of many clients over the upper half of the interval.
    #[must_use]
    pub fn backoff(&self, failed: u32, luck: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << failed.saturating_sub(1).min(20));
        doubled.min(self.max).mul_f64(0.5 + luck.clamp(0.0, 1.0) / 2.0)
    }
}

/// Reads `Retry-After`: whole or decimal seconds, or a date in any of the three forms of RFC 9110, counted from the
/// source's own clock. `None` if it is none of these, and if it asks for no wait at all: the own backoff is kept then,
/// or every attempt would be used up in an instant.
#[must_use]
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
        }
        Ok(_) => return None,
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?;
            at.duration_since(SystemTime::from(now)).ok()?
        }
    };
    // Also where a fraction is too small for a clock.
    (!wait.is_zero()).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn retry_after_in_every_form() {
        let now = at("1994-11-06T08:49:30Z");
        for (value, seconds) in [
            ("0", None),
            (" 7 ", Some(7.0)),
            ("0.129", Some(0.129)),
            ("1e-9", Some(1e-9)),
            ("1e-10", None),
            ("-3", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7.0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(7.0)),
            ("Sun Nov  6 08:49:37 1994", Some(7.0)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", None),
            ("", None),
            ("soon", None),
            ("NaN", None),
            ("inf", None),
        ] {
            let expected = seconds.map(Duration::from_secs_f64);
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
        assert_eq!(retry_after("1e300", now), Some(Duration::MAX));
    }

    proptest! {
        #[test]
        fn backoff_grows_to_its_limit_and_no_further(failed in 1_u32..200, luck in 0.0..1.0) {
            let policy = Policy {
                attempts: 6,
                base: Duration::from_millis(500),
                max: Duration::from_secs(30),
                max_wait: Duration::from_secs(900),
            };
            let wait = policy.backoff(failed, luck);
            let ceiling = Duration::from_millis(500 << (failed - 1).min(10)).min(policy.max);
            prop_assert!(wait <= ceiling && wait >= ceiling / 2, "{wait:?} of {ceiling:?}");
        }
    }
}
