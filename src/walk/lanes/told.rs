//! The lanes as they are told of: which stretches are read, and how far each lane has come.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Lanes;
use crate::record::Cursor;

/// The lanes of a run, and the stretch of cursor time that they share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanesTold {
    /// Where the stretch begins: the first row of the sitting. `None` before one came.
    pub from: Option<Cursor>,
    /// Up to where it is split; what lies beyond is left to the leftmost lane.
    pub until: Option<DateTime<Utc>>,
    /// How many lanes may ask at once.
    pub width: u32,
    /// How many may at most.
    pub most: u32,
    /// The lanes, from the left. The first one holds the mark.
    pub lanes: Vec<LaneTold>,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneTold {
    /// Its number.
    pub lane: u32,
    /// Where the stretch begins that it has read, without a gap up to `reached`.
    pub start: Cursor,
    /// How far it has read.
    pub reached: Cursor,
    /// True once it has nothing more to read.
    pub rests: bool,
}

impl LanesTold {
    /// How many of the lanes may ask now: those with something left to read, as far as the width allows.
    #[must_use]
    pub fn asking(&self) -> u32 {
        let reading = self.lanes.iter().filter(|lane| !lane.rests).count();
        self.width.min(u32::try_from(reading).unwrap_or(u32::MAX))
    }

    /// What is worth a line of its own, after what was told `before`: how many might ask at once, and at most. That
    /// they became fewer is told with its reason.
    #[must_use]
    pub fn news(&self, before: Option<(u32, u32)>) -> Option<String> {
        let most = self.most;
        match before {
            None if self.width < most => {
                Some(format!("{} side by side, and more as it goes well, up to {most}", self.lanes.len()))
            }
            None => Some(format!("{} side by side", self.lanes.len())),
            Some((width, most)) if width < most && self.width == most => {
                Some(format!("{most} may ask again, as many as there are to be"))
            }
            Some(_) => None,
        }
    }
}

impl Lanes {
    /// As they stand, of so many at most.
    #[must_use]
    pub fn told(&self, most: u32) -> LanesTold {
        let first = LaneTold {
            lane: self.number,
            start: self.from.clone().unwrap_or_else(|| self.first.reached().clone()),
            reached: self.first.reached().clone(),
            rests: false,
        };
        let ahead = self.ahead.iter().map(|lane| LaneTold {
            lane: lane.number,
            start: lane.start.clone(),
            reached: lane.walk.reached().clone(),
            rests: lane.rests.is_some(),
        });
        LanesTold {
            from: self.from.clone(),
            until: self.until,
            width: self.width,
            most,
            lanes: std::iter::once(first).chain(ahead).collect(),
        }
    }
}
