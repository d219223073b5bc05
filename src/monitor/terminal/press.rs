//! A frame is collected here and written as a whole, on a thread of its own: a terminal that takes nothing (a held
//! Ctrl-S, a stalled connection) holds up that thread and nothing else.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

    /// True if the last frame is written.
    ///
    /// # Errors
    /// If no frame ever will be.
    pub fn ready(&self) -> io::Result<bool> {
        if self.state.broken.load(Ordering::SeqCst) {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe));
        }
        Ok(!self.state.writing.load(Ordering::SeqCst))
    }

    /// Sends what was collected on its way.
    ///
    /// # Errors
    /// If the last frame is not written yet.
    pub fn send(&self) -> io::Result<()> {
        let frame = std::mem::take(&mut *self.frame());
        self.state.writing.store(true, Ordering::SeqCst);
        self.frames.try_send(frame).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }

    fn frame(&self) -> MutexGuard<'_, Vec<u8>> {
        let frame = self.state.frame.lock();
        // A frame that a panic left half done is still only bytes.
        frame.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until everything is written, doing something meanwhile; false if that takes too long.
    pub fn drained(&self, patience: Duration, mut meanwhile: impl FnMut()) -> bool {
        let deadline = Instant::now() + patience;
        while self.state.writing.load(Ordering::SeqCst) {
            if Instant::now() >= deadline {
                return false;
            }
            meanwhile();
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
        assert!(press.drained(Duration::from_secs(5), || {}));
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
        assert!(!press.drained(Duration::from_millis(5), || {}));
        drop(held);
        assert!(press.drained(Duration::from_secs(5), || {}));
        assert!(press.ready().unwrap());
    }
}
