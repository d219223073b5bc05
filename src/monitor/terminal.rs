//! The terminal: taken, drawn on, given back. There is one way to give it back, for the end, an error, a panic, a
//! signal and a suspension alike.
//!
//! Frames are written by a thread of their own. A terminal that takes nothing (a held Ctrl-S, a stalled
//! connection) holds up that thread and nothing else; the next frame is drawn when it takes something again.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, Show};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{event, execute, queue};
use ratatui::Terminal;
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::{Position, Rect, Size};

use super::model::Model;
use super::view::view;

use crate::platform::{self, Readiness, Tty, Waker};

/// True while this program holds the terminal.
static HELD: AtomicBool = AtomicBool::new(false);

/// How long giving back waits for a frame that is still being written, and [`leave_behind`] for its text.
const PATIENCE: Duration = Duration::from_millis(500);

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
}

impl Screen {
    /// The terminal that standard output is, not yet taken.
    ///
    /// # Errors
    /// If its size cannot be told, or the thread that writes cannot be started.
    pub fn new() -> io::Result<Self> {
        let press = Press::new(io::stdout())?;
        let terminal = Terminal::new(CrosstermBackend::new(press.clone()))?;
        Ok(Self { terminal, press })
    }
}

impl Stage for Screen {
    fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
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
        execute!(io::stdout(), EnterAlternateScreen, Hide)?;
        // Not `clear`, which asks the terminal where its cursor is and would wait for keys to get an answer.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::from((Position::ORIGIN, size)))
    }

    fn release(&mut self) -> io::Result<()> {
        if self.press.drained(PATIENCE) {
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

    fn ready(&self) -> io::Result<bool> {
        self.press.ready()
    }
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
    execute!(io::stdout(), EndSynchronizedUpdate, ResetColor, LeaveAlternateScreen, Show)?;
    modes
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

/// Collects a frame, and writes it as a whole on a thread of its own. Clones collect the same frame.
#[derive(Clone)]
pub struct Press {
    frames: SyncSender<Vec<u8>>,
    state: Arc<PressState>,
}

#[derive(Default)]
struct PressState {
    frame: Mutex<Vec<u8>>,
    writing: AtomicBool,
    broken: AtomicBool,
}

impl Press {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn new(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        let (frames, queue) = mpsc::sync_channel::<Vec<u8>>(1);
        let state = Arc::new(PressState::default());
        let theirs = Arc::clone(&state);
        std::thread::Builder::new().name("terminal-out".to_owned()).spawn(move || {
            while let Ok(frame) = queue.recv() {
                if out.write_all(&frame).and_then(|()| out.flush()).is_err() {
                    theirs.broken.store(true, Ordering::SeqCst);
                }
                theirs.writing.store(false, Ordering::SeqCst);
            }
        })?;
        Ok(Self { frames, state })
    }

    fn ready(&self) -> io::Result<bool> {
        if self.state.broken.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        Ok(!self.state.writing.load(Ordering::SeqCst))
    }

    fn send(&self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.frame());
        self.state.writing.store(true, Ordering::SeqCst);
        self.frames.try_send(frame).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn frame(&self) -> MutexGuard<'_, Vec<u8>> {
        let frame = self.state.frame.lock();
        // A frame that a panic left half done is still only bytes.
        frame.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything is written; false if that takes too long.
    fn drained(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.state.writing.load(Ordering::SeqCst) {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }
}

impl Write for Press {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// A frame goes out as a whole or not at all, so this waits for its end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

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

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_goes_out_as_a_whole() {
        let paper = Paper::default();
        let mut press = Press::new(paper.clone()).unwrap();
        press.write_all(b"one ").unwrap();
        press.flush().unwrap();
        assert!(paper.0.lock().unwrap().is_empty());
        press.write_all(b"frame").unwrap();
        press.send().unwrap();
        assert!(press.drained(Duration::from_secs(5)));
        assert_eq!(*paper.0.lock().unwrap(), b"one frame");
    }

    #[test]
    fn a_terminal_that_takes_nothing_holds_up_nobody() {
        let paper = Paper::default();
        let mut press = Press::new(paper.clone()).unwrap();
        let held = paper.0.lock().unwrap();
        press.write_all(b"stuck").unwrap();
        press.send().unwrap();
        assert!(!press.ready().unwrap());
        assert!(!press.drained(Duration::from_millis(5)));
        drop(held);
        assert!(press.drained(Duration::from_secs(5)));
        assert!(press.ready().unwrap());
    }
}
