//! A view as a file: JSON Lines or CSV.
//!
//! It is written beside its place, to `<path>.part`, and takes its name when it is complete and on the disk; an
//! export that ends otherwise leaves nothing behind. Only its owner can read it.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::{Look, Stop, View};
use crate::destination::DestinationError;
use crate::record::{Column, ColumnType, Schema};
use crate::{platform, sanitize};

/// Rows between two looks at the clock.
const ROWS: u64 = 64;

/// How a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line: numbers, truth values and JSON as such, all else as strings, a decimal number too, of which
    /// a reader would keep what fits into a double. Characters that a terminal could obey are written as `\u….`; the
    /// values are the same.
    JsonLines,
    /// Comma-separated values with a line of names, as RFC 4180 has them; a null is an empty cell.
    ///
    /// A cell that a spreadsheet would take for a formula gets an apostrophe before it, as OWASP advises against
    /// CSV injection: one that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or a line feed, or with the
    /// full-width form of a sign. Characters that a terminal could obey are shown, as `<U+001B>`; line ends and tabs
    /// stay. Both changes are for the eye and lose what the source sent.
    Csv,
    /// The same with every cell as the source sent it, for a program that computes nothing and obeys nothing.
    RawCsv,
}

/// What is written, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Which rows in which order.
    pub view: View,
    /// Which columns in which order, by their places in the schema.
    pub columns: Vec<usize>,
    /// How.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
    /// True if it may take the place of a file that is there.
    pub replace: bool,
}

/// How an export ends that nothing went wrong with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is written: so many rows, and so large a file.
    Exported { rows: u64, bytes: u64 },
    /// The file exists and may not be replaced.
    Occupied,
}

/// Writes the file.
pub(super) fn run(
    look: &mut dyn Look,
    export: &Export,
    stop: &Stop,
    progress: &mut dyn FnMut(u64),
) -> Result<End, DestinationError> {
    let columns = columns(look.schema(), &export.columns)?;
    if is_occupied(look, export)? {
        return Ok(End::Occupied);
    }
    let (part, file) = Part::create(&export.path)?;
    let failed = |error| refusal(&part.path, error);
    let mut sheet = Sheet::new(file, export.format, &columns).map_err(failed)?;
    let mut rows = 0;
    look.each(&export.view, &export.columns, &mut |values| {
        sheet.row(values).map_err(failed)?;
        rows += 1;
        if rows % ROWS == 0 {
            progress(rows);
        }
        Ok(())
    })?;
    let file = sheet.finish().map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    file.sync_all().map_err(failed)?;
    drop(file);
    if stop.is_set() {
        return Err(DestinationError::Refused("the export was cancelled".to_owned()));
    }
    // Once more: another file may have taken the place meanwhile.
    if is_occupied(look, export)? {
        return Ok(End::Occupied);
    }
    part.keep(&export.path)?;
    Ok(End::Exported { rows, bytes })
}

fn columns(schema: &'static Schema, chosen: &[usize]) -> Result<Vec<&'static Column>, DestinationError> {
    let found: Option<Vec<_>> = chosen.iter().map(|position| schema.columns.get(*position)).collect();
    found.filter(|found| !found.is_empty()).ok_or_else(|| {
        let most = schema.columns.len();
        DestinationError::Refused(format!(
            "an export takes some of the table's {most} columns; choose at least one"
        ))
    })
}

/// True if there is a file in that place which is to stay. Refuses a place that is never a file's to take.
fn is_occupied(look: &dyn Look, export: &Export) -> Result<bool, DestinationError> {
    let path = export.path.display();
    if look.owns(&export.path) {
        return Err(DestinationError::Refused(format!("{path} belongs to the database; give another name")));
    }
    match fs::symlink_metadata(&export.path) {
        Ok(found) if found.is_dir() => {
            Err(DestinationError::Refused(format!("{path} is a directory; give a file's name in it")))
        }
        found => Ok(found.is_ok() && !export.replace),
    }
}

/// What the file system says, with what can be done about it.
fn refusal(path: &Path, error: io::Error) -> DestinationError {
    let remedy = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room, or export to another disk"
        }
        ErrorKind::NotFound => "make the directory first, or give another name",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "check the directory's permissions, or give another name"
        }
        _ => "export again; if it persists, give another name",
    };
    DestinationError::File { path: path.to_owned(), error, remedy }
}

/// A file that is not complete yet. Dropping it removes it.
struct Part {
    path: PathBuf,
    kept: bool,
}

impl Part {
    fn create(whole: &Path) -> Result<(Self, File), DestinationError> {
        let mut path = whole.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        // What a killed export left; removed and not reused, so that a link in its place leads nowhere.
        let created = match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => platform::new_private_file(&path),
        };
        let file = created.map_err(|error| refusal(&path, error))?;
        Ok((Self { path, kept: false }, file))
    }

    /// Gives it its name.
    fn keep(mut self, whole: &Path) -> Result<(), DestinationError> {
        fs::rename(&self.path, whole).map_err(|error| refusal(whole, error))?;
        self.kept = true;
        platform::sync_folder(whole).map_err(|error| refusal(whole, error))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The file as its format has it.
enum Sheet {
    Json { out: BufWriter<File>, columns: Vec<(String, ColumnType)>, line: String },
    Csv { out: Box<csv::Writer<File>>, raw: bool, kinds: Vec<ColumnType> },
}

impl Sheet {
    fn new(file: File, format: Format, columns: &[&Column]) -> io::Result<Self> {
        match format {
            Format::JsonLines => {
                let named = |column: &&Column| Ok((serde_json::to_string(column.name)?, column.kind));
                let columns = columns.iter().map(named).collect::<io::Result<_>>()?;
                Ok(Self::Json { out: BufWriter::with_capacity(1 << 16, file), columns, line: String::new() })
            }
            Format::Csv | Format::RawCsv => {
                let mut out = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(file);
                out.write_record(columns.iter().map(|column| column.name))?;
                let kinds = columns.iter().map(|column| column.kind).collect();
                Ok(Self::Csv { out: Box::new(out), raw: format == Format::RawCsv, kinds })
            }
        }
    }

    fn row(&mut self, values: &[Option<Cow<'_, str>>]) -> io::Result<()> {
        match self {
            Self::Json { out, columns, line } => {
                line.clear();
                for ((name, kind), value) in columns.iter().zip(values) {
                    line.push(if line.is_empty() { '{' } else { ',' });
                    line.push_str(name);
                    line.push(':');
                    match value.as_deref().and_then(|text| literal(*kind, text)) {
                        Some(json) => line.push_str(&json),
                        None => line.push_str(&serde_json::to_string(value)?),
                    }
                }
                line.push_str("}\n");
                let (object, end) = line.split_at(line.len() - 1);
                out.write_all(sanitize::json(object).as_bytes())?;
                out.write_all(end.as_bytes())
            }
            Self::Csv { out, raw, kinds } => {
                for (kind, value) in kinds.iter().zip(values) {
                    let text = value.as_deref().unwrap_or("");
                    let is_plain = *raw || is_number(*kind, text);
                    let cell = if is_plain { Cow::Borrowed(text) } else { cell(text) };
                    out.write_field(cell.as_bytes())?;
                }
                Ok(out.write_record(None::<&[u8]>)?)
            }
        }
    }

    fn finish(self) -> io::Result<File> {
        match self {
            Self::Json { out, .. } => out.into_inner().map_err(io::IntoInnerError::into_error),
            Self::Csv { out, .. } => out.into_inner().map_err(|error| io::Error::from(error.error().kind())),
        }
    }
}

/// A value of a column that is written as JSON, on one line; none if it is no such value. Another program may have put
/// anything there.
fn literal(kind: ColumnType, text: &str) -> Option<Cow<'_, str>> {
    let is_json = matches!(kind, ColumnType::Int | ColumnType::Float | ColumnType::Bool | ColumnType::Json)
        && serde_json::from_str::<&RawValue>(text).is_ok();
    // Within a string, JSON has no line end as it is.
    is_json.then(|| match text.contains(['\n', '\r']) {
        true => Cow::Owned(text.replace(['\n', '\r'], " ")),
        false => Cow::Borrowed(text),
    })
}

/// True for a number in a column of numbers, whose sign begins no formula.
fn is_number(kind: ColumnType, text: &str) -> bool {
    matches!(kind, ColumnType::Int | ColumnType::Float | ColumnType::Decimal) && text.parse::<f64>().is_ok()
}

/// A text as a cell that no spreadsheet computes and no terminal obeys.
fn cell(text: &str) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let safe = sanitize::cell(text);
    if formula { Cow::Owned(format!("'{safe}")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_a_text() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "\n=1", "＝1"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("\r=1"), "'<U+000D>=1");
        for text in ["", "1=1", "ada", "'=1", " =1"] {
            assert_eq!(cell(text), text);
        }
    }
}
