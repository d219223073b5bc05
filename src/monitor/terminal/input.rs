//! What the terminal says: keys and pastes, read on a thread of its own.

use std::io;
use std::time::Duration;

use crossterm::event;

use crate::platform::{self, Readiness, Tty, Waker};

/// What comes from the terminal.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key, or a new size.
    Event(event::Event),
    /// The terminal is gone.
    Gone,
}

/// Starts reading the terminal, on a thread of its own: a read may block, and a look at a dead terminal does not
/// come back. The waker makes it look at once: a resize that only shows with the next key would swallow that key
/// (crossterm 0.29 stops reading at the resize, and forgets that the terminal was readable too).
///
/// # Errors
/// If there is no terminal to read from.
pub fn input() -> io::Result<(tokio::sync::mpsc::Receiver<Input>, Waker)> {
    let (tty, waker) = Tty::open()?;
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    std::thread::Builder::new().name("terminal-in".to_owned()).spawn(move || {
        while tty.wait() == Readiness::Readable {
            match read(&sender) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => break,
            }
        }
        let _ = sender.blocking_send(Input::Gone);
    })?;
    Ok((receiver, waker))
}

/// Reads all that there is; false if nobody listens any more.
fn read(sender: &tokio::sync::mpsc::Sender<Input>) -> io::Result<bool> {
    let mut patience = platform::INPUT_PATIENCE;
    // One look at the terminal can bring several keys, and the rest of them wait here and not there.
    while event::poll(patience)? {
        if sender.blocking_send(Input::Event(event::read()?)).is_err() {
            return Ok(false);
        }
        patience = Duration::ZERO;
    }
    Ok(!sender.is_closed())
}
