//! What an API most likely speaks, by one answer of it: where the rows are, what tells them apart and orders them, and
//! how the next page is asked for. A guess, told as one; what `source check` says of it counts.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use url::Url;

use super::fit;
use crate::record::{ColumnType, Cursor, Format};
use crate::text::count;

/// How deep rows and tokens are looked for.
const DEPTH: usize = 3;
/// How many columns are proposed.
const COLUMNS: usize = 60;

/// Names of a field that tells rows apart, the likeliest first.
const KEYS: &[&str] = &["id", "uuid", "guid", "gid", "_id", "sid", "key", "number", "name"];
/// Beginnings of the names of a field that says when a row last changed, or else when it was made, the likeliest first;
/// in lower case and without what joins words.
const CURSORS: &[&str] = &[
    "updatedat",
    "lastmodified",
    "lastedited",
    "modifiedat",
    "dateupdated",
    "datemodified",
    "updated",
    "modified",
    "changedat",
    "changed",
    "systemmodstamp",
    "lastupdate",
    "createdat",
    "datecreated",
    "created",
    "timestamp",
    "ts",
];
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
/// Names of a field that holds a token, and of the parameter that it goes back in.
const TOKENS: &[(&str, &str)] = &[
    ("scroll_param", "scroll_param"),
    ("next_cursor", "cursor"),
    ("nextCursor", "cursor"),
    ("after_cursor", "page[after]"),
    ("end_cursor", "after"),
    ("endCursor", "after"),
    ("next_page_token", "page_token"),
    ("nextPageToken", "pageToken"),
    ("next_token", "next_token"),
    ("nextToken", "nextToken"),
    ("continuation", "continuation"),
    ("cursor", "cursor"),
    ("after", "after"),
    ("offset", "offset"),
];
/// Names of a field that holds the next page's number.
const NUMBERS: &[&str] = &["next_page", "nextPage"];
/// Names of a flag that says that there is more.
const MORE: &[&str] = &["has_more", "hasMore", "has_next", "hasNext", "hasNextPage", "has_next_page", "more"];
/// Names of a flag that says that there is none.
const OVER: &[&str] = &["end_of_stream", "endOfStream", "is_last", "isLast", "done"];
/// Names of parameters that number pages, and rows.
const PAGES: &[&str] = &["page", "page_number", "pageNumber"];
/// The same for rows.
const OFFSETS: &[&str] = &["offset", "skip", "start"];

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
    if path.is_empty() { "$".to_owned() } else { path.join(".") }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Guesses by a body that the address brought, and the next address in its head, if it has one.
///
/// # Errors
/// Why nothing can be guessed, in words.
pub(super) fn guess(url: &Url, body: &Value, link: Option<&str>) -> Result<Guess, String> {
    let (path, rows) = rows(body).ok_or("the answer has no list of objects in it, which rows would be")?;
    let mut guess = Guess { toml: String::new(), found: Vec::new(), open: Vec::new(), set: Vec::new() };
    let place = if path.is_empty() { "the whole body".to_owned() } else { format!("`{}`", path.join(".")) };
    guess.found.push(format!("the rows are {place}: {}", count(rows.len() as u64, "object")));
    guess.word("rows", &written(&path));
    let fields = fields(&rows);
    let key =
        key(&fields, &rows).ok_or("no field of the rows is there in each of them and different in each")?;
    guess.found.push(format!("`{key}` tells them apart"));
    guess.word("key", key);
    guess.cursor(url, &fields, &rows);
    guess.next(url, body, &path, link);
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
    fn next(&mut self, url: &Url, body: &Value, rows: &[&str], link: Option<&str>) {
        let (found, line) = if link.is_some() {
            (
                "the header `Link` has the next address".to_owned(),
                r#"next = { from = "link", send = "url" }"#.to_owned(),
            )
        } else if let Some((path, _)) = find(body, rows, ADDRESSES, &is_address) {
            let path = path.join(".");
            (
                format!("`{path}` has the next address"),
                format!(r#"next = {{ from = "body:{path}", send = "url" }}"#),
            )
        } else if let Some((path, token)) = token(body, rows) {
            let path = path.join(".");
            self.open.push(format!("whether the token goes back as `{token}` is a guess by its name"));
            let line = format!(r#"next = {{ from = "body:{path}", send = "query:{token}" }}"#);
            (format!("`{path}` has a token"), line)
        } else if let Some((path, _)) = find(body, rows, NUMBERS, &|value| value.is_u64()) {
            let path = path.join(".");
            (
                format!("`{path}` has the next page's number"),
                format!(r#"next = {{ from = "number:{path}", send = "query:page" }}"#),
            )
        } else if let Some((name, line)) = counted(url, body) {
            self.set.push(name);
            self.open.push(
                "pages are counted: rows that come or go meanwhile are passed over or come twice".to_owned(),
            );
            ("the pages are counted".to_owned(), line)
        } else if find(body, rows, MORE, &Value::is_boolean).is_some() {
            self.open
                .push("whether the last row's key goes back, and as `starting_after`, is a guess".to_owned());
            let line = r#"next = { from = "row:id", send = "query:starting_after", carry = true }"#;
            ("a flag says that there is more, and no token is there".to_owned(), line.to_owned())
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
            let path = path.join(".");
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
            let kind = if name == key && kind == ColumnType::Float { ColumnType::String } else { kind };
            let _ = writeln!(self.toml, "columns.{name} = {}", quoted(kind.word()));
        }
        if left > 0 {
            let fields = count(left, "field");
            self.open.push(format!(
                "{fields} got no column, being null in all these rows, too many, or oddly named"
            ));
        }
    }
}

/// True if a name can stand in TOML, and in a path, as it is.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// A list of objects, and the path to it.
type List<'v> = (Vec<&'v str>, Vec<&'v Map<String, Value>>);

/// The longest list of objects, and the path to it.
fn rows(body: &Value) -> Option<List<'_>> {
    let mut lists = Vec::new();
    lists_in(body, &mut Vec::new(), &mut lists);
    lists.into_iter().rev().max_by_key(|(_, rows)| rows.len())
}

fn lists_in<'v>(value: &'v Value, path: &mut Vec<&'v str>, lists: &mut Vec<List<'v>>) {
    match value {
        Value::Array(elements) => {
            let rows: Option<Vec<_>> = elements.iter().map(Value::as_object).collect();
            lists.extend(rows.filter(|rows| !rows.is_empty()).map(|rows| (path.clone(), rows)));
        }
        Value::Object(fields) if path.len() < DEPTH => {
            for (name, value) in fields {
                path.push(name);
                lists_in(value, path, lists);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The fields of all rows.
fn fields<'v>(rows: &[&'v Map<String, Value>]) -> Vec<&'v str> {
    let mut seen = HashSet::new();
    let names = rows.iter().flat_map(|row| row.keys().map(String::as_str));
    names.filter(|name| seen.insert(*name)).collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The field that tells rows apart.
fn key<'v>(fields: &[&'v str], rows: &[&Map<String, Value>]) -> Option<&'v str> {
    let tells = |name: &&str| {
        let mut seen = HashSet::new();
        rows.iter().all(|row| {
            row.get(*name).and_then(scalar).is_some_and(|text| !text.is_empty() && seen.insert(text))
        })
    };
    let known = KEYS.iter().filter_map(|known| fields.iter().copied().find(|name| name == known));
    let by_end = fields.iter().copied().filter(|name| name.to_ascii_lowercase().ends_with("id"));
    known.chain(by_end).chain(fields.iter().copied()).find(tells)
}

/// The field that orders them, and how it is written.
fn cursor<'v>(fields: &[&'v str], rows: &[&Map<String, Value>]) -> Option<(&'v str, Format)> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let named = |wanted: &&str| {
        fields.iter().copied().filter(|name| plain(name).starts_with(*wanted)).collect::<Vec<_>>()
    };
    let known = CURSORS.iter().flat_map(named);
    known.filter_map(|name| Some((name, format(name, rows)?))).next()
}

/// How all rows write a time in a field.
fn format(name: &str, rows: &[&Map<String, Value>]) -> Option<Format> {
    let texts: Vec<String> = rows.iter().filter_map(|row| row.get(name).and_then(scalar)).collect();
    let all = |format: Format| {
        texts.iter().all(|text| match Cursor::read(format, text).ok().and_then(|cursor| cursor.instant()) {
            // A number may be anything: one of seconds or milliseconds lies within a lifetime of now.
            Some(instant) => (1990..2100).contains(&chrono::Datelike::year(&instant)),
            None => false,
        })
    };
    let times = Format::ALL.into_iter().filter(|format| format.is_time());
    times.into_iter().find(|format| !texts.is_empty() && all(*format))
}

/// A field of those names outside the rows, the nearest first, whose value is right.
fn find<'v>(
    body: &'v Value,
    rows: &[&str],
    names: &[&str],
    is_right: &dyn Fn(&Value) -> bool,
) -> Option<(Vec<&'v str>, &'v Value)> {
    let mut level: Vec<(Vec<&str>, &Value)> = vec![(Vec::new(), body)];
    for _ in 0..DEPTH {
        for name in names {
            for (path, value) in &level {
                let found = value.as_object().and_then(|fields| fields.get_key_value(*name));
                if let Some((name, value)) = found.filter(|(_, value)| is_right(value)) {
                    return Some(([path.as_slice(), &[name.as_str()]].concat(), value));
                }
            }
        }
        let below = level.iter().flat_map(|(path, value)| {
            let fields = value.as_object().into_iter().flatten();
            fields.map(move |(name, value)| ([path.as_slice(), &[name.as_str()]].concat(), value))
        });
        level = below.filter(|(path, value)| value.is_object() && path.as_slice() != rows).collect();
    }
    None
}

fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.starts_with("http://") || text.starts_with("https://") || text.starts_with('/')
    })
}

/// A token outside the rows, and the parameter that it most likely goes back in.
fn token<'v>(body: &'v Value, rows: &[&str]) -> Option<(Vec<&'v str>, &'static str)> {
    let is_token = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty()) && !is_address(value);
    TOKENS.iter().find_map(|(name, parameter)| Some((find(body, rows, &[name], &is_token)?.0, *parameter)))
}

/// Pages that are counted, by a parameter of the address or by what the body says of them.
fn counted(url: &Url, body: &Value) -> Option<(String, String)> {
    let asks = |names: &[&str]| {
        let parameter =
            url.query_pairs().map(|(name, _)| name.into_owned()).find(|name| names.contains(&name.as_str()));
        parameter.or_else(|| {
            find(body, &[], names, &|value| value.is_u64())
                .and_then(|(path, _)| Some((*path.last()?).to_owned()))
        })
    };
    if let Some(name) = asks(PAGES) {
        let line = format!(r#"next = {{ from = "page:1", send = "query:{name}" }}"#);
        return Some((name, line));
    }
    let name = asks(OFFSETS)?;
    let line = format!(r#"next = {{ from = "offset", send = "query:{name}" }}"#);
    Some((name, line))
}
