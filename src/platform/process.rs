//! Processes that are killed, and what they leave behind.

#[cfg(unix)]
pub use unix::{Modes, die, pass_on, was_killed};
#[cfg(not(unix))]
pub use windows::{Modes, die, pass_on, was_killed};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use rustix::process::{Pid, Signal, getpid, kill_process};
    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    /// Ends this process as `kill -9` does: with nothing cleared up.
    pub fn die() -> ! {
        let _ = kill_process(getpid(), Signal::KILL);
        // Not reached: that signal cannot be refused.
        std::process::abort()
    }

    /// True if a process ended as one that was killed ends.
    #[must_use]
    pub fn was_killed(status: ExitStatus) -> bool {
        status.signal() == Some(Signal::KILL.as_raw())
    }

    /// Sends a process of this one's own a signal that this one was sent.
    pub fn pass_on(child: u32, number: i32) {
        let signal = Signal::from_named_raw(number);
        let child = i32::try_from(child).ok().and_then(Pid::from_raw);
        if let (Some(signal), Some(child)) = (signal, child) {
            // One that is gone has ended already, which is all that was wanted.
            let _ = kill_process(child, signal);
        }
    }

    /// The modes of the terminal that standard input is, as they were.
    pub struct Modes(Option<Termios>);

    impl Modes {
        /// Takes note of them. Of anything but a terminal there are none.
        #[must_use]
        pub fn note() -> Self {
            Self(tcgetattr(io::stdin()).ok())
        }

        /// Puts them back, whatever a process that was killed has left behind.
        pub fn put_back(&self) {
            if let Some(modes) = &self.0 {
                let _ = tcsetattr(io::stdin(), OptionalActions::Flush, modes);
            }
        }
    }
}

#[cfg(not(unix))]
mod windows {
    use std::process::ExitStatus;

    /// What a process that ended at once says of it: 128 + 9, as elsewhere.
    const KILLED: i32 = 137;

    /// Ends this process with nothing cleared up.
    pub fn die() -> ! {
        std::process::exit(KILLED)
    }

    /// True if a process ended as one that was killed ends.
    #[must_use]
    pub fn was_killed(status: ExitStatus) -> bool {
        status.code() == Some(KILLED)
    }

    /// Nothing: the console tells every process by itself.
    pub fn pass_on(_child: u32, _number: i32) {}

    /// The console keeps its modes by itself.
    pub struct Modes;

    impl Modes {
        /// Does nothing.
        #[must_use]
        pub fn note() -> Self {
            Self
        }

        /// Does nothing.
        pub fn put_back(&self) {}
    }
}
