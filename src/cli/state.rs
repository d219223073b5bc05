//! `state`: the checkpoint, looked at and moved by hand. Every move is written down and can be taken back; none is
//! made while a run holds the lock.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::run::Fault;
use super::source::place;
use super::{Exit, Rewind, StateAction, print};
use crate::config::Settings;
use crate::destination::DestinationError;
use crate::destination::kept::as_written;
use crate::destination::place::{Opened, Place, Steered};
use crate::record::{Cursor, NotACursor};
use crate::report;
use crate::sanitize;
use crate::source::Contract;
use crate::sync::event::Unfinished;
use crate::text::{age, number};

/// How many moves `history` shows.
const MOVES: u32 = 50;

/// The reference's state file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "expected an object")]
struct StateFile {
    /// The checkpoint, verbatim.
    last_updated_at: String,
}

/// Carries out a `state` command.
///
/// # Errors
/// If the destination cannot be read or written, or is in use.
pub fn run(settings: &Settings, action: &StateAction) -> Result<Exit, Fault> {
    let kept = Kept { place: place(settings)?, contract: settings.contract };
    match action {
        StateAction::Show => show(&kept),
        StateAction::History => history(&kept),
        StateAction::Export { file } => export(&kept, file.as_deref()),
        StateAction::Set { value } => move_to(&kept, "set", Some(&kept.cursor(value)?)),
        StateAction::Import { file } => move_to(&kept, "import", Some(&import(&kept, file)?)),
        StateAction::Rewind(by) => rewind(&kept, by),
        StateAction::Reset { yes } => reset(&kept, *yes),
        StateAction::Undo => undo(&kept),
    }
}

/// A destination, and what its source speaks.
struct Kept {
    place: Place,
    contract: &'static Contract,
}

impl Kept {
    fn read(&self) -> Result<Box<dyn Steered>, DestinationError> {
        self.place.read(self.contract.schema)
    }

    fn open(&self) -> Result<Opened, DestinationError> {
        self.place.open(self.contract.schema)
    }

    /// What an operator wrote, as this source writes its cursors.
    fn cursor(&self, text: &str) -> Result<Cursor, NotACursor> {
        Cursor::read(self.contract.schema.format, text)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

fn show(kept: &Kept) -> Result<Exit, Fault> {
    let mut destination = kept.read()?;
    let stored = destination.stored()?;
    let mut text = format!("destination  {}\n", sanitize::line(&destination.name()));
    let source = stored.source.as_deref().unwrap_or("none yet");
    text.push_str(&format!("source       {}\n", sanitize::line(source)));
    let moved =
        stored.checkpoint_at.map(|at| format!(" (moved {})", age(Utc::now(), at))).unwrap_or_default();
    let checkpoint = stored.checkpoint.as_ref().map_or("none", Cursor::text);
    text.push_str(&format!("checkpoint   {checkpoint}{moved}\nrows         {}\n", number(stored.rows)));
    let unfinished = match (stored.unfinished.map(Unfinished::from), stored.unreadable) {
        (Some(unfinished), _) => report::left(&unfinished),
        (None, Some(run)) => format!("run {run}, by another version of highwater"),
        (None, None) => "none".to_owned(),
    };
    text.push_str(&format!("unfinished   {unfinished}\n"));
    if let Some(lost) = stored.lost {
        text.push_str(&format!("ATTENTION    {}\n", lost.sentence()));
    }
    if let Some(holder) = kept.place.holder(kept.contract.schema) {
        text.push_str(&format!("in use by    {holder}\n"));
    }
    print::stdout(text.as_bytes())?;
    Ok(Exit::Complete)
}

fn history(kept: &Kept) -> Result<Exit, Fault> {
    let mut text = String::new();
    for entry in kept.read()?.history(MOVES)? {
        let cause = entry.run.map_or(entry.cause.clone(), |run| format!("run {run}"));
        let undone = entry.undone_by.map(|by| format!("  (undone by {by})")).unwrap_or_default();
        let (before, after) = (told(entry.before), told(entry.after));
        let line = format!("{:>5}  {}  {cause:<8} {before} → {after}{undone}", entry.entry, entry.at);
        text.push_str(&format!("{}\n", sanitize::line(&line)));
    }
    if text.is_empty() {
        text.push_str("the checkpoint has never moved\n");
    }
    print::stdout(text.as_bytes())?;
    Ok(Exit::Complete)
}

fn export(kept: &Kept, file: Option<&Path>) -> Result<Exit, Fault> {
    let stored = kept.read()?.stored()?;
    let Some(checkpoint) = stored.checkpoint else {
        return Err(format!("{kept}: no checkpoint to export; run a sync first").into());
    };
    let json = serde_json::to_string(&StateFile { last_updated_at: checkpoint.text().to_owned() })?;
    match file.filter(|file| *file != Path::new("-")) {
        None => print::stdout(format!("{json}\n").as_bytes())?,
        Some(file) => {
            let named = |error| format!("{}: {error}; give another file", file.display());
            let mut out = crate::platform::private_file(file).map_err(named)?;
            out.set_len(0).and_then(|()| writeln!(out, "{json}")).map_err(named)?;
        }
    }
    Ok(Exit::Complete)
}

fn import(kept: &Kept, file: &Path) -> Result<Cursor, Fault> {
    let mut text = String::new();
    let read = match file == Path::new("-") {
        true => io::stdin().read_to_string(&mut text),
        false => File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    let name = file.display();
    read.map_err(|error| format!("{name}: {error}"))?;
    let shape = r#"it must be {"last_updated_at": "2026-11-16T19:05:47Z"}, its value as the source writes its cursors"#;
    let state: StateFile =
        serde_json::from_str(&text).map_err(|error| format!("{name}: {error}; {shape}"))?;
    kept.cursor(&state.last_updated_at).map_err(|error| format!("{name}: {error}; {shape}").into())
}

fn rewind(kept: &Kept, rewind: &Rewind) -> Result<Exit, Fault> {
    let current = kept.read()?.stored()?.checkpoint;
    let Some(current) = current else {
        return Err(format!("{kept}: no checkpoint to rewind").into());
    };
    let to = match (&rewind.to, rewind.by) {
        (Some(to), _) => kept.cursor(to)?,
        (None, _) if current.instant().is_none() => {
            return Err(format!("{current} is no time; say --to which one the checkpoint goes back").into());
        }
        (None, by) => current.earlier(by.unwrap_or_default(), &kept.contract.beginning()),
    };
    if to > current {
        return Err(format!(
            "{to} is after the checkpoint, {current}; to skip rows on purpose, use `state set`"
        )
        .into());
    }
    move_to(kept, "rewind", Some(&to))
}

fn reset(kept: &Kept, yes: bool) -> Result<Exit, Fault> {
    let stored = kept.read()?.stored()?;
    if !yes {
        if !io::stdin().is_terminal() {
            return Err("this forgets the checkpoint; without a terminal to ask on, say --yes".into());
        }
        let checkpoint = stored.checkpoint.as_ref().map_or("none", Cursor::text);
        let question = "The next run reads everything again; rows stay. [y/N] ";
        print::stdout(format!("Forget the checkpoint {checkpoint}? {question}").as_bytes())?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            print::line("left as it was")?;
            return Ok(Exit::Early);
        }
    }
    move_to(kept, "reset", None)
}

fn undo(kept: &Kept) -> Result<Exit, Fault> {
    kept.read()?;
    let mut destination = kept.open()?.destination;
    match destination.undo(Utc::now())? {
        None => Err(format!("{kept}: nothing to undo").into()),
        Some(entry) => {
            let cause = entry.run.map_or(entry.cause, |run| format!("the move of run {run}"));
            let before = told(entry.before);
            print::line(&format!("undid {cause}: the checkpoint is {before}"))?;
            Ok(Exit::Complete)
        }
    }
}

/// A checkpoint that is written down, as the source writes it.
fn told(kept: Option<String>) -> String {
    kept.map_or("none".to_owned(), as_written)
}

fn move_to(kept: &Kept, cause: &str, to: Option<&Cursor>) -> Result<Exit, Fault> {
    let mut destination = kept.open()?.destination;
    let unfinished = destination.stored()?.unfinished;
    let before = destination.move_checkpoint(cause, to, Utc::now())?;
    let (before, after) = (told(before), to.map_or("none", Cursor::text));
    print::line(&format!("checkpoint: {before} → {after}; `highwater state undo` takes it back"))?;
    if let Some(run) = unfinished {
        print::line(&format!("run {} was unfinished and is closed: it belonged to another window", run.run))?;
    }
    if to.is_some_and(|to| to.is_after(Utc::now())) {
        print::line("warning: that is in the future: rows before it will not be asked for")?;
    }
    Ok(Exit::Complete)
}
