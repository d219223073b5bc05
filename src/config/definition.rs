//! A source by configuration: `[source.NAME]` in the settings file, or a preset, as what a sync goes by.
//!
//! `written` takes a section apart, `parts` are the words of its vocabulary, `read` puts them together over a preset,
//! `check` refuses what contradicts itself, `told` writes it down again, and `walks` says in words how it is walked.
//! A definition is data alone: there is no language in it, and whatever it can say, a person can read off it.

mod check;
mod parts;
pub(super) mod preset;
mod read;
mod told;
mod walks;
pub(super) mod written;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use toml::de::DeTable;

pub use self::parts::{Back, Names, Sorted, Spot, Token};
pub use self::preset::PRESETS;
pub use self::walks::Safety;
use self::written::Written;
pub(crate) use self::written::check_name;
use super::credential::Keeper;
use super::file::Origin;
use super::layers::Entry;
use super::problem::{Place, Problem};
use crate::record::{self, ColumnType, Format, Schema};
use crate::source::contract::{self, At, Contract, Flag, Method};

/// The statuses that mean that a token is not good any more, where a definition does not say.
const EXPIRED: &[u16] = &[400, 404, 410, 422];

/// How the first request asks from a cursor on.
#[derive(Clone, Debug, PartialEq)]
pub struct Since {
    /// Where the cursor goes.
    pub send: Spot,
    /// How it is written there, where that is not as the rows have it.
    pub format: Option<Format>,
    /// What stands before and after it there.
    pub around: (String, String),
    /// What a run asks from that reads everything, as the rows have it.
    pub initial: String,
    /// True if the rows of that very cursor are left out.
    pub exclusive: bool,
}

/// How the next page is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// Where the token comes from.
    pub from: Token,
    /// How it goes back.
    pub send: Back,
    /// True if it goes along with all that the first request asked.
    pub carry: bool,
    /// True if an empty token is one.
    pub empty_token: bool,
    /// How long it is good for.
    pub lifetime: Option<Duration>,
    /// The statuses that mean that it is not good any more.
    pub expired: Vec<u16>,
    /// What such a refusal says.
    pub expired_text: Option<String>,
}

/// A flag in the body, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Says {
    /// Where it stands.
    pub flag: Names,
    /// What it says then.
    pub is: bool,
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Where in a row its value stands.
    pub path: Names,
    /// Its type.
    pub kind: ColumnType,
}

/// A source by configuration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// What it is called.
    pub name: String,
    /// What it is, in a few words; may be empty.
    pub about: String,
    /// The preset that it started from.
    pub preset: Option<String>,
    /// The body of a `POST`; without one, requests are `GET`.
    pub body: Option<String>,
    /// The headers of each request, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// What each request asks beside.
    pub query: Vec<(String, String)>,
    /// What the first request asks beside.
    pub first: Vec<(String, String)>,
    /// What each request asks beside, where that is kept elsewhere: no credential, for it is shown.
    pub filters: Vec<(String, Keeper)>,
    /// Where the rows are.
    pub rows: Names,
    /// The table.
    pub table: String,
    /// Its heading.
    pub title: String,
    /// The columns that the key is put together from.
    pub key: Vec<usize>,
    /// The column that orders the stream.
    pub cursor: Option<usize>,
    /// How cursors are written.
    pub format: Format,
    /// How the rows are ordered.
    pub order: Sorted,
    /// How the first request asks from a cursor on.
    pub since: Option<Since>,
    /// How the next page is asked for.
    pub next: Next,
    /// The flag that says that there is no more.
    pub end: Option<Says>,
    /// How many rows a page has that is not the last.
    pub short_page: Option<u64>,
    /// What says that an answer is a refusal, and where its reason stands.
    pub refusal: Option<(Says, Names)>,
    /// The columns.
    pub columns: Vec<Column>,
}

/// A definition, with the settings that come with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The definition.
    pub definition: Definition,
    /// Its settings, those of its preset first.
    pub entries: Vec<Entry>,
}

impl Named {
    /// Reads a section over the preset that it names.
    pub(super) fn read(name: &str, own: &Written) -> Result<Self, Vec<Problem>> {
        let preset = match own.preset().map(|leaf| (leaf, leaf.text())) {
            None | Some((_, None)) => None,
            Some((leaf, Some(preset))) => match preset::written(preset) {
                Some(written) => Some(written),
                None => return Err(vec![leaf.wrong(preset::unknown(preset))]),
            },
        };
        let definition = Definition::read(name, own, preset.as_ref())?;
        let below = preset.map_or_else(Vec::new, |preset| preset.entries);
        Ok(Self { definition, entries: [below, own.entries.clone()].concat() })
    }

    /// Reads the words of a section, as they stand in it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(name: &str, words: &str) -> Result<Self, Vec<Problem>> {
        let (origin, place) = (Origin { path: Path::new("the definition"), text: words }, Place::Default);
        let table = DeTable::parse(words);
        let table = table.map_err(|why| vec![Problem::new(place.clone(), why.message().to_owned())])?;
        let (written, problems) = Written::read(&origin, table.get_ref(), place);
        if problems.is_empty() { Self::read(name, &written) } else { Err(problems) }
    }

    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        Self::read(name, &preset::written(name)?).ok()
    }

    /// Its settings, without those that a later one covers.
    fn in_force(&self) -> impl Iterator<Item = &Entry> {
        let covers = |at: usize, key| self.entries.iter().skip(at + 1).any(|later| later.key == key);
        self.entries
            .iter()
            .enumerate()
            .filter(move |(at, entry)| !covers(*at, entry.key))
            .map(|(_, entry)| entry)
    }

    /// What it says of a setting.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.entries.iter().rev().find(|entry| entry.key.name == name).map(|entry| entry.text.as_str())
    }
}

/// The name of the column that a key of several columns is put together in.
const JOINT_KEY: &str = "_key";

impl Definition {
    /// What a sync goes by. It stays in memory for as long as the process lives, once for each definition.
    #[must_use]
    pub fn contract(&self) -> &'static Contract {
        static MADE: Mutex<Vec<(Definition, &'static Contract)>> = Mutex::new(Vec::new());
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, contract)) = made.iter().find(|(definition, _)| definition == self) {
            return contract;
        }
        let contract = self.leak();
        made.push((self.clone(), contract));
        contract
    }

    fn leak(&self) -> &'static Contract {
        let flag = |says: &Says| Flag { path: says.flag.leak(), is: says.is };
        Box::leak(Box::new(Contract {
            method: self.body.as_deref().map_or(Method::Get, |body| Method::Post(text(body))),
            rows: self.rows.leak(),
            token: self.next.from.leak(),
            empty_token: self.next.empty_token,
            more: self.end.as_ref().map(flag),
            full: self.short_page,
            since: self.since.as_ref().map(|since| contract::Since {
                at: since.send.leak(),
                around: (text(&since.around.0), text(&since.around.1)),
                format: since.format,
                initial: text(&since.initial),
                exclusive: since.exclusive,
            }),
            first: pairs(&self.first),
            each: pairs(&self.query),
            carry: self.next.carry,
            headers: pairs(&self.headers),
            back: match &self.next.send {
                Back::At(spot) => contract::Back::At(spot.leak()),
                Back::Url => contract::Back::Address,
            },
            lifetime: self.next.lifetime,
            expired: Vec::leak(self.next.expired.clone()),
            expired_text: self.next.expired_text.as_deref().map(text),
            refusal: self.refusal.as_ref().map(|(says, reason)| (flag(says), reason.leak())),
            order: match self.order {
                Sorted::Ascending => contract::Order::Ascending,
                Sorted::Descending | Sorted::None => contract::Order::Other,
            },
            schema: self.schema(),
        }))
    }

    fn schema(&self) -> &'static Schema {
        let columns = self.columns.iter().map(|column| record::Column {
            name: text(&column.name),
            path: column.path.leak().0,
            kind: column.kind,
        });
        let joint = record::Column { name: JOINT_KEY, path: &[], kind: ColumnType::String };
        let is_joint = self.key.len() > 1;
        let columns: Vec<_> = columns.chain(is_joint.then_some(joint)).collect();
        let (primary_key, parts): (usize, &'static [usize]) = match self.key.as_slice() {
            [key] => (*key, &[]),
            parts => (columns.len() - 1, Vec::leak(parts.to_vec())),
        };
        Box::leak(Box::new(Schema {
            table: text(&self.table),
            title: text(&self.title),
            columns: Vec::leak(columns),
            primary_key,
            parts,
            cursor: self.cursor,
            format: self.format,
        }))
    }

    /// The parameters of the address that a request sets, each as often as it does.
    fn parameters(&self) -> impl Iterator<Item = &str> {
        let asked = self.query.iter().chain(&self.first).map(|(name, _)| name.as_str());
        let asked = asked.chain(self.filters.iter().map(|(name, _)| name.as_str()));
        let sent = [self.since.as_ref().map(|since| &since.send), self.next.send.spot()];
        asked.chain(sent.into_iter().flatten().filter_map(|spot| match spot {
            Spot::Query(name) => Some(name.as_str()),
            Spot::Header(_) | Spot::Body(_) => None,
        }))
    }
}

fn text(text: &str) -> &'static str {
    Box::leak(text.into())
}

fn pairs(pairs: &[(String, String)]) -> &'static [(&'static str, &'static str)] {
    Vec::leak(pairs.iter().map(|(name, value)| (text(name), text(value))).collect())
}

impl Names {
    fn leak(&self) -> contract::Path {
        contract::Path(Vec::leak(self.0.iter().map(|name| text(name)).collect()))
    }
}

impl Spot {
    fn leak(&self) -> At {
        match self {
            Self::Query(name) => At::Query(text(name)),
            Self::Header(name) => At::Header(text(name)),
            Self::Body(path) => At::Body(path.leak()),
        }
    }
}

impl Token {
    fn leak(&self) -> contract::TokenAt {
        use contract::TokenAt;
        match self {
            Self::Body(path) => TokenAt::Body(path.leak()),
            Self::Number(path) => TokenAt::Number(path.leak()),
            Self::Header(name) => TokenAt::Header(text(name)),
            Self::Link => TokenAt::Link,
            Self::Row(path) => TokenAt::LastRow(path.leak()),
            Self::Page(first) => TokenAt::Page(*first),
            Self::Offset => TokenAt::Offset,
        }
    }
}

#[cfg(test)]
mod tests;
