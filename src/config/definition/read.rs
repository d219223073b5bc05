//! The words of a section → a [`Definition`]: each checked by itself, then all of them against each other.

use std::time::Duration;

use reqwest::header::HeaderValue;

use super::parts::{self, Back, Bound, Empty, Names, Sorted, Spot, Token, Verb};
use super::written::{GROUPS, Leaf, Value, Written, settings};
use super::{Column, Definition, EXPIRED, Next, Says, Since, check};
use crate::config::format::{Format as _, OneOf, Word};
use crate::config::problem::{Place, Problem, nearest};
use crate::record::{ColumnType, Format};
use crate::sanitize::quoted;
use crate::units;

/// The words that stand below nothing.
const WORDS: &[&str] =
    &["preset", "about", "method", "body", "rows", "table", "title", "key", "cursor", "format", "order"];
/// The words of a group; none for one whose words are names of one's own.
fn words_of(group: &str) -> &'static [&'static str] {
    match group {
        "since" => &["send", "format", "before", "after", "initial", "bound"],
        "next" => &["from", "send", "carry", "empty", "lifetime", "expired", "expired_text"],
        "end" => &["flag", "at_end", "short_page"],
        "refusal" => &["flag", "is", "reason"],
        _ => &[],
    }
}

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

/// Takes words out of a section, and keeps what is wrong with them.
struct Reader {
    leaves: Vec<Leaf>,
    /// Where the section begins.
    place: Place,
    problems: Vec<Problem>,
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
        let (query, first) = (self.pairs("query"), self.pairs("first"));
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

    fn columns(&mut self) -> Vec<Column> {
        let leaves = self.group("columns");
        let columns: Vec<_> = leaves.into_iter().filter_map(|leaf| self.one_column(leaf)).collect();
        if columns.is_empty() {
            let what = "no columns: write what the table keeps of a row, as columns.id = \"INT\", \
                        columns.name = \"STRING\"; a preset has its own";
            self.problems.push(Problem::new(self.place.clone(), what));
        }
        columns
    }

    fn one_column(&mut self, leaf: Leaf) -> Option<Column> {
        let path = match Names::field(&leaf.name) {
            Ok(path) => path,
            Err(what) => {
                self.problems.push(leaf.wrong(what));
                return None;
            }
        };
        let mut name = path.0.join("_");
        let Value::Table(below) = leaf.value.clone() else {
            let kind = self.value(leaf, |text| OneOf::<ColumnType>::any().read(text))?;
            return Some(Column { name, path, kind });
        };
        let mut kind = None;
        for word in below {
            match word.name.as_str() {
                "name" => name = self.value(word, |text| Ok(text.to_owned()))?,
                "type" => kind = Some(self.value(word, |text| OneOf::<ColumnType>::any().read(text))?),
                _ => {
                    let what = format!(
                        "unknown key {}; a column has name and type, and a field within a field is written in \
                         quotes: columns.\"{}.{}\"",
                        quoted(&word.name),
                        leaf.name,
                        word.name
                    );
                    self.problems.push(Problem::new(word.place, crate::sanitize::line(&what)));
                    return None;
                }
            }
        }
        match kind {
            Some(kind) => Some(Column { name, path, kind }),
            None => {
                self.problems.push(leaf.wrong("its type is missing; write type = \"STRING\""));
                None
            }
        }
    }

    fn key(&mut self, columns: &[Column]) -> Option<Vec<usize>> {
        let Some(leaf) = self.take("key") else {
            self.missing("key", "which field tells rows apart? Write key = \"id\", or key = [\"a\", \"b\"]");
            return None;
        };
        let names: Vec<String> = match &leaf.value {
            Value::Text(name) => vec![name.clone()],
            Value::List(list) if !list.is_empty() => {
                let text = |value: &Value| match value {
                    Value::Text(name) => Some(name.clone()),
                    _ => None,
                };
                list.iter().map(text).collect::<Option<_>>().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        if names.is_empty() {
            self.problems.push(leaf.wrong("write the name of a column, or a list of them"));
            return None;
        }
        let found: Vec<_> = names.iter().map(|name| self.column_of(&leaf, columns, name)).collect();
        found.into_iter().collect()
    }

    fn cursor(&mut self, columns: &[Column]) -> Option<usize> {
        let leaf = self.take("cursor")?;
        match leaf.text() {
            Some("none") => None,
            Some(name) => self.column_of(&leaf, columns, name),
            None => {
                self.problems.push(leaf.wrong("write the name of a column, or \"none\""));
                None
            }
        }
    }

    /// The column of that name, or of that field.
    fn column_of(&mut self, leaf: &Leaf, columns: &[Column], name: &str) -> Option<usize> {
        let of_field = |column: &Column| column.path.to_string() == name;
        let found = columns.iter().position(|column| column.name == name);
        let found = found.or_else(|| columns.iter().position(of_field));
        if found.is_none() && !columns.is_empty() {
            let names = columns.iter().map(|column| column.name.as_str());
            let advice = match nearest(name, names.clone()) {
                Some(right) => format!("did you mean {}?", quoted(right)),
                None => format!("the columns are {}", names.collect::<Vec<_>>().join(", ")),
            };
            let what = format!("{} is no column; {}", quoted(name), crate::sanitize::line(&advice));
            self.problems.push(leaf.wrong(what));
        }
        found
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

    /// What is left is nothing that a definition has.
    fn leftovers(&mut self) {
        for leaf in std::mem::take(&mut self.leaves) {
            let is_group = leaf.group.is_empty() && GROUPS.contains(&leaf.name.as_str());
            if is_group {
                let what = format!("{} does not fit here; write {}.KEY = …", leaf.value.kind(), leaf.name);
                self.problems.push(leaf.wrong(what));
                continue;
            }
            let names: Vec<&str> = match leaf.group.as_str() {
                "" => WORDS.iter().chain(GROUPS).copied().chain(settings().map(|key| key.name)).collect(),
                group => words_of(group).to_vec(),
            };
            let advice = match nearest(&leaf.name, names.iter().copied()) {
                Some(right) => format!("did you mean \"{right}\"?"),
                None if leaf.group.is_empty() => format!("the keys are {}", WORDS.join(", ")),
                None => format!("the keys are {}", names.join(", ")),
            };
            let what = format!("unknown key {}; {advice}", quoted(&leaf.path()));
            self.problems.push(Problem::new(leaf.place, what));
        }
    }

    /// Where a word stands; where the section begins if it stands nowhere.
    fn place_of(&self, own: &Written, preset: Option<&Written>, path: &str) -> Place {
        let leaves = own.leaves.iter().chain(preset.iter().flat_map(|preset| &preset.leaves));
        let mut found = leaves.filter(|leaf| leaf.path() == path || leaf.group == path);
        found.next().map_or(self.place.clone(), |leaf| leaf.place.clone())
    }

    fn has(&self, group: &str) -> bool {
        self.leaves.iter().any(|leaf| leaf.group == group)
    }

    fn missing(&mut self, path: &str, what: &str) {
        let is_refused = self.problems.iter().any(|problem| problem.what.starts_with(&format!("{path}:")));
        if !is_refused {
            self.problems.push(Problem::new(self.place.clone(), format!("no {path}: {what}")));
        }
    }

    /// Takes a word out.
    fn take(&mut self, path: &str) -> Option<Leaf> {
        let (group, name) = path.split_once('.').unwrap_or(("", path));
        let at = self.leaves.iter().position(|leaf| leaf.group == group && leaf.name == name)?;
        Some(self.leaves.remove(at))
    }

    /// Takes all words of a group out.
    fn group(&mut self, group: &str) -> Vec<Leaf> {
        let (taken, left) =
            std::mem::take(&mut self.leaves).into_iter().partition(|leaf| leaf.group == group);
        self.leaves = left;
        taken
    }

    /// A value as its text says it.
    fn value<T>(&mut self, leaf: Leaf, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = match &leaf.value {
            Value::Text(text) | Value::Number(text) => text.clone(),
            Value::Truth(truth) => truth.to_string(),
            other => {
                self.problems.push(leaf.wrong(format!("{} does not fit here; write a text", other.kind())));
                return None;
            }
        };
        read(&text).map_err(|what| self.problems.push(leaf.wrong(what))).ok()
    }

    fn read<T>(&mut self, path: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let leaf = self.take(path)?;
        self.value(leaf, read)
    }

    fn text(&mut self, path: &str) -> Option<String> {
        self.read(path, |text| Ok(text.to_owned()))
    }

    fn word<W: Word>(&mut self, path: &str) -> Option<W> {
        self.read(path, |text| OneOf::<W>::any().read(text))
    }

    fn truth(&mut self, path: &str) -> Option<bool> {
        let leaf = self.take(path)?;
        match leaf.value {
            Value::Truth(truth) => Some(truth),
            _ => {
                self.problems.push(leaf.wrong("write true or false"));
                None
            }
        }
    }

    fn number(&mut self, path: &str) -> Option<u64> {
        self.read(path, |text| text.parse().map_err(|_| format!("{} is no whole number", quoted(text))))
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
