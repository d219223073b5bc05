//! `watch`, `sync` and `playground`: settings into a source, a destination and a sync, and what comes of it into an
//! exit code.

use std::io::{self, IsTerminal as _, Write as _};

use chrono::Utc;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;

use super::source::{Found, identity, options, place};
use super::{Exit, Served, Watched, print};
use crate::config::{self, EmptyPage, Place, Problem, Resume, Settings};
use crate::destination::DestinationError;
use crate::destination::place::Opened;
use crate::kill_point::KillPoint;
use crate::monitor::terminal::leave_behind;
use crate::monitor::theme::{Glyphs, Theme};
use crate::monitor::{self, Departure, Feed, Left, Manners};
use crate::platform::{self, Signal, Signals};
use crate::playground::{self, Playground};
use crate::report::{self, Progress, Report, Style};
use crate::run::{Outcome, Start};
use crate::source::retry::{Policy, Rate};
use crate::sync::command::Command;
use crate::sync::event::{Event, RunEnded, SHOWN_ROWS, Stamped};
use crate::sync::outlet::Outlet;
use crate::sync::recorder::{NoRecording, Recorder, Trouble};
use crate::sync::{Sync, Terms};
use crate::text::count;
use crate::walk::End;

/// What can go wrong, in words.
pub type Fault = Box<dyn std::error::Error>;

/// How many events wait for a report.
pub(super) const EVENTS: usize = 1_024;
/// How many wait for a screen, which misses and counts what comes beyond them. Fewer, for they carry rows: behind a
/// screen that stands still, some ten megabytes of ordinary ones.
pub(super) const SHOWN_EVENTS: usize = 256;
/// How many commands wait for the sync.
pub(super) const COMMANDS: usize = 16;

/// A sync under way, with the server that it may have brought along.
struct Session {
    commands: mpsc::Sender<Command>,
    serving: JoinHandle<Result<(), DestinationError>>,
    place: crate::destination::place::Place,
    /// Why the recording ended early, if it did.
    trouble: Option<Trouble>,
    _playground: Option<Playground>,
}

impl Session {
    async fn open(watched: &Watched, outlet: Outlet, show: usize) -> Result<Self, Fault> {
        let Watched { settings, record } = watched;
        let unrecordable = |why: NoRecording| Problem::new(Place::Flag("record"), why.to_string());
        if let Some(record) = record {
            Recorder::vacant(record).map_err(unrecordable)?;
        }
        let Found { source, name, playground } = Found::start(settings).await?;
        let place = place(settings)?;
        let Opened { destination: mut opened, killed } = place.open(settings.contract.schema)?;
        opened.bind(&identity(settings)?)?;
        opened.check_steering()?;
        let source = source.await??;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        // Last of all: what cannot be opened leaves no recording behind.
        let recorder = record.as_deref().map(Recorder::create).transpose().map_err(unrecordable)?;
        let trouble = recorder.as_ref().map(Recorder::trouble);
        let outlet = outlet.recorded(recorder);
        let sync = Sync::new((source, name), opened, terms(settings, show), outlet, receiver);
        let serving = tokio::spawn(sync.serve(killed.as_ref().map(ToString::to_string)));
        Ok(Self { commands, serving, place, trouble, _playground: playground })
    }

    /// Waits until the sync is done.
    async fn close(self) -> Result<(), Fault> {
        drop(self.commands);
        Ok(self.serving.await??)
    }
}

/// `highwater watch`: the monitor; without a terminal, like `sync`.
///
/// # Errors
/// If the source, the destination or the terminal cannot be opened.
pub fn watch(watched: &Watched) -> Result<Exit, Fault> {
    if !has_terminal() {
        print::note("highwater: no terminal to draw on: runs like `highwater sync`");
        return sync(watched, Style::Plain);
    }
    runtime()?.block_on(async {
        let (sender, events) = broadcast::channel(SHOWN_EVENTS);
        let session = Session::open(watched, Outlet::latest(sender), SHOWN_ROWS).await?;
        let settings = &watched.settings;
        let start = match settings.sync.resume {
            Resume::Ask => None,
            Resume::From(start) => Some(start),
        };
        let place = session.place.clone();
        let schema = settings.contract.schema;
        let reader = Some(place.reader(schema));
        let commands = session.commands.clone();
        let feed = Feed { schema, events, commands, start, reader, replay: None, lesson: None };
        let manners = manners(&settings.monitor);
        let left = monitor::run(feed, manners, Utc::now).await?;
        let trouble = session.trouble.clone();
        let closed = session.close().await;
        // Another process may hold the file by now, and does the same when it ends.
        let _ = place.settle();
        let text = farewell(&left, trouble.as_ref().and_then(Trouble::told));
        leave_behind(manners.theme.glyphs.spell(&text).into_owned());
        closed?;
        Ok(match (left.departure, &left.last) {
            (Departure::Signal(number), _) => signalled(number),
            (Departure::SyncGone, None) => Exit::Failed,
            (_, last) => exit(last.as_ref()),
        })
    })
}

/// How the monitor looks and behaves, by the settings and the locale.
pub(super) fn manners(settings: &config::Monitor) -> Manners {
    let glyphs = Glyphs::of_locale(|name| std::env::var(name).ok());
    Manners { theme: Theme { colours: settings.theme, glyphs }, mouse: settings.mouse }
}

/// What is left to say on the normal screen; `trouble` is why the recording ended early.
fn farewell(left: &Left, trouble: Option<&str>) -> String {
    let mut text = match &left.last {
        Some(ended) => report::summary(ended),
        None if left.runs > 0 => "left before the end of the run; the next start offers to go on".to_owned(),
        None => "no run began; nothing changed".to_owned(),
    };
    if left.last.is_some() && left.missed > 0 {
        let missed = count(left.missed, "event");
        text.push_str(&format!("\n  the screen missed {missed}; the table missed nothing"));
    }
    if let Some(trouble) = trouble {
        text.push_str(&format!("\n  {trouble}"));
    }
    text
}

/// True if there is a terminal to draw on, and keys to hear.
pub(super) fn has_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    !dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// `highwater sync`: one run, or run after run until a signal, told in lines.
///
/// # Errors
/// If the source or the destination cannot be opened.
pub fn sync(watched: &Watched, style: Style) -> Result<Exit, Fault> {
    let follows = watched.settings.sync.every.is_some();
    runtime()?.block_on(async {
        let (sender, mut events) = mpsc::channel(EVENTS);
        let show = if watched.record.is_some() { SHOWN_ROWS } else { 0 };
        let session = Session::open(watched, Outlet::every(sender), show).await?;
        let start = match watched.settings.sync.resume {
            Resume::Ask => Start::Token,
            Resume::From(start) => start,
        };
        // A sync that is over already has nobody to command, and says why when it is closed.
        let _ = session.commands.send(Command::Run(start)).await;
        let signal = stop_on_signal(session.commands.clone())?;
        let told = tell(&mut events, &session.commands, style, follows).await;
        session.close().await?;
        signal.abort();
        match signal.await {
            // Between two runs a signal is how one that follows is told to end.
            Ok(_) if follows && told.as_ref().is_ok_and(Told::is_between) => {}
            Ok(number) => return Ok(signalled(number)),
            Err(_) => {}
        }
        Ok(told?.exit())
    })
}

/// What the runs came to.
#[derive(Default)]
struct Told {
    last: Option<RunEnded>,
    /// True if any of them asked for attention.
    attention: bool,
}

impl Told {
    /// True if the last run came to an end of its own.
    fn is_between(&self) -> bool {
        self.last.as_ref().is_some_and(|ended| !matches!(ended.end, End::Paused | End::Stopped))
    }

    fn exit(&self) -> Exit {
        match exit(self.last.as_ref()) {
            Exit::Complete if self.attention => Exit::Attention,
            exit => exit,
        }
    }
}

/// Writes events until there are no more, and asks the sync to stop once the run is over, unless another is to follow,
/// or nobody reads.
async fn tell(
    events: &mut mpsc::Receiver<Stamped>,
    commands: &mpsc::Sender<Command>,
    style: Style,
    follows: bool,
) -> io::Result<Told> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut report = Report::new(style);
    let mut progress = Progress::start("stored");
    let mut written = Ok(());
    let mut told = Told::default();
    while let Some(mut stamped) = events.recv().await {
        stamped.hide_rows();
        if written.is_ok() {
            written = progress.aside(|| {
                report.write(&mut out, &stamped)?;
                if events.is_empty() { out.flush() } else { Ok(()) }
            });
            progress.on(&stamped.event);
            if written.is_err() {
                let _ = commands.try_send(Command::Stop);
            }
        }
        if let Event::Page(_) = stamped.event {
            KillPoint::AfterEvent.pass();
        }
        if let Event::RunEnded(ended) = stamped.event {
            told.attention |= !ended.attention.is_empty();
            told.last = Some(*ended);
            if !follows {
                let _ = commands.try_send(Command::Stop);
            }
        }
    }
    match written.and_then(|()| out.flush()) {
        // A reader that has seen enough, as `head` has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(told),
        Err(error) => Err(print::unwritable(error)),
        Ok(()) => Ok(told),
    }
}

/// Stops the sync at the first signal; at the second, leaves at once. Ends with the signal's number.
pub(super) fn stop_on_signal(commands: mpsc::Sender<Command>) -> io::Result<JoinHandle<i32>> {
    let mut signals = Signals::ending()?;
    Ok(tokio::spawn(async move {
        let number = end_signal(&mut signals).await;
        let _ = commands.send(Command::Stop).await;
        tokio::spawn(async move {
            let number = end_signal(&mut signals).await;
            // Nothing is lost: what is not committed is asked for again.
            std::process::exit(128 + number);
        });
        number
    }))
}

pub(super) async fn end_signal(signals: &mut Signals) -> i32 {
    loop {
        if let Signal::End(number) = signals.recv().await {
            return number;
        }
    }
}

/// `highwater playground`: serves the built-in API until a signal.
///
/// # Errors
/// If the port cannot be bound.
pub fn playground(served: &Served) -> Result<Exit, Fault> {
    runtime()?.block_on(async {
        let mut signals = Signals::ending()?;
        let options = options(&served.playground, served.capacity);
        let started = |playground: &Playground| {
            // A server whose greeting nobody reads serves all the same.
            let _ = print::stdout(format!("{}\nCtrl-C ends it.\n", playground.url()).as_bytes());
        };
        let mut number = 0;
        let until = async { number = end_signal(&mut signals).await };
        playground::serve(options, Some(served.port), started, until).await?;
        // For a server, being told to end is the ordinary end; Ctrl-C is how it was offered.
        Ok(if number == 2 { Exit::Complete } else { signalled(number) })
    })
}

/// One thread for the sync and its requests, so that nothing between an answer and the next request waits for another
/// thread to wake up. The destination's writer and reader, which block, have threads of their own.
pub(super) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // Before anything is written.
    let within = runtime.enter();
    platform::heed_file_limit()?;
    drop(within);
    Ok(runtime)
}

pub(super) fn signalled(number: i32) -> Exit {
    Exit::Signal(u8::try_from(number).unwrap_or(0))
}

fn exit(last: Option<&RunEnded>) -> Exit {
    match last {
        Some(RunEnded { outcome: Outcome::Complete, attention, .. }) if attention.is_empty() => {
            Exit::Complete
        }
        Some(RunEnded { outcome: Outcome::Complete, .. }) => Exit::Attention,
        Some(RunEnded { outcome: Outcome::Failed, .. }) => Exit::Failed,
        Some(RunEnded { outcome: Outcome::Paused | Outcome::Stopped, .. }) | None => Exit::Early,
    }
}

pub(super) fn terms(settings: &Settings, show: usize) -> Terms {
    Terms {
        walk: settings.sync.walk,
        follow_empty: settings.source.empty_page_with_token == EmptyPage::Follow,
        patience: u32::try_from(settings.source.max_idle_pages).unwrap_or(u32::MAX),
        lag: settings.sync.lag,
        lanes: settings.sync.lanes.map(|lanes| u32::try_from(lanes).unwrap_or(u32::MAX)),
        max_pages: settings.sync.max_pages,
        every: settings.sync.every,
        rate: settings.source.rate.map(|(requests, per)| Rate {
            requests,
            per,
            burst: u32::try_from(settings.source.burst).unwrap_or(u32::MAX),
        }),
        retry: Policy {
            attempts: u32::try_from(settings.retry.attempts).unwrap_or(u32::MAX),
            base: settings.retry.base,
            max: settings.retry.max,
            max_wait: settings.retry.max_wait,
        },
        stop_grace: settings.sync.stop_grace,
        show,
    }
}
