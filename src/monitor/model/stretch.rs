//! A stretch of a log: entries that follow one another by their numbers, newest first, as many as are worth holding.
//!
//! Above it stands what the sync told by itself; below it and, where the operator has gone far down, above it, more
//! is asked for as the operator comes near.

use std::collections::VecDeque;

/// How many entries are asked for at a time.
pub const ROWS: usize = 200;
/// How near an end more is asked for, in entries.
const NEAR: usize = 50;
/// The most entries that are held: what is farthest from where the operator goes is let go.
const MOST: usize = 2_000;

/// Numbers for questions. Each asker has a range of its own, so that an answer finds the one who asked.
#[derive(Clone, Copy, Debug)]
pub struct Tickets(u64);

impl Tickets {
    /// Of the pages.
    pub const PAGES: Self = Self(1 << 56);
    /// Of the runs.
    pub const RUNS: Self = Self(2 << 56);
    /// Of single rows.
    pub const ROW: Self = Self(3 << 56);

    /// One that was never given before.
    pub fn issue(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// What has a number in a log that counts up.
pub trait Numbered {
    /// The number.
    fn number(&self) -> u64;
}

/// What is to be asked: so many entries ([`ROWS`]) below a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Comes back with the answer.
    pub ticket: u64,
    /// Only those below this number.
    pub before: Option<u64>,
    what: Wanted,
}

/// What a question is to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Newest,
    Newer,
    Older,
    Oldest,
}

/// What is listed, as far as it decides what is to be asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listed {
    first: Option<u64>,
    last: Option<u64>,
    rank: usize,
    entries: usize,
}

impl Listed {
    /// A list, and the place of the selected entry in it.
    #[must_use]
    pub fn new<T: Numbered>(list: &[&T], rank: usize) -> Self {
        let number = |entry: Option<&&T>| entry.map(|entry| entry.number());
        Self { first: number(list.first()), last: number(list.last()), rank, entries: list.len() }
    }
}

/// A stretch of a log.
#[derive(Clone, Debug)]
pub struct Stretch<T> {
    entries: VecDeque<T>,
    /// The newest number that the log is known to have.
    newest: u64,
    /// True if nothing comes below.
    bottom: bool,
    asked: Option<Ask>,
    tickets: Tickets,
}

impl<T: Numbered> Stretch<T> {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(tickets: Tickets) -> Self {
        Self { entries: VecDeque::new(), newest: 0, bottom: false, asked: None, tickets }
    }

    /// The log has entries up to this number, or will have.
    pub fn reaches(&mut self, number: u64) {
        self.newest = self.newest.max(number);
    }

    /// Forgets everything: it is to be a stretch of another log.
    pub fn clear(&mut self) {
        *self = Self::new(self.tickets);
    }

    /// True while entries are awaited.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// The newest number that is known.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The entry of a number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&T> {
        self.entries.iter().find(|entry| entry.number() == number)
    }

    /// What is listed: what the sync told, newest first, and below it the log. Where the two do not join, the part in
    /// which the selected entry is.
    #[must_use]
    pub fn list<'a>(&'a self, told: impl Iterator<Item = &'a T>, selected: Option<u64>) -> Vec<&'a T> {
        let mut list: Vec<&T> = told.collect();
        let Some(oldest) = list.last().map(|entry| entry.number()) else {
            return self.entries.iter().collect();
        };
        let front = self.front().unwrap_or(0);
        if front.saturating_add(1) < oldest {
            let within = |number: u64| number <= front && number < oldest;
            return if selected.is_some_and(within) { self.entries.iter().collect() } else { list };
        }
        list.extend(self.entries.iter().filter(|entry| entry.number() < oldest));
        list
    }

    fn front(&self) -> Option<u64> {
        self.entries.front().map(Numbered::number)
    }

    fn back(&self) -> Option<u64> {
        self.entries.back().map(Numbered::number)
    }

    /// Asks for more where the operator comes near an end of what is listed.
    pub fn more(&mut self, listed: Listed) -> Option<Ask> {
        let Listed { first, last, rank, entries } = listed;
        if self.asked.is_some() {
            return None;
        }
        if rank + NEAR >= entries && !self.ends_with(last) {
            return Some(self.ask(if last.is_some() { Wanted::Older } else { Wanted::Newest }, last));
        }
        // One that is known comes again: so the two are sure to join.
        let above = first.filter(|first| Some(*first) == self.front() && *first < self.newest);
        let before = above.filter(|_| rank < NEAR).map(|first| first.saturating_add(ROWS as u64))?;
        Some(self.ask(Wanted::Newer, Some(before)))
    }

    /// True if nothing comes below a list that ends so.
    fn ends_with(&self, last: Option<u64>) -> bool {
        last == Some(1) || (self.bottom && last == self.back())
    }

    /// Asks for the newest entries, whatever is awaited.
    pub fn refresh(&mut self) -> Ask {
        self.ask(Wanted::Newest, None)
    }

    /// Asks for the newest entries, if they are not known.
    pub fn ask_first(&mut self) -> Option<Ask> {
        let known = self.front().is_none_or(|front| front >= self.newest);
        (!known).then(|| {
            self.entries.clear();
            self.refresh()
        })
    }

    /// Asks for the oldest entries, if they are not known.
    pub fn ask_last(&mut self, listed: Listed) -> Option<Ask> {
        let known = listed.last.is_none() || self.ends_with(listed.last);
        (!known).then(|| self.ask(Wanted::Oldest, Some(ROWS as u64 + 1)))
    }

    /// The operator goes elsewhere: the oldest entries, should they still come, are not waited for.
    pub fn elsewhere(&mut self) {
        self.asked.take_if(|ask| ask.what == Wanted::Oldest);
    }

    fn ask(&mut self, what: Wanted, before: Option<u64>) -> Ask {
        let ask = Ask { ticket: self.tickets.issue(), before, what };
        self.asked = Some(ask);
        ask
    }

    /// Notes an entry that the log has, or will have.
    pub fn keep(&mut self, entry: T) {
        let number = entry.number();
        if let Some(other) = self.entries.iter_mut().find(|other| other.number() == number) {
            *other = entry;
        } else if self.front().is_none_or(|front| number == front.saturating_add(1)) {
            self.entries.push_front(entry);
            self.entries.truncate(MOST);
            self.newest = self.newest.max(number);
        }
    }

    fn joins_above(&self, number: u64) -> bool {
        self.front().is_none_or(|front| number <= front.saturating_add(1))
    }

    /// Takes entries in, newest first. Gives true if the last of them is to be selected.
    pub fn take(&mut self, ticket: u64, found: Vec<T>) -> bool {
        let Some(asked) = self.asked.take_if(|asked| asked.ticket == ticket) else { return false };
        self.newest = self.newest.max(found.first().map_or(0, Numbered::number));
        match asked.what {
            Wanted::Older if found.is_empty() => self.bottom = true,
            Wanted::Older if self.back() == asked.before => self.put_below(found),
            Wanted::Newest | Wanted::Newer => self.put_above(found, asked.what),
            Wanted::Older | Wanted::Oldest => {
                self.bottom = asked.what == Wanted::Oldest;
                self.entries = found.into();
            }
        }
        asked.what == Wanted::Oldest
    }

    fn put_below(&mut self, found: Vec<T>) {
        self.entries.extend(found);
        let surplus = self.entries.len().saturating_sub(MOST);
        self.entries.drain(..surplus);
    }

    fn put_above(&mut self, found: Vec<T>, what: Wanted) {
        let Some(lowest) = found.last().map(Numbered::number) else {
            self.bottom |= self.entries.is_empty();
            return;
        };
        let joins = self.joins_above(lowest);
        if !joins && what == Wanted::Newest && !self.entries.is_empty() {
            // The operator is far below: the way up leads there.
            return;
        }
        if joins && !self.entries.is_empty() {
            self.entries.retain(|entry| entry.number() < lowest);
        } else {
            self.entries.clear();
        }
        self.bottom &= !self.entries.is_empty();
        for entry in found.into_iter().rev() {
            self.entries.push_front(entry);
        }
        if self.entries.len() > MOST {
            self.entries.truncate(MOST);
            self.bottom = false;
        }
    }

    /// A question could not be answered; true if it was asked here.
    pub fn failed(&mut self, ticket: u64) -> bool {
        self.asked.take_if(|asked| asked.ticket == ticket).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Numbered for u64 {
        fn number(&self) -> u64 {
            *self
        }
    }

    /// What a log of the numbers up to `newest` answers.
    fn log(ask: Ask, newest: u64) -> Vec<u64> {
        (1..ask.before.unwrap_or(u64::MAX).min(newest + 1)).rev().take(ROWS).collect()
    }

    fn listed(stretch: &Stretch<u64>, told: &[u64], selected: u64) -> Vec<u64> {
        stretch.list(told.iter(), Some(selected)).into_iter().copied().collect()
    }

    /// Goes by a number of entries, as keys do, and answers what is asked.
    fn go(stretch: &mut Stretch<u64>, told: &[u64], selected: u64, by: i64) -> u64 {
        let list = listed(stretch, told, selected);
        let rank = list.iter().position(|number| *number == selected).unwrap();
        let rank = rank.saturating_add_signed(by as isize).min(list.len() - 1);
        let selected = list[rank];
        let refs: Vec<&u64> = list.iter().collect();
        if let Some(ask) = stretch.more(Listed::new(&refs, rank)) {
            stretch.take(ask.ticket, log(ask, told.first().copied().unwrap_or(10_000)));
        }
        selected
    }

    #[test]
    fn every_entry_is_passed_once_down_and_up_again_and_few_are_held() {
        for told in [vec![10_000, 9_999], Vec::new()] {
            let mut stretch = Stretch::new(Tickets::PAGES);
            if told.is_empty() {
                let ask = stretch.refresh();
                stretch.take(ask.ticket, log(ask, 10_000));
            }
            let mut selected = 10_000;
            for expected in (1..10_000).rev() {
                selected = go(&mut stretch, &told, selected, 1);
                assert_eq!(selected, expected);
                assert!(stretch.entries.len() <= MOST);
            }
            assert_eq!(go(&mut stretch, &told, selected, 1), 1, "the end");
            assert_eq!(stretch.more(Listed::new(&[&1_u64], 0)), None, "and it is known to be that");
            for expected in 2..=10_000 {
                selected = go(&mut stretch, &told, selected, -1);
                assert_eq!(selected, expected, "{told:?}");
                assert!(stretch.entries.len() <= MOST);
            }
        }
    }

    #[test]
    fn the_oldest_is_one_question_away() {
        let mut stretch = Stretch::new(Tickets::PAGES);
        let ask = stretch.ask_last(Listed::new(&[&5_000_u64, &4_999], 0)).unwrap();
        assert!(stretch.take(ask.ticket, log(ask, 5_000)));
        assert_eq!(listed(&stretch, &[5_000, 4_999], 1).last(), Some(&1));
        assert_eq!(listed(&stretch, &[5_000, 4_999], 5_000), [5_000, 4_999], "and what is live is not lost");
    }

    #[test]
    fn what_is_told_and_what_is_logged_is_listed_once() {
        let mut stretch = Stretch::new(Tickets::RUNS);
        let ask = stretch.refresh();
        stretch.take(ask.ticket, vec![3, 2, 1]);
        assert_eq!(listed(&stretch, &[4, 3], 4), [4, 3, 2, 1]);
        stretch.keep(4);
        stretch.keep(9);
        assert_eq!(listed(&stretch, &[], 4), [4, 3, 2, 1], "9 does not join");
        let ask = stretch.refresh();
        stretch.take(ask.ticket, vec![5, 4]);
        assert_eq!(listed(&stretch, &[], 4), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn an_answer_that_nobody_waits_for_changes_nothing() {
        let mut stretch = Stretch::new(Tickets::RUNS);
        let (old, new) = (stretch.refresh(), stretch.refresh());
        assert!(!stretch.take(old.ticket, vec![7]));
        assert!(stretch.is_reading() && listed(&stretch, &[], 7).is_empty());
        assert!(!stretch.failed(old.ticket) && stretch.failed(new.ticket));
    }
}
