//! What the lanes of a run wait for, each for itself.

use futures_util::FutureExt as _;

use super::failed::Failed;
use super::flight::{Flight, Landed, Wait, Wire};
use crate::walk::lanes::Lanes;

/// One lane's requests.
pub(super) struct Traveller {
    pub(super) lane: u32,
    pub(super) flight: Flight,
    /// Failed attempts at the page that is asked for.
    pub(super) failed: Failed,
    /// The wait that a pause interrupted: what is left of it is due before the next request.
    pub(super) owed: Option<Wait>,
}

/// The requests of all lanes.
#[derive(Default)]
pub(super) struct Traffic {
    travellers: Vec<Traveller>,
}

impl Traffic {
    /// A lane's requests.
    pub(super) fn of(&mut self, lane: u32) -> &mut Traveller {
        let found = self.travellers.iter().position(|it| it.lane == lane);
        let at = found.unwrap_or_else(|| {
            let (flight, failed) = (Flight::None, Failed::default());
            self.travellers.push(Traveller { lane, flight, failed, owed: None });
            self.travellers.len() - 1
        });
        &mut self.travellers[at]
    }

    /// Drops what no lane asks for any more. A lane whose answer is not read yet may be to ask for what was sent ahead.
    pub(super) fn keep(&mut self, lanes: &Lanes, unread: &[u32]) {
        self.travellers.retain(|it| lanes.next(it.lane).is_some());
        for it in &mut self.travellers {
            if let Flight::Wire(wire) = &it.flight
                && !unread.contains(&it.lane)
                && lanes.next(it.lane) != Some(wire.request())
            {
                it.flight = Flight::None;
            }
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.travellers.clear();
    }

    /// Drops the requests on the wire; a wait goes on.
    pub(super) fn drop_wires(&mut self) {
        for it in &mut self.travellers {
            if matches!(it.flight, Flight::Wire(_)) {
                it.flight = Flight::None;
            }
        }
    }

    /// Ends every wait. What was waited for is owed where `owed`, else forgotten.
    pub(super) fn end_waits(&mut self, owed: bool) {
        for it in &mut self.travellers {
            let wait = it.flight.end_wait().or(it.owed.take());
            it.owed = wait.filter(|_| owed);
        }
    }

    /// Lets requests on the wire live no longer than until then.
    pub(super) fn give_up_after(&mut self, grace: std::time::Duration) {
        self.travellers.iter_mut().for_each(|it| it.flight.give_up_after(grace));
    }

    /// A lane's request on the wire.
    pub(super) fn wire(&self, lane: u32) -> Option<&Wire> {
        self.wires().find_map(|(it, wire)| (it == lane).then_some(wire))
    }

    /// True if nothing of a lane is under way.
    pub(super) fn is_free(&self, lane: u32) -> bool {
        self.travellers.iter().all(|it| it.lane != lane || matches!(it.flight, Flight::None))
    }

    /// True if nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.travellers.iter().all(|it| matches!(it.flight, Flight::None))
    }

    /// The requests on the wire, each with its lane.
    pub(super) fn wires(&self) -> impl Iterator<Item = (u32, &Wire)> {
        self.travellers.iter().filter_map(|it| match &it.flight {
            Flight::Wire(wire) => Some((it.lane, wire)),
            _ => None,
        })
    }

    /// The wait that ends first, with its lane's failed attempts.
    pub(super) fn wait(&self) -> Option<(&Wait, u32)> {
        let waits = self.travellers.iter().filter_map(|it| match &it.flight {
            Flight::Wait(wait) => Some((wait, it.failed.attempts())),
            _ => None,
        });
        waits.min_by_key(|(wait, _)| wait.until)
    }

    /// True while no lane may ask, because the source wants to be left alone by all of them.
    pub(super) fn is_barred(&self) -> bool {
        let barred =
            |flight: &Flight| matches!(flight, Flight::Wait(wait) if wait.shared && wait.is_pending());
        self.travellers.iter().any(|it| barred(&it.flight))
    }

    /// Goes on with the waits that a pause interrupted, as far as their time has not come.
    pub(super) fn take_up_waits(&mut self) {
        for it in &mut self.travellers {
            if let Some(wait) = it.owed.take().filter(Wait::is_pending) {
                it.flight = Flight::Wait(wait);
            }
        }
    }

    /// What has become of them: whatever answers are there, each with its lane, or none if a wait is over or a request
    /// was given up. Never, if there is nothing to wait for. Safe to drop and call again.
    pub(super) async fn landed(&mut self) -> Vec<(u32, Landed)> {
        let mut landed = Vec::new();
        let mut next = self.outcome().await;
        loop {
            let (lane, outcome) = next;
            self.of(lane).flight = Flight::None;
            landed.extend(outcome.map(|it| (lane, it)));
            match self.outcome().now_or_never() {
                Some(more) => next = more,
                None => return landed,
            }
        }
    }

    async fn outcome(&mut self) -> (u32, Option<Landed>) {
        let flights = self.travellers.iter_mut().filter(|it| !matches!(it.flight, Flight::None));
        let flights = flights.map(|it| Box::pin(async move { (it.lane, it.flight.outcome().await) }));
        let flights: Vec<_> = flights.collect();
        if flights.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(flights).await.0
    }
}
