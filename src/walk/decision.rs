//! Why a walk goes on as it does: for the walk, in words for the log, and from those words again.

use std::fmt;

use crate::record::Cursor;

/// Why the walk goes on as it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Ask again from the last row's cursor, inclusively.
    Anchor(Cursor),
    /// The anchor row is missing: ask once more from an earlier row, to tell a changed row from an exclusive bound.
    Probe(Cursor),
    /// Rows came out of order on an anchored walk: begin the run again from here, by token.
    Again(Cursor),
    /// Follow the token, as the reference does.
    Follow,
    /// Follow the token once, over a value that fills the page.
    StepOver(Cursor),
    /// Follow the token, because the page has no cursor to anchor at.
    NothingToAnchor,
    /// Follow the token that an empty page brought.
    FollowEmpty,
    /// The page reaches the start of the next lane, this: go on from where that one has come.
    Meet(Cursor),
    /// The lane has read its stretch to the end of what was split: leave the rest to the leftmost lane.
    Rest,
    /// The page before promised more than this one shows: ask once by its token what there was.
    Doubt,
    /// Nothing more is to be asked for.
    Stop,
}

/// A [`Decision`] without its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in Decision")]
pub enum Way {
    Anchor,
    Probe,
    Again,
    Follow,
    StepOver,
    NothingToAnchor,
    FollowEmpty,
    Meet,
    Rest,
    Doubt,
    Stop,
}

impl Decision {
    /// Which one it is.
    #[must_use]
    pub fn way(&self) -> Way {
        match self {
            Self::Anchor(_) => Way::Anchor,
            Self::Probe(_) => Way::Probe,
            Self::Again(_) => Way::Again,
            Self::Follow => Way::Follow,
            Self::StepOver(_) => Way::StepOver,
            Self::NothingToAnchor => Way::NothingToAnchor,
            Self::FollowEmpty => Way::FollowEmpty,
            Self::Meet(_) => Way::Meet,
            Self::Rest => Way::Rest,
            Self::Doubt => Way::Doubt,
            Self::Stop => Way::Stop,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.way().words();
        match self {
            Self::Anchor(cursor) => write!(f, "{words} {cursor}, inclusive"),
            Self::Probe(cursor) => write!(f, "{words}: asks once more from {cursor}"),
            Self::Again(cursor) => write!(f, "{words}: begins again from {cursor}, by token"),
            Self::Follow | Self::FollowEmpty => write!(f, "{words}: follows it"),
            Self::StepOver(cursor) => write!(f, "{cursor} {words}: steps over it by token"),
            Self::NothingToAnchor => write!(f, "{words} to anchor at: follows the token"),
            Self::Doubt => write!(f, "{words}: asks by the token of that one"),
            Self::Meet(cursor) => write!(f, "{words} {cursor}"),
            Self::Rest | Self::Stop => f.write_str(words),
        }
    }
}

impl Way {
    const ALL: [Self; 11] = [
        Self::Anchor,
        Self::Probe,
        Self::Again,
        Self::Follow,
        Self::StepOver,
        Self::NothingToAnchor,
        Self::FollowEmpty,
        Self::Meet,
        Self::Rest,
        Self::Doubt,
        Self::Stop,
    ];

    /// The words of a decision that set it apart.
    fn words(self) -> &'static str {
        match self {
            Self::Anchor => "asks again from the last row's",
            Self::Probe => "anchor row not on the page",
            Self::Again => "rows out of order",
            Self::Follow => "token present",
            Self::StepOver => "fills the page",
            Self::NothingToAnchor => "no cursor on the page",
            Self::FollowEmpty => "no rows, but a token",
            Self::Meet => "meets the lane that began at",
            Self::Rest => "read to the end of its stretch",
            Self::Doubt => "nothing beyond the page before, which had a token",
            Self::Stop => "nothing more to ask for",
        }
    }

    /// The way that a decision was written down as; `None` if it is none of this version's.
    #[must_use]
    pub fn written(decision: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| decision.contains(way.words()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::BEGINNING;

    /// The decision of the variant that is declared after this one's: a new variant must find its place here.
    fn after(decision: Option<&Decision>) -> Option<Decision> {
        let cursor = Cursor::parse(BEGINNING).unwrap();
        let Some(decision) = decision else { return Some(Decision::Anchor(cursor)) };
        match decision {
            Decision::Anchor(_) => Some(Decision::Probe(cursor)),
            Decision::Probe(_) => Some(Decision::Again(cursor)),
            Decision::Again(_) => Some(Decision::Follow),
            Decision::Follow => Some(Decision::StepOver(cursor)),
            Decision::StepOver(_) => Some(Decision::NothingToAnchor),
            Decision::NothingToAnchor => Some(Decision::FollowEmpty),
            Decision::FollowEmpty => Some(Decision::Meet(cursor)),
            Decision::Meet(_) => Some(Decision::Rest),
            Decision::Rest => Some(Decision::Doubt),
            Decision::Doubt => Some(Decision::Stop),
            Decision::Stop => None,
        }
    }

    #[test]
    fn every_decision_is_known_again_from_its_words() {
        let mut decision = after(None);
        while let Some(made) = decision {
            assert_eq!(Way::written(&made.to_string()), Some(made.way()), "{made}");
            decision = after(Some(&made));
        }
        assert_eq!(Way::written("goes by the stars"), None);
    }
}
