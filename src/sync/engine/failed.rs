//! The failed attempts at the page that is asked for: how many, why, and how long was waited after each.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::millis;
use crate::source::Failure;
use crate::text;

/// Of how many attempts the reason is kept: the last ones tell most.
const REASONS: usize = 8;

/// The failed attempts at a page.
#[derive(Debug, Default)]
pub(super) struct Failed {
    attempts: u32,
    reasons: VecDeque<String>,
    /// When the last one failed, until the page is asked for again.
    since: Option<Instant>,
}

impl Failed {
    /// How many.
    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Another attempt failed.
    pub(super) fn add(&mut self, failure: &Failure) {
        self.attempts += 1;
        if self.reasons.len() == REASONS {
            self.reasons.pop_front();
        }
        self.reasons.push_back(failure.to_string());
        self.since = Some(Instant::now());
    }

    /// The page is asked for again, or another for the first time.
    pub(super) fn asked(&mut self) {
        if let (Some(since), Some(last)) = (self.since.take(), self.reasons.back_mut()) {
            last.push_str(&format!("; waited {}", text::milliseconds(millis(since.elapsed()))));
        }
    }

    /// How many attempts at the page failed, and why the last of them did.
    pub(super) fn into_reasons(self) -> (u32, Vec<String>) {
        (self.attempts, self.reasons.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_counts_and_the_last_reasons_are_kept() {
        let mut failed = Failed::default();
        for number in 0..20 {
            failed.asked();
            failed.add(&Failure::Cut(number.to_string()));
        }
        let (attempts, reasons) = failed.into_reasons();
        assert_eq!((attempts, reasons.len()), (20, REASONS));
        assert!(reasons[0].starts_with("the answer broke off: 12; waited "), "{reasons:?}");
        assert_eq!(reasons[7], "the answer broke off: 19", "nothing was asked for since");
    }
}
