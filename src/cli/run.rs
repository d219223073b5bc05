//! `watch`, `sync` and `playground`: settings into a source, a destination and a sync, and what comes of it into an
//! exit code.

use std::io::{self, IsTerminal as _, Write as _};

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use url::Url;

use super::{Exit, Served, print};
use crate::config::{self, EmptyPage, Resume, Settings};
use crate::destination::DestinationError;
use crate::destination::sqlite::{Opened, Sqlite};
use crate::monitor::terminal::leave_behind;
use crate::monitor::{self, Departure, Feed};
use crate::platform::{Signal, Signals};
use crate::playground::{self, Playground, Tie};
use crate::record::USER;
use crate::report::{self, Progress, Style};
use crate::run::{Outcome, Start};
use crate::source::http::masked;
use crate::source::retry::Policy;
use crate::source::{KEYSET, Limits, Source};
use crate::sync::command::Command;
use crate::sync::event::{Event, RunEnded, SHOWN_ROWS, Stamped};
use crate::sync::outlet::Outlet;
use crate::sync::{Sync, Terms};
use crate::text::{count, milliseconds};

/// What can go wrong, in words.
pub type Fault = Box<dyn std::error::Error>;

/// How many events wait for a report.
const EVENTS: usize = 1_024;
/// How many wait for a screen, which misses and counts what comes beyond them. Fewer, for they carry rows: behind a
/// screen that stands still, some ten megabytes of ordinary ones.
const SHOWN_EVENTS: usize = 256;
/// How many commands wait for the sync.
const COMMANDS: usize = 16;

/// A sync under way, with the server that it may have brought along.
struct Session {
    commands: mpsc::Sender<Command>,
    serving: JoinHandle<Result<(), DestinationError>>,
    _playground: Option<Playground>,
}

impl Session {
    async fn open(settings: &Settings, outlet: Outlet, show: usize) -> Result<Self, Fault> {
        let path = settings.database()?;
        let Opened { mut sqlite, killed } = Sqlite::open(&path, &USER)?;
        let identity = match &settings.source.url {
            Some(url) if url.query().is_some() => {
                format!("{} (query {:08x})", masked(url), config::fingerprint(url.as_str()))
            }
            Some(url) => url.to_string(),
            None => format!("the built-in playground with seed {}", settings.playground.seed),
        };
        sqlite.bind(&identity)?;
        let (url, name, playground) = match &settings.source.url {
            Some(url) => (url.clone(), masked(url).into(), None),
            None => {
                let playground = Playground::start(options(&settings.playground, None), None).await?;
                let latency = u64::try_from(settings.playground.latency.as_millis()).unwrap_or(u64::MAX);
                let name = format!("built-in playground, {} latency", milliseconds(latency));
                (Url::parse(&playground.url())?, name, Some(playground))
            }
        };
        let source = Source::new(url, limits(settings), &KEYSET)?;
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let sync = Sync::new((source, name), Box::new(sqlite), terms(settings, show), outlet, receiver);
        let noticed =
            killed.map(|holder| format!("took over the lock of {holder}, which ended without a word"));
        Ok(Self { commands, serving: tokio::spawn(sync.serve(noticed)), _playground: playground })
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
pub fn watch(settings: &Settings) -> Result<Exit, Fault> {
    let dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    if dumb || !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        print::note("highwater: no terminal to draw on: runs like `highwater sync`");
        return sync(settings, Style::Plain);
    }
    runtime()?.block_on(async {
        let (sender, events) = broadcast::channel(SHOWN_EVENTS);
        let session = Session::open(settings, Outlet::Latest(sender), SHOWN_ROWS).await?;
        let start = match settings.sync.resume {
            Resume::Ask => None,
            Resume::From(start) => Some(start),
        };
        let feed = Feed { events, commands: session.commands.clone(), start };
        let left = monitor::run(feed).await?;
        let closed = session.close().await;
        leave_behind(match &left.last {
            Some(ended) if left.missed > 0 => {
                let missed = count(left.missed, "event");
                format!("{}\n  the screen missed {missed}; the table missed nothing", report::summary(ended))
            }
            Some(ended) => report::summary(ended),
            None if left.runs > 0 => {
                "left before the end of the run; the next start offers to go on".to_owned()
            }
            None => "no run began; nothing changed".to_owned(),
        });
        closed?;
        Ok(match (left.departure, &left.last) {
            (Departure::Signal(number), _) => signalled(number),
            (Departure::SyncGone, None) => Exit::Failed,
            (_, last) => exit(last.as_ref()),
        })
    })
}

/// `highwater sync`: one run, told in lines.
///
/// # Errors
/// If the source or the destination cannot be opened.
pub fn sync(settings: &Settings, style: Style) -> Result<Exit, Fault> {
    runtime()?.block_on(async {
        let (sender, mut events) = mpsc::channel(EVENTS);
        let session = Session::open(settings, Outlet::Every(sender), 0).await?;
        let start = match settings.sync.resume {
            Resume::Ask => Start::Token,
            Resume::From(start) => start,
        };
        // A sync that is over already has nobody to command, and says why when it is closed.
        let _ = session.commands.send(Command::Run(start)).await;
        let signal = stop_on_signal(session.commands.clone())?;
        let ended = tell(&mut events, &session.commands, style).await;
        session.close().await?;
        signal.abort();
        Ok(match signal.await {
            Ok(number) => signalled(number),
            Err(_) => exit(ended?.as_ref()),
        })
    })
}

/// Writes events until there are no more, and asks the sync to stop once the run is over, or nobody reads.
async fn tell(
    events: &mut mpsc::Receiver<Stamped>,
    commands: &mpsc::Sender<Command>,
    style: Style,
) -> io::Result<Option<RunEnded>> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut progress = Progress::start();
    let mut written = Ok(());
    let mut last = None;
    while let Some(stamped) = events.recv().await {
        if written.is_ok() {
            written = progress.aside(|| {
                report::write(&mut out, style, &stamped)?;
                if events.is_empty() { out.flush() } else { Ok(()) }
            });
            progress.on(&stamped.event);
            if written.is_err() {
                let _ = commands.try_send(Command::Stop);
            }
        }
        if let Event::RunEnded(ended) = stamped.event {
            last = Some(*ended);
            let _ = commands.try_send(Command::Stop);
        }
    }
    match written.and_then(|()| out.flush()) {
        // A reader that has seen enough, as `head` has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(last),
        Err(error) => Err(print::unwritable(error)),
        Ok(()) => Ok(last),
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

async fn end_signal(signals: &mut Signals) -> i32 {
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

pub(super) fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
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

fn options(people: &config::Playground, capacity: Option<u32>) -> playground::Options {
    let users = usize::try_from(people.users).unwrap_or(usize::MAX);
    let tied = usize::try_from(people.tie).unwrap_or(usize::MAX);
    playground::Options {
        users,
        page_size: usize::try_from(people.page_size).unwrap_or(usize::MAX),
        latency: people.latency,
        seed: people.seed,
        rate_limit: capacity,
        // A third before the cut and two thirds after it: what a token walk loses is then the larger part.
        tie: (tied > 0).then_some(Tie { users: tied, before_cut: tied / 3 }),
        ..playground::Options::default()
    }
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        connect: settings.source.connect_timeout,
        idle: settings.source.idle_timeout,
        request: settings.source.request_timeout,
        body: settings.source.max_body,
        rows: usize::try_from(settings.source.max_page_rows).unwrap_or(usize::MAX),
    }
}

fn terms(settings: &Settings, show: usize) -> Terms {
    Terms {
        walk: settings.sync.walk,
        follow_empty: settings.source.empty_page_with_token == EmptyPage::Follow,
        max_pages: settings.sync.max_pages,
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
