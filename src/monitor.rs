//! The monitor: a screen that shows what the sync tells, and keys that tell the sync what to do.
//!
//! An Elm-style loop: messages go through [`model::update`], which is pure, and [`view::view`] only draws. This
//! room never touches the network or the destination, and never waits for the sync: commands are dropped into a
//! bounded channel or refused, events that come faster than a screen can show are missed and counted, and what is
//! stored is looked at by a reader with threads of its own.

mod columns;
mod drive;
pub mod keys;
mod layout;
pub mod model;
#[cfg(test)]
mod samples;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod view;

use std::io;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{broadcast, mpsc};

pub use self::drive::drive;
use self::model::Lesson;
use self::terminal::{Screen, Stage as _};
use self::theme::Theme;
use crate::destination::reader::{Answer, Reader};
use crate::lesson::{Told, Verdict};
use crate::platform::{Signal, Signals};
use crate::record::Schema;
use crate::replay::Deck;
use crate::run::Start;
use crate::sync::command::Command;
use crate::sync::event::{RunEnded, Stamped};

/// What connects the monitor to a sync.
pub struct Feed {
    /// The table that it tells of.
    pub schema: &'static Schema,
    /// What the sync tells. It sends [`Opened`](crate::sync::event::Event::Opened) first, and closes the channel once
    /// it has obeyed [`Command::Stop`].
    pub events: broadcast::Receiver<Stamped>,
    /// What the sync is told. It begins no run until it is told to.
    pub commands: mpsc::Sender<Command>,
    /// Where the first run starts; `None` asks the operator if a run was left unfinished, and starts from the
    /// checkpoint if none was.
    pub start: Option<Start>,
    /// What the destination is looked at with, and what it answers; `None` where there is none to look at.
    pub reader: Option<(Reader, mpsc::Receiver<Answer>)>,
    /// The player, if it is a recording that is watched.
    pub replay: Option<Deck>,
    /// The demo, if it is one, and what is told of it.
    pub lesson: Option<(Lesson, mpsc::Receiver<Told>)>,
}

/// How the monitor looks and behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manners {
    /// How it looks.
    pub theme: Theme,
    /// True if it takes the mouse.
    pub mouse: bool,
}

/// How the monitor came to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The operator left.
    Quit,
    /// A signal of that number asked for it; the loss of the terminal counts as a hang-up.
    Signal(i32),
    /// The sync closed its channel without having been asked to: its own result says why.
    SyncGone,
}

/// What is left to say and do after the monitor.
#[derive(Clone, Debug)]
pub struct Left {
    /// How it came to be left.
    pub departure: Departure,
    /// How many runs began while it was open.
    pub runs: u64,
    /// The end of the last run; `None` if none began, or it was left before its end could be told.
    pub last: Option<RunEnded>,
    /// How many events the screen missed.
    pub missed: u64,
    /// What came of the demo, if it was one and came to its end.
    pub verdict: Option<Verdict>,
}

/// Runs the monitor on the terminal until the operator leaves, a signal asks for it, or the sync is gone. The clock is
/// that of the events.
///
/// The terminal is given back before this returns, whatever it returns; and the reader is gone then: of several
/// connections to one file, the last to be closed should be the one that writes.
///
/// # Errors
/// If the terminal cannot be taken, or signals cannot be caught.
pub async fn run(feed: Feed, manners: Manners, clock: impl Fn() -> DateTime<Utc>) -> io::Result<Left> {
    let mut signals = Signals::with_terminal()?;
    let signals = stream::poll_fn(move |context| signals.poll_recv(context).map(Some));
    let mut screen = Screen::new(manners.mouse)?;
    let held = match screen.claim() {
        Ok(()) => terminal::input(),
        Err(error) => Err(error),
    };
    let driven = match held {
        Ok((mut input, waker)) => {
            let signals = signals.inspect(|signal| {
                if *signal == Signal::Resized {
                    waker.wake();
                }
            });
            let input = stream::poll_fn(move |context| input.poll_recv(context));
            drive(feed, &mut screen, input, signals, manners.theme, clock).await
        }
        Err(error) => Err(error),
    };
    // A terminal that is gone cannot be given back, and what is to be told is more important than that.
    let _ = screen.release();
    let (left, reader) = driven?;
    // After the terminal: it waits until an export that is being written to the disk is there.
    drop(reader);
    Ok(left)
}
