//! What the README shows, performed by the real binary in a real terminal.

use std::time::{Duration, Instant};

use super::window::Film;
use crate::terminal::{Launch, Terminal};

/// How long a scene takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As long as somebody who watches it needs.
    Watched,
    /// As long as the program needs.
    AtOnce,
}

impl Pace {
    fn latency(self, watched: &'static str) -> &'static str {
        match self {
            Self::Watched => watched,
            Self::AtOnce => "40ms",
        }
    }

    fn reading(self, milliseconds: u64) -> Duration {
        match self {
            Self::Watched => Duration::from_millis(milliseconds),
            Self::AtOnce => Duration::ZERO,
        }
    }
}

/// A picture of the README.
pub struct Scene {
    /// Where it is.
    pub file: &'static str,
    /// What was entered to see it.
    pub command: &'static str,
    /// Performs it.
    pub perform: fn(Pace) -> Film,
}

/// All of them.
pub const SCENES: &[Scene] = &[
    Scene { file: "assets/monitor.svg", command: "highwater --db people.db", perform: first_sync },
    Scene { file: "assets/users.svg", command: "highwater --db people.db", perform: users },
    Scene { file: "assets/ties.svg", command: "highwater demo ties", perform: ties },
];

/// In the midst of the first sync.
fn first_sync(pace: Pace) -> Film {
    let mut terminal = built_in(pace, "200ms", "2000").start();
    terminal.shows("page 28 is on the wire");
    still(terminal)
}

/// The table, narrowed down and ordered.
fn users(pace: Pace) -> Film {
    let mut terminal = built_in(pace, "100ms", "1000").size(120, 30).start();
    terminal.shows("COMPLETE").press("e/company:group -job:manager").shows("Enter keeps it").press("\r");
    terminal.hides("Enter keeps it").press("oo").shows("Users, by name").shows(" 1 of ");
    terminal.press("jjj").shows(" 4 of ");
    still(terminal)
}

/// The demo that shows what the program is for: the first pages at a key each, then the rest.
fn ties(pace: Pace) -> Film {
    let arguments = ["demo", "ties", "--latency", pace.latency("450ms")];
    // Its files go to its own home, and so do their names.
    let terminal = Launch::highwater(&arguments).with("TMPDIR", ".").size(116, 30).start();
    let mut camera = Camera { terminal, film: Film::new(), since: Instant::now() };
    camera.until("takes a step").wait(pace.reading(2_500));
    camera.press("s").until("Both have page 1").wait(pace.reading(2_500));
    camera.press("s").until("has lost 20 rows").wait(pace.reading(3_200));
    for pages in ["3 pages", "4 pages"] {
        camera.press("s").until(pages).until("PAUSED").wait(pace.reading(1_000));
    }
    camera.press("s").until("as it should be").wait(pace.reading(3_500));
    camera.film
}

/// The monitor on the built-in playground, with so many users.
fn built_in(pace: Pace, latency: &'static str, users: &str) -> Launch {
    Launch::highwater(&["--db", "people.db"])
        .with("HIGHWATER_PLAYGROUND_LATENCY", pace.latency(latency))
        .with("HIGHWATER_PLAYGROUND_USERS", users)
}

/// What is to be seen now, and nothing else.
fn still(mut terminal: Terminal) -> Film {
    terminal.draws(Instant::now() + Duration::from_millis(100));
    vec![(terminal.cells().clone(), Duration::ZERO)]
}

/// Somebody who looks on, and notes how long each frame stands.
struct Camera {
    terminal: Terminal,
    film: Film,
    since: Instant,
}

impl Camera {
    fn press(&mut self, keys: &str) -> &mut Self {
        self.terminal.press(keys);
        self
    }

    /// Looks on until a text is to be seen.
    fn until(&mut self, text: &str) -> &mut Self {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.terminal.screen().contains(text) {
            assert!(
                Instant::now() < end,
                "waited in vain for {text:?}; the screen is\n{}",
                self.terminal.screen()
            );
            self.look(end);
        }
        self
    }

    /// Looks on for a while.
    fn wait(&mut self, length: Duration) -> &mut Self {
        let end = Instant::now() + length;
        while Instant::now() < end {
            self.look(end);
        }
        self
    }

    /// Looks at the next frame, if one is drawn by then. The one before stood until now.
    fn look(&mut self, by: Instant) {
        let drawn = self.terminal.draws(by);
        if let Some((_, shown)) = self.film.last_mut() {
            *shown += self.since.elapsed();
        }
        self.since = Instant::now();
        if drawn {
            self.film.push((self.terminal.cells().clone(), Duration::ZERO));
        }
    }
}
