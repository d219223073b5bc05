//! How a stretch is shared out: times are not evenly spread, so a lane that has come to the end of its own takes over half
//! of the longest one that is left.

use chrono::TimeDelta;

use super::{Lane, Lanes, Refusal};
use crate::record::Cursor;

/// Half of a stretch is worth a lane of its own if the whole is at least so many times as long as the last page was.
const WORTH: i32 = 2;

impl Lanes {
    /// Opens lanes where the longest stretches are left, as many as there may be, under numbers that are not taken. Gives
    /// the reason if there can be none.
    pub(super) fn split(&mut self, taken: &[u32]) -> Option<Refusal> {
        if self.width < 2 || self.refused.is_some() {
            return None;
        }
        if let Some(refusal) = Refusal::of(&self.first) {
            self.refused = Some(refusal.clone());
            return Some(refusal);
        }
        while self.ahead.iter().filter(|lane| lane.rests.is_none()).count() + 1 < self.width as usize {
            let Some((at, start, span_ms)) = self.halve_longest() else { break };
            let is_free = |number: &u32| !taken.contains(number) && self.numbers().all(|it| it != *number);
            let number = (1..).find(is_free);
            let lane = Lane {
                number: number.unwrap_or_default(),
                walk: self.first.beside(start.clone()),
                start,
                opens: true,
                rests: None,
                span_ms,
            };
            self.ahead.insert(at, lane);
        }
        None
    }

    /// The middle of the longest stretch that is left, the place of its lane among those ahead, and how much time a
    /// page takes there.
    fn halve_longest(&self) -> Option<(usize, Cursor, i64)> {
        let until = self.until?;
        let first = (0, self.first.place(), self.span, None);
        let ahead =
            self.ahead.iter().enumerate().map(|(at, lane)| {
                (at + 1, lane.walk.place(), TimeDelta::milliseconds(lane.span_ms), lane.rests)
            });
        let stretches = std::iter::once(first).chain(ahead).filter(|(.., rests)| rests.is_none());
        let stretches = stretches.filter_map(|(at, from, span, _)| {
            let to = self.ahead.get(at).map_or(Some(until), |next| next.start.instant())?;
            let length = to - from.instant()?;
            (length > TimeDelta::zero() && length >= span * WORTH).then_some((length, at, from, to, span))
        });
        let (_, at, from, to, span) = stretches.max_by_key(|(length, ..)| *length)?;
        Some((at, from.middle(to)?, span.num_milliseconds()))
    }
}
