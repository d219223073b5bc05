//! An export: where to, in which form, and how far it has come.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::input::Input;
use super::{Answer, Effect, Leaving, Model, Overlay, asked};
use crate::destination::reader::{Export, Format, Question};

/// Where an export is to go, while that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportForm {
    /// The file.
    pub path: Input,
    /// How.
    pub format: Format,
    /// What came of it when it was last tried; an edit makes it a new attempt.
    pub obstacle: Option<Obstacle>,
}

/// Why an export was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The file exists: so it is called, safe for a terminal.
    Occupied(String),
    /// It failed, and why.
    Failed(String),
}

impl ExportForm {
    /// A file in the current directory, named for the table.
    #[must_use]
    pub fn new(table: &str, format: Format) -> Self {
        Self { path: Input::new(format!("{table}.{}", extension(format))), format, obstacle: None }
    }

    /// Takes a key; false if it has no use for it. Tab changes the form, and the file's name with it.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        if key.code != KeyCode::Tab {
            let before = self.path.text();
            let used = self.path.key(key);
            // To move in the line is no edit.
            self.obstacle.take_if(|_| self.path.text() != before);
            return used;
        }
        self.obstacle = None;
        let before = extension(self.format);
        self.format = match self.format {
            Format::JsonLines => Format::Csv,
            Format::Csv => Format::RawCsv,
            Format::RawCsv => Format::JsonLines,
        };
        if let Some(stem) = self.path.text().strip_suffix(before) {
            self.path = Input::new(format!("{stem}{}", extension(self.format)));
        }
        true
    }

    /// Takes a pasted text.
    pub fn paste(&mut self, text: &str) {
        self.obstacle = None;
        self.path.insert(text);
    }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::JsonLines => "jsonl",
        Format::Csv | Format::RawCsv => "csv",
    }
}

/// An export under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporting {
    ticket: u64,
    /// Where it goes, to be asked again should it not get there.
    form: ExportForm,
    /// The file.
    pub path: PathBuf,
    /// How many rows are written.
    pub done: u64,
    /// How many there are, if that is known.
    pub of: Option<u64>,
}

/// Begins the export of what the rows panel shows: its filter, its order, its columns. A file that is known to be there
/// is replaced.
pub fn begin(model: &mut Model, form: ExportForm) -> Vec<Effect> {
    let typed = form.path.text();
    let why = match typed.trim() {
        "" => Some("type the name of a file"),
        name if name.starts_with('~') => {
            Some("~ means a home directory to a shell only: type the whole path")
        }
        _ => None,
    };
    if let Some(why) = why {
        let obstacle = Some(Obstacle::Failed(why.to_owned()));
        model.overlay = Overlay::Export(ExportForm { obstacle, ..form });
        return Vec::new();
    }
    let path = PathBuf::from(typed.trim());
    let question = model.browse.ask_export(|view, columns| Export {
        view,
        columns,
        format: form.format,
        path: path.clone(),
        replace: matches!(form.obstacle, Some(Obstacle::Occupied(_))),
    });
    let Question::Export { ticket, .. } = &question else { return Vec::new() };
    model.export = Some(Exporting { ticket: *ticket, form, path, done: 0, of: None });
    model.overlay = Overlay::None;
    asked([question])
}

/// It was not made: asks again where it is to go, with what was typed, unless something else lies over the panels by
/// now. False if it is not about the export.
pub fn hindered(model: &mut Model, ticket: u64, obstacle: Obstacle) -> bool {
    let Some(export) = model.export.take_if(|export| export.ticket == ticket) else { return false };
    if matches!(model.overlay, Overlay::None) && model.leaving == Leaving::No {
        model.overlay = Overlay::Export(ExportForm { obstacle: Some(obstacle), ..export.form });
        return true;
    }
    match obstacle {
        Obstacle::Occupied(name) => model.refuse(format!("not exported: {name} exists")),
        Obstacle::Failed(why) => model.refuse(why),
    }
    true
}

/// How far it has come; false if it is not about the export.
pub fn progress(model: &mut Model, ticket: u64, done: u64, of: Option<u64>) -> bool {
    match &mut model.export {
        Some(export) if export.ticket == ticket => {
            (export.done, export.of) = (done, of);
            true
        }
        _ => false,
    }
}

/// It is over, and that is what there is to say.
pub fn over(model: &mut Model, ticket: u64, said: String) {
    if model.export.take_if(|export| export.ticket == ticket).is_some() {
        model.answer(Answer::Done(said));
    }
}
