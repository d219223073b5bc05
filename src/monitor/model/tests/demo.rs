//! A demo goes as fast as what is said of it can be read, and begins by itself only where its process was killed.

use super::*;
use crate::lesson::{Told, Verdict};
use crate::sync::event::Level;

#[test]
fn a_demo_waits_for_the_first_key() {
    let waiting = || demo(120, 36, []);
    for key in ['s', ' '] {
        assert_eq!(press(&mut waiting(), KeyCode::Char(key)), [Effect::Send(Command::Step)]);
    }
}

#[test]
fn a_demo_that_runs_by_itself_steps_when_what_was_said_can_have_been_read() {
    let mut model = demo(120, 36, []);
    press(&mut model, KeyCode::Char(' '));
    for event in [started(), page(1), phase(Phase::Paused)] {
        tell(&mut model, 1_000, event);
    }
    update(&mut model, Message::Told(Box::new(narration(Level::Info, &"x".repeat(100)))));
    let steps = |model: &mut Model, now| {
        let effects = update(model, Message::Now(at(now)));
        effects.contains(&Effect::Send(Command::Step))
    };
    assert!(!steps(&mut model, 4_900), "a hundred characters take four seconds");
    assert!(steps(&mut model, 5_000));
    press(&mut model, KeyCode::Char(' '));
    assert!(!steps(&mut model, 60_000), "it is held");
}

#[test]
fn a_demo_that_is_over_takes_no_step() {
    let verdict = Verdict { at: at(0), met: true, differs: Vec::new(), came: came() };
    let mut model = demo(120, 36, [Told::Verdict(verdict)]);
    for key in ['s', ' ', 'r', 'R'] {
        assert_eq!(press(&mut model, KeyCode::Char(key)), [], "{key}");
        assert!(model.answer.is_some());
    }
}

#[test]
fn a_demo_whose_process_was_killed_goes_on_by_itself() {
    let mut model = silent(120, 36);
    lesson::begin(&mut model, lesson());
    assert_eq!(tell(&mut model, 0, opened_unfinished())[..1], [Effect::Send(Command::Step)]);
    assert!(matches!(model.overlay, Overlay::None), "there is nothing to choose");
}
