//! A list with the newest entry on top that forgets the oldest beyond its capacity.

use std::collections::BTreeMap;

/// A list with the newest entry on top.
#[derive(Clone, Debug)]
pub struct Shelf<T> {
    items: BTreeMap<u64, T>,
    next: u64,
    capacity: usize,
}

impl<T> Shelf<T> {
    /// An empty shelf that keeps the newest `capacity` entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { items: BTreeMap::new(), next: 0, capacity: capacity.max(1) }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many entries were ever put on it, or skipped.
    #[must_use]
    pub fn pushed(&self) -> u64 {
        self.next
    }

    /// Puts an entry on top. Gives its serial, and what fell off the far end with its own.
    pub fn push(&mut self, item: T) -> (u64, Option<(u64, T)>) {
        let serial = self.next;
        self.next += 1;
        self.items.insert(serial, item);
        let full = self.items.len() > self.capacity;
        let dropped = if full { self.items.pop_first() } else { None };
        (serial, dropped)
    }

    /// Counts an entry that is not kept at all.
    pub fn skip(&mut self) {
        self.next += 1;
    }

    /// Takes an entry out and puts its newer version on top.
    pub fn replace(&mut self, serial: u64, item: T) -> u64 {
        self.items.remove(&serial);
        self.push(item).0
    }

    /// The entry of a serial.
    #[must_use]
    pub fn get(&self, serial: u64) -> Option<&T> {
        self.items.get(&serial)
    }

    /// The newest entry.
    #[must_use]
    pub fn newest(&self) -> Option<&T> {
        self.items.values().next_back()
    }

    /// All entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.values().rev()
    }

    /// All entries, newest first, as a list that can be scrolled.
    #[must_use]
    pub fn list(&self) -> Vec<&T> {
        self.iter().collect()
    }

    /// All entries, to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.items.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_first_and_the_oldest_falls_off() {
        let mut shelf = Shelf::new(3);
        for entry in 0..3 {
            assert_eq!(shelf.push(entry), (entry, None));
        }
        assert_eq!(shelf.push(3), (3, Some((0, 0))));
        assert_eq!(shelf.list(), [&3, &2, &1]);
        assert_eq!(shelf.replace(2, 20), 4);
        assert_eq!(shelf.list(), [&20, &3, &1]);
        assert_eq!((shelf.len(), shelf.pushed()), (3, 5));
    }
}
