//! Flags made from the table of settings, so that names, defaults, bounds and explanations are the same in the help,
//! in `config.toml` and in the environment.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::config::{Entry, Flag, KEYS, Key, Place};

/// The id and name of the flag that names the settings file.
const CONFIG: &str = "config";

/// Which settings a command has flags for.
pub trait Scope {
    /// True if the flags may also stand behind the names of the commands below.
    const GLOBAL: bool = false;

    /// True if it has one for this key.
    fn has(key: &Key) -> bool;
}

/// All that a run goes by and the monitor looks like: everything but the playground.
#[derive(Clone, Debug)]
pub struct OfWatch;

/// All that a run goes by.
#[derive(Clone, Debug)]
pub struct OfRun;

/// What the monitor looks like.
#[derive(Clone, Debug)]
pub struct OfMonitor;

/// What the monitor looks like, and whose rows it shows.
#[derive(Clone, Debug)]
pub struct OfReplay;

/// Which source.
#[derive(Clone, Debug)]
pub struct OfName;

/// How a source that is named otherwise is asked.
#[derive(Clone, Debug)]
pub struct OfCheck;

/// How a source that is not defined yet is asked.
#[derive(Clone, Debug)]
pub struct OfNew;

/// What selects a destination.
#[derive(Clone, Debug)]
pub struct OfDestination;

/// What selects the destination of a source that is named otherwise.
#[derive(Clone, Debug)]
pub struct OfFields;

/// What selects a destination, and how its source is asked.
#[derive(Clone, Debug)]
pub struct OfSource;

/// What makes a playground.
#[derive(Clone, Debug)]
pub struct OfPlayground;

/// Nothing but the settings file.
#[derive(Clone, Debug)]
pub struct OfFile;

impl Scope for OfWatch {
    fn has(key: &Key) -> bool {
        key.section != "playground"
    }
}

impl Scope for OfRun {
    fn has(key: &Key) -> bool {
        OfWatch::has(key) && !OfMonitor::has(key)
    }
}

impl Scope for OfMonitor {
    fn has(key: &Key) -> bool {
        key.section == "monitor"
    }
}

impl Scope for OfDestination {
    const GLOBAL: bool = true;

    fn has(key: &Key) -> bool {
        OfName::has(key) || matches!(key.name, "url" | "db")
    }
}

impl Scope for OfFields {
    fn has(key: &Key) -> bool {
        OfDestination::has(key) && !OfName::has(key)
    }
}

impl Scope for OfReplay {
    fn has(key: &Key) -> bool {
        OfName::has(key) || OfMonitor::has(key)
    }
}

impl Scope for OfName {
    fn has(key: &Key) -> bool {
        (key.section, key.name) == ("source", "name")
    }
}

impl Scope for OfCheck {
    fn has(key: &Key) -> bool {
        key.section == "source" && !OfName::has(key)
    }
}

impl Scope for OfNew {
    fn has(key: &Key) -> bool {
        OfCheck::has(key) && key.name != "url"
    }
}

impl Scope for OfSource {
    fn has(key: &Key) -> bool {
        matches!(key.section, "source" | "destination" | "retry")
    }
}

impl Scope for OfPlayground {
    fn has(key: &Key) -> bool {
        key.section == "playground"
    }
}

impl Scope for OfFile {
    fn has(_: &Key) -> bool {
        false
    }
}

/// The settings that were given as flags, checked, and the settings file if one was named.
#[derive(Clone, Debug)]
pub struct Flags<S> {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// The others.
    pub entries: Vec<Entry>,
    scope: PhantomData<S>,
}

impl<S: Scope> Args for Flags<S> {
    fn augment_args(command: Command) -> Command {
        let mut keys: Vec<&Key> = KEYS.iter().filter(|key| S::has(key)).collect();
        keys.sort_by_key(|key| rank(key));
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath)
            .help("The settings file [default: see config path]");
        let flags = keys.into_iter().filter_map(flag).chain([config]);
        if !S::GLOBAL {
            return command.args(flags);
        }
        // A global flag keeps the number that it has above, and would end up among a command's own.
        command.args((OWN..).zip(flags).map(|(order, flag)| flag.global(true).display_order(order)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<S: Scope> FromArgMatches for Flags<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &'static Key| {
            let Flag { name, value } = key.flag.filter(|_| S::has(key))?;
            let text = match value {
                Some(_) => matches.get_one::<String>(name)?.clone(),
                None => matches.get_flag(name).then(|| "true".to_owned())?,
            };
            let place = Place::Flag(name);
            Some(Entry { key, text, place })
        };
        Ok(Self {
            config: matches.get_one::<PathBuf>(CONFIG).cloned(),
            entries: KEYS.iter().filter_map(given).collect(),
            scope: PhantomData,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// More flags than any command has of its own.
const OWN: usize = 100;

/// The order of the help: what is asked for often stands first.
fn rank(key: &Key) -> u8 {
    match (key.section, key.name) {
        (_, "url") => 0,
        ("source", "name") => 1,
        ("destination" | "sync", _) => 1,
        ("monitor", _) => 3,
        _ => 2,
    }
}

fn flag(key: &'static Key) -> Option<Arg> {
    let flag = key.flag?;
    let Some(value) = flag.value else {
        return Some(Arg::new(flag.name).long(flag.name).action(ArgAction::SetTrue).help(key.about()));
    };
    let words = key.rule.words();
    let words = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
    let help = format!("{}{words} [default: {}]", key.about(), key.default);
    let arg = Arg::new(flag.name)
        .long(flag.name)
        .value_name(value)
        .value_parser(Checked(key))
        .allow_negative_numbers(true)
        .hide_possible_values(true)
        .help(help);
    Some(match key.name {
        "url" => arg.value_hint(ValueHint::Url),
        "db" => arg.value_hint(ValueHint::FilePath),
        _ => arg,
    })
}

/// Checks a value by its key's format. Clap's own refusal would quote the value, and a refused URL may hold a
/// password.
#[derive(Clone)]
struct Checked(&'static Key);

impl TypedValueParser for Checked {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let checked = match value.to_str() {
            None => Err("is not UTF-8".to_owned()),
            Some(text) => self.0.rule.check(text).map(|()| text.to_owned()),
        };
        checked.map_err(|what| {
            let name = arg.map_or("", |arg| arg.get_id().as_str());
            clap::Error::raw(ErrorKind::ValueValidation, format!("--{name}: {what}\n")).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        let words = self.0.rule.words();
        (!words.is_empty()).then(|| Box::new(words.into_iter().map(PossibleValue::new)) as Box<_>)
    }
}
