//! What is told of a row at once, and when the reader has answered.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;

use super::super::super::samples::*;
use super::super::{Effect, Message, Model, Sheet, update};
use crate::destination::reader::{Answer, Previous, Question, WholeRow};
use crate::monitor::theme::Role;
use crate::run::Fate;
use crate::sync::event::Event;

fn text(model: &Model) -> String {
    model.overlay.sheet().map(Sheet::text).unwrap()
}

/// A monitor to which row 150 came as a changed one, opened.
fn opened_row() -> (Model, u64) {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = vec![shown(150, Fate::Changed)];
    let mut model = heard(120, 36, [opened(), started(), Event::Page(stored)]);
    let effects = press(&mut model, KeyCode::Enter);
    let [Effect::Ask(question)] = &effects[..] else { panic!("{effects:?}") };
    let Question::Row { ticket, id: asked } = &**question else { panic!() };
    assert_eq!(*asked, id(150));
    let ticket = *ticket;
    (model, ticket)
}

fn answer(model: &mut Model, answer: Answer) -> String {
    assert_eq!(update(model, Message::Read(Box::new(answer))), []);
    text(model)
}

fn whole() -> WholeRow {
    let mut values: Box<[_]> = Box::from(&shown(150, Fate::New).values[..]);
    values[3] = Some("long ".repeat(1_000));
    let before = BTreeMap::from([
        ("email".to_owned(), Some("old\u{202e}@example.org".to_owned())),
        ("company".to_owned(), None),
        ("dropped".to_owned(), Some("a column that is no longer".to_owned())),
    ]);
    WholeRow {
        values,
        extra: Some(r#"{"phone":"1\u001b[2J","tags":[1,2]}"#.to_owned()),
        previous: Some(Previous { run: 3, page: 2, at: Some(at(0)), before }),
    }
}

#[test]
fn what_came_by_is_told_at_once_with_what_it_replaced() {
    let (model, _) = opened_row();
    let text = text(&model);
    for said in [
        "~ Ada Byron 150 → Ada Lovelace 150",
        "~ null → Countess of Computing",
        "email      ada150@example.org",
        "changed: it replaced an older version",
        "reading all of it from the table",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn the_answer_completes_it() {
    let (mut model, ticket) = opened_row();
    let text = answer(&mut model, Answer::Row { ticket, row: Some(Box::new(whole())) });
    for said in [
        "~ old<U+202E>@example.org → ada150@example.org",
        "~ null → Analytical Engines and Sons",
        "extra      phone: 1<U+001B>[2J",
        "tags: [1,2]",
        "3 columns with page 2 of run 3, 2026-11-23 12:00:00 UTC",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(!text.contains("Ada Byron"), "the table's own account counts");
    assert!(!text.contains("reading"));
    assert_eq!(text.matches("long").count(), 1_000, "long values are whole");
    let lines = model.overlay.sheet().unwrap().lines();
    let changed = lines
        .iter()
        .filter(|line| line.iter().any(|(role, text)| *role == Role::Warn && text.starts_with('~')));
    assert_eq!(changed.count(), 3, "two columns and the fate");
}

#[test]
fn a_row_that_is_gone_or_cannot_be_read_is_told_as_it_came() {
    let (mut model, ticket) = opened_row();
    let stale = answer(&mut model, Answer::Row { ticket: ticket + 1, row: None });
    assert!(stale.contains("reading"), "another question's answer");
    let text = answer(&mut model, Answer::Row { ticket, row: None });
    assert!(text.contains("no row of this id") && text.contains("Ada Byron"), "{text}");
    let (mut model, ticket) = opened_row();
    let text = answer(&mut model, Answer::Failed { ticket, text: "disk \u{7} gone".to_owned() });
    assert!(text.contains("disk <U+0007> gone") && text.contains("Ada Byron"), "{text}");
    assert!(model.answer.is_none(), "it is said where it is looked for");
}

#[test]
fn a_hostile_id_is_asked_for_as_the_source_sent_it() {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = vec![shown(150, Fate::New)];
    std::sync::Arc::make_mut(&mut stored.shown[0].values)[0] = Some("a\u{1b}b".to_owned());
    let mut model = heard(120, 36, [opened(), started(), Event::Page(stored)]);
    let effects = press(&mut model, KeyCode::Enter);
    let [Effect::Ask(question)] = &effects[..] else { panic!() };
    assert!(matches!(&**question, Question::Row { id, .. } if id == "a\u{1b}b"));
    assert_eq!(model.overlay.sheet().unwrap().title, "User a<U+001B>b");
}

#[test]
fn it_is_laid_out_anew_when_the_screen_changes_its_size() {
    let (mut model, ticket) = opened_row();
    answer(&mut model, Answer::Row { ticket, row: Some(Box::new(whole())) });
    let before = model.overlay.sheet().unwrap().lines().len();
    update(&mut model, Message::Resize(ratatui::layout::Size::new(40, 12)));
    assert!(model.overlay.sheet().unwrap().lines().len() > 2 * before);
    for _ in 0..2_000 {
        press(&mut model, KeyCode::PageDown);
    }
    let bottom = model.overlay.sheet().unwrap().top;
    press(&mut model, KeyCode::Up);
    assert_eq!(model.overlay.sheet().unwrap().top, bottom - 1, "it stops at its end");
}
