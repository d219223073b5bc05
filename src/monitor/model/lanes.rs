//! The lanes of a run, as they were last told of, with what each has brought: what the strip is drawn from.
//!
//! Lanes come and go, and take numbers over from one another: one that meets the next goes on as that one. So what was
//! read is kept by stretch. A stretch belongs to the lane in whose stretch its start lies, and what is read again, as
//! after a refusal, is not counted twice.

use chrono::{DateTime, TimeDelta, Utc};

use super::entries::safe;
use super::heard::Heard;
use crate::sync::event::{LanesUsed, Phase};
use crate::walk::lanes::{LaneTold, LanesTold};

/// What is left is enlarged where it is at most so small a part of the whole, and by powers of this: a scale that
/// changed with every page could not be read.
const ENLARGED: i32 = 8;
/// A window that is shorter says nothing of times that are told in milliseconds.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);

/// The most lanes that are listened to, those that rest included.
const MOST_TOLD: usize = 256;

/// The lanes of the run that is under way, or of the last one.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    /// The lanes from the left; the first one holds the mark. Empty until there were several.
    pub list: Vec<LaneEntry>,
    /// Up to where the stretch is split.
    until: Option<DateTime<Utc>>,
    /// How many may ask at once.
    width: u32,
    /// How many may at most.
    most: u32,
    /// True while fewer may ask than did before, because the source limits requests.
    limited: bool,
    /// True once the run goes on in one lane, although it was to have several.
    refused: bool,
    /// True once everything is read.
    complete: bool,
    /// What they came to, once the run is over.
    used: Option<LanesUsed>,
    /// What was read before there were several.
    before: Read,
}

/// One lane, and its stretch.
#[derive(Clone, Debug)]
pub struct LaneEntry {
    /// Its number.
    pub lane: u32,
    /// Where its stretch begins.
    pub start: DateTime<Utc>,
    /// How far it has read from there without a gap.
    pub reached: DateTime<Utc>,
    /// The same as the source wrote it, but safe.
    pub cursor: String,
    /// True once it has nothing more to read.
    pub rests: bool,
    /// What was read in its stretch.
    pub read: Read,
}

/// What was read in a stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The last page, 0 before one came.
    pub page: u64,
    /// How many rows came.
    pub rows: u64,
}

impl Read {
    fn add(&mut self, other: Self) {
        self.page = self.page.max(other.page);
        self.rows = self.rows.saturating_add(other.rows);
    }
}

/// What a lane does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has a request on the wire, or is about to.
    Asks,
    /// It waits until it may ask.
    Waits,
    /// It has nothing more to read.
    Rests,
}

/// A part of cursor time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub to: DateTime<Utc>,
}

impl Window {
    /// How long it is.
    #[must_use]
    pub fn length(self) -> TimeDelta {
        self.to - self.from
    }
}

impl Lanes {
    /// True if there are several, or were.
    #[must_use]
    pub fn are_told(&self) -> bool {
        !self.list.is_empty()
    }

    /// For how many there has to be room: none as long as there never were several, and where one is left to go on
    /// alone; when everything is read they have become one.
    #[must_use]
    pub fn room(&self) -> u32 {
        match self.complete {
            _ if !self.are_told() || self.refused => 0,
            true => 1,
            false => self.most,
        }
    }

    /// True once the run goes on in one lane, although it was to have several.
    #[must_use]
    pub fn are_refused(&self) -> bool {
        self.refused
    }

    /// A lane brought a page of so many rows.
    pub(super) fn page(&mut self, lane: u32, page: u64, rows: u64) {
        let entry = self.list.iter_mut().find(|entry| entry.lane == lane);
        entry.map_or(&mut self.before, |entry| &mut entry.read).add(Read { page, rows });
    }

    /// Takes the lanes in as they are told of.
    pub fn tell(&mut self, told: &LanesTold) {
        self.limited = told.width < self.width || self.limited && told.width < told.most;
        (self.until, self.width, self.most) = (told.until, told.width, told.most);
        let before = std::mem::take(&mut self.list);
        // No run has more; a recording might.
        let all = told.lanes.iter().take(MOST_TOLD);
        let ends = told.lanes.iter().skip(1).map(|next| next.start.instant()).chain([told.until]);
        // Lanes are stretches of time: where cursors name none, there are none.
        self.list = all.zip(ends).filter_map(|(lane, end)| LaneEntry::new(lane, end)).collect();
        if let Some(first) = self.list.first_mut() {
            first.read = std::mem::take(&mut self.before);
        }
        for old in before {
            let owner = self.list.iter().rposition(|lane| lane.start <= old.start).unwrap_or(0);
            if let Some(lane) = self.list.get_mut(owner).filter(|lane| old.start <= lane.reached) {
                lane.read.add(old.read);
            }
        }
    }

    /// The run goes on in one lane.
    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    /// The run is over, with everything read or not.
    pub fn end(&mut self, complete: bool, used: Option<LanesUsed>) {
        (self.complete, self.used) = (complete, used);
    }

    /// True of the lane that holds the mark. Where there never were several it is the only one.
    #[must_use]
    pub fn is_leftmost(&self, lane: u32) -> bool {
        self.list.first().is_none_or(|first| first.lane == lane)
    }

    /// The whole stretch that the lanes share.
    #[must_use]
    pub fn whole(&self) -> Option<Window> {
        let from = self.list.first()?.start;
        let reached = self.list.iter().map(|lane| lane.reached).max()?;
        let to = self.until.map_or(reached, |until| until.max(reached));
        Some(Window { from, to })
    }

    /// Up to where everything is read.
    #[must_use]
    pub fn covered(&self) -> Option<DateTime<Utc>> {
        if self.complete { self.whole().map(|whole| whole.to) } else { Some(self.list.first()?.reached) }
    }

    /// The stretches that are still to be read, from the left.
    fn gaps(&self) -> impl Iterator<Item = Window> {
        let whole = self.whole().filter(|_| !self.complete);
        let starts = self.list.iter().skip(1).map(|lane| lane.start).chain(whole.map(|whole| whole.to));
        let gaps = self.list.iter().zip(starts).map(|(lane, to)| Window { from: lane.reached, to });
        gaps.filter(move |gap| whole.is_some() && gap.from < gap.to)
    }

    /// From the first instant that is still to be read to the last.
    #[must_use]
    pub fn left(&self) -> Option<Window> {
        let (first, last) = (self.gaps().next()?, self.gaps().last()?);
        Some(Window { from: first.from, to: last.to })
    }

    /// Where the run would stand had it read as much cursor time without a gap: how fast it goes can be told by that.
    #[must_use]
    pub fn progress(&self) -> Option<DateTime<Utc>> {
        let add = |sum: TimeDelta, gap: Window| sum.checked_add(&gap.length()).unwrap_or(TimeDelta::MAX);
        let unread = self.gaps().fold(TimeDelta::zero(), add);
        self.whole()?.to.checked_sub_signed(unread)
    }

    /// A window around what is left, if that is but a small part of the whole. It is as long as the whole divided by a
    /// power of eight, and moves by quarters of itself.
    #[must_use]
    pub fn enlarged(&self) -> Option<Window> {
        let (whole, left) = (self.whole()?, self.left()?);
        // So that a window which begins at a quarter before what is left has room for all of it.
        let holds = |length: TimeDelta| left.length() <= length / 4 * 3;
        let mut length = whole.length();
        while length / ENLARGED >= SHORTEST && holds(length / ENLARGED) {
            length = length / ENLARGED;
        }
        if length == whole.length() {
            return None;
        }
        let step = (length / 4).num_milliseconds().max(1);
        let steps = (left.from - whole.from).num_milliseconds() / step;
        let from = whole.from.checked_add_signed(TimeDelta::milliseconds(steps * step))?;
        Some(Window { from, to: from.checked_add_signed(length)?.min(whole.to) })
    }

    /// How many may ask at once, and how many may at most.
    pub(super) fn limits(&self) -> (u32, u32) {
        (self.width, self.most)
    }

    /// What each lane does, from the left. In a run that is over, none does anything.
    pub fn standings(&self, heard: &Heard) -> impl Iterator<Item = (&LaneEntry, Standing)> {
        let over = !heard.under_way();
        let on_the_wire = matches!(
            heard.phase,
            Phase::Running { .. }
                | Phase::Pausing { deadline: Some(_) }
                | Phase::Stopping { deadline: Some(_) }
        );
        let mut may_ask = if on_the_wire { self.width } else { 0 };
        self.list.iter().map(move |lane| {
            let standing = match lane.rests || over {
                true => Standing::Rests,
                false if may_ask > 0 => Standing::Asks,
                false => Standing::Waits,
            };
            may_ask = may_ask.saturating_sub(u32::from(standing == Standing::Asks));
            (lane, standing)
        })
    }

    /// How many may ask now: those with something left to read, as far as the width allows.
    #[must_use]
    pub fn asking(&self) -> u32 {
        let reading = self.list.iter().filter(|lane| !lane.rests).count();
        self.width.min(u32::try_from(reading).unwrap_or(u32::MAX))
    }

    /// How many lanes of how many may ask, and why not more.
    #[must_use]
    pub fn headline(&self) -> (String, Option<&'static str>) {
        if let Some(LanesUsed { most, opened }) = self.used {
            return (format!("{most} side by side at most, {} in all", opened + 1), None);
        }
        let (asking, most) = (self.asking(), self.most);
        if asking == most {
            return (format!("{most} lanes"), None);
        }
        let why = if asking < self.width {
            "no stretch is worth one more"
        } else if self.limited {
            "the source limits requests"
        } else {
            "more as it goes well"
        };
        (format!("{asking} of {most} lanes"), Some(why))
    }
}

impl LaneEntry {
    /// A lane as it is told of. One that rests has found that there is nothing more up to the end of its stretch.
    fn new(told: &LaneTold, end: Option<DateTime<Utc>>) -> Option<Self> {
        let reached = told.reached.instant()?;
        Some(Self {
            lane: told.lane,
            start: told.start.instant()?,
            reached: end.filter(|end| told.rests && *end > reached).unwrap_or(reached),
            cursor: safe(told.reached.text()),
            rests: told.rests,
            read: Read::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{abreast, cursor, lanes_told, phase, tell};
    use super::*;

    fn told(lanes: &mut Lanes, told: &[(u32, i64, i64, bool)]) {
        lanes.tell(&lanes_told(told, 8));
    }

    fn read(lanes: &Lanes) -> Vec<(u32, u64, u64)> {
        lanes.list.iter().map(|lane| (lane.lane, lane.read.page, lane.read.rows)).collect()
    }

    #[test]
    fn what_was_read_stays_with_its_stretch_whatever_the_number_of_its_lane() {
        let mut lanes = Lanes::default();
        lanes.page(1, 1, 50);
        told(&mut lanes, &[(1, 0, 50, false), (2, 100, 100, false)]);
        assert_eq!(read(&lanes), [(1, 1, 50), (2, 0, 0)]);
        lanes.page(2, 2, 30);
        told(&mut lanes, &[(1, 0, 50, false), (2, 100, 125, false)]);
        // The first lane meets the second and goes on as that; its number is free for another.
        lanes.page(1, 3, 7);
        told(&mut lanes, &[(2, 0, 125, false), (1, 160, 160, false)]);
        assert_eq!(read(&lanes), [(2, 3, 87), (1, 0, 0)]);
        lanes.page(1, 4, 5);
        assert_eq!(read(&lanes), [(2, 3, 87), (1, 4, 5)]);
        // Refused: what was read ahead is read again.
        told(&mut lanes, &[(2, 0, 125, false)]);
        assert_eq!(read(&lanes), [(2, 3, 87)]);
    }

    #[test]
    fn what_is_left_lies_between_the_lanes() {
        let at = |row| cursor(row).instant().unwrap();
        let mut lanes = Lanes::default();
        assert_eq!((lanes.whole(), lanes.left(), lanes.progress()), (None, None, None));
        told(&mut lanes, &[(1, 0, 50, false), (2, 100, 150, false), (3, 160, 170, true)]);
        assert_eq!(lanes.whole(), Some(Window { from: at(0), to: at(200) }));
        assert_eq!(lanes.left(), Some(Window { from: at(50), to: at(160) }), "the last one rests");
        assert_eq!(lanes.progress(), Some(at(140)));
        assert_eq!(lanes.covered(), Some(at(50)));
        lanes.end(true, None);
        assert_eq!((lanes.covered(), lanes.left()), (Some(at(200)), None));
    }

    #[test]
    fn a_small_part_is_enlarged_by_large_steps() {
        let mut lanes = Lanes::default();
        told(&mut lanes, &[(1, 0, 100, false), (2, 125, 200, true)]);
        assert_eq!(lanes.enlarged(), None, "an eighth would not hold it");
        let mut windows = Vec::new();
        for reached in 100..108 {
            told(&mut lanes, &[(1, 0, reached, false), (2, 112, 200, true)]);
            let (window, left) = (lanes.enlarged().unwrap(), lanes.left().unwrap());
            assert!(window.from <= left.from && left.to <= window.to, "{window:?} {left:?}");
            windows.push(window);
        }
        windows.dedup();
        assert_eq!(windows.len(), 2, "{windows:?}");
    }

    #[test]
    fn those_from_the_left_ask_and_the_headline_says_why_not_more() {
        let count = |lanes: &Lanes, heard: &Heard, standing| {
            lanes.standings(heard).filter(|(_, is)| *is == standing).count()
        };
        let mut model = abreast(120, 36, 4);
        let heard = model.heard.clone();
        let lanes = &heard.lanes;
        let counts = [Standing::Asks, Standing::Waits, Standing::Rests].map(|is| count(lanes, &heard, is));
        assert_eq!(counts, [4, 3, 1]);
        assert_eq!(lanes.headline(), ("4 of 8 lanes".to_owned(), Some("the source limits requests")));
        tell(&mut model, 9_000, phase(Phase::Paused));
        assert_eq!(count(&model.heard.lanes, &model.heard, Standing::Asks), 0);
        let lanes = abreast(120, 36, 8).heard.lanes;
        assert_eq!(lanes.headline(), ("7 of 8 lanes".to_owned(), Some("no stretch is worth one more")));
        let mut growing = Lanes::default();
        growing.tell(&lanes_told(&[(1, 0, 50, false), (2, 100, 100, false)], 2));
        assert_eq!(growing.headline(), ("2 of 8 lanes".to_owned(), Some("more as it goes well")));
    }

    #[test]
    fn there_is_room_for_lanes_only_where_there_are_several() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.room(), 0);
        told(&mut lanes, &[(1, 0, 50, false), (2, 100, 100, false)]);
        assert_eq!(lanes.room(), 8);
        lanes.end(true, Some(LanesUsed { most: 8, opened: 11 }));
        assert_eq!((lanes.room(), lanes.headline().0), (1, "8 side by side at most, 12 in all".to_owned()));
        lanes.refuse();
        assert_eq!(lanes.room(), 0);
    }
}
