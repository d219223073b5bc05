//! A bearer token that is granted for a client's id and secret: fetched once for all requests, anew when it is no longer
//! taken, and never shown.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;

use std::sync::Arc;

use faulty::rig::limits;
use faulty::rows::{last_page, page};
use faulty::{Answer, Faulty};
use highwater::secret::Secret;
use highwater::source::grant::{Client, Grant};
use highwater::source::{Answer as Answered, Failure, KEYSET, Key, Source};
use highwater::walk::Request;

const ID: &str = "me@x";
const SECRET: &str = "canary-Xy7/+ Z";

fn source(server: &Faulty, authority: &Faulty, in_body: bool, scope: Option<&str>) -> Source {
    let client = Client { url: authority.url(), scope: scope.map(str::to_owned), in_body };
    let secret = Secret::new(format!("{ID}:{SECRET}")).unwrap_or_else(|why| panic!("{why}"));
    let grant = Grant::new(client, secret).unwrap();
    Source::new(server.url(), limits(), &KEYSET).unwrap().with(Some(Key::Granted(Arc::new(grant))))
}

async fn ask(source: &Source, token: &str) -> Result<Answered, Failure> {
    source.ask(&Request::Token(token.to_owned()), None).await
}

fn granted(token: &str) -> Answer {
    Answer::ok(format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600}}"#))
}

fn unauthorized() -> Answer {
    Answer::status("401 Unauthorized").body(r#"{"error":"expired"}"#)
}

/// The bearers that a server was asked with.
fn bearers(server: &Faulty) -> Vec<String> {
    let bearer = |head: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
        line.unwrap_or("none").to_owned()
    };
    server.asked().iter().map(|asked| bearer(&asked.head)).collect()
}

#[tokio::test]
async fn one_token_does_for_all_requests_and_the_client_shows_itself_to_the_authority_alone() {
    for (in_body, scope) in [(false, None), (true, Some("read:users more"))] {
        let (server, authority) = (
            Faulty::start([page([1], "a"), last_page([2])]).await,
            Faulty::start([granted("token-1")]).await,
        );
        let source = source(&server, &authority, in_body, scope);
        let (one, two) = tokio::join!(ask(&source, "s"), ask(&source, "t"));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(bearers(&server), ["token-1", "token-1"]);
        let [asked] = &authority.asked()[..] else { panic!("one fetches for both") };
        assert!(asked.head.starts_with("POST ") && asked.head.contains("application/x-www-form-urlencoded"));
        // base64 of `me%40x:canary-Xy7%2F%2B+Z`.
        let basic = "authorization: Basic bWUlNDB4OmNhbmFyeS1YeTclMkYlMkIrWg==";
        assert_eq!(asked.head.contains(basic), !in_body, "{}", asked.head);
        let body = match in_body {
            false => "grant_type=client_credentials",
            true => {
                "grant_type=client_credentials&scope=read%3Ausers+more&client_id=me%40x&client_secret=canary-Xy7%2F%2B+Z"
            }
        };
        assert_eq!(asked.body, body);
        assert!(server.asked().iter().all(|asked| !asked.head.contains("canary")));
    }
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_fetched_anew_once() {
    let server =
        Faulty::start([page([1], "a"), unauthorized(), page([2], "b"), unauthorized(), unauthorized()]).await;
    let authority = Faulty::start(["token-1", "token-2", "token-3"].map(granted)).await;
    let source = source(&server, &authority, false, None);
    assert!(ask(&source, "s").await.is_ok());
    assert!(ask(&source, "a").await.is_ok());
    let failure = ask(&source, "b").await.unwrap_err();
    assert!(matches!(failure, Failure::Status { code: 401, .. }), "{failure}");
    assert_eq!(bearers(&server), ["token-1", "token-1", "token-2", "token-2", "token-3"]);
}

#[tokio::test]
async fn what_the_authority_says_in_refusal_is_told_without_the_secret() {
    let said =
        |description: &str| format!(r#"{{"error":"invalid_client","error_description":"{description}"}}"#);
    for (answer, told, retried) in [
        (
            Answer::status("401 No").body(&said("no client canary-Xy7/+ Z")),
            "HTTP 401 invalid_client: no client",
            false,
        ),
        (Answer::status("400 No").body("<html>"), "HTTP 400", false),
        (Answer::status("503 No").body(""), "the token endpoint is in trouble: HTTP 503", true),
        (Answer::ok(r#"{"token":"token-1"}"#), "no JSON object with an `access_token`", false),
        (Answer::ok(r#"{"access_token":"token-1","token_type":"mac"}"#), r#"of the type "mac""#, false),
        (Answer::ok(r#"{"access_token":"a\nb c"}"#), "the token cannot be used", false),
    ] {
        let (server, authority) = (Faulty::start([last_page([1])]).await, Faulty::start([answer]).await);
        let failure = ask(&source(&server, &authority, false, None), "s").await.unwrap_err();
        let text = failure.to_string();
        assert!(text.contains(told) && !text.contains("canary"), "{text}");
        assert_eq!(failure.is_retryable(), retried, "{text}");
        assert!(
            !failure.may_mean_token(&KEYSET) && server.asked().is_empty(),
            "the source was not asked: {text}"
        );
    }
}

#[tokio::test]
async fn a_source_that_sends_its_token_back_has_it_covered_even_after_it_was_replaced() {
    let row = r#"{"data":[{"id":"1","name":"Bearer token-number-1 token-number-2"}],"scroll_param":null}"#;
    let server = Faulty::start([page([1], "a"), unauthorized(), Answer::ok(row)]).await;
    let authority = Faulty::start(["token-number-1", "token-number-2"].map(granted)).await;
    let source = source(&server, &authority, false, None);
    ask(&source, "s").await.unwrap();
    let answer = ask(&source, "a").await.unwrap();
    assert!(answer.covered);
    assert!(!String::from_utf8_lossy(&answer.body).contains("token-number"), "{:?}", answer.body);
    assert!(!format!("{source:?}").contains("canary"));
}

#[test]
fn a_secret_that_is_no_pair_is_refused_without_being_quoted() {
    let client = Client { url: "https://h/token".parse().unwrap(), scope: None, in_body: false };
    let secret = Secret::new("canary".to_owned()).unwrap_or_else(|why| panic!("{why}"));
    let why = Grant::new(client, secret).unwrap_err();
    assert!(why.contains("id:secret") && !why.contains("canary"), "{why}");
}
