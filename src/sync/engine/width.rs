//! How many lanes may ask at once: as many as the operator wants, until the source limits requests. Then half as many,
//! and one more after each round that went well (additive increase, multiplicative decrease: RFC 5681, section 3.1).

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
}

impl Width {
    /// As many from the start on as are wanted; where nobody says how many, one, and more as it goes well.
    pub(super) fn new(wanted: Option<u32>) -> Self {
        Self { most: wanted.unwrap_or(AUTO), now: wanted.unwrap_or(1), well: 0, halved: None }
    }

    pub(super) fn now(&self) -> u32 {
        self.now
    }

    pub(super) fn most(&self) -> u32 {
        self.most
    }

    /// An answer came. More lanes are of use only where their pages can be stored as fast as they come.
    pub(super) fn on_answer(&mut self, is_kept_up: bool) {
        if self.now == self.most || !is_kept_up {
            return;
        }
        self.well += 1;
        if self.well >= self.now {
            (self.now, self.well) = (self.now + 1, 0);
        }
    }

    /// The source limits requests, as one that was sent then shows. How many there were, if that changes it.
    pub(super) fn on_limit(&mut self, sent: Instant) -> Option<u32> {
        self.well = 0;
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

    #[tokio::test(start_paused = true)]
    async fn a_limit_halves_it_once_a_round_and_each_good_round_adds_one() {
        let mut width = Width::new(Some(8));
        let sent = Instant::now();
        tokio::time::advance(std::time::Duration::from_millis(1)).await;
        assert_eq!((width.on_limit(sent), width.now()), (Some(8), 4));
        assert_eq!((width.on_limit(sent), width.now()), (None, 4), "the same round");
        for now in [5, 6, 7, 8, 8] {
            for _ in 0..width.now() {
                width.on_answer(true);
            }
            assert_eq!(width.now(), now);
        }
        for now in [4, 2, 1, 1] {
            tokio::time::advance(std::time::Duration::from_millis(1)).await;
            let _ = width.on_limit(Instant::now());
            tokio::time::advance(std::time::Duration::from_millis(1)).await;
            assert_eq!(width.now(), now);
        }
    }

    #[test]
    fn where_nobody_says_how_many_they_grow_as_far_as_the_destination_keeps_up() {
        let mut width = Width::new(None);
        width.on_answer(false);
        assert_eq!(width.now(), 1);
        (0..100).for_each(|_| width.on_answer(true));
        assert_eq!(width.now(), AUTO);
    }
}
