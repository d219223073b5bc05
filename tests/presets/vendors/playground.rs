//! The four ways of the playground.

use serde_json::{Value, json};

use super::terms::{must, rfc3339, takes, with};
use super::{PAGE, Vendor, World};
use crate::server::{Asked, Said, said};

pub const KEYSET: Vendor = Vendor {
    preset: "fivetran-api-playground",
    path: "/keyset",
    key: "id",
    row,
    tie: |row, other| with(row, other, "/updatedAt"),
    since: |asked| asked.get("updated_since").map(str::to_owned),
    answer: keyset,
    expired: None,
    error: || {
        (said(400, json!({"error": "Unexpected query parameters: foo"})), "Unexpected query parameters")
    },
};

pub const NEXT_URL: Vendor =
    Vendor { preset: "fivetran-api-playground-next-url", path: "/next", answer: next_url, ..KEYSET };

pub const PAGE_NUMBER: Vendor =
    Vendor { preset: "fivetran-api-playground-page-number", path: "/page", answer: page_number, ..KEYSET };

pub const OFFSET: Vendor =
    Vendor { preset: "fivetran-api-playground-offset", path: "/offset", answer: offset, ..KEYSET };

fn row(number: usize) -> Value {
    json!({"id": format!("u{number:03}"), "name": "n", "email": "e", "address": "a\nb", "company": "c", "job": "j",
        "createdAt": rfc3339(0), "updatedAt": rfc3339(number)})
}

fn refused(name: &str) -> Said {
    said(400, json!({"error": format!("Unexpected query parameters: {name}")}))
}

fn below(asked: &Asked) -> impl Fn(&Value) -> bool {
    let since = asked.get("updated_since").map(str::to_owned);
    move |row| since.as_deref().is_none_or(|since| row["updatedAt"].as_str().unwrap() >= since)
}

fn keyset(world: &World, asked: &Asked) -> Result<Said, Said> {
    takes(asked, &["updated_since", "scroll_param"], refused)?;
    let both = asked.query.len() > 1;
    must(!both, said(400, json!({"error": "You can only use 'updated_since' in first request"})))?;
    let after = asked.get("scroll_param").map(str::to_owned);
    let keep = |row: &Value| after.as_deref().is_none_or(|after| row["updatedAt"].as_str().unwrap() > after);
    let (rows, more) = world.page(0, |row| keep(row) && below(asked)(row));
    let token = more.and(rows.last()).map(|row| row["updatedAt"].clone());
    Ok(said(200, json!({"data": rows, "scroll_param": token})))
}

fn next_url(world: &World, asked: &Asked) -> Result<Said, Said> {
    takes(asked, &["order_by", "order_type", "per_page", "updated_since", "page"], refused)?;
    must(asked.get("per_page") == Some("50"), said(400, json!({"error": "Invalid value for 'per_page'."})))?;
    let page: usize = asked.get("page").map_or(1, |page| page.parse().unwrap());
    let (rows, more) = world.page((page - 1) * PAGE, below(asked));
    let next = more.map(|_| {
        let since =
            asked.get("updated_since").map(|since| format!("&updated_since={since}")).unwrap_or_default();
        format!(
            "http://{}/next?page={}&per_page=50&order_by=updatedAt&order_type=asc{since}",
            asked.header("host"),
            page + 1
        )
    });
    Ok(said(200, json!({"data": rows, "page": page, "per_page": 50, "next_page_url": next})))
}

fn page_number(world: &World, asked: &Asked) -> Result<Said, Said> {
    takes(asked, &["order_by", "order_type", "per_page", "page", "updated_since"], refused)?;
    let page: usize = asked.get("page").map_or(1, |page| page.parse().unwrap());
    must(page > 0, said(400, json!({"error": "Invalid value for 'page'."})))?;
    let (rows, _) = world.page((page - 1) * PAGE, below(asked));
    Ok(said(200, json!({"data": rows, "page": page, "page_size": 50})))
}

fn offset(world: &World, asked: &Asked) -> Result<Said, Said> {
    takes(asked, &["order_by", "order_type", "limit", "offset", "updated_since"], refused)?;
    let from: usize = asked.get("offset").map_or(0, |offset| offset.parse().unwrap());
    let (rows, _) = world.page(from, below(asked));
    Ok(said(200, json!({"data": rows, "offset": from, "limit": 50})))
}
