//! The real binary in a real terminal: a pseudo-terminal, with an emulator that knows what stands on its screen.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::{MouseProtocolMode, Parser, Screen};

/// How long anything that is waited for may take: only a broken program takes it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a program that is drawing is silent at most.
const MID_FRAME: Duration = Duration::from_millis(10);

/// What is started in a terminal, and how.
pub struct Launch {
    command: CommandBuilder,
    size: PtySize,
    home: TempDir,
}

impl Launch {
    /// The binary.
    pub fn highwater(arguments: &[&str]) -> Self {
        Self::program(env!("CARGO_BIN_EXE_highwater"), arguments)
    }

    /// Another program.
    pub fn program(program: impl AsRef<OsStr>, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        Self { command, size: cells(120, 36), home }
    }

    /// At a size of columns by rows instead of 120 by 36.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = cells(columns, rows);
        self
    }

    /// With a variable in the environment.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// In a home directory that an earlier program may have used.
    pub fn home(mut self, home: TempDir) -> Self {
        self.home = home;
        self
    }

    /// Starts it.
    pub fn start(self) -> Terminal {
        let Self { mut command, size, home } = self;
        command.env("HOME", home.path());
        command.cwd(home.path());
        let pair = native_pty_system().openpty(size).unwrap();
        let source = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let modes = modes(pair.master.as_ref());
        let process = Process(pair.slave.spawn_command(command).unwrap());
        let gate = Arc::new(Gate::default());
        let (pieces, output) = channel();
        let reader = thread::spawn({
            let gate = Arc::clone(&gate);
            move || gate.read(source, &pieces)
        });
        let emulator = Parser::new(count(size.rows), count(size.cols), 0);
        let written = Vec::new();
        Terminal { process, master: pair.master, keys, gate, reader, output, written, emulator, modes, home }
    }
}

fn cells(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn count(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

/// The program. It is killed if this is dropped.
struct Process(Box<dyn Child + Send + Sync>);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the terminal takes what the program writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Taking {
    #[default]
    All,
    Nothing,
    Gone,
}

#[derive(Default)]
struct Gate {
    taking: Mutex<Taking>,
    changed: Condvar,
}

impl Gate {
    fn set(&self, taking: Taking) {
        *self.taking.lock().unwrap() = taking;
        self.changed.notify_all();
    }

    /// Reads on as long as there is a terminal.
    fn read(&self, mut source: impl Read, pieces: &Sender<Vec<u8>>) {
        let mut piece = [0; 8_192];
        loop {
            let mut taking = self.taking.lock().unwrap();
            while *taking == Taking::Nothing {
                taking = self.changed.wait(taking).unwrap();
            }
            if *taking == Taking::Gone {
                return;
            }
            drop(taking);
            match source.read(&mut piece) {
                Ok(length @ 1..) if pieces.send(piece[..length].to_vec()).is_ok() => {}
                _ => return,
            }
        }
    }
}

/// A terminal with a program in it, and a home directory of its own.
pub struct Terminal {
    process: Process,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    gate: Arc<Gate>,
    reader: JoinHandle<()>,
    output: Receiver<Vec<u8>>,
    written: Vec<u8>,
    emulator: Parser,
    /// The terminal's modes (cooked or raw, echo, …) before the program began.
    modes: String,
    pub home: TempDir,
}

impl Terminal {
    /// Starts the binary at a size of columns by rows.
    pub fn start(columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Launch::highwater(arguments).size(columns, rows).start()
    }

    /// The same, in a home directory that an earlier program may have used.
    pub fn start_in(home: TempDir, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Launch::highwater(arguments).size(columns, rows).home(home).start()
    }

    /// All that the program has written, as far as it was looked at.
    pub fn written(&self) -> &[u8] {
        &self.written
    }

    /// Takes nothing more, or almost: what is being read is still taken.
    pub fn stall(&mut self) -> &mut Self {
        self.gate.set(Taking::Nothing);
        self
    }

    /// Takes everything again.
    pub fn go_on(&mut self) -> &mut Self {
        self.gate.set(Taking::All);
        self
    }

    /// Goes away for good, and leaves the program alone. The program must be one that draws when it is resized.
    pub fn hang_up(self) -> Orphan {
        let Self { process, master, keys, gate, reader, home, .. } = self;
        gate.set(Taking::Gone);
        // Only what the program writes ends a read that has begun.
        let end = Instant::now() + PATIENCE;
        for columns in (60..80).cycle() {
            if reader.is_finished() {
                break;
            }
            assert!(Instant::now() < end, "the program does not draw");
            master.resize(cells(columns, 24)).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        drop((keys, master));
        Orphan { process, _home: home }
    }

    /// What stands on the screen.
    pub fn screen(&self) -> String {
        self.emulator.screen().contents()
    }

    /// The same, cell by cell, with its colours.
    pub fn cells(&self) -> &Screen {
        self.emulator.screen()
    }

    /// Takes in what is drawn next, all of it; false if nothing was drawn by then.
    pub fn draws(&mut self, by: Instant) -> bool {
        let drawn = self.take_in(by);
        while drawn && self.take_in(Instant::now() + MID_FRAME) {}
        drawn
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

    /// Takes what the program has written so far, and looks at none of it: the screen is no longer known.
    pub fn ignore(&mut self) {
        while self.output.try_recv().is_ok() {}
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Changes the terminal's size.
    pub fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.master.resize(cells(columns, rows)).unwrap();
        self.emulator.screen_mut().set_size(count(rows), count(columns));
        self
    }

    pub fn process(&self) -> u32 {
        self.process.0.process_id().unwrap()
    }

    /// Waits until the program has ended, and takes in all that it wrote.
    pub fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            self.take_in(Instant::now() + Duration::from_millis(20));
            if let Some(status) = self.process.0.try_wait().unwrap() {
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
        let modes = modes(self.master.as_ref());
        assert_eq!(modes, self.modes, "the terminal's modes have changed");
        #[cfg(unix)]
        assert!(["ICANON", "ECHO", "ISIG"].iter().all(|mode| modes.contains(mode)), "not cooked: {modes}");
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
                self.written.extend_from_slice(&piece);
                true
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => false,
        }
    }
}

/// A program whose terminal has gone away.
pub struct Orphan {
    process: Process,
    _home: TempDir,
}

#[cfg(target_os = "linux")]
impl Orphan {
    /// Waits until the program has ended by itself, and says how much processor time it has used in all.
    pub fn ends(self, patience: Duration) -> Duration {
        let process = self.process.0.process_id().unwrap();
        let end = Instant::now() + patience;
        // Nobody waits for it before that, so what it used can still be read once it has ended.
        while proc::state(process) != 'Z' {
            assert!(Instant::now() < end, "without a terminal, the program does not end");
            thread::sleep(Duration::from_millis(10));
        }
        proc::used(process)
    }
}

/// What the system says of a process.
#[cfg(target_os = "linux")]
pub mod proc {
    use std::time::Duration;

    /// `R` running, `S` sleeping, `T` stopped, `Z` ended.
    pub fn state(process: u32) -> char {
        fields(process)[0].chars().next().unwrap()
    }

    /// The processor time that it has used.
    pub fn used(process: u32) -> Duration {
        let ticks = |field: usize| fields(process)[field].parse::<u64>().unwrap();
        // Of which there are a hundred a second, whatever the kernel's own clock does.
        Duration::from_millis(10 * (ticks(11) + ticks(12)))
    }

    /// The memory that it holds, in KiB.
    pub fn resident(process: u32) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// What stands behind its name, which may hold anything.
    fn fields(process: u32) -> Vec<String> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().map(str::to_owned).collect()
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
