//! An export: of what is looked at, with a dialog that stays open where it is refused.

use super::*;

/// Presses Enter in the dialog of an export, and gives what is asked for.
fn exported(model: &mut Model) -> (u64, Export) {
    let effects = press(model, KeyCode::Enter);
    let [Effect::Ask(question)] = &effects[..] else { panic!("{effects:?}") };
    let Question::Export { ticket, export } = &**question else { panic!() };
    (*ticket, (**export).clone())
}

#[test]
fn an_export_is_of_what_is_looked_at_and_tells_how_far_it_is() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    press(&mut model, KeyCode::Char('/'));
    for letter in "299".chars() {
        press_and_serve(&mut model, &table, KeyCode::Char(letter));
    }
    press(&mut model, KeyCode::Enter);
    press(&mut model, KeyCode::Char('x'));
    press(&mut model, KeyCode::Tab);
    let effects = press(&mut model, KeyCode::Enter);
    let [Effect::Ask(question)] = &effects[..] else { panic!("{effects:?}") };
    let Question::Export { ticket, export } = &**question else { panic!() };
    assert_eq!(
        (export.path.to_str(), export.view.filter.is_empty(), export.columns.len()),
        (Some("user.csv"), false, 8)
    );
    let progress = Answer::Progress { ticket: *ticket, done: 7, of: None };
    update(&mut model, Message::Read(Box::new(progress)));
    assert_eq!(model.export.as_ref().unwrap().done, 7);
    assert!(
        matches!(&press(&mut model, KeyCode::Char('x'))[..], [Effect::Ask(q)] if **q == Question::Cancel)
    );
    update(&mut model, Message::Read(Box::new(Answer::Cancelled { ticket: *ticket })));
    assert_eq!(model.export, None);
}

#[test]
fn a_file_that_is_there_is_replaced_when_it_is_asked_for_again() {
    let mut model = before(&Table::new(300));
    press(&mut model, KeyCode::Char('x'));
    press(&mut model, KeyCode::Char('s'));
    let (ticket, export) = exported(&mut model);
    assert!(!export.replace);
    let occupied = |ticket| Answer::Occupied { ticket, path: export.path.clone() };
    update(&mut model, Message::Read(Box::new(occupied(ticket))));
    let Overlay::Export(form) = &model.overlay else { panic!("{:?}", model.overlay) };
    assert_eq!(form.path.text(), "user.jsonls", "what was typed stays");
    press(&mut model, KeyCode::Left);
    let (ticket, again) = exported(&mut model);
    assert!(again.replace && again.path == export.path);

    update(
        &mut model,
        Message::Read(Box::new(Answer::Failed { ticket, text: "disk \u{7} full".to_owned() })),
    );
    let Overlay::Export(form) = &model.overlay else { panic!("{:?}", model.overlay) };
    assert_eq!(form.obstacle, Some(Obstacle::Failed("disk <U+0007> full".to_owned())));
    let (ticket, again) = exported(&mut model);
    assert!(!again.replace, "whether the file is there is to be found out again");
    update(&mut model, Message::Read(Box::new(occupied(ticket))));
    press(&mut model, KeyCode::Backspace);
    assert!(!exported(&mut model).1.replace, "it is another name");
}

#[test]
fn a_dialog_of_an_export_takes_no_other_ones_place() {
    let mut model = before(&Table::new(300));
    press(&mut model, KeyCode::Char('x'));
    let (ticket, export) = exported(&mut model);
    press(&mut model, KeyCode::Char('?'));
    update(&mut model, Message::Read(Box::new(Answer::Occupied { ticket, path: export.path })));
    assert!(matches!(model.overlay, Overlay::Help(_)) && model.export.is_none());
    assert!(model.answer.is_some());
}

#[test]
fn a_name_that_is_none_is_asked_for_again() {
    for (name, why) in [("   ", "type the name"), ("~/user.jsonl", "whole path")] {
        let mut model = before(&Table::new(300));
        press(&mut model, KeyCode::Char('x'));
        update(
            &mut model,
            Message::Key(crossterm::event::KeyEvent::new(
                KeyCode::Char('u'),
                crossterm::event::KeyModifiers::CONTROL,
            )),
        );
        update(&mut model, Message::Paste(name.to_owned()));
        assert_eq!(press(&mut model, KeyCode::Enter), []);
        let Overlay::Export(form) = &model.overlay else { panic!("{name}") };
        assert!(matches!(&form.obstacle, Some(Obstacle::Failed(told)) if told.contains(why)), "{name}");
    }
}
