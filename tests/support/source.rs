//! Servers to sync from, and a client that reads them by itself.

use std::time::Duration;

use highwater::playground::{Options, Playground};
use reqwest::Client;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::table::Rows;

/// What a bucket that refills by ten a second needs for one more request.
const REFILL: Duration = Duration::from_millis(100);

/// The built-in playground in this process, with a runtime of its own, so that a test may block.
pub struct BuiltIn {
    runtime: Runtime,
    playground: Playground,
}

impl BuiltIn {
    /// Starts one on a free port.
    pub fn start(options: Options) -> Self {
        Self::start_on(None, options)
    }

    fn start_on(port: Option<u16>, options: Options) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let playground = runtime.block_on(Playground::start(options, port)).unwrap();
        Self { runtime, playground }
    }

    /// One whose rows never change.
    pub fn frozen() -> Self {
        Self::frozen_on(None)
    }

    /// One whose rows never change, on that port.
    pub fn frozen_on(port: Option<u16>) -> Self {
        Self::start_on(port, Options { frozen: true, ..Options::default() })
    }

    /// The same rows, answered after a while: long enough for a test to act while a request is on the wire.
    pub fn slow(latency: Duration) -> Self {
        Self::start(Options { frozen: true, latency, ..Options::default() })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        self.playground.url()
    }

    /// How many requests have arrived.
    pub fn requests(&self) -> u64 {
        self.playground.requests()
    }

    /// Takes no more requests.
    pub fn stop(self) {
        self.runtime.block_on(self.playground.stop());
    }
}

/// A client of the API that shares nothing with the program under test.
pub struct Api {
    runtime: Runtime,
    client: Client,
    url: String,
}

/// One answer: its rows, and the token that came along.
pub struct Answer {
    /// The rows.
    pub rows: Vec<Value>,
    /// The token.
    pub token: Option<String>,
}

impl Api {
    /// A client of that endpoint.
    pub fn new(url: &str) -> Self {
        // Err means that another test has installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
            url: url.to_owned(),
        }
    }

    /// A page. `query` is sent as it stands; a rate limit is waited for.
    pub fn page(&self, query: &str) -> Answer {
        let url = format!("{}?{query}", self.url);
        self.runtime.block_on(async {
            loop {
                let answer = self.client.get(&url).send().await.unwrap();
                if answer.status() == 429 {
                    tokio::time::sleep(REFILL).await;
                    continue;
                }
                assert_eq!(answer.status(), 200, "{url}");
                let mut body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                let token = body["scroll_param"].as_str().map(str::to_owned);
                let Value::Array(rows) = body["data"].take() else { panic!("{url}: no data") };
                return Answer { rows, token };
            }
        })
    }

    /// Every row that the API serves: asked for from the last row's cursor on, inclusively, so that none is lost.
    pub fn rows(&self) -> Rows {
        let mut rows = Rows::new();
        let mut from = "0001-01-01T00:00:00Z".to_owned();
        loop {
            let page = self.page(&format!("updated_since={from}"));
            let before = rows.len();
            from = super::cursor(page.rows.last().unwrap()).to_owned();
            rows.extend(page.rows.into_iter().map(|row| (super::id(&row).to_owned(), row)));
            if page.token.is_none() {
                return rows;
            }
            assert!(rows.len() > before, "{from} fills a whole page");
        }
    }

    /// The same of a source where no two rows tie, however short its pages: asked for by token.
    pub fn untied_rows(&self) -> Rows {
        let mut pages = vec![self.page("")];
        while let Some(token) = &pages.last().unwrap().token {
            pages.push(self.page(&format!("scroll_param={token}")));
        }
        super::by_id(pages.into_iter().flat_map(|page| page.rows))
    }
}
