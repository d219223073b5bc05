//! What a page says of the request that brought it: whether a step by token left rows behind, whether the source goes
//! by the order that was asked for, and whether its bound is inclusive.

use super::Walk;
use crate::record::{Cursor, Page};
use crate::walk::manner::{Anchor, Bound, Manner, Promise};
use crate::walk::{Decision, Finding, Next, Request};

impl Walk {
    /// After a step by token over a value that filled a page: did the token leave rows of that value behind?
    pub(super) fn check_overflow(&mut self, first: Option<&Cursor>, findings: &mut Vec<Finding>) {
        if let Manner::Stepping { value, carried } = &mut self.manner {
            if first == Some(value) {
                *carried = true;
            } else if !*carried {
                findings.push(Finding::TieOverflow(value.clone()));
            }
        }
    }

    /// True if the page before promised more, and this one, asked for from the last row of that, has neither a later
    /// cursor nor another row of the same nor a token. Whatever was there may be gone since; or the source goes by some
    /// other order, and the first page only looked sorted.
    pub(super) fn is_broken(&self, promise: &Promise, page: &Page) -> bool {
        self.manner != Manner::Token
            && page.len() <= promise.ties
            && page.cursors().all(|cursor| *cursor == self.asked)
    }

    /// A page that begins below the cursor that it was asked from and does not get beyond it: the source goes by some
    /// other order.
    pub(super) fn check_reach(&mut self, page: &Page, findings: &mut Vec<Finding>) {
        if let (Manner::Anchored(_), Request::Since(asked)) = (&self.manner, &self.next)
            && let Some(first) = page.cursors().next().filter(|first| *first < asked)
            && self.last.as_ref() <= Some(asked)
            && !self.mark.is_held()
        {
            findings.push(Finding::OrderViolated { before: asked.clone(), after: first.clone() });
            self.mark.hold();
        }
    }

    /// Whether `updated_since` may be taken for inclusive after this page; with a request, where that is to be
    /// found out first.
    pub(super) fn check_bound(
        &mut self,
        page: &Page,
        findings: &mut Vec<Finding>,
    ) -> (bool, Option<(Decision, Next)>) {
        match self.judge_bound(page) {
            Bound::Fine => (true, None),
            Bound::Doubtful { missing, earlier } => {
                self.manner = Manner::Anchored(Anchor::Earlier { missing });
                let next = Next::Ask(Request::Since(earlier.clone()));
                (true, Some((Decision::Probe(earlier), next)))
            }
            Bound::Exclusive(anchor) => {
                findings.push(Finding::NotInclusive(anchor));
                (false, None)
            }
        }
    }

    /// Whether the page that was asked for inclusively from a cursor holds that cursor. A page that an empty one's
    /// token brought answers for the empty one.
    fn judge_bound(&mut self, page: &Page) -> Bound {
        let Manner::Anchored(anchor) = &self.manner else { return Bound::Fine };
        let asked = &self.asked;
        self.inclusive = self.inclusive || page.cursors().any(|cursor| cursor == asked);
        match anchor {
            _ if self.inclusive => Bound::Fine,
            Anchor::Start => Bound::Fine,
            Anchor::Row { earlier } => Bound::Doubtful { missing: asked.clone(), earlier: earlier.clone() },
            // The row is there after all: it was left out, and so was the earlier one.
            Anchor::Earlier { missing } if page.cursors().any(|cursor| cursor == missing) => {
                Bound::Exclusive(missing.clone())
            }
            // It has changed, and the earlier one too: that says nothing of the bound.
            Anchor::Earlier { .. } => Bound::Fine,
        }
    }
}
