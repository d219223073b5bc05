//! The rows next to an anchor, out of rows that come in any order: a bounded heap for each side of it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::destination::reader::Key;

/// The most that the keys of one side may fill, in bytes: texts of megabytes make it fewer of them.
const BYTES: usize = 2 << 20;

/// The smallest keys of those that it was shown; or the largest.
pub(super) struct Nearest {
    most: usize,
    largest: bool,
    heap: BinaryHeap<Far>,
    bytes: usize,
    /// Nothing from here on is kept: something nearer had to go already.
    cut: Option<Key>,
}

/// A key; the farthest one is the heap's first.
#[derive(PartialEq, Eq)]
struct Far {
    key: Key,
    largest: bool,
}

impl Ord for Far {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.largest { other.key.cmp(&self.key) } else { self.key.cmp(&other.key) }
    }
}

impl PartialOrd for Far {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Nearest {
    /// At most so many of the smallest, or of the largest.
    pub(super) fn new(most: usize, largest: bool) -> Self {
        Self { most, largest, heap: BinaryHeap::new(), bytes: 0, cut: None }
    }

    /// Shows it a key. Nothing is made of one that lies too far away, which most do.
    pub(super) fn show(&mut self, value: Option<&str>, rowid: i64) {
        if self.cut.as_ref().is_some_and(|cut| {
            let order = compare(value, rowid, cut);
            if self.largest { order.is_le() } else { order.is_ge() }
        }) {
            return;
        }
        let key = Key { value: value.map(Box::from), rowid };
        self.bytes += size(&key);
        self.heap.push(Far { key, largest: self.largest });
        while self.heap.len() > self.most || (self.bytes > BYTES && self.heap.len() > 1) {
            let Some(far) = self.heap.pop() else { break };
            self.bytes -= size(&far.key);
            self.cut = Some(far.key);
        }
    }

    /// The keys, the nearest first.
    pub(super) fn into_sorted(self) -> Vec<Key> {
        self.heap.into_sorted_vec().into_iter().map(|far| far.key).collect()
    }
}

/// As the keys themselves compare.
pub(super) fn compare(value: Option<&str>, rowid: i64, key: &Key) -> Ordering {
    value.cmp(&key.value.as_deref()).then(rowid.cmp(&key.rowid))
}

fn size(key: &Key) -> usize {
    key.value.as_deref().map_or(0, str::len) + size_of::<Far>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_are_kept(
            values in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..40),
            most in 1usize..9,
            largest: bool,
        ) {
            let mut nearest = Nearest::new(most, largest);
            let mut all = Vec::new();
            for (rowid, value) in (0..).zip(values) {
                nearest.show(value.as_deref(), rowid);
                all.push(Key { value: value.map(String::into_boxed_str), rowid });
            }
            all.sort();
            if largest {
                all.reverse();
            }
            all.truncate(most);
            prop_assert_eq!(nearest.into_sorted(), all);
        }
    }

    #[test]
    fn texts_of_megabytes_make_it_fewer_and_never_leave_a_gap() {
        let mut nearest = Nearest::new(9, false);
        let text = |letter: &str| letter.repeat(BYTES / 2);
        for (rowid, letter) in (0..).zip(["c", "b", "d", "a"]) {
            nearest.show(Some(&text(letter)), rowid);
        }
        nearest.show(Some("d"), 9);
        let kept: Vec<_> = nearest.into_sorted().iter().map(|key| key.rowid).collect();
        assert_eq!(kept, [3], "the short one lies beyond one that had to go");
    }
}
