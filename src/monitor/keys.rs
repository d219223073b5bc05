//! The keys, in one table: from it come dispatch, the footer, the help and the README's list.
//!
//! A key that has nothing to do right now stays where it is, greyed, and says why when it is pressed.

mod ready;

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use self::ready::{
    again_label, again_ready, always, expand_label, freeze_label, full_ready, help_ready, mark_ready,
    panels_ready, pause_label, pause_ready, quit_label, reverse_ready, speed_ready, step_ready,
    suspend_ready, table_ready,
};
use super::model::{Model, Panel};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Pauses the sync, or goes on after a pause.
    Pause,
    /// Asks for one page.
    Step,
    /// Runs again, or ends a wait.
    Again,
    /// Reads everything again, after asking.
    Full,
    /// Plays a recording faster.
    Faster,
    /// Plays a recording slower.
    Slower,
    /// To the next panel.
    NextPanel,
    /// To the previous panel.
    PreviousPanel,
    /// One line up.
    Up,
    /// One line down.
    Down,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// To the newest.
    First,
    /// To the oldest.
    Last,
    /// All of the selected entry; or yes.
    Enter,
    /// Closes what is on top.
    Close,
    /// To a panel.
    Show(Panel),
    /// Gives the panel all the room there is, or takes it back.
    Expand,
    /// Holds the view still while the sync goes on, or lets it go on.
    Freeze,
    /// Marks a run to compare others with.
    Mark,
    /// Hands something to the terminal's clipboard.
    Copy,
    /// Narrows the users down.
    Filter,
    /// Orders the users by the next column.
    Sort,
    /// Turns their order around.
    Reverse,
    /// Chooses the columns of the users.
    Columns,
    /// Writes the users that are looked at to a file, or ends that.
    Export,
    /// Lists every action by its name.
    Palette,
    /// Takes the next theme.
    Theme,
    /// Shows every key.
    Help,
    /// Stops the sync and leaves.
    Quit,
    /// Stops the process until the shell continues it.
    Suspend,
}

/// A key as it is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chord {
    /// The key alone; an upper-case letter is its own key.
    Plain(KeyCode),
    /// Together with Ctrl.
    Ctrl(char),
}

/// What a group of keys is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The run.
    Sync,
    /// Where the operator looks.
    Look,
    /// The users.
    Users,
    /// The program.
    Program,
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 4] = [Self::Sync, Self::Look, Self::Users, Self::Program];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sync => "The sync",
            Self::Look => "Looking around",
            Self::Users => "The users",
            Self::Program => "The program",
        }
    }
}

/// What the footer calls a key, depending on what it would do now.
type Label = fn(&Model) -> &'static str;
/// Whether a key has something to do now, or why not.
type Readiness = fn(&Model) -> Result<(), &'static str>;

/// One line of the table.
pub struct Binding {
    /// The keys.
    pub keys: &'static [Chord],
    /// What they do.
    pub action: Action,
    /// What they are about.
    pub group: Group,
    /// What the palette calls it.
    pub name: &'static str,
    /// What the footer calls them; `None` keeps them out of the footer.
    pub footer: Option<Label>,
    /// What they do, for the help and the README.
    pub help: &'static str,
    /// Whether they have something to do now, or why not.
    pub ready: Readiness,
}

use Chord::{Ctrl, Plain};
use KeyCode::{BackTab, Char, Down, End, Enter, Esc, Home, PageDown, PageUp, Tab, Up};

/// Every key.
pub const KEYMAP: &[Binding] = &[
    Binding {
        keys: &[Plain(Char(' '))],
        action: Action::Pause,
        group: Group::Sync,
        name: "pause or resume",
        footer: Some(pause_label),
        help: "pause after the page on the wire, or resume; again: drop it",
        ready: pause_ready,
    },
    Binding {
        keys: &[Plain(Char('s'))],
        action: Action::Step,
        group: Group::Sync,
        name: "step one page",
        footer: Some(|_| "step"),
        help: "ask for exactly one page, then hold",
        ready: step_ready,
    },
    Binding {
        keys: &[Plain(Char('r'))],
        action: Action::Again,
        group: Group::Sync,
        name: "run again, or retry now",
        footer: Some(again_label),
        help: "run again, or go on with what is unfinished; in a wait: retry",
        ready: again_ready,
    },
    Binding {
        keys: &[Plain(Char('R'))],
        action: Action::Full,
        group: Group::Sync,
        name: "full re-sync",
        footer: Some(|_| "full re-sync"),
        help: "full re-sync: read everything again; asks first",
        ready: full_ready,
    },
    Binding {
        keys: &[Plain(Char('>'))],
        action: Action::Faster,
        group: Group::Sync,
        name: "play faster",
        footer: None,
        help: "play a recording twice as fast",
        ready: speed_ready,
    },
    Binding {
        keys: &[Plain(Char('<'))],
        action: Action::Slower,
        group: Group::Sync,
        name: "play slower",
        footer: None,
        help: "play a recording half as fast",
        ready: speed_ready,
    },
    Binding {
        keys: &[Plain(Tab)],
        action: Action::NextPanel,
        group: Group::Look,
        name: "next panel",
        footer: Some(|_| "panel"),
        help: "next panel: users, pages, runs, log, problems",
        ready: always,
    },
    Binding {
        keys: &[Plain(BackTab)],
        action: Action::PreviousPanel,
        group: Group::Look,
        name: "previous panel",
        footer: None,
        help: "previous panel",
        ready: always,
    },
    Binding {
        keys: &[Plain(Up), Plain(Char('k'))],
        action: Action::Up,
        group: Group::Look,
        name: "up",
        footer: None,
        help: "one line up",
        ready: always,
    },
    Binding {
        keys: &[Plain(Down), Plain(Char('j'))],
        action: Action::Down,
        group: Group::Look,
        name: "down",
        footer: None,
        help: "one line down",
        ready: always,
    },
    Binding {
        keys: &[Plain(PageUp), Ctrl('u')],
        action: Action::PageUp,
        group: Group::Look,
        name: "screenful up",
        footer: None,
        help: "a screenful up",
        ready: always,
    },
    Binding {
        keys: &[Plain(PageDown), Ctrl('d')],
        action: Action::PageDown,
        group: Group::Look,
        name: "screenful down",
        footer: None,
        help: "a screenful down",
        ready: always,
    },
    Binding {
        keys: &[Plain(Home), Plain(Char('g'))],
        action: Action::First,
        group: Group::Look,
        name: "newest",
        footer: None,
        help: "to the newest, and follow it",
        ready: always,
    },
    Binding {
        keys: &[Plain(End), Plain(Char('G'))],
        action: Action::Last,
        group: Group::Look,
        name: "oldest",
        footer: None,
        help: "to the oldest",
        ready: always,
    },
    Binding {
        keys: &[Plain(Char('1'))],
        action: Action::Show(Panel::Users),
        group: Group::Look,
        name: "users",
        footer: None,
        help: "to the users",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('2'))],
        action: Action::Show(Panel::Pages),
        group: Group::Look,
        name: "pages",
        footer: None,
        help: "to the pages",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('3'))],
        action: Action::Show(Panel::Runs),
        group: Group::Look,
        name: "runs",
        footer: None,
        help: "to the runs",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('4'))],
        action: Action::Show(Panel::Log),
        group: Group::Look,
        name: "log",
        footer: None,
        help: "to the log",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('E')), Plain(Char('5'))],
        action: Action::Show(Panel::Problems),
        group: Group::Look,
        name: "problems",
        footer: None,
        help: "to the problems: what went wrong, and what to do",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('e'))],
        action: Action::Expand,
        group: Group::Look,
        name: "expand the panel",
        footer: Some(expand_label),
        help: "give the panel all the room, or take it back",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('f'))],
        action: Action::Freeze,
        group: Group::Look,
        name: "freeze the view",
        footer: Some(freeze_label),
        help: "hold the view still, while the sync goes on",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('y'))],
        action: Action::Copy,
        group: Group::Look,
        name: "copy",
        footer: Some(|_| "copy"),
        help: "copy the row, token, URL or checkpoint, through the terminal (OSC 52)",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('m'))],
        action: Action::Mark,
        group: Group::Look,
        name: "mark the run",
        footer: None,
        help: "mark a run; Enter on another one compares the two",
        ready: mark_ready,
    },
    Binding {
        keys: &[Plain(Enter)],
        action: Action::Enter,
        group: Group::Look,
        name: "details",
        footer: Some(|_| "details"),
        help: "all of the selected row, page, run or line; in a question: yes",
        ready: always,
    },
    Binding {
        keys: &[Plain(Esc)],
        action: Action::Close,
        group: Group::Look,
        name: "close",
        footer: None,
        help: "close what is on top; never quits",
        ready: always,
    },
    Binding {
        keys: &[Plain(Char('/'))],
        action: Action::Filter,
        group: Group::Users,
        name: "filter the users",
        footer: Some(|_| "filter"),
        help: "filter: `ada`, `company:smith`, `-clerk`; every word must be true of the row",
        ready: table_ready,
    },
    Binding {
        keys: &[Plain(Char('o'))],
        action: Action::Sort,
        group: Group::Users,
        name: "sort the users",
        footer: None,
        help: "order by the next column, and after the last one as rows come by",
        ready: table_ready,
    },
    Binding {
        keys: &[Plain(Char('O'))],
        action: Action::Reverse,
        group: Group::Users,
        name: "reverse the order",
        footer: None,
        help: "turn the order around",
        ready: reverse_ready,
    },
    Binding {
        keys: &[Plain(Char('c'))],
        action: Action::Columns,
        group: Group::Users,
        name: "choose columns",
        footer: None,
        help: "choose the columns; o in there orders by the marked one",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('x'))],
        action: Action::Export,
        group: Group::Users,
        name: "export the users",
        footer: None,
        help: "export the filtered table as JSON Lines or CSV, or cancel that",
        ready: table_ready,
    },
    Binding {
        keys: &[Plain(Char('?'))],
        action: Action::Help,
        group: Group::Program,
        name: "help",
        footer: Some(|_| "help"),
        help: "these keys",
        ready: help_ready,
    },
    Binding {
        keys: &[Plain(Char(':'))],
        action: Action::Palette,
        group: Group::Program,
        name: "actions",
        footer: Some(|_| "actions"),
        help: "every action by name; type to narrow them down",
        ready: panels_ready,
    },
    Binding {
        keys: &[Plain(Char('T'))],
        action: Action::Theme,
        group: Group::Program,
        name: "next theme",
        footer: None,
        help: "next theme: terminal, dark, light, high-contrast, mono",
        ready: always,
    },
    Binding {
        keys: &[Plain(Char('q')), Ctrl('c')],
        action: Action::Quit,
        group: Group::Program,
        name: "quit",
        footer: Some(quit_label),
        help: "leave after the page on the wire; again: drop it; again: now",
        ready: always,
    },
    Binding {
        keys: &[Ctrl('z')],
        action: Action::Suspend,
        group: Group::Program,
        name: "suspend",
        footer: None,
        help: "suspend to the shell, the sync as well",
        ready: suspend_ready,
    },
];

/// The line of the table that a key belongs to.
#[must_use]
pub fn binding(key: &KeyEvent) -> Option<&'static Binding> {
    let chord = chord(key)?;
    KEYMAP.iter().find(|binding| binding.keys.contains(&chord))
}

fn chord(key: &KeyEvent) -> Option<Chord> {
    // Shift is part of the letter already; whether it is reported besides differs between terminals.
    match (key.modifiers - KeyModifiers::SHIFT, key.code) {
        (KeyModifiers::NONE, code) => Some(Plain(code)),
        (KeyModifiers::CONTROL, Char(letter)) => Some(Ctrl(letter.to_ascii_lowercase())),
        _ => None,
    }
}

impl Binding {
    /// The names of the keys, the most usual first: `↑ k`.
    #[must_use]
    pub fn names(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| key.name()).collect();
        names.join(" ")
    }
}

impl Chord {
    /// The key's name as it is printed on keyboards.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()),
            Plain(Char(' ')) => "Space".to_owned(),
            Plain(BackTab) => "Shift-Tab".to_owned(),
            Plain(PageUp) => "PgUp".to_owned(),
            Plain(PageDown) => "PgDn".to_owned(),
            Plain(Up) => "↑".to_owned(),
            Plain(Down) => "↓".to_owned(),
            Plain(code) => code.to_string(),
        }
    }
}

/// The table as Markdown, for the README.
#[must_use]
pub fn markdown() -> String {
    let mut table = "| key | what it does |\n|---|---|\n".to_owned();
    for group in Group::ALL {
        for binding in KEYMAP.iter().filter(|binding| binding.group == group) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{}`", key.name())).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {} | {} |", keys.join(" "), binding.help);
        }
    }
    table
}

#[cfg(test)]
mod tests {
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
}
