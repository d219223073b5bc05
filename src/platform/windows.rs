//! Signals and the console elsewhere.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use super::{Readiness, Signal};

/// How long to look for input: the look is what waits here.
pub const INPUT_PATIENCE: Duration = Duration::from_secs(3_600);

/// The number that Ctrl-C has elsewhere.
const INTERRUPT: i32 = 2;

/// The signals that concern this program: Ctrl-C, Ctrl-Break, and the closing of the console.
pub struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    terminate: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
}

impl Signals {
    /// The signals that ask for the end.
    ///
    /// # Errors
    /// If the system does not let them be caught.
    pub fn ending() -> io::Result<Self> {
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c()?,
            terminate: tokio::signal::windows::ctrl_break()?,
            close: tokio::signal::windows::ctrl_close()?,
        })
    }

    /// The same: no other concerns a program that holds the terminal.
    ///
    /// # Errors
    /// If the system does not let them be caught.
    pub fn with_terminal() -> io::Result<Self> {
        Self::ending()
    }

    /// Polls for the next signal.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
        let ended =
            self.interrupt.poll_recv(context).is_ready() || self.terminate.poll_recv(context).is_ready();
        if ended {
            return Poll::Ready(Signal::End(INTERRUPT));
        }
        match self.close.poll_recv(context) {
            Poll::Ready(_) => Poll::Ready(Signal::End(super::HANG_UP)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Waits for the next signal.
    pub async fn recv(&mut self) -> Signal {
        std::future::poll_fn(|context| self.poll_recv(context)).await
    }
}

/// Nothing: there is no such limit here.
///
/// # Errors
/// Never.
pub fn heed_file_limit() -> io::Result<()> {
    Ok(())
}

/// Cannot be done here.
///
/// # Errors
/// Always.
pub fn suspend() -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// Asks the console to report the mouse.
///
/// # Errors
/// What the console says.
pub fn take_mouse(out: &mut impl io::Write) -> io::Result<()> {
    crossterm::execute!(out, crossterm::event::EnableMouseCapture)
}

/// Takes that back.
///
/// # Errors
/// What the console says.
pub fn give_mouse(out: &mut impl io::Write) -> io::Result<()> {
    crossterm::execute!(out, crossterm::event::DisableMouseCapture)
}

/// Does nothing: a console takes everything.
pub fn discard_output() {}

/// The console that keys come from.
pub struct Tty;

/// Nothing: looking for input wakes by itself.
pub struct Waker;

impl Waker {
    /// Does nothing.
    pub fn wake(&self) {}
}

impl Tty {
    /// Finds the console that keys come from.
    ///
    /// # Errors
    /// Never.
    pub fn open() -> io::Result<(Self, Waker)> {
        Ok((Self, Waker))
    }

    /// Does not wait: looking for input does.
    #[must_use]
    pub fn wait(&self) -> Readiness {
        Readiness::Readable
    }
}
