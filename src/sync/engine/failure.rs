//! A request that brought no page: whether it is asked again, after which wait, and what is given up if not.

use rand::RngExt as _;
use tokio::time::Instant;

use super::failed::Failed;
use super::flight::{Flight, Wait};
use super::{Run, Wish};
use crate::source::Failure;
use crate::sync::event::Event;
use crate::sync::words;
use crate::walk::Request;
use crate::walk::lanes::Refusal;

impl Run<'_> {
    /// Asks again, later, unless there is no use in that.
    pub(super) async fn on_failure(
        &mut self,
        lane: u32,
        (request, sent): (Request, Instant),
        failure: Failure,
    ) {
        let page = self.lanes.first().next_page();
        let by_token = matches!(request, Request::Token(_));
        if by_token
            && failure.may_mean_token(self.sync.source.contract())
            && self.lanes.on_token_refused(lane)
        {
            self.traffic.of(lane).failed = Failed::default();
            let from = self.lanes.next(lane).map_or("", |request| request.parts().1);
            let notice = words::token_refused(page, &failure, from);
            self.sync.outlet.send(Event::Notice(notice)).await;
            return;
        }
        let limited = failure.limits_requests();
        let traveller = self.traffic.of(lane);
        traveller.failed.add(&failure);
        let failed = traveller.failed.attempts();
        let policy = &self.sync.terms.retry;
        let asked = failure.retry_after();
        let patient = asked.is_none_or(|wait| wait <= policy.max_wait);
        // A lane ahead shares the limit with all others: that it is refused so often says nothing of its own request.
        let spent = failed >= policy.attempts && (self.lanes.is_first(lane) || !limited);
        if !failure.is_retryable() || spent || !patient {
            let address = self.sync.source.shown(&request, self.lanes.asked(lane));
            let whom = format!("{} {address}", self.sync.source.contract().method.word());
            let mut text = words::failure(page, &whom, &failure, failed);
            if let Some(wait) = asked.filter(|_| !patient) {
                text.push_str(&format!(
                    " (it asks to be left alone for {} s, more than max_wait)",
                    wait.as_secs()
                ));
            }
            return self.give_up(lane, text).await;
        }
        self.totals.retries += 1;
        let own = policy.backoff(failed, self.sync.luck.random());
        let wait = asked.unwrap_or(own);
        let goes_on = matches!(self.wish, Wish::Go | Wish::Step);
        let before = if limited { self.width.on_limit(sent, wait) } else { None };
        let lanes = before.map(|before| (before, self.width.now()));
        let notice = words::retry(page, &failure, failed, policy.attempts, goes_on.then_some(wait), lanes);
        self.sync.outlet.send(Event::Notice(notice)).await;
        let wait = Wait::new(wait, &failure);
        let traveller = self.traffic.of(lane);
        // A pause asked for while the request was on the wire holds here, with nothing on the wire.
        if goes_on {
            traveller.flight = Flight::Wait(wait);
        } else {
            traveller.owed = Some(wait);
        }
    }

    /// A request failed for good. A lane ahead does not take the run along: the leftmost comes to that place by itself,
    /// and finds out whether it can be read.
    async fn give_up(&mut self, lane: u32, text: String) {
        if self.lanes.is_first(lane) {
            return self.fail(text);
        }
        let refused = self.lanes.refuse(Refusal::Failed(text));
        self.traffic.keep(&self.lanes, &self.unread);
        if let Some(finding) = refused {
            let notice = words::finding(self.lanes.first().page(), &finding, self.lanes.first().mode());
            self.sync.outlet.send(Event::Notice(notice)).await;
        }
    }
}
