//! A server that does what it is told, however wrong: raw HTTP/1.1 on a socket, one scripted answer after another,
//! and a record of what it was asked for.

// Every test binary compiles this module and uses a part of it.
#![allow(dead_code, unused_imports)]

pub mod answer;
pub mod rig;
pub mod rows;
pub mod slow;
pub mod squeeze;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use url::Url;

pub use answer::{Answer, Gate};

/// How long a test waits for anything before it says what did not come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A request, as it arrived.
#[derive(Clone, Debug)]
pub struct Asked {
    pub at: Instant,
    /// The query: `updated_since=…` or `scroll_param=…`, decoded.
    pub query: String,
    /// The request line and the headers, as they were sent.
    pub head: String,
    /// The body.
    pub body: String,
}

/// What is answered to a query, once the script is over.
type Judge = Box<dyn FnMut(&str) -> Answer + Send>;

/// What the server answers.
#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    judge: Option<Judge>,
}

impl Script {
    /// The answer to a query; none to one that the next is not for.
    fn next(&mut self, query: &str) -> Option<Answer> {
        if let Some(answer) = self.answers.front() {
            return answer.is_for(query).then(|| self.answers.pop_front())?;
        }
        let over = || {
            Answer::status("418 The Script Is Over").body(&format!(r#"{{"error":"no answer to {query}"}}"#))
        };
        Some(self.judge.as_mut().map_or_else(over, |judge| judge(query)))
    }
}

/// The server. It ends when this is dropped.
pub struct Faulty {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    asked: watch::Receiver<Vec<Asked>>,
    accepting: JoinHandle<()>,
}

impl Faulty {
    /// Starts on a free port. When the script is over, requests are refused in words that a test can read.
    pub async fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Script { answers: script.into_iter().collect(), judge: None };
        let script = Arc::new(Mutex::new(script));
        let (note, asked) = watch::channel(Vec::new());
        let accepting = tokio::spawn(accept(listener, Arc::clone(&script), Arc::new(note)));
        Self { address, script, asked, accepting }
    }

    /// Adds to the script.
    pub fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().answers.extend(answers);
    }

    /// Answers by what is asked, once the script is over.
    pub fn then_by(&self, judge: impl FnMut(&str) -> Answer + Send + 'static) {
        self.script.lock().unwrap().judge = Some(Box::new(judge));
    }

    /// The endpoint.
    pub fn url(&self) -> Url {
        Url::parse(&format!("http://{}/users", self.address)).unwrap()
    }

    /// What was asked for so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.borrow().clone()
    }

    /// The queries so far, oldest first.
    pub fn queries(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.query).collect()
    }

    /// Waits until so many requests have arrived.
    pub async fn until_asked(&self, times: usize) {
        let mut asked = self.asked.clone();
        if timeout(PATIENCE, asked.wait_for(|asked| asked.len() >= times)).await.is_err() {
            panic!("{times} requests did not arrive, but {:#?}", self.queries());
        }
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An address where nobody listens.
pub async fn nobody() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Url::parse(&format!("http://{}/users", listener.local_addr().unwrap())).unwrap()
}

async fn accept(listener: TcpListener, script: Arc<Mutex<Script>>, note: Arc<watch::Sender<Vec<Asked>>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (script, note) = (Arc::clone(&script), Arc::clone(&note));
        connections.spawn(async move {
            // A client that leaves is its own affair.
            let _ = serve(stream, &script, &note).await;
        });
    }
}

/// One request and its answer; the connection ends with it.
async fn serve(
    mut stream: TcpStream,
    script: &Mutex<Script>,
    note: &watch::Sender<Vec<Asked>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    };
    let mut body = head.split_off(end);
    let query = query(&head);
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    while body.len() < length.unwrap_or(0) {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(());
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    let Some(answer) = script.lock().unwrap().next(&query) else { return std::future::pending().await };
    note.send_modify(|asked| asked.push(Asked { at: Instant::now(), query, head, body }));
    answer.play(&mut stream).await?;
    stream.shutdown().await
}

fn query(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let target = text.split(' ').nth(1).unwrap_or("/");
    let url = Url::parse("http://localhost").unwrap().join(target).unwrap();
    let pairs: Vec<String> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}
