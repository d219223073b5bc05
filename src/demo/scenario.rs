//! A scenario: one file that a reader can copy, change and run. What is wrong in it is told with its line.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::narrator::PLACEHOLDERS;
use crate::config::{Place, Problem};
use crate::playground::{Disorder, Expiry, Fault, Growth, Options, Tie, Troubles};
use crate::run::Outcome;
use crate::sanitize;
use crate::units;
use crate::walk::Mode;

/// The most people of a scenario: all of them are looked at after every page.
const MOST_USERS: usize = 10_000;
/// The most rows of a page: as many as an event shows, and as the endpoint beside gives.
const MOST_ROWS: usize = 50;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// The scenarios that come along: name and text, in the order in which they are best read.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../assets/scenarios/", $name, ".toml")))),*];
    };
}

built_in!("basics", "ties", "growing", "rate-limit", "flaky", "expired-token", "disorder", "crash");

/// One thing made to happen, and what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is about, in a few words.
    pub title: String,
    /// What it shows, and why that matters, in two or three sentences.
    pub about: String,
    /// What the playground does.
    pub options: Options,
    /// How the main walker walks.
    pub walk: Mode,
    /// The walker beside it, if there is one.
    pub beside: Option<Paging>,
    /// What is done to the run, and when.
    pub acts: Vec<Act>,
    /// What is said, and when.
    pub cues: Vec<Cue>,
    /// What must come of it.
    pub expect: Option<Expect>,
}

/// How a second walker pages through the same data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paging {
    /// As a sync of this program.
    Walk(Mode),
    /// As a client that asks for so many rows and skips those that it has.
    Offset(Order),
}

/// In which order an offset is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// What changed last comes first, as in most lists.
    NewestFirst,
    /// What changed last comes last.
    OldestFirst,
}

/// Something that is done to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// Where nobody is there to do it: holds the run for a while.
    Pause {
        /// Once this page is stored.
        after_page: u64,
        /// For so long.
        #[serde(rename = "for", deserialize_with = "units::span")]
        length: Duration,
    },
    /// Kills the process, with nothing cleared up, while the next page is on the wire.
    Kill {
        /// Once this page is stored.
        after_page: u64,
    },
}

/// A sentence or two, and when they are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// What makes them due.
    pub on: Trigger,
    /// Only at this page.
    pub page: Option<u64>,
    /// So often at most.
    pub times: Option<u64>,
    /// The text, with [`PLACEHOLDERS`].
    pub say: String,
}

/// What can be spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The destination is open; no run has begun.
    Start,
    /// A page is stored.
    Page,
    /// An attempt failed, and another follows.
    Retry,
    /// The run waits for its time to ask again.
    Waiting,
    /// The run holds.
    Paused,
    /// The run goes on after it held.
    Resumed,
    /// A seam was crossed inside a group of rows that share their cursor.
    TieUnsafe,
    /// One value filled a page.
    TieOverflow,
    /// The source refused a scroll token.
    TokenRefused,
    /// Rows came out of order.
    OrderViolated,
    /// A page was stored and the checkpoint stayed where it was, for rows came out of order.
    CheckpointHeld,
    /// The walker beside has lost more rows than before.
    Lost,
    /// The walker beside was sent more rows again than before.
    Repeated,
    /// The process was killed.
    Killed,
    /// A new process goes on with the run of one that was killed.
    ResumedAfterKill,
    /// The run is complete.
    Complete,
}

/// What a headless run must come to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// How the run ends.
    pub outcome: Outcome,
    /// How many rows the table holds then.
    pub rows: u64,
    /// How many rows the main walker may lose, at any time.
    #[serde(default)]
    pub lost: u64,
    /// How many attempts fail.
    pub retries: Option<u64>,
    /// What must have happened.
    #[serde(default)]
    pub heard: Vec<Trigger>,
    /// What becomes of the walker beside.
    pub beside: Option<ExpectBeside>,
}

/// What the walker beside must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectBeside {
    /// How many rows it loses at least.
    #[serde(default)]
    pub lost_at_least: u64,
    /// How many rows it is sent again at least.
    #[serde(default)]
    pub repeated_at_least: u64,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    title: String,
    about: String,
    playground: Spanned<Playground>,
    #[serde(default)]
    run: Run,
    beside: Option<Paging>,
    #[serde(default)]
    act: Vec<Spanned<Act>>,
    narration: Vec<Line>,
    expect: Option<Expect>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Playground {
    users: usize,
    page_size: usize,
    #[serde(deserialize_with = "units::span")]
    latency: Duration,
    seed: u64,
    rate_limit: Option<u32>,
    tie: Option<Tie>,
    growth: Option<Growth>,
    disorder: Option<Disorder>,
    expiry: Option<Expiry>,
    fault: Vec<Fault>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Run {
    walk: Mode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    on: Trigger,
    page: Option<u64>,
    times: Option<u64>,
    say: Spanned<String>,
}

impl Default for Playground {
    fn default() -> Self {
        let Options { users, page_size, latency, seed, .. } = Options::default();
        Self {
            users,
            page_size,
            latency,
            seed,
            rate_limit: None,
            tie: None,
            growth: None,
            disorder: None,
            expiry: None,
            fault: Vec::new(),
        }
    }
}

impl From<Playground> for Options {
    fn from(file: Playground) -> Self {
        Self {
            users: file.users,
            page_size: file.page_size,
            latency: file.latency,
            seed: file.seed,
            rate_limit: file.rate_limit,
            tie: file.tie,
            // The story must be the same tomorrow: nobody changes by the clock.
            frozen: true,
            troubles: Troubles {
                faults: file.fault,
                expiry: file.expiry,
                growth: file.growth,
                disorder: file.disorder,
            },
            ..Self::default()
        }
    }
}

impl Scenario {
    /// The scenario of that name, if it comes along.
    ///
    /// # Errors
    /// As [`Scenario::parse`]; a test keeps that from happening.
    pub fn built_in(name: &str) -> Option<Result<Self, Problem>> {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(Path::new(&format!("{name}.toml")), text))
    }

    /// Reads the text of a scenario's file.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its line and what would be right.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let refuse = |at: Option<usize>, what: &str| {
            let line =
                at.map(|at| 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count());
            Problem::new(Place::File { path: path.to_owned(), line }, sanitize::snippet(what, 400))
        };
        let file: File = toml::from_str(text)
            .map_err(|why| refuse(why.span().map(|span| span.start), &why.message().replace('\n', "; ")))?;
        for line in &file.narration {
            check_text(line.say.get_ref()).map_err(|what| refuse(Some(line.say.span().start), &what))?;
        }
        for act in &file.act {
            let (Act::Pause { after_page, .. } | Act::Kill { after_page }) = act.get_ref();
            if *after_page == 0 {
                return Err(refuse(Some(act.span().start), "after_page: pages are counted from 1"));
            }
        }
        let place = file.playground.span().start;
        let options: Options = file.playground.into_inner().into();
        check(&options).map_err(|what| refuse(Some(place), &what))?;
        let cue = |line: Line| Cue {
            on: line.on,
            page: line.page,
            times: line.times,
            say: flowing(line.say.get_ref()),
        };
        Ok(Self {
            title: sanitize::line(&file.title).into_owned(),
            about: sanitize::line(&flowing(&file.about)).into_owned(),
            options,
            walk: file.run.walk,
            beside: file.beside,
            acts: file.act.into_iter().map(Spanned::into_inner).collect(),
            cues: file.narration.into_iter().map(cue).collect(),
            expect: file.expect,
        })
    }

    /// The page after which the process is killed, if it is.
    #[must_use]
    pub fn kill(&self) -> Option<u64> {
        self.acts.iter().find_map(|act| match act {
            Act::Kill { after_page } => Some(*after_page),
            Act::Pause { .. } => None,
        })
    }
}

/// A text without the line breaks of its file.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(options: &Options) -> Result<(), String> {
    options.check().map_err(|error| error.to_string())?;
    if options.users > MOST_USERS {
        return Err(format!("users: at most {MOST_USERS} in a demo, not {}", options.users));
    }
    if options.page_size > MOST_ROWS {
        return Err(format!("page_size: at most {MOST_ROWS} in a demo, not {}", options.page_size));
    }
    Ok(())
}

/// Refuses a text that names what cannot be filled in.
fn check_text(say: &str) -> Result<(), String> {
    for part in say.split('{').skip(1) {
        let name = part.split_once('}').map(|(name, _)| name);
        if !name.is_some_and(|name| PLACEHOLDERS.contains(&name)) {
            let shown = sanitize::snippet(part, 20);
            return Err(format!(
                "\"{{{shown}\" cannot be filled in; there are {{{}}}",
                PLACEHOLDERS.join("}, {")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
