//! The vendors: what each takes, and how it answers. The addresses of their documentation are in the presets.
//!
//! All of them have rows that were changed in the order of their numbers, a second apart, and answer with small pages;
//! whatever the documentation does not allow is refused as it says. They stand by the way in which they give the next page.

mod links;
mod playground;
mod terms;
mod tokens;

use serde_json::Value;

use crate::server::{Asked, Said};

/// Rows a page, less than anyone asks for: every vendor may send fewer.
pub const PAGE: usize = 50;

/// A vendor's server.
pub struct Vendor {
    pub preset: &'static str,
    pub path: &'static str,
    /// The name of the primary key in a row.
    pub key: &'static str,
    /// A row by its number.
    pub row: fn(usize) -> Value,
    /// A row that was changed when the other was.
    pub tie: fn(&Value, &Value) -> Value,
    /// What a request asks from, if it does.
    pub since: fn(&Asked) -> Option<String>,
    pub answer: fn(&World, &Asked) -> Result<Said, Said>,
    /// How it refuses a token that has expired, if tokens do.
    pub expired: Option<fn() -> Said>,
    /// An error, and words of it.
    pub error: fn() -> (Said, &'static str),
}

#[derive(Default)]
pub struct World {
    pub rows: Vec<Value>,
    /// Answers the next request with a token.
    pub refuse_token: Option<Said>,
    /// Answers every request.
    pub refuse_all: Option<Said>,
}

impl World {
    pub fn answer(&mut self, vendor: &Vendor, asked: &Asked) -> Said {
        if let Some(said) = &self.refuse_all {
            return said.clone();
        }
        let is_token = terms::is_token(asked);
        if let Some(said) = self.refuse_token.take_if(|_| is_token) {
            return said;
        }
        (vendor.answer)(self, asked).unwrap_or_else(|refused| refused)
    }

    /// The rows from a place on that the filter leaves, and the place after them if there are more.
    fn page(&self, from: usize, keep: impl Fn(&Value) -> bool) -> (Vec<Value>, Option<usize>) {
        terms::page(self.rows.iter().filter(|row| keep(row)).cloned().collect(), from)
    }
}

pub const VENDORS: &[Vendor] = &[
    playground::KEYSET,
    playground::NEXT_URL,
    playground::PAGE_NUMBER,
    playground::OFFSET,
    tokens::AIRTABLE,
    links::GITHUB,
    tokens::HUBSPOT,
    tokens::INTERCOM,
    links::KLAVIYO,
    tokens::NOTION,
    links::SHOPIFY,
    tokens::SLACK,
    tokens::SQUARE,
    tokens::STRIPE,
    links::TWILIO,
    tokens::ZENDESK,
];
