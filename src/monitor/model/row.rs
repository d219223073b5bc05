//! All of one row: what is known of it at once, and all that the table keeps of it once the reader has answered.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::text;
use super::super::theme::Role;
use super::sheet::{Part, Said, Sheet, fate, field};
use super::stretch::Tickets;
use super::{RowEntry, clock};
use crate::destination::reader::{Previous, Question, WholeRow};
use crate::record::Schema;
use crate::run::Fate;
use crate::sanitize;

/// All of one row.
#[derive(Clone, Debug)]
pub struct RowSheet {
    /// What it tells.
    pub sheet: Sheet,
    entry: RowEntry,
    asked: Option<u64>,
}

/// The values before the last change, by the places of their columns in the schema.
type Before = BTreeMap<usize, Option<String>>;

impl RowSheet {
    /// Opens it at a width with what is known.
    #[must_use]
    pub fn open(entry: &RowEntry, width: usize) -> Self {
        let sheet = Sheet::new(
            format!("{} {}", text::capitalized(entry.schema().table), entry.id()),
            came_by(entry),
            width,
        );
        Self { sheet, entry: entry.clone(), asked: None }
    }

    /// Asks for all of it.
    pub fn ask(&mut self, tickets: &mut Tickets) -> Question {
        let ticket = tickets.issue();
        self.asked = Some(ticket);
        self.foot("reading all of it from the table");
        Question::Row { ticket, id: self.entry.raw_id().to_owned() }
    }

    /// True if it waits for the answer to a question.
    #[must_use]
    pub fn awaits(&self, ticket: u64) -> bool {
        self.asked == Some(ticket)
    }

    /// Takes all of it in, or that the table has no such row.
    pub fn take(&mut self, row: Option<&WholeRow>) {
        self.asked = None;
        match row {
            Some(row) => self.sheet.say(whole(&self.entry, row)),
            None => self.foot("the table has no row of this id"),
        }
    }

    /// The question could not be answered, and why.
    pub fn failed(&mut self, text: &str) {
        self.asked = None;
        self.foot(text);
    }

    /// What came by, and what stands in the way of more.
    fn foot(&mut self, text: &str) {
        let mut parts = came_by(&self.entry);
        if self.entry.came.is_none() {
            parts.push(Part::Blank);
        }
        parts.push(field("table", Role::Quiet, text));
        self.sheet.say(parts);
    }
}

/// A row as it came by, or as a window over the table brought it.
fn came_by(entry: &RowEntry) -> Vec<Part> {
    let before = entry.before().iter().map(|(at, value)| (usize::from(*at), value.clone())).collect();
    let mut parts = values(entry.schema(), entry.values(), &before);
    if entry.came.is_some() {
        parts.push(Part::Blank);
    }
    parts.extend(stored(entry));
    parts
}

/// A row as the table holds it now.
fn whole(entry: &RowEntry, row: &WholeRow) -> Vec<Part> {
    let safe = |value: &Option<String>| value.as_deref().map(|text| sanitize::line(text).into_owned());
    let now: Vec<Option<String>> = row.values.iter().map(safe).collect();
    let before = row.previous.iter().flat_map(|previous| &previous.before);
    let before: Before =
        before.filter_map(|(name, value)| Some((entry.schema().position(name)?, safe(value)))).collect();
    let mut parts = values(entry.schema(), &now, &before);
    parts.extend(row.extra.as_deref().map(extra).unwrap_or_default());
    parts.push(Part::Blank);
    parts.push(changed(row.previous.as_ref()));
    parts.extend(stored(entry));
    parts
}

/// Each column; one that changed shows what it replaced.
fn values(schema: &Schema, now: &[Option<String>], before: &Before) -> Vec<Part> {
    let known = |value: &Option<String>, role| match value {
        Some(value) => (role, value.clone()),
        None => (Role::Quiet, "null".to_owned()),
    };
    let column = |(at, value): (usize, &Option<String>)| {
        let name = schema.columns.get(at).map_or("", |column| column.name);
        let (changed, sign) = fate(Fate::Changed);
        let said = match before.get(&at) {
            Some(old) => vec![
                (changed, format!("{sign} ")),
                known(old, Role::Quiet),
                (Role::Quiet, " → ".to_owned()),
                known(value, changed),
            ],
            None => vec![known(value, Role::Plain)],
        };
        Part::Field((Role::Quiet, name.to_owned()), said)
    };
    now.iter().enumerate().map(column).collect()
}

/// The fields that the table has no columns for.
fn extra(json: &str) -> Vec<Part> {
    let said = |name: &str, value: &str| -> Said {
        let line = |text: &str| sanitize::line(text).into_owned();
        vec![(Role::Quiet, format!("{}: ", line(name))), (Role::Plain, line(value))]
    };
    let fields: Vec<Said> = match serde_json::from_str(json) {
        Ok(Value::Object(fields)) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => said(name, text),
                other => said(name, &other.to_string()),
            })
            .collect(),
        // Cut, because there is too much of it.
        _ => vec![said("fields", json)],
    };
    let label = |first: bool| (Role::Quiet, if first { "extra" } else { "" }.to_owned());
    fields.into_iter().enumerate().map(|(at, said)| Part::Field(label(at == 0), said)).collect()
}

/// When the row last changed.
fn changed(previous: Option<&Previous>) -> Part {
    let text = match previous {
        None => return field("changed", Role::Quiet, "never, or what it was is not kept"),
        Some(previous) => {
            let at = previous.at.map_or(String::new(), |at| format!(", {}", clock(at)));
            let columns = text::count(previous.before.len() as u64, "column");
            format!("{columns} with page {} of run {}{at}", text::number(previous.page), previous.run)
        }
    };
    field("changed", Role::Plain, text)
}

/// How a row came by.
fn stored(entry: &RowEntry) -> Vec<Part> {
    let Some(came) = entry.came else { return Vec::new() };
    let what = match came.fate {
        Fate::New => "new: its id was not in the table",
        Fate::Changed => "changed: it replaced an older version",
        Fate::Same => "same: the table held these values already",
        Fate::Stale => "stale: the table holds a newer version, which stays",
    };
    let (role, sign) = fate(came.fate);
    vec![
        field("came", Role::Plain, format!("with page {}, {}", text::number(came.page), clock(came.at))),
        Part::Field(
            (Role::Quiet, "fate".to_owned()),
            vec![(role, format!("{sign} ")), (Role::Plain, what.to_owned())],
        ),
    ]
}
