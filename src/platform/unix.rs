//! Signals, the terminal as a device, and suspension on Unix.

use std::fs::File;
use std::io;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
use tokio::signal::unix::{self, SignalKind, signal};

use super::{HANG_UP, Readiness, Signal};

/// How long to look for the rest of what made the input readable.
pub const INPUT_PATIENCE: Duration = Duration::from_millis(20);

/// The signals that concern this program.
pub struct Signals {
    all: Vec<(unix::Signal, Signal)>,
    /// The last one that asked for the end, and when it came.
    ended: Option<(i32, Instant)>,
}

/// Within this time the same signal is the same wish: `timeout` sends it to the process and then to its group.
const SAME_WISH: Duration = Duration::from_millis(200);

impl Signals {
    /// The signals that ask for the end. One that the parent had set to be ignored, as `nohup` does, stays so.
    ///
    /// # Errors
    /// If the system does not let them be caught.
    pub fn ending() -> io::Result<Self> {
        let mut signals = Vec::new();
        for kind in
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()]
        {
            let number = kind.as_raw_value();
            if !(number == HANG_UP && is_ignored(number)) {
                signals.push((signal(kind)?, Signal::End(number)));
            }
        }
        Ok(Self { all: signals, ended: None })
    }

    /// The same, and those that concern a program which holds the terminal.
    ///
    /// # Errors
    /// If the system does not let them be caught.
    pub fn with_terminal() -> io::Result<Self> {
        use rustix::process::Signal as Name;
        let mut signals = Self::ending()?;
        for (kind, meaning) in [
            (SignalKind::from_raw(Name::TSTP.as_raw()), Signal::Suspend),
            (SignalKind::from_raw(Name::CONT.as_raw()), Signal::Continued),
            (SignalKind::window_change(), Signal::Resized),
        ] {
            signals.all.push((signal(kind)?, meaning));
        }
        Ok(signals)
    }

    /// Polls for the next signal.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
        for (signal, meaning) in &mut self.all {
            while let Poll::Ready(Some(())) = signal.poll_recv(context) {
                if let Signal::End(number) = *meaning {
                    let before = self.ended.replace((number, Instant::now()));
                    if before.is_some_and(|(same, at)| same == number && at.elapsed() < SAME_WISH) {
                        continue;
                    }
                }
                return Poll::Ready(*meaning);
            }
        }
        Poll::Pending
    }

    /// Waits for the next signal.
    pub async fn recv(&mut self) -> Signal {
        std::future::poll_fn(|context| self.poll_recv(context)).await
    }
}

/// Catches the signal that ends a process which writes past the limit of a file's size: the write then fails as on a
/// full disk, and is told. Within a runtime, and for good.
///
/// # Errors
/// If the system does not let it be caught.
pub fn heed_file_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// True if the process was started with that signal ignored. Known on Linux only; elsewhere it is taken not to be.
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0);
    mask >> (number - 1) & 1 == 1
}

/// Stops the whole process group until the shell continues it.
///
/// # Errors
/// If the system refuses.
pub fn suspend() -> io::Result<()> {
    // STOP and not TSTP: that one is caught by this very process, and the group is what the shell waits for.
    rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
    Ok(())
}

/// Asks the terminal to report clicks and the wheel. Not where the mouse moves: that would wake for nothing.
///
/// # Errors
/// What the terminal says.
pub fn take_mouse(out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(b"\x1b[?1000h\x1b[?1006h")?;
    out.flush()
}

/// Takes that back.
///
/// # Errors
/// What the terminal says.
pub fn give_mouse(out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(b"\x1b[?1006l\x1b[?1000l")?;
    out.flush()
}

/// Lets go of what was written to standard output and the terminal has not taken yet, and wakes who waits to
/// write more.
pub fn discard_output() {
    let out = io::stdout();
    // Where that is no terminal there is nothing to let go of. Linux wakes a writer only when output starts again.
    let _ = tcflush(&out, QueueSelector::OFlush);
    let _ = tcflow(&out, Action::OOff).and_then(|()| tcflow(&out, Action::OOn));
}

/// The terminal that keys come from.
pub struct Tty {
    keys: OwnedFd,
    wakes: UnixStream,
}

/// Ends a [`Tty::wait`].
pub struct Waker(UnixStream);

impl Waker {
    /// Ends the wait that is on, or the next one.
    pub fn wake(&self) {
        // A stream that is full holds a wake already.
        let _ = (&self.0).write(&[0]);
    }
}

impl Tty {
    /// Finds the terminal that keys come from: standard input, or else the controlling one.
    ///
    /// # Errors
    /// If there is none.
    pub fn open() -> io::Result<(Self, Waker)> {
        let stdin = io::stdin();
        let keys = if rustix::termios::isatty(&stdin) {
            stdin.as_fd().try_clone_to_owned()?
        } else {
            File::options().read(true).write(true).open("/dev/tty")?.into()
        };
        let (wakes, waker) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        Ok((Self { keys, wakes }, Waker(waker)))
    }

    /// Blocks until there is something to read, the terminal is gone, which readers of a dead terminal would
    /// otherwise go on reading nothing from for ever, or a [`Waker`] ends it.
    #[must_use]
    pub fn wait(&self) -> Readiness {
        let mut fds = [
            PollFd::from_borrowed_fd(self.keys.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.wakes.as_fd(), PollFlags::IN),
        ];
        loop {
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Readiness::Gone,
                Ok(_) => break,
            }
        }
        let _ = (&self.wakes).read(&mut [0; 64]);
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if fds[0].revents().intersects(gone) { Readiness::Gone } else { Readiness::Readable }
    }
}
