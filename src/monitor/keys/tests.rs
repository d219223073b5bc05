//! No two lines of the table share a key, and no action is without one.

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
fn every_action_is_bound() {
    use Action as A;
    let all = [
        A::Pause,
        A::Step,
        A::Again,
        A::Full,
        A::NextPanel,
        A::PreviousPanel,
        A::Up,
        A::Down,
        A::PageUp,
        A::PageDown,
        A::First,
        A::Last,
        A::Enter,
        A::Close,
        A::Help,
        A::Quit,
        A::Suspend,
        A::Show(Panel::Users),
        A::Show(Panel::Pages),
        A::Show(Panel::Runs),
        A::Show(Panel::Log),
        A::Show(Panel::Problems),
        A::Expand,
        A::Freeze,
        A::Mark,
        A::Copy,
        A::Filter,
        A::Sort,
        A::Reverse,
        A::Columns,
        A::Export,
        A::Palette,
        A::Theme,
        A::Narration,
        A::Faster,
        A::Slower,
    ];
    for action in all {
        // A new action breaks this match, and with it the list above.
        match action {
            A::Pause
            | A::Step
            | A::Again
            | A::Full
            | A::NextPanel
            | A::PreviousPanel
            | A::Up
            | A::Down
            | A::PageUp
            | A::PageDown
            | A::First
            | A::Last
            | A::Enter
            | A::Close
            | A::Help
            | A::Quit
            | A::Suspend
            | A::Show(_)
            | A::Expand
            | A::Freeze
            | A::Mark
            | A::Copy
            | A::Filter
            | A::Sort
            | A::Reverse
            | A::Columns
            | A::Export
            | A::Palette
            | A::Theme
            | A::Narration
            | A::Faster
            | A::Slower => {}
        }
        assert!(KEYMAP.iter().any(|binding| binding.action == action), "{action:?}");
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
