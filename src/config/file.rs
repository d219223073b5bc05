//! The file layer: `config.toml` → texts with the lines that they stand in.
//!
//! It knows which keys there are and refuses the others with the nearest right one, or with the section that a stray
//! key belongs in. Which layer wins is not decided here.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

use super::definition::written::{Written, check_name};
use super::keys::{KEYS, Key, SECTIONS};
use super::layers::Entry;
use super::problem::{Place, Problem, nearest};
use crate::sanitize::{self, quoted};

/// A settings file larger than this is some other file, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a file holds: the entries that read well, and what is wrong with the others.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub entries: Vec<Entry>,
    /// The sources that are defined, by name.
    pub sources: Vec<(String, Written)>,
    pub problems: Vec<Problem>,
}

/// Reads a settings file. `Ok(None)` if there is none.
///
/// # Errors
/// If it cannot be read, is too large or is not text; a line is named where there is one.
pub(super) fn text(path: &Path) -> Result<Option<String>, Problem> {
    let problem = |line, what: String| {
        let path = path.to_owned();
        Problem::new(Place::File { path, line }, what)
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(problem(None, format!("cannot be opened: {why}"))),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| problem(None, format!("cannot be read: {why}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(problem(None, "is larger than 1 MiB; is this the settings file?".into()));
    }
    String::from_utf8(bytes).map(Some).map_err(|why| {
        let good = why.utf8_error().valid_up_to();
        let line = 1 + why.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count();
        problem(Some(line), "is not UTF-8 here; save the file as UTF-8".into())
    })
}

/// Takes the text of a settings file apart. Everything that is wrong is reported, in the order of the lines.
pub(super) fn entries(path: &Path, text: &str) -> Contents {
    let mut reader = Reader { origin: Origin { path, text }, contents: Contents::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.table(table.get_ref()),
        Err(why) => {
            let what = sanitize::snippet(&why.message().replace('\n', "; "), 200);
            reader.refuse(&why.span().unwrap_or_default(), what);
        }
    }
    reader.contents.problems.sort_by_key(|problem| match problem.place {
        Place::File { line, .. } => line,
        _ => None,
    });
    reader.contents
}

/// A text, and the file that it is in.
pub(super) struct Origin<'a> {
    pub path: &'a Path,
    pub text: &'a str,
}

impl Origin<'_> {
    /// Where a piece of the text begins.
    pub fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().iter().take(span.start);
        Place::File {
            path: self.path.to_owned(),
            line: Some(1 + before.filter(|byte| **byte == b'\n').count()),
        }
    }
}

struct Reader<'a> {
    origin: Origin<'a>,
    contents: Contents,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let known = SECTIONS.iter().find(|(section, _)| name.get_ref() == section);
            match (known, value.get_ref()) {
                (Some((section, _)), DeValue::Table(keys)) => self.section(section, keys),
                (Some((section, _)), _) => {
                    self.refuse(&name.span(), format!("{section} is a section: write [{section}]"));
                }
                (None, DeValue::Table(_)) => self.unknown_section(name),
                (None, _) => self.unknown_key(name, None),
            }
        }
    }

    fn section(&mut self, section: &'static str, keys: &DeTable<'_>) {
        for (name, value) in keys {
            let known = KEYS.iter().find(|key| key.section == section && name.get_ref() == key.name);
            match (known, value.get_ref()) {
                (Some(key), _) => self.value(key, value),
                (None, DeValue::Table(table)) if section == "source" => self.source(name, table),
                (None, _) => self.unknown_key(name, Some(section)),
            }
        }
    }

    fn value(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>) {
        match entry(&self.origin, key, value) {
            Ok(entry) => self.contents.entries.push(entry),
            Err(problem) => self.contents.problems.push(problem),
        }
    }

    /// A source's own section.
    fn source(&mut self, name: &Spanned<DeString<'_>>, table: &DeTable<'_>) {
        if let Err(what) = check_name(name.get_ref()) {
            return self.refuse(&name.span(), what);
        }
        let (written, problems) = Written::read(&self.origin, table, self.origin.place(&name.span()));
        self.contents.sources.push((name.get_ref().to_string(), written));
        self.contents.problems.extend(problems);
    }

    fn unknown_section(&mut self, name: &Spanned<DeString<'_>>) {
        let sections = SECTIONS.iter().map(|(section, _)| *section);
        let advice = match nearest(name.get_ref(), sections.clone()) {
            Some(section) => format!("did you mean [{section}]?"),
            None => format!("the sections are {}", sections.collect::<Vec<_>>().join(", ")),
        };
        let what = format!("unknown section {}; {advice}", quoted(name.get_ref()));
        self.refuse(&name.span(), what);
    }

    fn unknown_key(&mut self, name: &Spanned<DeString<'_>>, section: Option<&str>) {
        let known: Vec<&Key> =
            KEYS.iter().filter(|key| section.is_none_or(|section| key.section == section)).collect();
        let names = known.iter().map(|key| key.name);
        let elsewhere = KEYS.iter().find(|key| name.get_ref() == key.name);
        let place = section.map_or("outside the sections".to_owned(), |name| format!("in [{name}]"));
        let advice = match (elsewhere, nearest(name.get_ref(), names.clone())) {
            (Some(key), _) => format!("it belongs in [{}]", key.section),
            (None, Some(name)) => format!("did you mean \"{name}\"?"),
            (None, None) if section.is_none() => "every key belongs in a section".to_owned(),
            (None, None) => format!("the keys are {}", names.collect::<Vec<_>>().join(", ")),
        };
        let what = format!("unknown key {} {place}; {advice}", quoted(name.get_ref()));
        self.refuse(&name.span(), what);
    }

    fn refuse(&mut self, span: &Range<usize>, what: String) {
        let place = self.origin.place(span);
        self.contents.problems.push(Problem::new(place, what));
    }
}

/// The value that a file gives a key, with its place.
pub(super) fn entry(
    origin: &Origin<'_>,
    key: &'static Key,
    value: &Spanned<DeValue<'_>>,
) -> Result<Entry, Problem> {
    let refused =
        |what: String| Err(Problem::new(origin.place(&value.span()), format!("{}: {what}", key.name)));
    let (text, is_bare) = match value.get_ref() {
        DeValue::String(text) => (text.to_string(), false),
        DeValue::Integer(number) => (decimal(number), true),
        DeValue::Boolean(truth) if key.rule.words().contains(&"true") => (truth.to_string(), true),
        other => return refused(format!("{} does not fit here; {}", kind(other), expected(key))),
    };
    if let Some(what) = key.rule.secret(&text) {
        return refused(what.to_owned());
    }
    match key.rule.check(&text) {
        Err(what) => refused(what),
        Ok(()) if key.rule.is_bare(&text) != is_bare => {
            let right = sanitize::snippet(&key.toml(&text), 60);
            refused(format!("write it as {} = {right}", key.name))
        }
        Ok(()) => Ok(Entry { key, text, place: origin.place(&value.span()) }),
    }
}

/// A whole number in its decimal digits, however it is written.
pub(super) fn decimal(number: &DeInteger<'_>) -> String {
    let decimal = i128::from_str_radix(number.as_str(), number.radix());
    decimal.map_or_else(|_| number.to_string(), |number| number.to_string())
}

fn expected(key: &Key) -> String {
    format!("write something like {} = {}", key.name, key.toml(key.default))
}

pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let contents = entries(Path::new("config.toml"), text);
        contents.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_wrong_key_is_refused_with_its_line_and_the_nearest_right_one() {
        assert_eq!(
            problems("# one\n\n[sync]\nresume = \"ask\"\n\n# six\nwlak = \"auto\"\n"),
            ["config.toml:7: unknown key \"wlak\" in [sync]; did you mean \"walk\"?"]
        );
        assert_eq!(
            problems("[snyc]\nwalk = \"auto\"\n"),
            ["config.toml:1: unknown section \"snyc\"; did you mean [sync]?"]
        );
        assert_eq!(
            problems("[retry]\nxyzzy = 1\n"),
            ["config.toml:2: unknown key \"xyzzy\" in [retry]; the keys are attempts, base, max, max_wait"]
        );
    }

    #[test]
    fn a_stray_key_is_sent_to_its_section() {
        assert_eq!(
            problems("walk = \"auto\"\n[retry]\nusers = 3\n"),
            [
                "config.toml:1: unknown key \"walk\" outside the sections; it belongs in [sync]",
                "config.toml:3: unknown key \"users\" in [retry]; it belongs in [playground]",
            ]
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_line_and_what_is_right() {
        assert_eq!(
            problems("[sync]\nwalk = \"anker\"\n"),
            ["config.toml:2: walk: \"anker\" is not one of auto, scroll, anchor; did you mean \"anchor\"?"]
        );
        assert_eq!(
            problems("[retry]\nattempts = 0\n"),
            ["config.toml:2: attempts: \"0\" is out of bounds: 1 to 100"]
        );
        assert_eq!(
            problems("[retry]\nattempts = \"6\"\n"),
            ["config.toml:2: attempts: write it as attempts = 6"]
        );
        assert_eq!(
            problems("[retry]\nattempts = 6.5\n"),
            ["config.toml:2: attempts: a number with a fraction does not fit here; \
              write something like attempts = 6"]
        );
        assert_eq!(problems("[destination]\ndb = 7\n"), ["config.toml:2: db: write it as db = \"7\""]);
        assert_eq!(
            problems("[sync]\nwalk = true\n[monitor]\nmouse = \"true\"\n"),
            [
                "config.toml:2: walk: true or false does not fit here; write something like walk = \"auto\"",
                "config.toml:4: mouse: write it as mouse = true",
            ]
        );
        assert_eq!(problems("[monitor]\nmouse = true\n"), Vec::<String>::new());
        assert_eq!(problems("sync = 3\n"), ["config.toml:1: sync is a section: write [sync]"]);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_in_the_order_of_the_lines() {
        let all = problems("[sync]\nwalk = 1\n[retry]\nbase = \"x\"\n[source]\nurl = \"ftp://a/\"\n");
        let lines: Vec<_> = all.iter().map(|line| &line[..14]).collect();
        assert_eq!(lines, ["config.toml:2:", "config.toml:4:", "config.toml:6:"]);
    }

    #[test]
    fn broken_toml_is_refused_with_its_line_and_nothing_raw() {
        for text in ["[sync]\nwalk = \n", "[sync]\nwalk = \"a\u{1b}[2J\n", "[sync]\n[sync]\n", "[sync]\nx\n"]
        {
            let all = problems(text);
            assert_eq!(all.len(), 1, "{text:?}: {all:?}");
            assert!(all[0].starts_with("config.toml:2: "), "{all:?}");
            assert!(!all[0].contains(['\u{1b}', '\n']), "{all:?}");
        }
    }

    #[test]
    fn names_from_a_file_are_made_safe() {
        let all = problems("[\"a\\u001b]52;c\\u0007\"]\n[sync]\nwalk = \"\\u202e\"\n");
        assert!(all[0].contains("a<U+001B>]52;c<U+0007>"), "{all:?}");
        assert!(all[1].contains("<U+202E>"), "{all:?}");
    }

    #[test]
    fn other_ways_to_write_the_same_are_read_the_same() {
        let contents = entries(
            Path::new("c"),
            "\u{feff}sync.walk = 'scroll'\r\nretry = { attempts = 0x10 }\r\nsync.max_pages = 1_000\r\n",
        );
        assert_eq!(contents.problems, []);
        let mut texts: Vec<_> = contents.entries.iter().map(|entry| entry.text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["1000", "16", "scroll"]);
    }
}
