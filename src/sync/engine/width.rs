//! How many lanes may ask at once: as many as the operator wants, until the source limits requests. Then half as many,
//! and one more after each round that went well (additive increase, multiplicative decrease: RFC 5681, section 3.1).
//!
//! Not before the source has borne what is asked of it for as long as it wanted to be left alone: where it grants so
//! many requests a minute, to whomever, one lane uses them up as well as several, and wastes none on being refused.

use std::time::Duration;

use tokio::time::Instant;

/// How many lanes there are where nobody says how many.
const AUTO: u32 = 8;

/// How many lanes may ask at once.
#[derive(Debug)]
pub(super) struct Width {
    most: u32,
    now: u32,
    /// Answers in a row since it last changed.
    well: u32,
    /// When it was last halved: what was asked before then says nothing more.
    halved: Option<Instant>,
    /// Until then, no answer counts.
    wary: Option<Instant>,
}

impl Width {
    /// As many from the start on as are wanted; where nobody says how many, one, and more as it goes well.
    pub(super) fn new(wanted: Option<u32>) -> Self {
        Self { most: wanted.unwrap_or(AUTO), now: wanted.unwrap_or(1), well: 0, halved: None, wary: None }
    }

    pub(super) fn now(&self) -> u32 {
        self.now
    }

    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// An answer came. More lanes are of use only where their pages can be stored as fast as they come.
    pub(super) fn on_answer(&mut self, is_kept_up: bool) {
        let is_wary = self.wary.is_some_and(|until| Instant::now() < until);
        if self.now == self.most || !is_kept_up || is_wary {
            return;
        }
        self.well += 1;
        if self.well >= self.now {
            (self.now, self.well) = (self.now + 1, 0);
        }
    }

    /// The source limits requests, as one that was sent then shows, and is left alone for a while. How many there were,
    /// if that changes it.
    pub(super) fn on_limit(&mut self, sent: Instant, wait: Duration) -> Option<u32> {
        self.well = 0;
        self.wary = Some(Instant::now() + 2 * wait);
        if self.now == 1 || self.halved.is_some_and(|halved| sent <= halved) {
            return None;
        }
        let before = self.now;
        (self.now, self.halved) = (before / 2, Some(Instant::now()));
        Some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_limit_halves_it_once_a_round_and_each_good_round_adds_one() {
        let mut width = Width::new(Some(8));
        let sent = Instant::now();
        tokio::time::advance(SECOND).await;
        assert_eq!((width.on_limit(sent, SECOND), width.now()), (Some(8), 4));
        assert_eq!((width.on_limit(sent, SECOND), width.now()), (None, 4), "the same round");
        (0..100).for_each(|_| width.on_answer(true));
        assert_eq!(width.now(), 4, "wary as yet");
        tokio::time::advance(2 * SECOND).await;
        for now in [5, 6, 7, 8, 8] {
            for _ in 0..width.now() {
                width.on_answer(true);
            }
            assert_eq!(width.now(), now);
        }
        for now in [4, 2, 1, 1] {
            tokio::time::advance(SECOND).await;
            let sent = Instant::now();
            tokio::time::advance(SECOND).await;
            let before = width.now();
            assert_eq!(width.on_limit(sent, SECOND), (now < before).then_some(before));
            assert_eq!(width.now(), now);
        }
    }

    #[tokio::test]
    async fn where_nobody_says_how_many_they_grow_as_far_as_the_destination_keeps_up() {
        let mut width = Width::new(None);
        width.on_answer(false);
        assert_eq!(width.now(), 1);
        (0..100).for_each(|_| width.on_answer(true));
        assert_eq!(width.now(), AUTO);
    }
}
