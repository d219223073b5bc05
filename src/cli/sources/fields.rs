//! `source fields`: what a source sends beyond its columns, by what is kept of it, and the columns that would take it.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::fit;
use crate::cli::run::Fault;
use crate::cli::source::place;
use crate::cli::{Exit, print};
use crate::config::definition::{Column, Names};
use crate::config::{self, Location, Named, Settings};
use crate::record::{ColumnType, USER};
use crate::sanitize;
use crate::source::contract::dotted;
use crate::text::{count, number};

/// How many rows are looked at.
const ROWS: usize = 5_000;
/// How many fields are told apart.
const FIELDS: usize = 500;
/// How much of a name, and of an example, is shown, in characters.
const SHOWN: usize = 40;
/// The longest name that a column may have in bytes, and so a field that is proposed for one.
const LONGEST: usize = 63;

/// A source whose fields are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// What it is.
    pub named: Named,
    /// Where its rows are.
    pub settings: Settings,
    /// The settings file that it is to be written to, if it is.
    pub write: Option<Location>,
}

/// What stands in a field that no column takes.
struct Field {
    /// How many rows have a value there.
    rows: usize,
    /// The narrowest type of all values; none as long as they are null.
    kind: Option<ColumnType>,
    example: String,
}

/// The fields of the rows that were looked at.
#[derive(Default)]
struct Found {
    /// By path, from the outermost name in.
    fields: BTreeMap<Vec<String>, Field>,
    rows: usize,
    /// True if some were left out, being too many.
    is_cut: bool,
}

/// `highwater source fields`.
///
/// # Errors
/// If the destination cannot be read, or the settings file cannot be written.
pub(super) fn run(asked: &Asked) -> Result<Exit, Fault> {
    let definition = &asked.named.definition;
    let columns = &definition.columns;
    let mut destination = place(&asked.settings)?.read(definition.contract().schema)?;
    let mut found = Found::default();
    let all = destination.kept_beside(ROWS, &mut |fields| {
        if let Ok(fields) = serde_json::from_str(fields) {
            found.rows += 1;
            found.object(columns, &[], &fields);
        }
    })?;
    let proposed = proposed(columns, &found);
    print::stdout(told(asked, &found, all, &proposed).as_bytes())?;
    let Some(Location { path, .. }) = asked.write.as_ref().filter(|_| !proposed.is_empty()) else {
        return Ok(Exit::Complete);
    };
    if definition.table == USER.table {
        return Err(fixed().into());
    }
    config::declare(path, definition, &proposed)?;
    print::note(&format!(
        "written to {}; the next `highwater sync --source {}` adds them to the table, and fills them with what is kept",
        path.display(),
        definition.name
    ));
    Ok(Exit::Complete)
}

impl Found {
    /// Takes an object's fields, but for what a column has. Of one that columns have parts of, the other parts are fields.
    fn object(&mut self, columns: &[Column], above: &[String], object: &Map<String, Value>) {
        for (name, value) in object {
            let path = [above, std::slice::from_ref(name)].concat();
            let mut below = columns.iter().filter(|column| column.path.0.starts_with(&path)).peekable();
            match value {
                _ if below.peek().is_none() => self.field(path, value),
                Value::Object(parts) if below.all(|column| column.path.0 != path) => {
                    self.object(columns, &path, parts);
                }
                _ => {}
            }
        }
    }

    fn field(&mut self, path: Vec<String>, value: &Value) {
        if self.fields.len() >= FIELDS && !self.fields.contains_key(&path) {
            self.is_cut = true;
            return;
        }
        let field = self.fields.entry(path).or_insert(Field { rows: 0, kind: None, example: String::new() });
        if value.is_null() {
            return;
        }
        if field.rows == 0 {
            field.example = sanitize::snippet(&value.to_string(), SHOWN);
        }
        field.rows += 1;
        let kind = fit::of(value);
        field.kind = Some(field.kind.map_or(kind, |before| fit::both(before, kind)));
    }
}

/// The columns that would take the fields, each under a name that is free.
fn proposed(columns: &[Column], found: &Found) -> Vec<Column> {
    // SQLite makes no difference between capital and small letters.
    let mut taken: HashSet<String> = columns.iter().map(|column| column.name.to_lowercase()).collect();
    let column = |(path, field): (&Vec<String>, &Field)| {
        let kind = field.kind.filter(|_| is_sayable(path))?;
        let joined = path.join("_");
        let names = std::iter::once(joined.clone()).chain((2..).map(|more| format!("{joined}_{more}")));
        let name = names.into_iter().find(|name| taken.insert(name.to_lowercase()))?;
        Some(Column { name, path: Names(path.clone()), kind })
    };
    found.fields.iter().filter_map(column).collect()
}

/// True if a definition can name that field, and a column can be called after it.
fn is_sayable(path: &[String]) -> bool {
    // Room for what tells it from another.
    let length: usize = path.iter().map(|name| name.len() + 1).sum::<usize>() + "_99".len();
    let is_plain = |name: &String| !name.is_empty() && !name.contains(char::is_control);
    length <= LONGEST && path.iter().all(is_plain) && !path[0].starts_with("_highwater")
}

fn fixed() -> String {
    format!(
        "the table {} is the reference's, and its columns are fixed; say table = \"…\" for one of your own",
        USER.table
    )
}

/// What was found, and the lines that take it over.
fn told(asked: &Asked, found: &Found, all: bool, proposed: &[Column]) -> String {
    let definition = &asked.named.definition;
    let name = &definition.name;
    if found.fields.is_empty() {
        return format!("{name}: of what is stored, every field has a column\n");
    }
    let fields = count(found.fields.len() as u64, "field");
    let more = if found.is_cut { " and more" } else { "" };
    let rows = match all {
        true => format!("the {} that had more than the columns take", count(found.rows as u64, "row")),
        false => format!(
            "{} of the rows that had more than the columns take, from both ends",
            number(found.rows as u64)
        ),
    };
    let mut text = format!("# {name}: {fields}{more} without a column, in {rows}\n");
    let shown = |path: &[String]| sanitize::snippet(&dotted(path), SHOWN);
    let width =
        found.fields.keys().map(|path| shown(path).chars().count()).max().unwrap_or(0).max("field".len());
    let _ = writeln!(text, "# {:width$}  {:>6}  {:12}  for example", "field", "rows", "type");
    for (path, field) in &found.fields {
        let (path, kind) = (shown(path), field.kind.map_or("all null", ColumnType::word));
        let line = format!("# {path:width$}  {:>6}  {kind:12}  {}", number(field.rows as u64), field.example);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let left = found.fields.len() - proposed.len();
    if left > 0 {
        let _ = writeln!(
            text,
            "# without one they stay: {}, being null throughout, or oddly named",
            count(left as u64, "field")
        );
    }
    if definition.table == USER.table {
        let _ = writeln!(text, "# {}", fixed());
    } else if !proposed.is_empty() {
        let _ = writeln!(text, "\n[source.{name}.columns]");
        for column in proposed {
            let _ = writeln!(text, "{}", sanitize::line(&column.toml()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_a_field_is_called_its_line_reads_back() {
        let mut found = Found::default();
        let row = json!({ "a.b": 1, "a": { "b": 2 }, r"c\": 3, "$": "x", "": 1, "d\n": 1 });
        found.object(&[], &[], row.as_object().unwrap());
        let proposed = proposed(&[], &found);
        let lines: String = proposed.iter().map(|column| format!("columns.{}\n", column.toml())).collect();
        let words = format!("url = \"http://h\"\nkey = \"$\"\nnext = {{ from = \"link\" }}\n{lines}");
        let named = Named::parse("mine", &words).unwrap_or_else(|why| panic!("{why:?}\n{words}"));
        assert_eq!(named.definition.columns, proposed);
        let paths: Vec<_> = proposed.iter().map(|column| dotted(&column.path.0)).collect();
        assert_eq!(paths, [r"\$", "a", r"a\.b", r"c\\"]);
    }
}
