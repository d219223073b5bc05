//! The monitor: a screen that shows what the sync tells, and keys that tell the sync what to do.
//!
//! An Elm-style loop: messages go through [`model::update`], which is pure, and [`view::view`] only draws. This
//! room never touches the network or the destination, and never waits for the sync: commands are dropped into a
//! bounded channel or refused, events that come faster than a screen can show are missed and counted, and what is
//! stored is looked at by a reader with threads of its own.

mod columns;
pub mod keys;
mod layout;
pub mod model;
#[cfg(test)]
mod samples;
pub mod terminal;
#[cfg(test)]
mod tests;
pub mod text;
pub mod theme;
pub mod view;

use std::io;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crossterm::event::Event as TerminalEvent;
use futures_util::FutureExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};

use self::model::{Effect, Leaving, Lesson, Message, Model, lesson, update};
use self::terminal::{Input, Screen, Stage};
use self::theme::Theme;
use crate::demo::{Told, Verdict};
use crate::destination::reader::{Answer, Reader};
use crate::platform::{HANG_UP, Signal, Signals};
use crate::replay::{Deck, Playback, Speed};
use crate::run::Start;
use crate::sync::command::Command;
use crate::sync::event::{RunEnded, Stamped};

/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// How many keys are taken in before the next frame.
const KEYS: usize = 32;
/// How many events are taken in before the next frame.
const EVENTS: usize = 256;

/// How long the loop sleeps where nothing on screen changes by itself.
const REST: Duration = Duration::from_secs(3_600);

/// What connects the monitor to a sync.
pub struct Feed {
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
/// The terminal is given back before this returns, whatever it returns.
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
    let left = match held {
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
    left
}

/// The loop, on any stage and any input: all of the monitor but the real terminal.
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
) -> io::Result<Left> {
    let mut model = Model::new(theme, stage.size()?, clock());
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
    /// When the next frame may be drawn.
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
            self.next_frame = now + FRAME;
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

    fn leave(self, departure: Departure) -> Left {
        Left {
            departure,
            runs: self.model.heard.runs,
            last: self.model.heard.ended,
            missed: self.model.heard.missed,
            verdict: self.model.lesson.and_then(|lesson| lesson.verdict),
        }
    }
}
