//! What lies over the panels, and what is typed there.

use super::*;

#[test]
fn escape_closes_the_top_most_thing_first() {
    let mut model = midst(120, 36);
    for key in ['f', 'e', '?'] {
        press(&mut model, KeyCode::Char(key));
    }
    let state = |model: &Model| {
        (matches!(model.overlay, Overlay::None), model.arrangement.expanded, model.is_frozen())
    };
    assert_eq!(state(&model), (false, true, true));
    for expected in [(true, true, true), (true, false, true), (true, false, false), (true, false, false)] {
        assert_eq!(press(&mut model, KeyCode::Esc), []);
        assert_eq!(state(&model), expected);
    }
}

#[test]
fn the_palette_finds_an_action_and_does_it() {
    let mut model = midst(120, 36);
    press(&mut model, KeyCode::Char(':'));
    for letter in "pau".chars() {
        press(&mut model, KeyCode::Char(letter));
    }
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::Send(Command::Pause)]);
    assert!(matches!(model.overlay, Overlay::None));
    press(&mut model, KeyCode::Char(':'));
    for letter in "full".chars() {
        press(&mut model, KeyCode::Char(letter));
    }
    assert_eq!(press(&mut model, KeyCode::Enter), []);
    assert!(matches!(model.answer, Some((Answer::Refused(_), _))), "a run is under way");
}

#[test]
fn what_is_copied_is_what_is_selected() {
    let mut model = midst(120, 36);
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Char('y'));
    let [Effect::Copy(row)] = &press(&mut model, KeyCode::Enter)[..] else { panic!() };
    let row: serde_json::Value = serde_json::from_str(row).unwrap();
    assert_eq!(row["name"], "Ada Lovelace 149");
    assert_eq!(row["address"], "12 St James's Square\nLondon", "as the source sent it");
    for (letter, expected) in [('t', token(3)), ('c', cursor(150).text().to_owned())] {
        press(&mut model, KeyCode::Char('y'));
        assert_eq!(press(&mut model, KeyCode::Char(letter)), [Effect::Copy(expected)]);
    }
    let mut model = silent(80, 24);
    press(&mut model, KeyCode::Char('y'));
    assert_eq!(press(&mut model, KeyCode::Char('t')), []);
    assert!(matches!(model.answer, Some((Answer::Refused(_), _))));
}

#[test]
fn a_paste_goes_where_something_is_typed_and_nowhere_else() {
    let mut model = midst(120, 36);
    assert_eq!(update(&mut model, Message::Paste("q".to_owned())), []);
    assert_eq!(model.leaving, Leaving::No);
    press(&mut model, KeyCode::Char('/'));
    update(&mut model, Message::Paste("name:ada\n".to_owned()));
    assert!(model.browse.is_filtered());
    assert_eq!(model.browse.filter_text, "name:ada ");
}
