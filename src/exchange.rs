//! One request and its answer, but for the rows: what was asked for, what came back beside the body, and what the
//! source says that it still grants.
//!
//! Plain words and figures, whoever fetched them: the source fills them, the destination keeps them, the monitor and
//! the report show them. All of it is safe for a terminal and holds no secret.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was asked for, and what came back beside the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchange {
    /// The address as it was sent, without the values of the configured address's own query.
    pub url: String,
    /// The status code; 0 where it is not known.
    pub status: u16,
    /// The headers that tell of the limit, the clock and the server, by name; not all of them.
    pub headers: Vec<(String, String)>,
    /// What the headers say of the limit.
    pub budget: Option<Budget>,
}

impl Exchange {
    /// An exchange whose headers were kept. `now` is the source's clock.
    #[must_use]
    pub fn new(url: String, status: u16, headers: Vec<(String, String)>, now: DateTime<Utc>) -> Self {
        let budget = Budget::read(&headers, now);
        Self { url, status, headers, budget }
    }
}

/// A status with what it is called: `200 OK`.
#[must_use]
pub fn status(code: u16) -> String {
    let known = reqwest::StatusCode::from_u16(code).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(reason) => format!("{code} {reason}"),
        None => code.to_string(),
    }
}

/// How many requests a source still grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Requests in a window.
    pub limit: Option<u64>,
    /// Requests left in this one.
    pub remaining: Option<u64>,
    /// Seconds until the window ends, counted from the answer.
    pub reset_s: Option<u64>,
}

/// A reset beyond this is no length of time but a time, in seconds since 1970: a length of 31 years means nothing.
const EPOCH: f64 = 1e9;
/// Beyond this it is in milliseconds.
const EPOCH_MS: f64 = 1e11;
/// The longest time to a reset that can be meant, in seconds: a year.
const FARTHEST: f64 = 366.0 * 86_400.0;

impl Budget {
    /// Reads `X-RateLimit-*`, which many APIs spell `X-Rate-Limit-*`, and what the drafts for `RateLimit` have called
    /// it so far: a header each (`RateLimit-Remaining: 9`), one for all (`RateLimit: limit=10, remaining=9, reset=5`,
    /// later `"default";r=9;t=5`) and a policy (`"default";q=10;w=60`). Of several windows, the first counts. `None`
    /// if they say nothing.
    #[must_use]
    pub fn read(headers: &[(String, String)], now: DateTime<Utc>) -> Option<Self> {
        let mut budget = Self::default();
        for (name, value) in headers {
            let Some(rest) = rate_limit(name) else { continue };
            match rest {
                "-limit" => budget.add("limit", value, now),
                "-remaining" => budget.add("remaining", value, now),
                "-reset" | "-reset-after" => budget.add("reset", value, now),
                "" => budget.add_all(value, now),
                "-policy" => {
                    budget.add("limit", value, now);
                    budget.add_all(value, now);
                }
                _ => {}
            }
        }
        (budget != Self::default()).then_some(budget)
    }

    fn add_all(&mut self, value: &str, now: DateTime<Utc>) {
        for (name, value) in value.split([',', ';']).filter_map(|part| part.split_once('=')) {
            self.add(name.trim(), value, now);
        }
    }

    /// Takes a figure in, unless it is known.
    fn add(&mut self, name: &str, value: &str, now: DateTime<Utc>) {
        match name {
            "limit" | "q" => self.limit = self.limit.or_else(|| whole(value)),
            "remaining" | "r" => self.remaining = self.remaining.or_else(|| whole(value)),
            "reset" | "t" => self.reset_s = self.reset_s.or_else(|| seconds_until(value, now)),
            _ => {}
        }
    }
}

/// What follows the family's name in the name of a rate limit's header.
fn rate_limit(name: &str) -> Option<&str> {
    ["x-ratelimit", "x-rate-limit", "ratelimit"].iter().find_map(|family| name.strip_prefix(family))
}

/// The number that a value begins with: `100, 100;w=10` is 100, and `1e99` is none.
fn whole(value: &str) -> Option<u64> {
    let number = value.trim().split([',', ';', ' ']).next()?;
    number.parse().ok()
}

/// A reset as seconds from now, whether it is given as that or as a time.
fn seconds_until(value: &str, now: DateTime<Utc>) -> Option<u64> {
    let given: f64 = value.trim().split([',', ';', ' ']).next()?.parse().ok()?;
    let now_ms = now.timestamp_millis() as f64;
    let seconds = if given > EPOCH_MS {
        (given - now_ms) / 1_000.0
    } else if given > EPOCH {
        given - now_ms / 1_000.0
    } else {
        given
    };
    // A time that is past has come: a float below zero becomes 0. One that no window of a rate limit reaches is none.
    (given >= 0.0 && seconds < FARTHEST).then(|| seconds.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> Option<[Option<u64>; 3]> {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        Budget::read(&headers, now).map(|budget| [budget.limit, budget.remaining, budget.reset_s])
    }

    #[test]
    fn each_dialect_of_a_limit_is_understood() {
        let all = Some([Some(60), Some(9), Some(30)]);
        for (dialect, headers) in [
            (
                "seconds",
                &[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "9"), ("x-ratelimit-reset", "30")][..],
            ),
            (
                "a time",
                &[
                    ("x-ratelimit-limit", "60"),
                    ("x-ratelimit-remaining", "9"),
                    ("x-ratelimit-reset", "1700000030"),
                ],
            ),
            (
                "a time in milliseconds",
                &[
                    ("x-rate-limit-limit", "60"),
                    ("x-rate-limit-remaining", "9"),
                    ("x-rate-limit-reset", "1700000029001"),
                ],
            ),
            (
                "a time and the seconds to it",
                &[
                    ("x-ratelimit-limit", "60"),
                    ("x-ratelimit-remaining", "9"),
                    ("x-ratelimit-reset", "1700000029.471"),
                    ("x-ratelimit-reset-after", "29.471"),
                ],
            ),
            (
                "several windows",
                &[
                    ("ratelimit-limit", "60, 60;w=60, 900;w=3600"),
                    ("ratelimit-remaining", "9"),
                    ("ratelimit-reset", "30"),
                ],
            ),
            ("one header", &[("ratelimit", "limit=60, remaining=9, reset=30")]),
            (
                "one header and a number as policy",
                &[("ratelimit-policy", "60;w=60"), ("ratelimit", "r=9;t=30")],
            ),
            (
                "one header and a policy",
                &[("ratelimit", r#""default";r=9;t=30"#), ("ratelimit-policy", r#""default";q=60;w=60"#)],
            ),
        ] {
            assert_eq!(read(headers), all, "{dialect}");
        }
    }

    #[test]
    fn what_says_nothing_of_the_limit_is_no_budget() {
        for headers in [
            &[][..],
            &[("date", "Sun, 06 Nov 1994 08:49:30 GMT"), ("server", "60")],
            &[("x-ratelimit-limit", "many"), ("x-ratelimit-remaining", "-1"), ("x-ratelimit-reset", "soon")],
            &[("x-ratelimit-limit-requests", "60"), ("x-ratelimit-bucket", "abcd1234")],
            &[("x-ratelimit-limit", "99999999999999999999999"), ("x-ratelimit-reset", "1.2.3")],
            &[("x-ratelimit-limit", "1e99"), ("x-ratelimit-reset", "9223372036854775807")],
            &[("x-ratelimit-remaining", "NaN"), ("x-ratelimit-reset", "1e99")],
        ] {
            assert_eq!(read(headers), None, "{headers:?}");
        }
    }

    #[test]
    fn a_time_that_is_past_has_come_and_a_part_of_a_second_is_one() {
        assert_eq!(read(&[("x-ratelimit-reset", "1600000000")]), Some([None, None, Some(0)]));
        assert_eq!(read(&[("x-ratelimit-reset", "0.1")]), Some([None, None, Some(1)]));
    }
}
