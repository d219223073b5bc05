//! What is particular to one operating system: signals, suspending, the terminal's input and mouse, private files.
//!
//! Everything behind `cfg` stands here and nowhere else, so that the rest of the house reads the same on all of
//! them.

mod files;
pub mod process;
#[cfg(unix)]
mod unix;
#[cfg(not(unix))]
mod windows;

pub use files::{
    file_identity, foreign_owner, fresh_dir, is_open_to_others, names, new_private_file, private_dir,
    private_file, private_file_itself, sync_folder,
};

#[cfg(unix)]
pub use unix::{
    INPUT_PATIENCE, Signals, Tty, Waker, discard_output, give_mouse, heed_file_limit, suspend, take_mouse,
};
#[cfg(not(unix))]
pub use windows::{
    INPUT_PATIENCE, Signals, Tty, Waker, discard_output, give_mouse, heed_file_limit, suspend, take_mouse,
};

/// The machine's name, if the environment or the system tells it.
#[must_use]
pub fn host() -> Option<String> {
    let named = ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let named = named.or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    named.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

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
