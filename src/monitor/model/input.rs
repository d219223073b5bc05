//! A line of text that is being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::sanitize;

/// The longest line, in characters: no name and no path that is typed is longer.
const LONGEST: usize = 1_000;

/// A line of text, and where in it the next character goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    before: String,
    after: String,
}

impl Input {
    /// A line that says something already; the cursor stands behind it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { before: text.into(), after: String::new() }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// What stands before the cursor, and behind it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// True if nothing has been typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Takes a key; false if it is none that edits a line.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        match key.code {
            KeyCode::Char(letter) if plain => self.insert(letter.encode_utf8(&mut [0; 4])),
            KeyCode::Char('u') if key.modifiers == KeyModifiers::CONTROL => self.before.clear(),
            KeyCode::Char('w') if key.modifiers == KeyModifiers::CONTROL => self.erase_word(),
            KeyCode::Backspace => self.erase(),
            KeyCode::Delete => self.delete(),
            KeyCode::Left => self.left(),
            KeyCode::Right => self.right(),
            KeyCode::Home => self.after = std::mem::take(&mut self.before) + &self.after,
            KeyCode::End => self.before.push_str(&std::mem::take(&mut self.after)),
            _ => return false,
        }
        true
    }

    /// Puts text where the cursor is: what a paste brings, in one line.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.before.chars().count() + self.after.chars().count());
        let line = text.replace(['\r', '\n', '\t'], " ");
        self.before.extend(sanitize::line(&line).chars().take(room));
    }

    fn last(&self) -> usize {
        self.before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn erase(&mut self) {
        self.before.truncate(self.last());
    }

    fn erase_word(&mut self) {
        let kept = self.before.trim_end();
        let word = kept.rfind(' ').map_or(0, |space| space + 1);
        self.before.truncate(word);
    }

    fn first(&self) -> usize {
        self.after.graphemes(true).next().map_or(0, str::len)
    }

    fn delete(&mut self) {
        self.after.drain(..self.first());
    }

    fn left(&mut self) {
        let moved = self.before.split_off(self.last());
        self.after.insert_str(0, &moved);
    }

    fn right(&mut self) {
        let rest = self.after.split_off(self.first());
        self.before.push_str(&std::mem::replace(&mut self.after, rest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyCode]) -> Input {
        let mut input = Input::default();
        for key in keys {
            assert!(input.key(&KeyEvent::new(*key, KeyModifiers::NONE)));
        }
        input
    }

    #[test]
    fn it_edits_where_the_cursor_is() {
        use KeyCode::{Backspace, Char, Delete, End, Home, Left, Right};
        assert_eq!(typed(&[Char('a'), Char('c'), Left, Char('b')]).parts(), ("ab", "c"));
        assert_eq!(typed(&[Char('a'), Char('b'), Backspace, Backspace, Backspace]).text(), "");
        assert_eq!(typed(&[Char('a'), Char('b'), Home, Delete, Right, Right]).parts(), ("b", ""));
        assert_eq!(typed(&[Char('a'), Home, End, Char('b')]).parts(), ("ab", ""));
    }

    #[test]
    fn what_looks_like_one_character_goes_as_one() {
        let mut input = Input::new("ae\u{301}");
        input.key(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert_eq!(input.text(), "a");
    }

    #[test]
    fn ctrl_w_takes_a_word_and_ctrl_u_all() {
        let mut input = Input::new("one two  ");
        input.key(&KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(input.text(), "one ");
        input.key(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert!(input.is_empty());
        assert!(!input.key(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!input.key(&KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)));
    }

    #[test]
    fn a_paste_is_one_safe_line_of_bounded_length() {
        let mut input = Input::default();
        input.insert("a\r\nb\u{1b}[2J");
        assert!(input.text().starts_with("a  b<U+001B>"));
        input.insert(&"x".repeat(5_000));
        assert_eq!(input.text().chars().count(), LONGEST);
    }
}
