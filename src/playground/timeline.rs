//! Who changes when, and the order of the rows at a given second.
//!
//! Time is cut into ticks of ten seconds since the Unix epoch, and each tick changes one person, at a second within
//! it that the seed picks. Ticks come in rounds: a round changes everybody once, in an order of its own. So the
//! state at any second follows from the seed and the clock alone, everybody's last change lies less than two rounds
//! back, no two changes share a second, and a start needs no memory of the start before it.
//!
//! Pure: the caller says what time it is.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use super::scatter;
use super::scenario::Options;

/// Seconds a tick lasts: somebody changes in each.
const TICK: i64 = 10;

/// The second at which a frozen playground stands: 2026-01-01T00:00:00Z.
const FROZEN_AT: i64 = 1_767_225_600;

/// The first change of those who stand still for a tie: 2020-01-01T00:00:00Z, before any moving person's last one.
const STILL_SINCE: i64 = 1_577_836_800;

/// Seconds between the changes of those who stand still.
const STILL_STEP: i64 = 61;

/// A row's place in the order: who, and when they last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Unix seconds of the last change, the row's `updatedAt`.
    pub updated: i64,
    /// Which person, from 0.
    pub person: u32,
}

/// Everybody in the order of their last change, as of the latest second it was told.
#[derive(Debug)]
pub(super) struct Timeline {
    seed: u64,
    frozen: bool,
    /// People below this number never change; the others are the movers.
    still: u32,
    /// Each mover's last change, in Unix seconds.
    updated: Vec<i64>,
    order: BTreeSet<Entry>,
    /// The last tick whose change is in the order.
    tick: i64,
    /// How often each person has changed outside the ticks.
    grown: HashMap<u32, i64>,
    /// How many people there are.
    people: u32,
}

impl Timeline {
    /// The order at `now`, in Unix seconds, of a playground with these options.
    pub fn new(options: &Options, now: i64) -> Self {
        let users = u32::try_from(options.users).unwrap_or(u32::MAX);
        let resting = resting(options);
        let still = u32::try_from(resting.len()).unwrap_or(u32::MAX);
        let now = if options.frozen { FROZEN_AT } else { now };
        let mut timeline = Self {
            seed: options.seed,
            frozen: options.frozen,
            still,
            updated: vec![i64::MIN; (users - still) as usize],
            order: BTreeSet::new(),
            tick: last_tick(options.seed, now),
            grown: HashMap::new(),
            people: users,
        };
        timeline.rebuild(resting);
        timeline
    }

    /// Applies the changes up to `now`, in Unix seconds. A clock that went back changes nothing: what was served
    /// stays served.
    pub fn advance(&mut self, now: i64) {
        if self.frozen || self.updated.is_empty() {
            return;
        }
        let target = last_tick(self.seed, now);
        if target - self.tick > self.movers() {
            // A machine that slept for days: starting over costs less than reliving it.
            self.tick = target;
            let resting = self.order.iter().copied().filter(|entry| entry.person < self.still).collect();
            self.updated.fill(i64::MIN);
            self.rebuild(resting);
        }
        while self.tick < target {
            self.tick += 1;
            let mover = Round::of(self.seed, self.tick, self.movers()).mover(self.tick);
            let updated = moment(self.seed, self.tick);
            let before = std::mem::replace(&mut self.updated[mover], updated);
            self.order.remove(&self.entry(mover, before));
            self.order.insert(self.entry(mover, updated));
        }
    }

    /// Outside the ticks, changes so many people who can change, and adds so many. Each change is a second after the
    /// newest.
    pub fn grow(&mut self, updates: u32, inserts: u32) {
        let mut clock = self.order.last().map_or(FROZEN_AT, |newest| newest.updated);
        for turn in 0..u64::from(updates) {
            if self.updated.is_empty() {
                break;
            }
            clock += 1;
            let lot = scatter(&[self.seed, clock.cast_unsigned(), turn]) % self.movers().cast_unsigned();
            let mover = usize::try_from(lot).unwrap_or(0);
            let before = std::mem::replace(&mut self.updated[mover], clock);
            self.order.remove(&self.entry(mover, before));
            let entry = self.entry(mover, clock);
            *self.grown.entry(entry.person).or_default() += 1;
            self.order.insert(entry);
        }
        for _ in 0..inserts {
            clock += 1;
            self.order.insert(Entry { updated: clock, person: self.people });
            self.people += 1;
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// So many rows from the end, the last one first, once so many are left out.
    pub fn newest(&self, offset: usize, count: usize) -> Vec<Entry> {
        self.order.iter().rev().skip(offset).take(count).copied().collect()
    }

    /// The first `count` rows from that bound on, in order.
    pub fn rows(&self, from: Bound<i64>, count: usize) -> Vec<Entry> {
        let from = match from {
            Bound::Unbounded => Bound::Unbounded,
            Bound::Included(updated) => Bound::Included(Entry { updated, person: 0 }),
            Bound::Excluded(updated) => Bound::Excluded(Entry { updated, person: u32::MAX }),
        };
        self.order.range((from, Bound::Unbounded)).take(count).copied().collect()
    }

    /// How often a person has changed, up to a constant: the round of the change that the entry stands for.
    pub fn round(&self, entry: Entry) -> i64 {
        let ticks = if self.ticks(entry.person) {
            entry.updated.div_euclid(TICK).div_euclid(self.movers())
        } else {
            0
        };
        ticks + self.grown.get(&entry.person).copied().unwrap_or(0)
    }

    /// True for a person who is there from the start and does not stand still.
    fn ticks(&self, person: u32) -> bool {
        person.checked_sub(self.still).is_some_and(|mover| i64::from(mover) < self.movers())
    }

    /// Fills the order with those who rest and with every mover's last change, found by walking back from the
    /// current tick.
    fn rebuild(&mut self, resting: Vec<Entry>) {
        let movers = self.movers();
        let mut rows = Vec::with_capacity(self.updated.len() + resting.len());
        let mut tick = self.tick;
        while movers > 0 && rows.len() < self.updated.len() {
            let round = Round::of(self.seed, tick, movers);
            while tick >= round.start && rows.len() < self.updated.len() {
                let mover = round.mover(tick);
                if self.updated[mover] == i64::MIN {
                    self.updated[mover] = moment(self.seed, tick);
                    rows.push(self.entry(mover, self.updated[mover]));
                }
                tick -= 1;
            }
        }
        rows.extend(resting);
        self.order = rows.into_iter().collect();
    }

    fn movers(&self) -> i64 {
        i64::try_from(self.updated.len()).unwrap_or(i64::MAX)
    }

    fn entry(&self, mover: usize, updated: i64) -> Entry {
        let mover = u32::try_from(mover).unwrap_or(u32::MAX);
        Entry { updated, person: self.still.saturating_add(mover) }
    }
}

/// The people who never change, so that a tie stays where it is: those who share the value, and all before them.
fn resting(options: &Options) -> Vec<Entry> {
    let Some(tie) = options.tie else {
        return Vec::new();
    };
    let first = options.page_size.saturating_sub(tie.before_cut).min(options.users - tie.users);
    (0..first + tie.users)
        .filter_map(|place| {
            let step = i64::try_from(place.min(first)).ok()?;
            Some(Entry { updated: STILL_SINCE + step * STILL_STEP, person: u32::try_from(place).ok()? })
        })
        .collect()
}

/// The second within a tick at which its change happens.
fn moment(seed: u64, tick: i64) -> i64 {
    let within = scatter(&[seed, tick.cast_unsigned(), 0]) % TICK.cast_unsigned();
    tick * TICK + within.cast_signed()
}

/// The latest tick whose change has happened at `now`.
fn last_tick(seed: u64, now: i64) -> i64 {
    let tick = now.div_euclid(TICK);
    if moment(seed, tick) > now { tick - 1 } else { tick }
}

/// One round: the order in which it changes everybody, as the map place ↦ (place · stride + shift) mod movers. A
/// stride with no divisor in common with the number of movers meets each of them once.
struct Round {
    start: i64,
    movers: u64,
    stride: u64,
    shift: u64,
}

impl Round {
    /// The round that a tick belongs to. There must be movers.
    fn of(seed: u64, tick: i64, movers: i64) -> Self {
        let number = tick.div_euclid(movers);
        let count = movers.cast_unsigned();
        let mut stride = scatter(&[seed, number.cast_unsigned(), 1]) % count;
        while common_divisor(stride, count) != 1 {
            stride = (stride + 1) % count;
        }
        Self {
            start: number * movers,
            movers: count,
            stride,
            shift: scatter(&[seed, number.cast_unsigned(), 2]) % count,
        }
    }

    /// Whom a tick of this round changes.
    fn mover(&self, tick: i64) -> usize {
        // Below MAX_USERS squared, so this neither overflows nor loses anything in the cast.
        let place = (tick - self.start).cast_unsigned();
        ((place * self.stride + self.shift) % self.movers) as usize
    }
}

fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::ops::Bound::{Excluded, Included, Unbounded};

    use proptest::prelude::*;

    use super::super::scenario::Tie;
    use super::*;

    const NOW: i64 = 1_795_000_000;

    /// A group that the cut halves; one of more than two pages starts with the first row.
    fn halved(users: usize) -> Tie {
        Tie { users, before_cut: users / 2 }
    }

    fn options(seed: u64, users: usize) -> Options {
        Options { users, seed, ..Options::default() }
    }

    fn all(timeline: &Timeline) -> Vec<Entry> {
        timeline.rows(Unbounded, usize::MAX)
    }

    proptest! {
        #[test]
        fn everybody_is_there_once_in_the_past_and_without_ties(seed: u64, users in 0usize..500, after in 0i64..9_999_999) {
            let rows = all(&Timeline::new(&options(seed, users), NOW + after));
            prop_assert_eq!(rows.len(), users);
            prop_assert_eq!(rows.iter().map(|row| row.person).collect::<HashSet<_>>().len(), users);
            prop_assert!(rows.windows(2).all(|pair| pair[0].updated < pair[1].updated));
            let oldest = NOW + after - 2 * TICK * (i64::try_from(users).unwrap() + 1);
            prop_assert!(rows.iter().all(|row| row.updated <= NOW + after && row.updated > oldest));
        }

        #[test]
        fn advancing_by_steps_ends_where_a_fresh_start_ends(
            seed: u64,
            users in 1usize..300,
            tie in 0usize..60,
            steps in prop::collection::vec(0i64..2_000, 0..20),
        ) {
            let tie = Some(halved(tie.min(users)));
            let options = Options { tie, ..options(seed, users) };
            let mut timeline = Timeline::new(&options, NOW);
            let mut now = NOW;
            for step in steps {
                now += step;
                timeline.advance(now);
                prop_assert_eq!(all(&timeline), all(&Timeline::new(&options, now)));
            }
        }

        #[test]
        fn nobody_goes_back_in_time(seed: u64, users in 1usize..300, step in 0i64..10_000) {
            let mut timeline = Timeline::new(&options(seed, users), NOW);
            let before = timeline.updated.clone();
            timeline.advance(NOW + step);
            prop_assert!(before.iter().zip(&timeline.updated).all(|(old, new)| old <= new));
            let changed = before.iter().zip(&timeline.updated).filter(|(old, new)| old != new).count();
            let ticks = usize::try_from(step / TICK).unwrap();
            prop_assert!(changed >= (ticks / 2).saturating_sub(1).min(users) && changed <= ticks + 1);
            let after = all(&timeline);
            timeline.advance(NOW - 1_000);
            prop_assert_eq!(after, all(&timeline));
        }

        #[test]
        fn a_tie_stands_across_the_first_cut_at_any_time(
            seed: u64,
            tie in 2usize..=100,
            before in 0usize..=50,
            after in 0i64..10_000_000,
        ) {
            let tie = Tie { users: tie, before_cut: before.min(tie) };
            let options = Options { tie: Some(tie), ..options(seed, 200) };
            let rows = all(&Timeline::new(&options, NOW + after));
            let shared = rows[50 - tie.before_cut].updated;
            let places: Vec<usize> = (0..200).filter(|place| rows[*place].updated == shared).collect();
            let first = 50 - tie.before_cut;
            prop_assert_eq!(places, (first..first + tie.users).collect::<Vec<_>>());
            prop_assert_eq!(&rows[..first + tie.users], &all(&Timeline::new(&options, NOW))[..first + tie.users]);
            let distinct = rows.iter().map(|row| row.updated).collect::<HashSet<_>>().len();
            prop_assert_eq!(distinct, 200 - tie.users + 1);
        }
    }

    #[test]
    fn a_halved_tie_has_as_many_rows_before_the_cut_as_after_it() {
        let options = Options { tie: Some(halved(30)), ..Options::default() };
        let rows = all(&Timeline::new(&options, NOW));
        assert!(rows[34].updated < rows[35].updated);
        assert_eq!(rows[35].updated, rows[64].updated);
        assert!(rows[64].updated < rows[65].updated);
    }

    #[test]
    fn a_tie_of_several_pages_starts_with_the_first_row() {
        let options = Options { tie: Some(halved(150)), ..Options::default() };
        let rows = all(&Timeline::new(&options, NOW));
        assert_eq!(rows[0].updated, rows[149].updated);
        assert!(rows[149].updated < rows[150].updated);
    }

    #[test]
    fn a_tie_wider_than_the_first_page_or_all_users_still_fits() {
        for (users, tie) in [(200, 200), (10, 10), (60, 30), (1, 1), (0, 0)] {
            let tie = Tie { users: tie, before_cut: tie.min(25) };
            let options = Options { tie: Some(tie), ..options(7, users) };
            let mut timeline = Timeline::new(&options, NOW);
            timeline.advance(NOW + 1_000_000);
            assert_eq!(all(&timeline).len(), users);
        }
    }

    #[test]
    fn a_minute_brings_changes_and_a_frozen_playground_none() {
        let mut timeline = Timeline::new(&Options::default(), NOW);
        timeline.advance(NOW + 60);
        let newer = timeline.rows(Excluded(NOW), usize::MAX).len();
        assert!((5..=7).contains(&newer), "{newer}");

        let frozen = Options { frozen: true, ..Options::default() };
        let mut timeline = Timeline::new(&frozen, NOW);
        let before = all(&timeline);
        timeline.advance(NOW + 1_000_000);
        assert_eq!(before, all(&timeline));
        assert_eq!(before, all(&Timeline::new(&frozen, NOW + 5_000_000)));
    }

    #[test]
    fn bounds_are_inclusive_or_exclusive_as_they_say() {
        let options = Options { tie: Some(halved(30)), ..Options::default() };
        let timeline = Timeline::new(&options, NOW);
        let rows = all(&timeline);
        let shared = rows[40].updated;
        assert_eq!(timeline.rows(Included(shared), usize::MAX), rows[35..]);
        assert_eq!(timeline.rows(Excluded(shared), usize::MAX), rows[65..]);
        assert_eq!(timeline.rows(Unbounded, 51), rows[..51]);
    }
}
