//! The log: what happened and why, newest on top.

use super::super::model::{Model, Panel, Tone};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::table::place;

/// Cells in front of what is said: the pointer, the time, the sign.
const MARGIN: usize = 13;

/// Draws the log. While keys are in it an entry is a line, to be picked; otherwise it takes as many as it needs.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.list(Panel::Log);
    let focused = model.arrangement.focus == Panel::Log;
    let list = model.seen().log.list();
    let inner = canvas.panel(area, "Log", &place(&model.log, &list), focused);
    let height = canvas.areas.rows(Panel::Log);
    let window = model.log.window(&list, height);
    let mut at = 0;
    for (line, entry) in list.iter().skip(window.above).take(height).enumerate() {
        let (role, glyph) = mark(entry.tone);
        let said = match entry.tone {
            Tone::Info => Role::Plain,
            _ => role,
        };
        let selected = focused && line == window.selected;
        let pointer = if selected { "▶" } else { " " };
        let front = Words::new()
            .say(Role::Accent, format!("{pointer} "))
            .say(Role::Quiet, entry.at.format("%H:%M:%S").to_string())
            .say(role, format!(" {glyph} "));
        if focused {
            canvas.write(inner, at, front.say(said, entry.text.clone()));
            if selected && !model.log.follows() {
                let style = canvas.theme.selected();
                canvas.tint(inner, at, style);
            }
            at = at.saturating_add(1);
            continue;
        }
        let mut front = Some(front);
        let room = usize::from(inner.width).saturating_sub(MARGIN);
        for piece in text::wrap(&entry.text, room) {
            let front = front.take().unwrap_or_else(|| Words::new().say(Role::Plain, " ".repeat(MARGIN)));
            canvas.write(inner, at, front.say(said, piece));
            at = at.saturating_add(1);
        }
        if at >= inner.height {
            break;
        }
    }
}

/// The sign of a tone.
pub fn mark(tone: Tone) -> (Role, &'static str) {
    match tone {
        Tone::Info => (Role::Quiet, "·"),
        Tone::Good => (Role::Good, "✔"),
        Tone::Held => (Role::Held, "‖"),
        Tone::Warning => (Role::Warn, "!"),
        Tone::Attention => (Role::Bad, "✖"),
    }
}
