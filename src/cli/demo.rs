//! `demo`: a scenario, told in lines. Which one, with what it is told and how it ends; the demo itself is
//! [`crate::demo`].

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use chrono::Utc;
use clap::{Args, ValueHint};
use tokio::sync::broadcast;

use super::run::{Fault, SHOWN_EVENTS, has_terminal, manners, runtime, signalled, stop_on_signal};
use super::{Exit, print};
use crate::config::{self, Place, Problem, Word as _};
use crate::demo::operator::Operator;
use crate::demo::rehearsal::Audience;
use crate::demo::scenario::BUILT_IN;
use crate::demo::scratch::Scratch;
use crate::demo::{Line, Rehearsal, Scenario, lives};
use crate::destination::sqlite::Sqlite;
use crate::lesson::{Beside, Narration, State, Told, Verdict};
use crate::monitor::model::Lesson;
use crate::monitor::terminal::{forsaken, leave_behind};
use crate::monitor::text::wrap;
use crate::monitor::{self, Departure, Feed};
use crate::record::USER;
use crate::report::{Report, Style};
use crate::run::Outcome;
use crate::sanitize;
use crate::text::{count, number};
use crate::units;

/// How long there is to read what is said between two lives, before the screen is taken again.
const TO_READ: Duration = Duration::from_secs(4);

/// Which demo, and how it is told.
#[derive(Args, Clone, Debug, PartialEq)]
#[group(skip)]
pub struct Demo {
    /// A scenario's name, or a file of your own [default: list them]
    #[arg(value_hint = ValueHint::FilePath)]
    scenario: Option<String>,
    /// One event a line, as JSON
    #[arg(long, requires = "scenario")]
    json: bool,
    /// List the scenarios
    #[arg(long, conflicts_with_all = ["scenario", "json"])]
    list: bool,
    /// How long each answer takes [default: as the scenario says]
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    latency: Option<Duration>,
    /// The directory that a life of a demo whose process is killed is lent
    #[arg(long, hide = true, requires = "scenario")]
    lent: Option<PathBuf>,
}

/// `highwater demo`: performs a scenario, and says whether what was expected came.
///
/// # Errors
/// If there is no such scenario, or it cannot be performed.
pub fn run(demo: &Demo, looks: &config::Monitor) -> Result<Exit, Fault> {
    let name = match &demo.scenario {
        Some(name) => name.clone(),
        None => {
            print::stdout(list()?.as_bytes())?;
            match chosen(demo)? {
                Some(name) => name,
                None => return Ok(Exit::Complete),
            }
        }
    };
    let name = name.as_str();
    let mut scenario = find(name)?;
    if let Some(latency) = demo.latency {
        scenario.options.latency = latency;
    }
    if style(demo) == Style::Plain && demo.lent.is_none() && !on_screen(demo) {
        print::stdout(format!("{}\n{}\n\n", scenario.title, scenario.about).as_bytes())?;
    }
    runtime()?.block_on(async {
        match (&demo.lent, scenario.kill()) {
            (None, Some(_)) => lives(demo, looks, name, &scenario).await,
            (Some(path), _) => show(demo, looks, &scenario, Scratch::lent(path.clone())).await,
            (None, None) => show(demo, looks, &scenario, Scratch::new()?).await,
        }
    })
}

/// True if it is shown in the monitor.
fn on_screen(demo: &Demo) -> bool {
    !demo.json && has_terminal()
}

/// How it is told in lines.
fn style(demo: &Demo) -> Style {
    if demo.json { Style::Json } else { Style::Plain }
}

async fn show(
    demo: &Demo,
    looks: &config::Monitor,
    scenario: &Scenario,
    scratch: Scratch,
) -> Result<Exit, Fault> {
    if on_screen(demo) {
        watch(looks, scenario, scratch).await
    } else {
        perform(scenario, scratch, style(demo)).await
    }
}

/// The scenario in the monitor, a page a key.
async fn watch(looks: &config::Monitor, scenario: &Scenario, scratch: Scratch) -> Result<Exit, Fault> {
    let (sender, events) = broadcast::channel(SHOWN_EVENTS);
    let reader = Some(Sqlite::reader(&scratch.table(), &USER));
    let (audience, told) = Audience::screen(sender);
    let rehearsal = Rehearsal::open(scenario, scratch, audience).await?;
    let lesson = Lesson::new(&scenario.title, &scenario.about, scenario.beside.is_some());
    let lesson = Some((lesson, told));
    let commands = rehearsal.commands.clone();
    let feed = Feed { schema: &USER, events, commands, start: None, reader, replay: None, lesson };
    let manners = manners(looks);
    let left = monitor::run(feed, manners, Utc::now).await?;
    rehearsal.close().await?;
    // What the operator left before its end is not held against the scenario.
    let verdict =
        left.verdict.filter(|verdict| !matches!(verdict.came.outcome, Outcome::Paused | Outcome::Stopped));
    let mut text = Vec::new();
    match &verdict {
        Some(verdict) => write_verdict(&mut text, verdict)?,
        None => writeln!(text, "left before the end of the demo; what it wrote is gone again")?,
    }
    let text = String::from_utf8_lossy(&text);
    leave_behind(manners.theme.glyphs.spell(text.trim()).into_owned());
    Ok(match (left.departure, verdict) {
        (Departure::Signal(number), _) => signalled(number),
        (_, Some(Verdict { met: true, .. })) => Exit::Complete,
        (_, Some(_)) => Exit::Attention,
        (_, None) => Exit::Early,
    })
}

/// The scenarios that come along, a line each.
fn list() -> Result<String, Problem> {
    let mut text = "highwater demo SCENARIO performs one of these, or a file of your own:\n\n".to_owned();
    for (number, (name, file)) in (1..).zip(BUILT_IN) {
        let scenario = Scenario::parse(Path::new(name), file)?;
        text.push_str(&format!("  {number}  {name:<14} {}\n", scenario.title));
    }
    Ok(text)
}

/// The scenario that the operator names or numbers; `None` if there is nobody to ask, or no wish for any.
fn chosen(demo: &Demo) -> Result<Option<String>, Fault> {
    if demo.list || !on_screen(demo) {
        return Ok(None);
    }
    print::stdout(b"\nWhich one, by name or number? Enter alone leaves: ")?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let line = line.trim();
    let numbered = line.parse::<usize>().ok().and_then(|number| BUILT_IN.get(number.checked_sub(1)?));
    Ok(match numbered {
        Some((name, _)) => Some((*name).to_owned()),
        None => (!line.is_empty()).then(|| line.to_owned()),
    })
}

/// The scenario of that name, or in that file.
fn find(name: &str) -> Result<Scenario, Problem> {
    if let Some(scenario) = Scenario::built_in(name) {
        return scenario;
    }
    let path = Path::new(name);
    if path.components().count() > 1 || path.extension().is_some() {
        let problem = |error: io::Error| Problem::new(file(path), format!("cannot be read: {error}"));
        return Scenario::parse(path, &std::fs::read_to_string(path).map_err(problem)?);
    }
    let names = || BUILT_IN.iter().map(|(name, _)| *name);
    let advice = match config::nearest(name, names()) {
        Some(right) => format!("did you mean \"{right}\"?"),
        None => {
            format!("there are {}, or a file such as ./mine.toml", names().collect::<Vec<_>>().join(", "))
        }
    };
    Err(Problem::new(file(path), format!("there is no scenario of that name; {advice}")))
}

fn file(path: &Path) -> Place {
    Place::File { path: path.to_owned(), line: None }
}

/// A scenario from its start to its verdict.
async fn perform(scenario: &Scenario, scratch: Scratch, style: Style) -> Result<Exit, Fault> {
    let (audience, mut lines) = Audience::lines();
    let rehearsal = Rehearsal::open(scenario, scratch, audience).await?;
    let signal = stop_on_signal(rehearsal.commands.clone())?;
    let mut operator = Operator::new(scenario);
    let mut verdict = None;
    while let Some(line) = lines.recv().await {
        say(style, &line)?;
        if let Some(press) = operator.hear(&line) {
            let commands = rehearsal.commands.clone();
            tokio::spawn(async move {
                tokio::time::sleep(press.after).await;
                // A sync that has ended needs no command.
                let _ = commands.send(press.command).await;
            });
        }
        if let Line::Told(Told::Verdict(came)) = line {
            verdict = Some(came);
        }
    }
    rehearsal.close().await?;
    signal.abort();
    Ok(match (signal.await, verdict) {
        (Ok(number), _) => signalled(number),
        (Err(_), Some(Verdict { met: true, .. })) => Exit::Complete,
        (Err(_), _) => Exit::Attention,
    })
}

/// A scenario whose process is killed: each life is a process of this program's own.
async fn lives(demo: &Demo, looks: &config::Monitor, name: &str, scenario: &Scenario) -> Result<Exit, Fault> {
    let scratch = Scratch::new()?;
    let life = || {
        let mut life = Process::new(std::env::current_exe()?);
        life.args(["demo", name, "--lent"]).arg(scratch.path());
        if demo.json {
            life.arg("--json");
        }
        life.args(["--theme", looks.theme.word()]);
        if looks.mouse {
            life.arg("--mouse");
        }
        if let Some(latency) = demo.latency {
            life.args(["--latency", &units::write_duration(latency)]);
        }
        Ok(life)
    };
    let to_read = if on_screen(demo) { TO_READ } else { scenario.options.latency };
    let between = |narration: &Narration| {
        if !on_screen(demo) {
            return say(style(demo), &Line::Told(Told::Narration(narration.clone())));
        }
        forsaken()?;
        let width = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        let text = format!("» {} (in {} s)", narration.text, TO_READ.as_secs());
        let lines = wrap(&text, width.clamp(20, 100)).join("\n");
        print::stdout(format!("{lines}\n\n").as_bytes())
    };
    let status = lives::supervise(scenario, &scratch, life, between, to_read).await?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(Exit::Failed, Exit::Passed))
}

/// Says one thing, and leaves nothing of it unsaid: the process may be killed for show.
fn say(style: Style, line: &Line) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text, style, line)?;
    print::stdout(&text)
}

fn write(out: &mut dyn Write, style: Style, line: &Line) -> io::Result<()> {
    let told = match line {
        Line::Event(stamped) => return Report::new(style).write(out, stamped),
        Line::Told(told) => told,
    };
    match (style, told) {
        (Style::Json, told) => writeln!(out, "{}", sanitize::json(&serde_json::to_string(told)?)),
        (Style::Plain, Told::Narration(narration)) => writeln!(out, "» {}", narration.text),
        (Style::Plain, Told::Beside(beside)) => match beside.state {
            State::Going => Ok(()),
            State::Holding | State::Done => write_beside(out, beside),
        },
        (Style::Plain, Told::Verdict(verdict)) => write_verdict(out, verdict),
    }
}

fn write_beside(out: &mut dyn Write, beside: &Beside) -> io::Result<()> {
    writeln!(
        out,
        "beside {:>3}  {}: {}, {} lost, {} sent again; {}",
        number(beside.pages),
        beside.name,
        count(beside.rows, "row"),
        number(beside.lost),
        number(beside.repeated),
        beside.note,
    )
}

fn write_verdict(out: &mut dyn Write, verdict: &Verdict) -> io::Result<()> {
    if verdict.met {
        return writeln!(
            out,
            "\nas expected: {}, {} lost",
            count(verdict.came.rows, "row"),
            verdict.came.lost
        );
    }
    writeln!(out)?;
    verdict.differs.iter().try_for_each(|what| writeln!(out, "NOT as expected: {what}"))
}
