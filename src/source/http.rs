//! One request to the source, within its limits. No retry and no decoding: that is for others to decide.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response};
use url::{Host, Url};

use super::headers::kept;
use super::retry::retry_after;
use super::{Contract, Failure, Limits};
use crate::exchange::{Budget, Exchange};
use crate::walk::Request;
use crate::{sanitize, text};

/// How much of an error's body is read.
const ERROR_BODY: u64 = 2_048;

/// A source that can be asked.
#[derive(Clone, Debug)]
pub struct Source {
    client: Client,
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
        // Refused only if one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("highwater/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .read_timeout(limits.idle)
            .timeout(limits.request)
            .tcp_nodelay(true);
        if is_loopback(&url) {
            // A proxy from the environment cannot know this machine's own ports.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| chain(&error))?;
        let masked = masked(&url);
        Ok(Self { client, url, masked, limits, contract })
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
        let begun = Instant::now();
        let get = self.client.get(self.address(request)).header("accept", "application/json");
        let response = get.send().await.map_err(|error| self.failure(&error, begun))?;
        let wait = begun.elapsed();
        let now = server_now(response.headers());
        if !response.status().is_success() {
            return Err(refusal(response, now).await);
        }
        // A token of megabytes need not be kept twice.
        let url = text::shown(&self.shown(request)).into_owned();
        let exchange = Exchange::new(url, response.status().as_u16(), kept(response.headers()), now);
        let body = self.read(response, begun).await?;
        Ok(Answer { body, exchange, now, wait, reading: begun.elapsed().saturating_sub(wait) })
    }

    async fn read(&self, mut response: Response, begun: Instant) -> Result<Bytes, Failure> {
        let limit = self.limits.body;
        let too_large = || Failure::TooLarge(format!("the body is larger than {limit} bytes"));
        let expected = response.content_length().unwrap_or(0);
        if expected > limit {
            return Err(too_large());
        }
        let mut body = BytesMut::with_capacity(usize::try_from(expected).unwrap_or(0));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(&error, begun))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    fn failure(&self, error: &reqwest::Error, begun: Instant) -> Failure {
        let limits = &self.limits;
        if error.is_timeout() {
            let (what, after) = if begun.elapsed() >= limits.request {
                ("the request", limits.request)
            } else if error.is_connect() {
                ("the connection", limits.connect)
            } else {
                ("the next piece of the answer", limits.idle)
            };
            return Failure::TimedOut { what, after };
        }
        let text = sanitize::snippet(&chain(error), 200);
        if error.is_builder() {
            return Failure::TooLarge(format!(
                "the request cannot be put ({text}), most likely for a token too long"
            ));
        }
        if error.is_connect() { Failure::Connect(text) } else { Failure::Cut(text) }
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

/// An answer that is no success, as a failure.
async fn refusal(mut response: Response, now: DateTime<Utc>) -> Failure {
    let status = response.status();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    if status.is_redirection() {
        let to = sanitize::snippet(header(LOCATION).unwrap_or("nowhere"), 200);
        return Failure::Redirect { code: status.as_u16(), to };
    }
    let retry_after = header(RETRY_AFTER).and_then(|value| retry_after(value, now));
    let budget = Budget::read(&kept(response.headers()), now);
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > ERROR_BODY {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    // The contract's errors are `{"error": "…"}`: the message alone reads better.
    let message = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|value| value.get("error").and_then(|error| error.as_str()).map(str::to_owned));
    Failure::Status {
        status: status.to_string(),
        code: status.as_u16(),
        body: sanitize::snippet(message.as_deref().unwrap_or(text.trim()), 200),
        retry_after,
        budget,
    }
}

fn server_now(headers: &HeaderMap) -> DateTime<Utc> {
    let date = headers.get(DATE).and_then(|value| value.to_str().ok());
    let date = date.and_then(|value| httpdate::parse_http_date(value).ok());
    date.map_or_else(Utc::now, DateTime::from)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// An error with its causes, the outermost left out where it only names the address.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    match causes.last() {
        Some(root) => root.clone(),
        None => error.to_string(),
    }
}
