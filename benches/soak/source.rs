//! A source of its own for each program: the contract over a [`World`], and a wrong answer every now and then.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Utc;
use rand::RngExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use url::Url;

use super::Fault;
use super::answer::Answer;
use super::squeeze::{gzip, zstd};
use super::world::{self, World};

/// One answer in so many is wrong.
const FAULTS: u32 = 12;

/// What was asked for and sent.
#[derive(Clone, Copy, Default)]
pub struct Tally {
    /// Requests.
    pub requests: u64,
    /// Wrong answers.
    pub faults: u64,
    /// Rows.
    pub rows: u64,
}

struct State {
    world: World,
    tally: Tally,
}

/// A source on a port of this machine. It ends when this is dropped.
pub struct Source {
    port: u16,
    state: Arc<Mutex<State>>,
    _runtime: Runtime,
}

impl Source {
    /// Starts one.
    pub fn start(seed: u64) -> Result<Self, Fault> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let port = listener.local_addr()?.port();
        let state = Arc::new(Mutex::new(State { world: World::new(seed), tally: Tally::default() }));
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                // A client that leaves is its own affair.
                tokio::spawn(async move { serve(stream, &state).await.ok() });
            }
        });
        Ok(Self { port, state, _runtime: runtime })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/users", self.port)
    }

    /// From now on rows stand still and every answer is right.
    pub fn calm_down(&self) {
        lock(&self.state).world.lively = false;
    }

    /// What was asked for and sent.
    pub fn tally(&self) -> Tally {
        lock(&self.state).tally
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        lock(&self.state).world.rows().len()
    }

    /// How many of the rows a table does not hold as they are now.
    pub fn missing(&self, db: &Path) -> Result<usize, Fault> {
        let connection = rusqlite::Connection::open(db)?;
        let mut query = connection.prepare("SELECT id, updatedAt FROM user WHERE updatedAt IS NOT NULL")?;
        let stored = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let stored: BTreeMap<String, String> = stored.collect::<Result<_, _>>()?;
        Ok(lock(&self.state).world.rows().iter().filter(|(id, at)| stored.get(*id) != Some(at)).count())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let answer = answer(&String::from_utf8_lossy(&head), &mut lock(state));
    answer.play(&mut stream).await
}

fn answer(head: &str, state: &mut State) -> Answer {
    let target = head.split(' ').nth(1).unwrap_or("/");
    let url = Url::parse("http://h").and_then(|base| base.join(target));
    let mut pairs: BTreeMap<String, String> =
        url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
    let (from, inclusive) = match (pairs.remove("updated_since"), pairs.remove("scroll_param")) {
        (Some(since), _) => (world::stamp(&since), true),
        (None, token) => (token.and_then(|token| token.parse().ok()).unwrap_or(0), false),
    };
    let (body, rows) = state.world.page(from, inclusive);
    state.tally.requests += 1;
    let right = Answer::ok(&body).header("Date", &httpdate::fmt_http_date(Utc::now().into()));
    if state.world.lively && state.world.dice.random_range(0..FAULTS) == 0 {
        state.tally.faults += 1;
        return wrong(&body, right, target, state.world.dice.random_range(0..13));
    }
    state.tally.rows += rows as u64;
    match state.world.dice.random_range(0..8) {
        0 => Answer::ok(gzip(body.as_bytes())).header("Content-Encoding", "gzip"),
        1 => Answer::ok(zstd(body.as_bytes())).header("Content-Encoding", "zstd"),
        2 => right.chunked(),
        _ => right,
    }
}

/// One of the ways to be wrong.
fn wrong(body: &str, right: Answer, target: &str, way: u32) -> Answer {
    match way {
        0 => Answer::status("429 Too Many Requests")
            .header("Retry-After", "0.02")
            .body(r#"{"error":"slow down"}"#),
        1 => Answer::status("503 Service Unavailable").body("busy"),
        2 => Answer::status("500 Internal Server Error").body(&"<html>".repeat(10_000)),
        3 => Answer::ok("<html>Please log in</html>"),
        4 => Answer::ok(""),
        5 => right.cut(),
        6 => right.chunked().cut(),
        7 => right.reset(),
        8 => Answer::reset_at_once(),
        9 => Answer::reset_in_headers(),
        10 => right.stall_midway(),
        11 => Answer::status("307 Elsewhere").header("Location", target),
        // Not wrong, but odd: a row that no table can hold.
        _ => Answer::ok(body.replacen(r#"{"data":["#, r#"{"data":[{"id":null,"name":"nobody"},"#, 1)),
    }
}
