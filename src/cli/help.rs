//! What of the form is shown where: a first help that fits a screen, all of it in the manual; and what is said of a line
//! that has no such form.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::line::Line;
use crate::config;
use crate::sanitize;

/// The widest help, in columns; a narrower terminal breaks it earlier.
pub(super) const WIDTH: usize = 80;

/// Flags that the program's own help shows. The others stand in the help of `watch` and `sync`.
const FIRST: &[&str] = &["url"];
/// Flags that only the manual shows.
const FINER: &[&str] = &[
    "lag",
    "max-wait",
    "rate",
    "retries",
    "connect-timeout",
    "idle-timeout",
    "request-timeout",
    "ca-file",
    "proxy",
    "allow-http",
];

/// The refusal of the same line with its words made safe: it quotes them as they are, and what it takes for a colour
/// it hands on to a terminal and drops elsewhere.
pub(super) fn quoted_safely(error: &clap::Error, line: &[OsString]) -> clap::Error {
    let safe = line.iter().map(|word| sanitize::line(&word.to_string_lossy()).into_owned());
    let again = front().try_get_matches_from(safe).err();
    let mut again =
        again.unwrap_or_else(|| clap::Error::raw(error.kind(), sanitize::line(&error.to_string())));
    if let Some(tip) = order(&again) {
        again.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    again
}

/// Where an option should have stood that came before the command.
fn order(error: &clap::Error) -> Option<String> {
    let ContextValue::String(command) = error.get(ContextKind::InvalidSubcommand)? else { return None };
    let options = match error.get(ContextKind::PriorArg)? {
        ContextValue::Strings(options) => options.join(" "),
        option => option.to_string(),
    };
    Some(format!("options follow the command: highwater {command} {options}"))
}

/// Every command with every flag, as completions and manual pages tell them.
pub(super) fn tree() -> clap::Command {
    Line::command()
}

/// The command that the path leads to from the root.
pub(super) fn find<'a>(
    root: &'a mut clap::Command,
    path: &[String],
) -> Result<&'a clap::Command, clap::Error> {
    root.build();
    let mut command = &*root;
    for word in path {
        command = command.find_subcommand(word).ok_or_else(|| {
            let words: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let advice = match config::nearest(word, words.iter().copied()) {
                Some(right) => format!("did you mean \"{right}\"?"),
                None if words.is_empty() => format!("\"{}\" has none", command.get_name()),
                None => format!("the commands are {}", words.join(", ")),
            };
            let message = format!("there is no command {}; {advice}\n", sanitize::quoted(word));
            clap::Error::raw(ErrorKind::InvalidSubcommand, message)
        })?;
    }
    Ok(command)
}

/// The same commands, with a first help that fits a screen.
pub(super) fn front() -> clap::Command {
    let mut tree = tree();
    // Building adds the help flag itself, whose text says where the hidden ones are.
    tree.build();
    tree.mut_args(|arg| match arg.get_long() {
        Some("help") => arg.help("Print help; `highwater watch --help` has more options"),
        Some(name) if !FIRST.contains(&name) => arg.hide(true),
        _ => arg,
    })
    // Asked for once, on setting up; the manual has it, and says so here.
    .mut_subcommand("completions", |command| command.hide(true))
    .mut_subcommands(without_finer)
}

/// A command, and those below it, whose help leaves the finer flags to the manual.
fn without_finer(command: clap::Command) -> clap::Command {
    let has_finer = command.get_arguments().any(|arg| arg.get_long().is_some_and(is_finer));
    let command = command.mut_args(|arg| match arg.get_long() {
        Some("help") if has_finer => arg.help("Print help; `highwater man` has every option"),
        Some(name) if is_finer(name) => arg.hide(true),
        _ => arg,
    });
    command.mut_subcommands(without_finer)
}

fn is_finer(name: &str) -> bool {
    FINER.contains(&name)
}
