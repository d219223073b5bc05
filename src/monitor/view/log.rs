//! The log: what happened and why, newest on top.

use super::super::model::{Model, Panel, Tone};
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::users::place;

/// Draws the log.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.log;
    let focused = model.focus == Panel::Log;
    let inner = canvas.panel(area, "Log", &place(&model.log), focused);
    let height = canvas.areas.rows(Panel::Log);
    let window = model.log.window(height);
    for (line, entry) in model.log.visible(window, height).enumerate() {
        let selected = focused && line == window.selected;
        let (role, glyph) = mark(entry.tone);
        let said = match entry.tone {
            Tone::Info => Role::Plain,
            _ => role,
        };
        let pointer = if selected { "▶" } else { " " };
        let words = Words::new()
            .say(Role::Accent, format!("{pointer} "))
            .say(Role::Quiet, entry.at.format("%H:%M:%S").to_string())
            .say(role, format!(" {glyph} "))
            .say(said, entry.text.clone());
        let at = u16::try_from(line).unwrap_or(u16::MAX);
        canvas.write(inner, at, words);
        if selected && !model.log.follows() {
            let style = canvas.theme.selected();
            canvas.tint(inner, at, style);
        }
    }
}

fn mark(tone: Tone) -> (Role, &'static str) {
    match tone {
        Tone::Info => (Role::Quiet, "·"),
        Tone::Good => (Role::Good, "✔"),
        Tone::Held => (Role::Held, "‖"),
        Tone::Warning => (Role::Warn, "!"),
        Tone::Attention => (Role::Bad, "✖"),
    }
}
