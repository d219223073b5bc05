//! What is wrong with the settings, where it stands, and the nearest right word.
//!
//! Everything that a file or the environment wrote passes [`sanitize`](crate::sanitize) before it gets into a
//! message here.

use std::fmt;
use std::path::PathBuf;

use crate::sanitize;

/// How alike two words must be to be offered for each other, from 0 (nothing in common) to 1 (the same). Low enough
/// for `anker` → `anchor`, high enough not to guess at random.
const ALIKE: f64 = 0.7;

/// The layer that a value comes from, and its place in it. From the weakest layer to the strongest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The built-in default.
    Default,
    /// A file, and the line in it (from 1) if there is one to name.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1.
        line: Option<usize>,
    },
    /// An environment variable.
    Env(String),
    /// A flag on the command line, without its dashes.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => {
                f.write_str(&sanitize::line(&path.to_string_lossy()))?;
                line.map_or(Ok(()), |line| write!(f, ":{line}"))
            }
            Self::Env(name) => f.write_str(&sanitize::snippet(name, sanitize::QUOTED)),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// One thing that is wrong, where it stands, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// What is wrong, and the remedy; safe for one line of a terminal.
    pub what: String,
}

impl Problem {
    /// A problem at that place. The text must be safe for a terminal already.
    pub(crate) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into() }
    }
}

/// Everything that is wrong with the settings, one a line: whoever mends a file wants to mend it once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

/// The name that is most like the word, if any is like it at all.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&word, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_a_strange_one_is_not() {
        let walks = ["auto", "scroll", "anchor"];
        assert_eq!(nearest("anker", walks), Some("anchor"));
        assert_eq!(nearest("SCROL", walks), Some("scroll"));
        assert_eq!(nearest("xyzzy", walks), None);
        assert_eq!(nearest("", walks), None);
    }

    #[test]
    fn a_problem_names_its_place_safely() {
        let place = Place::File { path: "a\u{1b}b.toml".into(), line: Some(7) };
        assert_eq!(Problem::new(place, "x").to_string(), "a<U+001B>b.toml:7: x");
    }
}
