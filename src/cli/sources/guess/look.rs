//! Where in an answer its rows are, and what is beside them, by the names that fields and parameters usually have.

use std::collections::HashSet;

use chrono::Datelike as _;
use serde_json::{Map, Value};
use url::Url;

use crate::record::{Cursor, Format};

/// How deep rows and tokens are looked for.
const DEPTH: usize = 3;
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
/// Names of parameters that number pages, and rows.
const PAGES: &[&str] = &["page", "page_number", "pageNumber"];
/// The same for rows.
const OFFSETS: &[&str] = &["offset", "skip", "start"];

/// True if a name is nothing but letters, digits and what usually joins or marks them.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@'))
}

/// A list of objects, and the path to it.
pub(super) type List<'v> = (Vec<&'v str>, Vec<&'v Map<String, Value>>);

/// The longest list of objects, and the path to it.
pub(super) fn rows(body: &Value) -> Option<List<'_>> {
    let mut lists = Vec::new();
    lists_in(body, &mut Vec::new(), &mut lists);
    lists.into_iter().rev().max_by_key(|(_, rows)| rows.len())
}

/// The longest list of lists, which rows may be that name no fields, and the path to it.
pub(super) fn nameless(body: &Value) -> Option<(Vec<&str>, usize)> {
    let fields = body.as_object().into_iter().flatten();
    let lists = fields.map(|(name, value)| (vec![name.as_str()], value)).chain([(Vec::new(), body)]);
    let lists = lists.filter_map(|(path, value)| Some((path, value.as_array()?)));
    let nameless = lists.filter(|(_, list)| !list.is_empty() && list.iter().all(Value::is_array));
    nameless.map(|(path, list)| (path, list.len())).max_by_key(|(_, length)| *length)
}

pub(super) fn lists_in<'v>(value: &'v Value, path: &mut Vec<&'v str>, lists: &mut Vec<List<'v>>) {
    match value {
        Value::Array(elements) => {
            let rows: Option<Vec<_>> = elements.iter().map(Value::as_object).collect();
            lists.extend(rows.filter(|rows| !rows.is_empty()).map(|rows| (path.clone(), rows)));
        }
        Value::Object(fields) if path.len() < DEPTH => {
            for (name, value) in fields.iter().filter(|(name, _)| is_plain(name)) {
                path.push(name);
                lists_in(value, path, lists);
                path.pop();
            }
        }
        _ => {}
    }
}

/// The fields of all rows.
pub(super) fn fields<'v>(rows: &[&'v Map<String, Value>]) -> Vec<&'v str> {
    let mut seen = HashSet::new();
    let names = rows.iter().flat_map(|row| row.keys().map(String::as_str));
    names.filter(|name| seen.insert(*name)).collect()
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The field that tells rows apart.
pub(super) fn key<'v>(fields: &[&'v str], rows: &[&Map<String, Value>]) -> Option<&'v str> {
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
pub(super) fn cursor<'v>(fields: &[&'v str], rows: &[&Map<String, Value>]) -> Option<(&'v str, Format)> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let named = |wanted: &&str| {
        fields.iter().copied().filter(|name| plain(name).starts_with(*wanted)).collect::<Vec<_>>()
    };
    let known = CURSORS.iter().flat_map(named);
    known.filter_map(|name| Some((name, format(name, rows)?))).next()
}

/// How all rows write a time in a field.
pub(super) fn format(name: &str, rows: &[&Map<String, Value>]) -> Option<Format> {
    let texts: Vec<String> = rows.iter().filter_map(|row| row.get(name).and_then(scalar)).collect();
    let all = |format: Format| {
        texts.iter().all(|text| match Cursor::read(format, text).ok().and_then(|cursor| cursor.instant()) {
            // A number may be anything: one of seconds or milliseconds lies within a lifetime of now.
            Some(instant) => (1990..2100).contains(&instant.year()),
            None => false,
        })
    };
    let times = Format::ALL.into_iter().filter(|format| format.is_time());
    times.into_iter().find(|format| !texts.is_empty() && all(*format))
}

/// A field of those names outside the rows, the nearest first, whose value is right.
pub(super) fn find<'v>(
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
            let fields = value.as_object().into_iter().flatten().filter(|(name, _)| is_plain(name));
            fields.map(move |(name, value)| ([path.as_slice(), &[name.as_str()]].concat(), value))
        });
        level = below.filter(|(path, value)| value.is_object() && path.as_slice() != rows).collect();
    }
    None
}

pub(super) fn is_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.starts_with("http://") || text.starts_with("https://") || text.starts_with('/')
    })
}

/// A token outside the rows, and the parameter that it most likely goes back in.
pub(super) fn token<'v>(body: &'v Value, rows: &[&str]) -> Option<(Vec<&'v str>, &'static str)> {
    let is_token = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty()) && !is_address(value);
    TOKENS.iter().find_map(|(name, parameter)| Some((find(body, rows, &[name], &is_token)?.0, *parameter)))
}

/// Pages that are counted, by a parameter of the address or by what the body says of them.
pub(super) fn counted(url: &Url, body: &Value) -> Option<(String, String)> {
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
