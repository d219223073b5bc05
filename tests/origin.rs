//! Whom a source may lead to, and what goes along: redirects within the origin and nowhere else, a credential that
//! nobody else gets, and headers within their limit.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;

use std::sync::Arc;

use faulty::rig::limits;
use faulty::rows::last_page;
use faulty::{Answer, Faulty};
use highwater::secret::Secret;
use highwater::source::{Answer as Answered, Auth, Credential, Failure, KEYSET, Key, Limits, Source};
use highwater::walk::Request;
use reqwest::header::HeaderName;

const KEY: &str = "me:canary-Xy7/+";

fn source(server: &Faulty, auth: Option<Auth>) -> Source {
    let credential =
        auth.map(|auth| Credential::new(auth, Secret::new(KEY.to_owned()).unwrap_or_else(|_| panic!())));
    let key = credential.map(|credential| Key::Own(Arc::new(credential)));
    Source::new(server.url(), limits(), &KEYSET).unwrap().with(key)
}

async fn ask(source: &Source) -> Result<Answered, Failure> {
    source.ask(&Request::Token("t".to_owned()), None).await
}

fn redirect(code: u16, to: &str) -> Answer {
    Answer::status(&format!("{code} Elsewhere")).header("Location", to)
}

/// What a server got beside the request line, one line for each header of the credential's.
fn heads(server: &Faulty) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.head).collect()
}

#[tokio::test]
async fn redirects_within_the_origin_are_followed_and_shown() {
    for code in [301, 302, 303, 307, 308] {
        let server = Faulty::start([redirect(code, "/v2/users?scroll_param=t&x=1"), last_page(1..=2)]).await;
        let answer = ask(&source(&server, Some(Auth::Bearer))).await.unwrap();
        assert_eq!(server.queries(), ["scroll_param=t", "scroll_param=t&x=1"], "{code}");
        let hop = answer.exchange.headers.iter().find(|(name, _)| name == "location");
        let shown = server.url().join("/v2/users?scroll_param=***&x=***").unwrap();
        assert_eq!(hop.unwrap().1, shown.as_str());
        for head in heads(&server) {
            assert!(head.contains(&format!("authorization: Bearer {KEY}")), "{head}");
        }
    }
}

#[tokio::test]
async fn a_redirect_elsewhere_is_refused_and_the_other_hears_nothing() {
    let other = Faulty::start([last_page(1..=1)]).await;
    let server = Faulty::start([]).await;
    let here = server.url();
    let (port, target) = (here.port().unwrap(), other.url());
    for (to, named) in [
        (target.to_string(), target.to_string()),
        (format!("//{}/users", target.authority()), target.to_string()),
        (
            format!("http://127.0.0.1:{port}@{}/users", target.authority()),
            format!("***@{}", target.authority()),
        ),
        (format!("http://me@127.0.0.1:{port}/users"), "***@".to_owned()),
        (format!("https://127.0.0.1:{port}/users?key=unsaid"), "https://127.0.0.1".to_owned()),
        ("http://[oops?key=unsaid".to_owned(), "http://[oops: that is no address".to_owned()),
        (format!("http://localhost:{port}/users"), "localhost".to_owned()),
        (format!("https://127.0.0.1:{port}/users"), "https".to_owned()),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "169.254".to_owned()),
        ("file:///etc/passwd".to_owned(), "file".to_owned()),
        ("http://[oops".to_owned(), "no address".to_owned()),
        (String::new(), "nowhere".to_owned()),
    ] {
        server.then([redirect(302, &to)]);
        let failure = ask(&source(&server, Some(Auth::Query("key".to_owned())))).await.unwrap_err();
        assert!(matches!(failure, Failure::Redirect { code: 302, .. }), "{to}: {failure:?}");
        assert!(failure.to_string().contains(&named), "{to}: {failure}");
        assert!(!failure.to_string().contains("unsaid"), "{failure}");
        assert!(!failure.is_retryable());
    }
    assert_eq!(other.queries(), [""; 0]);
}

#[tokio::test]
async fn redirects_in_a_row_end_at_their_limit() {
    let hops = |count: usize| std::iter::repeat_n(redirect(307, "/users"), count).chain([last_page(1..=1)]);
    let server = Faulty::start(hops(2)).await;
    assert!(ask(&source(&server, None)).await.is_ok(), "two are allowed");
    let server = Faulty::start(hops(3)).await;
    let failure = ask(&source(&server, None)).await.unwrap_err();
    assert!(failure.to_string().ends_with("more than 2 in a row (source.max_redirects)"), "{failure}");
    assert_eq!(server.queries().len(), 3);
}

#[tokio::test]
async fn each_way_to_send_a_credential_is_the_one_that_was_asked_for() {
    let name = HeaderName::from_static("x-api-key");
    for (auth, sent) in [
        (Auth::Bearer, format!("authorization: Bearer {KEY}\r\n")),
        (Auth::Basic, "authorization: Basic bWU6Y2FuYXJ5LVh5Ny8r\r\n".to_owned()),
        (Auth::Header(name), format!("x-api-key: {KEY}\r\n")),
        (Auth::Query("key".to_owned()), "?scroll_param=t&key=me%3Acanary-Xy7%2F%2B HTTP".to_owned()),
    ] {
        let server = Faulty::start([last_page(1..=1)]).await;
        let source = source(&server, Some(auth));
        let answer = ask(&source).await.unwrap();
        let heads = heads(&server);
        assert!(heads[0].contains(&sent), "{sent}: {heads:?}");
        assert!(!format!("{answer:?} {source:?}").contains("canary"), "{answer:?} {source:?}");
    }
}

#[tokio::test]
async fn a_credential_that_is_sent_back_is_covered_before_anyone_reads_it() {
    let echo = r#"{"error":"no such key: me:canary-Xy7/+ (me%3Acanary-Xy7%2F%2B, bWU6Y2FuYXJ5LVh5Ny8r)"}"#;
    let page = format!(
        r#"{{"data":[{{"id":"1","name":"{KEY}","bWU6Y2FuYXJ5LVh5Ny8r":1,"job":"\u006de:\u0063anary-Xy7\/+"}}],"scroll_param":null}}"#
    );
    let server = Faulty::start([
        Answer::status("403 Forbidden").body(echo),
        redirect(302, "http://elsewhere/?key=me%3Acanary-Xy7%2F%2B"),
        Answer::ok(&page).header("Server", KEY).header("X-Request-Id", "bWU6Y2FuYXJ5LVh5Ny8r"),
    ])
    .await;
    let source = source(&server, Some(Auth::Query("key".to_owned())));
    let refused = ask(&source).await.unwrap_err().to_string();
    assert!(refused.contains("no such key: ***************"), "{refused}");
    let elsewhere = ask(&source).await.unwrap_err().to_string();
    let answer = ask(&source).await.unwrap();
    assert!(answer.covered);
    let body = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(body.contains(r#""name":"***************""#), "{body}");
    for text in [refused, elsewhere, body, format!("{:?}", answer.exchange)] {
        for part in ["canary", "Xy7", "Y2FuYXJ5", "FuYXJ5LV"] {
            assert!(!text.contains(part), "{part}: {text}");
        }
    }
}

#[tokio::test]
async fn headers_end_at_their_limit() {
    let server = Faulty::start([]).await;
    let with = |most: u64| {
        let limits = Limits { head: most, ..limits() };
        Source::new(server.url(), limits, &KEYSET).unwrap()
    };
    let long = "x".repeat(4_000);
    let lines = ["connection: close", "content-type: application/json", "content-length: 2", "x-long: "];
    let size = lines.map(|line| line.len() + 2).iter().sum::<usize>() as u64 + 4_000;
    for (most, fits) in [(size, true), (size - 1, false)] {
        server.then([Answer::ok("{}").header("X-Long", &long)]);
        let answer = ask(&with(most)).await;
        assert_eq!(answer.is_ok(), fits, "{most}: {answer:?}");
        if let Err(failure) = answer {
            let text = format!("the headers are larger than {most} bytes (source.max_headers)");
            assert_eq!(failure.to_string(), text);
            assert!(!failure.is_retryable());
        }
    }
}
