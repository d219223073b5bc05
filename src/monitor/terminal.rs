//! The terminal: taken, drawn on, given back. There is one way to give it back, for the end, an error, a panic, a
//! signal and a suspension alike.
//!
//! `press` writes the frames and `input` reads the keys, on threads of their own. A terminal that takes nothing holds
//! up nobody; the next frame is drawn when it takes something again.

mod input;
mod press;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, mpsc};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::{Position, Rect, Size};

pub use self::input::{Input, input};
use self::press::Press;
use super::model::Model;
use super::text::number;
use super::view::view;
use crate::platform;

/// True while this program holds the terminal.
static HELD: AtomicBool = AtomicBool::new(false);
/// True while it holds the mouse as well.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// How long giving back waits for a frame that is still being written, and [`leave_behind`] for its text.
const PATIENCE: Duration = Duration::from_millis(500);

/// How much base64 most terminals take into their clipboard.
const CLIPBOARD: usize = 74_994;

/// What the monitor is drawn on.
pub trait Stage {
    /// Its size.
    ///
    /// # Errors
    /// What the terminal says.
    fn size(&self) -> io::Result<Size>;

    /// Draws a frame.
    ///
    /// # Errors
    /// What the terminal says.
    fn draw(&mut self, model: &Model) -> io::Result<()>;

    /// Takes the terminal, and draws all of the next frame.
    ///
    /// # Errors
    /// What the terminal says.
    fn claim(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Gives the terminal back.
    ///
    /// # Errors
    /// What the terminal says.
    fn release(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Stops the process until it is continued. The terminal has been given back.
    ///
    /// # Errors
    /// If the system refuses.
    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Puts a text into the clipboard of whoever sits at the terminal. The text must be safe.
    ///
    /// # Errors
    /// If it is too long, or what the terminal says.
    fn copy(&mut self, _text: &str) -> io::Result<()> {
        Ok(())
    }

    /// True if the terminal has taken the last frame.
    ///
    /// # Errors
    /// If it will never take another.
    fn ready(&self) -> io::Result<bool> {
        Ok(true)
    }
}

/// A screen in memory, for tests.
impl Stage for Terminal<TestBackend> {
    fn size(&self) -> io::Result<Size> {
        let Ok(size) = Terminal::size(self);
        Ok(size)
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let Ok(_) = Terminal::draw(self, |frame| view(model, frame));
        Ok(())
    }
}

/// The terminal that standard output is.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Press>>,
    press: Press,
    mouse: bool,
    /// What goes out in front of the next frame.
    copied: Vec<u8>,
}

impl Screen {
    /// The terminal that standard output is, not yet taken, and whether its mouse will be.
    ///
    /// # Errors
    /// If its size cannot be told, or the thread that writes cannot be started.
    pub fn new(mouse: bool) -> io::Result<Self> {
        let press = Press::new(Out)?;
        let terminal = Terminal::new(CrosstermBackend::new(press.clone()))?;
        Ok(Self { terminal, press, mouse, copied: Vec::new() })
    }
}

/// Standard output as long as the terminal is held. What comes later is dropped: it would land in the shell.
struct Out;

impl Write for Out {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        // Whoever gives the terminal back waits here for the end of the frame.
        let mut out = io::stdout().lock();
        if HELD.load(Ordering::SeqCst) {
            out.write_all(frame)?;
            out.flush()?;
        }
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stage for Screen {
    fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        self.press.write_all(&std::mem::take(&mut self.copied))?;
        queue!(self.press, BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| view(model, frame))?;
        queue!(self.press, EndSynchronizedUpdate)?;
        self.press.send()
    }

    fn claim(&mut self) -> io::Result<()> {
        install_hook();
        // The theme decides about colours. Left to itself, crossterm answers NO_COLOR by resetting every attribute,
        // the selection's included.
        crossterm::style::force_color_output(true);
        // Stopped from outside and continued, the terminal has the shell's modes while it counts as held.
        if HELD.load(Ordering::SeqCst) {
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        HELD.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        execute!(out, EnterAlternateScreen, Hide)?;
        // What is pasted must not be taken for keys. A console that is too old for that does without.
        let _ = execute!(out, EnableBracketedPaste);
        if self.mouse {
            MOUSE.store(true, Ordering::SeqCst);
            platform::take_mouse(&mut out)?;
        }
        // Not `clear`, which asks the terminal where its cursor is and would wait for keys to get an answer.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    fn release(&mut self) -> io::Result<()> {
        if self.press.drained(PATIENCE, || {}) {
            return restore();
        }
        // The terminal takes nothing. What waits for it in the system's hands is let go, the rest of the frame with it,
        // to make room for what gives the terminal back.
        if self.press.drained(PATIENCE, platform::discard_output) {
            platform::discard_output();
            return restore();
        }
        // What is written now would only queue up behind the frame that is stuck. The modes can be put back.
        if HELD.swap(false, Ordering::SeqCst) {
            disable_raw_mode()?;
        }
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        platform::suspend()
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        // The last copy counts, and the only one that a terminal which takes nothing makes wait.
        self.copied = clipboard(text)?;
        Ok(())
    }

    fn ready(&self) -> io::Result<bool> {
        self.press.ready()
    }
}

/// What puts a text into the terminal's clipboard: OSC 52, which reaches the operator's own machine through ssh.
fn clipboard(text: &str) -> io::Result<Vec<u8>> {
    let most = CLIPBOARD / 4 * 3;
    if text.len() > most {
        let count = |bytes: usize| number(u64::try_from(bytes).unwrap_or(u64::MAX));
        let why =
            format!("{} bytes are too many for a terminal's clipboard: {}", count(text.len()), count(most));
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).into_bytes())
}

/// Gives the terminal back to the shell: from wherever it is called, and only once.
///
/// # Errors
/// What the terminal says.
pub fn restore() -> io::Result<()> {
    if !HELD.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    // The modes first: they can be put back even where nothing can be written.
    let modes = disable_raw_mode();
    give_back(MOUSE.swap(false, Ordering::SeqCst))?;
    modes
}

/// Writes what gives the terminal back: the mouse too, if it was taken.
fn give_back(mouse: bool) -> io::Result<()> {
    let mut out = io::stdout();
    if mouse {
        platform::give_mouse(&mut out)?;
    }
    let _ = execute!(out, DisableBracketedPaste);
    execute!(out, EndSynchronizedUpdate, ResetColor, LeaveAlternateScreen, Show)
}

/// Gives the terminal back that another process held when it was killed. Its modes are somebody else's to put back.
///
/// # Errors
/// What the terminal says.
pub fn forsaken() -> io::Result<()> {
    give_back(true)
}

/// A panic says what it has to say on the normal screen.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // There is nobody left to tell if this fails, and the panic is more important.
            let _ = restore();
            before(panic);
        }));
    });
}

/// Says something on the normal screen, and gives up on a terminal that takes nothing or is gone: a process that was
/// told to end must not wait for somebody to read why.
pub fn leave_behind(text: String) {
    let (done, printed) = mpsc::channel();
    let printing = std::thread::Builder::new().spawn(move || {
        let mut out = io::stdout();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        let _ = done.send(());
    });
    if printing.is_ok() {
        let _ = printed.recv_timeout(PATIENCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_capped_where_terminals_cap_it() {
        assert_eq!(clipboard("mark").unwrap(), b"\x1b]52;c;bWFyaw==\x1b\\");
        let most = "x".repeat(56_244);
        let framing = b"\x1b]52;c;\x1b\\".len();
        assert!(clipboard(&most).unwrap().len() - framing <= CLIPBOARD);
        let refusal = clipboard(&(most + "x")).unwrap_err().to_string();
        assert_eq!(refusal, "56,245 bytes are too many for a terminal's clipboard: 56,244");
    }
}
