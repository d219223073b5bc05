//! The real binary in a real terminal: a pseudo-terminal, with an emulator that knows what stands on its screen.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::{MouseProtocolMode, Parser};

/// How long anything that is waited for may take: only a broken program takes it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal with the binary in it, and a home directory of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    emulator: Parser,
    /// The terminal's modes (cooked or raw, echo, …) before the program began.
    modes: String,
    pub home: TempDir,
}

impl Terminal {
    /// Starts the binary at a size of columns by rows.
    pub fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), columns, rows, arguments)
    }

    /// The same, in a home directory that an earlier program may have used.
    pub fn start_in(home: TempDir, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_highwater"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.cwd(home.path());
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let modes = modes(pair.master.as_ref());
        let child = pair.slave.spawn_command(command).unwrap();
        let (pieces, output) = channel();
        thread::spawn(move || {
            let mut piece = [0; 8_192];
            while let Ok(length @ 1..) = reader.read(&mut piece) {
                if pieces.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        let cells = |count| NonZeroU16::new(count).unwrap();
        let emulator = Parser::new(cells(rows), cells(columns), 0);
        Self { child, master: pair.master, keys, output, emulator, modes, home }
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Waits until the screen shows a text.
    pub fn shows(&mut self, text: &str) -> &mut Self {
        self.until(&format!("the screen to show {text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen no longer shows a text.
    pub fn hides(&mut self, text: &str) -> &mut Self {
        self.until(&format!("the screen to lose {text:?}"), |screen| !screen.contains(text))
    }

    /// Waits until something holds of the screen's text.
    pub fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let end = Instant::now() + PATIENCE;
        while !holds(&self.screen()) {
            if !self.take_in(end) {
                panic!("waited in vain for {what}; the screen is\n{}", self.screen());
            }
        }
        self
    }

    /// Takes in what the program writes for a while, as an observer who wants nothing in particular.
    pub fn watch_for(&mut self, length: Duration) -> &mut Self {
        let end = Instant::now() + length;
        while self.take_in(end) {}
        self
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Changes the terminal's size.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let cells = |count| NonZeroU16::new(count).unwrap();
        self.emulator.screen_mut().set_size(cells(rows), cells(columns));
        self
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the program has ended, and takes in all that it wrote.
    pub fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            self.take_in(Instant::now() + Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().unwrap() {
                while self.take_in(Instant::now() + Duration::from_millis(100)) {}
                return status;
            }
            assert!(Instant::now() < end, "the program does not end; the screen is\n{}", self.screen());
        }
    }

    /// Panics unless the terminal is as it was found: cooked, on the normal screen, cursor visible, mouse off.
    pub fn assert_clean(&self) {
        let screen = self.emulator.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None, "the mouse is still taken");
        assert_eq!(modes(self.master.as_ref()), self.modes, "the terminal's modes have changed");
    }

    /// The default database of the built-in playground in this home.
    pub fn database(&self) -> PathBuf {
        self.home.path().join(".local/share/highwater/playground.db")
    }

    /// Takes in the next piece of output; false if none came by then.
    fn take_in(&mut self, by: Instant) -> bool {
        match self.output.recv_timeout(by.saturating_duration_since(Instant::now())) {
            Ok(piece) => {
                self.emulator.process(&piece);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

#[cfg(not(unix))]
fn modes(_: &dyn MasterPty) -> String {
    String::new()
}
