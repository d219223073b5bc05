//! What is printed outside a run: completions, manual pages, the schema, lines and errors.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal as _, Write as _};
use std::panic::{self, PanicHookInfo};
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::Shell;
use serde::{Serialize, Serializer};

use super::exit::Exit;
use crate::config::{self, KEYS};
use crate::record::{Column, Schema};
use crate::sanitize;

/// Writes to stdout. A reader that has seen enough, as `head` has, is no failure.
///
/// # Errors
/// If stdout cannot be written to for another reason.
pub fn stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(unwritable),
    }
}

/// What went wrong with stdout, by its name.
pub(super) fn unwritable(why: io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("standard output: {why}; send it where it can be written"))
}

/// Writes one line to stdout, made safe for a terminal: it may quote a file name, or what a database holds.
///
/// # Errors
/// As [`stdout`].
pub fn line(text: &str) -> io::Result<()> {
    stdout(format!("{}\n", sanitize::line(text)).as_bytes())
}

/// Writes an error to stderr as one line, made safe for a terminal.
pub fn error(text: &str) {
    note(&format!("error: {text}"));
}

/// Writes a line to stderr, made safe for a terminal. Where that is gone or full there is nobody to tell, and what is
/// done goes on.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", sanitize::line(text));
}

/// A panic says what it has to say in safe lines: its message may quote what the source sent.
pub fn make_panics_safe() {
    panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        lines(&panic.to_string());
        // As the environment asks for it: RUST_BACKTRACE.
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            lines(&trace.to_string());
        }
    }));
}

fn lines(text: &str) {
    text.lines().for_each(note);
}

/// The completion script for a shell.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::tree(), env!("CARGO_PKG_NAME"), &mut script);
    script
}

/// The manual page of the command that the path leads to (empty: the program itself), as roff.
///
/// # Errors
/// If there is no such command.
pub fn manual(path: &[String]) -> Result<Vec<u8>, clap::Error> {
    let mut tree = super::tree();
    let command = super::find(&mut tree, path)?.clone();
    let mut page = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = clap_mangen::Man::new(explained(command)).render(&mut page);
    if path.is_empty() {
        page.extend_from_slice(appendix().as_bytes());
    }
    Ok(page)
}

/// The command with all that there is to say about each flag, for which a screen of help has no room, and without the
/// exit codes, which have a section of their own.
fn explained(command: Command) -> Command {
    let known = |arg: &Arg| {
        let names = |key: &&config::Key| key.flag.is_some_and(|flag| arg.get_id() == flag.name);
        KEYS.iter().find(names)
    };
    command.after_help(None::<&str>).mut_args(|arg| match known(&arg) {
        None => arg,
        Some(key) => arg.long_help(format!(
            "{} Allowed: {}; also {}. Default: {}.",
            config::explain(key),
            key.rule.allowed(),
            key.env,
            key.default
        )),
    })
}

/// Exit codes, variables and files: what a manual has and a help has not.
fn appendix() -> String {
    let mut roff = ".SH \"EXIT STATUS\"\n".to_owned();
    for (code, meaning) in Exit::MEANINGS {
        roff.push_str(&item(code, meaning));
    }
    roff.push_str(".SH ENVIRONMENT\nFlags cover these, and these cover the settings file.\n");
    roff.push_str(&item(config::CONFIG, "The settings file."));
    for key in KEYS {
        let what = format!(
            "{} Default: {}. In the file: {} in [{}].",
            config::explain(key),
            key.default,
            key.name,
            key.section
        );
        roff.push_str(&item(key.env, &what));
    }
    roff.push_str(
        ".SH FILES\nconfig.toml in the platform's configuration directory: `highwater config path` \
                   prints its path, `highwater config init` writes one with every setting explained.\n",
    );
    roff
}

fn item(term: &str, text: &str) -> String {
    let escape = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    format!(".TP\n\\fB{}\\fR\n{}\n", escape(term), escape(text))
}

/// A table as the reference declares it.
#[derive(Serialize)]
struct Table<'a> {
    table: &'a str,
    primary_key: [Option<&'a str>; 1],
    columns: Columns<'a>,
}

/// Columns as a JSON object in the order of their declaration, which a map of `serde_json` would not keep.
struct Columns<'a>(&'a [Column]);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|column| (column.name, column.kind)))
    }
}

/// The schema as the reference declares it: a JSON array of tables, pretty-printed, with a final newline.
///
/// # Errors
/// Never for a schema of plain names; the type is the serialiser's.
pub fn schema(schema: &Schema) -> serde_json::Result<String> {
    let key = schema.columns.get(schema.primary_key);
    let tables = [Table {
        table: schema.table,
        primary_key: [key.map(|column| column.name)],
        columns: Columns(schema.columns),
    }];
    serde_json::to_string_pretty(&tables).map(|text| text + "\n")
}

/// Prints a path: as it is for another program to read, and made safe for a terminal.
///
/// # Errors
/// As [`stdout`].
pub fn path(path: &Path) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return line(&path.to_string_lossy());
    }
    let mut line = path.as_os_str().as_encoded_bytes().to_owned();
    line.push(b'\n');
    stdout(&line)
}
