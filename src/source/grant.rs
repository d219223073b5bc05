//! An access token by OAuth 2.0's client credentials (RFC 6749, section 4.4): fetched when it is needed, kept until it
//! expires, and fetched anew when the source no longer takes it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Deserialize;
use tokio::time::{Instant, timeout};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::contract::Method;
use super::put::Put;
use super::transport::Transport;
use super::{Auth, Credential, Failure, Limits};
use crate::sanitize;
use crate::secret::Secret;

/// The most bytes of an answer that brings a token.
const LONGEST: usize = 256 << 10;

/// How long before its end a token is not used any more, or a tenth of its life if that is less.
const EARLY: Duration = Duration::from_secs(30);

/// How a client asks for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The token endpoint.
    pub url: Url,
    /// What is asked for, if anything is named.
    pub scope: Option<String>,
    /// True if id and secret go in the body, and not as HTTP's basic authentication (section 2.3.1).
    pub in_body: bool,
}

/// A client with its secret, and the token that it was granted.
pub struct Grant {
    client: Client,
    /// `id:secret`, as a credential of the token endpoint alone.
    pair: Arc<Credential>,
    secret: Secret,
    held: Mutex<Held>,
    /// One fetches for all that wait.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    token: Option<Token>,
    /// The one before: what was asked with it may still be answered.
    before: Option<Arc<Credential>>,
}

#[derive(Clone)]
struct Token {
    credential: Arc<Credential>,
    /// When it is not used any more, if that is known.
    until: Option<Instant>,
}

/// What the token endpoint answers (section 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<f64>,
}

/// What it answers in refusal (section 5.2).
#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

impl Grant {
    /// A client whose secret is `id:secret`.
    ///
    /// # Errors
    /// If the secret is no such pair, without quoting it.
    pub fn new(client: Client, secret: Secret) -> Result<Self, String> {
        if !secret.expose().contains(':') {
            return Err("the credential for OAuth 2 is written as the client's id and its secret, id:secret"
                .to_owned());
        }
        let pair = Secret::new(secret.expose().to_owned()).map_err(str::to_owned)?;
        Ok(Self {
            client,
            pair: Arc::new(Credential::new(Auth::Basic, pair)),
            secret,
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// Where tokens are asked for.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.client.url
    }

    /// All that must not be shown, as credentials.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Arc<Credential>> {
        let held = self.held();
        let token = held.token.as_ref().map(|token| Arc::clone(&token.credential));
        [Some(Arc::clone(&self.pair)), token, held.before.clone()].into_iter().flatten()
    }

    /// The token, fetched if there is none that can still be used.
    ///
    /// # Errors
    /// [`Failure::NotGranted`] if the client is refused; the others as they come.
    pub(super) async fn token(
        &self,
        transport: &dyn Transport,
        limits: &Limits,
    ) -> Result<Arc<Credential>, Failure> {
        if let Some(credential) = self.usable() {
            return Ok(credential);
        }
        let _fetching = self.fetching.lock().await;
        if let Some(credential) = self.usable() {
            return Ok(credential);
        }
        let late = |_| Err(Failure::TimedOut { what: "the request for a token", after: limits.request });
        let token = timeout(limits.request, self.fetch(transport)).await.unwrap_or_else(late)?;
        let credential = Arc::clone(&token.credential);
        let mut held = self.held();
        held.before = held.token.take().map(|token| token.credential).or(held.before.take());
        held.token = Some(token);
        Ok(credential)
    }

    /// The source does not take that token any more. False if it is another than the one that is held.
    pub(super) fn drop_token(&self, refused: &Arc<Credential>) {
        let mut held = self.held();
        if held.token.as_ref().is_some_and(|token| Arc::ptr_eq(&token.credential, refused)) {
            held.before = held.token.take().map(|token| token.credential);
        }
    }

    fn usable(&self) -> Option<Arc<Credential>> {
        let held = self.held();
        let token =
            held.token.as_ref().filter(|token| token.until.is_none_or(|until| Instant::now() < until))?;
        Some(Arc::clone(&token.credential))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a token.
    async fn fetch(&self, transport: &dyn Transport) -> Result<Token, Failure> {
        let asked = Instant::now();
        let reply = transport.send(self.put()).await?;
        let mut body = Vec::new();
        let mut pieces = reply.body;
        while let Some(piece) = pieces.try_next().await? {
            if body.len() + piece.len() > LONGEST {
                return Err(Failure::NotGranted("its answer is larger than 256 KiB".to_owned()));
            }
            body.extend_from_slice(&piece);
        }
        let body = Zeroizing::new(body);
        match reply.status {
            200..300 => read(&body, asked),
            code => Err(refusal(code, &body)),
        }
    }

    fn put(&self) -> Put {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = &self.client.scope {
            form.append_pair("scope", scope);
        }
        let (id, secret) = self.secret.expose().split_once(':').unwrap_or_default();
        if self.client.in_body {
            form.append_pair("client_id", id).append_pair("client_secret", secret);
        } else {
            // Both are encoded as in a form before they are joined, by section 2.3.1.
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret)));
            let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            if let Ok(mut value) = HeaderValue::from_str(&basic) {
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        let body = Some(Bytes::from(form.finish()));
        Put { method: Method::Post("{}"), url: self.client.url.clone(), headers, body }
    }
}

fn read(body: &[u8], asked: Instant) -> Result<Token, Failure> {
    // What it says may hold the token: it is not quoted.
    let granted: Granted = serde_json::from_slice(body)
        .map_err(|_| Failure::NotGranted("its answer is no JSON object with an `access_token`".to_owned()))?;
    if let Some(kind) = granted.token_type.filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        let kind = sanitize::snippet(&kind, 40);
        return Err(Failure::NotGranted(format!("its token is of the type {kind:?}, and not a bearer's")));
    }
    let secret = Secret::new(granted.access_token)
        .map_err(|why| Failure::NotGranted(format!("the token cannot be used: {why}")))?;
    let life = granted.expires_in.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    let life = life.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = life.and_then(|life| asked.checked_add(life - EARLY.min(life / 10)));
    Ok(Token { credential: Arc::new(Credential::new(Auth::Bearer, secret)), until })
}

fn refusal(code: u16, body: &[u8]) -> Failure {
    let Refused { error, error_description } = serde_json::from_slice(body).unwrap_or_default();
    let said: Vec<&str> =
        [error.as_str(), error_description.as_str()].into_iter().filter(|it| !it.is_empty()).collect();
    let text = sanitize::snippet(&format!("HTTP {code} {}", said.join(": ")), 200);
    match code {
        429 | 500.. => Failure::Cut(format!("the token endpoint is in trouble: {}", text.trim_end())),
        _ => Failure::NotGranted(text.trim_end().to_owned()),
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a grant of {}", self.client.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_put_aside_a_little_before_its_end() {
        let asked = Instant::now();
        let until = |expires: &str| {
            let body = format!(r#"{{"access_token":"token"{expires}}}"#);
            read(body.as_bytes(), asked)
                .map(|token| token.until.map(|until| (until - asked).as_secs_f64()))
                .ok()
        };
        assert_eq!(until(r#","expires_in":3600"#), Some(Some(3_570.0)));
        assert_eq!(until(r#","expires_in":60"#), Some(Some(54.0)));
        for unknown in [
            "",
            r#","expires_in":null"#,
            r#","expires_in":0"#,
            r#","expires_in":-1"#,
            r#","expires_in":1e300"#,
        ] {
            assert_eq!(until(unknown), Some(None), "{unknown}");
        }
    }
}
