//! Parse, dispatch, exit code: nothing else.

use std::process::ExitCode;

use highwater::cli::{self, Command, Exit, print};
use highwater::config::{self, Environment, Problem};
use highwater::report::Style;

fn main() -> ExitCode {
    print::make_panics_safe();
    match cli::parse(std::env::args_os(), &Environment::of_process()) {
        Ok(command) => run(command).unwrap_or_else(|why| {
            print::error(&why.to_string());
            if why.is::<Problem>() { Exit::Usage } else { Exit::Failed }
        }),
        Err(refusal) => refusal.report(),
    }
    .into()
}

fn run(command: Command) -> Result<Exit, Box<dyn std::error::Error>> {
    match command {
        Command::Watch(watched) => return cli::run::watch(&watched),
        Command::Sync { watched, json } => {
            return cli::run::sync(&watched, if json { Style::Json } else { Style::Plain });
        }
        Command::Demo { demo, looks } => return cli::demo::run(&demo, &looks),
        Command::Replay(played) => return cli::replay::run(&played),
        Command::Playground(served) => return cli::run::playground(&served),
        Command::State { settings, action } => return cli::state::run(&settings, &action),
        Command::Verify(verified) => return cli::verify::run(&verified),
        Command::Copy(copied) => return cli::copy::run(&copied),
        Command::Schema(schema) => print::stdout(print::schema(schema)?.as_bytes())?,
        Command::Source(action) => return cli::sources::run(&action),
        Command::ConfigInit { path, force } => {
            config::init(&path, force)?;
            print::path(&path)?;
        }
        Command::ConfigShow(loaded) => print::stdout(config::show(&loaded).as_bytes())?,
        Command::ConfigPath(path) => print::path(&path)?,
        Command::Completions(shell) => print::stdout(&print::completions(shell))?,
        Command::Man(path) => print::stdout(&print::manual(&path)?)?,
    }
    Ok(Exit::Complete)
}
