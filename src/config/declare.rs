//! Columns are added to a source's definition where that is written down. Nothing else in the file changes.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::definition::{Column, Definition, Named};
use super::file;
use super::problem::{Place, Problem};
use crate::platform;

/// Where lines can be added: after which byte, behind which words, and whether the place is within braces.
struct Spot {
    at: usize,
    before: String,
    is_inline: bool,
}

/// Adds columns to the definition that a settings file has of a source.
///
/// # Errors
/// If the file cannot be read or written, or the definition is written in a way that has no place for them; the file is
/// as it was then.
pub fn declare(path: &Path, of: &Definition, columns: &[Column]) -> Result<(), Problem> {
    let problem = |what: String| Problem::new(Place::File { path: path.to_owned(), line: None }, what);
    let text = file::text(path)?.ok_or_else(|| problem("is gone".to_owned()))?;
    let declared = spot(&text, &of.name).map(|spot| with(&text, &spot, columns));
    let declared = declared.filter(|declared| is_that(path, declared, of, columns)).ok_or_else(|| {
        let name = &of.name;
        problem(format!(
            "the columns of [source.{name}] have no place where lines could be added; paste them by hand"
        ))
    })?;
    replace(path, &declared).map_err(|why| problem(format!("cannot be written: {why}")))
}

/// The place behind the last column of a source's, or behind its preset if it has none of its own.
fn spot(text: &str, name: &str) -> Option<Spot> {
    let root = DeTable::parse(text).ok()?;
    let below = |table: &DeTable<'_>, word: &str| Some(table.get(word)?.span());
    let (mut table, mut is_inline) = (root.get_ref(), false);
    let mut words = "";
    for word in ["source", name, "columns"] {
        match table.get(word).map(toml::Spanned::get_ref) {
            Some(DeValue::Table(found)) => {
                is_inline |= below(table, word).is_some_and(|span| text[span].starts_with('{'));
                table = found;
            }
            _ if word == "columns" => words = "columns.",
            _ => return None,
        }
    }
    let entries = table.iter().filter(|(key, _)| words.is_empty() || key.get_ref() == "preset");
    let spots = entries.filter_map(|(key, value)| {
        let start = text[..key.span().start].rfind('\n').map_or(0, |end| end + 1);
        let before = text[start..key.span().start].trim_start_matches('\u{feff}');
        let is_line =
            before.trim().is_empty() || before.trim_end().ends_with('.') && !before.contains(['[', '{', '=']);
        // What is a section of its own ends nowhere that could be told.
        let is_section = value.get_ref().is_table() && !text[value.span()].starts_with('{');
        let before = if is_inline { "" } else { before };
        let spot = Spot { at: value.span().end, before: format!("{before}{words}"), is_inline };
        (!is_section && (is_inline || is_line)).then_some(spot)
    });
    spots.max_by_key(|spot| spot.at)
}

/// The text with the columns in that place.
fn with(text: &str, spot: &Spot, columns: &[Column]) -> String {
    let rest = &text[spot.at..];
    let line = rest.find('\n').map_or(rest.len(), |end| end + 1);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (at, mut added) = match (spot.is_inline, rest[..line].ends_with('\n')) {
        (true, _) => (spot.at, String::new()),
        (false, true) => (spot.at + line, String::new()),
        (false, false) => (text.len(), end.to_owned()),
    };
    for column in columns {
        let entry = format!("{}{}", spot.before, column.toml());
        added.push_str(&if spot.is_inline { format!(", {entry}") } else { format!("{entry}{end}") });
    }
    [&text[..at], &added, &text[at..]].concat()
}

/// True if a text defines the source as it was, and with the columns.
fn is_that(path: &Path, text: &str, of: &Definition, columns: &[Column]) -> bool {
    let contents = file::entries(path, text);
    let written = contents.sources.iter().find(|(name, _)| *name == of.name);
    let Some(Ok(named)) = written.map(|(name, written)| Named::read(name, written)) else { return false };
    let wanted = [&of.columns[..], columns].concat();
    let found = named.definition;
    let name = |of: &Definition, index: usize| of.columns.get(index).map(|column| column.name.clone());
    let names =
        |of: &Definition| -> Vec<_> { of.key.iter().chain(&of.cursor).map(|at| name(of, *at)).collect() };
    contents.problems.is_empty()
        && found.columns.len() == wanted.len()
        && wanted.iter().all(|column| found.columns.contains(column))
        && names(&found) == names(of)
}

/// Puts another text in a file's place, at once and with the same rights. A link to the file stays one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let mut file = platform::new_private_file(Path::new(&beside))?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.and_then(|()| platform::sync_folder(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::definition::Names;
    use crate::record::ColumnType;

    const REST: &str = "url = \"https://h/\"\nkey = \"id\"\nnext = { from = \"link\" }\n";

    fn column(path: &[&str], name: &str, kind: ColumnType) -> Column {
        let path = Names(path.iter().map(|name| (*name).to_owned()).collect());
        Column { name: name.to_owned(), path, kind }
    }

    /// What becomes of a file with that text; `None` if nothing.
    fn declared(text: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.toml");
        fs::write(&path, text).unwrap();
        let contents = file::entries(&path, text);
        let (name, written) = &contents.sources[0];
        let of = Named::read(name, written).unwrap().definition;
        let new =
            [column(&["team"], "team", ColumnType::String), column(&["a b", "c"], "other", ColumnType::Int)];
        let done = declare(&path, &of, &new);
        let left = fs::read_to_string(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(done.is_err(), left == text, "{done:?}");
        done.ok().map(|()| left)
    }

    #[test]
    fn columns_go_where_the_others_are_and_nothing_else_changes() {
        let (team, other) = ("team = \"STRING\"", "\"a b.c\" = { name = \"other\", type = \"INT\" }");
        for (before, added, after) in [
            // In a table of their own.
            (
                format!("# mine\n[source.x]\n{REST}[source.x.columns]\n  id = \"INT\"  # the key\n"),
                format!("  {team}\n  {other}\n"),
                "\n# theirs\n[sync]\nwalk = \"scroll\"\n".to_owned(),
            ),
            // By their whole names, and not at the end.
            (
                "[source.x]\ncolumns.id = \"INT\"\ncolumns.b = { name = \"c\", type = \"JSON\" }\n"
                    .to_owned(),
                format!("columns.{team}\ncolumns.{other}\n"),
                REST.to_owned(),
            ),
            (
                "source.x.columns.id = 'INT'\n".to_owned(),
                format!("source.x.columns.{team}\nsource.x.columns.{other}\n"),
                format!("[source.x]\n{REST}")
                    .replace("[source.x]\n", "source.x.")
                    .replace("\nkey", "\nsource.x.key")
                    .replace("\nnext", "\nsource.x.next"),
            ),
            // Within braces.
            (
                format!("[source.x]\n{REST}columns = {{ id = \"INT\", b = \"JSON\""),
                format!(", {team}, {other}"),
                " } # all\n[sync]\n".to_owned(),
            ),
            // Of a preset that has the others.
            (
                "[source.x]\r\n# as they have it\r\npreset = \"github-issues\"\r\n".to_owned(),
                format!("columns.{team}\r\ncolumns.{other}\r\n"),
                "url = \"https://h/\"\r\n".to_owned(),
            ),
            (
                "source = { x = { preset = \"github-issues\"".to_owned(),
                format!(", columns.{team}, columns.{other}"),
                " } }".to_owned(),
            ),
            // Without a last line's end.
            (
                format!("[source.x]\n{REST}columns.id = \"INT\""),
                format!("\ncolumns.{team}\ncolumns.{other}\n"),
                String::new(),
            ),
        ] {
            assert_eq!(declared(&format!("{before}{after}")), Some(format!("{before}{added}{after}")));
        }
    }

    #[test]
    fn where_there_is_no_place_the_file_stays_as_it_is() {
        let sections = format!("[source.x]\n{REST}[source.x.columns.id]\ntype = \"INT\"\n");
        let taken = format!("[source.x]\n{REST}columns.id = \"INT\"\ncolumns.team = \"INT\"\n");
        for text in [sections, taken] {
            assert_eq!(declared(&text), None);
        }
    }
}
