//! `verify`: what a destination holds, checked without writing to it, and compared with its source if that is asked
//! for.

use std::io;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::mpsc;

use super::run::{COMMANDS, EVENTS, Fault, runtime, signalled, stop_on_signal, terms};
use super::source::{Found, identity, place};
use super::{Exit, Verified, print};
use crate::config::Settings;
use crate::destination::sqlite::verify::Verifier;
use crate::destination::verify::{Check, Finding, Verdict};
use crate::report::{Progress, Report, Style};
use crate::run::{Outcome, Start};
use crate::sanitize;
use crate::sync::command::Command;
use crate::sync::event::{Event, NoticeKind, RunEnded, Stamped};
use crate::sync::outlet::Outlet;
use crate::sync::{Sync, Terms};
use crate::text::count;
use crate::walk::Mode;

/// `highwater verify`: every check, a line each.
///
/// # Errors
/// If the destination cannot be read, or holds the rows of another source than the one that is to be asked.
pub fn run(verified: &Verified) -> Result<Exit, Fault> {
    let settings = &verified.settings;
    let place = place(settings)?;
    // Before anything is opened or told: it may ask the operator for a credential.
    let found = match verified.against_source {
        true => {
            let runtime = runtime()?;
            Some((runtime.block_on(Found::start(settings))?, runtime))
        }
        false => None,
    };
    let mut telling = Telling::new(verified.json);
    let verifier = place.verifier(settings.contract.schema)?;
    let (source, checkpoint) = verifier.about();
    telling.begin(&Begun {
        destination: &place.to_string(),
        source,
        checkpoint,
        in_use_by: place.holder(settings.contract.schema),
    })?;
    verifier.checks(|check| telling.check(&check).map_err(Fault::from))?;
    let ended = match found {
        Some((found, runtime)) => runtime.block_on(compare(settings, found, verifier, &mut telling))?,
        None => None,
    };
    telling.end()?;
    Ok(match ended {
        Some(exit) if exit != Exit::Failed || !telling.has_found() => exit,
        _ if telling.has_found() => Exit::Attention,
        _ => Exit::Complete,
    })
}

/// Compares with the source. Gives how the program is to end where the source could not be read to its end.
async fn compare(
    settings: &Settings,
    found: Found,
    verifier: Verifier,
    telling: &mut Telling,
) -> Result<Option<Exit>, Fault> {
    let Some(below) = verifier.due() else {
        let mut check = Check::of("source");
        if settings.contract.schema.cursor.is_none() {
            let why = || "without a cursor nothing tells which rows should be there by now".to_owned();
            check.find(Verdict::Attention, "sync again: every run reads and compares all rows", why);
        }
        let check = check.told("not asked: there is no checkpoint, and so nothing is due", "not compared");
        telling.check(&check)?;
        return Ok(None);
    };
    let (compare, comparison) = verifier.against(&identity(settings)?, below)?;
    let Found { source, name, playground: _playground } = found;
    let source = source.await??;
    let terms = Terms { walk: Mode::Auto, max_pages: None, every: None, ..terms(settings, 0) };
    let (sender, mut events) = mpsc::channel(EVENTS);
    let (commands, receiver) = mpsc::channel(COMMANDS);
    let sync = Sync::new((source, name), Box::new(compare), terms, Outlet::every(sender), receiver);
    let serving = tokio::spawn(sync.serve(None));
    let _ = commands.send(Command::Run(Start::Full)).await;
    let signal = stop_on_signal(commands.clone())?;
    let ended = follow(&mut events, &commands, telling).await;
    drop(commands);
    serving.await??;
    signal.abort();
    let signal = signal.await.ok();
    let ended = ended?;
    let doubts = ended.as_ref().map_or(Vec::new(), |ended| ended.attention.clone());
    for check in comparison.lock().unwrap_or_else(std::sync::PoisonError::into_inner).checks(&doubts) {
        telling.check(&check)?;
    }
    Ok(match (signal, ended) {
        (Some(number), _) => Some(signalled(number)),
        (None, Some(RunEnded { outcome: Outcome::Complete, .. })) => None,
        (None, ended) => {
            let why = ended.map_or("it ended without a word".to_owned(), |ended| ended.text);
            print::error(&format!(
                "the source was not read to its end, so that rows may be missing unseen: {why}"
            ));
            Some(Exit::Failed)
        }
    })
}

/// Follows the sync to the end of its run, and tells of it what concerns a check: that an attempt failed, that a token
/// was refused, that others can listen, that the source repeats a secret. What cannot be told ends it.
async fn follow(
    events: &mut mpsc::Receiver<Stamped>,
    commands: &mpsc::Sender<Command>,
    telling: &Telling,
) -> io::Result<Option<RunEnded>> {
    let mut progress = Progress::start("compared");
    let mut ended = None;
    let mut told = Ok(());
    while let Some(stamped) = events.recv().await {
        progress.on(&stamped.event);
        match &stamped.event {
            Event::Notice(notice) if told.is_ok() && is_told(&notice.kind) => {
                told = progress.aside(|| telling.event(&stamped));
                if told.is_err() {
                    let _ = commands.try_send(Command::Stop);
                }
            }
            Event::RunEnded(run) => {
                ended = Some((**run).clone());
                let _ = commands.try_send(Command::Stop);
            }
            _ => {}
        }
    }
    told.map(|()| ended)
}

fn is_told(kind: &NoticeKind) -> bool {
    use NoticeKind::{CredentialSentBack, PlainHttp, Retry, TokenRefused};
    matches!(kind, Retry | TokenRefused | PlainHttp | CredentialSentBack)
}

/// What is told before the first check.
#[derive(Serialize)]
struct Begun<'a> {
    destination: &'a str,
    source: Option<&'a str>,
    checkpoint: Option<&'a str>,
    /// A process that writes to it at present.
    in_use_by: Option<String>,
}

/// What is told after the last one.
#[derive(Default, Serialize)]
struct Ended {
    checks: u64,
    attention: u64,
    damage: u64,
}

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a, T: Serialize> {
    at: DateTime<Utc>,
    event: &'static str,
    #[serde(flatten)]
    told: &'a T,
}

/// Tells, in lines or in JSON, and counts what was found.
struct Telling {
    json: bool,
    ended: Ended,
}

impl Telling {
    fn new(json: bool) -> Self {
        Self { json, ended: Ended::default() }
    }

    fn has_found(&self) -> bool {
        self.ended.attention + self.ended.damage > 0
    }

    fn begin(&self, begun: &Begun<'_>) -> io::Result<()> {
        if self.json {
            return Self::object("verifying", begun);
        }
        print::line(&format!("destination  {}", begun.destination))?;
        print::line(&format!("source       {}", begun.source.unwrap_or("none yet")))?;
        print::line(&format!("checkpoint   {}", begun.checkpoint.unwrap_or("none")))?;
        match &begun.in_use_by {
            Some(holder) => print::line(&format!(
                "in use by    {holder}: a run is under way; checked is what is stored now"
            )),
            None => Ok(()),
        }
    }

    fn check(&mut self, check: &Check) -> io::Result<()> {
        self.ended.checks += 1;
        match check.verdict {
            Verdict::Ok => {}
            Verdict::Attention => self.ended.attention += 1,
            Verdict::Damage => self.ended.damage += 1,
        }
        if self.json {
            return Self::object("check", check);
        }
        print::line(&format!("{:<11}{:<11} {}", check.verdict.word(), check.check, check.text))?;
        for Finding { text, .. } in &check.findings {
            print::line(&format!("{:<23}{text}", ""))?;
        }
        if check.more > 0 {
            print::line(&format!("{:<23}and {} more", "", crate::text::number(check.more)))?;
        }
        match &check.remedy {
            Some(remedy) => print::line(&format!("{:<23}→ {remedy}", "")),
            None => Ok(()),
        }
    }

    /// An event of the sync that reads the source.
    fn event(&self, stamped: &Stamped) -> io::Result<()> {
        let mut line = Vec::new();
        Report::new(if self.json { Style::Json } else { Style::Plain }).write(&mut line, stamped)?;
        print::stdout(&line)
    }

    fn end(&self) -> io::Result<()> {
        let Ended { checks, attention, damage } = &self.ended;
        if self.json {
            return Self::object("verified", &self.ended);
        }
        let checks = count(*checks, "check");
        print::line("")?;
        print::line(&match (damage, attention) {
            (0, 0) => format!("all is well by {checks}"),
            (0, some) => format!("{some} of {checks} ask for attention"),
            (some, 0) => format!("{some} of {checks} found damage"),
            (some, others) => format!("{some} of {checks} found damage, {others} more ask for attention"),
        })
    }

    fn object<T: Serialize>(event: &'static str, told: &T) -> io::Result<()> {
        let line = serde_json::to_string(&Line { at: Utc::now(), event, told })?;
        print::stdout(format!("{}\n", sanitize::json(&line)).as_bytes())
    }
}
