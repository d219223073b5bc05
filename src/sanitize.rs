//! Remote text → text that is safe on a terminal: the one door through which it comes, for the screen, the plain
//! report, logs and errors alike.
//!
//! Hostile characters are shown, not dropped, so that an operator sees what the source sent: `<U+202E>`. Newlines
//! and tabs become `⏎` and `→`, because a cell and a log line are one line. The classes are those of CVE-2021-42574
//! (bidirectional controls), the C0 and C1 sets, and what Unicode calls default-ignorable: characters that are there
//! and drawn as nothing, such as zero-width joiners, fillers, variation selectors and the tag block. The one that makes an
//! emoji of a sign (U+FE0F) stays.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes a text safe for one line of a terminal. Borrowed where nothing had to change; idempotent.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_hostile) else {
        return Cow::Borrowed(text);
    };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    let mut characters = text[first..].chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\u{2028}' | '\u{2029}' => safe.push('⏎'),
            '\t' => safe.push('→'),
            hostile if is_hostile(hostile) => show(hostile, &mut safe),
            plain => safe.push(plain),
        }
    }
    Cow::Owned(safe)
}

fn show(hostile: char, safe: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(safe, "<U+{:04X}>", u32::from(hostile));
}

/// A text made safe as by [`line()`], cut after at most `most` characters with an ellipsis: for a piece of a body in
/// an error.
#[must_use]
pub fn snippet(text: &str, most: usize) -> String {
    let safe = line(text);
    match safe.char_indices().nth(most) {
        None => safe.into_owned(),
        Some((end, _)) => format!("{}…", &safe[..end]),
    }
}

/// Makes a text safe for a cell of a file, where lines and tabs are data: they stay, and everything else that is hostile is
/// shown. Borrowed where nothing had to change; idempotent.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let stays = |character| matches!(character, '\n' | '\t');
    if !text.chars().any(|character| is_hostile(character) && !stays(character)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_a_line = character == '\r' && characters.peek() == Some(&'\n');
        if is_hostile(character) && !stays(character) && !ends_a_line {
            show(character, &mut safe);
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// How much of a foreign text a message quotes, in characters.
pub const QUOTED: usize = 60;

/// A foreign text in quotes, safe for a message.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", snippet(text, QUOTED))
}

/// Escapes in JSON text what JSON itself lets through: C1 controls, bidirectional and zero-width characters. The
/// values stay the same.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hostile(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

fn is_hostile(character: char) -> bool {
    // Nearly every character is one of these, and every value that comes is asked about.
    if matches!(character, ' '..='~') {
        return false;
    }
    matches!(character,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_characters_are_shown() {
        assert_eq!(line("a\u{1b}]52;c;eA==\u{7}b"), "a<U+001B>]52;c;eA==<U+0007>b");
        assert_eq!(line("\u{9b}2J"), "<U+009B>2J");
        assert_eq!(line("abc\u{202e}def\u{200b}"), "abc<U+202E>def<U+200B>");
        assert_eq!(line("\u{e0041}"), "<U+E0041>");
        assert_eq!(line("👨\u{200d}👩"), "👨<U+200D>👩");
        assert_eq!(line("a\u{fe0e}\u{3164}\u{115f}"), "a<U+FE0E><U+3164><U+115F>");
        assert_eq!(line("🏴\u{e0067}\u{e007f}"), "🏴<U+E0067><U+E007F>");
    }

    #[test]
    fn lines_become_one() {
        assert_eq!(line("12 High St\nLeeds\r\nUK\tx"), "12 High St⏎Leeds⏎UK→x");
    }

    #[test]
    fn a_cell_keeps_its_lines_and_nothing_else() {
        assert!(matches!(cell("12 High St\nLeeds\tUK"), Cow::Borrowed(_)));
        assert_eq!(cell("a\r\nb\rc\u{1b}[2J\u{202e}"), "a\r\nb<U+000D>c<U+001B>[2J<U+202E>");
    }

    #[test]
    fn letters_of_every_script_and_emoji_pass_untouched() {
        for text in [
            "שלום",
            "مرحبا",
            "日本語",
            "é",
            "e\u{301}",
            "👩\u{fe0f}",
            "🇩🇪",
            "👩🏽",
            "\u{1100}\u{1161}\u{11a8}",
            "naïve",
        ] {
            assert!(matches!(line(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_snippet_is_cut_by_characters() {
        assert_eq!(snippet("ééé", 2), "éé…");
        assert_eq!(snippet("ééé", 3), "ééé");
    }

    proptest! {
        #[test]
        fn json_keeps_its_values_and_loses_its_teeth(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            let safe = json(&written);
            prop_assert!(!safe.chars().any(is_hostile));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }

        #[test]
        fn the_result_is_safe_and_stays_as_it_is(text in any::<String>()) {
            let once = line(&text).into_owned();
            prop_assert!(!once.chars().any(is_hostile));
            prop_assert_eq!(line(&once), once.as_str());
        }
    }
}
