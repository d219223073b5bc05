//! The serial limit: the bare chain of requests. It takes from a body what the next request needs, and throws the rest
//! away.

use std::time::Duration;

use memchr::memmem;
use reqwest::{Client, Url};
use tokio::runtime::Runtime;

use super::Fault;

/// The hidden word that makes this program the bare chain.
pub const ROLE: &str = "be-the-chain";

/// By what the chain goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The scroll token: the fewest requests there can be.
    Token,
    /// The last row's cursor, inclusive: the requests of the walk that asks for every seam.
    Cursor,
}

impl By {
    /// Its name on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Cursor => "cursor",
        }
    }
}

/// What the first request asks from, as highwater's does.
const BEGINNING: (&str, &str) = ("updated_since", "0001-01-01T00:00:00Z");

/// Asks from the first page to the last, each the moment the one before it is there, and hands over the bodies.
pub fn follow(url: &str, by: By, mut body: impl FnMut(bytes::Bytes)) -> Result<(), Fault> {
    // Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tcp_nodelay(true).connect_timeout(Duration::from_secs(10));
    let (client, base) = (client.build()?, Url::parse(url)?);
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut next = Some((BEGINNING.0, BEGINNING.1.to_owned()));
        while let Some((name, value)) = next {
            let mut url = base.clone();
            url.query_pairs_mut().append_pair(name, &value);
            let answer = client.get(url).send().await?.error_for_status()?.bytes().await?;
            next = last(&answer, br#""scroll_param":""#).map(|token| ("scroll_param", token));
            if by == By::Cursor && next.is_some() {
                next = last(&answer, br#""updatedAt":""#).map(|cursor| ("updated_since", cursor));
            }
            body(answer);
        }
        Ok(())
    })
}

/// The text after the last occurrence of those bytes, up to the next quote.
fn last(body: &[u8], before: &[u8]) -> Option<String> {
    // A row and a token fit into that many bytes.
    let tail = &body[body.len().saturating_sub(1_024)..];
    let value = &tail[memmem::rfind(tail, before)? + before.len()..];
    let end = memchr::memchr(b'"', value)?;
    Some(String::from_utf8_lossy(&value[..end]).into_owned())
}

/// The whole process.
pub fn run(words: &[String]) -> Result<(), Fault> {
    let [url, by] = words else { return Err("which address, and by what?".into()) };
    let by = [By::Token, By::Cursor].into_iter().find(|known| known.name() == by);
    follow(url, by.ok_or("by token or cursor?")?, drop)
}
