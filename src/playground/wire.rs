//! The connection under an answer: how it is broken where the script wants it broken.
//!
//! HTTP libraries do their best never to cut an answer short. So a broken answer is one whose body ends in an error,
//! upon which the server drops the connection; and one that was to be reset is dropped with nothing left to linger.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::connect_info::Connected;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_LENGTH;
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use futures_util::stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections that can be reset.
#[derive(Debug)]
pub(super) struct Wires(pub TcpListener);

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    reset: Reset,
}

/// Whether a connection is to be reset when it is dropped.
#[derive(Clone, Debug, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Reset {
    /// Has the connection reset instead of closed.
    pub fn order(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Unasked, the system holds back the end of an answer on a kept connection.
        let _ = stream.set_nodelay(true);
        (Wire { stream, reset: Reset::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Wires>> for Reset {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().reset.clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The same answer, of whose body only the first bytes come before the connection is dropped.
pub(super) fn broken(response: Response, whole: &Bytes, first: usize) -> Response {
    let (mut head, _) = response.into_parts();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let part = whole.slice(..first.min(whole.len()));
    let pieces = stream::unfold(Some(part), async |part| match part {
        Some(part) if !part.is_empty() => Some((Ok(part), Some(Bytes::new()))),
        Some(_) => {
            // What was written is sent as soon as nothing more is at hand: without this it would be dropped too.
            tokio::task::yield_now().await;
            Some((Err(io::Error::from(io::ErrorKind::ConnectionReset)), None))
        }
        None => None,
    });
    Response::from_parts(head, Body::from_stream(Box::pin(pieces)))
}
