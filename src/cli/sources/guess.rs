//! What an API most likely speaks, by one answer of it: where the rows are, what tells them apart and orders them, and
//! how the next page is asked for. A guess, told as one; what `source check` says of it counts.

mod look;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::{Map, Value};
use url::Url;

use self::look::{counted, cursor, fields, find, is_address, is_plain, key, nameless, rows, scalar, token};
use super::fit;
use crate::config::definition::{Column, Names};
use crate::record::{ColumnType, Cursor};
use crate::source::contract::dotted;
use crate::text::count;

/// How many columns are proposed.
const COLUMNS: usize = 60;

/// Names of a field that holds the next address.
const ADDRESSES: &[&str] = &[
    "next",
    "next_url",
    "next_page_url",
    "next_page_uri",
    "nextPageUrl",
    "nextRecordsUrl",
    "nextLink",
    "@odata.nextLink",
    "after_url",
];
/// Names of a field that holds the next page's number.
const NUMBERS: &[&str] = &["next_page", "nextPage"];
/// Names of a flag that says that there is more.
const MORE: &[&str] = &["has_more", "hasMore", "has_next", "hasNext", "hasNextPage", "has_next_page", "more"];
/// Names of a flag that says that there is none.
const OVER: &[&str] = &["end_of_stream", "endOfStream", "is_last", "isLast", "done"];

/// A definition that was guessed, as the words of a section, and what led to each.
pub(super) struct Guess {
    /// The words.
    pub(super) toml: String,
    /// What was found, a sentence each.
    pub(super) found: Vec<String>,
    /// What could not be told, and is to be looked up, a sentence each.
    pub(super) open: Vec<String>,
    /// Parameters of the address that a run sets anew.
    set: Vec<String>,
}

/// A path in a body, as a definition writes it.
fn written(path: &[&str]) -> String {
    if path.is_empty() { "$".to_owned() } else { dotted(path) }
}

/// The same for a person.
fn place(path: &[&str]) -> String {
    if path.is_empty() { "the whole body".to_owned() } else { format!("`{}`", dotted(path)) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The word for a token that stands at a path.
fn next(kind: &str, path: &str, send: &str) -> String {
    format!("next = {{ from = {}, send = {} }}", quoted(&format!("{kind}:{path}")), quoted(send))
}

/// Guesses by a body that the address brought, and the next address in its head, if it has one.
///
/// # Errors
/// Why nothing can be guessed, in words.
pub(super) fn guess(url: &Url, body: &Value, link: Option<&str>) -> Result<Guess, String> {
    let found = rows(body);
    let longest = found.as_ref().map_or(0, |(_, rows)| rows.len());
    if let Some((path, lists)) = nameless(body).filter(|(_, lists)| *lists > longest) {
        let (place, lists) = (place(&path), count(lists as u64, "list"));
        return Err(format!(
            "{place} has {lists} of values without names: look up how the API is asked for objects, and give that with \
             the address"
        ));
    }
    let (path, rows) = found.ok_or("the answer has no list of objects in it, which rows would be")?;
    let mut guess = Guess { toml: String::new(), found: Vec::new(), open: Vec::new(), set: Vec::new() };
    guess.found.push(format!("the rows are {}: {}", place(&path), count(rows.len() as u64, "object")));
    guess.word("rows", &written(&path));
    let fields = fields(&rows);
    let plain: Vec<&str> = fields.iter().copied().filter(|name| is_plain(name)).collect();
    let key =
        key(&plain, &rows).ok_or("no field of the rows is there in each of them and different in each")?;
    guess.found.push(format!("`{key}` tells them apart"));
    guess.word("key", key);
    guess.cursor(url, &plain, &rows);
    guess.next(url, body, (&path, key), link);
    guess.columns(&fields, key, &rows);
    Ok(guess)
}

impl Guess {
    fn word(&mut self, word: &str, value: &str) {
        let _ = writeln!(self.toml, "{word} = {}", quoted(value));
    }

    /// The address without what a run sets anew.
    pub(super) fn address(&self, url: &Url) -> Url {
        let mut address = url.clone();
        let others = url.query_pairs().filter(|(name, _)| !self.set.iter().any(|set| set == name));
        let others: Vec<_> = others.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        address.set_query(None);
        if !others.is_empty() {
            address.query_pairs_mut().extend_pairs(others);
        }
        address
    }

    /// What orders the rows, and how it is asked from.
    fn cursor(&mut self, url: &Url, fields: &[&str], rows: &[&Map<String, Value>]) {
        let Some((name, format)) = cursor(fields, rows) else {
            self.word("cursor", "none");
            self.open.push("no field says when a row changed: every run reads everything".to_owned());
            return;
        };
        let cursors: Vec<Cursor> =
            rows.iter().filter_map(|row| Cursor::read(format, &scalar(row.get(name)?)?).ok()).collect();
        let falls = cursors.windows(2).any(|pair| pair[1] < pair[0]);
        let rises = cursors.windows(2).any(|pair| pair[1] > pair[0]);
        let order = match (rises, falls) {
            (true, false) => "ascending",
            (false, true) => "descending",
            _ => "none",
        };
        self.found.push(format!("`{name}` is {}, {order} on this page", format.example()));
        self.word("cursor", name);
        self.word("format", format.word());
        self.word("order", order);
        if order != "ascending" {
            let text = "the rows do not ascend by their cursor: look up whether the API can sort them so (a parameter such as \
                        sort=updated_at), and say order = \"ascending\" then; only so a run reads no more than what changed";
            self.open.push(text.to_owned());
        }
        let asked =
            url.query_pairs().find(|(_, value)| Cursor::read(format, value).is_ok() && value.len() > 3);
        match asked {
            Some((parameter, _)) => {
                self.found.push(format!("`{parameter}` asks from a cursor on"));
                let _ = writeln!(self.toml, "since = {{ send = {} }}", quoted(&format!("query:{parameter}")));
                self.set.push(parameter.into_owned());
            }
            None => self.open.push(
                "look up which parameter asks for what changed since, and say since = { send = \"query:NAME\" }; without \
                 it, every run reads everything"
                    .to_owned(),
            ),
        }
    }

    /// How the next page is asked for, and what says that there is none.
    fn next(&mut self, url: &Url, body: &Value, (rows, key): (&[&str], &str), link: Option<&str>) {
        let (found, line) = if link.is_some() {
            (
                "the header `Link` has the next address".to_owned(),
                r#"next = { from = "link", send = "url" }"#.to_owned(),
            )
        } else if let Some((path, _)) = find(body, rows, ADDRESSES, &is_address) {
            let path = dotted(&path);
            (format!("`{path}` has the next address"), next("body", &path, "url"))
        } else if let Some((path, token)) = token(body, rows) {
            let path = dotted(&path);
            self.open.push(format!("whether the token goes back as `{token}` is a guess by its name"));
            let line = next("body", &path, &format!("query:{token}"));
            (format!("`{path}` has a token"), line)
        } else if let Some((path, _)) = find(body, rows, NUMBERS, &|value| value.is_u64()) {
            let path = dotted(&path);
            (format!("`{path}` has the next page's number"), next("number", &path, "query:page"))
        } else if let Some((name, line)) = counted(url, body) {
            self.set.push(name);
            self.open.push(
                "pages are counted: rows that come or go meanwhile are passed over or come twice".to_owned(),
            );
            ("the pages are counted".to_owned(), line)
        } else if find(body, rows, MORE, &Value::is_boolean).is_some() {
            self.open
                .push("whether the last row's key goes back, and as `starting_after`, is a guess".to_owned());
            let from = quoted(&format!("row:{}", dotted(&[key])));
            let line = format!(r#"next = {{ from = {from}, send = "query:starting_after", carry = true }}"#);
            ("a flag says that there is more, and no token is there".to_owned(), line)
        } else {
            self.open.push(
                "nothing on this page says how the next one is asked for: if this was not the last, look up what the API \
                 says of its pages, and change `next`"
                    .to_owned(),
            );
            (
                "this page is taken for the only one".to_owned(),
                r#"next = { from = "link", send = "url" }"#.to_owned(),
            )
        };
        self.found.push(found);
        self.toml.push_str(&line);
        self.toml.push('\n');
        let flags = [(MORE, false), (OVER, true)];
        let flag = flags
            .into_iter()
            .find_map(|(names, is)| Some((find(body, rows, names, &Value::is_boolean)?.0, is)));
        if let Some((path, is)) = flag {
            let path = dotted(&path);
            self.found.push(format!("`{path}` is {is} at the end"));
            let _ = writeln!(self.toml, "end = {{ flag = {}, at_end = {is} }}", quoted(&path));
        }
    }

    fn columns(&mut self, fields: &[&str], key: &str, rows: &[&Map<String, Value>]) {
        let mut left = 0;
        let in_order = [key].into_iter().chain(fields.iter().copied().filter(|name| *name != key));
        for (index, name) in in_order.enumerate() {
            let mut values =
                rows.iter().filter_map(|row| row.get(name)).filter(|value| !value.is_null()).peekable();
            if index >= COLUMNS || values.peek().is_none() || !is_plain(name) {
                left += 1;
                continue;
            }
            let kind = fit::guess(values);
            // A key of digits may get letters one day, and a cursor's text goes back as it came.
            let is_real = matches!(kind, ColumnType::Float | ColumnType::Decimal);
            let kind = if name == key && is_real { ColumnType::String } else { kind };
            let column = Column { name: name.to_owned(), path: Names(vec![name.to_owned()]), kind };
            let _ = writeln!(self.toml, "columns.{}", column.toml());
        }
        if left > 0 {
            let fields = count(left, "field");
            self.open.push(format!(
                "{fields} got no column, being null in all these rows, too many, or oddly named"
            ));
        }
    }
}
