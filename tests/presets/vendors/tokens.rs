//! Vendors whose token is a word of its own in the body, which goes back in the address or in the next body.

use serde_json::{Value, json};

use super::terms::{
    MARK, changed, instant, is_basic, is_bearer, must, never, no_tie, page, place, recall, rfc3339, takes,
    time, token, token_for, with,
};
use super::{Vendor, World};
use crate::server::{Asked, Said, said};

pub const AIRTABLE: Vendor = Vendor {
    preset: "airtable-records",
    path: "/v0/appX/tblY",
    key: "id",
    row: |number| json!({"id": format!("rec{number:03}"), "createdTime": rfc3339(number), "fields": {"Name": "n"}}),
    tie: no_tie,
    since: never,
    answer: airtable,
    expired: Some(|| {
        said(
            422,
            json!({"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "message": "The iterator is gone"}}),
        )
    }),
    error: || (said(404, json!({"error": "NOT_FOUND"})), "NOT_FOUND"),
};

fn airtable(world: &World, asked: &Asked) -> Result<Said, Said> {
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

pub const HUBSPOT: Vendor = Vendor {
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
    answer: hubspot,
    expired: Some(|| said(400, json!({"status": "error", "message": "The after value is invalid"}))),
    error: || {
        let message = "Authentication credentials not found";
        (said(401, json!({"status": "error", "message": message})), message)
    },
};

fn hubspot(world: &World, asked: &Asked) -> Result<Said, Said> {
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
    let is_due = |row: &Value| changed(row, "/properties/lastmodifieddate").timestamp_millis() >= since;
    let (rows, more) = world.page(place(asked.body["after"].as_str()), is_due);
    let mut body = json!({"total": world.rows.len(), "results": rows});
    if let Some(more) = more {
        body["paging"] = json!({"next": {"after": token(more)}});
    }
    Ok(said(200, body))
}

pub const INTERCOM: Vendor = Vendor {
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
    answer: intercom,
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
fn intercom(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(is_bearer(asked), said(401, json!({"type": "error.list"})))?;
    takes(asked, &["scroll_param"], |_| said(400, json!({"type": "error.list"})))?;
    let from = place(asked.get("scroll_param"));
    let (rows, _) = world.page(from, |_| true);
    Ok(said(200, json!({"type": "list", "data": rows, "scroll_param": token(from + rows.len().max(1))})))
}

pub const NOTION: Vendor = Vendor {
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
    since: |asked| asked.body.pointer("/filter/last_edited_time/on_or_after")?.as_str().map(str::to_owned),
    answer: notion,
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

fn notion(world: &World, asked: &Asked) -> Result<Said, Said> {
    let ours = is_bearer(asked) && asked.header("notion-version") == "2022-06-28" && asked.method == "POST";
    must(ours, said(401, json!({"code": "unauthorized"})))?;
    let invalid = || said(400, json!({"code": "validation_error", "message": "body failed validation"}));
    must(asked.body["page_size"] == 100 && asked.body["sorts"][0]["direction"] == "ascending", invalid())?;
    let since = instant(&(NOTION.since)(asked).ok_or_else(invalid)?);
    let is_due = |row: &Value| changed(row, "/last_edited_time") >= since;
    let (rows, more) = world.page(place(asked.body["start_cursor"].as_str()), is_due);
    Ok(said(
        200,
        json!({"object": "list", "results": rows, "has_more": more.is_some(), "next_cursor": more.map(token)}),
    ))
}

pub const SLACK: Vendor = Vendor {
    preset: "slack-users",
    path: "/api/users.list",
    key: "id",
    row: |number| {
        json!({"id": format!("U{number:03}"), "team_id": "T", "name": "n", "real_name": "r", "tz": null,
            "deleted": false, "is_bot": false, "is_admin": false, "updated": time(500 - number).timestamp(), "profile": {}})
    },
    tie: no_tie,
    since: never,
    answer: slack,
    // With status 200, as all that Slack says.
    expired: Some(|| said(200, json!({"ok": false, "error": "invalid_cursor"}))),
    error: || (said(200, json!({"ok": false, "error": "missing_scope"})), "missing_scope"),
};

fn slack(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(is_bearer(asked), said(200, json!({"ok": false, "error": "invalid_auth"})))?;
    must(asked.get("limit") == Some("200"), said(200, json!({"ok": false, "error": "limit_required"})))?;
    let (rows, more) = world.page(place(asked.get("cursor")), |_| true);
    let next = more.map_or_else(String::new, token);
    Ok(said(200, json!({"ok": true, "members": rows, "response_metadata": {"next_cursor": next}})))
}

pub const SQUARE: Vendor = Vendor {
    preset: "square-customers",
    path: "/v2/customers/search",
    key: "id",
    row: |number| {
        json!({"id": format!("Q{number:03}"), "given_name": "g", "email_address": "e", "version": number,
            "created_at": rfc3339(0), "updated_at": rfc3339(number), "preferences": {"email_unsubscribed": false}})
    },
    tie: no_tie,
    since: |asked| asked.body.pointer("/query/filter/updated_at/start_at")?.as_str().map(str::to_owned),
    answer: square,
    expired: Some(|| {
        let error = json!({"category": "INVALID_REQUEST_ERROR", "code": "INVALID_CURSOR", "field": "cursor"});
        said(400, json!({"errors": [error]}))
    }),
    error: || {
        let error = json!({"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"});
        (said(401, json!({"errors": [error]})), "AUTHENTICATION_ERROR")
    },
};

/// A cursor belongs to the query that it came with, which must go along unchanged.
fn square(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(
        is_bearer(asked) && asked.method == "POST",
        said(401, json!({"errors": [{"code": "UNAUTHORIZED"}]})),
    )?;
    let wrong = || said(400, json!({"errors": [{"code": "BAD_REQUEST", "field": "query"}]}));
    must(asked.body["limit"] == 100, wrong())?;
    let since = (SQUARE.since)(asked).ok_or_else(wrong)?;
    let from = match asked.body["cursor"].as_str().map(recall) {
        Some((query, from)) if query == since => from,
        Some(_) => return Err(wrong()),
        None => 0,
    };
    let (rows, more) = world.page(from, |row| changed(row, "/updated_at") >= instant(&since));
    let mut body = if rows.is_empty() { json!({}) } else { json!({"customers": rows}) };
    if let Some(more) = more {
        body["cursor"] = json!(token_for(&since, more));
    }
    Ok(said(200, body))
}

pub const STRIPE: Vendor = Vendor {
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
    answer: stripe,
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
fn stripe(world: &World, asked: &Asked) -> Result<Said, Said> {
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
    Ok(said(200, json!({"object": "list", "data": rows, "has_more": more.is_some(), "url": "/v1/customers"})))
}

pub const ZENDESK: Vendor = Vendor {
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
    answer: zendesk,
    expired: Some(|| said(400, json!({"error": "InvalidCursor", "description": "The cursor is invalid"}))),
    error: || (said(401, json!({"error": "Couldn't authenticate you"})), "Couldn't authenticate you"),
};

/// The cursor comes with every page, the last one too; a flag says whether that is the last.
fn zendesk(world: &World, asked: &Asked) -> Result<Said, Said> {
    must(is_basic(asked), said(401, json!({"error": "Couldn't authenticate you"})))?;
    let missing =
        || said(400, json!({"error": "StartTimeMissing", "description": "You must provide a start_time"}));
    let (since, from) = match asked.get("cursor") {
        Some(cursor) => recall(cursor),
        None => (asked.get("start_time").ok_or_else(missing)?, 0),
    };
    let second: i64 = since.parse().map_err(|_| missing())?;
    let (rows, more) = world.page(from, |row| row["generated_timestamp"].as_i64().unwrap() >= second);
    let cursor = token_for(since, more.unwrap_or(from + rows.len()));
    Ok(said(200, json!({"tickets": rows, "after_cursor": cursor, "end_of_stream": more.is_none()})))
}
