//! What is selected in a list, by identity and never by place, and where on the screen it stands.
//!
//! New entries push the old ones down; the selected one stays under the operator's eye, because its line on the
//! screen is kept and not its index. The list itself is somebody else's: it is passed in, newest first.

/// An entry that can be told from the others.
pub trait Keyed {
    /// What tells it.
    type Key: Clone + std::fmt::Debug;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// True if that is its key. Apart from [`Keyed::key`] because it is asked of every entry in every frame.
    fn is(&self, key: &Self::Key) -> bool;
}

/// A selection in a list.
#[derive(Clone, Debug)]
pub struct Scroll<K> {
    /// The selected entry; `None` follows the first.
    selected: Option<Place<K>>,
    /// The line of the window on which the selected entry stands.
    line: usize,
}

#[derive(Clone, Debug)]
struct Place<K> {
    key: K,
    /// Where it stood when it was selected: there the selection stays if the entry goes away.
    rank: usize,
}

/// The slice of a list that is on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How many entries are above it.
    pub above: usize,
    /// The line of the selected entry within it.
    pub selected: usize,
}

impl<K> Default for Scroll<K> {
    fn default() -> Self {
        Self { selected: None, line: 0 }
    }
}

impl<K> Scroll<K> {
    /// True while the selection follows the first entry.
    #[must_use]
    pub fn follows(&self) -> bool {
        self.selected.is_none()
    }

    /// Selects the first entry and follows it from now on.
    pub fn first(&mut self) {
        *self = Self::default();
    }

    /// The selected key; `None` while the first entry is followed.
    #[must_use]
    pub fn key(&self) -> Option<&K> {
        self.selected.as_ref().map(|place| &place.key)
    }

    /// The rank of the selected entry.
    #[must_use]
    pub fn rank<T: Keyed<Key = K>>(&self, list: &[&T]) -> usize {
        let Some(place) = &self.selected else { return 0 };
        // Where the list has not moved, there is nothing to look for.
        if list.get(place.rank).is_some_and(|entry| entry.is(&place.key)) {
            return place.rank;
        }
        let found = list.iter().position(|entry| entry.is(&place.key));
        found.unwrap_or(place.rank).min(list.len().saturating_sub(1))
    }

    /// The selected entry.
    #[must_use]
    pub fn selected<'a, T: Keyed<Key = K>>(&self, list: &[&'a T]) -> Option<&'a T> {
        list.get(self.rank(list)).copied()
    }

    /// Where a window of that height stands.
    #[must_use]
    pub fn window<T: Keyed<Key = K>>(&self, list: &[&T], height: usize) -> Window {
        let rank = self.rank(list);
        let furthest = list.len().saturating_sub(height.max(1));
        let line = self.line.min(height.saturating_sub(1));
        let above = rank.saturating_sub(line).min(furthest);
        Window { above, selected: rank - above }
    }

    /// Moves the selection by a number of entries, down if positive. At the top it follows the first again.
    pub fn step<T: Keyed<Key = K>>(&mut self, list: &[&T], by: isize, height: usize) {
        let Some(last) = list.len().checked_sub(1) else { return };
        let window = self.window(list, height);
        let target = (window.above + window.selected).saturating_add_signed(by).min(last);
        let line = window.selected.saturating_add_signed(by);
        self.select(list, target, line.min(height.saturating_sub(1)));
    }

    /// Selects the last entry.
    pub fn last<T: Keyed<Key = K>>(&mut self, list: &[&T], height: usize) {
        if let Some(last) = list.len().checked_sub(1) {
            self.select(list, last, height.saturating_sub(1));
        }
    }

    /// Selects the entry on a line of the window, as a click does.
    pub fn pick<T: Keyed<Key = K>>(&mut self, list: &[&T], line: usize, height: usize) {
        let window = self.window(list, height);
        let rank = window.above + line;
        if line < height && rank < list.len() {
            self.place(list, rank, line);
        }
    }

    /// Selects an entry by its key, whether or not the list has it yet.
    pub fn to(&mut self, key: K, line: usize) {
        self.selected = Some(Place { key, rank: line });
        self.line = line;
    }

    fn select<T: Keyed<Key = K>>(&mut self, list: &[&T], rank: usize, line: usize) {
        if rank == 0 { self.first() } else { self.place(list, rank, line) }
    }

    fn place<T: Keyed<Key = K>>(&mut self, list: &[&T], rank: usize, line: usize) {
        self.selected = list.get(rank).map(|entry| Place { key: entry.key(), rank });
        self.line = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Keyed for u64 {
        type Key = u64;
        fn key(&self) -> u64 {
            *self
        }
        fn is(&self, key: &u64) -> bool {
            self == key
        }
    }

    fn shown(scroll: &Scroll<u64>, list: &[u64], height: usize) -> Vec<u64> {
        let list: Vec<&u64> = list.iter().collect();
        let window = scroll.window(&list, height);
        list.into_iter().skip(window.above).take(height).copied().collect()
    }

    fn selected(scroll: &Scroll<u64>, list: &[u64]) -> Option<u64> {
        scroll.selected(&list.iter().collect::<Vec<_>>()).copied()
    }

    fn step(scroll: &mut Scroll<u64>, list: &[u64], by: isize, height: usize) {
        scroll.step(&list.iter().collect::<Vec<_>>(), by, height);
    }

    #[test]
    fn it_follows_the_first_until_the_operator_moves() {
        let mut scroll = Scroll::default();
        assert_eq!(shown(&scroll, &[4, 3, 2, 1, 0], 3), [4, 3, 2]);
        assert_eq!(selected(&scroll, &[5, 4, 3, 2, 1, 0]), Some(5));
        step(&mut scroll, &[5, 4, 3, 2, 1, 0], 1, 3);
        let more = [6, 5, 4, 3, 2, 1, 0];
        assert_eq!(selected(&scroll, &more), Some(4), "the selection stays put");
        assert_eq!(shown(&scroll, &more, 3), [5, 4, 3], "and so does the screen");
        scroll.first();
        assert_eq!(selected(&scroll, &more), Some(6));
    }

    #[test]
    fn moving_scrolls_at_the_edges_and_stops_at_the_ends() {
        let list = [4, 3, 2, 1, 0];
        let mut scroll = Scroll::default();
        step(&mut scroll, &list, 3, 3);
        assert_eq!((selected(&scroll, &list), shown(&scroll, &list, 3)), (Some(1), vec![3, 2, 1]));
        step(&mut scroll, &list, 99, 3);
        assert_eq!((selected(&scroll, &list), shown(&scroll, &list, 3)), (Some(0), vec![2, 1, 0]));
        step(&mut scroll, &list, -2, 3);
        assert_eq!((selected(&scroll, &list), shown(&scroll, &list, 3)), (Some(2), vec![2, 1, 0]));
        step(&mut scroll, &list, -99, 3);
        assert!(scroll.follows());
        scroll.last(&list.iter().collect::<Vec<_>>(), 3);
        assert_eq!(selected(&scroll, &list), Some(0));
    }

    #[test]
    fn an_entry_that_goes_away_leaves_the_selection_where_it_was() {
        let mut scroll = Scroll::default();
        step(&mut scroll, &[4, 3, 2, 1, 0], 2, 3);
        assert_eq!(selected(&scroll, &[4, 3, 1, 0]), Some(1));
        assert_eq!(selected(&scroll, &[4]), Some(4));
        assert_eq!(selected(&scroll, &[]), None);
    }

    #[test]
    fn a_click_selects_the_line_and_nothing_moves() {
        let list = [4, 3, 2, 1, 0];
        let refs: Vec<&u64> = list.iter().collect();
        let mut scroll = Scroll::default();
        scroll.pick(&refs, 2, 3);
        assert_eq!((selected(&scroll, &list), shown(&scroll, &list, 3)), (Some(2), vec![4, 3, 2]));
        scroll.pick(&refs, 7, 3);
        assert_eq!(selected(&scroll, &list), Some(2));
        scroll.pick(&refs, 0, 3);
        assert!(!scroll.follows(), "a click on the first is a choice of that row");
    }

    #[test]
    fn no_height_and_no_entry_is_too_little() {
        let mut scroll = Scroll::default();
        step(&mut scroll, &[], 1, 0);
        assert_eq!(scroll.window::<u64>(&[], 0), Window { above: 0, selected: 0 });
        for height in 0..5 {
            step(&mut scroll, &[2, 1, 0], 1, height);
            let window = scroll.window(&[&2, &1, &0], height);
            assert!(window.above + window.selected < 3);
        }
    }
}
