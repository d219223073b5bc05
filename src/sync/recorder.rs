//! A recording: the whole stream of events in a file, for a replay.
//!
//! The first line is a [`Header`], each other one an event as `--json` writes it, with the rows that were shown. The
//! file is written by a thread of its own behind a bounded queue: the sync waits for it where it would otherwise have
//! to lose an event or to fill the memory, and a screen waits for nothing. A recording that cannot be written ends,
//! and the sync goes on.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::task::JoinHandle;

use super::event::Stamped;
use crate::platform;
use crate::sanitize;
use crate::text::count;

/// The format that is written. A newer one says so by its number, and is refused by name.
pub const FORMAT: u64 = 1;

/// How many events wait for the file.
const EVENTS: usize = 256;
/// The longest that an event stands in no file while others come.
const FLUSH: Duration = Duration::from_secs(1);

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the program that made it.
    pub highwater: String,
    /// The format of the lines that follow.
    pub recording: u64,
    /// When it began.
    pub at: DateTime<Utc>,
}

impl Header {
    /// The header of a recording that this program begins then.
    #[must_use]
    pub fn new(at: DateTime<Utc>) -> Self {
        Self { highwater: env!("CARGO_PKG_VERSION").to_owned(), recording: FORMAT, at }
    }
}

/// Why a recording cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum NoRecording {
    /// There is something in its place, which may be the only copy of what it holds.
    #[error("{0} exists already, and a recording replaces nothing: name another file")]
    Exists(String),
    /// The system refused.
    #[error("{0} cannot be written: {1}")]
    Io(String, io::Error),
}

/// Why a recording ended early, if it did; for whoever asks after its end.
#[derive(Clone, Debug, Default)]
pub struct Trouble(Arc<OnceLock<String>>);

impl Trouble {
    /// What happened and what to do, safe for a terminal; `None` if the recording is whole, as far as is known.
    #[must_use]
    pub fn told(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// A recording under way.
#[derive(Debug)]
pub struct Recorder {
    events: mpsc::Sender<Stamped>,
    writing: JoinHandle<()>,
    trouble: Trouble,
}

impl Recorder {
    /// Whether a recording could begin there, as far as can be seen without touching anything.
    ///
    /// # Errors
    /// [`NoRecording::Exists`].
    pub fn vacant(path: &Path) -> Result<(), NoRecording> {
        // What cannot be looked at cannot be written either, and that will be said in the system's own words.
        if path.symlink_metadata().is_ok() { Err(NoRecording::Exists(shown(path))) } else { Ok(()) }
    }

    /// Begins a recording in a new file, which only its owner can read.
    ///
    /// # Errors
    /// [`NoRecording`].
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn create(path: &Path) -> Result<Self, NoRecording> {
        let begun = platform::new_private_file(path).and_then(|mut file| {
            let header = serde_json::to_string(&Header::new(Utc::now()))?;
            writeln!(file, "{header}")?;
            Ok(file)
        });
        let file = begun.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => NoRecording::Exists(shown(path)),
            _ => NoRecording::Io(shown(path), error),
        })?;
        Ok(Self::start(file, shown(path)))
    }

    fn start(file: File, path: String) -> Self {
        let (events, incoming) = mpsc::channel(EVENTS);
        let trouble = Trouble::default();
        let told = trouble.clone();
        let writing = tokio::task::spawn_blocking(move || {
            if let Err(text) = keep(file, &path, incoming) {
                // Set once, and by nobody else.
                let _ = told.0.set(text);
            }
        });
        Self { events, writing, trouble }
    }

    /// Where to ask later whether the recording is whole.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// Takes an event; false if the recording has ended.
    pub(super) async fn take(&self, stamped: Stamped) -> bool {
        self.events.send(stamped).await.is_ok()
    }

    /// Waits until everything is in the file; gives what is to be told if it is not.
    pub(super) async fn end(self) -> Option<String> {
        drop(self.events);
        // A panic has been told by its hook.
        let _ = self.writing.await;
        self.trouble.told().map(str::to_owned)
    }
}

/// A path, safe for a terminal.
fn shown(path: &Path) -> String {
    sanitize::line(&path.to_string_lossy()).into_owned()
}

/// Writes what comes until no more does. Fails with what is to be told.
fn keep(file: File, path: &str, mut incoming: mpsc::Receiver<Stamped>) -> Result<(), String> {
    let mut out = BufWriter::new(file);
    let mut kept = 0;
    write(&mut out, &mut kept, &mut incoming).map_err(|error| {
        format!(
            "the recording {path} ends here: {error}; its first {} can be replayed, and the sync goes on; to record the \
             rest, leave and start again with another file",
            count(kept, "event"),
        )
    })
}

fn write(out: &mut impl Write, kept: &mut u64, incoming: &mut mpsc::Receiver<Stamped>) -> io::Result<()> {
    let (mut waiting, mut flushed) = (0, Instant::now());
    loop {
        let next = match incoming.try_recv() {
            Ok(stamped) if flushed.elapsed() < FLUSH => Some(stamped),
            // Nothing is held back while nothing else comes.
            other => {
                out.flush()?;
                *kept += std::mem::take(&mut waiting);
                flushed = Instant::now();
                match other {
                    Ok(stamped) => Some(stamped),
                    Err(TryRecvError::Empty) => incoming.blocking_recv(),
                    Err(TryRecvError::Disconnected) => None,
                }
            }
        };
        let Some(stamped) = next else { return Ok(()) };
        writeln!(out, "{}", stamped.json()?)?;
        waiting += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::event::{Event, Notice, NoticeKind, Phase};
    use crate::sync::outlet::Outlet;

    fn phase(page: u64) -> Event {
        Event::Phase { phase: Phase::Running { page, deadline: DateTime::UNIX_EPOCH } }
    }

    #[tokio::test]
    async fn every_event_is_in_the_file_in_order_once_the_recording_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ndjson");
        Recorder::vacant(&path).unwrap();
        let recorder = Recorder::create(&path).unwrap();
        let trouble = recorder.trouble();
        // A screen that nobody looks at.
        let (screen, _frozen) = tokio::sync::broadcast::channel(1);
        let mut outlet = Outlet::latest(screen).recorded(Some(recorder));
        for page in 0..3_000 {
            outlet.send(phase(page)).await;
        }
        outlet.end_recording().await;
        assert_eq!(trouble.told(), None);
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let header: Header = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!(header, Header::new(header.at));
        let pages: Vec<u64> = lines
            .map(|line| match serde_json::from_str::<Stamped>(line).unwrap().event {
                Event::Phase { phase: Phase::Running { page, .. } } => page,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(pages, (0..3_000).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_is_there_is_not_replaced_and_what_is_made_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ndjson");
        drop(Recorder::create(&path).unwrap());
        assert!(matches!(Recorder::vacant(&path), Err(NoRecording::Exists(_))));
        let refused = Recorder::create(&path).unwrap_err().to_string();
        assert!(
            refused.ends_with("a.ndjson exists already, and a recording replaces nothing: name another file")
        );
        let nowhere = Recorder::create(&folder.path().join("no/such/a.ndjson")).unwrap_err();
        assert!(nowhere.to_string().contains("cannot be written: "), "{nowhere}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_recording_on_a_full_disk_is_given_up_once_and_the_events_go_on() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let recorder = Recorder::start(full, "full.ndjson".to_owned());
        let trouble = recorder.trouble();
        let (reader, mut events) = mpsc::channel(1_000);
        let mut outlet = Outlet::every(reader).recorded(Some(recorder));
        for page in 0..500 {
            outlet.send(phase(page)).await;
        }
        outlet.end_recording().await;
        drop(outlet);
        let (mut phases, mut notices) = (0, Vec::new());
        while let Some(stamped) = events.recv().await {
            match stamped.event {
                Event::Notice(Notice { kind: NoticeKind::Housekeeping, text, .. }) => notices.push(text),
                Event::Phase { .. } => phases += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((phases, notices.len()), (500, 1), "{notices:?}");
        assert!(notices[0].starts_with("the recording full.ndjson ends here: No space left"), "{notices:?}");
        assert_eq!(trouble.told(), Some(notices[0].as_str()));
    }
}
