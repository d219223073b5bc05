//! An export: where to, in which form, and how far it has come.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent};

use super::input::Input;
use super::{Answer, Effect, Model, Overlay, asked};
use crate::destination::reader::{Export, Format, Question};
use crate::record::USER;

/// Where an export is to go, while that is being typed.
#[derive(Clone, Debug)]
pub struct ExportForm {
    /// The file.
    pub path: Input,
    /// How.
    pub format: Format,
}

impl ExportForm {
    /// A file in the current directory, named for the table.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { path: Input::new(format!("{}.{}", USER.table, extension(format))), format }
    }

    /// Takes a key; false if it has no use for it. Tab changes the form, and the file's name with it.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        if key.code != KeyCode::Tab {
            return self.path.key(key);
        }
        let before = extension(self.format);
        self.format = match self.format {
            Format::JsonLines => Format::Csv,
            Format::Csv => Format::JsonLines,
        };
        if let Some(stem) = self.path.text().strip_suffix(before) {
            self.path = Input::new(format!("{stem}{}", extension(self.format)));
        }
        true
    }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::JsonLines => "jsonl",
        Format::Csv => "csv",
    }
}

/// An export under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exporting {
    ticket: u64,
    /// The file.
    pub path: PathBuf,
    /// How many rows are written.
    pub done: u64,
    /// How many there are, if that is known.
    pub of: Option<u64>,
}

/// Begins the export of what the users panel shows: its filter, its order, its columns.
pub fn begin(model: &mut Model, form: &ExportForm) -> Vec<Effect> {
    let path = PathBuf::from(form.path.text());
    let question = model.users.ask_export(|view, columns| Export {
        view,
        columns,
        format: form.format,
        path: path.clone(),
        replace: false,
    });
    let Question::Export { ticket, .. } = &question else { return Vec::new() };
    model.export = Some(Exporting { ticket: *ticket, path, done: 0, of: None });
    model.overlay = Overlay::None;
    asked([question])
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

/// It is over, and that is what there is to say; false if it was not about the export.
pub fn over(model: &mut Model, ticket: u64, answer: Answer) -> bool {
    let ours = model.export.take_if(|export| export.ticket == ticket).is_some();
    if ours {
        model.answer(answer);
    }
    ours
}
