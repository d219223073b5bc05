//! The way to a source and back: one request out, a head and a body in pieces in. No limit in time, no decompression
//! and no judgement: that is for [`super::http`], whatever the transport.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::Client;
use reqwest::header::HeaderMap;
use url::Url;

use super::{Failure, Limits};
use crate::sanitize;

/// What a request brought: its head, and a body that is still on its way.
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it comes over the wire, still compressed.
    pub body: BoxStream<'static, Result<Bytes, Failure>>,
}

/// A way to put a `GET` request to an address.
pub trait Transport: Debug + Send + Sync {
    /// Sends the request, and comes back with the head of the answer.
    ///
    /// The failure is [`Failure::Connect`], [`Failure::TimedOut`] while connecting, [`Failure::Cut`], or
    /// [`Failure::TooLarge`] for a request that cannot be put.
    fn get(&self, url: Url, headers: HeaderMap) -> BoxFuture<'_, Result<Reply, Failure>>;
}

/// HTTP over a real network.
#[derive(Debug)]
pub struct Network {
    client: Client,
    /// The longest wait for a connection, for the words of a failure.
    connect: Duration,
}

impl Network {
    /// A client for the source at that address.
    ///
    /// # Errors
    /// If the TLS library cannot be set up, in words.
    pub fn new(url: &Url, limits: &Limits) -> Result<Self, String> {
        // Refused only if one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("highwater/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .tcp_nodelay(true);
        if super::http::is_loopback(url) {
            // A proxy from the environment cannot know this machine's own ports.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| root(&error))?;
        Ok(Self { client, connect: limits.connect })
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() {
            return Failure::TimedOut { what: "the connection", after: self.connect };
        }
        let text = sanitize::snippet(&root(error), 200);
        if error.is_builder() {
            return Failure::TooLarge(format!(
                "the request cannot be put ({text}), most likely for a token too long"
            ));
        }
        if error.is_connect() { Failure::Connect(text) } else { Failure::Cut(text) }
    }
}

impl Transport for Network {
    fn get(&self, url: Url, headers: HeaderMap) -> BoxFuture<'_, Result<Reply, Failure>> {
        Box::pin(async move {
            let sent = self.client.get(url).headers(headers).send().await;
            let response = sent.map_err(|error| self.failure(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body =
                response.bytes_stream().map_err(|error| Failure::Cut(sanitize::snippet(&root(&error), 200)));
            Ok(Reply { status, headers, body: body.boxed() })
        })
    }
}

/// An error's first cause: the outer ones name the address, which may hold a secret.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}
