//! What is asked for again, how often, and what a run that gave up leaves.

use std::time::Duration;

use highwater::run::{Outcome, Start};
use highwater::source::Limits;
use highwater::sync::event::NoticeKind;
use highwater::walk::End;

use crate::faulty::Answer;
use crate::faulty::rig::{Setup, limits};
use crate::faulty::rows::{at, last_page, page};

fn unavailable() -> Answer {
    Answer::status("503 Service Unavailable").body("busy")
}

/// A run whose second page fails in this way once, and then comes.
async fn survives(name: &str, fault: Answer) {
    let short = Duration::from_millis(150);
    let setup = Setup { limits: Limits { idle: short, ..limits() }, ..Setup::default() };
    let mut rig = setup.start([page(1..=2, "a"), fault, last_page(3..=4)]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(ended.outcome, Outcome::Complete, "{name}: {}", ended.text);
    assert_eq!((ended.totals.retries, ended.totals.requests), (1, 3), "{name}");
    assert_eq!(rig.ids(), "u1 u2 u3 u4", "{name}");
    let queries = rig.server.queries();
    assert_eq!(queries[1], queries[2], "{name}: the same request again");
    let retries: Vec<u32> = rig.pages().iter().map(|page| page.retries).collect();
    assert_eq!(retries, [0, 1], "{name}: the page that was hard to get says so");
    let reasons: Vec<Vec<String>> = rig.pages().into_iter().map(|page| page.reasons).collect();
    assert_eq!((reasons[0].len(), reasons[1].len()), (0, 1), "{name}: {reasons:?}");
    let notice = rig.notice(|kind| *kind == NoticeKind::Retry);
    let (why, waited) = reasons[1][0].rsplit_once("; waited ").unwrap();
    assert!(notice.text.contains(why) && waited.ends_with("s"), "{name}: {reasons:?}");
    let logged: String = rig.sql("SELECT reasons FROM _highwater_pages WHERE page = 2");
    assert_eq!(logged, serde_json::to_string(&reasons[1]).unwrap(), "{name}: in the log as well");
    assert!(
        notice.text.contains("page 2: ") && notice.text.contains("attempt 2 of 3"),
        "{name}: {}",
        notice.text
    );
}

macro_rules! survives {
    ($($name:ident: $fault:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            survives(stringify!($name), $fault).await;
        }
    )*};
}

survives! {
    a_stall_is_asked_again: Answer::stall();
    a_stall_in_the_body_is_asked_again: page(3..=4, "b").stall_midway();
    a_reset_is_asked_again: Answer::reset_at_once();
    a_reset_in_the_headers_is_asked_again: Answer::reset_in_headers();
    a_cut_body_is_asked_again: page(3..=4, "b").cut();
    a_cut_chunk_is_asked_again: page(3..=4, "b").chunked().cut();
    html_with_200_is_asked_again: Answer::ok("<!doctype html>");
    an_empty_body_is_asked_again_and_is_never_no_rows: Answer::ok("");
    an_array_is_asked_again: Answer::ok("[]");
    data_of_the_wrong_type_is_asked_again: Answer::ok(r#"{"data":{}}"#);
    a_token_of_the_wrong_type_is_asked_again: Answer::ok(r#"{"data":[],"scroll_param":1}"#);
    status_429_is_asked_again: Answer::status("429 Too Many Requests");
    status_500_is_asked_again: Answer::status("500 Internal Server Error");
    status_503_is_asked_again: unavailable();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_out_of_attempts_fails_and_can_be_gone_on_with() {
    let mut rig =
        Setup::default().start([page(1..=2, "a"), unavailable(), unavailable(), unavailable()]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Error));
    for part in
        ["page 2 after 3 attempts", rig.server.url().as_str(), "scroll_param=a", "503", "busy", "try later"]
    {
        assert!(ended.text.contains(part), "{part:?} is missing in {:?}", ended.text);
    }
    assert_eq!((rig.ids().as_str(), rig.checkpoint()), ("u1 u2", Some(at(2))), "what came before is stored");
    assert_eq!(ended.unfinished.unwrap().pages, 1);

    rig.server.then([last_page(3..=3)]);
    let ended = rig.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.totals.pages), (Outcome::Complete, 2));
    assert_eq!(rig.server.queries().last().unwrap(), "scroll_param=a", "goes on where it stood");
    assert_eq!(rig.ids(), "u1 u2 u3");
    let runs: i64 = rig.sql("SELECT count(*) FROM _highwater_runs");
    assert_eq!(runs, 1, "it is the same run");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_comes_makes_the_attempts_count_anew() {
    let faults = |next| [unavailable(), unavailable(), next];
    let script =
        faults(page([1], "a")).into_iter().chain(faults(page([2], "b"))).chain(faults(last_page([3])));
    let mut rig = Setup::default().start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.totals.retries, ended.totals.requests), (Outcome::Complete, 6, 9));
    let reasons: Vec<usize> = rig.pages().iter().map(|page| page.reasons.len()).collect();
    assert_eq!(reasons, [2, 2, 2], "each page tells its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_the_client_is_final_at_the_first_attempt() {
    for (status, remedy) in [
        ("400 Bad Request", "check the address"),
        ("401 Unauthorized", "credentials"),
        ("403 Forbidden", "credentials"),
        ("404 Not Found", "check the path"),
        ("410 Gone", "check the address"),
    ] {
        let mut rig = Setup::default().start([Answer::status(status).body(r#"{"error":"because"}"#)]).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!(
            (ended.outcome, ended.totals.requests, ended.totals.retries),
            (Outcome::Failed, 1, 0),
            "{status}"
        );
        for part in ["page 1:", rig.server.url().as_str(), status, "because", remedy] {
            assert!(ended.text.contains(part), "{part:?} is missing in {:?}", ended.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redirect_ends_the_run_and_names_the_address() {
    let redirect = Answer::status("301 Moved Permanently").header("Location", "https://new.example/users");
    let mut rig = Setup::default().start([redirect]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.totals.requests), (Outcome::Failed, 1));
    assert!(ended.text.contains("redirects to https://new.example/users"), "{}", ended.text);
    assert!(ended.text.contains("--url"), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_beyond_the_limits_ends_the_run_and_stores_nothing_of_it() {
    for limits in [Limits { rows: 2, ..limits() }, Limits { body: 500, ..limits() }] {
        let mut rig = Setup { limits, ..Setup::default() }.start([page(1..=2, "a"), last_page(3..=5)]).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!((ended.outcome, ended.totals.retries), (Outcome::Failed, 0), "{}", ended.text);
        assert!(ended.text.contains("raise the limit"), "{}", ended.text);
        assert_eq!(rig.ids(), "u1 u2");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn escape_sequences_of_the_source_reach_no_text() {
    let evil = "\u{1b}]52;c;eA==\u{7}\u{202e}";
    let script = [Answer::status("503 No").body(evil), Answer::ok(evil), Answer::status("404 No").body(evil)];
    let mut rig = Setup::default().start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    let texts = rig.notices().into_iter().map(|notice| notice.text).chain([ended.text]);
    for text in texts {
        assert!(!text.chars().any(|character| character.is_control() || character == '\u{202e}'), "{text:?}");
        assert!(text.contains("<U+001B>"), "it is shown, not dropped: {text}");
    }
}
