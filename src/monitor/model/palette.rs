//! The palette: every action by its name, narrowed down by what is typed.
//!
//! What remains is looked for when something is typed and not again, so that nothing moves under the mark while the
//! sync goes on.

use crossterm::event::KeyEvent;

use super::super::keys::{Action, Binding, KEYMAP};
use super::Model;
use super::input::Input;

/// What was typed so far, and which of the actions that remain is marked.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// The place of the marked action among those that remain.
    pub marked: usize,
    found: Vec<&'static Binding>,
}

impl Palette {
    /// Every action.
    #[must_use]
    pub fn open(model: &Model) -> Self {
        Self { input: Input::default(), marked: 0, found: found("", model) }
    }

    /// Takes a key that edits what was typed; false if it is none.
    pub fn key(&mut self, key: &KeyEvent, model: &Model) -> bool {
        let edited = self.input.key(key);
        if edited {
            self.narrow(model);
        }
        edited
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str, model: &Model) {
        self.input.insert(text);
        self.narrow(model);
    }

    fn narrow(&mut self, model: &Model) {
        (self.marked, self.found) = (0, found(&self.input.text(), model));
    }

    /// The actions that remain.
    #[must_use]
    pub fn found(&self) -> &[&'static Binding] {
        &self.found
    }

    /// The marked action.
    #[must_use]
    pub fn chosen(&self) -> Option<&'static Binding> {
        self.found.get(self.marked).copied()
    }

    /// Moves the mark, stopping at the ends.
    pub fn step(&mut self, by: isize) {
        let last = self.found.len().saturating_sub(1);
        self.marked = self.marked.saturating_add_signed(by).min(last);
    }
}

/// The actions that have all the words somewhere: first those that have something to do, and of these first those whose
/// name begins so, then those whose name has the words.
fn found(typed: &str, model: &Model) -> Vec<&'static Binding> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let all_in = |text: &str| words.iter().all(|word| text.contains(word));
    let mut found: Vec<&Binding> = KEYMAP
        .iter()
        .filter(|binding| !matches!(binding.action, Action::Palette | Action::Enter | Action::Close))
        .filter(|binding| all_in(&format!("{} {}", binding.name, binding.help).to_lowercase()))
        .collect();
    found.sort_by_key(|binding| {
        let named = (binding.name.starts_with(typed.trim()), all_in(binding.name));
        ((binding.ready)(model).is_err(), std::cmp::Reverse(named))
    });
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::*;
    use super::*;

    fn names(model: &Model, typed: &str) -> Vec<&'static str> {
        found(typed, model).iter().map(|binding| binding.name).collect()
    }

    #[test]
    fn what_can_be_done_goes_first_and_a_name_before_an_explanation() {
        let running = midst(120, 36);
        let found = names(&running, "pa");
        assert_eq!(found[0], "pause or resume");
        let panel = found.iter().position(|name| *name == "expand the panel").unwrap();
        let explained = found.iter().position(|name| *name == "copy");
        assert!(explained.is_none_or(|explained| panel < explained), "{found:?}");
        let found = names(&running, "re");
        let ready = |name: &&str| {
            let binding = KEYMAP.iter().find(|binding| binding.name == *name).unwrap();
            (binding.ready)(&running).is_ok()
        };
        assert!(found.iter().position(|name| !ready(name)) > found.iter().rposition(ready), "{found:?}");
    }

    #[test]
    fn nothing_moves_under_the_mark() {
        let mut model = midst(120, 36);
        let palette = Palette::open(&model);
        let marked = palette.chosen().unwrap().name;
        tell(&mut model, 6_000, ended(crate::run::Outcome::Complete, 4));
        assert_ne!(names(&model, "")[0], marked, "pausing has nothing to do any more");
        assert_eq!(palette.chosen().unwrap().name, marked);
    }
}
