//! Looks at every byte that reached a terminal, through a parser of its own, and knows what this program writes.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vte::{Params, Parser, Perform};

/// What a terminal was made to do.
#[derive(Debug, Default)]
pub struct Seen {
    /// Every character that was drawn, in order; where the cursor was set, a blank.
    pub drawn: String,
    /// What was put into the clipboard.
    pub copies: Vec<String>,
    /// Every sequence that is not one of the program's own, and every character that is none to draw.
    pub offences: BTreeSet<String>,
    /// True while the end of a clipboard's text is due.
    closing: bool,
}

/// Reads what was written, all of it.
pub fn judge(written: &[u8]) -> Seen {
    let mut seen = Seen::default();
    if let Err(error) = std::str::from_utf8(written) {
        seen.offences.insert(format!("no UTF-8: {error}"));
    }
    // The parser swallows some strings without a word: what begins every sequence is looked at by hand as well.
    for at in (0..written.len()).filter(|at| written[*at] == 0x1b) {
        if !matches!(written.get(at + 1), Some(b'[' | b']' | b'\\')) {
            seen.offences.insert(format!("ESC {:?}", written.get(at + 1).map(|byte| char::from(*byte))));
        }
    }
    // Alone it would write over what stands there; the line of progress clears that.
    for at in (0..written.len()).filter(|at| written[*at] == b'\r') {
        if !matches!(written.get(at + 1), None | Some(b'\r' | b'\n' | 0x1b)) {
            seen.offences.insert("a carriage return within a line".to_owned());
        }
    }
    let mut parser = Parser::new();
    parser.advance(&mut seen, written);
    // What does not come to its end swallows this.
    let drawn = seen.drawn.len();
    parser.advance(&mut seen, b"#");
    if seen.drawn.len() == drawn {
        seen.offences.insert("a sequence without an end".to_owned());
    }
    seen.drawn.truncate(drawn);
    seen
}

impl Seen {
    /// Panics if anything was done that the program does not do by itself, or a hostile character was drawn. It copies
    /// so many times, and only when it is told to.
    pub fn assert_own(&self, copies: usize) {
        assert!(self.offences.is_empty(), "reached the terminal: {:#?}", self.offences);
        assert_eq!(self.copies.len(), copies, "{:?}", self.copies);
        for copy in &self.copies {
            assert!(!copy.contains(is_hostile) && copy != "evil", "copied: {copy:?}");
        }
    }

    /// True if anything was done that a text must not do.
    pub fn is_moved(&self) -> bool {
        !self.offences.is_empty() || !self.copies.is_empty()
    }

    fn offend(&mut self, what: String) {
        self.offences.insert(what);
    }
}

/// Characters that a terminal obeys, that turn the text around, or that are there and cannot be seen.
pub fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The program's own sequences, by their parameters and their end.
fn is_own(parameters: &str, action: char) -> bool {
    match (parameters, action) {
        // The alternate screen, the cursor, pastes in brackets, whole frames, the mouse.
        ("?1049" | "?25" | "?2004" | "?2026" | "?1000" | "?1006", 'h' | 'l') => true,
        // The whole screen is cleared before it is drawn anew.
        ("2", 'J') => true,
        // The cursor is put somewhere on the screen.
        (_, 'H') => {
            let places: Vec<u16> = parameters.split(';').filter_map(|place| place.parse().ok()).collect();
            matches!(places[..], [row @ 1..=60, column @ 1..=200] if format!("{row};{column}") == parameters)
        }
        // How text looks: bold, dim, reversed and their like, the colours, and the way back.
        (_, 'm') => looks(parameters),
        // The line of progress: cleared, and stepped up or down to.
        ("2", 'K') | ("0" | "1", 'A' | 'B') => true,
        _ => false,
    }
}

/// Numbers of which each stands for a look, or begins the number of a colour.
fn looks(parameters: &str) -> bool {
    let mut numbers = parameters.split(';').map(|number| number.parse::<u8>().ok());
    while let Some(number) = numbers.next() {
        let whole = match number {
            Some(0..=9 | 21..=29 | 30..=37 | 39 | 40..=47 | 49 | 59) => true,
            Some(38 | 48) => match numbers.next().flatten() {
                Some(5) => numbers.next().flatten().is_some(),
                Some(2) => (0..3).all(|_| numbers.next().flatten().is_some()),
                _ => false,
            },
            _ => false,
        };
        if !whole {
            return false;
        }
    }
    true
}

fn spelt(parameters: &Params, intermediates: &[u8]) -> String {
    let parts = parameters.iter().map(|part| {
        let part: Vec<String> = part.iter().map(ToString::to_string).collect();
        part.join(":")
    });
    format!("{}{}", String::from_utf8_lossy(intermediates), parts.collect::<Vec<_>>().join(";"))
}

impl Perform for Seen {
    fn print(&mut self, character: char) {
        if is_hostile(character) {
            self.offend(format!("U+{:04X} drawn", u32::from(character)));
        }
        self.drawn.push(character);
    }

    fn execute(&mut self, byte: u8) {
        if !matches!(byte, b'\r' | b'\n') {
            self.offend(format!("byte {byte:02x}"));
        }
        self.drawn.push(' ');
    }

    fn csi_dispatch(&mut self, parameters: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        let parameters = spelt(parameters, intermediates);
        if !is_own(&parameters, action) {
            self.offend(format!("CSI {parameters}{action}"));
        }
        if action == 'H' {
            self.drawn.push(' ');
        }
    }

    fn osc_dispatch(&mut self, parameters: &[&[u8]], _bell: bool) {
        let copied = match parameters {
            [b"52", b"c", text] => STANDARD.decode(text).ok().and_then(|text| String::from_utf8(text).ok()),
            _ => None,
        };
        self.closing = copied.is_some();
        match copied {
            Some(copied) => self.copies.push(copied),
            None => self.offend(format!(
                "OSC {:?}",
                parameters.iter().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>()
            )),
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], _ignore: bool, byte: u8) {
        let closes = byte == b'\\' && intermediates.is_empty();
        if !(std::mem::take(&mut self.closing) && closes) {
            self.offend(format!("ESC {}", char::from(byte)));
        }
    }

    fn hook(&mut self, _parameters: &Params, _intermediates: &[u8], _ignore: bool, action: char) {
        self.offend(format!("DCS {action}"));
    }
}
