//! How the walk gets over the seam after a page: by token, or by asking again from the last row.

use chrono::{DateTime, Utc};

use super::Walk;
use crate::record::Page;
use crate::walk::manner::{Anchor, Manner, Promise};
use crate::walk::{Decision, End, Finding, Next, Request};

impl Walk {
    /// Crosses the seam by token, and looks whether it cuts a group of rows that share their cursor.
    pub(super) fn cross_by_token(
        &mut self,
        page: &Page,
        token: &str,
        findings: &mut Vec<Finding>,
    ) -> (Decision, Next) {
        if let [.., before, last] = page.rows.as_slice()
            && let Some(value) = &last.cursor
            && before.cursor.as_ref() == Some(value)
        {
            findings.push(Finding::TieUnsafe(value.clone()));
            self.seam = Some(value.clone());
        }
        self.follow(page, token, Decision::Follow)
    }

    /// Crosses the seam by asking again from the last cursor; by token where that would bring the same page again.
    pub(super) fn cross_anchored(
        &mut self,
        page: &Page,
        token: &str,
        now: DateTime<Utc>,
    ) -> (Decision, Next) {
        let Some(last) = page.cursors().next_back() else {
            self.manner = Manner::Anchored(Anchor::Start);
            return self.follow(page, token, Decision::NothingToAnchor);
        };
        if *last <= self.asked {
            if !matches!(self.manner, Manner::Stepping { .. }) {
                if !last.is_before(now) {
                    self.mark.stay_at(Some(last));
                }
                self.manner = Manner::Stepping { value: last.clone(), carried: self.steps_within };
            }
            return self.follow(page, token, Decision::StepOver(last.clone()));
        }
        let ties = page.cursors().rev().take_while(|cursor| *cursor == last).count();
        self.promise = Some(Promise { token: token.to_owned(), ties });
        let earlier = page.cursors().rfind(|cursor| *cursor < last);
        self.manner = Manner::Anchored(Anchor::Row { earlier: earlier.unwrap_or(&self.asked).clone() });
        (Decision::Anchor(last.clone()), Next::Ask(Request::Since(last.clone())))
    }

    /// Follows a token, unless this run has followed it before.
    pub(super) fn follow(&mut self, page: &Page, token: &str, decision: Decision) -> (Decision, Next) {
        let repeated = self.followed.repeated(page, self.page);
        match self.followed.page_of(token).or(repeated) {
            Some(first) => {
                let again = self.page;
                (Decision::Stop, Next::End(End::Loop { first, again }))
            }
            None => {
                self.followed.insert(token, self.page);
                (decision, Next::Ask(Request::Token(token.to_owned())))
            }
        }
    }
}
