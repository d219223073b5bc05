//! Vendors that give the address of the next page: in a header or in the body, whole or without its host.

use chrono::DateTime;
use serde_json::{Value, json};

use super::terms::{
    address, changed, instant, is_basic, is_bearer, linked, must, no_tie, page, place, recall, rfc3339,
    takes, time, token, token_for, with,
};
use super::{Vendor, World};
use crate::CREDENTIAL;
use crate::server::{Asked, Said, said};

pub const GITHUB: Vendor = Vendor {
    preset: "github-issues",
    path: "/repos/o/r/issues",
    key: "id",
    row: |number| {
        json!({"id": 1_000 + number, "number": number, "title": "t", "state": "open", "user": {"login": "l"},
            "body": null, "comments": 0, "labels": [], "assignees": [], "created_at": rfc3339(0),
            "updated_at": rfc3339(number), "closed_at": null})
    },
    tie: |row, other| with(row, other, "/updated_at"),
    since: |asked| asked.get("since").map(str::to_owned),
    answer: github,
    expired: None,
    error: || (said(401, json!({"message": "Bad credentials", "status": "401"})), "Bad credentials"),
};

fn github(world: &World, asked: &Asked) -> Result<Said, Said> {
    let ours = asked.header("x-github-api-version") == "2022-11-28" && !asked.header("user-agent").is_empty();
    must(
        is_bearer(asked) && ours,
        said(403, json!({"message": "Request forbidden by administrative rules."})),
    )?;
    let sorted = asked.get("sort") == Some("updated") && asked.get("direction") == Some("asc");
    let all = asked.get("state") == Some("all") && asked.get("per_page") == Some("100");
    must(sorted && all, said(422, json!({"message": "Validation Failed"})))?;
    let since = instant(asked.get("since").unwrap());
    let (rows, more) = world.page(place(asked.get("after")), |row| changed(row, "/updated_at") >= since);
    Ok(linked(json!(rows), more.map(|more| address(asked, "after", &token(more)))))
}

pub const KLAVIYO: Vendor = Vendor {
    preset: "klaviyo-profiles",
    path: "/api/profiles",
    key: "id",
    row: |number| {
        let changed = time(number).format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        json!({"type": "profile", "id": format!("p{number:03}"), "attributes": {"email": "e", "phone_number": null,
            "external_id": null, "first_name": "f", "last_name": "l", "created": changed, "updated": changed,
            "last_event_date": null, "location": {}, "properties": {}}})
    },
    tie: |row, other| with(row, other, "/attributes/updated"),
    since: |asked| asked.get("filter").map(str::to_owned),
    answer: klaviyo,
    expired: Some(|| said(400, json!({"errors": [{"code": "invalid", "title": "Invalid page cursor"}]}))),
    error: || {
        let error = json!({"status": 401, "code": "not_authenticated", "title": "Authentication credentials were not provided."});
        (said(401, json!({"errors": [error]})), "not_authenticated")
    },
};

fn klaviyo(world: &World, asked: &Asked) -> Result<Said, Said> {
    let ours = asked.header("authorization") == CREDENTIAL && !asked.header("revision").is_empty();
    must(ours, said(401, json!({"errors": [{"code": "not_authenticated"}]})))?;
    let invalid = || said(400, json!({"errors": [{"code": "invalid"}]}));
    must(asked.get("sort") == Some("updated") && asked.get("page[size]") == Some("100"), invalid())?;
    let filter = asked
        .get("filter")
        .and_then(|filter| filter.strip_prefix("greater-than(updated,")?.strip_suffix(')'));
    let since = instant(filter.ok_or_else(invalid)?);
    let is_due = |row: &Value| changed(row, "/attributes/updated") > since;
    let (rows, more) = world.page(place(asked.get("page[cursor]")), is_due);
    let next = more.map(|more| address(asked, "page[cursor]", &token(more)));
    Ok(said(200, json!({"data": rows, "links": {"self": "x", "next": next, "prev": null}})))
}

pub const SHOPIFY: Vendor = Vendor {
    preset: "shopify-products",
    path: "/admin/api/2025-01/products.json",
    key: "id",
    row: |number| {
        json!({"id": 5_000 + number, "title": "t", "handle": "h", "vendor": "v", "product_type": "", "status": "active",
            "tags": "", "body_html": null, "created_at": rfc3339(0), "updated_at": rfc3339(number),
            "published_at": null, "variants": [], "options": [], "images": []})
    },
    tie: no_tie,
    since: |asked| asked.get("updated_at_min").map(str::to_owned),
    answer: shopify,
    expired: Some(|| said(400, json!({"errors": {"page_info": "Invalid value."}}))),
    error: || {
        let message = "[API] Invalid API key or access token";
        (said(401, json!({"errors": message})), message)
    },
};

fn shopify(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(
        asked.header("x-shopify-access-token") == CREDENTIAL,
        said(401, json!({"errors": "[API] Invalid API key"})),
    )?;
    let wrong = |_: &str| said(400, json!({"errors": {"page_info": "Invalid value."}}));
    // Nothing but these goes along with a place.
    if asked.get("page_info").is_some() {
        takes(asked, &["limit", "fields", "page_info"], wrong)?;
    }
    let (since, from) = match asked.get("page_info") {
        Some(info) => recall(info),
        None => (asked.get("updated_at_min").unwrap(), 0),
    };
    // By id, whatever changed when.
    let (rows, more) = world.page(from, |row| changed(row, "/updated_at") >= instant(since));
    let next = more.map(|more| {
        let info = token_for(since, more);
        format!("http://{}{}?limit=250&page_info={info}", asked.header("host"), asked.path)
    });
    Ok(linked(json!({"products": rows}), next))
}

pub const TWILIO: Vendor = Vendor {
    preset: "twilio-messages",
    path: "/2010-04-01/Accounts/AC/Messages.json",
    key: "sid",
    row: |number| {
        // A day apart: it is asked by the day.
        let sent = time(number * 86_400).to_rfc2822();
        json!({"sid": format!("SM{number:03}"), "from": "+1", "to": "+2", "body": "b", "status": "delivered",
            "direction": "inbound", "num_segments": "1", "price": null, "price_unit": "USD", "error_code": null,
            "date_created": sent, "date_sent": sent, "date_updated": sent})
    },
    tie: no_tie,
    since: |asked| asked.get("DateSent>").map(str::to_owned),
    answer: twilio,
    expired: Some(|| said(400, json!({"code": 21481, "message": "Invalid PageToken", "status": 400}))),
    error: || (said(401, json!({"code": 20003, "message": "Authenticate", "status": 401})), "Authenticate"),
};

fn twilio(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(is_basic(asked), said(401, json!({"code": 20003, "message": "Authenticate"})))?;
    let unknown = |_: &str| said(400, json!({"code": 20001, "message": "Unknown parameters"}));
    takes(asked, &["PageSize", "DateSent>", "Page", "PageToken"], unknown)?;
    let since = asked.get("DateSent>").unwrap();
    let sent = |row: &Value| {
        DateTime::parse_from_rfc2822(row["date_sent"].as_str().unwrap())
            .unwrap()
            .format("%Y-%m-%d")
            .to_string()
    };
    let rows: Vec<Value> =
        world.rows.iter().rev().filter(|row| sent(row).as_str() >= since).cloned().collect();
    let (rows, more) = page(rows, place(asked.get("PageToken")));
    let next = more.map(|more| {
        format!("{}?PageSize=1000&DateSent%3E={since}&Page=1&PageToken={}", asked.path, token(more))
    });
    Ok(said(200, json!({"messages": rows, "page_size": 1000, "next_page_uri": next})))
}
