//! A recording in the place of a sync: the same events on the same kind of channel, and the same commands obeyed.
//!
//! A [`Player`] reads a [`Tape`] a little ahead, sends its events at their recorded times by a [`Clock`] that runs as
//! fast as the operator wants, and waits for a reader that is slower. It asks no source and writes nowhere; of the
//! commands, those that would begin a run have nothing to do.

mod clock;
mod speed;
mod tape;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

pub use self::clock::Clock;
pub use self::speed::Speed;
pub use self::tape::{Piece, Tail, Tape, Unplayable};
use crate::sync::command::Command;
use crate::sync::event::{Event, Level, Notice, NoticeKind, Stamped};

/// How many events a reader may be behind before it is waited for; its channel has room for twice as many.
const BEHIND: usize = 64;
/// How long a reader that is behind is left alone.
const BREATH: Duration = Duration::from_millis(1);
/// How late an event may be without the ones after it being late too: a process that was suspended goes on where it
/// stood.
const LATE: Duration = Duration::from_millis(250);

/// What a recording's player is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Events come as they were recorded.
    Playing,
    /// The operator holds it.
    Held,
    /// Every event has come.
    Over,
}

/// How far a replay is, and how it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// What the player is doing.
    pub motion: Motion,
    /// How fast it plays.
    pub speed: Speed,
    /// How many bytes of the recording have been played.
    pub played: u64,
    /// Of how many.
    pub of: u64,
}

/// What a monitor needs to know of a player, and can tell it besides commands.
#[derive(Debug)]
pub struct Deck {
    /// How far it is.
    pub playback: watch::Receiver<Playback>,
    /// How fast it is to play.
    pub speed: watch::Sender<Speed>,
    /// What time it is in the recording.
    pub clock: Clock,
}

/// What the operator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Play,
    /// The next event at once, then as recorded.
    Skip,
    /// Up to the next page at once, then hold.
    Step,
    Hold,
}

/// Some of the recording's pieces, and the rest of it; `None` once the last piece is among them.
type Read = (VecDeque<Piece>, Option<Tape>);

/// A recording under way.
#[derive(Debug)]
pub struct Player {
    commands: mpsc::Receiver<Command>,
    events: broadcast::Sender<Stamped>,
    speeds: watch::Receiver<Speed>,
    playback: watch::Sender<Playback>,
    clock: Clock,
    wish: Wish,
    speed: Speed,
    played: u64,
    of: u64,
    /// What is to be sent next, oldest first.
    queue: VecDeque<Piece>,
    reading: Option<JoinHandle<Read>>,
    /// How the recording ended, once it has.
    over: Option<Result<(), Unplayable>>,
}

impl Player {
    /// A player that obeys the given commands, and what it has to show.
    ///
    /// # Panics
    /// Outside a runtime.
    #[must_use]
    pub fn new(
        tape: Tape,
        speed: Speed,
        commands: mpsc::Receiver<Command>,
    ) -> (Self, broadcast::Receiver<Stamped>, Deck) {
        let (events, receiver) = broadcast::channel(2 * BEHIND);
        let (speed_control, speeds) = watch::channel(speed);
        let of = tape.length();
        let (playback, shown) = watch::channel(Playback { motion: Motion::Playing, speed, played: 0, of });
        let clock = Clock::new(tape.began());
        let player = Self {
            commands,
            events,
            speeds,
            playback,
            clock: clock.clone(),
            wish: Wish::Play,
            speed,
            played: 0,
            of,
            queue: VecDeque::new(),
            reading: Some(spawn_blocking(|| tape.some())),
            over: None,
        };
        (player, receiver, Deck { playback: shown, speed: speed_control, clock })
    }

    /// Plays until [`Command::Stop`], or until nobody can command any more; what has come by then stands.
    ///
    /// # Errors
    /// If the recording turned out to be damaged.
    pub async fn play(mut self) -> Result<(), Unplayable> {
        loop {
            self.wind();
            let due = self.due();
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(Command::Stop) | None => return self.over.unwrap_or(Ok(())),
                    Some(command) => self.obey(command),
                },
                Ok(()) = self.speeds.changed() => self.speed = *self.speeds.borrow_and_update(),
                (pieces, rest) = read(&mut self.reading), if self.queue.is_empty() => {
                    self.queue = pieces;
                    self.reading = rest.map(|tape| spawn_blocking(|| tape.some()));
                }
                () = at(due) => self.send(),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        self.wish = match (command, self.wish) {
            (Command::Pause, _) => Wish::Hold,
            (Command::Resume, Wish::Hold | Wish::Step) => Wish::Play,
            (Command::Step, _) => Wish::Step,
            (Command::RetryNow, Wish::Play) => Wish::Skip,
            (_, wish) => wish,
        };
    }

    /// Sets the clock and tells how the replay goes, after anything has changed.
    fn wind(&mut self) {
        match (self.wish, self.queue.front()) {
            (Wish::Play, Some(Piece::Event { stamped, .. })) => self.clock.run(self.speed, stamped.at),
            _ => self.clock.stand(),
        }
        let motion = match (&self.over, self.wish) {
            (Some(_), _) => Motion::Over,
            (None, Wish::Hold) => Motion::Held,
            (None, _) => Motion::Playing,
        };
        let playback = Playback { motion, speed: self.speed, played: self.played, of: self.of };
        self.playback.send_if_modified(|shown| std::mem::replace(shown, playback) != playback);
    }

    /// When the next piece is to be sent, as things stand.
    fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        let due = match (self.wish, self.queue.front()?) {
            (Wish::Hold, _) => return None,
            (Wish::Play, Piece::Event { stamped, .. }) => self.clock.when(stamped.at),
            (Wish::Play | Wish::Skip | Wish::Step, _) => now,
        };
        Some(if self.is_crowded() { due.max(now + BREATH) } else { due })
    }

    /// True if a reader is behind.
    fn is_crowded(&self) -> bool {
        self.events.len() >= BEHIND
    }

    fn send(&mut self) {
        if self.is_crowded() {
            return;
        }
        match self.queue.pop_front() {
            Some(Piece::Event { stamped, played }) => self.send_event(*stamped, played),
            Some(Piece::End(tail)) => self.end(tail),
            None => {}
        }
    }

    fn send_event(&mut self, stamped: Stamped, played: u64) {
        self.played = played;
        self.clock.reach(stamped.at, LATE);
        self.wish = match (self.wish, &stamped.event) {
            (Wish::Skip, _) => Wish::Play,
            (Wish::Step, Event::Page(_)) => Wish::Hold,
            (wish, _) => wish,
        };
        // Without a reader there is nobody to tell.
        let _ = self.events.send(stamped);
    }

    fn end(&mut self, tail: Tail) {
        let (level, text, over) = match tail {
            Tail::Whole => (Level::Info, "the recording ends here".to_owned(), Ok(())),
            Tail::CutOff(line) => {
                let text = format!("the recording ends here: it was cut off in line {line}, as by a kill");
                (Level::Warning, text, Ok(()))
            }
            Tail::Damaged(why) => {
                let text = format!("the replay ends here: {why}; what follows cannot be played");
                (Level::Warning, text, Err(why))
            }
        };
        let event = Event::Notice(Notice { level, kind: NoticeKind::Housekeeping, text });
        let _ = self.events.send(Stamped { at: self.clock.now(), event });
        self.played = if over.is_ok() { self.of } else { self.played };
        self.over = Some(over);
    }
}

/// The next pieces; never, if there are none to come. Safe to drop and call again.
async fn read(reading: &mut Option<JoinHandle<Read>>) -> Read {
    match reading {
        None => std::future::pending().await,
        Some(handle) => handle.await.unwrap_or_else(|error| {
            let why = Unplayable { line: None, what: format!("the reading failed: {error}") };
            (VecDeque::from([Piece::End(Tail::Damaged(why))]), None)
        }),
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
