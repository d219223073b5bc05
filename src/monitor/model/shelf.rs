//! A list with the newest entry on top that remembers what is selected by identity, never by place.
//!
//! New entries push the old ones down; the selected one stays under the operator's eye, because its line on the
//! screen is kept and not its index. It forgets the oldest entries beyond its capacity.

use std::collections::BTreeMap;

/// A list with the newest entry on top.
#[derive(Clone, Debug)]
pub struct Shelf<T> {
    items: BTreeMap<u64, T>,
    next: u64,
    capacity: usize,
    /// The selected entry; `None` follows the newest.
    selected: Option<u64>,
    /// The line of the window on which the selected entry stands.
    line: usize,
}

/// The slice of a shelf that is on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many newer entries are above it.
    pub above: usize,
    /// The line of the selected entry within it.
    pub selected: usize,
}

impl<T> Shelf<T> {
    /// An empty shelf that keeps the newest `capacity` entries.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { items: BTreeMap::new(), next: 0, capacity: capacity.max(1), selected: None, line: 0 }
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

    /// True while the selection follows the newest entry.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.selected.is_none()
    }

    /// Puts an entry on top. Gives its serial, and what fell off the far end.
    pub fn push(&mut self, item: T) -> (u64, Option<T>) {
        let serial = self.next;
        self.next += 1;
        self.items.insert(serial, item);
        if self.items.len() <= self.capacity {
            return (serial, None);
        }
        let dropped = self.items.pop_first();
        if let Some((gone, _)) = &dropped
            && self.selected == Some(*gone)
        {
            self.selected = self.items.keys().next().copied();
        }
        (serial, dropped.map(|(_, item)| item))
    }

    /// Takes an entry out and puts its newer version on top; the selection goes with it.
    pub fn replace(&mut self, serial: u64, item: T) -> u64 {
        self.items.remove(&serial);
        let (fresh, _) = self.push(item);
        if self.selected == Some(serial) {
            self.selected = Some(fresh);
        }
        fresh
    }

    /// The newest entry.
    #[must_use]
    pub fn newest(&self) -> Option<&T> {
        self.items.values().next_back()
    }

    /// The selected entry.
    #[must_use]
    pub fn selected(&self) -> Option<&T> {
        match self.selected {
            None => self.newest(),
            Some(serial) => self.items.get(&serial),
        }
    }

    /// Where a window of that height stands.
    #[must_use]
    pub fn window(&self, height: usize) -> Window {
        let rank = match self.selected {
            None => 0,
            Some(serial) => self.items.range(serial + 1..).count(),
        };
        let furthest = self.len().saturating_sub(height.max(1));
        let line = self.line.min(height.saturating_sub(1));
        let above = rank.saturating_sub(line).min(furthest);
        Window { above, selected: rank - above }
    }

    /// The entries of a window, newest first.
    pub fn visible(&self, window: Window, height: usize) -> impl Iterator<Item = &T> {
        self.items.values().rev().skip(window.above).take(height)
    }

    /// Moves the selection by a number of entries, down if positive. At the top it follows the newest again.
    pub fn step(&mut self, by: isize, height: usize) {
        let Some(last) = self.len().checked_sub(1) else {
            return;
        };
        let window = self.window(height);
        let rank = window.above + window.selected;
        let target = rank.saturating_add_signed(by).min(last);
        let lowest = height.saturating_sub(1);
        self.line = window.selected.saturating_add_signed(by).min(lowest);
        self.select(target);
    }

    /// Selects the newest entry and follows it from now on.
    pub fn first(&mut self) {
        self.selected = None;
        self.line = 0;
    }

    /// Selects the oldest entry.
    pub fn last(&mut self, height: usize) {
        if let Some(last) = self.len().checked_sub(1) {
            self.line = height.saturating_sub(1);
            self.select(last);
        }
    }

    fn select(&mut self, rank: usize) {
        self.selected = match rank {
            0 => None,
            _ => self.items.keys().rev().nth(rank).copied(),
        };
        if rank == 0 {
            self.line = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(entries: u64) -> Shelf<u64> {
        let mut shelf = Shelf::new(100);
        for entry in 0..entries {
            shelf.push(entry);
        }
        shelf
    }

    fn shown(shelf: &Shelf<u64>, height: usize) -> Vec<u64> {
        let window = shelf.window(height);
        shelf.visible(window, height).copied().collect()
    }

    #[test]
    fn it_follows_the_newest_until_the_operator_moves() {
        let mut shelf = shelf(5);
        assert_eq!(shown(&shelf, 3), [4, 3, 2]);
        shelf.push(5);
        assert_eq!(shelf.selected(), Some(&5));
        shelf.step(1, 3);
        shelf.push(6);
        assert_eq!(shelf.selected(), Some(&4), "the selection stays put");
        assert_eq!(shown(&shelf, 3), [5, 4, 3], "and so does the screen");
        shelf.first();
        assert_eq!(shelf.selected(), Some(&6));
    }

    #[test]
    fn moving_scrolls_at_the_edges_and_stops_at_the_ends() {
        let mut shelf = shelf(5);
        shelf.step(3, 3);
        assert_eq!((shelf.selected(), shown(&shelf, 3)), (Some(&1), vec![3, 2, 1]));
        shelf.step(99, 3);
        assert_eq!((shelf.selected(), shown(&shelf, 3)), (Some(&0), vec![2, 1, 0]));
        shelf.step(-2, 3);
        assert_eq!((shelf.selected(), shown(&shelf, 3)), (Some(&2), vec![2, 1, 0]));
        shelf.step(-99, 3);
        assert!(shelf.follows());
        shelf.last(3);
        assert_eq!(shelf.selected(), Some(&0));
    }

    #[test]
    fn a_newer_version_takes_the_selection_along() {
        let mut shelf = shelf(5);
        shelf.step(2, 3);
        shelf.replace(2, 20);
        assert_eq!(shelf.selected(), Some(&20));
        assert_eq!(shown(&shelf, 3), [20, 4, 3]);
    }

    #[test]
    fn what_falls_off_takes_no_selection_with_it() {
        let mut shelf = Shelf::new(3);
        for entry in 0..3 {
            shelf.push(entry);
        }
        shelf.last(3);
        assert_eq!(shelf.push(3), (3, Some(0)));
        assert_eq!(shelf.selected(), Some(&1));
        assert_eq!(shelf.len(), 3);
    }

    #[test]
    fn no_height_and_no_entry_is_too_little() {
        let mut empty = shelf(0);
        empty.step(1, 0);
        empty.last(0);
        assert_eq!(empty.window(0), Window { above: 0, selected: 0 });
        let mut one = shelf(3);
        for height in 0..5 {
            one.step(1, height);
            let window = one.window(height);
            assert!(window.above + window.selected < 3);
        }
    }
}
