//! The contract with a source: where an answer has its rows and its token, what says that there is more, and how the
//! token goes back. Data alone, from a closed vocabulary: whatever speaks to a source goes by it, and nothing else knows
//! an API by name.

use std::fmt;

use crate::record::{Schema, USER};

/// Where in a body something stands: the names of the fields from the outermost in. Without a name, the whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path(pub &'static [&'static str]);

impl Path {
    /// What is left of it within the field of that name, if it leads there.
    #[must_use]
    pub fn within(self, name: &str) -> Option<Self> {
        self.0.split_first().filter(|(first, _)| **first == name).map(|(_, rest)| Self(rest))
    }

    /// True if it leads no further.
    #[must_use]
    pub fn is_here(self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_here() { f.write_str("the body") } else { write!(f, "`{}`", self.0.join(".")) }
    }
}

/// Where an answer has the token for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAt {
    /// In its body, as a string. An empty one is none.
    Body(Path),
    /// In its `Link` header, as the address whose relation is `next` (RFC 8288).
    Link,
}

/// How a token goes back. It is kept and told as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// As a parameter of the address.
    Query(&'static str),
    /// It is the next address itself, absolute or relative to the configured one, and within its origin. What it repeats
    /// of that one's own query is kept and told with it.
    Address,
}

/// A flag in the body that has the last word on whether there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Where it stands.
    pub path: Path,
    /// What it says at the end of the data.
    pub at_the_end: bool,
}

/// In which order the source sends its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By their cursors, the smallest first.
    Ascending,
    /// Any other, or none: what is still to come may lie anywhere, until all of it has come.
    Other,
}

/// How rows and tokens are found in an answer, and how the next request is put.
#[derive(Debug)]
pub struct Contract {
    /// Where the rows are.
    pub rows: Path,
    /// Where the token is.
    pub token: TokenAt,
    /// What says that there is more beside the token, if anything does. Where it is missing, the token decides.
    pub more: Option<Flag>,
    /// The query parameter of the first request, inclusive.
    pub since: &'static str,
    /// What the first request asks beside, by parameter: a filter, an order. A token has it in itself.
    pub first: &'static [(&'static str, &'static str)],
    /// What each request asks beside, unless it is an address of the source's own making: the size of a page.
    pub each: &'static [(&'static str, &'static str)],
    /// The headers of each request, their names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// How the token goes back.
    pub back: Back,
    /// How the rows are ordered.
    pub order: Order,
    /// The rows' shape.
    pub schema: &'static Schema,
}

impl Contract {
    /// True if requests set a query parameter of that name.
    #[must_use]
    pub fn sets(&self, name: &str) -> bool {
        let asked = self.first.iter().chain(self.each).any(|(asked, _)| *asked == name);
        asked || name == self.since || matches!(self.back, Back::Query(scroll) if scroll == name)
    }
}

/// The contract of `fivetran-api-playground`'s keyset pagination, which the built-in playground speaks too.
pub const KEYSET: Contract = Contract {
    rows: Path(&["data"]),
    token: TokenAt::Body(Path(&["scroll_param"])),
    more: None,
    since: "updated_since",
    first: &[],
    each: &[],
    headers: &[],
    back: Back::Query("scroll_param"),
    order: Order::Ascending,
    schema: &USER,
};
