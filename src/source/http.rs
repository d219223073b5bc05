//! One request to the source, within its limits. No retry and no decoding: that is for others to decide.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::Body;
use super::contract::{Back, Contract, TokenAt};
use super::credential::{Key, Masks};
use super::headers::kept;
use super::put::{self, Put};
use super::retry::retry_after;
use super::transport::{Access, Network, Reply, Transport};
use super::{Credential, Failure, Limits, decode, link, origin};
use crate::exchange::{Budget, Exchange};
use crate::record::Cursor;
use crate::secret::json_in_plain;
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
    key: Option<Key>,
}

/// A successful answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body, decompressed.
    pub body: Bytes,
    /// All else that is known of it.
    pub exchange: Exchange,
    /// The token in its head, where the contract says that it is there.
    pub next: Option<String>,
    /// The source's clock (`Date`), or this machine's if it did not say.
    pub now: DateTime<Utc>,
    /// From the request to the first byte.
    pub wait: Duration,
    /// From the first byte to the last.
    pub reading: Duration,
    /// True if the credential stood in its body, and was covered.
    pub covered: bool,
}

impl Source {
    /// A source at an address, over the network and without a credential.
    ///
    /// # Errors
    /// If the TLS library cannot be set up, in words.
    pub fn new(url: Url, limits: Limits, contract: &'static Contract) -> Result<Self, String> {
        let network = Network::new(&limits, &Access::default())?;
        Ok(Self::over(Arc::new(network), url, limits, contract))
    }

    /// The same over any transport.
    #[must_use]
    pub fn over(
        transport: Arc<dyn Transport>,
        url: Url,
        limits: Limits,
        contract: &'static Contract,
    ) -> Self {
        let masked = masked(&url);
        Self { transport, url, masked, limits, contract, key: None }
    }

    /// The same with a credential, which goes to the configured origin alone.
    #[must_use]
    pub fn with(mut self, key: Option<Key>) -> Self {
        self.key = key;
        self
    }

    /// The same by another contract.
    #[must_use]
    pub fn speaking(mut self, contract: &'static Contract) -> Self {
        self.contract = contract;
        self
    }

    /// The contract that the source speaks.
    #[must_use]
    pub fn contract(&self) -> &'static Contract {
        self.contract
    }

    /// True if everything that is sent and received can be read on the way.
    #[must_use]
    pub fn is_readable_on_the_way(&self) -> bool {
        origin::is_readable_on_the_way(&self.url, self.transport.proxy())
    }

    /// The limits of one request.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The address of a request; `since` is what the run asked from, where a token goes along with that.
    ///
    /// # Errors
    /// [`Failure::Astray`] if the token is an address that is none, or another's.
    pub fn address(&self, request: &Request, since: Option<&Cursor>) -> Result<Url, Failure> {
        match (request, self.contract.back) {
            (Request::Token(token), Back::Address) => self.next(token),
            _ => Ok(put::address(self.url.clone(), &put::values(self.contract, request, since))),
        }
    }

    /// The address of a request as it may be shown: without the values of the address's own query, which may be keys.
    #[must_use]
    pub fn shown(&self, request: &Request, since: Option<&Cursor>) -> String {
        match (request, self.contract.back) {
            (Request::Token(token), Back::Address) => {
                // A parser of addresses leaves out what hid the credential from the mask, such as a tab.
                let shown = self.url.join(token).map_or_else(|_| "***".to_owned(), |url| masked(&url).into());
                self.mask().map_or(shown.clone(), |mask| mask.text(shown))
            }
            _ => put::address(self.masked.clone(), &put::values(self.contract, request, since)).into(),
        }
    }

    /// The address that a token is. Whoever writes it does not choose who is asked, and gets the credential.
    fn next(&self, token: &str) -> Result<Url, Failure> {
        let astray = |to: &str, why: String| Failure::Astray { to: sanitize::snippet(to, 200), why };
        let Ok(url) = self.url.join(token) else {
            return Err(astray(token.split('?').next().unwrap_or_default(), "that is no address".to_owned()));
        };
        if origin::is_same(&self.url, &url) {
            return Ok(url);
        }
        Err(astray(masked(&url).as_str(), self.ours_alone()))
    }

    /// Why an address of another origin is not asked.
    fn ours_alone(&self) -> String {
        format!("only addresses of {} are asked", self.url.origin().ascii_serialization())
    }

    /// Asks once; `since` is what the run asked from, where a token goes along with that.
    ///
    /// # Errors
    /// The [`Failure`], if no complete success came within the limits.
    pub async fn ask(&self, request: &Request, since: Option<&Cursor>) -> Result<Answer, Failure> {
        let limit = self.limits.request;
        let late = |_| Err(Failure::TimedOut { what: "the request", after: limit });
        let answer = timeout(limit, self.exchange(request, since)).await.unwrap_or_else(late);
        answer.map_err(|failure| self.cover(failure))
    }

    /// A failure whose words do not hold the credential: what is wrong with an answer is told by quoting it.
    #[must_use]
    pub fn cover(&self, failure: Failure) -> Failure {
        match self.mask() {
            Some(mask) => failure.map(|text| mask.text(text)),
            None => failure,
        }
    }

    async fn exchange(&self, request: &Request, since: Option<&Cursor>) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let by_address = matches!(request, Request::Token(_)) && self.contract.back == Back::Address;
        // What is an address of the source's own making has all of it in itself.
        let values = if by_address { Vec::new() } else { put::values(self.contract, request, since) };
        let put = Put::new(self.contract, self.address(request, since)?, &values)?;
        let (mut reply, hops) = self.follow(put).await?;
        let wait = begun.elapsed();
        let now = server_now(&reply.headers);
        if !(200..300).contains(&reply.status) {
            return Err(self.refusal(&mut reply, now).await);
        }
        // A token of megabytes need not be kept twice.
        let url = text::shown(&self.shown(request, since)).into_owned();
        let headers = kept(&reply.headers).into_iter().chain(hops).collect();
        let next = match self.contract.token {
            TokenAt::Link => link::next(&reply.headers),
            TokenAt::Header(name) => {
                reply.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            }
            _ => None,
        };
        let status = reply.status;
        let exchange = Exchange::new(url, status, headers, now);
        let mut body = self.read(reply).await?;
        if let Some(reason) = decode::refusal(self.contract, &body) {
            return Err(self.refused(status, reason));
        }
        let covered = self.mask().is_some_and(|mask| {
            if let Some(plain) = json_in_plain(&body) {
                body = plain;
            }
            mask.cover_rows(&mut body)
        });
        Ok(Answer {
            body: body.into(),
            exchange,
            next,
            now,
            wait,
            reading: begun.elapsed().saturating_sub(wait),
            covered,
        })
    }

    /// The answer to a request, past redirects within the origin; these come as headers that are worth keeping.
    async fn follow(&self, mut put: Put) -> Result<(Reply, Vec<(String, String)>), Failure> {
        let mut hops = Vec::new();
        loop {
            let reply = self.send(put.clone()).await?;
            if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
                return Ok((reply, hops));
            }
            let location = header(&reply.headers, LOCATION).unwrap_or_default();
            let next = put.url.join(location).ok().filter(|_| !location.is_empty());
            let refused = |why: String| {
                // Its query may hold what this one's does.
                let to = match &next {
                    Some(next) => masked(next).into(),
                    None if location.is_empty() => "nowhere".to_owned(),
                    None => location.split('?').next().unwrap_or_default().to_owned(),
                };
                let to = sanitize::snippet(&to, 200);
                Failure::Redirect { code: reply.status, to, why }
            };
            let Some(next) = &next else { return Err(refused("that is no address".to_owned())) };
            if !origin::is_same(&self.url, next) {
                return Err(refused(self.ours_alone()));
            }
            if hops.len() as u64 >= self.limits.redirects {
                return Err(refused(format!(
                    "more than {} in a row (source.max_redirects)",
                    self.limits.redirects
                )));
            }
            // A parser of addresses leaves out what hid the credential from the mask, such as a tab.
            let hop = text::shown(masked(next).as_str()).into_owned();
            hops.push(("location".to_owned(), self.mask().map_or(hop.clone(), |mask| mask.text(hop))));
            put.url = next.clone();
        }
    }

    /// Sends one request to an address of the origin. What comes back holds no credential in its head. A granted token
    /// that is not taken any more is fetched anew, once.
    async fn send(&self, put: Put) -> Result<Reply, Failure> {
        if let Some(Key::Granted(grant)) = &self.key {
            let token = grant.token(&*self.transport, &self.limits).await?;
            let reply = self.send_with(put.clone(), Some(&token)).await?;
            if reply.status != 401 {
                return Ok(reply);
            }
            grant.drop_token(&token);
            let token = grant.token(&*self.transport, &self.limits).await?;
            return self.send_with(put, Some(&token)).await;
        }
        let credential = match &self.key {
            Some(Key::Own(credential)) => Some(credential),
            _ => None,
        };
        self.send_with(put, credential).await
    }

    async fn send_with(&self, mut put: Put, credential: Option<&Arc<Credential>>) -> Result<Reply, Failure> {
        if let Some(credential) = credential {
            credential.put(&mut put.url, &mut put.headers);
        }
        let mut reply = self.in_time(self.transport.send(put)).await??;
        let size: usize =
            reply.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if size as u64 > self.limits.head {
            let most = self.limits.head;
            return Err(Failure::TooLarge(format!(
                "the headers are larger than {most} bytes (source.max_headers)"
            )));
        }
        if let Some(mask) = self.mask() {
            for value in reply.headers.values_mut() {
                let mut bytes = value.as_bytes().to_vec();
                if mask.cover(&mut bytes) {
                    *value = HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("***"));
                }
            }
        }
        Ok(reply)
    }

    fn mask(&self) -> Option<Masks> {
        self.key.as_ref().map(Key::masks)
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
    async fn refusal(&self, reply: &mut Reply, now: DateTime<Utc>) -> Failure {
        let code = reply.status;
        let retry_after = header(&reply.headers, RETRY_AFTER).and_then(|value| retry_after(value, now));
        let budget = Budget::read(&kept(&reply.headers), now);
        let status =
            StatusCode::from_u16(code).map_or_else(|_| code.to_string(), |status| status.to_string());
        let body = sanitize::snippet(&self.complaint(reply).await, 200);
        Failure::Status { status, code, body, retry_after, budget }
    }

    /// A success whose body says that it is none.
    fn refused(&self, code: u16, body: String) -> Failure {
        let status = "a refusal in its body".to_owned();
        Failure::Status { status, code, body, retry_after: None, budget: None }
    }

    /// What the beginning of an error's body says. It is not needed: whatever is wrong with it, that is not told.
    async fn complaint(&self, reply: &mut Reply) -> String {
        let limits = Limits { body: ERROR_BODY, ..self.limits.clone() };
        let Ok(mut body) = Body::unannounced(&reply.headers, &limits) else { return String::new() };
        while let Ok(Some(Ok(piece))) = self.in_time(reply.body.next()).await
            && body.push(&piece).is_ok()
        {}
        let mut bytes = body.so_far();
        // Before it is cut, and once more by whoever tells of it: what was escaped in some other way is plain then.
        if let Some(mask) = self.mask() {
            mask.cover(&mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        // The contract's errors are `{"error": "…"}`: the message alone reads better.
        let message = serde_json::from_str::<serde_json::Value>(&text)
            .ok()
            .and_then(|value| value.get("error").and_then(|error| error.as_str()).map(str::to_owned));
        message.unwrap_or_else(|| text.trim().to_owned())
    }
}

/// An address whose user, password and query values are masked.
#[must_use]
pub fn masked(url: &Url) -> Url {
    let mut shown = url.clone();
    if !url.username().is_empty() || url.password().is_some() {
        // Refused only where there can be no user: then there is none.
        let _ = shown.set_username("***");
        let _ = shown.set_password(None);
    }
    if url.query().is_some() {
        let names: Vec<_> = url.query_pairs().map(|(name, _)| name).collect();
        shown.query_pairs_mut().clear().extend_pairs(names.iter().map(|name| (name, "***")));
    }
    shown
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn server_now(headers: &HeaderMap) -> DateTime<Utc> {
    let date = header(headers, DATE).and_then(|value| httpdate::parse_http_date(value).ok());
    date.map_or_else(Utc::now, DateTime::from)
}
