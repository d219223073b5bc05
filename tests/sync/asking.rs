//! How requests are put to sources that want them otherwise than the reference's, and where else a token comes from.

use std::time::Duration;

use highwater::record::{BEGINNING, Column, ColumnType, Format, Schema, USER};
use highwater::run::{Outcome, Start};
use highwater::source::Contract;
use highwater::source::contract::{At, Back, Flag, KEYSET, Method, Order, Path, Since, TokenAt};
use highwater::sync::command::Command;
use highwater::sync::event::{NoticeKind, RunEnded};
use highwater::walk::{End, Mode};
use serde_json::{Value, json};

use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, last_page, page, user, users};
use crate::faulty::{Answer, Faulty};

/// As the reference asks.
const SINCE: Since =
    Since { at: At::Query("since"), around: ("", ""), format: None, initial: BEGINNING, exclusive: false };

/// A `POST` whose body takes the cursor and the token, and is sent whole each time: Notion, Square, HubSpot's search.
const IN_THE_BODY: Contract = Contract {
    method: Method::Post(r#"{"filter":{"any":[{"at":"updated"}]},"size":2}"#),
    since: Some(Since { at: At::Body(Path(&["filter", "any", "0", "from"])), ..SINCE }),
    back: Back::At(At::Body(Path(&["page", "after"]))),
    carry: true,
    ..KEYSET
};

/// The last row's id is the token, the flag decides, and what the first request asked goes along: Stripe.
const BY_THE_LAST_ROW: Contract = Contract {
    token: TokenAt::LastRow(Path(&["id"])),
    more: Some(Flag { path: Path(&["has_more"]), is: false }),
    since: Some(Since { at: At::Query("created[gte]"), format: Some(Format::Unix), ..SINCE }),
    each: &[("limit", "2")],
    first: &[("expand", "all")],
    back: Back::At(At::Query("starting_after")),
    carry: true,
    order: Order::Other,
    ..KEYSET
};

/// Pages by number, all of them each time.
const BY_PAGE: Contract = Contract {
    token: TokenAt::Page(1),
    back: Back::At(At::Query("page")),
    since: None,
    full: Some(2),
    ..KEYSET
};

/// Rows by place, from a cursor on.
const BY_OFFSET: Contract = Contract {
    token: TokenAt::Offset,
    back: Back::At(At::Query("offset")),
    since: Some(SINCE),
    carry: true,
    ..KEYSET
};

/// The token comes and goes in a header.
const IN_HEADERS: Contract = Contract {
    token: TokenAt::Header("x-next"),
    back: Back::At(At::Header("x-cursor")),
    since: Some(Since { at: At::Header("x-since"), around: (">=", ";"), ..SINCE }),
    ..KEYSET
};

/// Rows above the bound only, in whole seconds: what shares the second of the bound is not left out.
const ABOVE: Contract = Contract { since: Some(Since { exclusive: true, ..SINCE }), ..KEYSET };

/// Every refusal is a success with a flag: Slack.
const REFUSED_IN_THE_BODY: Contract = Contract {
    refusal: Some((Flag { path: Path(&["ok"]), is: false }, Path(&["error"]))),
    expired: &[200],
    expired_text: Some("invalid_cursor"),
    ..KEYSET
};

/// An empty token is one, and a token is a number in the body.
const NUMBERED: Contract = Contract { token: TokenAt::Number(Path(&["next", "page"])), ..KEYSET };

/// A token that is not used for a minute is gone: Intercom.
const SHORT_LIVED: Contract = Contract { lifetime: Some(Duration::from_secs(60)), ..KEYSET };

async fn rig(
    contract: &'static Contract,
    mode: Mode,
    script: impl IntoIterator<Item = Answer>,
) -> (Rig, RunEnded) {
    let mut rig = Setup::default().walk(mode).speaking(contract).start(script).await;
    let ended = rig.run(Start::Checkpoint).await;
    (rig, ended)
}

fn complete((rig, ended): &(Rig, RunEnded), ids: &str) {
    assert_eq!((ended.outcome, rig.ids().as_str()), (Outcome::Complete, ids), "{}", ended.text);
}

fn bodies(server: &Faulty) -> Vec<Value> {
    server.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_takes_the_cursor_and_the_token_in_its_body() {
    for (mode, second) in [
        (
            Mode::Scroll,
            json!({ "filter": { "any": [{ "at": "updated", "from": BEGINNING }] }, "size": 2, "page": { "after": "a" } }),
        ),
        (Mode::Auto, json!({ "filter": { "any": [{ "at": "updated", "from": at(2) }] }, "size": 2 })),
    ] {
        let ran = rig(&IN_THE_BODY, mode, [page(1..=2, "a"), last_page(2..=3)]).await;
        complete(&ran, "u1 u2 u3");
        let first = json!({ "filter": { "any": [{ "at": "updated", "from": BEGINNING }] }, "size": 2 });
        assert_eq!(bodies(&ran.0.server), [first, second]);
        for asked in ran.0.server.asked() {
            assert!(asked.head.starts_with("POST /users HTTP"), "{}", asked.head);
            assert!(
                asked.head.to_ascii_lowercase().contains("content-type: application/json"),
                "{}",
                asked.head
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_row_is_the_token_and_what_was_asked_first_goes_along() {
    let page = |numbers, more: bool| {
        Answer::ok(format!(r#"{{"data":[{}],"has_more":{more}}}"#, users(numbers).join(",")))
    };
    let script = || [page([4, 3], true), page([2, 1], false), page([5, 4], false)];
    let mut ran = rig(&BY_THE_LAST_ROW, Mode::Auto, script()).await;
    complete(&ran, "u1 u2 u3 u4");
    let from = "created[gte]=-62135596800";
    assert_eq!(
        ran.0.server.queries(),
        [format!("limit=2&expand=all&{from}"), format!("limit=2&expand=all&{from}&starting_after=u3")]
    );
    // The newest of the first page, in the unit that is asked in.
    let ended = ran.0.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ran.0.ids().as_str()), (Outcome::Complete, "u1 u2 u3 u4 u5"));
    let asked = ran.0.server.queries()[2].clone();
    let unix = highwater::record::Cursor::parse(&at(4)).unwrap().instant().unwrap().timestamp();
    assert_eq!(asked, format!("limit=2&expand=all&created[gte]={unix}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_counted_up_to_a_short_or_an_empty_one_and_that_is_warned_of() {
    let page = |numbers: &[u32]| Answer::ok(format!(r#"{{"data":[{}]}}"#, users(numbers.to_vec()).join(",")));
    for (last, queries) in [(&[5][..], ["", "page=2", "page=3"]), (&[], ["", "page=2", "page=3"])] {
        let script = [page(&[1, 2]), page(&[3, 4]), page(last)];
        let ran = rig(&BY_PAGE, Mode::Auto, script).await;
        complete(&ran, if last.is_empty() { "u1 u2 u3 u4" } else { "u1 u2 u3 u4 u5" });
        assert_eq!(ran.0.server.queries(), queries);
        let told = format!("{:?}", ran.0.seen);
        assert!(told.contains("pages by number") && told.contains("every run reads everything"), "{told}");
        assert_eq!(ran.0.checkpoint(), Some(at(last.first().copied().unwrap_or(4))));
    }
}

/// A run that reads everything does so whatever the checkpoint is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_cannot_be_asked_from_a_cursor_is_read_whole_each_time() {
    let page = |numbers: &[u32]| Answer::ok(format!(r#"{{"data":[{}]}}"#, users(numbers.to_vec()).join(",")));
    let mut ran = rig(&BY_PAGE, Mode::Auto, [page(&[2, 1]), page(&[]), page(&[3, 1]), page(&[2])]).await;
    complete(&ran, "u1 u2");
    let ended = ran.0.run(Start::Token).await;
    assert_eq!((ended.outcome, ended.totals.counts.same), (Outcome::Complete, 2), "{}", ended.text);
    assert_eq!((ran.0.ids().as_str(), ran.0.checkpoint()), ("u1 u2 u3", Some(at(3))));
    assert_eq!(ran.0.server.queries(), ["", "page=2", "", "page=2"]);
}

/// Where rows come in the order of their cursors, a cursor is asked from, and a place only within a group that fills a
/// page: nothing is passed over when a row before goes away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_counts_and_can_be_asked_from_a_cursor_is_anchored() {
    let tied = |id: &str| {
        let mut user = user(2);
        user["id"] = json!(id);
        user.to_string()
    };
    let page = |rows: Vec<String>| Answer::ok(format!(r#"{{"data":[{}]}}"#, rows.join(",")));
    let script = [
        page(vec![user(1).to_string(), tied("a")]),
        page(vec![tied("a"), tied("b")]),
        page(vec![tied("c"), user(3).to_string()]),
        page(vec![user(3).to_string()]),
        page(vec![]),
    ];
    let ran = rig(&BY_OFFSET, Mode::Auto, script).await;
    complete(&ran, "u1 a b c u3");
    let (two, three) = (at(2), at(3));
    assert_eq!(
        ran.0.server.queries(),
        [
            format!("since={BEGINNING}"),
            format!("since={two}"),
            format!("since={two}&offset=2"),
            format!("since={three}"),
            format!("since={three}&offset=1")
        ]
    );
    assert_eq!(ran.1.totals.seams.tie_overflow, 0, "the place goes on within the group");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursor_and_token_may_go_in_headers_and_within_an_expression() {
    let script = [page([1], "x").header("X-Next", "n 2"), last_page([2])];
    let ran = rig(&IN_HEADERS, Mode::Scroll, script).await;
    complete(&ran, "u1 u2");
    let [first, second] = &ran.0.server.asked()[..] else { panic!() };
    assert!(first.head.contains(&format!("x-since: >={BEGINNING};\r\n")), "{}", first.head);
    assert!(second.head.contains("x-cursor: n 2\r\n") && !second.head.contains("x-since"), "{}", second.head);
    assert_eq!((first.query.as_str(), second.query.as_str()), ("", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exclusive_bound_is_asked_from_one_unit_below() {
    let ran = rig(&ABOVE, Mode::Auto, [page(1..=2, "a"), last_page(2..=3)]).await;
    complete(&ran, "u1 u2 u3");
    assert_eq!(ran.0.server.queries()[1], format!("since={}", at(1)));
    assert_eq!(ran.1.totals.seams.not_inclusive, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_that_says_it_is_none_is_a_refusal_and_may_mean_the_token() {
    let refused = |error: &str| Answer::ok(format!(r#"{{"ok":false,"error":"{error}"}}"#));
    let (_, ended) = rig(&REFUSED_IN_THE_BODY, Mode::Scroll, [refused("missing_scope")]).await;
    assert_eq!((ended.outcome, &ended.end), (Outcome::Failed, &End::Error));
    assert!(
        ended.text.contains("a refusal in its body") && ended.text.contains("missing_scope"),
        "{}",
        ended.text
    );

    let script = [page([1], "a"), refused("invalid_cursor"), last_page([1, 2])];
    let ran = rig(&REFUSED_IN_THE_BODY, Mode::Scroll, script).await;
    complete(&ran, "u1 u2");
    assert_eq!(ran.0.server.queries()[2], format!("updated_since={}", at(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_be_a_number_and_nothing_else_then() {
    let page = |numbers, next: &str| {
        Answer::ok(format!(r#"{{"data":[{}],"next":{{"page":{next}}}}}"#, users(numbers).join(",")))
    };
    let ran = rig(&NUMBERED, Mode::Scroll, [page([1], "2"), page([2], "null")]).await;
    complete(&ran, "u1 u2");
    assert_eq!(ran.0.server.queries()[1], "scroll_param=2");
    let (_, ended) = rig(&NUMBERED, Mode::Scroll, (0..3).map(|_| page([1], r#""2""#))).await;
    assert!(ended.text.contains(r#"`next.page` is "2", not a whole number"#), "{}", ended.text);
}

/// A run that is taken up again after the token's life goes on from the checkpoint, and does not ask with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_has_outlived_its_time_is_not_asked_with() {
    for (older, asked) in [(59, "scroll_param=a".to_owned()), (61, format!("updated_since={}", at(1)))] {
        let mut setup = Setup::default().walk(Mode::Scroll).speaking(&SHORT_LIVED);
        setup.terms.max_pages = Some(1);
        let mut rig = setup.start([page([1], "a")]).await;
        rig.run(Start::Checkpoint).await;
        let given: String = rig.sql("SELECT token_at FROM _highwater_runs");
        let given = chrono::DateTime::parse_from_rfc3339(&given).unwrap() - chrono::TimeDelta::seconds(older);
        let folder = rig.leave().await;
        let file = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
        file.execute("UPDATE _highwater_runs SET token_at = ?1", [given.to_rfc3339()]).unwrap();
        drop(file);
        let setup = Setup::default().walk(Mode::Scroll).speaking(&SHORT_LIVED).within(folder);
        let mut rig = setup.start([last_page([1, 2])]).await;
        rig.send(Command::Run(Start::Token)).await;
        let ended = rig.until_ended().await;
        assert_eq!((ended.outcome, rig.server.queries()), (Outcome::Complete, vec![asked]), "{}", ended.text);
        let told = rig.seen.iter().any(|stamped| format!("{:?}", stamped.event).contains("older than the"));
        assert_eq!(told, older > 60);
    }
}
/// Cursors that are no times: the walk is the same, the checkpoint is the number, and there is one lane.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_that_are_numbers_are_walked_alike_in_one_lane() {
    const COLUMNS: &[Column] = &[
        Column { name: "id", path: &["id"], kind: ColumnType::String },
        Column { name: "version", path: &["version"], kind: ColumnType::Int },
    ];
    const VERSIONS: Schema = Schema { columns: COLUMNS, cursor: Some(1), format: Format::Integer, ..USER };
    const BY_VERSION: Contract =
        Contract { since: Some(Since { initial: "0", ..SINCE }), schema: &VERSIONS, ..KEYSET };
    let page = |versions: &[u32], token: &str| {
        let rows: Vec<String> = versions
            .iter()
            .map(|version| json!({ "id": format!("v{version}"), "version": version }).to_string())
            .collect();
        Answer::page(&rows, (!token.is_empty()).then_some(token))
    };
    let mut setup = Setup::default().walk(Mode::Auto).speaking(&BY_VERSION);
    setup.terms.lanes = Some(4);
    let mut rig = setup.start([page(&[8, 9], "a"), page(&[9, 10], "b"), page(&[10, 11], "")]).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!(
        (ended.outcome, ended.checkpoint.as_ref().map(|it| it.text())),
        (Outcome::Complete, Some("11"))
    );
    assert_eq!(rig.server.queries(), ["since=0", "since=9", "since=10"], "9 is less than 10");
    assert!(rig.notice(|kind| *kind == NoticeKind::OneLane).text.contains("no times"));
}
