//! The troubles that a playground can be told to make: what they are, and when they strike.
//!
//! A trouble strikes by the number of the request or by a share that the seed spreads, never by chance: the same
//! options bring the same story at every start. What a trouble does to an answer, a token or the rows is the work of
//! the modules that those belong to.

use std::time::Duration;

use serde::Deserialize;

use super::scatter;
use crate::units;

/// Everything that is wrong with a playground. Nothing, unless told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Answers that fail. Of several that strike the same request, the first in the list does.
    pub faults: Vec<Fault>,
    /// How soon a scroll token is refused.
    pub expiry: Option<Expiry>,
    /// Rows that come and change while they are read.
    pub growth: Option<Growth>,
    /// Rows that are served later than their `updatedAt` says.
    pub disorder: Option<Disorder>,
}

/// A kind of failure, and the requests that meet it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which requests.
    pub when: When,
    /// What they meet.
    pub what: Ailment,
}

/// Which requests meet a failure.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Those of these numbers, in the order of their arrival, from 1.
    Requests(Vec<u64>),
    /// So many of a hundred, picked by the seed.
    Percent(u8),
}

/// How an answer fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ailment {
    /// 429, as if a rate limit were exceeded.
    RateLimited {
        /// Whole seconds after which the server says to come again, if it says so.
        retry_after: Option<u32>,
    },
    /// 503.
    Unavailable,
    /// The connection is reset before the answer.
    Reset,
    /// The connection is reset within the body.
    ResetMidway,
    /// The connection is closed in order within the body, short of its `Content-Length`.
    Cut,
    /// Half of the body comes as if it were the whole: no JSON.
    Malformed,
    /// The answer is right, and takes so much longer.
    Slow(#[serde(deserialize_with = "units::span")] Duration),
}

/// How soon a scroll token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Once it is older than this.
    Age(#[serde(deserialize_with = "units::span")] Duration),
    /// Once so many requests have arrived since the one that it was given to.
    Requests(u64),
    /// Only the one that was given to the request of this number: when it comes back, it is dead.
    GivenTo(u64),
}

/// Rows that come and change while they are read: with each request of a span, before it is answered. Each gets an
/// `updatedAt` of its own, a second after the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Growth {
    /// The first request, from 1, with which something changes.
    pub from: u64,
    /// The last one.
    pub until: u64,
    /// How many rows come with each.
    pub inserts: u32,
    /// How many rows change with each.
    pub updates: u32,
}

/// Rows that are served later than their `updatedAt` says, as by an API that orders by another field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disorder {
    /// How many rows are served in order before the first late one.
    pub after: usize,
    /// Every how manieth row is late, from then on.
    pub every: usize,
    /// By how many places.
    pub by: usize,
}

impl Troubles {
    /// What the request of that number, from 1, meets.
    pub(super) fn fault(&self, seed: u64, request: u64) -> Option<Ailment> {
        self.faults
            .iter()
            .zip(0..)
            .find(|(fault, kind)| fault.when.strikes(seed, *kind, request))
            .map(|(f, _)| f.what)
    }

    /// Refuses what cannot be done, in words that name the trouble.
    pub(super) fn check(&self, frozen: bool) -> Result<(), String> {
        for fault in &self.faults {
            match &fault.when {
                When::Requests(numbers) if numbers.is_empty() || numbers.contains(&0) => {
                    return Err(
                        "fault: requests are counted from 1, and at least one must be named".to_owned()
                    );
                }
                When::Percent(percent) if !(1..=100).contains(percent) => {
                    return Err(format!("fault: 1 to 100 percent, not {percent}"));
                }
                When::Requests(_) | When::Percent(_) => {}
            }
        }
        if self.growth.is_some() && !frozen {
            // A change by the clock would come to lie below one that growth has put ahead of it.
            return Err("growth: only where nobody changes by the clock".to_owned());
        }
        if self.growth.is_some_and(|growth| growth.from == 0 || growth.until < growth.from) {
            return Err(
                "growth: from the first request, which is 1, or later, until that one or later".to_owned()
            );
        }
        if self.disorder.is_some_and(|disorder| disorder.every == 0 || disorder.by == 0) {
            return Err("disorder: every row at most, by one place at least".to_owned());
        }
        Ok(())
    }
}

impl When {
    fn strikes(&self, seed: u64, kind: u64, request: u64) -> bool {
        match self {
            Self::Requests(numbers) => numbers.contains(&request),
            Self::Percent(percent) => scatter(&[seed, kind, request]) % 100 < u64::from(*percent),
        }
    }
}

impl Growth {
    /// True if the request of that number, from 1, finds new changes.
    pub(super) fn strikes(&self, request: u64) -> bool {
        (self.from..=self.until).contains(&request)
    }
}

impl Disorder {
    /// Puts rows that are in order into the order in which they are served.
    pub(super) fn shuffle<T>(&self, rows: Vec<T>) -> Vec<T> {
        let late = |place: usize| place >= self.after && (place - self.after).is_multiple_of(self.every);
        let mut keyed: Vec<_> = rows
            .into_iter()
            .enumerate()
            .map(|(place, row)| (if late(place) { (place + self.by, true) } else { (place, false) }, row))
            .collect();
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubles(when: When) -> Troubles {
        let what = Ailment::Cut;
        Troubles { faults: vec![Fault { when, what }], ..Troubles::default() }
    }

    #[test]
    fn a_fault_strikes_the_requests_that_it_names() {
        let troubles = troubles(When::Requests(vec![2, 5]));
        let struck: Vec<u64> = (1..8).filter(|request| troubles.fault(1, *request).is_some()).collect();
        assert_eq!(struck, [2, 5]);
    }

    #[test]
    fn a_share_strikes_as_many_and_the_same_at_every_start() {
        let troubles = troubles(When::Percent(20));
        let struck = |seed| {
            (1..=2_000).filter(|request| troubles.fault(seed, *request).is_some()).collect::<Vec<u64>>()
        };
        assert!((300..500).contains(&struck(1).len()), "{}", struck(1).len());
        assert_eq!(struck(1), struck(1));
        assert_ne!(struck(1), struck(2));
    }

    #[test]
    fn late_rows_are_served_late_and_none_is_lost() {
        let disorder = Disorder { after: 3, every: 4, by: 2 };
        assert_eq!(disorder.shuffle((0..10).collect()), [0, 1, 2, 4, 5, 3, 6, 8, 9, 7]);
    }

    #[test]
    fn what_cannot_be_done_is_refused_by_name() {
        let refused = |troubles: Troubles| troubles.check(true).unwrap_err();
        assert!(refused(troubles(When::Requests(vec![0]))).starts_with("fault:"));
        assert!(refused(troubles(When::Requests(vec![]))).starts_with("fault:"));
        assert!(refused(troubles(When::Percent(0))).starts_with("fault:"));
        let growth = Some(Growth { from: 2, until: 1, inserts: 1, updates: 1 });
        assert!(refused(Troubles { growth, ..Troubles::default() }).starts_with("growth:"));
        let growth = Some(Growth { from: 1, until: 1, inserts: 1, updates: 1 });
        assert!(Troubles { growth, ..Troubles::default() }.check(false).unwrap_err().starts_with("growth:"));
        let disorder = Some(Disorder { after: 0, every: 0, by: 1 });
        assert!(refused(Troubles { disorder, ..Troubles::default() }).starts_with("disorder:"));
        assert_eq!(troubles(When::Percent(100)).check(false), Ok(()));
    }
}
