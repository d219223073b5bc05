//! An operator who looks at everything that the monitor has to show.

use std::time::{Duration, Instant};

use super::attack;
use super::judge::is_hostile;
use crate::terminal::Terminal;

/// How long a key that may change nothing is given to change something.
const MOMENT: Duration = Duration::from_millis(50);
/// How many entries of a long list are opened.
const SOME: usize = 12;

/// An operator, and what stood on the screens that they looked at.
pub struct Operator<'t> {
    pub terminal: &'t mut Terminal,
    pub shown: String,
}

impl<'t> Operator<'t> {
    pub fn at(terminal: &'t mut Terminal) -> Self {
        Self { terminal, shown: String::new() }
    }

    fn look(&mut self) -> &mut Self {
        self.shown.push_str(&self.terminal.screen());
        self
    }

    /// Presses keys and waits for what they bring.
    pub fn see(&mut self, keys: &str, text: &str) -> &mut Self {
        self.terminal.press(keys).shows(text);
        self.look()
    }

    /// Presses keys and waits until something is gone.
    pub fn leave(&mut self, keys: &str, text: &str) -> &mut Self {
        self.terminal.press(keys).hides(text);
        self.look()
    }

    /// Presses keys that may move something.
    fn try_out(&mut self, keys: &str) -> &mut Self {
        self.terminal.press(keys).draws(Instant::now() + MOMENT);
        self.look()
    }

    /// Pastes every attack.
    fn paste(&mut self, keys: &str, text: &str) -> &mut Self {
        self.see(keys, text);
        self.try_out(&format!("\u{1b}[200~{}\u{1b}[201~", attack::all()))
    }

    /// Watches until the run is over, through all of its waits.
    pub fn run(&mut self, end: &str) -> &mut Self {
        while !self.terminal.screen().contains(end) {
            self.terminal
                .until("a wait or the end", |screen| screen.contains(end) || screen.contains("WAITING"));
            self.try_out("");
        }
        self
    }

    /// Opens the entries of a panel, one after another.
    fn entries(&mut self, panel: &str, title: &str, lines: usize) -> &mut Self {
        self.see(panel, title).try_out("g");
        for _ in 0..lines {
            self.see("\r", "Esc closes").try_out("\u{1b}[6~").leave("\u{1b}", "Esc closes").try_out("j");
        }
        self
    }

    /// Looks at all panels and at all that can lie over them.
    pub fn everything(&mut self) -> &mut Self {
        self.see("1e", "▶ Users").entries("1", "▶ Users", SOME);
        self.entries("2", "▶ Pages", 4).see("e", "Log");
        self.entries("3", "▶ Runs", 3);
        self.try_out("gm").try_out("j").try_out("\r").try_out("\u{1b}");
        self.entries("4", "▶ Log", SOME).entries("E", "▶ Problems", 12);
        self.paste(":", "Actions").leave("\u{1b}", "Actions");
        self.see("c", "Columns of the rows").leave("\u{1b}", "Columns of the rows");
        self.see("?", "Keys").leave("\u{1b}", "Keys");
        for _ in 0..5 {
            self.see("T", "theme: ");
        }
        self
    }

    /// Copies whatever can be copied.
    pub fn copies(&mut self) -> &mut Self {
        self.see("1g", "▶ Users").try_out("j");
        for letter in ["r", "t", "c"] {
            self.see("y", "Copy").see(letter, "handed to the terminal's clipboard").try_out("j");
        }
        self.see("2", "▶ Pages").see("y", "Copy").see("u", "handed to the terminal's clipboard")
    }

    /// Filters by attacks, pasted and typed.
    pub fn filters(&mut self) -> &mut Self {
        self.paste("1/", "Enter keeps it").leave("\u{1b}", "Esc clears it");
        self.try_out("/\u{202e}\u{9b}x").leave("\u{1b}", "Esc clears it")
    }

    /// Exports in every form, and to a file whose name is an attack.
    pub fn exports(&mut self) -> &mut Self {
        for (tabs, name) in [("", "json"), ("\t", "csv"), ("\t\t", "raw")] {
            self.see("x", "Export the rows").see(tabs, "form");
            self.see(&format!("\u{15}{name}\r"), &format!("/{name}"));
        }
        self.paste("x", "Export the rows")
            .see("\r", "make the directory first")
            .leave("\u{1b}", "make the directory first")
    }
}

/// Panics if an attack did not show on the screens.
pub fn assert_shown(shown: &str) {
    for character in attack::all().chars().filter(|character| is_hostile(*character)) {
        let sign = format!("<U+{:04X}>", u32::from(character));
        assert!(shown.contains(&sign), "{sign} was never seen");
    }
}
