//! One request against a server that does everything wrong: what is read, what is refused, and in which words.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;

use std::time::Duration;

use faulty::rig::limits;
use faulty::rows::{last_page, users};
use faulty::squeeze::{brotli, gzip, zstd, zstd_with_window};
use faulty::{Answer, Faulty, nobody};
use highwater::exchange::Budget;
use highwater::record::{Cursor, Page};
use highwater::source::decode::Envelope;
use highwater::source::{Answer as Answered, Failure, KEYSET, Limits, Source};
use highwater::walk::Request;
use url::Url;

const SHORT: Duration = Duration::from_millis(50);

async fn ask_at(url: Url, limits: Limits, request: &Request) -> Result<Answered, Failure> {
    Source::new(url, limits, &KEYSET).unwrap().ask(request, None).await
}

async fn ask_within(answer: Answer, limits: Limits) -> Result<Answered, Failure> {
    let server = Faulty::start([answer]).await;
    ask_at(server.url(), limits, &Request::Token("t".to_owned())).await
}

async fn ask(answer: Answer) -> Result<Answered, Failure> {
    ask_within(answer, limits()).await
}

/// The page of an answer that is fetched whole.
async fn read(answer: Answer) -> Result<Page, Failure> {
    let body = ask(answer).await?.body;
    Ok(Envelope::read(&KEYSET, &body, &limits())?.into_page())
}

async fn refused(answer: Answer) -> Failure {
    match read(answer).await {
        Err(failure) => failure,
        Ok(page) => panic!("taken for a page: {page:?}"),
    }
}

fn body() -> String {
    format!(r#"{{"data":[{}],"scroll_param":"next"}}"#, users(1..=3).join(","))
}

#[tokio::test]
async fn bodies_come_in_every_encoding() {
    let plain = body();
    for (name, bytes) in
        [("gzip", gzip(plain.as_bytes())), ("zstd", zstd(plain.as_bytes())), ("br", brotli(plain.as_bytes()))]
    {
        let page = read(Answer::ok(bytes).header("Content-Encoding", name)).await;
        let page = page.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert_eq!((page.rows.len(), page.token.as_deref()), (3, Some("next")), "{name}");
    }
    assert_eq!(read(Answer::ok(&plain).chunked()).await.unwrap().rows.len(), 3);
}

/// A body packed in every way, by the name of each.
fn packed(body: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    [("gzip", gzip(body)), ("zstd", zstd(body)), ("br", brotli(body))]
}

#[tokio::test]
async fn a_compressed_body_that_is_broken_may_be_asked_for_again() {
    for (name, bytes) in packed(body().as_bytes()) {
        let cut = bytes[..bytes.len() - 1].to_owned();
        let mut garbled = bytes.clone();
        garbled[0] ^= 0x40;
        for bytes in [cut, garbled] {
            let failure = refused(Answer::ok(bytes).header("Content-Encoding", name)).await;
            assert!(matches!(failure, Failure::Cut(_)), "{name}: {failure:?}");
            assert!(failure.is_retryable());
        }
    }
    let failure = refused(Answer::ok(body()).header("Content-Encoding", "gzip, br")).await;
    assert!(matches!(failure, Failure::BadBody(_)), "{failure:?}");
    assert_eq!(
        failure.to_string(),
        r#"not a page: packed as "gzip, br", of which only gzip, br, zstd can be read"#
    );
}

#[tokio::test]
async fn a_body_is_never_longer_than_the_limit_whatever_it_was_packed_in() {
    let small = Limits { body: 10_000, ..limits() };
    let long = " ".repeat(10_001);
    let unpacked = |name, bytes: Vec<u8>| (name, Answer::ok(bytes).header("Content-Encoding", name));
    let answers = [("announced", Answer::ok(&long)), ("in chunks", Answer::ok(&long).chunked())];
    let answers =
        answers.into_iter().chain(packed(long.as_bytes()).map(|(name, bytes)| unpacked(name, bytes)));
    for (name, answer) in answers {
        let failure = ask_within(answer, small.clone()).await.unwrap_err();
        assert!(matches!(failure, Failure::TooLarge(_)), "{name}: {failure:?}");
        assert!(!failure.is_retryable(), "{name}: a second time it is as large");
        assert!(failure.to_string().contains("larger than 10000 bytes"), "{name}: {failure}");
    }
    assert!(ask_within(Answer::ok(&long[1..]), small.clone()).await.is_ok(), "the limit itself is allowed");
    for (name, bytes) in packed(&long.as_bytes()[1..]) {
        ask_within(unpacked(name, bytes).1, small.clone())
            .await
            .unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}

#[tokio::test]
async fn a_bomb_goes_off_nowhere() {
    let spaces = vec![b' '; 4 << 20];
    let wide = Limits { body: 64 << 20, ..limits() };
    for (name, bytes) in [("gzip", gzip(&spaces)), ("zstd", zstd(&spaces))] {
        assert!(bytes.len() < 5_000, "{name}: {} bytes on the wire", bytes.len());
        let (wire, answer) = (bytes.len() as u64, Answer::ok(bytes).header("Content-Encoding", name));
        let failure = ask_within(answer.clone(), wide.clone()).await.unwrap_err();
        assert!(failure.to_string().contains("more than 200 times its"), "{name}: {failure}");
        assert!(!failure.is_retryable(), "{name}");
        // At the very edge: the last byte that the ratio allows.
        let ratio = (spaces.len() as u64).div_ceil(wire);
        let edge = Limits { ratio, ..wide.clone() };
        assert_eq!(ask_within(answer.clone(), edge).await.unwrap().body.len(), spaces.len(), "{name}");
        let below = Limits { ratio: ratio - 1, ..wide.clone() };
        assert!(ask_within(answer, below).await.is_err(), "{name}");
    }
    let small = Answer::ok(gzip(&spaces[..1 << 20])).header("Content-Encoding", "gzip");
    let strict = Limits { ratio: 1, ..wide.clone() };
    assert!(ask_within(small, strict).await.is_ok(), "a body of 1 MiB is no bomb");
    let hungry = Answer::ok(zstd_with_window(&spaces, 27)).header("Content-Encoding", "zstd");
    let failure = ask_within(hungry, Limits { ratio: 100_000, ..wide }).await.unwrap_err();
    assert!(matches!(failure, Failure::Cut(_)), "a window of 128 MiB: {failure:?}");
}

#[tokio::test]
async fn of_an_errors_body_only_the_beginning_is_unpacked() {
    let bomb = gzip(&vec![b'!'; 4 << 20]);
    let answer = Answer::status("503 Busy").header("Content-Encoding", "gzip").bytes(&bomb);
    let Failure::Status { code: 503, body, .. } = ask(answer).await.unwrap_err() else { panic!("no status") };
    assert_eq!(body, format!("{}…", "!".repeat(200)));
}

#[tokio::test]
async fn a_page_has_no_more_rows_than_the_limit() {
    let answer = ask(last_page(1..=4)).await.unwrap();
    let failure = Envelope::read(&KEYSET, &answer.body, &Limits { rows: 3, ..limits() }).unwrap_err();
    assert_eq!(failure.to_string(), "more than 3 rows in one page (source.max_page_rows)");
    assert_eq!(
        Envelope::read(&KEYSET, &answer.body, &Limits { rows: 4, ..limits() })
            .unwrap()
            .into_page()
            .rows
            .len(),
        4
    );
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_a_page() {
    let whole = Answer::ok(body());
    for (name, answer) in [
        ("cut in the body", whole.clone().cut()),
        ("cut in a chunk", whole.clone().chunked().cut()),
        ("reset in the body", whole.reset()),
        ("reset in the headers", Answer::reset_in_headers()),
        ("reset at once", Answer::reset_at_once()),
    ] {
        let failure = refused(answer).await;
        assert!(matches!(failure, Failure::Cut(_)), "{name}: {failure:?}");
        assert!(failure.is_retryable(), "{name}: {failure:?}");
        assert!(!failure.to_string().contains("127.0.0.1"), "{name}: {failure}");
    }
}

#[tokio::test]
async fn silence_ends_at_the_limit_between_two_pieces() {
    for answer in [Answer::stall(), Answer::ok(body()).stall_midway()] {
        let failure = ask_within(answer, Limits { idle: SHORT, ..limits() }).await.unwrap_err();
        assert_eq!(failure.to_string(), "the next piece of the answer timed out after 50ms");
        assert!(failure.is_retryable());
    }
}

#[tokio::test]
async fn a_slow_drip_ends_at_the_limit_of_the_whole() {
    let answer = Answer::ok(body()).drip(Duration::from_millis(20));
    let limits = Limits { idle: Duration::from_secs(5), request: 4 * SHORT, ..limits() };
    let failure = ask_within(answer, limits).await.unwrap_err();
    assert_eq!(failure.to_string(), "the request timed out after 200ms");
}

#[tokio::test]
async fn no_server_is_no_connection() {
    let failure = ask_at(nobody().await, limits(), &Request::Token("t".to_owned())).await.unwrap_err();
    assert!(matches!(failure, Failure::Connect(_)), "{failure:?}");
    assert!(failure.is_retryable() && failure.remedy().contains("is running"), "{failure}");
}

#[tokio::test]
async fn what_is_no_page_is_told_with_its_beginning() {
    for (body, text) in [
        ("", "EOF while parsing"),
        ("<html><h1>Sign in</h1>", "it begins with \"<html><h1>Sign in</h1>\""),
        ("[]", "expected a JSON object"),
        ("null", "expected a JSON object"),
        ("{} {}", "trailing characters"),
        (r#"{"data":"none"}"#, "`data` is \"none\", not an array"),
        (r#"{"data":{"id":1}}"#, "`data` is {\"id\":1}, not an array"),
        (r#"{"data":false}"#, "`data` is false, not an array"),
        (r#"{"data":[],"scroll_param":7}"#, "`scroll_param` is 7, not a string"),
        (r#"{"data":[],"scroll_param":["a"]}"#, "`scroll_param` is [\"a\"], not a string"),
        (r#"{"data":[],"data":[]}"#, "two fields named `data`"),
        (r#"{"data":[{]}"#, "key must be a string"),
        ("\u{feff}{\"data\":[]}", "expected value"),
    ] {
        let failure = refused(Answer::ok(body)).await;
        assert!(matches!(failure, Failure::BadBody(_)) && failure.is_retryable(), "{body:?}: {failure:?}");
        assert!(failure.to_string().contains(text), "{body:?}: {failure}");
        assert!(failure.remedy().contains("keyset"), "{body:?}");
    }
    let failure = refused(Answer::ok(b"{\"data\":[\"\xff\"]}")).await;
    assert!(matches!(failure, Failure::BadBody(_)), "not UTF-8: {failure:?}");
}

#[tokio::test]
async fn no_rows_and_no_data_are_told_apart() {
    for (body, has_data, token) in [
        (r#"{"data":[]}"#, true, None),
        (r#"{"data":[],"scroll_param":null}"#, true, None),
        (r#"{"data":[],"scroll_param":""}"#, true, None),
        (r#"{"data":[],"scroll_param":"t"}"#, true, Some("t")),
        (r#"{"data":null,"scroll_param":"t"}"#, false, Some("t")),
        (r#"{"more":{"data":[1]}}"#, false, None),
    ] {
        let page = read(Answer::ok(body)).await.unwrap();
        assert_eq!((page.has_data, page.token.as_deref(), page.len()), (has_data, token, 0), "{body}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_with_its_own_words_made_safe() {
    let cases = [
        (
            "400 Bad Request",
            r#"{"error": "Invalid scroll_param value"}"#,
            "HTTP 400 Bad Request: Invalid scroll_param value",
            false,
        ),
        ("401 Unauthorized", "", "HTTP 401 Unauthorized", false),
        (
            "404 Not Found",
            "<h1>\u{1b}[31mno\u{7}</h1>",
            "HTTP 404 Not Found: <h1><U+001B>[31mno<U+0007></h1>",
            false,
        ),
        (
            "422 Unprocessable Entity",
            r#"{"error":"\u001b[2J"}"#,
            "HTTP 422 Unprocessable Entity: <U+001B>[2J",
            false,
        ),
        ("429 Too Many Requests", "slow down", "HTTP 429 Too Many Requests: slow down", true),
        ("500 Internal Server Error", "\r\n", "HTTP 500 Internal Server Error", true),
        ("503 Service Unavailable", "a\nb", "HTTP 503 Service Unavailable: a⏎b", true),
    ];
    for (status, body, text, again) in cases {
        let failure = refused(Answer::status(status).body(body)).await;
        assert_eq!(failure.to_string(), text);
        assert_eq!(failure.is_retryable(), again, "{status}");
    }
    let long = refused(Answer::status("500 Oh").body(&"x".repeat(1 << 20))).await.to_string();
    assert!(long.len() < 300, "{} bytes of it", long.len());
}

#[tokio::test]
async fn a_refusal_whose_body_never_comes_is_still_that_refusal() {
    let answer = Answer::status("503 Service Unavailable").body("never whole").stall_midway();
    let failure = ask_within(answer, Limits { idle: SHORT, ..limits() }).await.unwrap_err();
    assert!(matches!(failure, Failure::Status { code: 503, .. }), "{failure:?}");
}

#[tokio::test]
async fn retry_after_is_read_against_the_clock_of_the_source() {
    let date = "Sun, 06 Nov 1994 08:49:30 GMT";
    for (value, seconds) in [
        ("7", Some(7)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Some(7)),
        ("Sun Nov  6 08:49:37 1994", Some(7)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", None),
        ("soon", None),
    ] {
        let answer =
            Answer::status("429 Too Many Requests").header("Date", date).header("Retry-After", value);
        let failure = refused(answer).await;
        assert_eq!(failure.retry_after(), seconds.map(Duration::from_secs), "{value}");
    }
}

#[tokio::test]
async fn a_cursor_and_a_token_are_sent_as_they_came() {
    let server = Faulty::start([last_page([]), last_page([])]).await;
    let mut url = server.url();
    url.set_query(Some("tenant=7"));
    let cursor = "2026-01-01T00:00:00.000+01:00";
    let token = "a+b/c==&d=e é\u{0}";
    ask_at(url.clone(), limits(), &Request::Since(Cursor::parse(cursor).unwrap())).await.unwrap();
    ask_at(url, limits(), &Request::Token(token.to_owned())).await.unwrap();
    let expected = [format!("tenant=7&updated_since={cursor}"), format!("tenant=7&scroll_param={token}")];
    assert_eq!(server.queries(), expected);
}

#[tokio::test]
async fn an_answer_comes_with_what_was_asked_and_what_the_source_grants() {
    let server = Faulty::start([last_page([1])
        .header("Date", "Sun, 06 Nov 1994 08:49:30 GMT")
        .header("X-RateLimit-Limit", "60")
        .header("X-RateLimit-Remaining", "59")
        .header("X-RateLimit-Reset", "7")
        .header("Set-Cookie", "session=secret")])
    .await;
    let mut url = server.url();
    url.set_query(Some("key=secret"));
    let exchange = ask_at(url, limits(), &Request::Token("a b".to_owned())).await.unwrap().exchange;
    assert_eq!(exchange.url, format!("{}?key=***&scroll_param=a+b", server.url()));
    assert_eq!(exchange.status, 200);
    let names: Vec<&str> = exchange.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["date", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]);
    let budget = Budget { limit: Some(60), remaining: Some(59), reset_s: Some(7) };
    assert_eq!(exchange.budget, Some(budget));
}

#[tokio::test]
async fn a_time_at_which_a_limit_ends_is_counted_from_the_clock_of_the_source() {
    for (answer, left) in [
        (last_page([1]), Some(90)),
        (Answer::status("429 Too Many Requests"), Some(90)),
        (Answer::status("403 Forbidden"), Some(90)),
        (Answer::reset_at_once(), None),
    ] {
        // 2023-11-14T22:13:20Z is 1,700,000,000.
        let answer =
            answer.header("Date", "Tue, 14 Nov 2023 22:13:20 GMT").header("X-RateLimit-Reset", "1700000090");
        let budget = match ask(answer).await {
            Ok(answer) => answer.exchange.budget,
            Err(failure) => failure.budget(),
        };
        assert_eq!(budget.and_then(|budget| budget.reset_s), left);
    }
}

#[tokio::test]
async fn a_long_address_is_kept_in_part() {
    let server = Faulty::start([last_page([1])]).await;
    let token = "t".repeat(20_000);
    let answer = ask_at(server.url(), limits(), &Request::Token(token.clone())).await.unwrap();
    assert!(answer.exchange.url.len() < 1_200, "{}", answer.exchange.url.len());
    assert_eq!(server.queries(), [format!("scroll_param={token}")], "but sent whole");
}
