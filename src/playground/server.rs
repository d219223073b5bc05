//! The socket: two endpoints on a loopback port, answering as the original answers.
//!
//! It binds 127.0.0.1 and nothing else; made-up people or not, this is no server for a network.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Extension, RawQuery, Request, State};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, SERVER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::limit::{Bucket, Verdict};
use super::scenario::Options;
use super::trouble::Ailment;
use super::wire::{Reset, Wires, broken};
use super::world::{Version, World};
use super::{offset, request};
use crate::text::milliseconds;

/// The endpoint's path.
pub const PATH: &str = "/pagination/keyset";

/// How long a stop waits for answers that are on their way.
const FAREWELL: Duration = Duration::from_secs(2);

const LIMITED: &str = "Rate limit exceeded";
const METHODS: &str = "GET, HEAD, OPTIONS";
const HTML: &str = "text/html; charset=utf-8";
const NOT_FOUND: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n\
    <p>The requested URL was not found on the server. If you entered the URL manually please check your spelling \
    and try again.</p>\n";
const NOT_ALLOWED: &str = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n\
    <h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n";

/// A running playground. It ends when this is dropped; [`Playground::stop`] also waits until it has.
#[derive(Debug)]
pub struct Playground {
    address: SocketAddr,
    api: Arc<Api>,
    /// Dropping it tells the server to end.
    running: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Playground {
    /// Starts to serve on that port of 127.0.0.1, or on a free one if none is given. Must be called in a tokio
    /// runtime with time and I/O.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for options that cannot be served; else why the port could not be bound.
    pub async fn start(options: Options, port: Option<u16>) -> io::Result<Self> {
        options.check()?;
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or(0)));
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("cannot serve on {wanted}: {error}")))?;
        let address = listener.local_addr()?;
        let api = Arc::new(Api::new(options));
        let (running, dropped) = oneshot::channel::<()>();
        let router = router(Arc::clone(&api)).into_make_service_with_connect_info::<Reset>();
        let server = axum::serve(Wires(listener), router).with_graceful_shutdown(async {
            // Nothing is ever sent: what counts is that the other end is gone.
            let _ = dropped.await;
        });
        let task = tokio::spawn(async { server.await });
        Ok(Self { address, api, running, task })
    }

    /// What it is called, wherever a source is named.
    #[must_use]
    pub fn name(&self) -> String {
        let latency = u64::try_from(self.api.options.latency.as_millis()).unwrap_or(u64::MAX);
        format!("built-in playground, {} latency", milliseconds(latency))
    }

    /// The endpoint: `http://127.0.0.1:PORT/pagination/keyset`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// The endpoint that pages by offset: `http://127.0.0.1:PORT/pagination/offset`.
    #[must_use]
    pub fn offset_url(&self) -> String {
        format!("http://{}{}", self.address, offset::PATH)
    }

    /// Every row as it stands now, in the order of `updatedAt`: the truth, for whoever judges what a client made of
    /// it.
    #[must_use]
    pub fn versions(&self) -> Vec<Version> {
        self.api.world.versions()
    }

    /// How many requests have arrived since the start, refused ones included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.api.requests.load(Ordering::Relaxed)
    }

    /// Takes no more requests, gives the answers on their way two seconds to leave, and ends.
    pub async fn stop(self) {
        drop(self.running);
        let mut task = self.task;
        if tokio::time::timeout(FAREWELL, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Serves until that future completes. `started` is called once, as soon as requests are taken.
///
/// # Errors
/// As for [`Playground::start`].
pub async fn serve(
    options: Options,
    port: Option<u16>,
    started: impl FnOnce(&Playground),
    until: impl Future<Output = ()>,
) -> io::Result<()> {
    let playground = Playground::start(options, port).await?;
    started(&playground);
    until.await;
    playground.stop().await;
    Ok(())
}

#[derive(Debug)]
struct Api {
    options: Options,
    world: World,
    bucket: Option<Mutex<Bucket>>,
    requests: AtomicU64,
}

/// A request's number, from 1.
#[derive(Clone, Copy)]
struct Number(u64);

impl Api {
    fn new(options: Options) -> Self {
        let bucket = |capacity| Mutex::new(Bucket::new(capacity, Instant::now()));
        Self {
            world: World::new(&options),
            bucket: options.rate_limit.map(bucket),
            requests: AtomicU64::new(0),
            options,
        }
    }
}

fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route(PATH, get(keyset).options(methods))
        .route(offset::PATH, get(counted).options(methods))
        .fallback(async || html(StatusCode::NOT_FOUND, NOT_FOUND))
        .method_not_allowed_fallback(async || {
            ([(ALLOW, METHODS)], html(StatusCode::METHOD_NOT_ALLOWED, NOT_ALLOWED))
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&api), gate))
        .with_state(api)
}

async fn keyset(
    State(api): State<Arc<Api>>,
    Extension(Number(number)): Extension<Number>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    match request::read(&query).and_then(|from| api.world.page(from, number)) {
        Ok(page) => json(StatusCode::OK, serde_json::to_vec(&page)),
        Err(text) => error(StatusCode::BAD_REQUEST, &text),
    }
}

async fn counted(State(api): State<Arc<Api>>, RawQuery(query): RawQuery) -> Response {
    match offset::read(query.as_deref().unwrap_or_default()) {
        Ok(slice) => json(StatusCode::OK, serde_json::to_vec(&api.world.slice(slice))),
        Err(text) => error(StatusCode::BAD_REQUEST, &text),
    }
}

async fn methods() -> impl IntoResponse {
    ([(ALLOW, METHODS)], html(StatusCode::OK, ""))
}

/// What every request passes, whatever its path: the counter, the rate limit, the latency, and the troubles.
async fn gate(
    State(api): State<Arc<Api>>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    mut request: Request,
    next: Next,
) -> Response {
    let number = api.requests.fetch_add(1, Ordering::Relaxed) + 1;
    request.extensions_mut().insert(Number(number));
    let verdict = api.bucket.as_ref().map(|bucket| {
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(Instant::now())
    });
    api.world.arrive(number);
    let fault = api.options.troubles.fault(api.options.seed, number);
    let slow = if let Some(Ailment::Slow(more)) = fault { more } else { Duration::ZERO };
    let latency = api.options.latency + slow;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut response = match verdict {
        Some(refused) if !refused.allowed => error(StatusCode::TOO_MANY_REQUESTS, LIMITED),
        _ => ailing(fault, &reset, next.run(request)).await,
    };
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("highwater-playground"));
    if !api.options.keep_alive {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(verdict) = verdict {
        tell(headers, verdict);
    }
    response
}

/// The answer as the script wants it: right, if it says nothing.
async fn ailing(fault: Option<Ailment>, reset: &Reset, right: impl Future<Output = Response>) -> Response {
    match fault {
        None | Some(Ailment::Slow(_)) => return right.await,
        Some(Ailment::RateLimited { retry_after }) => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS, LIMITED);
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            return response;
        }
        Some(Ailment::Unavailable) => {
            return error(StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable");
        }
        Some(Ailment::Reset | Ailment::ResetMidway | Ailment::Cut | Ailment::Malformed) => {}
    }
    let (head, body) = right.await.into_parts();
    // A body of our own making, which is at hand.
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.len() / 2;
    let response = Response::from_parts(head, Body::from(whole.slice(..half)));
    match fault {
        Some(Ailment::Malformed) => response,
        Some(Ailment::Cut) => broken(response, &whole, half),
        _ => {
            reset.order();
            broken(response, &whole, if fault == Some(Ailment::Reset) { 0 } else { half })
        }
    }
}

fn tell(headers: &mut HeaderMap, verdict: Verdict) {
    headers.insert(HeaderName::from_static("x-ratelimit-limit"), verdict.limit.into());
    headers.insert(HeaderName::from_static("x-ratelimit-remaining"), verdict.remaining.into());
    headers.insert(HeaderName::from_static("x-ratelimit-reset"), verdict.reset.into());
    if !verdict.allowed {
        headers.insert(RETRY_AFTER, verdict.retry_after.into());
    }
}

fn html(status: StatusCode, page: &'static str) -> Response {
    (status, [(CONTENT_TYPE, HTML)], page).into_response()
}

fn error(status: StatusCode, text: &str) -> Response {
    json(status, serde_json::to_vec(&serde_json::json!({ "error": text })))
}

fn json(status: StatusCode, body: serde_json::Result<Vec<u8>>) -> Response {
    match body {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let playground = Playground::start(Options::default(), None).await.unwrap();
        let port = playground.address.port();
        let error = Playground::start(Options::default(), Some(port)).await.unwrap_err();
        assert!(error.to_string().contains(&format!("127.0.0.1:{port}")), "{error}");
        playground.stop().await;
        Playground::start(Options::default(), Some(port)).await.unwrap();
    }

    #[tokio::test]
    async fn options_that_cannot_be_served_do_not_start() {
        let options = Options { page_size: 0, ..Options::default() };
        let error = Playground::start(options, None).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }

    #[tokio::test]
    async fn it_serves_until_it_is_told_to_end() {
        let (end, ended) = oneshot::channel::<()>();
        let mut url = String::new();
        serve(
            Options::default(),
            None,
            |playground| {
                url = playground.url();
                drop(end);
            },
            async {
                let _ = ended.await;
            },
        )
        .await
        .unwrap();
        assert!(url.ends_with(PATH));
    }

    /// The limits are wide, for a busy machine and a build that is not optimised.
    #[test]
    fn a_start_is_quick_and_a_million_users_bearable() {
        let start = Instant::now();
        let api = Api::new(Options::default());
        assert_eq!(api.world.page(Bound::Unbounded, 1).unwrap().data.len(), 50);
        assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());

        let start = Instant::now();
        let api = Api::new(Options { users: 1_000_000, ..Options::default() });
        assert_eq!(api.world.page(Bound::Unbounded, 1).unwrap().data.len(), 50);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
