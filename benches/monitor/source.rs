//! The source that the binary syncs from: the built-in API, in this process, so that every program meets the same one.

use std::time::Duration;

use highwater::playground::{Options, Playground};
use tokio::runtime::Runtime;

use super::Fault;

/// A server, and the runtime that it lives in.
pub struct Source {
    playground: Playground,
    _runtime: Runtime,
}

impl Source {
    /// Serves users who never change, in pages of that size.
    pub fn start(users: usize, page_size: usize, latency: Duration) -> Result<Self, Fault> {
        let runtime = Runtime::new()?;
        let options = Options { users, page_size, latency, frozen: true, ..Options::default() };
        let playground = runtime.block_on(Playground::start(options, None))?;
        Ok(Self { playground, _runtime: runtime })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.playground.url()
    }

    /// How many requests it was sent.
    pub fn requests(&self) -> u64 {
        self.playground.requests()
    }
}
