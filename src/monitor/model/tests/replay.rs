//! A recording: its keys are the player's, and time goes as it plays.

use super::*;

/// A monitor of a recording whose player does that, after these events.
fn replayed(motion: Motion, events: impl IntoIterator<Item = Event>) -> Model {
    let mut model = silent(120, 36);
    model.has_table = false;
    let playback = Playback { motion, speed: Speed::times(4.0).unwrap(), played: 1, of: 2 };
    update(&mut model, Message::Playback(playback));
    for event in events {
        assert_eq!(tell(&mut model, 0, event), [], "a recording is told nothing");
    }
    model
}

#[test]
fn a_replay_asks_nothing_and_its_keys_are_the_players() {
    use KeyCode::Char;
    let recorded = || [opened_unfinished(), started(), page(1), phase(Phase::Paused)];
    for (motion, answers) in [
        (Motion::Playing, ["pause", "step", "retry", "refused", "stop"]),
        (Motion::Held, ["resume", "step", "refused", "refused", "stop"]),
        (Motion::Over, ["refused", "refused", "refused", "refused", "stop"]),
    ] {
        for (key, answer) in [' ', 's', 'r', 'R', 'q'].into_iter().zip(answers) {
            let mut model = replayed(motion, recorded());
            let effects = press(&mut model, Char(key));
            assert_eq!(outcome(&model, &effects), answer, "{motion:?} {key:?}");
        }
    }
    let opening = replayed(Motion::Playing, [opened_unfinished()]);
    assert!(matches!(opening.overlay, Overlay::None), "nothing is to be chosen");
}

#[test]
fn a_replay_goes_faster_and_slower_and_a_sync_does_not() {
    let mut model = replayed(Motion::Playing, [opened(), started()]);
    let speed = |times| Effect::Speed(Speed::times(times).unwrap());
    assert_eq!(press(&mut model, KeyCode::Char('>')), [speed(8.0)]);
    assert_eq!(press(&mut model, KeyCode::Char('<')), [speed(2.0)]);
    let mut model = midst(120, 36);
    assert_eq!(press(&mut model, KeyCode::Char('>')), []);
    assert!(model.answer.is_some());
}

#[test]
fn what_ticks_in_a_replay_ticks_at_its_speed() {
    let recorded = || [opened(), started(), running(1)];
    let change = replayed(Motion::Playing, recorded()).changes_in().unwrap();
    assert!(change <= TimeDelta::milliseconds(250), "{change}");
    assert_eq!(replayed(Motion::Held, recorded()).changes_in(), None);
}
