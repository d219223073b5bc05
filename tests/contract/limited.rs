//! The rate limit, with a capacity of five.

use std::time::Duration;

use super::api::{Answer, Api};

/// Long enough for the bucket to fill up, so that every check starts with five tokens.
async fn rest() {
    tokio::time::sleep(Duration::from_millis(600)).await;
}

fn number(answer: &Answer, header: &str) -> u32 {
    let value = answer.header(header).unwrap_or_else(|| panic!("{}: no {header}", answer.request));
    value.parse().unwrap_or_else(|_| panic!("{header}: {value}"))
}

/// One request after the other, until one is refused.
async fn exhaust(api: &Api) -> Vec<Answer> {
    rest().await;
    let mut answers = Vec::new();
    loop {
        let answer = api.get("").await;
        let refused = answer.status == 429;
        answers.push(answer);
        if refused {
            return answers;
        }
        assert!(answers.len() < 200, "nothing is refused");
    }
}

pub async fn answers_count_down(api: Api) {
    let answers = exhaust(&api).await;
    assert!(answers.len() > 5, "{} answers", answers.len());
    assert_eq!(number(&answers[0], "x-ratelimit-remaining"), 4);
    for answer in &answers {
        assert_eq!(number(answer, "x-ratelimit-limit"), 5);
        assert!(number(answer, "x-ratelimit-remaining") < 5);
        assert_eq!(number(answer, "x-ratelimit-reset"), 1);
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
    }
}

pub async fn a_burst_is_refused(api: Api) {
    let refused = exhaust(&api).await.pop().unwrap();
    refused.is_error(429, "Rate limit exceeded");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(refused.header("connection"), Some("close"));
}

pub async fn every_path_and_method_counts(api: Api) {
    rest().await;
    let other = api.send("GET", &api.path("/other")).await;
    assert_eq!((other.status, number(&other, "x-ratelimit-remaining")), (404, 4));
    let post = api.send("POST", &api.url("")).await;
    assert_eq!((post.status, number(&post, "x-ratelimit-limit")), (405, 5));
    exhaust(&api).await;
    for _ in 0..10 {
        let answer = api.send("POST", &api.path("/other")).await;
        if answer.status == 429 {
            return answer.is_error(429, "Rate limit exceeded");
        }
        assert_eq!(answer.status, 404);
    }
    panic!("other paths are never refused");
}

pub async fn after_a_second_it_answers_again(api: Api) {
    let refused = exhaust(&api).await.pop().unwrap();
    tokio::time::sleep(Duration::from_secs(number(&refused, "retry-after").into())).await;
    assert_eq!(api.get("").await.status, 200);
}
