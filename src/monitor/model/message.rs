//! What comes in to the model, and what it wants done.

use chrono::{DateTime, Utc};
use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Size;

use super::super::Departure;
use crate::destination::reader::{self, Question};
use crate::lesson::Told;
use crate::replay::{Playback, Speed};
use crate::sync::command::Command;
use crate::sync::event::Stamped;

/// What can happen to the monitor.
#[derive(Clone, Debug)]
pub enum Message {
    /// The sync told something.
    Event(Box<Stamped>),
    /// Something is told of a demo.
    Told(Box<Told>),
    /// The reader answered.
    Read(Box<reader::Answer>),
    /// The sync told this many things that the monitor was too slow to hear.
    Missed(u64),
    /// A key went down, or repeats.
    Key(KeyEvent),
    /// The mouse was clicked, or its wheel turned.
    Mouse(MouseEvent),
    /// A text was pasted.
    Paste(String),
    /// A text could not be put into the clipboard, and why.
    NotCopied(String),
    /// The terminal has a new size.
    Resize(Size),
    /// What time it is.
    Now(DateTime<Utc>),
    /// A signal asks for the end.
    Signal(i32),
    /// The process goes on after having been suspended.
    Continued,
    /// The sync has no room for the last command.
    Refused,
    /// The replay goes otherwise, or has come further.
    Playback(Playback),
    /// The sync has told everything that it ever will.
    Closed,
}

/// What the loop has to do after an update.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Tell the sync.
    Send(Command),
    /// Tell the player how fast to play.
    Speed(Speed),
    /// Ask the reader.
    Ask(Box<Question>),
    /// Give the terminal back and stop the process until it is continued.
    Suspend,
    /// Put a text, which must be safe, into the terminal's clipboard.
    Copy(String),
    /// Leave the monitor.
    Leave(Departure),
}
