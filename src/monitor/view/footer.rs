//! The last line: the keys, greyed where they have nothing to do, or the answer to the last one.

use super::super::keys::{Action, Binding, KEYMAP};
use super::super::model::{Answer, Model};
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// Draws the footer.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.footer;
    if let Some((answer, _)) = &model.answer {
        let (role, sign, text) = match answer {
            Answer::Done(text) => (Role::Good, "✔", text),
            Answer::Refused(text) => (Role::Warn, "!", text),
        };
        canvas.write(area, 0, Words::new().say(role, format!(" {sign} {text}")));
        return;
    }
    let mut shown: Vec<&Binding> = KEYMAP.iter().filter(|key| key.footer.is_some()).collect();
    // What leads out and to all the other keys stays longest.
    while line(model, &shown).width() > usize::from(area.width) {
        let stays = |key: &&Binding| matches!(key.action, Action::Help | Action::Quit);
        let Some(last) = shown.iter().rposition(|key| !stays(key)) else {
            break;
        };
        shown.remove(last);
    }
    canvas.write(area, 0, line(model, &shown));
}

fn line(model: &Model, shown: &[&Binding]) -> Words {
    let mut words = Words::new();
    for binding in shown {
        let Some(label) = binding.footer else {
            continue;
        };
        let (key, does) = match (binding.ready)(model) {
            Ok(()) => (Role::Accent, Role::Plain),
            Err(_) => (Role::Quiet, Role::Quiet),
        };
        let gap = if words.is_empty() { " " } else { "   " };
        words = words
            .say(key, format!("{gap}{}", binding.keys.first().map_or(String::new(), |key| key.name())))
            .say(does, format!(" {}", label(model)));
    }
    words
}
