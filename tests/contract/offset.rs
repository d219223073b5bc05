//! The endpoint that pages by offset: its answer, its defaults, its refusals.

use serde_json::Value;

use super::api::{Api, cursor, ids};

fn rows(body: &Value) -> Vec<Value> {
    body["data"].as_array().unwrap().clone()
}

async fn page(api: &Api, query: &str) -> Value {
    let answer = api.send("GET", &format!("{}?{query}", api.path("/pagination/offset"))).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    answer.json()
}

pub async fn it_has_defaults_and_counts_all_rows(api: Api) {
    let body = page(&api, "").await;
    let mut keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["data", "limit", "offset", "total"]);
    assert_eq!((&body["limit"], &body["offset"], &body["total"]), (&10.into(), &0.into(), &200.into()));
    assert_eq!(rows(&body), api.get("").await.rows()[..10]);
    assert_eq!(page(&api, "limit=x&offset=y").await, body);
}

pub async fn slices_follow_each_other(api: Api) {
    let all = ids(&api.all().await);
    for (query, expected) in [
        ("limit=50&offset=30", &all[30..80]),
        ("limit=50&offset=180", &all[180..]),
        ("limit=1&offset=200", &[]),
    ] {
        assert_eq!(ids(&rows(&page(&api, query).await)), expected, "{query}");
    }
    let newest: Vec<String> = all.iter().rev().skip(3).take(4).cloned().collect();
    assert_eq!(ids(&rows(&page(&api, "order_type=desc&limit=4&offset=3").await)), newest);
}

pub async fn they_may_be_ordered_by_creation_and_begin_at_a_time(api: Api) {
    let body = page(&api, "order_by=createdAt&limit=50").await;
    let created: Vec<String> =
        rows(&body).iter().map(|row| row["createdAt"].as_str().unwrap().to_owned()).collect();
    assert!(created.is_sorted(), "{created:?}");
    let all = api.all().await;
    let since = page(&api, &format!("updated_since={}", cursor(&all[150]))).await;
    assert_eq!((&since["total"], rows(&since)), (&50.into(), all[150..160].to_vec()));
}

pub async fn other_slices_are_refused(api: Api) {
    for (query, text) in [
        ("limit=0", "Invalid value for 'limit'. It should be between 1 and 50."),
        ("limit=51", "Invalid value for 'limit'. It should be between 1 and 50."),
        ("offset=-1", "Invalid value for 'offset'. It must be greater than or equal to 0."),
        ("order_by=id", "Invalid value for 'order_by'. Use 'createdAt' or 'updatedAt'"),
        ("order_type=down", "Invalid value for 'order_type'. Use 'asc' or 'desc'"),
        ("updated_since=x", "Invalid date format for 'updated_since'. Must end with 'Z' for UTC"),
        ("updated_since=xZ", "Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'"),
        ("page=2", "Unexpected query parameters: page"),
    ] {
        let answer = api.send("GET", &format!("{}?{query}", api.path("/pagination/offset"))).await;
        answer.is_error(400, text);
    }
}
