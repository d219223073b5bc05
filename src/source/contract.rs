//! The contract with a source: where an answer has its rows and its token, what says that there is more, and how the
//! token goes back. Data alone, from a closed vocabulary: whatever speaks to a source goes by it, and nothing else knows
//! an API by name.

use std::fmt;
use std::time::Duration;

use crate::record::{BEGINNING, Cursor, Format, Schema, USER};

/// Names of fields as a definition writes them: `meta.next`. A dot within a name has a backslash before it, and so has a
/// backslash; `\$` alone is a name, as `$` is the whole body.
#[must_use]
pub fn dotted<N: AsRef<str>>(names: &[N]) -> String {
    if let [name] = names
        && name.as_ref() == "$"
    {
        return r"\$".to_owned();
    }
    let names = names.iter().map(|name| name.as_ref().replace('\\', r"\\").replace('.', r"\."));
    names.collect::<Vec<_>>().join(".")
}

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
        if self.is_here() { f.write_str("the body") } else { write!(f, "`{}`", dotted(self.0)) }
    }
}

/// How a request is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`, with this JSON object as its body, in which a request sets what it asks for.
    Post(&'static str),
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post(_) => "POST",
        }
    }
}

/// Where a request has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// In a parameter of the address.
    Query(&'static str),
    /// In a header, its name in lower case.
    Header(&'static str),
    /// In the body, as a string. The name of an element of an array is its number.
    Body(Path),
}

/// How the first request asks from a cursor on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Since {
    /// Where the cursor goes.
    pub at: At,
    /// What stands before and after it there, if it is part of an expression.
    pub around: (&'static str, &'static str),
    /// How it is written there, where that is not as the rows have it.
    pub format: Option<Format>,
    /// What a run asks from that reads everything, as the rows have it.
    pub initial: &'static str,
    /// True if the rows of that very cursor are left out. Asked from is one unit of what is written less then, where
    /// that can be told.
    pub exclusive: bool,
}

/// Where the token for the next page comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAt {
    /// The answer's body, as a string. An empty one is none, unless the contract says that it is one.
    Body(Path),
    /// The answer's body, as a whole number.
    Number(Path),
    /// A header of the answer, its name in lower case.
    Header(&'static str),
    /// The answer's `Link` header: the address whose relation is `next` (RFC 8288).
    Link,
    /// The last row's field.
    LastRow(Path),
    /// Nowhere: it is the number of the next page, the first one's being this. Rows that come or go before it meanwhile
    /// move all that follow.
    Page(u64),
    /// Nowhere: it is how many rows have come. The same.
    Offset,
}

impl TokenAt {
    /// Where it stands in the body, if it stands there.
    #[must_use]
    pub fn in_body(self) -> Option<Path> {
        match self {
            Self::Body(path) | Self::Number(path) => Some(path),
            Self::Header(_) | Self::Link | Self::LastRow(_) | Self::Page(_) | Self::Offset => None,
        }
    }

    /// True if a token counts pages or rows, so that rows are passed over or come twice if any come or go meanwhile.
    #[must_use]
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Page(_) | Self::Offset)
    }
}

/// How a token goes back. It is kept and told as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// As a value of the request.
    At(At),
    /// It is the next address itself, absolute or relative to the configured one, and within its origin. What it repeats
    /// of that one's own query is kept and told with it.
    Address,
}

/// A flag in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Where it stands.
    pub path: Path,
    /// What it says where that is so for which it is there: at the end of the data, or in a refusal.
    pub is: bool,
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
#[derive(Debug, PartialEq)]
pub struct Contract {
    /// How a request is put.
    pub method: Method,
    /// Where the rows are.
    pub rows: Path,
    /// Where the token is.
    pub token: TokenAt,
    /// True if an empty token is one.
    pub empty_token: bool,
    /// What says that there is more beside the token, if anything does. Where it is missing, the token decides.
    pub more: Option<Flag>,
    /// How many rows a page has that is not the last, where a shorter one is the end.
    pub full: Option<u64>,
    /// How the first request asks from a cursor on; `None` where the source cannot be asked so, and always sends all.
    pub since: Option<Since>,
    /// What the first request asks beside, by parameter: a filter, an order. A token has it in itself.
    pub first: &'static [(&'static str, &'static str)],
    /// What each request asks beside, unless it is an address of the source's own making: the size of a page.
    pub each: &'static [(&'static str, &'static str)],
    /// True if a token goes along with all that the first request asked.
    pub carry: bool,
    /// The headers of each request, their names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
    /// How the token goes back.
    pub back: Back,
    /// How long a token that is not used is good for, where that is known.
    pub lifetime: Option<Duration>,
    /// The statuses that mean that a token is not good any more.
    pub expired: &'static [u16],
    /// What the body of a refusal says if it means the token, where the status alone does not tell.
    pub expired_text: Option<&'static str>,
    /// A flag that says that an answer is a refusal although its status is a success, and where its reason stands.
    pub refusal: Option<(Flag, Path)>,
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
        asked
            || self.since.is_some_and(|since| matches!(since.at, At::Query(asked) if asked == name))
            || matches!(self.back, Back::At(At::Query(scroll)) if scroll == name)
    }

    /// True if the source goes by cursor: it can be asked from one on, and sends the rows in their order.
    #[must_use]
    pub fn goes_by_cursor(&self) -> bool {
        self.order == Order::Ascending && self.since.is_some() && self.schema.cursor.is_some()
    }

    /// What a run asks from that reads everything.
    #[must_use]
    pub fn beginning(&self) -> Cursor {
        let initial = self.since.and_then(|since| self.schema.read_cursor(since.initial));
        initial.unwrap_or_else(Cursor::beginning)
    }
}

/// The contract of `fivetran-api-playground`'s keyset pagination, which the built-in playground speaks too.
pub const KEYSET: Contract = Contract {
    method: Method::Get,
    rows: Path(&["data"]),
    token: TokenAt::Body(Path(&["scroll_param"])),
    empty_token: false,
    more: None,
    full: None,
    since: Some(Since {
        at: At::Query("updated_since"),
        around: ("", ""),
        format: None,
        initial: BEGINNING,
        exclusive: false,
    }),
    first: &[],
    each: &[],
    carry: false,
    headers: &[],
    back: Back::At(At::Query("scroll_param")),
    lifetime: None,
    expired: &[400, 404, 410, 422],
    expired_text: None,
    refusal: None,
    order: Order::Ascending,
    schema: &USER,
};
