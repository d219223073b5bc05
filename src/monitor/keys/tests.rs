//! No two lines of the table share a key or an action, and no line is without a key.

use super::*;
use std::collections::HashSet;

#[test]
fn no_two_lines_share_a_key_or_an_action() {
    let mut keys = Vec::new();
    let mut actions = HashSet::new();
    for binding in KEYMAP {
        assert!(!binding.keys.is_empty());
        assert!(actions.insert(binding.action), "{:?}", binding.action);
        for key in binding.keys {
            assert!(!keys.contains(key), "{key:?} is bound twice");
            keys.push(*key);
        }
    }
}

#[test]
fn shift_and_ctrl_are_read_as_terminals_send_them() {
    let action = |code, modifiers| binding(&KeyEvent::new(code, modifiers)).map(|binding| binding.action);
    assert_eq!(action(Char('R'), KeyModifiers::SHIFT), Some(Action::Full));
    assert_eq!(action(Char('R'), KeyModifiers::NONE), Some(Action::Full));
    assert_eq!(action(BackTab, KeyModifiers::SHIFT), Some(Action::PreviousPanel));
    assert_eq!(action(Char('C'), KeyModifiers::CONTROL), Some(Action::Quit));
    assert_eq!(action(Char('q'), KeyModifiers::ALT), None);
    assert_eq!(action(Char('s'), KeyModifiers::CONTROL), None);
}

#[test]
fn the_markdown_lists_every_key() {
    let table = markdown();
    for binding in KEYMAP {
        assert!(table.contains(binding.help));
        for key in binding.keys {
            assert!(table.contains(&format!("`{}`", key.name())), "{key:?}");
        }
    }
    assert!(table.contains("| `q` `Ctrl-C` |"));
}
