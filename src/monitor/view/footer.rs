//! The last line: the keys, greyed where they have nothing to do, or the answer to the last one.

use ratatui::layout::Rect;

use super::super::keys::{Action, Binding, KEYMAP};
use super::super::model::{Answer, Exporting, Model, Overlay};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// Draws the footer.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.footer;
    if let Overlay::Filter(input, wrong) = &model.overlay {
        let (role, hint) = match wrong {
            Some(wrong) => (Role::Bad, wrong.as_str()),
            None => (Role::Quiet, "Enter keeps it · Esc clears it"),
        };
        let hint = Words::new().say(role, format!("{hint} "));
        let room = area.width.saturating_sub(u16::try_from(hint.width() + 1).unwrap_or(u16::MAX));
        canvas.input(Rect { width: room.max(area.width / 2), ..area }, 0, " /", input);
        canvas.write_right(
            Rect {
                x: area.x + room.max(area.width / 2),
                width: area.width - room.max(area.width / 2),
                ..area
            },
            0,
            hint,
        );
        return;
    }
    if let Some(export) = &model.export {
        canvas.write(area, 0, exporting(export, usize::from(area.width)));
        return;
    }
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

/// How far an export has come, as a bar where it is known how far there is to go.
fn exporting(export: &Exporting, width: usize) -> Words {
    const BAR: usize = 24;
    let words = Words::new().say(
        Role::Plain,
        format!(" exporting {}  ", text::fit_middle(&export.path.display().to_string(), width / 3)),
    );
    let rows = text::number(export.done);
    let words = match export.of.filter(|of| *of > 0) {
        Some(of) => {
            let part = export.done.min(of) as f64 / of as f64;
            let full = (part * BAR as f64) as usize;
            words
                .say(Role::Accent, "█".repeat(full))
                .say(Role::Quiet, "░".repeat(BAR - full))
                .say(Role::Plain, format!("  {rows} of {} rows", text::number(of)))
        }
        None => words.say(Role::Plain, format!("{rows} rows so far")),
    };
    words.say(Role::Accent, "   x").say(Role::Plain, " cancels")
}
