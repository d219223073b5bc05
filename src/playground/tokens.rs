//! The tokens that a playground gave out, where it lets them expire. One that it does not know is as good as expired.

use std::collections::HashMap;
use std::time::Instant;

use super::trouble::Expiry;

/// The tokens that are good, by the `updatedAt` that they stand for, and when each was last given out.
#[derive(Debug)]
pub(super) struct Tokens {
    expiry: Expiry,
    given: HashMap<i64, Given>,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    at: Instant,
    request: u64,
}

impl Tokens {
    pub fn new(expiry: Expiry) -> Self {
        Self { expiry, given: HashMap::new() }
    }

    /// Notes that the request of that number was given the token for this `updatedAt`, and forgets the expired ones.
    pub fn give(&mut self, updated: i64, request: u64, at: Instant) {
        self.given.insert(updated, Given { at, request });
        let expiry = self.expiry;
        self.given.retain(|_, given| given.is_good(expiry, request, at));
    }

    /// True if the request of that number may still use the token for this `updatedAt`.
    pub fn is_good(&self, updated: i64, request: u64, now: Instant) -> bool {
        self.given.get(&updated).is_some_and(|given| given.is_good(self.expiry, request, now))
    }
}

impl Given {
    fn is_good(self, expiry: Expiry, request: u64, now: Instant) -> bool {
        match expiry {
            Expiry::Age(most) => now.saturating_duration_since(self.at) <= most,
            Expiry::Requests(most) => request.saturating_sub(self.request) <= most,
            Expiry::GivenTo(number) => self.request != number,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_token_can_be_dead_and_the_others_not() {
        let now = Instant::now();
        let mut tokens = Tokens::new(Expiry::GivenTo(2));
        for request in 1..=3 {
            tokens.give(i64::try_from(request).unwrap(), request, now);
        }
        assert_eq!([1, 2, 3].map(|updated| tokens.is_good(updated, 4, now)), [true, false, true]);
        tokens.give(2, 4, now);
        assert!(tokens.is_good(2, 5, now), "given again, it is another one");
    }

    #[test]
    fn a_token_is_good_for_a_while_and_good_again_once_it_is_given_again() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut tokens = Tokens::new(Expiry::Age(Duration::from_secs(5)));
        assert!(!tokens.is_good(7, 1, start));
        tokens.give(7, 1, start);
        assert!(tokens.is_good(7, 2, after(5)));
        assert!(!tokens.is_good(7, 2, after(6)));
        tokens.give(7, 3, after(6));
        assert!(tokens.is_good(7, 4, after(11)));
        tokens.give(8, 5, after(12));
        assert_eq!(tokens.given.len(), 1);
    }

    #[test]
    fn a_token_may_be_good_for_so_many_requests() {
        let now = Instant::now();
        let mut tokens = Tokens::new(Expiry::Requests(2));
        tokens.give(7, 10, now);
        assert!(tokens.is_good(7, 12, now));
        assert!(!tokens.is_good(7, 13, now));
    }
}
