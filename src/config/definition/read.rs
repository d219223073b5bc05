//! The words of a section → a [`Definition`]: each checked by itself, then all of them against each other.

mod columns;
mod reader;

use std::time::Duration;

use reqwest::header::HeaderValue;

use self::reader::Reader;
use super::parts::{self, Back, Bound, Empty, Names, Sorted, Spot, Token, Verb};
use super::written::{Leaf, Value, Written};
use super::{Definition, EXPIRED, Next, Says, Since, check};
use crate::config::credential::{Keeper, Reference};
use crate::config::format::Format as _;
use crate::config::problem::{Place, Problem};
use crate::record::Format;
use crate::units;

impl Definition {
    /// Reads a section over the preset that it starts from.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place.
    pub(in crate::config) fn read(
        name: &str,
        own: &Written,
        preset: Option<&Written>,
    ) -> Result<Self, Vec<Problem>> {
        let place = own.place.clone().unwrap_or(Place::Default);
        let mut reader = Reader { leaves: own.over(preset), place, problems: Vec::new() };
        let definition = reader.definition(name);
        reader.leftovers();
        match definition {
            Some(definition) if reader.problems.is_empty() => {
                let wrong = check::contradictions(&definition);
                if wrong.is_empty() {
                    return Ok(definition);
                }
                let place = |path: &str| reader.place_of(own, preset, path);
                Err(wrong.into_iter().map(|(path, what)| Problem::new(place(path), what)).collect())
            }
            _ => {
                reader.problems.sort_by_key(|problem| match problem.place {
                    Place::File { line, .. } => line,
                    _ => None,
                });
                Err(reader.problems)
            }
        }
    }
}

impl Reader {
    fn definition(&mut self, name: &str) -> Option<Definition> {
        let preset = self.text("preset");
        let about = self.text("about").unwrap_or_default();
        let table = self.text("table").unwrap_or_else(|| name.replace('-', "_"));
        let title = self.text("title").unwrap_or_else(|| capital(&table));
        let columns = self.columns();
        let body = self.body();
        let headers = self.headers();
        let (query, first, filters) = (self.pairs("query"), self.pairs("first"), self.filters());
        let rows = self.read("rows", Names::read).unwrap_or_default();
        let key = self.key(&columns);
        let cursor = self.cursor(&columns);
        let format = self.word("format").unwrap_or_default();
        let default = if cursor.is_some() { Sorted::Ascending } else { Sorted::None };
        let order = self.word("order").unwrap_or(default);
        let since = if self.has("since") { self.since(format) } else { None };
        let next = self.next();
        let short_page = self.number("end.short_page");
        let end = self.says("end", "at_end");
        let refusal = self.says("refusal", "is").map(|says| {
            let reason = self.read("refusal.reason", Names::field);
            (says, reason.unwrap_or_else(|| Names(vec!["error".to_owned()])))
        });
        Some(Definition {
            name: name.to_owned(),
            about,
            preset,
            body,
            headers,
            query,
            first,
            filters,
            rows,
            table,
            title,
            key: key?,
            cursor,
            format,
            order,
            since,
            next: next?,
            end,
            short_page,
            refusal,
            columns,
        })
    }

    fn body(&mut self) -> Option<String> {
        let verb = self.word("method");
        let leaf = self.take("body");
        match (verb.unwrap_or(Verb::Get), leaf) {
            (Verb::Get, None) => None,
            (Verb::Post, None) => Some("{}".to_owned()),
            (Verb::Get, Some(leaf)) => {
                self.problems.push(leaf.wrong("a GET has no body; say method = \"POST\", or leave it out"));
                None
            }
            (Verb::Post, Some(leaf)) => self.value(leaf, |text| {
                let body: Result<serde_json::Map<_, _>, _> = serde_json::from_str(text);
                body.map(|_| text.to_owned()).map_err(|why| {
                    let why = crate::sanitize::snippet(&why.to_string(), 200);
                    format!("is no JSON object: {why}; write one, as '{{\"page_size\": 100}}'")
                })
            }),
        }
    }

    fn headers(&mut self) -> Vec<(String, String)> {
        const OURS: &[&str] = &["accept-encoding", "connection", "content-length", "content-type", "host"];
        const SECRET: &[&str] = &["authorization", "proxy-authorization", "cookie"];
        let mut headers = Vec::new();
        for leaf in self.group("headers") {
            let name = match parts::header(&leaf.name) {
                Err(what) => Err(what),
                Ok(name) if SECRET.contains(&name.as_str()) => {
                    Err("a credential does not belong here, where others can read it; say auth and secret"
                        .to_owned())
                }
                Ok(name) if OURS.contains(&name.as_str()) => {
                    Err("every request sets this header itself; leave it out".to_owned())
                }
                Ok(name) => Ok(name),
            };
            match name {
                Err(what) => self.problems.push(leaf.wrong(what)),
                Ok(name) => {
                    let value = self.value(leaf, |text| match HeaderValue::from_str(text) {
                        Ok(_) => Ok(text.to_owned()),
                        Err(_) => Err("a header holds ASCII in one line, and no more".to_owned()),
                    });
                    headers.extend(value.map(|value| (name, value)));
                }
            }
        }
        headers
    }

    fn pairs(&mut self, group: &str) -> Vec<(String, String)> {
        let leaves = self.group(group);
        let pair = |leaf: Leaf| {
            let name = leaf.name.clone();
            self.value(leaf, |text| Ok(text.to_owned())).map(|value| (name, value))
        };
        leaves.into_iter().filter_map(pair).collect()
    }

    fn filters(&mut self) -> Vec<(String, Keeper)> {
        let leaves = self.group("filters");
        let pair = |leaf: Leaf| {
            let name = leaf.name.clone();
            let keeper = self.value(leaf, |text| match Reference.read(text) {
                Ok(keeper @ (Keeper::Env(_) | Keeper::File(_))) => Ok(keeper),
                _ => Err("a filter is kept as env:NAME, file:PATH or file:PATH.json#KEY; write a value that is always \
                          the same as query.NAME"
                    .to_owned()),
            });
            keeper.map(|keeper| (name, keeper))
        };
        leaves.into_iter().filter_map(pair).collect()
    }

    fn since(&mut self, format: Format) -> Option<Since> {
        let send = self.read("since.send", Spot::read);
        if send.is_none() {
            self.missing("since.send", "where does the cursor go? Write since.send = \"query:since\"");
        }
        Some(Since {
            format: self.word("since.format"),
            around: (
                self.text("since.before").unwrap_or_default(),
                self.text("since.after").unwrap_or_default(),
            ),
            initial: self.text("since.initial").unwrap_or_else(|| beginning(format).to_owned()),
            exclusive: self.word("since.bound") == Some(Bound::Exclusive),
            send: send?,
        })
    }

    fn next(&mut self) -> Option<Next> {
        let from = self.read("next.from", Token::read);
        if from.is_none() {
            self.missing("next.from", "where is the next page's token? Write next.from = \"body:next\"");
        }
        let send = self.read("next.send", Back::read);
        let send = match (send, &from) {
            (None, Some(Token::Link)) => Some(Back::Url),
            (None, Some(_)) => {
                self.missing(
                    "next.send",
                    "how does the token go back? Write next.send = \"query:cursor\", or \"url\"",
                );
                None
            }
            (send, _) => send,
        };
        Some(Next {
            carry: self.truth("next.carry").unwrap_or(false),
            empty_token: self.word("next.empty") == Some(Empty::Token),
            lifetime: self.read("next.lifetime", units::duration).filter(|span: &Duration| !span.is_zero()),
            expired: self.statuses(),
            expired_text: self.text("next.expired_text"),
            from: from?,
            send: send?,
        })
    }

    fn statuses(&mut self) -> Vec<u16> {
        let Some(leaf) = self.take("next.expired") else { return EXPIRED.to_vec() };
        let list = match &leaf.value {
            Value::List(list) => list.clone(),
            one => vec![one.clone()],
        };
        let status = |value: &Value| match value {
            Value::Number(number) => number.parse().ok().filter(|status| (200..600).contains(status)),
            _ => None,
        };
        let statuses: Option<Vec<u16>> = list.iter().map(status).collect();
        statuses.unwrap_or_else(|| {
            self.problems.push(leaf.wrong("write a list of HTTP statuses, as [400, 404]"));
            Vec::new()
        })
    }

    /// A flag and what it says; where that is not written, `false`, as `has_more` is at the end and `ok` in a refusal.
    fn says(&mut self, group: &str, word: &str) -> Option<Says> {
        let flag = self.read(&format!("{group}.flag"), Names::field);
        let is = self.truth(&format!("{group}.{word}"));
        if flag.is_none() && is.is_some() {
            self.missing(&format!("{group}.flag"), "of which flag is that said?");
        }
        Some(Says { flag: flag?, is: is.unwrap_or(false) })
    }
}

/// What a run asks from that reads everything, where a definition does not say.
fn beginning(format: Format) -> &'static str {
    match format {
        Format::Rfc3339 => "1970-01-01T00:00:00Z",
        Format::Utc => "1970-01-01 00:00:00",
        Format::Rfc2822 => "Thu, 01 Jan 1970 00:00:00 +0000",
        Format::Date => "1970-01-01",
        Format::Unix | Format::UnixMs | Format::Integer => "0",
        Format::Text => "",
    }
}

/// A name as a heading.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
