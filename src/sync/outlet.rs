//! Where events go: to a reader that must have every one, or to one that must never be waited for.

use chrono::Utc;
use tokio::sync::{broadcast, mpsc};

use super::event::{Event, Stamped};

/// Where events go.
#[derive(Clone, Debug)]
pub enum Outlet {
    /// To a reader that gets every event; the sync waits for it. For reports and recordings.
    Every(mpsc::Sender<Stamped>),
    /// To readers that get the latest events, and are told how many they missed; the sync never waits, and what is
    /// kept for them is bounded. For screens.
    Latest(broadcast::Sender<Stamped>),
}

impl Outlet {
    /// Sends an event, stamped with the time. A reader that is gone is no error: the rows matter, not the telling.
    pub async fn send(&self, event: Event) {
        let stamped = Stamped { at: Utc::now(), event };
        match self {
            Self::Every(reader) => drop(reader.send(stamped).await),
            Self::Latest(readers) => drop(readers.send(stamped)),
        }
    }
}
