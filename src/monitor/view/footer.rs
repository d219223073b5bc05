//! The last line: the keys, greyed where they have nothing to do, or the answer to the last one.

use ratatui::layout::{Constraint, Layout};

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
        let wanted = u16::try_from(hint.width()).unwrap_or(u16::MAX).min(area.width / 2);
        let [typed, hinted] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Length(wanted)]).areas(area);
        canvas.input(typed, 0, " /", input);
        canvas.write_right(hinted, 0, hint);
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
    if let Some(export) = &model.export {
        canvas.write(area, 0, exporting(export, usize::from(area.width)));
        return;
    }
    let mut shown: Vec<&Binding> = KEYMAP.iter().filter(|key| key.label(model).is_some()).collect();
    let mut least = RANKS.iter().rev();
    while line(model, &shown).width() > usize::from(area.width)
        && let Some(action) = least.next()
    {
        shown.retain(|key| key.action != *action);
    }
    canvas.write(area, 0, line(model, &shown));
}

/// What stays longest where there is no room for all: what leads to the other keys and out, then what is used most.
const RANKS: [Action; 15] = [
    Action::Help,
    Action::Quit,
    Action::Pause,
    Action::Step,
    Action::Slower,
    Action::Faster,
    Action::Enter,
    Action::NextPanel,
    Action::Filter,
    Action::Palette,
    Action::Again,
    Action::Copy,
    Action::Expand,
    Action::Freeze,
    Action::Full,
];

fn line(model: &Model, shown: &[&Binding]) -> Words {
    let mut words = Words::new();
    for binding in shown {
        let Some(label) = binding.label(model) else {
            continue;
        };
        let (key, does) = match (binding.ready)(model) {
            Ok(()) => (Role::Accent, Role::Plain),
            Err(_) => (Role::Quiet, Role::Quiet),
        };
        let gap = if words.is_empty() { " " } else { "   " };
        words = words
            .say(key, format!("{gap}{}", binding.keys.first().map_or(String::new(), |key| key.name())))
            .say(does, format!(" {label}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_footer_has_its_rank() {
        for binding in KEYMAP.iter().filter(|binding| binding.footer.is_some()) {
            assert!(RANKS.contains(&binding.action), "{}", binding.name);
        }
    }
}
