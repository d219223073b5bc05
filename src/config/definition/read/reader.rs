//! Words are taken out of a section one by one, and what is wrong with them is kept: all of it is told at once.

use crate::config::definition::written::{GROUPS, Leaf, Value, Written, settings};
use crate::config::format::{Format as _, OneOf, Word};
use crate::config::problem::{Place, Problem, nearest};
use crate::sanitize::quoted;

/// The words that stand below nothing.
const WORDS: &[&str] =
    &["preset", "about", "method", "body", "rows", "table", "title", "key", "cursor", "format", "order"];
/// The words of a group; none for one whose words are names of one's own.
fn words_of(group: &str) -> &'static [&'static str] {
    match group {
        "since" => &["send", "format", "before", "after", "initial", "bound"],
        "next" => &["from", "send", "carry", "empty", "lifetime", "expired", "expired_text"],
        "end" => &["flag", "at_end", "short_page"],
        "refusal" => &["flag", "is", "reason"],
        _ => &[],
    }
}

/// Takes words out of a section, and keeps what is wrong with them.
pub(super) struct Reader {
    pub(super) leaves: Vec<Leaf>,
    /// Where the section begins.
    pub(super) place: Place,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    /// What is left is nothing that a definition has.
    pub(super) fn leftovers(&mut self) {
        for leaf in std::mem::take(&mut self.leaves) {
            let is_group = leaf.group.is_empty() && GROUPS.contains(&leaf.name.as_str());
            if is_group {
                let what = format!("{} does not fit here; write {}.KEY = …", leaf.value.kind(), leaf.name);
                self.problems.push(leaf.wrong(what));
                continue;
            }
            let names: Vec<&str> = match leaf.group.as_str() {
                "" => WORDS.iter().chain(GROUPS).copied().chain(settings().map(|key| key.name)).collect(),
                group => words_of(group).to_vec(),
            };
            let advice = match nearest(&leaf.name, names.iter().copied()) {
                Some(right) => format!("did you mean \"{right}\"?"),
                None if leaf.group.is_empty() => format!("the keys are {}", WORDS.join(", ")),
                None => format!("the keys are {}", names.join(", ")),
            };
            let what = format!("unknown key {}; {advice}", quoted(&leaf.path()));
            self.problems.push(Problem::new(leaf.place, what));
        }
    }

    /// Where a word stands; where the section begins if it stands nowhere.
    pub(super) fn place_of(&self, own: &Written, preset: Option<&Written>, path: &str) -> Place {
        let leaves = own.leaves.iter().chain(preset.iter().flat_map(|preset| &preset.leaves));
        let mut found = leaves.filter(|leaf| leaf.path() == path || leaf.group == path);
        found.next().map_or(self.place.clone(), |leaf| leaf.place.clone())
    }

    pub(super) fn has(&self, group: &str) -> bool {
        self.leaves.iter().any(|leaf| leaf.group == group)
    }

    pub(super) fn missing(&mut self, path: &str, what: &str) {
        let is_refused = self.problems.iter().any(|problem| problem.what.starts_with(&format!("{path}:")));
        if !is_refused {
            self.problems.push(Problem::new(self.place.clone(), format!("no {path}: {what}")));
        }
    }

    /// Takes a word out.
    pub(super) fn take(&mut self, path: &str) -> Option<Leaf> {
        let (group, name) = path.split_once('.').unwrap_or(("", path));
        let at = self.leaves.iter().position(|leaf| leaf.group == group && leaf.name == name)?;
        Some(self.leaves.remove(at))
    }

    /// Takes all words of a group out.
    pub(super) fn group(&mut self, group: &str) -> Vec<Leaf> {
        let (taken, left) =
            std::mem::take(&mut self.leaves).into_iter().partition(|leaf| leaf.group == group);
        self.leaves = left;
        taken
    }

    /// A value as its text says it.
    pub(super) fn value<T>(&mut self, leaf: Leaf, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = match &leaf.value {
            Value::Text(text) | Value::Number(text) => text.clone(),
            Value::Truth(truth) => truth.to_string(),
            other => {
                self.problems.push(leaf.wrong(format!("{} does not fit here; write a text", other.kind())));
                return None;
            }
        };
        read(&text).map_err(|what| self.problems.push(leaf.wrong(what))).ok()
    }

    pub(super) fn read<T>(&mut self, path: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let leaf = self.take(path)?;
        self.value(leaf, read)
    }

    pub(super) fn text(&mut self, path: &str) -> Option<String> {
        self.read(path, |text| Ok(text.to_owned()))
    }

    pub(super) fn word<W: Word>(&mut self, path: &str) -> Option<W> {
        self.read(path, |text| OneOf::<W>::any().read(text))
    }

    pub(super) fn truth(&mut self, path: &str) -> Option<bool> {
        let leaf = self.take(path)?;
        match leaf.value {
            Value::Truth(truth) => Some(truth),
            _ => {
                self.problems.push(leaf.wrong("write true or false"));
                None
            }
        }
    }

    pub(super) fn number(&mut self, path: &str) -> Option<u64> {
        self.read(path, |text| text.parse().map_err(|_| format!("{} is no whole number", quoted(text))))
    }
}
