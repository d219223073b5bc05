//! Where events go: to a reader that must have every one, or to one that must never be waited for; and besides, to a
//! recording.

use chrono::Utc;
use tokio::sync::{broadcast, mpsc};

use super::event::{Event, Level, Notice, NoticeKind, Stamped};
use super::recorder::Recorder;

/// Where events go.
#[derive(Debug)]
pub struct Outlet {
    readers: Readers,
    recorder: Option<Recorder>,
}

/// Who reads as it happens.
#[derive(Debug)]
enum Readers {
    /// One that gets every event; the sync waits for it.
    Every(mpsc::Sender<Stamped>),
    /// Those that get the latest events, and are told how many they missed; the sync never waits.
    Latest(broadcast::Sender<Stamped>),
}

impl Readers {
    /// A reader that is gone is no error: the rows matter, not the telling.
    async fn send(&self, stamped: Stamped) {
        match self {
            Self::Every(reader) => drop(reader.send(stamped).await),
            Self::Latest(readers) => drop(readers.send(stamped)),
        }
    }
}

impl Outlet {
    /// To a reader that gets every event; the sync waits for it. For reports.
    #[must_use]
    pub fn every(reader: mpsc::Sender<Stamped>) -> Self {
        Self { readers: Readers::Every(reader), recorder: None }
    }

    /// To readers that get the latest events, and are told how many they missed; the sync never waits, and what is
    /// kept for them is bounded. For screens.
    #[must_use]
    pub fn latest(readers: broadcast::Sender<Stamped>) -> Self {
        Self { readers: Readers::Latest(readers), recorder: None }
    }

    /// The same, and to a recording, if there is one.
    #[must_use]
    pub fn recorded(self, recorder: Option<Recorder>) -> Self {
        Self { recorder, ..self }
    }

    /// Sends an event, stamped with the time.
    pub(super) async fn send(&mut self, event: Event) {
        let stamped = Stamped { at: Utc::now(), event };
        if let Some(recorder) = &self.recorder {
            let taken = recorder.take(stamped.clone()).await;
            self.readers.send(stamped).await;
            if !taken {
                self.end_recording().await;
            }
        } else {
            self.readers.send(stamped).await;
        }
    }

    /// Ends the recording: what was sent is in its file. If it could not be written, that is told, and the sync goes
    /// on.
    pub(super) async fn end_recording(&mut self) {
        let Some(recorder) = self.recorder.take() else { return };
        if let Some(text) = recorder.end().await {
            let notice = Notice { level: Level::Warning, kind: NoticeKind::Housekeeping, text };
            self.readers.send(Stamped { at: Utc::now(), event: Event::Notice(notice) }).await;
        }
    }
}
