//! The loop: what comes in becomes messages, what the model wants done is done, and a frame is drawn when one is due.
//!
//! Everything that has come in is taken before the next frame, keys before events, and no frame sooner than 33 ms
//! after the last one. What rests is not drawn.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crossterm::event::Event as TerminalEvent;
use futures_util::FutureExt as _;
use futures_util::stream::{Stream, StreamExt as _};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::model::{Effect, Leaving, Message, Model, lesson, update};
use super::terminal::{Input, Stage};
use super::theme::Theme;
use super::{Departure, Feed, Left};
use crate::destination::reader::{Answer, Reader};
use crate::lesson::Told;
use crate::platform::{HANG_UP, Signal};
use crate::replay::{Playback, Speed};
use crate::sync::command::Command;
use crate::sync::event::Stamped;

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// The same where the operator waits for the second: a key is not to be felt.
const REPLY: Duration = Duration::from_millis(8);
/// How many keys are taken in before the next frame.
const KEYS: usize = 32;
/// How many events are taken in before the next frame.
const EVENTS: usize = 256;

/// How long the loop sleeps where nothing on screen changes by itself.
const REST: Duration = Duration::from_secs(3_600);

/// The loop, on any stage and any input: all of the monitor but the real terminal. The reader comes back with the rest,
/// because it may wait for an export when it is dropped: the terminal is to be given back first.
///
/// # Errors
/// If the stage has no size.
pub async fn drive<S: Stage>(
    feed: Feed,
    stage: &mut S,
    input: impl Stream<Item = Input>,
    signals: impl Stream<Item = Signal>,
    theme: Theme,
    clock: impl Fn() -> DateTime<Utc>,
) -> io::Result<(Left, Option<Reader>)> {
    let mut model = Model::new(feed.schema, theme, stage.size()?, clock());
    model.start = feed.start;
    let (reader, mut answers) = feed.reader.unzip();
    model.has_table = reader.is_some();
    let (lesson, mut told) = feed.lesson.unzip();
    if let Some(lesson) = lesson {
        lesson::begin(&mut model, lesson);
    }
    let (speed, mut playback) = feed.replay.map(|deck| (deck.speed, deck.playback)).unzip();
    model.playback = playback.as_ref().map(|playback| *playback.borrow());
    let mut monitor = Monitor {
        model,
        stage,
        commands: feed.commands,
        reader,
        speed,
        owed: None,
        clock,
        dirty: true,
        last_frame: Instant::now(),
        next_frame: Instant::now(),
        held: Held::Here,
        hears: true,
        left: None,
    };
    let (mut input, mut signals) = (pin!(input), pin!(signals));
    let mut events = feed.events;
    loop {
        let wake = monitor.paint();
        tokio::select! {
            biased;
            Some(signal) = signals.next() => monitor.signal(signal),
            first = input.next(), if monitor.held != Held::Gone => {
                let mut next = Some(first);
                for _ in 0..KEYS {
                    let Some(input_or_end) = next else { break };
                    monitor.input(input_or_end.unwrap_or(Input::Gone));
                    next = input.next().now_or_never();
                }
            }
            first = events.recv(), if monitor.hears => {
                monitor.event(first);
                for _ in 1..EVENTS {
                    match events.try_recv() {
                        Ok(event) => monitor.event(Ok(event)),
                        Err(TryRecvError::Lagged(missed)) => monitor.event(Err(RecvError::Lagged(missed))),
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
            }
            Some(answer) = answer(&mut answers) => monitor.message(Message::Read(Box::new(answer))),
            Some(playback) = next(&mut playback) => monitor.message(Message::Playback(playback)),
            Some(told) = heard(&mut told) => monitor.message(Message::Told(Box::new(told))),
            () = sleep_until(wake) => monitor.dirty = true,
        }
        if let Some(departure) = monitor.left {
            return Ok(monitor.leave(departure));
        }
    }
}

/// What is told next of a demo; nothing ever, where it is none.
async fn heard(told: &mut Option<mpsc::Receiver<Told>>) -> Option<Told> {
    match told {
        Some(told) => told.recv().await,
        None => None,
    }
}

/// The next answer of the reader; none ever, where there is no reader.
async fn answer(answers: &mut Option<mpsc::Receiver<Answer>>) -> Option<Answer> {
    match answers {
        Some(answers) => answers.recv().await,
        None => None,
    }
}

/// How the replay goes, once that has changed; `None` if it never will.
async fn next(playback: &mut Option<watch::Receiver<Playback>>) -> Option<Playback> {
    let playback = playback.as_mut()?;
    playback.changed().await.ok()?;
    Some(*playback.borrow_and_update())
}

/// Whether the terminal can be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// It can.
    Here,
    /// The process is suspended, or about to be.
    Away,
    /// It is gone, and will not come back.
    Gone,
}

/// The loop's own state: what is not the model's because it is about time and devices.
struct Monitor<'a, S, C> {
    model: Model,
    stage: &'a mut S,
    commands: mpsc::Sender<Command>,
    reader: Option<Reader>,
    /// How fast the player plays.
    speed: Option<watch::Sender<Speed>>,
    /// A command that must not get lost, and had no room yet.
    owed: Option<Command>,
    clock: C,
    /// True if the screen shows something else than the model.
    dirty: bool,
    /// When the last frame was drawn.
    last_frame: Instant,
    /// When the next may be.
    next_frame: Instant,
    held: Held,
    /// True until the sync has closed its channel.
    hears: bool,
    left: Option<Departure>,
}

impl<S: Stage, C: Fn() -> DateTime<Utc>> Monitor<'_, S, C> {
    /// Draws if that is due, and says when to look again.
    fn paint(&mut self) -> Instant {
        let now = Instant::now();
        if let Some(command) = self.owed.take() {
            self.send(command);
        }
        if self.dirty && self.held == Held::Here && now >= self.next_frame {
            (self.last_frame, self.next_frame) = (now, now + FRAME);
            match self.stage.ready() {
                Ok(true) => self.draw(),
                Ok(false) => {}
                Err(_) => self.lost(),
            }
        }
        let resting = match self.held {
            Held::Here if self.dirty => return self.next_frame,
            Held::Here => self.model.changes_in(),
            Held::Away | Held::Gone => None,
        };
        let owing = self.owed.map(|_| FRAME);
        let resting = resting.and_then(|time| time.to_std().ok());
        now + resting.into_iter().chain(owing).min().unwrap_or(REST)
    }

    fn draw(&mut self) {
        self.message(Message::Now((self.clock)()));
        let drawn = self.stage.size().and_then(|size| {
            if size != self.model.size {
                self.message(Message::Resize(size));
            }
            self.stage.draw(&self.model)
        });
        match drawn {
            Ok(()) => self.dirty = false,
            Err(_) => self.lost(),
        }
    }

    fn message(&mut self, message: Message) {
        self.dirty = true;
        for effect in update(&mut self.model, message) {
            match effect {
                Effect::Send(command) => self.send(command),
                Effect::Speed(speed) => {
                    // A player that has ended plays at no speed.
                    let _ = self.speed.as_ref().map(|player| player.send(speed));
                }
                Effect::Ask(question) => {
                    if let Some(reader) = &self.reader {
                        reader.ask(*question);
                    }
                }
                Effect::Suspend => self.suspend(),
                Effect::Copy(text) => {
                    if let Err(why) = self.stage.copy(&text) {
                        self.message(Message::NotCopied(why.to_string()));
                    }
                }
                Effect::Leave(departure) => self.left = Some(departure),
            }
        }
    }

    fn send(&mut self, command: Command) {
        match self.commands.try_send(command) {
            // A sync that no longer listens closes its other channel too, and that is what counts.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(Command::Stop)) => self.owed = Some(Command::Stop),
            Err(TrySendError::Full(_)) => self.message(Message::Refused),
        }
    }

    fn event(&mut self, event: Result<Stamped, RecvError>) {
        let message = match event {
            Ok(stamped) => Message::Event(Box::new(stamped)),
            Err(RecvError::Lagged(missed)) => Message::Missed(missed),
            Err(RecvError::Closed) => {
                self.hears = false;
                Message::Closed
            }
        };
        self.message(message);
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Gone => self.lost(),
            Input::Event(TerminalEvent::Key(key)) => {
                self.message(Message::Now((self.clock)()));
                self.message(Message::Key(key));
                self.next_frame = self.next_frame.min(self.last_frame + REPLY);
            }
            Input::Event(TerminalEvent::Mouse(mouse)) => self.message(Message::Mouse(mouse)),
            Input::Event(TerminalEvent::Paste(text)) => self.message(Message::Paste(text)),
            // The next frame asks for the size itself; no other event is asked for.
            Input::Event(_) => self.dirty = true,
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            // A terminal that goes away says so in several ways, which are one wish and not several.
            Signal::End(HANG_UP) if self.model.leaving != Leaving::No => {}
            Signal::End(number) => self.message(Message::Signal(number)),
            Signal::Suspend => self.suspend(),
            Signal::Continued => self.resume(),
            Signal::Resized => self.dirty = true,
        }
    }

    /// The process goes on where this returns; [`Signal::Continued`] says that the terminal is there again.
    fn suspend(&mut self) {
        if self.held != Held::Here {
            return;
        }
        self.held = Held::Away;
        let stopped = self.stage.release().and_then(|()| self.stage.suspend());
        if stopped.is_err() {
            self.resume();
        }
    }

    fn resume(&mut self) {
        if self.held == Held::Gone {
            return;
        }
        if self.stage.claim().is_err() {
            self.lost();
            return;
        }
        self.held = Held::Here;
        self.message(Message::Now((self.clock)()));
        self.message(Message::Continued);
    }

    fn lost(&mut self) {
        self.held = Held::Gone;
        self.signal(Signal::End(HANG_UP));
    }

    fn leave(self, departure: Departure) -> (Left, Option<Reader>) {
        let left = Left {
            departure,
            runs: self.model.heard.runs,
            last: self.model.heard.ended,
            missed: self.model.heard.missed,
            verdict: self.model.lesson.and_then(|lesson| lesson.verdict),
        };
        (left, self.reader)
    }
}
