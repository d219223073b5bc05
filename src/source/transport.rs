//! The way to a source and back: one request out, a head and a body in pieces in. No limit in time, no decompression
//! and no judgement: that is for [`super::http`], whatever the transport.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Proxy};
use url::Url;

use super::contract::Method;
use super::put::Put;
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

/// A way to put a request to an address.
pub trait Transport: Debug + Send + Sync {
    /// Sends the request, and comes back with the head of the answer.
    ///
    /// The failure is [`Failure::Connect`], [`Failure::TimedOut`] while connecting, [`Failure::Cut`], or
    /// [`Failure::TooLarge`] for a request that cannot be put.
    fn send(&self, put: Put) -> BoxFuture<'_, Result<Reply, Failure>>;

    /// The proxy that every request goes through, if there is one.
    fn proxy(&self) -> Option<&Url> {
        None
    }
}

/// HTTP over a real network.
#[derive(Debug)]
pub struct Network {
    client: Client,
    /// The longest wait for a connection, for the words of a failure.
    connect: Duration,
    /// The most bytes of headers, for the same.
    head: u64,
    proxy: Option<Url>,
}

/// How many headers an answer may have: as many as fit into the largest size of all that may be allowed.
const HEADERS: usize = 4_096;

/// How the network is reached.
#[derive(Debug, Default)]
pub struct Access {
    /// Certificates that are trusted beside the platform's own, in PEM.
    pub ca: Option<Vec<u8>>,
    /// A proxy that every request goes through. None is taken from the environment: whom this program speaks to is
    /// settled by its settings alone.
    pub proxy: Option<Url>,
}

impl Network {
    /// A client with these limits.
    ///
    /// # Errors
    /// If the TLS library cannot be set up, or the certificates or the proxy cannot be used, in words.
    pub fn new(limits: &Limits, access: &Access) -> Result<Self, String> {
        // Refused only if one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("highwater/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(limits.connect)
            // However many there are: their size is what is limited.
            .http1_max_headers(HEADERS)
            .http2_max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
            .tcp_nodelay(true);
        if let Some(pem) = &access.ca {
            let certificates = Certificate::from_pem_bundle(pem).unwrap_or_default();
            if certificates.is_empty() {
                return Err(
                    "the file of certificates (source.ca_file) holds none in PEM; give another".to_owned()
                );
            }
            client = client.tls_certs_merge(certificates);
        }
        if let Some(proxy) = &access.proxy {
            client = client.proxy(Proxy::all(proxy.clone()).map_err(|error| root(&error))?);
        }
        let with_those = if access.ca.is_some() { " (with the certificates of source.ca_file)" } else { "" };
        let client = client.build().map_err(|error| format!("{}{with_those}", root(&error)))?;
        Ok(Self { client, connect: limits.connect, head: limits.head, proxy: access.proxy.clone() })
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        // The address may hold a secret.
        let error = error.without_url();
        if error.is_timeout() {
            return Failure::TimedOut { what: "the connection", after: self.connect };
        }
        let text = sanitize::snippet(&root(&error), 200);
        if error.is_builder() {
            return Failure::Unaskable(text);
        }
        match error.is_connect() {
            true if is_about_a_certificate(&error) => Failure::Certificate(text),
            true => Failure::Connect(text),
            // What hyper says of a head beyond what it holds.
            false if text.contains("head is too large") => Failure::TooLarge(format!(
                "the headers are larger than can be read, and than {} bytes (source.max_headers)",
                self.head
            )),
            false => Failure::Cut(text),
        }
    }
}

impl Transport for Network {
    fn send(&self, put: Put) -> BoxFuture<'_, Result<Reply, Failure>> {
        Box::pin(async move {
            let mut request = match put.method {
                Method::Get => self.client.get(put.url),
                Method::Post(_) => self.client.post(put.url),
            };
            if let Some(body) = put.body {
                request = request.body(body);
            }
            let response = request.headers(put.headers).send().await.map_err(|error| self.failure(error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response
                .bytes_stream()
                .map_err(|error| Failure::Cut(sanitize::snippet(&root(&error.without_url()), 200)));
            Ok(Reply { status, headers, body: body.boxed() })
        })
    }

    fn proxy(&self) -> Option<&Url> {
        self.proxy.as_ref()
    }
}

/// True if the other side could be reached and not believed.
fn is_about_a_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidCertificate(_));
    }
    // A socket's error does not name what it wraps as its cause.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match wrapped {
        Some(inner) => is_about_a_certificate(inner),
        None => error.source().is_some_and(is_about_a_certificate),
    }
}

/// An error's first cause.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.last().map_or_else(|| error.to_string(), ToString::to_string)
}
