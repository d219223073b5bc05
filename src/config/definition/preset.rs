//! The presets: definitions that come with the program, one a file in `assets/sources`.

use std::path::Path;

use toml::de::DeTable;

use super::written::Written;
use crate::config::file::Origin;
use crate::config::problem::Place;

/// Each preset's name, and its file's text.
pub const PRESETS: &[(&str, &str)] = &[
    ("fivetran-api-playground", include_str!("../../../assets/sources/fivetran-api-playground.toml")),
    (
        "fivetran-api-playground-next-url",
        include_str!("../../../assets/sources/fivetran-api-playground-next-url.toml"),
    ),
    (
        "fivetran-api-playground-page-number",
        include_str!("../../../assets/sources/fivetran-api-playground-page-number.toml"),
    ),
    (
        "fivetran-api-playground-offset",
        include_str!("../../../assets/sources/fivetran-api-playground-offset.toml"),
    ),
    ("airtable-records", include_str!("../../../assets/sources/airtable-records.toml")),
    ("github-issues", include_str!("../../../assets/sources/github-issues.toml")),
    ("hubspot-contacts", include_str!("../../../assets/sources/hubspot-contacts.toml")),
    ("intercom-companies", include_str!("../../../assets/sources/intercom-companies.toml")),
    ("klaviyo-profiles", include_str!("../../../assets/sources/klaviyo-profiles.toml")),
    ("notion-database", include_str!("../../../assets/sources/notion-database.toml")),
    ("shopify-products", include_str!("../../../assets/sources/shopify-products.toml")),
    ("slack-users", include_str!("../../../assets/sources/slack-users.toml")),
    ("square-customers", include_str!("../../../assets/sources/square-customers.toml")),
    ("stripe-customers", include_str!("../../../assets/sources/stripe-customers.toml")),
    ("twilio-messages", include_str!("../../../assets/sources/twilio-messages.toml")),
    ("zendesk-tickets", include_str!("../../../assets/sources/zendesk-tickets.toml")),
];

/// A preset as it is written.
pub(in crate::config) fn written(name: &str) -> Option<Written> {
    let (name, text) = PRESETS.iter().find(|(preset, _)| *preset == name)?;
    let path = format!("assets/sources/{name}.toml");
    let origin = Origin { path: Path::new(&path), text };
    let table = DeTable::parse(text).ok()?;
    let place = Place::File { path: path.clone().into(), line: None };
    Some(Written::read(&origin, table.get_ref(), place).0)
}

/// Why there is no preset of that name.
pub(in crate::config) fn unknown(name: &str) -> String {
    let names = PRESETS.iter().map(|(name, _)| *name);
    match crate::config::nearest(name, names) {
        Some(right) => format!("there is no such preset; did you mean \"{right}\"?"),
        None => "there is no such preset; `highwater source list` lists them".to_owned(),
    }
}
