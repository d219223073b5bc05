//! How a source is walked, in words: whether rows that share a cursor can be lost at a seam, and when the mark moves.

use super::{Definition, Sorted, Token};

/// Whether rows that share a cursor across a seam all arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Every seam is asked again from the last row's cursor, so they do.
    Safe,
    /// The source's own tokens decide it.
    Token,
    /// Rows are passed over if others come or go meanwhile.
    Counted,
}

impl Safety {
    /// In a word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "tie-safe",
            Self::Token => "by token",
            Self::Counted => "can lose rows",
        }
    }
}

impl Definition {
    /// True if a seam can be asked again from a cursor.
    fn is_anchorable(&self) -> bool {
        self.order == Sorted::Ascending && self.since.is_some()
    }

    /// Whether rows that share a cursor across a seam all arrive.
    #[must_use]
    pub fn safety(&self) -> Safety {
        match () {
            () if self.is_anchorable() => Safety::Safe,
            () if self.next.from.is_counted() => Safety::Counted,
            () => Safety::Token,
        }
    }

    /// How it is walked and why, a sentence each.
    #[must_use]
    pub fn walks(&self) -> Vec<String> {
        vec![self.asks(), self.crosses(), self.marks(), self.ends()]
    }

    fn asks(&self) -> String {
        let Some(since) = &self.since else {
            return "A run reads everything: the source cannot be asked from a cursor on.".to_owned();
        };
        let bound = match since.exclusive {
            false => "rows of that very cursor come along",
            true => "asked is from one unit below it, because rows of that very cursor would not come along",
        };
        format!("A run asks from the checkpoint on, by {}; {bound}.", since.send)
    }

    fn crosses(&self) -> String {
        match self.safety() {
            Safety::Safe => {
                "Tie-safe: every seam is asked again from the last row's cursor, and the key absorbs the \
                             row that comes twice. Should rows come out of order, the walk goes on by token."
                    .to_owned()
            }
            Safety::Counted => format!(
                "Not safe: {} counts, so rows that come or go before the place that it counts to shift the others, \
                 which are then passed over or come twice.",
                self.next.from
            ),
            Safety::Token => {
                let why = match (self.order, &self.next.from) {
                    (Sorted::Ascending, _) => "it cannot be asked from a cursor on",
                    (Sorted::Descending, _) => "its newest rows come first",
                    (Sorted::None, _) => "its rows come in no order that is known",
                };
                let token = match self.next.from {
                    Token::Row(_) => "the last row's own field, which tells rows apart as well as that does",
                    _ => "the source's own, which must tell apart rows that share a cursor",
                };
                format!("By token, because {why}. Whether ties are safe is up to the token: it is {token}.")
            }
        }
    }

    fn marks(&self) -> String {
        match (self.cursor, self.is_anchorable()) {
            (None, _) => "There is no cursor, and so no checkpoint.".to_owned(),
            (Some(_), true) => "The checkpoint moves with every page.".to_owned(),
            (Some(_), false) => {
                "The checkpoint moves when a run is complete: until then, what is to come may lie anywhere."
                    .to_owned()
            }
        }
    }

    fn ends(&self) -> String {
        let mut ends = Vec::new();
        if let Some(end) = &self.end {
            ends.push(format!("`{}` is {}", end.flag, end.is));
        }
        if let Some(full) = self.short_page {
            ends.push(format!("a page has fewer than {full} rows"));
        }
        ends.push(match (&self.next.from, self.next.empty_token) {
            (from, _) if from.is_counted() => "a page is empty".to_owned(),
            (from, false) => format!("there is no {from}, or an empty one"),
            (from, true) => format!("there is no {from}"),
        });
        format!("The data ends where {}.", ends.join(", or "))
    }
}
