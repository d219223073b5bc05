//! The palette: every action by its name, narrowed down by what is typed.

use crossterm::event::KeyEvent;

use super::super::keys::{Action, Binding, KEYMAP};
use super::input::Input;

/// What was typed so far, and which of the actions that remain is marked.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// The place of the marked action among those that remain.
    pub marked: usize,
}

impl Palette {
    /// Takes a key that edits what was typed; false if it is none.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let edited = self.input.key(key);
        if edited {
            self.marked = 0;
        }
        edited
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.input.insert(text);
        self.marked = 0;
    }

    /// The actions that remain: first those whose name begins so, then those that have all the words somewhere.
    #[must_use]
    pub fn matches(&self) -> Vec<&'static Binding> {
        let typed = self.input.text().to_lowercase();
        let words: Vec<&str> = typed.split_whitespace().collect();
        let mut found: Vec<&Binding> = KEYMAP
            .iter()
            .filter(|binding| !matches!(binding.action, Action::Palette | Action::Enter | Action::Close))
            .filter(|binding| {
                let text = format!("{} {}", binding.name, binding.help).to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect();
        found.sort_by_key(|binding| !binding.name.starts_with(typed.trim()));
        found
    }

    /// The marked action.
    #[must_use]
    pub fn chosen(&self) -> Option<&'static Binding> {
        self.matches().get(self.marked).copied()
    }

    /// Moves the mark, stopping at the ends.
    pub fn step(&mut self, by: isize) {
        let last = self.matches().len().saturating_sub(1);
        self.marked = self.marked.saturating_add_signed(by).min(last);
    }
}
