//! A client that counts: so many rows, and skip those that it has asked for already. As simple as most are written.

use reqwest::Client;
use serde::Deserialize;

use super::{Taken, words};
use crate::demo::judge::{Held, Reach};
use crate::demo::scenario::Order;
use crate::playground::Playground;

/// The client.
pub(super) struct Counter {
    client: Client,
    url: String,
    order: Order,
    limit: usize,
    offset: usize,
    held: Held,
    repeated: u64,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "updatedAt")]
    updated_at: String,
}

impl Counter {
    pub fn new(playground: &Playground, order: Order, limit: usize) -> reqwest::Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        let (held, url) = (Held::new(), playground.offset_url());
        Ok(Self { client, url, order, limit, offset: 0, held, repeated: 0 })
    }

    /// The next page. It is the last one if it is not full.
    pub async fn step(&mut self) -> Result<Taken, String> {
        let order = match self.order {
            Order::NewestFirst => "desc",
            Order::OldestFirst => "asc",
        };
        let url = format!("{}?order_type={order}&limit={}&offset={}", self.url, self.limit, self.offset);
        let response = self.client.get(url).send().await.map_err(|error| words(&error))?;
        let body = response.bytes().await.map_err(|error| words(&error))?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|error| words(&error))?;
        let note = format!("asked for {} rows after the first {}", self.limit, self.offset);
        let done = answer.data.len() < self.limit;
        self.offset += answer.data.len();
        for row in answer.data {
            let before = self.held.insert(row.id, row.updated_at.clone());
            self.repeated += u64::from(before.as_ref() == Some(&row.updated_at));
        }
        Ok(Taken {
            held: self.held.clone(),
            repeated: self.repeated,
            reach: if done { Reach::Everything } else { Reach::Places(self.offset, self.order) },
            done,
            note,
        })
    }
}
