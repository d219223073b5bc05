//! A server on a port of its own that asks a function for every answer, and keeps what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Value,
    /// How it was answered.
    pub status: u16,
}

impl Asked {
    /// A parameter of the address.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(asked, _)| asked == name).map(|(_, value)| value.as_str())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

pub fn said(status: u16, body: Value) -> Said {
    Said { status, headers: Vec::new(), body }
}

pub struct Server {
    port: u16,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    _runtime: Runtime,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Said + Send + Sync + 'static) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let handle = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
            async move {
                let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
                let mut asked = Asked {
                    method: method.to_string(),
                    path: uri.path().to_owned(),
                    query: query.into_owned().collect(),
                    headers,
                    body: serde_json::from_slice(&body).unwrap_or_default(),
                    status: 0,
                };
                let said = answer(&asked);
                asked.status = said.status;
                kept.lock().unwrap().push(asked);
                let mut response = Response::builder().status(said.status);
                for (name, value) in said.headers {
                    response = response.header(name, value);
                }
                response.body(axum::body::Body::from(said.body.to_string())).unwrap()
            }
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(async move { axum::serve(listener, Router::new().fallback(handle)).await });
        Self { port, asked, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
