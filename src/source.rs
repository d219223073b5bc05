//! The source: the contract it speaks, and how an answer is fetched, retried and decoded.
//!
//! Nothing here knows where rows go or how the walk goes on; a request comes in, an answer or a [`Failure`] goes out.

mod body;
pub mod contract;
mod credential;
pub mod decode;
pub mod glimpse;
pub mod grant;
mod headers;
pub mod http;
mod link;
pub mod origin;
pub mod put;
pub mod retry;
pub mod transport;

use std::time::Duration;

pub use self::contract::{Contract, KEYSET};
pub use self::credential::{Auth, Credential, Key};
pub use self::http::{Answer, Source};
use crate::exchange::Budget;

/// What one request may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For the connection to stand.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For the request as a whole.
    pub request: Duration,
    /// Bytes of the headers of an answer.
    pub head: u64,
    /// How many redirects in a row are followed.
    pub redirects: u64,
    /// Bytes of a body, decompressed.
    pub body: u64,
    /// How many times larger than on the wire a body beyond 1 MiB may be.
    pub ratio: u64,
    /// Rows of a page.
    pub rows: usize,
    /// Lists and objects within each other in a value of a row.
    pub depth: usize,
}

/// Why a request brought no page.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// Whoever answers cannot be believed to be the source.
    #[error("not believed: {0}")]
    Certificate(String),
    /// Too slow.
    #[error("{what} timed out after {after:?}")]
    TimedOut {
        /// The part that was too slow.
        what: &'static str,
        /// Its limit.
        after: Duration,
    },
    /// The connection broke, or the answer is cut short.
    #[error("the answer broke off: {0}")]
    Cut(String),
    /// A status that is no success.
    #[error("HTTP {status}{}", if body.is_empty() { String::new() } else { format!(": {body}") })]
    Status {
        /// The status code with its reason.
        status: String,
        /// The code alone.
        code: u16,
        /// The beginning of the body, safe for a terminal.
        body: String,
        /// How long the source asks to be left alone.
        retry_after: Option<Duration>,
        /// What it says of its limit.
        budget: Option<Budget>,
    },
    /// A redirect that is not followed: credentials and trust belong to the configured origin.
    #[error("HTTP {code}: redirects to {to}: {why}")]
    Redirect {
        /// The status code.
        code: u16,
        /// The address, safe for a terminal.
        to: String,
        /// Why it is not followed.
        why: String,
    },
    /// The body does not have the contract's shape.
    #[error("not a page: {0}")]
    BadBody(String),
    /// A token that is an address which is not asked.
    #[error("the next page is said to be at {to}: {why}")]
    Astray {
        /// The address, safe for a terminal.
        to: String,
        /// Why it is not asked.
        why: String,
    },
    /// The source's authority grants no token.
    #[error("the token endpoint grants no token: {0}")]
    NotGranted(String),
    /// The request cannot be written down.
    #[error("the request cannot be put ({0}), most likely for a token too long")]
    Unaskable(String),
    /// More than a page may hold.
    #[error("{0}")]
    TooLarge(String),
}

impl Failure {
    /// The same failure with its words changed.
    #[must_use]
    pub fn map(self, change: impl Fn(String) -> String) -> Self {
        match self {
            Self::Connect(text) => Self::Connect(change(text)),
            Self::Certificate(text) => Self::Certificate(change(text)),
            Self::Cut(text) => Self::Cut(change(text)),
            Self::BadBody(text) => Self::BadBody(change(text)),
            Self::NotGranted(text) => Self::NotGranted(change(text)),
            Self::Unaskable(text) => Self::Unaskable(change(text)),
            Self::TooLarge(text) => Self::TooLarge(change(text)),
            Self::Status { status, code, body, retry_after, budget } => {
                Self::Status { status, code, body: change(body), retry_after, budget }
            }
            Self::Redirect { code, to, why } => Self::Redirect { code, to: change(to), why },
            Self::Astray { to, why } => Self::Astray { to: change(to), why },
            timed_out @ Self::TimedOut { .. } => timed_out,
        }
    }

    /// True if another attempt may succeed: time-outs, broken connections and bodies, 429 and 5xx. Reading a page
    /// changes nothing, so it may be asked for again whatever became of the first request.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Connect(_) | Self::TimedOut { .. } | Self::Cut(_) | Self::BadBody(_) => true,
            Self::Status { code, .. } => *code == 429 || *code >= 500,
            Self::Certificate(_)
            | Self::Redirect { .. }
            | Self::Astray { .. }
            | Self::NotGranted(_)
            | Self::Unaskable(_)
            | Self::TooLarge(_) => false,
        }
    }

    /// True if the source may have meant the token, by its contract.
    #[must_use]
    pub fn may_mean_token(&self, contract: &Contract) -> bool {
        let Self::Status { code, body, .. } = self else { return false };
        contract.expired.contains(code) && contract.expired_text.is_none_or(|text| body.contains(text))
    }

    /// True if the source limits how much it is asked, by whomever: 429, or any status that asks to be left alone for
    /// a while.
    #[must_use]
    pub fn limits_requests(&self) -> bool {
        matches!(self, Self::Status { code: 429, .. } | Self::Status { retry_after: Some(_), .. })
    }

    /// How long the source asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What the source says of its limit.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        match self {
            Self::Status { budget, .. } => *budget,
            _ => None,
        }
    }

    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Connect(_) => {
                "check the address, that the source is running, and whether it takes a proxy (source.proxy)"
            }
            Self::Certificate(_) => {
                "check the address; if the authority is one of your own, name it by source.ca_file"
            }
            Self::TimedOut { .. } => "the source is slow: raise the time-out, or try later",
            Self::Cut(_) => "the connection is unreliable: try later",
            Self::Status { code: 401 | 403, .. } => "the source wants other credentials",
            Self::Status { code: 404, .. } => "check the path of the address",
            Self::Status { code: 429, .. } => "the source limits requests: try later",
            Self::Status { code: 500.., .. } => "the source is in trouble: try later",
            Self::Status { .. } => "the source does not accept the request: check the address",
            Self::Redirect { .. } | Self::Astray { .. } => {
                "check the address; if the source has moved, give its new one as --url"
            }
            Self::BadBody(_) => "check that the address is that of a keyset-paginated endpoint",
            Self::NotGranted(_) => {
                "check the token endpoint (source.auth), and the client's id and secret (source.secret)"
            }
            Self::Unaskable(_) => "--walk auto reads on without tokens, where the source bears that",
            Self::TooLarge(_) => "raise the limit in the configuration if the source means it",
        }
    }
}
