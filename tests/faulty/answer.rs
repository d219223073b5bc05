//! What the server can answer, right and wrong.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Holds an answer back until the test opens it.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub fn open(&self) {
        self.0.add_permits(1);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

/// How the bytes of an answer end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// All of them were sent.
    Whole,
    /// The connection is closed in order after so many bytes of head and body.
    Cut(usize),
    /// The connection is reset after so many.
    Reset(usize),
    /// Nothing follows so many, and the connection stays open.
    Stall(usize),
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    chunked: bool,
    /// A pause after each byte.
    drip: Option<Duration>,
    gate: Option<Gate>,
    ending: Ending,
    /// The only query that it answers.
    to: Option<String>,
}

impl Answer {
    pub fn status(status: &str) -> Self {
        Self {
            status: status.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
            drip: None,
            gate: None,
            ending: Ending::Whole,
            to: None,
        }
    }

    /// Answers this query alone. Another that arrives before it is neither answered nor noted: what was sent ahead on a
    /// guess that the rows then prove wrong may or may not get as far as the server.
    pub fn only_to(self, query: impl Into<String>) -> Self {
        Self { to: Some(query.into()), ..self }
    }

    pub fn is_for(&self, query: &str) -> bool {
        self.to.as_ref().is_none_or(|to| to == query)
    }

    /// 200 with a body, whatever it is.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status("200 OK").header("Content-Type", "application/json").bytes(body.as_ref())
    }

    /// A page of rows, each a JSON text.
    pub fn page(rows: &[String], token: Option<&str>) -> Self {
        let token = token.map_or("null".to_owned(), |token| serde_json::to_string(token).unwrap());
        Self::ok(format!(r#"{{"data":[{}],"scroll_param":{token}}}"#, rows.join(",")))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(self, body: &str) -> Self {
        self.bytes(body.as_bytes())
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_owned();
        self
    }

    /// In chunks, with no length told beforehand.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// One byte at a time.
    pub fn drip(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Not before the test opens the gate.
    pub fn held(mut self) -> (Gate, Self) {
        let gate = Gate::closed();
        self.gate = Some(gate.clone());
        (gate, self)
    }

    /// Closed in the middle of the body.
    pub fn cut(mut self) -> Self {
        self.ending = Ending::Cut(self.middle());
        self
    }

    /// Reset in the middle of the body.
    pub fn reset(mut self) -> Self {
        self.ending = Ending::Reset(self.middle());
        self
    }

    /// Reset without a byte.
    pub fn reset_at_once() -> Self {
        Self { ending: Ending::Reset(0), ..Self::ok("{}") }
    }

    /// Reset within the headers.
    pub fn reset_in_headers() -> Self {
        Self { ending: Ending::Reset(20), ..Self::ok("{}") }
    }

    /// Silent for ever, from the first byte.
    pub fn stall() -> Self {
        Self { ending: Ending::Stall(0), ..Self::ok("{}") }
    }

    /// Silent for ever, from the middle of the body.
    pub fn stall_midway(mut self) -> Self {
        self.ending = Ending::Stall(self.middle());
        self
    }

    fn middle(&self) -> usize {
        self.head().len() + self.content().len() / 2
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match self.chunked {
            true => head.push_str("Transfer-Encoding: chunked\r\n"),
            false => head.push_str(&format!("Content-Length: {}\r\n", self.body.len())),
        }
        head + "\r\n"
    }

    fn content(&self) -> Vec<u8> {
        if !self.chunked {
            return self.body.clone();
        }
        let mut content = Vec::new();
        for chunk in self.body.chunks(1_000) {
            content.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            content.extend_from_slice(chunk);
            content.extend_from_slice(b"\r\n");
        }
        content.extend_from_slice(b"0\r\n\r\n");
        content
    }

    pub async fn play(self, stream: &mut TcpStream) -> io::Result<()> {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        let mut bytes = self.head().into_bytes();
        bytes.extend(self.content());
        if let Ending::Cut(at) | Ending::Reset(at) | Ending::Stall(at) = self.ending {
            bytes.truncate(at);
        }
        match self.drip {
            None => stream.write_all(&bytes).await?,
            Some(pause) => {
                for byte in bytes {
                    stream.write_all(&[byte]).await?;
                    tokio::time::sleep(pause).await;
                }
            }
        }
        match self.ending {
            Ending::Whole | Ending::Cut(_) => Ok(()),
            Ending::Reset(_) => {
                stream.set_zero_linger()?;
                Err(io::ErrorKind::ConnectionReset.into())
            }
            Ending::Stall(_) => stream.read_u8().await.map(drop),
        }
    }
}
