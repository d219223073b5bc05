//! The rate limit: a token bucket as the original has it, with the numbers that its headers tell.

use std::time::Instant;

/// Tokens that come back each second.
const REFILL: f64 = 10.0;

/// A bucket that starts full; a request takes one token.
#[derive(Debug)]
pub(super) struct Bucket {
    capacity: u32,
    tokens: f64,
    filled: Instant,
}

/// What the bucket said to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// False if there was no token left.
    pub allowed: bool,
    /// The bucket's capacity (`X-RateLimit-Limit`).
    pub limit: u32,
    /// Whole tokens left (`X-RateLimit-Remaining`).
    pub remaining: u32,
    /// Whole seconds, rounded up, until the bucket is full (`X-RateLimit-Reset`).
    pub reset: u32,
    /// Whole seconds, rounded up, until there is a token (`Retry-After`).
    pub retry_after: u32,
}

impl Bucket {
    pub fn new(capacity: u32, now: Instant) -> Self {
        Self { capacity, tokens: f64::from(capacity), filled: now }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Instant) -> Verdict {
        let capacity = f64::from(self.capacity);
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = now;
        self.tokens = capacity.min(self.tokens + passed * REFILL);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        Verdict {
            allowed,
            limit: self.capacity,
            // Casts of small positive numbers; they saturate.
            remaining: self.tokens as u32,
            reset: ((capacity - self.tokens) / REFILL).ceil() as u32,
            retry_after: ((1.0 - self.tokens).max(0.0) / REFILL).ceil() as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_empties_the_bucket_and_a_tenth_of_a_second_brings_a_token() {
        let start = Instant::now();
        let mut bucket = Bucket::new(5, start);
        let remaining: Vec<u32> = (0..5).map(|_| bucket.take(start).remaining).collect();
        assert_eq!(remaining, [4, 3, 2, 1, 0]);
        let refused = bucket.take(start);
        assert_eq!(refused, Verdict { allowed: false, limit: 5, remaining: 0, reset: 1, retry_after: 1 });
        assert!(bucket.take(start + Duration::from_millis(101)).allowed);
        assert!(!bucket.take(start + Duration::from_millis(150)).allowed);
        assert_eq!(bucket.take(start + Duration::from_secs(60)).remaining, 4);
    }
}
