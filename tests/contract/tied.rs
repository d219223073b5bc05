//! The hole in the contract: 200 rows, of which 30 share one cursor, ten before the first cut and twenty after it.

use std::collections::HashSet;

use super::api::{Api, cursor, ids};

pub async fn the_token_skips_the_rest_of_the_group(api: Api) {
    let mut query = "updated_since=0001-01-01T00:00:00Z".to_owned();
    let mut rows = Vec::new();
    loop {
        let answer = api.get(&query).await;
        rows.extend(answer.rows());
        let Some(token) = answer.token() else { break };
        query = format!("scroll_param={token}");
    }
    let ids: HashSet<String> = ids(&rows).into_iter().collect();
    assert_eq!(ids.len(), 180);
}

pub async fn the_cursor_finds_it(api: Api) {
    let all = api.all().await;
    assert_eq!(all.len(), 200);
    let shared = cursor(&all[49]);
    let places: Vec<usize> = (0..200).filter(|place| cursor(&all[*place]) == shared).collect();
    assert_eq!(places, (40..70).collect::<Vec<_>>());
}
