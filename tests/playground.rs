//! The built-in playground's troubles, from the other end of the socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

// The contract's client, of which this uses a part.
#[allow(dead_code)]
mod contract {
    pub mod api;
}

use std::collections::HashSet;
use std::time::Duration;

use contract::api::{Answer, Api, cursor, ids};
use highwater::playground::{Ailment, Disorder, Expiry, Fault, Growth, Options, Playground, Troubles, When};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn troubled(troubles: Troubles) -> (Playground, Api) {
    let options = Options { frozen: true, troubles, ..Options::default() };
    let playground = Playground::start(options, None).await.unwrap();
    let api = Api::new(playground.url());
    (playground, api)
}

async fn failing(what: Ailment) -> (Playground, Api) {
    let when = When::Requests(vec![2]);
    troubled(Troubles { faults: vec![Fault { when, what }], ..Troubles::default() }).await
}

/// The bytes of an answer, and how they end.
async fn raw(playground: &Playground) -> (Vec<u8>, std::io::Result<usize>) {
    let address = playground.url().replace("http://", "").replace("/pagination/keyset", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream
        .write_all(format!("GET /pagination/keyset HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (bytes, end)
}

/// What was promised of a body, and what came of it.
fn body(bytes: &[u8]) -> (usize, usize) {
    let text = String::from_utf8_lossy(bytes);
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), bytes.len() - head.len() - 4)
}

/// Every row that following the tokens brings.
async fn followed(api: &Api) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut query = String::new();
    loop {
        let answer = api.get(&query).await;
        rows.extend(answer.rows());
        let Some(token) = answer.token() else { return rows };
        query = format!("scroll_param={token}");
    }
}

fn offset_rows(answer: &Answer) -> Vec<Value> {
    answer.json()["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn refusals_come_at_their_request_and_the_next_is_answered() {
    let (_playground, api) = failing(Ailment::RateLimited { retry_after: Some(3) }).await;
    let first = api.get("").await.rows();
    let refused = api.get("").await;
    refused.is_error(429, "Rate limit exceeded");
    assert_eq!(refused.header("retry-after"), Some("3"));
    assert_eq!(api.get("").await.rows(), first);

    let (_playground, api) = failing(Ailment::Unavailable).await;
    api.get("").await;
    api.get("").await.is_error(503, "Service temporarily unavailable");
    assert_eq!(api.get("").await.status, 200);
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_its_length_and_ends_in_order() {
    let (playground, api) = failing(Ailment::Cut).await;
    api.get("").await;
    let (bytes, end) = raw(&playground).await;
    end.unwrap();
    let (promised, came) = body(&bytes);
    assert_eq!(came, promised / 2);
    assert_eq!(api.get("").await.status, 200);
}

#[tokio::test]
async fn a_reset_is_no_end_in_order() {
    for what in [Ailment::Reset, Ailment::ResetMidway] {
        let (playground, api) = failing(what).await;
        api.get("").await;
        let (bytes, end) = raw(&playground).await;
        let error = end.expect_err("no reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{what:?}: {error}");
        // What was sent before may have been thrown away on its way, but never is it the whole.
        let whole = bytes.windows(4).any(|end| end == b"\r\n\r\n") && body(&bytes).0 == body(&bytes).1;
        assert!(!whole, "{what:?}");
        assert_eq!(api.get("").await.status, 200);
    }
}

#[tokio::test]
async fn a_malformed_body_is_whole_and_no_json() {
    let (playground, api) = failing(Ailment::Malformed).await;
    api.get("").await;
    let (bytes, end) = raw(&playground).await;
    end.unwrap();
    let (promised, came) = body(&bytes);
    assert_eq!(came, promised);
    assert!(serde_json::from_slice::<Value>(&bytes[bytes.len() - came..]).is_err());
}

#[tokio::test]
async fn a_token_expires_by_requests_or_by_age_and_then_reads_as_invalid() {
    let expiry = Some(Expiry::Requests(1));
    let (_playground, api) = troubled(Troubles { expiry, ..Troubles::default() }).await;
    let query = format!("scroll_param={}", api.get("").await.token().unwrap());
    assert_eq!(api.get(&query).await.status, 200);
    api.get(&query).await.is_error(400, "Invalid scroll_param value");
    // Asked by cursor, the same rows come, and a token that is good again.
    let last = cursor(&api.get("").await.rows()[49]);
    assert_eq!(api.get(&format!("updated_since={last}")).await.status, 200);

    let expiry = Some(Expiry::Age(Duration::ZERO));
    let (_playground, api) = troubled(Troubles { expiry, ..Troubles::default() }).await;
    let query = format!("scroll_param={}", api.get("").await.token().unwrap());
    api.get(&query).await.is_error(400, "Invalid scroll_param value");
}

#[tokio::test]
async fn a_growing_playground_is_read_whole_by_cursor_and_not_by_offset() {
    let growth = Some(Growth { from: 2, until: 4, inserts: 2, updates: 4 });
    let troubles = Troubles { growth, ..Troubles::default() };
    let (playground, api) = troubled(troubles.clone()).await;
    let rows = followed(&api).await;
    let versions = playground.versions();
    assert_eq!(versions.len(), 206);
    let last: std::collections::HashMap<&str, &str> =
        rows.iter().map(|row| (row["id"].as_str().unwrap(), row["updatedAt"].as_str().unwrap())).collect();
    for version in &versions {
        assert_eq!(last.get(version.id.as_str()), Some(&version.updated_at.as_str()));
    }
    assert!(versions.windows(2).all(|pair| pair[0].updated_at < pair[1].updated_at));

    let (playground, _) = troubled(troubles).await;
    let api = Api::new(playground.offset_url());
    let (mut seen, mut sent) = (HashSet::new(), 0);
    for page in 0.. {
        let answer = api.get(&format!("order_type=desc&limit=50&offset={}", page * 50)).await;
        let rows = offset_rows(&answer);
        if rows.is_empty() {
            break;
        }
        sent += rows.len();
        seen.extend(ids(&rows));
    }
    assert!(sent > seen.len(), "nothing was repeated");
    assert!(playground.versions().iter().any(|row| !seen.contains(&row.id)), "nothing was skipped");
}

#[tokio::test]
async fn a_change_brings_new_values_and_the_people_who_come_are_new() {
    let growth = Some(Growth { from: 1, until: 1, inserts: 1, updates: 1 });
    let (_still, api) = troubled(Troubles::default()).await;
    let before = api.all().await;
    let (_grown, api) = troubled(Troubles { growth, ..Troubles::default() }).await;
    let after = api.all().await;
    assert_eq!(after.len(), 201);
    let (changed, new) = (&after[199], &after[200]);
    assert!(before.iter().all(|row| row["id"] != new["id"]));
    let old = before.iter().find(|row| row["id"] == changed["id"]).unwrap();
    assert!(["email", "address", "company", "job"].iter().any(|field| old[field] != changed[field]));
    let others: Vec<_> = before.iter().filter(|row| *row != old).cloned().collect();
    assert_eq!(others, after[..199]);
}

#[tokio::test]
async fn late_rows_break_the_order_and_none_is_lost_to_the_token() {
    let disorder = Some(Disorder { after: 60, every: 39, by: 4 });
    let (playground, api) = troubled(Troubles { disorder, ..Troubles::default() }).await;
    let rows = followed(&api).await;
    let (sent, all): (HashSet<_>, HashSet<_>) =
        (ids(&rows).into_iter().collect(), playground.versions().into_iter().map(|row| row.id).collect());
    assert_eq!(sent, all);
    let inversions: Vec<usize> =
        (1..200).filter(|place| cursor(&rows[*place]) < cursor(&rows[place - 1])).collect();
    assert_eq!(inversions, [64, 103, 142, 181]);
    // By cursor, a late row is left out as soon as it lies below.
    let since = cursor(&rows[63]);
    let anchored = api.get(&format!("updated_since={since}")).await.rows();
    assert!(!ids(&anchored).contains(&ids(&rows)[64]));
}
