//! The vendors: what each takes, and how it answers. The addresses of their documentation are in the presets.
//!
//! All of them have rows that were changed in the order of their numbers, a second apart, and answer with small pages;
//! whatever the documentation does not allow is refused as it says.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::CREDENTIAL;
use crate::server::{Asked, Said, said};

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
        let is_token = is_token(asked);
        if let Some(said) = self.refuse_token.take_if(|_| is_token) {
            return said;
        }
        (vendor.answer)(self, asked).unwrap_or_else(|refused| refused)
    }

    /// The rows from a place on that the filter leaves, and the place after them if there are more.
    fn page(&self, from: usize, keep: impl Fn(&Value) -> bool) -> (Vec<Value>, Option<usize>) {
        page(self.rows.iter().filter(|row| keep(row)).cloned().collect(), from)
    }
}

fn page(rows: Vec<Value>, from: usize) -> (Vec<Value>, Option<usize>) {
    let more = from + PAGE < rows.len();
    (rows.into_iter().skip(from).take(PAGE).collect(), more.then_some(from + PAGE))
}

/// What a token of any vendor's here has in it.
const MARK: &str = "t0ken";

fn is_token(asked: &Asked) -> bool {
    let counts = ["page", "offset"].iter().any(|name| asked.get(name).is_some());
    counts
        || asked.query.iter().any(|(_, value)| value.contains(MARK))
        || asked.body.to_string().contains(MARK)
}

/// A token that goes on at that place.
fn token(place: usize) -> String {
    format!("{MARK}-{place}")
}

/// The place that a token goes on at.
fn place(token: Option<&str>) -> usize {
    token.and_then(|token| token.strip_prefix(MARK)?.strip_prefix('-')?.parse().ok()).unwrap_or(0)
}

/// When the row of that number was changed.
fn time(number: usize) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::seconds(i64::try_from(number).unwrap())
}

fn rfc3339(number: usize) -> String {
    time(number).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Refuses what is not so.
fn must(holds: bool, refusal: Said) -> Result<(), Said> {
    if holds { Ok(()) } else { Err(refusal) }
}

/// Refuses every parameter but these.
fn takes(asked: &Asked, names: &[&str], refusal: impl Fn(&str) -> Said) -> Result<(), Said> {
    match asked.query.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(refusal(name)),
    }
}

fn is_bearer(asked: &Asked) -> bool {
    asked.header("authorization") == format!("Bearer {CREDENTIAL}")
}

fn is_basic(asked: &Asked) -> bool {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(CREDENTIAL);
    asked.header("authorization") == format!("Basic {pair}")
}

fn never(_: &Asked) -> Option<String> {
    None
}

fn no_tie(row: &Value, _: &Value) -> Value {
    row.clone()
}

/// The row with the other's value in a field.
fn with(row: &Value, other: &Value, pointer: &str) -> Value {
    let mut row = row.clone();
    *row.pointer_mut(pointer).unwrap() = other.pointer(pointer).unwrap().clone();
    row
}

pub const VENDORS: &[Vendor] = &[
    PLAYGROUND,
    Vendor {
        preset: "fivetran-api-playground-next-url",
        path: "/next",
        answer: playground::next_url,
        ..PLAYGROUND
    },
    Vendor {
        preset: "fivetran-api-playground-page-number",
        path: "/page",
        answer: playground::page_number,
        ..PLAYGROUND
    },
    Vendor {
        preset: "fivetran-api-playground-offset",
        path: "/offset",
        answer: playground::offset,
        ..PLAYGROUND
    },
    airtable::VENDOR,
    github::VENDOR,
    hubspot::VENDOR,
    intercom::VENDOR,
    klaviyo::VENDOR,
    notion::VENDOR,
    shopify::VENDOR,
    slack::VENDOR,
    square::VENDOR,
    stripe::VENDOR,
    twilio::VENDOR,
    zendesk::VENDOR,
];

const PLAYGROUND: Vendor = Vendor {
    preset: "fivetran-api-playground",
    path: "/keyset",
    key: "id",
    row: playground::row,
    tie: |row, other| with(row, other, "/updatedAt"),
    since: |asked| asked.get("updated_since").map(str::to_owned),
    answer: playground::keyset,
    expired: None,
    error: || {
        (said(400, json!({"error": "Unexpected query parameters: foo"})), "Unexpected query parameters")
    },
};

mod playground {
    use super::*;

    pub fn row(number: usize) -> Value {
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

    pub fn keyset(world: &World, asked: &Asked) -> Result<Said, Said> {
        takes(asked, &["updated_since", "scroll_param"], refused)?;
        let both = asked.query.len() > 1;
        must(!both, said(400, json!({"error": "You can only use 'updated_since' in first request"})))?;
        let after = asked.get("scroll_param").map(str::to_owned);
        let keep =
            |row: &Value| after.as_deref().is_none_or(|after| row["updatedAt"].as_str().unwrap() > after);
        let (rows, more) = world.page(0, |row| keep(row) && below(asked)(row));
        let token = more.and(rows.last()).map(|row| row["updatedAt"].clone());
        Ok(said(200, json!({"data": rows, "scroll_param": token})))
    }

    pub fn next_url(world: &World, asked: &Asked) -> Result<Said, Said> {
        takes(asked, &["order_by", "order_type", "per_page", "updated_since", "page"], refused)?;
        must(
            asked.get("per_page") == Some("50"),
            said(400, json!({"error": "Invalid value for 'per_page'."})),
        )?;
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

    pub fn page_number(world: &World, asked: &Asked) -> Result<Said, Said> {
        takes(asked, &["order_by", "order_type", "per_page", "page", "updated_since"], refused)?;
        let page: usize = asked.get("page").map_or(1, |page| page.parse().unwrap());
        must(page > 0, said(400, json!({"error": "Invalid value for 'page'."})))?;
        let (rows, _) = world.page((page - 1) * PAGE, below(asked));
        Ok(said(200, json!({"data": rows, "page": page, "page_size": 50})))
    }

    pub fn offset(world: &World, asked: &Asked) -> Result<Said, Said> {
        takes(asked, &["order_by", "order_type", "limit", "offset", "updated_since"], refused)?;
        let from: usize = asked.get("offset").map_or(0, |offset| offset.parse().unwrap());
        let (rows, _) = world.page(from, below(asked));
        Ok(said(200, json!({"data": rows, "offset": from, "limit": 50})))
    }
}

mod airtable {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "airtable-records",
        path: "/v0/appX/tblY",
        key: "id",
        row: |number| json!({"id": format!("rec{number:03}"), "createdTime": rfc3339(number), "fields": {"Name": "n"}}),
        tie: no_tie,
        since: never,
        answer,
        expired: Some(|| {
            said(
                422,
                json!({"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "message": "The iterator is gone"}}),
            )
        }),
        error: || (said(404, json!({"error": "NOT_FOUND"})), "NOT_FOUND"),
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(is_bearer(asked), said(401, json!({"error": {"type": "AUTHENTICATION_REQUIRED"}})))?;
        takes(asked, &["pageSize", "offset"], |_| {
            said(422, json!({"error": {"type": "INVALID_REQUEST_UNKNOWN"}}))
        })?;
        let (rows, more) = world.page(place(asked.get("offset")), |_| true);
        // Left out on the last page.
        Ok(said(
            200,
            match more {
                Some(more) => json!({"records": rows, "offset": token(more)}),
                None => json!({"records": rows}),
            },
        ))
    }
}

mod github {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
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
        answer,
        expired: None,
        error: || (said(401, json!({"message": "Bad credentials", "status": "401"})), "Bad credentials"),
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        let ours =
            asked.header("x-github-api-version") == "2022-11-28" && !asked.header("user-agent").is_empty();
        must(
            is_bearer(asked) && ours,
            said(403, json!({"message": "Request forbidden by administrative rules."})),
        )?;
        let sorted = asked.get("sort") == Some("updated") && asked.get("direction") == Some("asc");
        let all = asked.get("state") == Some("all") && asked.get("per_page") == Some("100");
        must(sorted && all, said(422, json!({"message": "Validation Failed"})))?;
        let since = instant(asked.get("since").unwrap());
        let from = place(asked.get("after"));
        let (rows, more) = world.page(from, |row| instant(row["updated_at"].as_str().unwrap()) >= since);
        let mut answer = said(200, json!(rows));
        if let Some(more) = more {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query
                .extend_pairs(asked.query.iter().filter(|(name, _)| name != "after"))
                .append_pair("after", &token(more));
            let link =
                format!("<http://{}{}?{}>; rel=\"next\"", asked.header("host"), asked.path, query.finish());
            answer.headers.push(("link", link));
        }
        Ok(answer)
    }
}

mod hubspot {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "hubspot-contacts",
        path: "/crm/v3/objects/contacts/search",
        key: "id",
        row: |number| {
            let changed = time(number).format("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            json!({"id": (100 + number).to_string(), "createdAt": rfc3339(0), "updatedAt": changed, "archived": false,
                "properties": {"email": "e@example.com", "firstname": "f", "lastname": "l", "phone": null,
                    "company": null, "lastmodifieddate": changed}})
        },
        tie: |row, other| with(row, other, "/properties/lastmodifieddate"),
        since: |asked| asked.body.pointer("/filterGroups/0/filters/0/value")?.as_str().map(str::to_owned),
        answer,
        expired: Some(|| said(400, json!({"status": "error", "message": "The after value is invalid"}))),
        error: || {
            let message = "Authentication credentials not found";
            (said(401, json!({"status": "error", "message": message})), message)
        },
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        let refused = |message: &str| said(400, json!({"status": "error", "message": message}));
        must(
            is_bearer(asked) && asked.method == "POST",
            said(401, json!({"message": "Authentication credentials not found"})),
        )?;
        let filter = asked.body.pointer("/filterGroups/0/filters/0").ok_or_else(|| refused("no filter"))?;
        must(
            filter["operator"] == "GTE" && filter["propertyName"] == "lastmodifieddate",
            refused("another filter"),
        )?;
        must(
            asked.body["limit"] == 200 && asked.body["sorts"][0]["direction"] == "ASCENDING",
            refused("no sort"),
        )?;
        let since: i64 = filter["value"]
            .as_str()
            .and_then(|since| since.parse().ok())
            .ok_or_else(|| refused("no milliseconds"))?;
        let changed =
            |row: &Value| instant(row["properties"]["lastmodifieddate"].as_str().unwrap()).timestamp_millis();
        let (rows, more) = world.page(place(asked.body["after"].as_str()), |row| changed(row) >= since);
        let mut body = json!({"total": world.rows.len(), "results": rows});
        if let Some(more) = more {
            body["paging"] = json!({"next": {"after": token(more)}});
        }
        Ok(said(200, body))
    }
}

mod intercom {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "intercom-companies",
        path: "/companies/scroll",
        key: "id",
        row: |number| {
            json!({"type": "company", "id": format!("c{number:03}"), "company_id": "x", "name": "n",
                "created_at": time(0).timestamp(), "updated_at": time(number).timestamp(), "monthly_spend": 0,
                "session_count": 1, "user_count": 1, "plan": {}, "tags": {}, "custom_attributes": {}})
        },
        tie: no_tie,
        since: never,
        answer,
        expired: Some(|| {
            let error = json!({"code": "not_found", "message": "scroll parameter not found"});
            said(404, json!({"type": "error.list", "errors": [error]}))
        }),
        error: || {
            let error = json!({"code": "unauthorized", "message": "Access Token Invalid"});
            (said(401, json!({"type": "error.list", "errors": [error]})), "Access Token Invalid")
        },
    };

    /// Every page has the token, the last one too; the end is a page without rows.
    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(is_bearer(asked), said(401, json!({"type": "error.list"})))?;
        takes(asked, &["scroll_param"], |_| said(400, json!({"type": "error.list"})))?;
        let from = place(asked.get("scroll_param"));
        let (rows, _) = world.page(from, |_| true);
        Ok(said(200, json!({"type": "list", "data": rows, "scroll_param": token(from + rows.len().max(1))})))
    }
}

mod klaviyo {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
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
        answer,
        expired: Some(|| said(400, json!({"errors": [{"code": "invalid", "title": "Invalid page cursor"}]}))),
        error: || {
            let error = json!({"status": 401, "code": "not_authenticated", "title": "Authentication credentials were not provided."});
            (said(401, json!({"errors": [error]})), "not_authenticated")
        },
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        let ours = asked.header("authorization") == CREDENTIAL && !asked.header("revision").is_empty();
        must(ours, said(401, json!({"errors": [{"code": "not_authenticated"}]})))?;
        let invalid = || said(400, json!({"errors": [{"code": "invalid"}]}));
        must(asked.get("sort") == Some("updated") && asked.get("page[size]") == Some("100"), invalid())?;
        let filter = asked
            .get("filter")
            .and_then(|filter| filter.strip_prefix("greater-than(updated,")?.strip_suffix(')'));
        let since = instant(filter.ok_or_else(invalid)?);
        let updated = |row: &Value| instant(row["attributes"]["updated"].as_str().unwrap());
        let (rows, more) = world.page(place(asked.get("page[cursor]")), |row| updated(row) > since);
        let next = more.map(|more| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(asked.query.iter().filter(|(name, _)| name != "page[cursor]"));
            query.append_pair("page[cursor]", &token(more));
            format!("http://{}{}?{}", asked.header("host"), asked.path, query.finish())
        });
        Ok(said(200, json!({"data": rows, "links": {"self": "x", "next": next, "prev": null}})))
    }
}

mod notion {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "notion-database",
        path: "/v1/databases/d/query",
        key: "id",
        row: |number| {
            // Cut to the minute: ten pages share each.
            let changed = time(number * 6).format("%Y-%m-%dT%H:%M:00.000Z").to_string();
            json!({"object": "page", "id": format!("p{number:03}"), "url": "u", "archived": false,
                "created_time": changed, "last_edited_time": changed, "parent": {}, "properties": {}})
        },
        tie: |row, other| with(row, other, "/last_edited_time"),
        since: |asked| {
            asked.body.pointer("/filter/last_edited_time/on_or_after")?.as_str().map(str::to_owned)
        },
        answer,
        expired: Some(|| {
            said(
                400,
                json!({"object": "error", "status": 400, "code": "validation_error",
                "message": "The start_cursor provided is invalid"}),
            )
        }),
        error: || {
            let message = "API token is invalid.";
            (said(401, json!({"object": "error", "code": "unauthorized", "message": message})), message)
        },
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        let ours =
            is_bearer(asked) && asked.header("notion-version") == "2022-06-28" && asked.method == "POST";
        must(ours, said(401, json!({"code": "unauthorized"})))?;
        let invalid = || said(400, json!({"code": "validation_error", "message": "body failed validation"}));
        must(
            asked.body["page_size"] == 100 && asked.body["sorts"][0]["direction"] == "ascending",
            invalid(),
        )?;
        let since = asked.body.pointer("/filter/last_edited_time/on_or_after").and_then(Value::as_str);
        let since = instant(since.ok_or_else(invalid)?);
        let changed = |row: &Value| instant(row["last_edited_time"].as_str().unwrap());
        let (rows, more) =
            world.page(place(asked.body["start_cursor"].as_str()), |row| changed(row) >= since);
        Ok(said(
            200,
            json!({"object": "list", "results": rows, "has_more": more.is_some(), "next_cursor": more.map(token)}),
        ))
    }
}

mod shopify {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
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
        answer,
        expired: Some(|| said(400, json!({"errors": {"page_info": "Invalid value."}}))),
        error: || {
            let message = "[API] Invalid API key or access token";
            (said(401, json!({"errors": message})), message)
        },
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(
            asked.header("x-shopify-access-token") == CREDENTIAL,
            said(401, json!({"errors": "[API] Invalid API key"})),
        )?;
        let wrong = |_: &str| said(400, json!({"errors": {"page_info": "Invalid value."}}));
        // Nothing but these goes along with a place.
        if asked.get("page_info").is_some() {
            takes(asked, &["limit", "fields", "page_info"], wrong)?;
        }
        let (since, from) = match asked.get("page_info").and_then(|info| info.split_once('~')) {
            Some((since, from)) => (since.to_owned(), place(Some(from))),
            None => (asked.get("updated_at_min").unwrap().to_owned(), 0),
        };
        let changed = |row: &Value| instant(row["updated_at"].as_str().unwrap());
        // By id, whatever changed when.
        let (rows, more) = world.page(from, |row| changed(row) >= instant(&since));
        let mut answer = said(200, json!({"products": rows}));
        if let Some(more) = more {
            let info = format!("{since}~{}", token(more));
            let link = format!(
                "<http://{}{}?limit=250&page_info={info}>; rel=\"next\"",
                asked.header("host"),
                asked.path
            );
            answer.headers.push(("link", link));
        }
        Ok(answer)
    }
}

mod slack {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "slack-users",
        path: "/api/users.list",
        key: "id",
        row: |number| {
            json!({"id": format!("U{number:03}"), "team_id": "T", "name": "n", "real_name": "r", "tz": null,
                "deleted": false, "is_bot": false, "is_admin": false, "updated": time(500 - number).timestamp(), "profile": {}})
        },
        tie: no_tie,
        since: never,
        answer,
        // With status 200, as all that Slack says.
        expired: Some(|| said(200, json!({"ok": false, "error": "invalid_cursor"}))),
        error: || (said(200, json!({"ok": false, "error": "missing_scope"})), "missing_scope"),
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(is_bearer(asked), said(200, json!({"ok": false, "error": "invalid_auth"})))?;
        must(asked.get("limit") == Some("200"), said(200, json!({"ok": false, "error": "limit_required"})))?;
        let (rows, more) = world.page(place(asked.get("cursor")), |_| true);
        let next = more.map_or_else(String::new, token);
        Ok(said(200, json!({"ok": true, "members": rows, "response_metadata": {"next_cursor": next}})))
    }
}

mod square {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "square-customers",
        path: "/v2/customers/search",
        key: "id",
        row: |number| {
            json!({"id": format!("Q{number:03}"), "given_name": "g", "email_address": "e", "version": number,
                "created_at": rfc3339(0), "updated_at": rfc3339(number), "preferences": {"email_unsubscribed": false}})
        },
        tie: no_tie,
        since: |asked| asked.body.pointer("/query/filter/updated_at/start_at")?.as_str().map(str::to_owned),
        answer,
        expired: Some(|| {
            let error =
                json!({"category": "INVALID_REQUEST_ERROR", "code": "INVALID_CURSOR", "field": "cursor"});
            said(400, json!({"errors": [error]}))
        }),
        error: || {
            let error = json!({"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"});
            (said(401, json!({"errors": [error]})), "AUTHENTICATION_ERROR")
        },
    };

    /// A cursor belongs to the query that it came with, which must go along unchanged.
    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(
            is_bearer(asked) && asked.method == "POST",
            said(401, json!({"errors": [{"code": "UNAUTHORIZED"}]})),
        )?;
        let wrong = || said(400, json!({"errors": [{"code": "BAD_REQUEST", "field": "query"}]}));
        must(asked.body["limit"] == 100, wrong())?;
        let since = asked
            .body
            .pointer("/query/filter/updated_at/start_at")
            .and_then(Value::as_str)
            .ok_or_else(wrong)?;
        let from = match asked.body["cursor"].as_str().map(|cursor| cursor.split_once('~').unwrap()) {
            Some((query, from)) if query == since => place(Some(from)),
            Some(_) => return Err(wrong()),
            None => 0,
        };
        let changed = |row: &Value| instant(row["updated_at"].as_str().unwrap());
        let (rows, more) = world.page(from, |row| changed(row) >= instant(since));
        let mut body = if rows.is_empty() { json!({}) } else { json!({"customers": rows}) };
        if let Some(more) = more {
            body["cursor"] = json!(format!("{since}~{}", token(more)));
        }
        Ok(said(200, body))
    }
}

mod stripe {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "stripe-customers",
        path: "/v1/customers",
        key: "id",
        row: |number| {
            json!({"id": format!("cus_{MARK}{number:03}"), "object": "customer", "created": time(number).timestamp(),
                "email": null, "name": null, "phone": null, "description": null, "balance": 0, "currency": "usd",
                "delinquent": false, "livemode": false, "address": null, "metadata": {}})
        },
        tie: no_tie,
        since: |asked| asked.get("created[gte]").map(str::to_owned),
        answer,
        expired: Some(|| {
            let message = "No such customer: 'cus_x'";
            said(
                400,
                json!({"error": {"code": "resource_missing", "message": message, "param": "starting_after"}}),
            )
        }),
        error: || {
            let message = "Invalid API Key provided: sk_test_***";
            (
                said(401, json!({"error": {"message": message, "type": "invalid_request_error"}})),
                "Invalid API Key provided",
            )
        },
    };

    /// The newest first; the last row's id is where the next page goes on.
    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(is_bearer(asked), said(401, json!({"error": {"message": "Invalid API Key provided"}})))?;
        let unknown = |name: &str| said(400, json!({"error": {"code": "parameter_unknown", "param": name}}));
        takes(asked, &["limit", "created[gte]", "starting_after"], unknown)?;
        let since: i64 = asked.get("created[gte]").unwrap().parse().unwrap();
        let rows = world.rows.iter().rev().filter(|row| row["created"].as_i64().unwrap() >= since);
        let rows: Vec<Value> = rows.cloned().collect();
        let from = match asked.get("starting_after") {
            None => 0,
            Some(id) => 1 + rows.iter().position(|row| row["id"] == id).unwrap(),
        };
        let (rows, more) = page(rows, from);
        Ok(said(
            200,
            json!({"object": "list", "data": rows, "has_more": more.is_some(), "url": "/v1/customers"}),
        ))
    }
}

mod twilio {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
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
        answer,
        expired: Some(|| said(400, json!({"code": 21481, "message": "Invalid PageToken", "status": 400}))),
        error: || {
            (said(401, json!({"code": 20003, "message": "Authenticate", "status": 401})), "Authenticate")
        },
    };

    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
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
}

mod zendesk {
    use super::*;

    pub const VENDOR: Vendor = Vendor {
        preset: "zendesk-tickets",
        path: "/api/v2/incremental/tickets/cursor.json",
        key: "id",
        row: |number| {
            json!({"id": 1 + number, "subject": "s", "description": "d", "status": "open", "priority": null, "type": null,
                "requester_id": 7, "assignee_id": null, "organization_id": null, "tags": [], "created_at": rfc3339(0),
                "updated_at": rfc3339(number), "generated_timestamp": time(number).timestamp()})
        },
        tie: |row, other| with(row, other, "/generated_timestamp"),
        since: |asked| asked.get("start_time").map(str::to_owned),
        answer,
        expired: Some(|| {
            said(400, json!({"error": "InvalidCursor", "description": "The cursor is invalid"}))
        }),
        error: || (said(401, json!({"error": "Couldn't authenticate you"})), "Couldn't authenticate you"),
    };

    /// The cursor comes with every page, the last one too; a flag says whether that is the last.
    fn answer(world: &World, asked: &Asked) -> Result<Said, Said> {
        must(is_basic(asked), said(401, json!({"error": "Couldn't authenticate you"})))?;
        let missing = || {
            said(400, json!({"error": "StartTimeMissing", "description": "You must provide a start_time"}))
        };
        let (since, from): (i64, usize) = match asked.get("cursor").and_then(|cursor| cursor.split_once('~'))
        {
            Some((since, from)) => (since.parse().unwrap(), place(Some(from))),
            None => (asked.get("start_time").and_then(|since| since.parse().ok()).ok_or_else(missing)?, 0),
        };
        let (rows, more) = world.page(from, |row| row["generated_timestamp"].as_i64().unwrap() >= since);
        let cursor = format!("{since}~{}", token(more.unwrap_or(from + rows.len())));
        Ok(said(200, json!({"tickets": rows, "after_cursor": cursor, "end_of_stream": more.is_none()})))
    }
}
