//! Rows, tokens and ends that stand elsewhere than in the reference's answers, as other APIs have them.

use highwater::record::BEGINNING;
use highwater::run::{Outcome, Start};
use highwater::source::Contract;
use highwater::source::contract::{At, Back, Flag, KEYSET, Order, Path, Since, TokenAt};
use highwater::sync::event::RunEnded;
use highwater::walk::{End, Mode};

use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, page, users};
use crate::faulty::{Answer, Faulty};

/// As the reference asks.
const SINCE: Since = Since {
    at: At::Query("updated_since"),
    around: ("", ""),
    format: None,
    initial: BEGINNING,
    exclusive: false,
};

/// The rows are the whole body, and the next address stands in the head: GitHub, Okta, Shopify.
const IN_THE_HEAD: Contract = Contract {
    rows: Path(&[]),
    token: TokenAt::Link,
    since: Some(Since { at: At::Query("since"), ..SINCE }),
    first: &[("sort", "updated"), ("direction", "asc")],
    each: &[("per_page", "2")],
    headers: &[("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")],
    back: Back::Address,
    ..KEYSET
};

/// A token beside a flag, both within an object of their own: Zendesk's cursors.
const BESIDE_A_FLAG: Contract = Contract {
    rows: Path(&["result", "users"]),
    token: TokenAt::Body(Path(&["meta", "after_cursor"])),
    more: Some(Flag { path: Path(&["meta", "has_more"]), is: false }),
    back: Back::At(At::Query("page[after]")),
    first: &[("sort", "updated_at")],
    each: &[("page[size]", "2")],
    ..KEYSET
};

/// The next address within the body, relative to this one: Salesforce, Twilio, Klaviyo.
const IN_THE_BODY: Contract =
    Contract { token: TokenAt::Body(Path(&["links", "next"])), back: Back::Address, ..KEYSET };

/// The newest row first: Stripe, Slack.
const NEWEST_FIRST: Contract = Contract { order: Order::Other, ..KEYSET };

async fn run(contract: &'static Contract, script: impl IntoIterator<Item = Answer>) -> (Rig, RunEnded) {
    let mut rig = Setup::default().speaking(contract).start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    (rig, ended)
}

fn complete((rig, ended): (Rig, RunEnded), ids: &str, queries: &[&str]) {
    assert_eq!((ended.outcome, &ended.end), (Outcome::Complete, &End::Exhausted), "{}", ended.text);
    assert_eq!(
        (rig.ids().as_str(), rig.server.queries()[1..].to_vec()),
        (ids, queries.iter().copied().map(str::to_owned).collect())
    );
}

/// Rows alone, and a link header.
fn linked(numbers: std::ops::RangeInclusive<u32>, link: &str) -> Answer {
    let answer = Answer::ok(format!("[{}]", users(numbers).join(",")));
    if link.is_empty() { answer } else { answer.header("Link", link) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_without_a_field_and_the_next_address_in_the_head() {
    let script = [
        linked(1..=2, r#"</users?after=b>; rel="next", </users?after=z>; rel="last""#),
        linked(3..=4, r#"<?after=c>; rel="next""#),
        linked(5..=5, r#"</users>; rel="first""#),
    ];
    complete(run(&IN_THE_HEAD, script).await, "u1 u2 u3 u4 u5", &["after=b", "after=c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_has_the_last_word_on_whether_there_is_more() {
    let page = |numbers, meta: &str| {
        Answer::ok(format!(
            r#"{{"meta":{meta},"result":{{"count":2,"users":[{}]}}}}"#,
            users(numbers).join(",")
        ))
    };
    let script = [
        page(1..=2, r#"{"after_cursor":"b","has_more":true}"#),
        page(3..=4, r#"{"after_cursor":"c"}"#),
        page(5..=5, r#"{"after_cursor":"d","has_more":false}"#),
    ];
    complete(
        run(&BESIDE_A_FLAG, script).await,
        "u1 u2 u3 u4 u5",
        &["page[size]=2&page[after]=b", "page[size]=2&page[after]=c"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_next_address_in_the_body_may_be_relative_and_null_is_the_end() {
    let page = |numbers, links: &str| {
        Answer::ok(format!(r#"{{"data":[{}],"links":{links}}}"#, users(numbers).join(",")))
    };
    for end in [r#"{"next":null}"#, "{}", "null", r#"{"next":""}"#] {
        let script = [page(1..=2, r#"{"next":"/users?page=2"}"#), page(3..=4, end)];
        complete(run(&IN_THE_BODY, script).await, "u1 u2 u3 u4", &["page=2"]);
    }
}

/// What is asked beside goes along where it is asked for, and never with an address of the source's own making.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_beside_goes_along_with_the_first_request_or_with_each() {
    let script = [linked(1..=2, r#"</users?after=b>; rel="next""#), linked(3..=3, "")];
    let (rig, _) = run(&IN_THE_HEAD, script).await;
    let asked = rig.server.asked();
    assert_eq!(asked[0].query, format!("per_page=2&sort=updated&direction=asc&since={BEGINNING}"));
    assert_eq!(asked[1].query, "after=b");
    for asked in &asked {
        let head = asked.head.to_ascii_lowercase();
        for header in ["accept: application/vnd.github+json", "x-github-api-version: 2022-11-28"] {
            assert_eq!(head.matches(header).count(), 1, "{head}");
        }
        assert_eq!(head.matches("\naccept:").count(), 1, "{head}");
    }
    let page = Answer::ok(r#"{"result":{"users":[]},"meta":{}}"#);
    let (rig, _) = run(&BESIDE_A_FLAG, [page]).await;
    assert_eq!(rig.server.queries(), [format!("page[size]=2&sort=updated_at&updated_since={BEGINNING}")]);
}

/// Whoever writes the next address must not choose who is asked with the credential.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_next_address_of_somebody_else_is_not_asked() {
    let other = Faulty::start([]).await;
    for to in
        [other.url().to_string(), format!("//me@{}/users", other.url().authority()), "http://[".to_owned()]
    {
        let (rig, ended) = run(&IN_THE_HEAD, [linked(1..=2, &format!("<{to}>; rel=next"))]).await;
        assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Error), "{}", ended.text);
        assert!(ended.text.contains("the next page is said to be at"), "{}", ended.text);
        assert_eq!((rig.ids().as_str(), rig.server.asked().len()), ("u1 u2", 1), "what came is stored");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_of_the_wrong_type_is_told_by_its_whole_path() {
    for (contract, body, why) in [
        (&IN_THE_HEAD, r#"{"data":[]}"#, r#"the body is {"data":[]}, not an array"#),
        (&BESIDE_A_FLAG, r#"{"result":{"users":{}}}"#, "`result.users` is {}, not an array"),
        (&BESIDE_A_FLAG, r#"{"meta":{"after_cursor":7}}"#, "`meta.after_cursor` is 7, not a string"),
        (&BESIDE_A_FLAG, r#"{"meta":{"has_more":"no"}}"#, r#"`meta.has_more` is "no", not true or false"#),
        (&BESIDE_A_FLAG, r#"{"meta":[]}"#, "invalid type: sequence, expected a JSON object"),
        (
            &BESIDE_A_FLAG,
            r#"{"meta":{},"meta":{"has_more":true,"has_more":true}}"#,
            "two fields named `meta`",
        ),
        (&BESIDE_A_FLAG, r#"{"meta":{"has_more":true}}"#, "`meta.has_more` is true, and no token came along"),
        (&IN_THE_BODY, r#"{"links":{"next":"/users?a=1"},"links":null}"#, "two fields named `links`"),
        (&IN_THE_BODY, "null", "invalid type: null, expected a JSON object"),
    ] {
        let (_, ended) = run(contract, (0..4).map(|_| Answer::ok(body))).await;
        assert!(ended.text.contains(why), "{body}: {}", ended.text);
    }
}

/// One row a page shows no disorder, until an anchored request leaves out all that is older.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_begins_with_the_newest_is_read_by_token_and_the_checkpoint_moves_at_the_end() {
    for lanes in [1, 4] {
        let mut setup = Setup::default().walk(Mode::Auto).speaking(&NEWEST_FIRST);
        setup.terms.lanes = Some(lanes);
        setup.terms.max_pages = Some(2);
        let mut rig = setup.start([page([5], "a"), page([4], "b")]).await;
        let left = rig.run(Start::Checkpoint).await;
        assert_eq!((left.outcome, left.checkpoint.is_none()), (Outcome::Stopped, true), "{}", left.text);
        let text = "in another order than that of their cursors";
        assert!(rig.seen.iter().any(|stamped| format!("{:?}", stamped.event).contains(text)));
        let folder = rig.leave().await;

        let setup = Setup::default().walk(Mode::Auto).speaking(&NEWEST_FIRST).within(folder);
        let mut rig = setup.start([page([3], "c"), page([2], "d"), last_page([1]), last_page([6])]).await;
        let ended = rig.run(Start::Token).await;
        assert_eq!(
            (ended.outcome, rig.ids().as_str()),
            (Outcome::Complete, "u1 u2 u3 u4 u5"),
            "{}",
            ended.text
        );
        assert_eq!(rig.checkpoint(), Some(at(5)));
        assert_eq!(rig.server.queries(), ["scroll_param=b", "scroll_param=c", "scroll_param=d"]);
        rig.run(Start::Token).await;
        assert_eq!(
            (rig.server.queries()[3].clone(), rig.checkpoint()),
            (format!("updated_since={}", at(5)), Some(at(6)))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_in_another_order_bears_no_walk_that_must_be_anchored() {
    let mut rig = Setup::default()
        .walk(Mode::Anchor)
        .speaking(&NEWEST_FIRST)
        .start([page([5], "a"), page([4], "b")])
        .await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::NotAnchorable), "{}", ended.text);
    assert_eq!(rig.checkpoint(), None);
}
