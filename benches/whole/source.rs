//! The source: the keyset contract over rows that are ready to be sent. Sockets that block, a thread for each, and a
//! process of its own, so that it takes nothing from what is measured but the time to copy bytes.
//!
//! The page's size and the latency are in the address, `/PAGE/MILLISECONDS/users`, so that one server serves them all.
//! Whoever started it asks it over its standard input what it was asked and when it answered.

use std::io::{self, BufRead as _, BufReader, IoSlice, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use url::Url;

use super::Fault;
use super::rows::{Rows, Spread};

/// The hidden word that makes this program the source.
pub const ROLE: &str = "be-the-source";

/// What it was asked, and when; times are in nanoseconds since 1970, which two processes of a machine can compare.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    /// When each request had come.
    pub asked: Vec<u64>,
    /// When the last byte of each answer was handed to the system.
    pub answered: Vec<u64>,
}

/// A source that runs. It ends when this is dropped.
pub struct Source {
    process: Child,
    commands: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
    port: u16,
}

impl Source {
    /// Starts one, and waits until its rows are made.
    pub fn start(rows: usize, spread: Spread) -> Result<Self, Fault> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([ROLE, &rows.to_string(), spread.name()]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let commands = process.stdin.take();
        let mut replies = BufReader::new(process.stdout.take().ok_or("the source has no output")?);
        let mut line = String::new();
        replies.read_line(&mut line)?;
        let port = line.trim().parse().map_err(|_| "the source does not start")?;
        Ok(Self { process, commands, replies, port })
    }

    /// The endpoint with pages of that size and that latency.
    pub fn url(&self, page: usize, latency: Duration) -> String {
        format!("http://127.0.0.1:{}/{page}/{}/users", self.port, latency.as_millis())
    }

    /// What it was asked since this was called last.
    pub fn log(&mut self) -> Result<Log, Fault> {
        self.commands.as_mut().ok_or("the source is gone")?.write_all(b"log\n")?;
        let mut line = String::new();
        self.replies.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // It ends when nobody can ask it any more.
        self.commands = None;
        let _ = self.process.wait();
    }
}

/// Serves until standard input ends.
pub fn serve(words: &[String]) -> Result<(), Fault> {
    let [rows, spread] = words else { return Err("how many rows, and how spread?".into()) };
    let rows = Rows::new(rows.parse()?, Spread::named(spread).ok_or("even or skewed?")?)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let shared = Arc::new((rows, Mutex::new(Log::default())));
    println!("{}", listener.local_addr()?.port());
    let state = Arc::clone(&shared);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let state = Arc::clone(&state);
            // A client that leaves is its own affair.
            thread::spawn(move || answer_all(stream, &state.0, &state.1).ok());
        }
    });
    for _ in io::stdin().lines() {
        let log = std::mem::take(&mut *lock(&shared.1));
        println!("{}", serde_json::to_string(&log)?);
    }
    Ok(())
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer_all(mut stream: TcpStream, rows: &Rows, log: &Mutex<Log>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut head, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                read => head.extend_from_slice(&piece[..read]),
            }
        }
        let begun = Instant::now();
        lock(log).asked.push(now());
        let request = String::from_utf8_lossy(&head);
        let asked = request.split(' ').nth(1).and_then(|target| Asked::read(target, rows));
        match asked {
            Some(asked) => {
                thread::sleep(asked.latency.saturating_sub(begun.elapsed()));
                asked.answer(&mut stream, rows)?;
            }
            None => stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?,
        }
        lock(log).answered.push(now());
        head.clear();
    }
}

/// Nanoseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// A request that the contract allows.
struct Asked {
    page: usize,
    latency: Duration,
    first: usize,
}

impl Asked {
    fn read(target: &str, rows: &Rows) -> Option<Self> {
        let url = Url::parse("http://h").and_then(|base| base.join(target)).ok()?;
        let mut path = url.path_segments()?;
        let page = path.next()?.parse().ok()?;
        let latency = Duration::from_millis(path.next()?.parse().ok()?);
        let mut query = url.query_pairs();
        let first = match query.next() {
            None => 0,
            Some((name, cursor)) if name == "updated_since" => rows.first(&cursor, true)?,
            // The token is the last row's cursor.
            Some((name, token)) if name == "scroll_param" => rows.first(&token, false)?,
            Some(_) => return None,
        };
        query.next().is_none().then_some(Self { page, latency, first })
    }

    fn answer(&self, stream: &mut TcpStream, rows: &Rows) -> io::Result<()> {
        let after = rows.count().min(self.first + self.page);
        let json = rows.json(self.first..after);
        let (begin, end) = (
            r#"{"data":["#,
            match after < rows.count() {
                true => format!(r#"],"scroll_param":"{}"}}"#, rows.cursor(after - 1)),
                false => r#"],"scroll_param":null}"#.to_owned(),
            },
        );
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {}\r\nContent-Length: {}\r\n\r\n{begin}",
            httpdate::fmt_http_date(SystemTime::now()),
            begin.len() + json.len() + end.len()
        );
        let mut slices = [head.as_bytes(), json, end.as_bytes()].map(IoSlice::new);
        let mut left = &mut slices[..];
        while !left.is_empty() {
            match stream.write_vectored(left)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => IoSlice::advance_slices(&mut left, written),
            }
        }
        Ok(())
    }
}
