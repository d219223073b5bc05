//! Which rows are looked at: words that must occur in a row, or must not.
//!
//! One rule for the table and for the rows that come by. It reads bytes; the case of ASCII letters does not matter.

use crate::record::Schema;

/// Words, all of which must be true of a row. The empty filter lets every row through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    /// In lower case.
    text: Box<[u8]>,
    /// Where it must occur; `None` for any column.
    column: Option<usize>,
    /// True if it must not.
    excluded: bool,
}

impl Filter {
    /// Reads words: `text` must occur in any column, `column:text` in that one, `-text` or `!text` in none; words
    /// with spaces stand in quotes: `company:"Smith Ltd" -job:clerk`. A word without text, which is still being
    /// typed, asks for nothing.
    ///
    /// # Errors
    /// If a word names a column that there is not.
    pub fn parse(text: &str, schema: &Schema) -> Result<Self, String> {
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, after) = term(rest, schema)?;
            terms.extend(term);
            rest = after.trim_start();
        }
        Ok(Self { terms })
    }

    /// True if it lets every row through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// True if it lets a row of these values through. Of a value that was cut for showing, only what is left counts.
    #[must_use]
    pub fn matches(&self, values: &[Option<String>]) -> bool {
        self.admits(values)
    }

    /// True if the values of that column matter.
    pub(in crate::destination) fn reads(&self, position: usize) -> bool {
        self.terms.iter().any(|term| term.column.is_none_or(|column| column == position))
    }

    /// Its words, for whoever asks a database with them: each in lower case, with the column in which it must occur,
    /// `None` for any, and true if it must not.
    pub(in crate::destination) fn words(&self) -> impl Iterator<Item = (&str, Option<usize>, bool)> {
        self.terms.iter().map(|term| {
            // They were text when they came.
            (std::str::from_utf8(&term.text).unwrap_or_default(), term.column, term.excluded)
        })
    }

    /// The same as [`Filter::matches`], of bytes.
    pub(in crate::destination) fn admits<V: AsRef<[u8]>>(&self, values: &[Option<V>]) -> bool {
        self.terms.iter().all(|term| {
            let occurs =
                |value: &Option<V>| value.as_ref().is_some_and(|value| contains(value.as_ref(), &term.text));
            let found = match term.column {
                Some(column) => values.get(column).is_some_and(occurs),
                None => values.iter().any(occurs),
            };
            found != term.excluded
        })
    }
}

/// The first word of a text, if it asks for anything, and what follows it.
fn term<'t>(text: &'t str, schema: &Schema) -> Result<(Option<Term>, &'t str), String> {
    let (excluded, text) = match text.strip_prefix(['-', '!']) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (column, text) = match named(text) {
        Some((name, rest)) => (Some(position(name, schema)?), rest),
        None => (None, text),
    };
    let (word, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => text.split_at(text.find(char::is_whitespace).unwrap_or(text.len())),
    };
    let text = word.to_ascii_lowercase().into_bytes().into_boxed_slice();
    Ok(((!text.is_empty()).then_some(Term { text, column, excluded }), rest))
}

/// The name before a colon, and what follows. `19:05` and `https://…` name no column.
fn named(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(':')?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !rest.starts_with("//")).then_some((name, rest))
}

fn position(name: &str, schema: &Schema) -> Result<usize, String> {
    let found = schema.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = schema.columns.iter().map(|column| column.name).collect();
        let names = names.join(", ");
        format!("there is no column {name}, only {names}; put the word in quotes to look for it as it is")
    })
}

/// True if a text contains another, which is in lower case.
fn contains(text: &[u8], lower: &[u8]) -> bool {
    let Some((first, _)) = lower.split_first() else { return true };
    let Some(last) = text.len().checked_sub(lower.len()) else { return false };
    (0..=last).any(|at| {
        text[at].to_ascii_lowercase() == *first && text[at..at + lower.len()].eq_ignore_ascii_case(lower)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::USER;

    fn lets(filter: &str, values: &[Option<&str>]) -> bool {
        let values: Vec<Option<String>> = values.iter().map(|value| value.map(str::to_owned)).collect();
        Filter::parse(filter, &USER).unwrap().matches(&values)
    }

    #[test]
    fn words_are_looked_for_in_every_column_or_in_one() {
        let row = [Some("7"), Some("Ada Lovelace"), Some("ada@example.org"), None];
        for filter in
            ["", "ADA", "love ada", "name:love", "NAME:Love", "\"a l\"", "name:\"ada lovelace\"", "a@e"]
        {
            assert!(lets(filter, &row), "{filter}");
        }
        for filter in ["ada bob", "email:love", "\"ada  l\"", "7ada", "address:a"] {
            assert!(!lets(filter, &row), "{filter}");
        }
    }

    #[test]
    fn a_word_can_be_excluded_and_a_null_contains_nothing() {
        let row = [Some("7"), Some("Ada"), None];
        for filter in ["-bob", "!bob", "ada -bob", "-email:a", "-\"a d\""] {
            assert!(lets(filter, &row), "{filter}");
        }
        for filter in ["-ada", "!name:A", "ada -7"] {
            assert!(!lets(filter, &row), "{filter}");
        }
    }

    #[test]
    fn a_word_that_is_still_being_typed_asks_for_nothing() {
        for filter in ["", "  ", "-", "!", "name:", "-name:", "\"", "name:\"", "\"\""] {
            assert!(Filter::parse(filter, &USER).unwrap().is_empty(), "{filter}");
        }
        assert!(lets("\"ada l", &[Some("Ada Lovelace")]));
    }

    #[test]
    fn only_what_reads_as_a_name_names_a_column() {
        assert!(lets("19:05", &[Some("at 19:05")]));
        assert!(lets("https://a", &[Some("HTTPS://A.example")]));
        assert!(lets("\"nmae:x\"", &[Some("nmae:x")]));
        let error = Filter::parse("ada nmae:x", &USER).unwrap_err();
        assert!(error.contains("no column nmae") && error.contains("updatedAt"), "{error}");
    }

    #[test]
    fn letters_beyond_ascii_keep_their_case() {
        assert!(lets("é", &[Some("André")]));
        assert!(!lets("É", &[Some("André")]));
    }
}
