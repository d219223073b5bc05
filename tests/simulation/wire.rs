//! The wire between the source and the sync: how the bytes of an answer travel, and what may become of them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::pending;
use futures_util::stream::{BoxStream, iter};
use highwater::source::Failure;
use highwater::source::transport::Reply;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::sleep;

use super::fault::Line;
use super::play::IDLE;

/// An answer that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Draft {
    pub status: u16,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
    /// From the request to the head.
    pub latency: Duration,
    /// What the connection does to it.
    pub line: Option<Line>,
    /// How many bytes a piece has.
    pub piece: usize,
    /// True if the connection says that the body is cut short.
    pub broken: bool,
}

impl Draft {
    /// The answer as it arrives, or fails to.
    pub async fn send(self) -> Result<Reply, Failure> {
        let cut = |what: &str| Failure::Cut(what.to_owned());
        sleep(self.latency).await;
        match self.line {
            Some(Line::Refused) => return Err(Failure::Connect("connection refused".to_owned())),
            Some(Line::ResetBeforeHead) => return Err(cut("connection closed before message completed")),
            Some(Line::ResetInHead) => return Err(cut("connection reset by peer")),
            Some(Line::StallBeforeHead) => pending().await,
            _ => {}
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        Ok(Reply { status: self.status, headers, body: self.stream() })
    }

    fn stream(self) -> BoxStream<'static, Result<Bytes, Failure>> {
        let cut = || Err(Failure::Cut("connection reset by peer".to_owned()));
        let half = self.body.len() / 2;
        let (sent, piece, pause) = match self.line {
            Some(Line::ResetAfterHead) => (0, 1, Duration::ZERO),
            Some(Line::ResetInBody | Line::StallInBody) => (half, self.piece, Duration::from_millis(1)),
            // Many pieces, none of them late by itself.
            Some(Line::Drip) => (self.body.len(), self.body.len() / 100 + 1, IDLE / 2),
            _ => (self.body.len(), self.piece, Duration::from_millis(1)),
        };
        let pieces: Vec<_> = self.body[..sent].chunks(piece).map(Bytes::copy_from_slice).map(Ok).collect();
        let pieces = iter(pieces).then(move |piece| async move {
            sleep(pause).await;
            piece
        });
        match self.line {
            Some(Line::ResetAfterHead | Line::ResetInBody | Line::ResetAfterBody) => {
                pieces.chain(iter([cut()])).boxed()
            }
            Some(Line::StallInBody) => pieces.chain(futures_util::stream::pending()).boxed(),
            _ if self.broken => pieces.chain(iter([cut()])).boxed(),
            _ => pieces.boxed(),
        }
    }
}
