//! A plain client: it sends what it is told and returns what came, status, headers and all.

use reqwest::{Client, Method};
use serde_json::Value;

/// A server under test.
#[derive(Clone)]
pub struct Api {
    client: Client,
    endpoint: String,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Api {
    pub fn new(endpoint: String) -> Self {
        // Err means that another test has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().no_gzip().no_brotli().no_zstd().build().unwrap();
        Self { client, endpoint }
    }

    /// `GET` of the endpoint with that raw query; none if it is empty.
    pub async fn get(&self, query: &str) -> Answer {
        self.send("GET", &self.url(query)).await
    }

    /// The endpoint with that raw query.
    pub fn url(&self, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.endpoint)
    }

    /// The address of another path of the server.
    pub fn path(&self, path: &str) -> String {
        self.endpoint.replace("/pagination/keyset", path)
    }

    pub async fn send(&self, method: &str, url: &str) -> Answer {
        let method: Method = method.parse().unwrap();
        let request = format!("{method} {url}");
        let response = self.client.request(method, url).send().await.unwrap();
        let headers = response.headers().iter();
        Answer {
            request,
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            text: response.text().await.unwrap(),
        }
    }

    /// All rows in order, gathered from the last row's cursor on, so that ties across a cut are not lost.
    pub async fn all(&self) -> Vec<Value> {
        let mut all: Vec<Value> = self.get("").await.rows();
        loop {
            let last = cursor(all.last().unwrap());
            let page = self.get(&format!("updated_since={last}")).await.rows();
            let before = all.len();
            for row in page {
                if !all[before.saturating_sub(50)..].iter().any(|known| known["id"] == row["id"]) {
                    all.push(row);
                }
            }
            if all.len() == before {
                return all;
            }
        }
    }
}

impl Answer {
    /// The body as JSON; the answer must say that it is.
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.request);
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text))
    }

    /// The rows of a good answer.
    pub fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}: {}", self.request, self.text);
        let body = self.json();
        let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(keys, ["data", "scroll_param"], "{}", self.request);
        body["data"].as_array().unwrap().clone()
    }

    /// The scroll token of a good answer.
    pub fn token(&self) -> Option<String> {
        match &self.json()["scroll_param"] {
            Value::Null => None,
            Value::String(token) => Some(token.clone()),
            other => panic!("{}: scroll_param is {other}", self.request),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The answer must be an error with that status and text, and nothing besides.
    pub fn is_error(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        assert_eq!(self.json(), serde_json::json!({ "error": text }), "{}", self.request);
    }
}

/// A row's `updatedAt`.
pub fn cursor(row: &Value) -> String {
    row["updatedAt"].as_str().unwrap().to_owned()
}

/// The rows' ids, to compare by.
pub fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// base64, with padding.
pub fn base64(text: impl AsRef<[u8]>) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
