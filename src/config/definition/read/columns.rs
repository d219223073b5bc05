//! The columns of a table, and which of them are its key and its cursor.

use super::reader::Reader;
use crate::config::definition::Column;
use crate::config::definition::parts::Names;
use crate::config::definition::written::{Leaf, Value};
use crate::config::format::{Format as _, OneOf};
use crate::config::problem::{Problem, nearest};
use crate::record::ColumnType;
use crate::sanitize::quoted;

impl Reader {
    pub(super) fn columns(&mut self) -> Vec<Column> {
        let leaves = self.group("columns");
        let columns: Vec<_> = leaves.into_iter().filter_map(|leaf| self.one_column(leaf)).collect();
        if columns.is_empty() {
            let what = "no columns: write what the table keeps of a row, as columns.id = \"INT\", \
                        columns.name = \"STRING\"; a preset has its own";
            self.problems.push(Problem::new(self.place.clone(), what));
        }
        columns
    }

    fn one_column(&mut self, leaf: Leaf) -> Option<Column> {
        let path = match Names::field(&leaf.name) {
            Ok(path) => path,
            Err(what) => {
                self.problems.push(leaf.wrong(what));
                return None;
            }
        };
        let mut name = path.0.join("_");
        let Value::Table(below) = leaf.value.clone() else {
            let kind = self.value(leaf, |text| OneOf::<ColumnType>::any().read(text))?;
            return Some(Column { name, path, kind });
        };
        let mut kind = None;
        for word in below {
            match word.name.as_str() {
                "name" => name = self.value(word, |text| Ok(text.to_owned()))?,
                "type" => kind = Some(self.value(word, |text| OneOf::<ColumnType>::any().read(text))?),
                _ => {
                    let what = format!(
                        "unknown key {}; a column has name and type, and a field within a field is written in \
                         quotes: columns.\"{}.{}\"",
                        quoted(&word.name),
                        leaf.name,
                        word.name
                    );
                    self.problems.push(Problem::new(word.place, crate::sanitize::line(&what)));
                    return None;
                }
            }
        }
        match kind {
            Some(kind) => Some(Column { name, path, kind }),
            None => {
                self.problems.push(leaf.wrong("its type is missing; write type = \"STRING\""));
                None
            }
        }
    }

    pub(super) fn key(&mut self, columns: &[Column]) -> Option<Vec<usize>> {
        let Some(leaf) = self.take("key") else {
            self.missing("key", "which field tells rows apart? Write key = \"id\", or key = [\"a\", \"b\"]");
            return None;
        };
        let names: Vec<String> = match &leaf.value {
            Value::Text(name) => vec![name.clone()],
            Value::List(list) if !list.is_empty() => {
                let text = |value: &Value| match value {
                    Value::Text(name) => Some(name.clone()),
                    _ => None,
                };
                list.iter().map(text).collect::<Option<_>>().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if names.is_empty() {
            self.problems.push(leaf.wrong("write the name of a column, or a list of them"));
            return None;
        }
        let found: Vec<_> = names.iter().map(|name| self.column_of(&leaf, columns, name)).collect();
        found.into_iter().collect()
    }

    pub(super) fn cursor(&mut self, columns: &[Column]) -> Option<usize> {
        let leaf = self.take("cursor")?;
        match leaf.text() {
            Some("none") => None,
            Some(name) => self.column_of(&leaf, columns, name),
            None => {
                self.problems.push(leaf.wrong("write the name of a column, or \"none\""));
                None
            }
        }
    }

    /// The column of that name, or of that field.
    fn column_of(&mut self, leaf: &Leaf, columns: &[Column], name: &str) -> Option<usize> {
        let of_field = |column: &Column| column.path.to_string() == name;
        let found = columns.iter().position(|column| column.name == name);
        let found = found.or_else(|| columns.iter().position(of_field));
        if found.is_none() && !columns.is_empty() {
            let names = columns.iter().map(|column| column.name.as_str());
            let advice = match nearest(name, names.clone()) {
                Some(right) => format!("did you mean {}?", quoted(right)),
                None => format!("the columns are {}", names.collect::<Vec<_>>().join(", ")),
            };
            let what = format!("{} is no column; {}", quoted(name), crate::sanitize::line(&advice));
            self.problems.push(leaf.wrong(what));
        }
        found
    }
}
