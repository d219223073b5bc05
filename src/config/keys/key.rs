//! One setting as all that reads, shows or explains it sees it: its names, its rule, and what there is to say of it.

use super::Settings;
use crate::config::format::Rule;

/// The flag that sets a key, and what its value is called in the help.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The name, without dashes.
    pub name: &'static str,
    /// The value's name. A flag without one is a switch, and stands for "true".
    pub value: Option<&'static str>,
}

/// One setting, without its type.
pub struct Key {
    /// The section of the file.
    pub section: &'static str,
    /// The key in that section.
    pub name: &'static str,
    /// The environment variable.
    pub env: &'static str,
    /// The flag, if it has one.
    pub flag: Option<Flag>,
    /// The default, as one would write it.
    pub default: &'static str,
    /// How it is written, and what is allowed.
    pub rule: &'static dyn Rule,
    /// The effective value, written so that it would be read back.
    pub show: fn(&Settings) -> String,
    pub(super) explanation: &'static [&'static str],
}

impl Key {
    /// The key with its section: `retry.max`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// What it is, in a few words and without a full stop.
    #[must_use]
    pub fn about(&self) -> &'static str {
        let first = self.explanation.first().map_or("", |line| line.trim());
        first.strip_suffix('.').unwrap_or(first)
    }

    /// What there is to say beyond that; often nothing.
    #[must_use]
    pub fn more(&self) -> String {
        let lines: Vec<&str> = self.explanation.iter().skip(1).map(|line| line.trim()).collect();
        lines.join(" ")
    }

    /// The text as TOML writes it: in quotes unless it is a number, true or false.
    #[must_use]
    pub fn toml(&self, text: &str) -> String {
        if self.rule.is_bare(text) {
            text.to_owned()
        } else {
            toml::Value::String(text.to_owned()).to_string()
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        (self.section, self.name) == (other.section, other.name)
    }
}
