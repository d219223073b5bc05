//! The command line's form, as clap reads it: commands, their own flags, and the one line that each has in the help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use url::Url;

use super::flags::{
    Flags, OfCheck, OfDestination, OfFields, OfFile, OfMonitor, OfName, OfNew, OfPlayground, OfReplay, OfRun,
    OfSource, OfWatch, Scope,
};
use super::{Demo, Exit, StateAction, WIDTH};
use crate::config::{DestinationPlace, Format as _, HttpUrl};
use crate::destination::place::Place;
use crate::replay::Speed;

/// Watch a keyset-paginated API sync that loses nothing
#[derive(Parser)]
#[command(
    name = "highwater",
    version,
    max_term_width = WIDTH,
    override_usage = "highwater [OPTIONS] [COMMAND]",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = Exit::short()
)]
pub(super) struct Line {
    #[command(flatten)]
    pub(super) watch: Recorded<OfWatch>,
    #[command(subcommand)]
    pub(super) command: Option<Asked>,
}

/// A sync, and whether it is recorded.
#[derive(Args)]
pub(super) struct Recorded<S: Scope> {
    #[command(flatten)]
    pub(super) run: Flags<S>,
    /// Write every event to a new file, for `replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) record: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(super) enum Asked {
    /// Watch a sync in the monitor (the default)
    Watch {
        #[command(flatten)]
        watch: Recorded<OfWatch>,
    },
    /// Run a sync with plain lines, for scripts and CI
    #[command(after_help = Exit::sentence())]
    Sync {
        /// One event a line, as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        watch: Recorded<OfRun>,
    },
    /// Watch one thing happen, and be told what it means
    #[command(after_help = "Exit: 0 as expected · 3 not as expected")]
    Demo {
        #[command(flatten)]
        demo: Demo,
        #[command(flatten)]
        looks: Flags<OfMonitor>,
    },
    /// Play a recording in the monitor
    Replay {
        /// The file, made with --record
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// How fast: 0.1 to 1000 times, or max
        #[arg(long, value_name = "N", default_value = "1", value_parser = Speed::read)]
        speed: Speed,
        /// One event a line, as JSON; without a terminal, plain lines
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        looks: Flags<OfReplay>,
    },
    /// Serve the built-in API alone
    Playground(Serve),
    /// Inspect and edit the checkpoint
    State {
        #[command(flatten)]
        destination: Flags<OfDestination>,
        #[command(subcommand)]
        action: StateAction,
    },
    /// Check what is stored, and compare it with the source
    #[command(after_help = "Exit: 0 all is well · 1 could not be checked · 2 usage · 3 something was found")]
    Verify {
        /// Read the source again at every seam, and compare each row
        #[arg(long)]
        against_source: bool,
        /// One object a line, as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        source: Flags<OfSource>,
    },
    /// Copy a table with its state to another destination
    #[command(
        after_help = "A copy that was interrupted goes on with the same command. Nothing is changed in FROM."
    )]
    Copy {
        /// What is copied [default: the destination of the settings]
        #[arg(long, value_name = "PLACE", value_parser = |text: &str| DestinationPlace.read(text))]
        from: Option<Place>,
        /// Where it goes: a new file, or a schema of a database without that table
        #[arg(long, value_name = "PLACE", value_parser = |text: &str| DestinationPlace.read(text))]
        to: Place,
        /// Remove what an unfinished copy has left there, and begin again
        #[arg(long)]
        anew: bool,
        #[command(flatten)]
        source: Flags<OfName>,
    },
    /// Print the table as the reference declares it
    Schema {
        #[command(flatten)]
        source: Flags<OfName>,
    },
    /// List the sources, show one, try one
    #[command(after_help = "Exit of `check`: 0 could work · 1 could not · 2 usage")]
    Source {
        #[command(subcommand)]
        action: SourceAction,
    },
    /// Write, show or find the settings file
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, which has the shell's completions, too
    Man {
        /// The command that it is about, such as `sync` or `state set`
        command: Vec<String>,
    },
}

#[derive(Args)]
pub(super) struct Serve {
    /// Loopback port; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 5001)]
    pub(super) port: u16,
    #[command(flatten)]
    pub(super) people: Flags<OfPlayground>,
    /// Limit the rate: a bucket of requests, refilled 10/s
    #[arg(long)]
    pub(super) rate_limit: bool,
    /// What the bucket holds
    #[arg(long, value_name = "N", default_value_t = 20, requires = "rate_limit",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) capacity: u32,
}

#[derive(Subcommand)]
pub(super) enum SourceAction {
    /// List the sources of the settings file, and the presets
    List {
        #[command(flatten)]
        file: Flags<OfFile>,
    },
    /// Print a source's whole definition, to paste and change
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        file: Flags<OfFile>,
    },
    /// Ask an API once, guess what it speaks, and write that down
    #[command(
        after_help = "Without --write, the definition is printed, and on a terminal it is asked what to do with it"
    )]
    New {
        /// What it is to be called: letters, digits and dashes
        name: String,
        /// The list's address, with the parameters that its documentation gives as an example
        #[arg(long, value_name = "URL", value_parser = |text: &str| HttpUrl.read(text))]
        url: Option<Url>,
        /// Add it to the settings file without a question
        #[arg(long)]
        write: bool,
        #[command(flatten)]
        source: Flags<OfNew>,
    },
    /// Ask a source twice, and say how it would be walked
    Check {
        /// Its name
        name: String,
        #[command(flatten)]
        source: Flags<OfCheck>,
    },
    /// Tell which fields of a source no column takes, and propose columns
    #[command(
        after_help = "Columns that are declared later are added to the table by the next sync, and filled"
    )]
    Fields {
        /// Its name
        name: String,
        /// Add the columns to the source's definition in the settings file
        #[arg(long)]
        write: bool,
        #[command(flatten)]
        destination: Flags<OfFields>,
    },
}

#[derive(Subcommand)]
pub(super) enum ConfigAction {
    /// Write a settings file with every default, explained
    Init {
        /// Replace the file that is there
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        file: Flags<OfFile>,
    },
    /// Print the settings in force, each with the layer it comes from
    Show {
        #[command(flatten)]
        watch: Flags<OfWatch>,
    },
    /// Print the path of the settings file
    Path {
        #[command(flatten)]
        file: Flags<OfFile>,
    },
}
