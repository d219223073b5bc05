//! The keys, in one table: from it come dispatch, the footer, the help and the README's list.
//!
//! A key that has nothing to do right now stays where it is, greyed, and says why when it is pressed.

mod ready;
mod table;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use self::table::KEYMAP;
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
    /// Narrows the rows down.
    Filter,
    /// Orders the rows by the next column.
    Sort,
    /// Turns their order around.
    Reverse,
    /// Chooses the columns of the rows.
    Columns,
    /// Writes the rows that are looked at to a file, or ends that.
    Export,
    /// Lists every action by its name.
    Palette,
    /// All that was said in a demo.
    Narration,
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
    /// The rows.
    Rows,
    /// The program.
    Program,
}

impl Group {
    /// Every group, in the order of the help.
    pub const ALL: [Self; 4] = [Self::Sync, Self::Look, Self::Rows, Self::Program];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sync => "The sync",
            Self::Look => "Looking around",
            Self::Rows => "The rows",
            Self::Program => "The program",
        }
    }
}

/// What the footer calls a key, depending on what it would do now.
type Label = fn(&Model) -> &'static str;
/// Whether a key has something to do now, or why not.
type Readiness = fn(&Model) -> Result<(), &'static str>;

/// One line of the table.
#[derive(Debug)]
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
    /// True if the footer has them in a replay only.
    pub in_replay: bool,
    /// What they do, for the help and the README.
    pub help: &'static str,
    /// Whether they have something to do now, or why not.
    pub ready: Readiness,
}

use Chord::{Ctrl, Plain};
use KeyCode::{BackTab, Char, Down, PageDown, PageUp, Up};

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
    /// What the footer calls them now; `None` if they are not in it.
    #[must_use]
    pub fn label(&self, model: &Model) -> Option<&'static str> {
        let here = !self.in_replay || model.playback.is_some();
        self.footer.filter(|_| here).map(|label| label(model))
    }

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
