//! What is particular to one operating system: signals, suspending, the terminal's input and mouse, private files.
//!
//! Everything behind `cfg` stands here and nowhere else, so that the rest of the house reads the same on all of
//! them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

pub mod process;

#[cfg(unix)]
pub use unix::{INPUT_PATIENCE, Signals, Tty, Waker, discard_output, give_mouse, suspend, take_mouse};
#[cfg(not(unix))]
pub use windows::{INPUT_PATIENCE, Signals, Tty, Waker, discard_output, give_mouse, suspend, take_mouse};

/// The number of the signal that a terminal sends when it goes away.
pub const HANG_UP: i32 = 1;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// To end; the number makes the exit code, 128 + n.
    End(i32),
    /// To give the terminal back and stop for a while.
    Suspend,
    /// To take the terminal again: the process goes on.
    Continued,
    /// To look at the terminal's size again.
    Resized,
}

/// What the terminal's input is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// There is something to read.
    Readable,
    /// The terminal is gone.
    Gone,
}

/// Makes a directory, and those above it, that only its owner can enter. One that exists stays as it is.
///
/// # Errors
/// What the system says.
pub fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a directory that only its owner can enter, and that was not there before.
///
/// # Errors
/// What the system says; that it is there already, too.
pub fn fresh_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for reading and writing that only its owner can read, and makes it if it is not there. One that
/// exists keeps its content and its mode.
///
/// # Errors
/// What the system says.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file for writing that only its owner can read. Fails if anything is there, be it a link that leads nowhere.
///
/// # Errors
/// What the system says.
pub fn new_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes sure that the name of a new file survives a power cut, where a directory can be brought to the disk.
///
/// # Errors
/// What the system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// What tells a file from another of the same name; `None` if there is none, or where the system does not say.
#[must_use]
pub fn file_identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    return std::fs::metadata(path).ok().map(|found| {
        use std::os::unix::fs::MetadataExt as _;
        (found.dev(), found.ino())
    });
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{Read as _, Write as _};
    use std::os::fd::{AsFd, OwnedFd};
    use std::os::unix::net::UnixStream;
    use std::task::{Context, Poll};

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::termios::{Action, QueueSelector, tcflow, tcflush};
    use tokio::signal::unix::{self, SignalKind, signal};

    use super::{Duration, File, HANG_UP, Readiness, Signal, io};

    /// How long to look for the rest of what made the input readable.
    pub const INPUT_PATIENCE: Duration = Duration::from_millis(20);

    /// The signals that concern this program.
    pub struct Signals(Vec<(unix::Signal, Signal)>);

    impl Signals {
        /// The signals that ask for the end. One that the parent had set to be ignored, as `nohup` does, stays so.
        ///
        /// # Errors
        /// If the system does not let them be caught.
        pub fn ending() -> io::Result<Self> {
            // Once it is caught, a write past the limit of a file's size fails as on a full disk, and is told.
            let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
            let mut signals = Vec::new();
            for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
                let number = kind.as_raw_value();
                if !(number == HANG_UP && is_ignored(number)) {
                    signals.push((signal(kind)?, Signal::End(number)));
                }
            }
            Ok(Self(signals))
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
                signals.0.push((signal(kind)?, meaning));
            }
            Ok(signals)
        }

        /// Polls for the next signal.
        pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Signal> {
            for (signal, meaning) in &mut self.0 {
                if let Poll::Ready(Some(())) = signal.poll_recv(context) {
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
}

#[cfg(not(unix))]
mod windows {
    use std::task::{Context, Poll};

    use super::{Duration, Readiness, Signal, io};

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
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_made_is_private() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("a/b");
        private_dir(&directory).unwrap();
        private_dir(&directory).unwrap();
        let file = directory.join("f");
        drop(private_file(&file).unwrap());
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&place.path().join("a")), 0o700);
        assert_eq!(mode(&file), 0o600);
    }

    #[test]
    fn opening_again_keeps_the_content() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("f");
        std::fs::write(&path, "kept").unwrap();
        drop(private_file(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept");
    }
}
