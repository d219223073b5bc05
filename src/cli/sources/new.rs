//! `source new`: a few questions, one request, and a definition that was guessed from its answer.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::Value;
use url::Url;

use super::guess::{self, Guess};
use crate::cli::run::{Fault, has_terminal, runtime};
use crate::cli::source::Found;
use crate::cli::{Exit, print};
use crate::config::{Entry, Format as _, HttpUrl, KEYS, Location, Named, Place, Problem, Settings};
use crate::record::Cursor;
use crate::sanitize;
use crate::source::contract::{Back, Contract, KEYSET, TokenAt};
use crate::walk::Request;

/// What asks for a page and nothing else.
const PROBE: Contract = Contract { since: None, token: TokenAt::Link, back: Back::Address, ..KEYSET };

/// A source that is to be defined.
#[derive(Clone, Debug, PartialEq)]
pub struct New {
    /// What it is to be called.
    pub name: String,
    /// How it is asked.
    pub settings: Settings,
    /// The settings file, if there is a place for one.
    pub location: Option<Location>,
    /// True if the definition goes there without a question.
    pub write: bool,
}

/// Asks the operator for what no flag says: the address, and how a credential goes along.
///
/// # Errors
/// If there is no address, in words.
pub(super) fn ask(url: Option<Url>, entries: &mut Vec<Entry>) -> Result<Url, String> {
    if let Some(url) = url {
        return Ok(url);
    }
    if !has_terminal() {
        return Err("give the address of the API's list as --url".to_owned());
    }
    let address = "The address of the list, with the parameters that its documentation gives as an example: ";
    let url = HttpUrl.read(&answer(address)?)?;
    let questions = [
        ("auth", "How a credential goes along (bearer, basic, header NAME, query NAME; Enter for none): "),
        ("secret", "Where it is kept (env:NAME, file:PATH, cmd:COMMAND): "),
    ];
    for (name, question) in questions {
        let has = |name| entries.iter().any(|entry| entry.key.name == name);
        if has(name) || name == "secret" && !has("auth") {
            continue;
        }
        let text = answer(question)?;
        let key = KEYS.iter().find(|key| (key.section, key.name) == ("source", name));
        if let Some(key) = key.filter(|_| !text.is_empty()) {
            key.rule.check(&text)?;
            entries.push(Entry { key, text, place: Place::Flag(name) });
        }
    }
    Ok(url)
}

/// What the operator says to a question.
fn answer(question: &str) -> Result<String, String> {
    let mut line = String::new();
    let asked = print::stdout(question.as_bytes()).and_then(|()| io::stdin().read_line(&mut line));
    asked.map_err(|why| why.to_string())?;
    Ok(line.trim().to_owned())
}

/// `highwater source new`.
///
/// # Errors
/// If the source cannot be asked, its answer tells nothing, or the file cannot be written.
pub(super) fn run(new: &New) -> Result<Exit, Fault> {
    let Some(url) = &new.settings.source.url else {
        return Err("give the address of the API's list as --url".into());
    };
    let guess = runtime()?.block_on(async {
        let source = Found::start(&new.settings).await?.source.await??.speaking(&PROBE);
        let answer = source.ask(&Request::Since(Cursor::beginning()), None).await;
        let answer = answer.map_err(|failure| format!("{failure}; {}", failure.remedy()))?;
        let body: Value = serde_json::from_slice(&answer.body)
            .map_err(|error| format!("the answer is no JSON: {error}"))?;
        Ok::<_, Fault>(guess::guess(url, &body, answer.next.as_deref())?)
    })?;
    let section = section(new, url, &guess);
    Named::parse(&new.name, &section.words).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        format!("what was guessed cannot be a source: {}", told.join("; "))
    })?;
    print::stdout(super::safe(&section.whole()).as_bytes())?;
    let Some(path) = new.location.as_ref().map(|location| &location.path) else { return Ok(Exit::Complete) };
    if new.write || has_terminal() && agreed(path)? {
        append(path, &section.whole())?;
        let name = &new.name;
        print::note(&format!(
            "written to {}; `highwater source check {name}` tells whether it holds",
            path.display()
        ));
    }
    Ok(Exit::Complete)
}

fn agreed(path: &Path) -> Result<bool, String> {
    let text = answer(&format!("\nAdd it to {}? [y/N] ", path.display()))?;
    Ok(matches!(text.as_str(), "y" | "Y" | "yes"))
}

/// Adds a section to the settings file, which is made if it is not there.
fn append(path: &Path, section: &str) -> Result<(), Problem> {
    let problem = |why: io::Error| {
        Problem::new(Place::File { path: path.to_owned(), line: None }, format!("cannot be written: {why}"))
    };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(problem)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(problem)?;
    let gap = if file.metadata().map_err(problem)?.len() > 0 { "\n" } else { "" };
    file.write_all(format!("{gap}{section}").as_bytes()).and_then(|()| file.sync_all()).map_err(problem)
}

/// A section with what led to it.
struct Section {
    comment: String,
    head: String,
    words: String,
}

impl Section {
    fn whole(&self) -> String {
        format!("{}{}\n{}", self.comment, self.head, self.words)
    }
}

fn section(new: &New, url: &Url, guess: &Guess) -> Section {
    let mut comment =
        "# Guessed from one answer; `highwater source check` tells whether it holds.\n".to_owned();
    for sentence in &guess.found {
        let _ = writeln!(comment, "# Found: {}.", sanitize::line(sentence));
    }
    for sentence in &guess.open {
        let _ = writeln!(comment, "# Open: {}.", sanitize::line(sentence));
    }
    let mut words = String::new();
    let settings = KEYS
        .iter()
        .filter(|key| key.section == "source" && matches!(key.name, "auth" | "secret" | "allow_http"));
    let _ = writeln!(words, "url = {}", toml::Value::String(guess.address(url).into()));
    for key in settings {
        let text = (key.show)(&new.settings);
        if text != key.default {
            let _ = writeln!(words, "{} = {}", key.name, key.toml(&text));
        }
    }
    words.push_str(&guess.toml);
    Section { comment, head: format!("[source.{}]", new.name), words }
}
