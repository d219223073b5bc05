//! `source`: which sources there are, what each is, and whether it would work.

mod check;
mod fields;
mod fit;
mod guess;
mod new;

pub use self::new::New;
use super::line::SourceAction;
use super::run::Fault;
use super::{Exit, Refusal, load, print};
use crate::config::definition::PRESETS;
use crate::config::{self, Definition, Entry, Environment, KEYS, Named, Place, Problem, Settings};

/// What is asked of sources.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Which there are: those of the settings file.
    List(Vec<Named>),
    /// All of one.
    Show(Box<Named>),
    /// Ask one twice.
    Check(Box<Checked>),
    /// What one has sent beyond its columns.
    Fields(Box<fields::Asked>),
    /// Ask one that is not defined yet, and guess its definition.
    New(Box<New>),
}

/// A source to check.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// What it is.
    pub named: Named,
    /// How it is asked.
    pub settings: Settings,
}

/// Reads what is asked, with the settings that it takes.
pub(super) fn read(action: SourceAction, environment: &Environment) -> Result<Action, Refusal> {
    Ok(match action {
        SourceAction::List { file } => Action::List(load(file, environment)?.sources),
        SourceAction::Show { name, file } => {
            Action::Show(Box::new(find(&load(file, environment)?.sources, &name)?))
        }
        SourceAction::Check { name, mut source } => {
            choose(&name, &mut source.entries);
            let loaded = load(source, environment)?;
            let named = find(&loaded.sources, &name)?;
            Action::Check(Box::new(Checked { named, settings: loaded.settings }))
        }
        SourceAction::Fields { name, write, mut destination } => {
            choose(&name, &mut destination.entries);
            let loaded = load(destination, environment)?;
            let named = find(&loaded.sources, &name)?;
            let is_own = loaded.sources.iter().any(|own| own.definition.name == name);
            if write && !is_own {
                let what = format!(
                    "{name} is a preset, which no line can be added to; what `highwater source show {name}` prints, pasted \
                     into the settings file, is your own"
                );
                return Err(Problem::new(Place::Flag("write"), what).into());
            }
            let write = loaded.location.filter(|_| write);
            Action::Fields(Box::new(fields::Asked { named, settings: loaded.settings, write }))
        }
        SourceAction::New { name, url, write, mut source } => {
            let problem = |what: String| Problem::new(Place::Flag("source"), what);
            config::definition::check_name(&name).map_err(problem)?;
            let url = new::ask(url, &mut source.entries).map_err(problem)?;
            let mut loaded = load(source, environment)?;
            loaded.settings.source.url = Some(url);
            if loaded.sources.iter().any(|named| named.definition.name == name) {
                return Err(problem(format!(
                    "the settings file has a source {name} already; take another name"
                ))
                .into());
            }
            Action::New(Box::new(New { name, settings: loaded.settings, location: loaded.location, write }))
        }
    })
}

/// Has the settings be those of that source.
fn choose(name: &str, entries: &mut Vec<Entry>) {
    let key = KEYS.iter().find(|key| (key.section, key.name) == ("source", "name"));
    let place = Place::Flag("source");
    entries.extend(key.map(|key| Entry { key, text: name.to_owned(), place }));
}

fn find(sources: &[Named], name: &str) -> Result<Named, Problem> {
    config::find(sources, name).map_err(|what| Problem::new(Place::Flag("source"), what))
}

/// `highwater source`.
///
/// # Errors
/// If standard output cannot be written, or the source that is to be asked cannot be made ready.
pub fn run(action: &Action) -> Result<Exit, Fault> {
    match action {
        Action::List(sources) => print::stdout(list(sources).as_bytes())?,
        Action::Show(named) => print::stdout(safe(&show(named)).as_bytes())?,
        Action::Check(checked) => return check::run(checked),
        Action::Fields(asked) => return fields::run(asked),
        Action::New(new) => return new::run(new),
    }
    Ok(Exit::Complete)
}

/// Lines as a terminal may have them.
fn safe(text: &str) -> String {
    text.lines().map(|line| crate::sanitize::line(line) + "\n").collect()
}

/// A line each: the name, how it crosses seams, what it is.
fn list(sources: &[Named]) -> String {
    let own = sources.iter().map(|named| (&named.definition, "config.toml"));
    let is_covered = |name: &str| sources.iter().any(|named| named.definition.name == name);
    let presets: Vec<Named> = PRESETS
        .iter()
        .filter(|(name, _)| !is_covered(name))
        .filter_map(|(name, _)| Named::preset(name))
        .collect();
    let all: Vec<(&Definition, &str)> =
        own.chain(presets.iter().map(|named| (&named.definition, "preset"))).collect();
    let width = all.iter().map(|(of, _)| of.name.len()).max().unwrap_or(0);
    let line = |(of, from): &(&Definition, &str)| {
        let about = if of.about.is_empty() { format!("table {}", of.table) } else { of.about.clone() };
        let line = format!("{:width$}  {from:<11}  {:<13}  {about}", of.name, of.safety().word());
        format!("{}\n", crate::sanitize::line(&line))
    };
    all.iter().map(line).collect()
}

/// A preset as it is written, with what it says of itself; a source of the settings file with all that it comes to.
fn show(named: &Named) -> String {
    let name = named.definition.name.as_str();
    let preset = PRESETS.iter().find(|(preset, _)| *preset == name);
    match preset.filter(|_| Named::preset(name).as_ref() == Some(named)) {
        None => named.toml(),
        Some((_, text)) => {
            let comment: usize =
                text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
            let (comment, words) = text.split_at(comment);
            format!("{comment}[source.{name}]\n{words}")
        }
    }
}
