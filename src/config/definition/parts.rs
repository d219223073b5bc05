//! The words of a definition that hold more than one thing: `query:since`, `body:meta.next`, `page:1`.

use std::fmt;

use reqwest::header::HeaderName;

use crate::config::format::Word;
use crate::record::{ColumnType, Format};
use crate::sanitize::quoted;
use crate::source::contract::dotted;

/// Names of fields from the outermost in: `meta.next`. None of them is the whole body, `$`. What [`dotted`] writes is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Names {
    /// Reads a path; an empty one, and `$`, lead nowhere but here.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text == "$" {
            return Ok(Self::default());
        }
        let (mut names, mut name) = (Vec::new(), String::new());
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '.' => names.push(std::mem::take(&mut name)),
                '\\' => match letters.next() {
                    Some(plain @ ('.' | '\\' | '$')) => name.push(plain),
                    _ => {
                        let what =
                            r"a backslash stands before a dot, a $ or another backslash; write one as \\";
                        return Err(format!("{}: {what}", quoted(text)));
                    }
                },
                letter => name.push(letter),
            }
        }
        names.push(name);
        match names.iter().any(String::is_empty) {
            true => Err(format!("{} has a name without a letter; write it as outer.inner", quoted(text))),
            false => Ok(Self(names)),
        }
    }

    /// Reads a path that must lead to a field.
    pub(super) fn field(text: &str) -> Result<Self, String> {
        let names = Self::read(text)?;
        if names.0.is_empty() { Err("it must name a field".to_owned()) } else { Ok(names) }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("$") } else { f.write_str(&dotted(&self.0)) }
    }
}

/// Where a request has a value: `query:NAME`, `header:NAME` or `body:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// In a parameter of the address.
    Query(String),
    /// In a header, its name in lower case.
    Header(String),
    /// In the body.
    Body(Names),
}

impl Spot {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("query", name)) if !name.is_empty() => Ok(Self::Query(name.to_owned())),
            Some(("header", name)) => header(name).map(Self::Header),
            Some(("body", path)) => Names::field(path).map(Self::Body),
            _ => Err(format!("{} is not one of query:NAME, header:NAME, body:PATH", quoted(text))),
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Body(path) => write!(f, "body:{path}"),
        }
    }
}

/// The name of a header, in lower case.
pub(super) fn header(name: &str) -> Result<String, String> {
    let name = HeaderName::from_bytes(name.as_bytes());
    name.map(|name| name.as_str().to_owned())
        .map_err(|_| "what stands there is no name of a header, such as x-api-version".to_owned())
}

/// How a token goes back: to a [`Spot`], or as the `url` itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// As a value of the request.
    At(Spot),
    /// It is the next address.
    Url,
}

impl Back {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "url" => Ok(Self::Url),
            _ => Spot::read(text).map(Self::At).map_err(|what| what.replace("body:PATH", "body:PATH, url")),
        }
    }

    /// Its place in a request, if it has one.
    pub(super) fn spot(&self) -> Option<&Spot> {
        match self {
            Self::At(spot) => Some(spot),
            Self::Url => None,
        }
    }
}

impl fmt::Display for Back {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(spot) => spot.fmt(f),
            Self::Url => f.write_str("url"),
        }
    }
}

/// Where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// `body:PATH`, a text.
    Body(Names),
    /// `number:PATH`, a whole number in the body.
    Number(Names),
    /// `header:NAME`
    Header(String),
    /// `link`: the `Link` header's `rel="next"`.
    Link,
    /// `row:PATH`, a field of the last row.
    Row(Names),
    /// `page:FIRST`: the number of the page, the first one's being that.
    Page(u64),
    /// `offset`: how many rows have come.
    Offset,
}

impl Token {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let number =
            |text: &str| text.parse().map_err(|_| format!("{} is no number of a page", quoted(text)));
        match text.split_once(':').unwrap_or((text, "")) {
            ("body", path) => Names::field(path).map(Self::Body),
            ("number", path) => Names::field(path).map(Self::Number),
            ("header", name) => header(name).map(Self::Header),
            ("row", path) => Names::field(path).map(Self::Row),
            ("page", first) => number(first).map(Self::Page),
            ("link", "") => Ok(Self::Link),
            ("offset", "") => Ok(Self::Offset),
            _ => Err(format!(
                "{} is not one of body:PATH, number:PATH, header:NAME, link, row:PATH, page:FIRST, offset",
                quoted(text)
            )),
        }
    }

    /// True if it counts pages or rows.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(self, Self::Page(_) | Self::Offset)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(path) => write!(f, "body:{path}"),
            Self::Number(path) => write!(f, "number:{path}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Link => f.write_str("link"),
            Self::Row(path) => write!(f, "row:{path}"),
            Self::Page(first) => write!(f, "page:{first}"),
            Self::Offset => f.write_str("offset"),
        }
    }
}

/// How a source orders its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sorted {
    /// By their cursors, the smallest first.
    Ascending,
    /// By their cursors, the largest first.
    Descending,
    /// In some other way, or in none.
    None,
}

impl Word for Sorted {
    const ALL: &'static [Self] = &[Self::Ascending, Self::Descending, Self::None];

    fn word(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
            Self::None => "none",
        }
    }
}

/// Whether the rows of the very cursor that is asked from come along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Inclusive,
    Exclusive,
}

impl Word for Bound {
    const ALL: &'static [Self] = &[Self::Inclusive, Self::Exclusive];

    fn word(self) -> &'static str {
        match self {
            Self::Inclusive => "inclusive",
            Self::Exclusive => "exclusive",
        }
    }
}

/// What an empty token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    End,
    Token,
}

impl Word for Empty {
    const ALL: &'static [Self] = &[Self::End, Self::Token];

    fn word(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Token => "token",
        }
    }
}

/// How a request is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

impl Word for Verb {
    const ALL: &'static [Self] = &[Self::Get, Self::Post];

    fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl Word for Format {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        Self::word(self)
    }
}

impl Word for ColumnType {
    const ALL: &'static [Self] = &Self::ALL;

    fn word(self) -> &'static str {
        Self::word(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_backslash_keeps_a_name_together() {
        let names = |text| Names::read(text).map(|names| names.0);
        let list = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(names("a.b"), list(&["a", "b"]));
        assert_eq!(names(r"@odata\.nextLink"), list(&["@odata.nextLink"]));
        assert_eq!(names(r"a\\.b"), list(&[r"a\", "b"]));
        assert_eq!((names("$"), names(r"\$")), (list(&[]), list(&["$"])));
        for wrong in [r"a\b", r"a\", "a..b", "a.", "."] {
            assert!(names(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_list_of_names_reads_back(names in prop::collection::vec(r"[ab.\\$]{1,4}|\PC{1,8}", 0..5)) {
            let names = Names(names);
            prop_assert_eq!(Names::read(&names.to_string()), Ok(names));
        }

        #[test]
        fn no_text_brings_the_reader_down(text in r"[ab.\\$]{0,8}|.{0,8}") {
            let _ = Names::read(&text);
        }
    }
}
