//! The command line: what was asked for, as one [`Command`] with validated settings.
//!
//! This file parses and refuses; the form stands in `line`, and what a command does in [`run`], [`mod@demo`],
//! [`replay`], [`state`], [`verify`], [`copy`] and [`mod@print`]. The flags that are settings come from the table in [`config`].

pub mod copy;
pub mod demo;
mod exit;
mod flags;
mod help;
mod line;
pub mod print;
pub mod replay;
pub mod run;
mod source;
pub mod sources;
pub mod state;
pub mod verify;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, FromArgMatches as _, Subcommand};
use clap_complete::Shell;

pub use demo::Demo;
pub use exit::Exit;
use flags::{Flags, Scope};
use help::{WIDTH, find, front, quoted_safely, tree};
use line::{Asked, ConfigAction, Line, Recorded};

use crate::config::{self, Environment, Format as _, Loaded, Location, Place, Problem, Problems, Settings};
use crate::destination;
use crate::record::{Cursor, NotACursor, Schema};
use crate::replay::Speed;
use crate::sanitize;

/// What the program is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Watch a sync in the monitor; without a terminal, like `Sync`.
    Watch(Watched),
    /// Run a sync with plain lines.
    Sync {
        /// What is run.
        watched: Watched,
        /// One event a line, as JSON, instead.
        json: bool,
    },
    /// Perform a scenario, or list them.
    Demo {
        /// Which one, and how it is told.
        demo: Demo,
        /// How the monitor looks.
        looks: config::Monitor,
    },
    /// Play a recording in the monitor; without a terminal, print it.
    Replay(Played),
    /// Serve the built-in API alone.
    Playground(Served),
    /// Inspect or edit a destination's checkpoint.
    State {
        /// Selects the destination.
        settings: Box<Settings>,
        /// What to do.
        action: StateAction,
    },
    /// Check a destination.
    Verify(Verified),
    /// Copy a destination.
    Copy(Copied),
    /// Print the declared table.
    Schema(&'static Schema),
    /// List, show or try sources.
    Source(sources::Action),
    /// Write the annotated settings file.
    ConfigInit {
        /// Where to.
        path: PathBuf,
        /// Replace what is there.
        force: bool,
    },
    /// Print the effective settings.
    ConfigShow(Box<Loaded>),
    /// Print the path of the settings file.
    ConfigPath(PathBuf),
    /// Print the completions for a shell.
    Completions(Shell),
    /// Print a manual page.
    Man(Vec<String>),
}

/// A sync to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// What it goes by.
    pub settings: Box<Settings>,
    /// Where it is recorded, if it is.
    pub record: Option<PathBuf>,
}

/// A recording to play.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// The file.
    pub file: PathBuf,
    /// How fast.
    pub speed: Speed,
    /// The table that its rows are of.
    pub schema: &'static Schema,
    /// How the monitor looks.
    pub looks: config::Monitor,
    /// One event a line, as JSON, instead.
    pub json: bool,
}

/// A destination to copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// Say which table, and which destination unless `from` does.
    pub settings: Box<Settings>,
    /// What is copied.
    pub from: Option<destination::place::Place>,
    /// Where it goes.
    pub to: destination::place::Place,
    /// Remove what an unfinished copy has left there.
    pub anew: bool,
}

/// A destination to check.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Selects it, and says how its source is asked.
    pub settings: Box<Settings>,
    /// Compare it with the source, too.
    pub against_source: bool,
    /// One object a line, as JSON, instead.
    pub json: bool,
}

/// A playground to serve.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// The port on the loopback address; 0 is any free one.
    pub port: u16,
    /// The people, the pages and the pace.
    pub playground: config::Playground,
    /// The tokens that the rate limit's bucket holds; without a limit, none.
    pub capacity: Option<u32>,
}

/// What to do with a checkpoint.
#[derive(Clone, Debug, PartialEq, Subcommand)]
pub enum StateAction {
    /// Print the checkpoint, the unfinished run and the counts
    Show,
    /// Set the checkpoint
    Set {
        /// A cursor as the source writes it, such as 2026-11-16T19:05:47Z
        value: String,
    },
    /// Set the checkpoint back, to ask for the rows after it again
    Rewind(Rewind),
    /// Forget the checkpoint: the next run is a full one. The rows stay
    Reset {
        /// Do not ask; needed without a terminal
        #[arg(long)]
        yes: bool,
    },
    /// Take back the last change to the checkpoint
    Undo,
    /// Print the checkpoint's changes
    History,
    /// Write the checkpoint as the reference's state.json
    Export {
        /// The file [default: standard output]
        file: Option<PathBuf>,
    },
    /// Set the checkpoint from the reference's state.json
    Import {
        /// The file; - is standard input
        file: PathBuf,
    },
}

impl StateAction {
    /// Refuses a cursor that this table has none of.
    fn check(&self, schema: &Schema) -> Result<(), clap::Error> {
        let (name, text) = match self {
            Self::Set { value } => ("VALUE", value),
            Self::Rewind(Rewind { to: Some(to), .. }) => ("--to", to),
            _ => return Ok(()),
        };
        let refused = |why: NotACursor| {
            let message = format!("{name}: {why}");
            clap::Error::raw(ErrorKind::ValueValidation, format!("{}\n", sanitize::line(&message)))
        };
        Cursor::read(schema.format, text).map(drop).map_err(refused)
    }
}

/// How far a checkpoint is set back: to a value, or by a span. Exactly one is given.
#[derive(Clone, Debug, PartialEq, Args)]
#[group(required = true, multiple = false)]
pub struct Rewind {
    /// To this cursor, such as 2026-11-16T19:05:47Z
    #[arg(long, value_name = "VALUE")]
    pub to: Option<String>,
    /// By this span of time, such as 90s, 2h or 1d
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub by: Option<Duration>,
}

/// Why a command line was refused, or a text (help, version) that was asked for instead of a command.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// By its form; also the help and the version.
    #[error(transparent)]
    Line(#[from] clap::Error),
    /// By the settings that it leads to.
    #[error(transparent)]
    Settings(#[from] Problems),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Settings(problem.into())
    }
}

impl Refusal {
    /// Prints it where it belongs (help and version on stdout, the rest on stderr), and says how to exit.
    #[must_use]
    pub fn report(&self) -> Exit {
        match self {
            Self::Line(error) => {
                // Nobody is left to tell if the terminal is gone.
                let _ = error.print();
                if error.use_stderr() { Exit::Usage } else { Exit::Complete }
            }
            Self::Settings(problems) => {
                for problem in &problems.0 {
                    print::error(&problem.to_string());
                }
                Exit::Usage
            }
        }
    }
}

/// Reads a command line (the program's name first) and the settings that it leads to.
///
/// # Errors
/// [`Refusal`], which also carries the help and the version.
pub fn parse<T>(line: impl IntoIterator<Item = T>, environment: &Environment) -> Result<Command, Refusal>
where
    T: Into<OsString> + Clone,
{
    let line: Vec<OsString> = line.into_iter().map(Into::into).collect();
    let matches = front().try_get_matches_from(&line).map_err(|error| quoted_safely(&error, &line))?;
    let Line { watch, command } = Line::from_arg_matches(&matches)?;
    let settings = |loaded: Loaded| Box::new(loaded.settings);
    Ok(match command.unwrap_or(Asked::Watch { watch }) {
        Asked::Watch { watch } => Command::Watch(watched(watch, environment)?),
        Asked::Sync { json, watch } => Command::Sync { watched: watched(watch, environment)?, json },
        Asked::Demo { demo, looks } => {
            Command::Demo { demo, looks: load(looks, environment)?.settings.monitor }
        }
        Asked::Replay { file, speed, json, looks } => {
            let settings = load(looks, environment)?.settings;
            let schema = settings.contract.schema;
            Command::Replay(Played { file, speed, json, schema, looks: settings.monitor })
        }
        Asked::Playground(serve) => Command::Playground(Served {
            port: serve.port,
            capacity: serve.rate_limit.then_some(serve.capacity),
            playground: load(serve.people, environment)?.settings.playground,
        }),
        Asked::State { destination, action } => {
            let settings = settings(load(destination, environment)?);
            action.check(settings.contract.schema)?;
            Command::State { settings, action }
        }
        Asked::Verify { against_source, json, source } => {
            Command::Verify(Verified { settings: settings(load(source, environment)?), against_source, json })
        }
        Asked::Copy { from, to, anew, source } => {
            Command::Copy(Copied { settings: settings(load(source, environment)?), from, to, anew })
        }
        Asked::Schema { source } => Command::Schema(load(source, environment)?.settings.contract.schema),
        Asked::Source { action } => Command::Source(sources::read(action, environment)?),
        Asked::Config { action } => match action {
            ConfigAction::Init { force, file } => {
                Command::ConfigInit { path: path(file.config.as_deref(), environment)?, force }
            }
            ConfigAction::Show { watch } => Command::ConfigShow(Box::new(load(watch, environment)?)),
            ConfigAction::Path { file } => Command::ConfigPath(path(file.config.as_deref(), environment)?),
        },
        Asked::Completions { shell } => Command::Completions(shell),
        Asked::Man { command } => {
            find(&mut tree(), &command)?;
            Command::Man(command)
        }
    })
}

fn load<S: Scope>(flags: Flags<S>, environment: &Environment) -> Result<Loaded, Problems> {
    let location = Location::find(flags.config.as_deref(), environment);
    config::load(location, environment, flags.entries)
}

fn watched<S: Scope>(asked: Recorded<S>, environment: &Environment) -> Result<Watched, Problems> {
    let settings = Box::new(load(asked.run, environment)?.settings);
    Ok(Watched { settings, record: asked.record })
}

fn path(flag: Option<&Path>, environment: &Environment) -> Result<PathBuf, Problem> {
    let location = Location::find(flag, environment);
    location.map(|location| location.path).ok_or_else(|| {
        let what = "no configuration directory is known here (no home directory?); name a file";
        Problem { place: Place::Flag("config"), what: what.to_owned() }
    })
}

/// Reads the span that a checkpoint is set back by: up to a thousand years.
fn span(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    config::Span::milliseconds(1, 365_250 * DAY).read(text)
}

#[cfg(test)]
mod tests;
