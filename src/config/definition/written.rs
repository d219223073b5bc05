//! A section of a source as it is written: the settings in it, and the words of its definition with their places.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::file::{self, Origin};
use crate::config::keys::{KEYS, Key};
use crate::config::layers::Entry;
use crate::config::problem::{Place, Problem};
use crate::sanitize::quoted;

/// The words that have words below them.
pub(super) const GROUPS: &[&str] =
    &["headers", "query", "first", "filters", "since", "next", "end", "refusal", "columns"];

/// A word of a definition: `about`, or `send` below `since`.
#[derive(Clone, Debug)]
pub(in crate::config) struct Leaf {
    /// The group that it is below; empty if it is below none.
    pub group: String,
    pub name: String,
    pub value: Value,
    pub place: Place,
}

/// A value of TOML, as far as a definition has a use for it.
#[derive(Clone, Debug)]
pub(in crate::config) enum Value {
    Text(String),
    Number(String),
    Truth(bool),
    List(Vec<Value>),
    Table(Vec<Leaf>),
    /// Of a kind that no word has.
    Other(&'static str),
}

/// A section as it is written.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Written {
    /// The settings in it.
    pub entries: Vec<Entry>,
    /// The words of the definition, in the order in which they are written.
    pub leaves: Vec<Leaf>,
    /// Where it begins.
    pub place: Option<Place>,
}

/// The settings that a source has for itself: all of `[source]`, of `[sync]`, and the destination.
pub(super) fn settings() -> impl Iterator<Item = &'static Key> {
    let is_own = |key: &&Key| matches!(key.section, "source" | "sync" | "destination") && key.name != "name";
    KEYS.iter().filter(is_own)
}

impl Written {
    /// Takes a section apart.
    pub fn read(origin: &Origin<'_>, table: &DeTable<'_>, place: Place) -> (Self, Vec<Problem>) {
        let mut written = Self { place: Some(place), ..Self::default() };
        let mut problems = Vec::new();
        for (name, value) in in_order(table) {
            let word = name.get_ref().as_ref();
            if let Some(key) = settings().find(|key| key.name == word) {
                match file::entry(origin, key, value) {
                    Ok(entry) => written.entries.push(entry),
                    Err(problem) => problems.push(problem),
                }
                continue;
            }
            match value.get_ref() {
                DeValue::Table(below) if GROUPS.contains(&word) => {
                    written.leaves.extend(leaves(origin, word, below));
                }
                _ => written.leaves.push(leaf(origin, "", (name, value))),
            }
        }
        (written, problems)
    }

    /// The preset that it starts from, as it is written.
    pub fn preset(&self) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.group.is_empty() && leaf.name == "preset")
    }

    /// The words of a preset with these in their place. A group of which `none` is said has none of its words.
    pub(super) fn over(&self, preset: Option<&Self>) -> Vec<Leaf> {
        let is_none = |leaf: &Leaf| matches!(&leaf.value, Value::Text(text) if text == "none");
        let mut leaves: Vec<Leaf> = preset.map_or_else(Vec::new, |preset| preset.leaves.clone());
        for own in &self.leaves {
            if own.group.is_empty() && GROUPS.contains(&own.name.as_str()) && is_none(own) {
                leaves.retain(|leaf| leaf.group != own.name);
                continue;
            }
            match leaves.iter_mut().find(|leaf| (&leaf.group, &leaf.name) == (&own.group, &own.name)) {
                Some(covered) => *covered = own.clone(),
                None => leaves.push(own.clone()),
            }
        }
        leaves
    }
}

/// What stands in a table, in the order in which it is written, which a table does not keep.
fn in_order<'t, 'a>(
    table: &'t DeTable<'a>,
) -> Vec<(&'t Spanned<toml::de::DeString<'a>>, &'t Spanned<DeValue<'a>>)> {
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(name, _)| name.span().start);
    all
}

fn leaves(origin: &Origin<'_>, group: &str, table: &DeTable<'_>) -> Vec<Leaf> {
    in_order(table).into_iter().map(|below| leaf(origin, group, below)).collect()
}

fn leaf(
    origin: &Origin<'_>,
    group: &str,
    (name, value): (&Spanned<toml::de::DeString<'_>>, &Spanned<DeValue<'_>>),
) -> Leaf {
    Leaf {
        group: group.to_owned(),
        name: name.get_ref().to_string(),
        value: self::value(origin, value.get_ref()),
        place: origin.place(&name.span()),
    }
}

fn value(origin: &Origin<'_>, written: &DeValue<'_>) -> Value {
    match written {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Number(file::decimal(number)),
        DeValue::Boolean(truth) => Value::Truth(*truth),
        DeValue::Array(list) => Value::List(list.iter().map(|one| value(origin, one.get_ref())).collect()),
        DeValue::Table(table) => Value::Table(leaves(origin, "", table)),
        other => Value::Other(file::kind(other)),
    }
}

impl Value {
    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Number(_) => "a number",
            Self::Truth(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a section",
            Self::Other(kind) => kind,
        }
    }
}

impl Leaf {
    /// Its name with that of its group, as a message quotes it.
    pub(super) fn path(&self) -> String {
        match self.group.as_str() {
            "" => self.name.clone(),
            group => format!("{group}.{}", self.name),
        }
    }

    /// Its value, if that is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A problem at its place.
    pub(super) fn wrong(&self, what: impl std::fmt::Display) -> Problem {
        let path = crate::sanitize::snippet(&self.path(), crate::sanitize::QUOTED);
        Problem::new(self.place.clone(), format!("{path}: {what}"))
    }
}

/// True if a text may be the name of a source: it is part of a file's name, and stands on command lines.
pub(crate) fn check_name(text: &str) -> Result<(), String> {
    const LONGEST: usize = 40;
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let begins = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    match begins && text.len() <= LONGEST && text.bytes().all(fits) {
        true => Ok(()),
        false => Err(format!(
            "{} is no name of a source: small letters, digits, - and _, {LONGEST} at most, a letter or digit first",
            quoted(text)
        )),
    }
}
