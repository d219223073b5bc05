//! A filter, and the count of what it lets through.

use super::*;

#[test]
fn a_filter_narrows_the_tail_and_the_table_by_one_rule() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    press(&mut model, KeyCode::Char('/'));
    for letter in "name:299".chars() {
        press_and_serve(&mut model, &table, KeyCode::Char(letter));
    }
    let expected: Vec<String> = [2999, 2998, 2997, 2996, 2995, 2994, 2993, 2992, 2991, 2990, 2299, 1299, 299]
        .map(|row| format!("Ada Lovelace {row}"))
        .into();
    assert_eq!(names(&model), expected);
    assert_eq!(model.browse.matches(), Some(Matches::Counted(13)));
    press(&mut model, KeyCode::Enter);
    assert!(model.browse.is_filtered(), "Enter keeps it");
    tell_page(&mut model, &[shown(299, Fate::Changed), shown(5_000, Fate::New)]);
    assert_eq!(names(&model)[0], "Ada Lovelace 299", "what comes by is on top, if it passes");
    assert_eq!(names(&model).len(), 13);
    press_and_serve(&mut model, &table, KeyCode::Esc);
    assert!(!model.browse.is_filtered());
}

#[test]
fn a_filter_that_is_wrong_says_so_and_changes_nothing() {
    let table = Table::new(300);
    let mut model = before(&table);
    press(&mut model, KeyCode::Char('/'));
    for letter in "nmae:x".chars() {
        press_and_serve(&mut model, &table, KeyCode::Char(letter));
    }
    let Overlay::Filter(_, Some(wrong)) = &model.overlay else { panic!() };
    assert!(wrong.contains("no column nmae"), "{wrong}");
    press(&mut model, KeyCode::Enter);
    assert!(matches!(&model.overlay, Overlay::Filter(_, Some(_))), "it is not taken for a filter");
}

#[test]
fn a_count_is_of_its_own_filter_and_its_failure_is_told() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    press(&mut model, KeyCode::Char('/'));
    let first = press(&mut model, KeyCode::Char('1'));
    let [_, Effect::Ask(count)] = &first[..] else { panic!("{first:?}") };
    let late = table.answer(count).unwrap();
    let second = press(&mut model, KeyCode::Char('2'));
    update(&mut model, Message::Read(Box::new(late)));
    assert_eq!(model.browse.matches(), Some(Matches::Counting(0)), "that was the count of another filter");
    let ticket = second.iter().find_map(|effect| match effect {
        Effect::Ask(question) => match **question {
            Question::Count { ticket, .. } => Some(ticket),
            _ => None,
        },
        _ => None,
    });
    let failed = Answer::Failed { ticket: ticket.unwrap(), text: "the disk is gone".to_owned() };
    update(&mut model, Message::Read(Box::new(failed)));
    assert_eq!(model.browse.matches(), None);
    assert!(
        matches!(&model.answer, Some((super::super::super::Answer::Refused(text), _)) if text.contains("disk"))
    );
}

#[test]
fn what_is_asked_while_frozen_holds_afterwards() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    for key in "/ada 29".chars() {
        press_and_serve(&mut model, &table, KeyCode::Char(key));
    }
    press(&mut model, KeyCode::Enter);
    press(&mut model, KeyCode::Char('f'));
    press_and_serve(&mut model, &table, KeyCode::Esc);
    assert!(!model.browse.is_filtered() && model.is_frozen());
    press(&mut model, KeyCode::Char('f'));
    let shown = lists::rows(&model).len();
    assert!(shown >= 150, "nothing stays hidden by a filter that is gone: {shown}");
}
