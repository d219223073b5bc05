//! One request to the source, within its limits. No retry and no decoding: that is for others to decide.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use tokio::time::{Instant, timeout};
use url::{Host, Url};

use super::body::{ACCEPTED, Body};
use super::headers::kept;
use super::retry::retry_after;
use super::transport::{Network, Reply, Transport};
use super::{Contract, Failure, Limits};
use crate::exchange::{Budget, Exchange};
use crate::walk::Request;
use crate::{sanitize, text};

/// How much of an error's body is read.
const ERROR_BODY: u64 = 2_048;

/// A source that can be asked.
#[derive(Clone, Debug)]
pub struct Source {
    transport: Arc<dyn Transport>,
    url: Url,
    /// The address as it may be shown.
    masked: Url,
    limits: Limits,
    contract: &'static Contract,
}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body, decompressed.
    pub body: Bytes,
    /// All else that is known of it.
    pub exchange: Exchange,
    /// The source's clock (`Date`), or this machine's if it did not say.
    pub now: DateTime<Utc>,
    /// From the request to the first byte.
    pub wait: Duration,
    /// From the first byte to the last.
    pub reading: Duration,
}

impl Source {
    /// A source at an address.
    ///
    /// # Errors
    /// If the TLS library cannot be set up, in words.
    pub fn new(url: Url, limits: Limits, contract: &'static Contract) -> Result<Self, String> {
        let network = Network::new(&url, &limits)?;
        Ok(Self::over(Arc::new(network), url, limits, contract))
    }

    /// The same over another transport than the network.
    #[must_use]
    pub fn over(
        transport: Arc<dyn Transport>,
        url: Url,
        limits: Limits,
        contract: &'static Contract,
    ) -> Self {
        let masked = masked(&url);
        Self { transport, url, masked, limits, contract }
    }

    /// The contract that the source speaks.
    #[must_use]
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// The limits of one request.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The address of a request.
    #[must_use]
    pub fn address(&self, request: &Request) -> Url {
        self.put(self.url.clone(), request)
    }

    /// The address of a request as it may be shown: without the values of the address's own query, which may be keys.
    #[must_use]
    pub fn shown(&self, request: &Request) -> String {
        self.put(self.masked.clone(), request).into()
    }

    /// Puts a request to an address.
    fn put(&self, mut url: Url, request: &Request) -> Url {
        match request {
            Request::Since(cursor) => url.query_pairs_mut().append_pair(self.contract.since, cursor.text()),
            Request::Token(token) => url.query_pairs_mut().append_pair(self.contract.scroll, token),
        };
        url
    }

    /// Asks once.
    ///
    /// # Errors
    /// The [`Failure`], if no complete success came within the limits.
    pub async fn ask(&self, request: &Request) -> Result<Answer, Failure> {
        let limit = self.limits.request;
        let late = |_| Err(Failure::TimedOut { what: "the request", after: limit });
        timeout(limit, self.exchange(request)).await.unwrap_or_else(late)
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        let reply = self.in_time(self.transport.get(self.address(request), headers)).await??;
        let wait = begun.elapsed();
        let now = server_now(&reply.headers);
        if !(200..300).contains(&reply.status) {
            return Err(self.refusal(reply, now).await);
        }
        // A token of megabytes need not be kept twice.
        let url = text::shown(&self.shown(request)).into_owned();
        let exchange = Exchange::new(url, reply.status, kept(&reply.headers), now);
        let body = self.read(reply).await?.into();
        Ok(Answer { body, exchange, now, wait, reading: begun.elapsed().saturating_sub(wait) })
    }

    async fn read(&self, mut reply: Reply) -> Result<Vec<u8>, Failure> {
        let mut body = Body::begin(&reply.headers, &self.limits)?;
        while let Some(piece) = self.in_time(reply.body.next()).await? {
            body.push(&piece?)?;
        }
        body.finish()
    }

    /// The next thing to come of an answer, unless it stays silent for too long.
    async fn in_time<T>(&self, coming: impl Future<Output = T>) -> Result<T, Failure> {
        let after = self.limits.idle;
        let silent = |_| Failure::TimedOut { what: "the next piece of the answer", after };
        timeout(after, coming).await.map_err(silent)
    }

    /// An answer that is no success, as a failure.
    async fn refusal(&self, mut reply: Reply, now: DateTime<Utc>) -> Failure {
        let code = reply.status;
        let header = |name| reply.headers.get(name).and_then(|value| value.to_str().ok());
        if (300..400).contains(&code) {
            let to = sanitize::snippet(header(LOCATION).unwrap_or("nowhere"), 200);
            return Failure::Redirect { code, to };
        }
        let retry_after = header(RETRY_AFTER).and_then(|value| retry_after(value, now));
        let budget = Budget::read(&kept(&reply.headers), now);
        let status =
            StatusCode::from_u16(code).map_or_else(|_| code.to_string(), |status| status.to_string());
        let body = sanitize::snippet(&self.complaint(&mut reply).await, 200);
        Failure::Status { status, code, body, retry_after, budget }
    }

    /// What the beginning of an error's body says. It is not needed: whatever is wrong with it, that is not told.
    async fn complaint(&self, reply: &mut Reply) -> String {
        let limits = Limits { body: ERROR_BODY, ..self.limits.clone() };
        let Ok(mut body) = Body::unannounced(&reply.headers, &limits) else { return String::new() };
        while let Ok(Some(Ok(piece))) = self.in_time(reply.body.next()).await
            && body.push(&piece).is_ok()
        {}
        let bytes = body.so_far();
        let text = String::from_utf8_lossy(&bytes);
        // The contract's errors are `{"error": "…"}`: the message alone reads better.
        let message = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| value.get("error").and_then(|error| error.as_str()).map(str::to_owned));
        message.unwrap_or_else(|| text.trim().to_owned())
    }
}

/// An address whose query values are masked.
#[must_use]
pub fn masked(url: &Url) -> Url {
    let mut shown = url.clone();
    if url.query().is_some() {
        let names: Vec<_> = url.query_pairs().map(|(name, _)| name).collect();
        shown.query_pairs_mut().clear().extend_pairs(names.iter().map(|name| (name, "***")));
    }
    shown
}

fn server_now(headers: &HeaderMap) -> DateTime<Utc> {
    let date = headers.get(DATE).and_then(|value| value.to_str().ok());
    let date = date.and_then(|value| httpdate::parse_http_date(value).ok());
    date.map_or_else(Utc::now, DateTime::from)
}

/// True if an address is on this very machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}
