//! What the inspector tells, live and from the log.

use crossterm::event::KeyCode;

use super::super::super::samples::*;
use super::super::{Effect, Message, Model, Overlay, PageEntry, Sheet, update};
use super::Inspector;
use crate::destination::reader::{Answer, PastPage, Question, WholeRow};
use crate::run::Fate;
use crate::sync::event::Event;
use crate::walk::By;

fn text(model: &Model) -> String {
    model.overlay.sheet().map(Sheet::text).unwrap()
}

/// The inspector on the newest page.
fn inspected(mut model: Model) -> (Model, Vec<Effect>) {
    press(&mut model, KeyCode::Char('2'));
    let effects = press(&mut model, KeyCode::Enter);
    (model, effects)
}

#[test]
fn a_page_that_came_by_is_all_there_and_nothing_is_asked() {
    let (model, effects) = inspected(midst(120, 36));
    let text = text(&model);
    for said in [
        "GET         http://127.0.0.1:5001/pagination/keyset?scroll_param=",
        "→ 200 OK",
        &format!("asked       token {}, which reads {}", token(2), cursor(100)),
        "because     page 2: follow the token",
        "follow the token",
        "33 ms: 29 ms for the answer, 4 ms here",
        "17 of 20 left, full in 1 s",
        "date: Mon, 23 Nov 2026 12:00:00 GMT",
        "50: +50 new",
        "+  Ada Lovelace 101  ada101@example.org",
        "3 as the page brought them",
        "none: the first attempt brought it",
        cursor(150).text(),
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("not kept"), "{text}");
    assert_eq!(effects, []);
}

#[test]
fn a_page_is_asked_for_with_the_method_of_its_source() {
    let mut model = midst(120, 36);
    let Event::Opened(mut source) = opened() else { unreachable!() };
    source.method = "POST".to_owned();
    tell(&mut model, 9_000, Event::Opened(source));
    let past = PageEntry::past(PastPage { run: 1, page: 2, ..PastPage::default() });
    let past = Inspector::open(&past, &model, 90).sheet.text();
    let live = text(&inspected(model).0);
    assert!(live.contains("POST        http://") && !live.contains("GET"), "{live}");
    assert!(past.contains("POST        its address not kept"), "{past}");
}

#[test]
fn with_several_lanes_a_page_goes_on_from_the_last_one_of_its_lane() {
    let second = |opens| {
        let Event::Page(mut stored) = page_of(5, 4, 70) else { unreachable!() };
        stored.opens = opens;
        let mut model = abreast(120, 36, 8);
        tell(&mut model, 9_000, Event::Page(stored));
        text(&inspected(model).0)
    };
    let onward = second(false);
    let because = format!("because     page 2: asks again from the last row's {}", cursor(70));
    assert!(onward.contains("lane        5\n") && onward.contains(&because), "{onward}");
    let begun = second(true);
    assert!(
        begun.contains("lane        5, which began with this page") && !begun.contains("because"),
        "{begun}"
    );
    let alone = text(&inspected(midst(120, 36)).0);
    assert!(!alone.contains("lane"), "{alone}");
}

#[test]
fn rows_that_did_not_come_by_are_read_one_after_the_other() {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown.drain(..2);
    let (mut model, mut effects) = inspected(heard(120, 36, [opened(), started(), Event::Page(stored)]));
    let mut asked = Vec::new();
    while let [Effect::Ask(question)] = &effects[..] {
        let Question::Row { ticket, id } = &**question else { panic!() };
        assert!(text(&model).contains("being read"));
        asked.push(id.clone());
        let values = Box::from(&shown(100 + asked.len() as i64, Fate::New).values[..]);
        // The second one is gone meanwhile.
        let row = (asked.len() == 1).then(|| Box::new(WholeRow { values, extra: None, previous: None }));
        effects = update(&mut model, Message::Read(Box::new(Answer::Row { ticket: *ticket, row })));
    }
    assert_eq!(asked, [id(101), id(102)]);
    let text = text(&model);
    for said in ["1 as the page brought them", "1 as the table holds them now", "1 no longer in"] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(text.contains("·  Ada Lovelace 101") && text.contains("+  Ada Lovelace 103"), "{text}");
}

#[test]
fn a_failure_ends_the_reading_and_a_late_answer_changes_nothing() {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown.clear();
    let (mut model, effects) = inspected(heard(120, 36, [opened(), started(), Event::Page(stored)]));
    let [Effect::Ask(question)] = &effects[..] else { panic!() };
    let Question::Row { ticket, .. } = **question else { panic!() };
    let failed = Answer::Failed { ticket, text: "no".to_owned() };
    assert_eq!(update(&mut model, Message::Read(Box::new(failed))), []);
    assert!(text(&model).contains("3 not at hand"), "{}", text(&model));
    let late = Answer::Row { ticket, row: None };
    assert_eq!(update(&mut model, Message::Read(Box::new(late))), []);
    assert!(text(&model).contains("3 not at hand"));
}

#[test]
fn what_an_older_version_did_not_write_down_is_said_to_be_missing() {
    let page = PageEntry::past(PastPage {
        run: 1,
        page: 2,
        asked_by: By::Token,
        asked: "T\u{1b}[2J".to_owned(),
        retries: 2,
        ..PastPage::default()
    });
    let inspector = Inspector::open(&page, &silent(120, 36), 90);
    let text = inspector.sheet.text();
    assert!(text.contains("token T<U+001B>[2J") && text.contains("its address not kept"), "{text}");
    for label in
        ["first rows  not kept", "limit       not kept", "headers     not kept", "their reasons: not kept"]
    {
        assert!(text.contains(label), "{label}\n{text}");
    }
}

#[test]
fn retries_are_listed_with_their_reasons_and_what_is_hostile_is_shown() {
    let Event::Page(mut stored) = page(2) else { unreachable!() };
    stored.retries = 9;
    stored.reasons = vec!["HTTP 503 \u{202e}; waited 1 s".to_owned(), "the answer broke off".to_owned()];
    stored.exchange.headers.push(("retry-after".to_owned(), "5\u{9b}".to_owned()));
    stored.decision = "a\u{7}b".to_owned();
    std::sync::Arc::make_mut(&mut stored.shown[0].values)[1] = Some("\u{1b}[31mred".to_owned());
    let (model, _) = inspected(heard(120, 36, [opened(), started(), Event::Page(stored)]));
    let text = text(&model);
    for said in
        ["retries     9", "7 before these", "! HTTP 503 <U+202E>; waited 1 s", "retry-after: 5<U+009B>"]
    {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    assert!(matches!(model.overlay, Overlay::Inspect(_)));
}
