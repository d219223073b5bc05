//! The first line: the program, from where to where, how it walks, and the phase as a word, a glyph and a colour.

use super::super::model::{Model, State};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use crate::replay::Motion;
use crate::sync::event::Phase;

/// Below this many cells a source or a destination is not worth naming.
const LEAST: usize = 8;
/// With this many cells there is room for more than the names.
const ROOMY: usize = 60;

/// Draws the header.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.header;
    let (role, glyph, word) = chip(model);
    let chip = Words::new().chip(role, &format!("{glyph} {}", word.to_uppercase()));
    let brand = Words::new().say(Role::Accent, " highwater");
    let mut right = chip;
    let mut room = usize::from(area.width).saturating_sub(brand.width() + right.width() + 1);
    let walk = Words::new()
        .say(Role::Quiet, "walk ")
        .say(Role::Plain, model.heard.walk.word())
        .say(Role::Plain, "  ");
    // The run's panel names the walk too; where room is short the stream goes first.
    if room >= walk.width() + ROOMY {
        room -= walk.width();
        right = walk.join(right);
    }
    canvas.write(area, 0, brand.join(stream(model, room)));
    canvas.write_right(area, 0, right.say(Role::Plain, " "));
}

/// The source and the destination, in so many cells.
fn stream(model: &Model, room: usize) -> Words {
    let Some(stream) = &model.heard.stream else {
        return Words::new();
    };
    let arrow = " → ";
    let Some(room) = room.checked_sub(2 + text::width(arrow) + 2) else {
        return Words::new();
    };
    if room < 2 * LEAST {
        return Words::new();
    }
    let destination = &stream.destination;
    // Each may take what the other leaves, and half of the room in any case. A source that fits takes more than
    // that: a path cut in its middle still says enough.
    let for_source = room.saturating_sub(text::width(destination)).max(room / 2);
    let whole = text::width(&stream.source);
    let for_source = if whole + LEAST + LEAST / 2 <= room { for_source.max(whole) } else { for_source };
    let source = text::fit(&stream.source, for_source);
    let destination = text::fit_middle(destination, room - text::width(&source));
    Words::new().say(Role::Plain, format!("  {source}")).say(Role::Quiet, arrow).say(Role::Plain, destination)
}

/// What is going on: the phase, unless it is a recording's, which goes on no further while the player holds it.
fn chip(model: &Model) -> (Role, &'static str, &'static str) {
    match model.playback.map(|playback| playback.motion) {
        Some(Motion::Held) => (Role::Held, "‖", "held"),
        Some(Motion::Over) => (Role::Held, "■", "over"),
        Some(Motion::Playing) | None => phase(model),
    }
}

/// The phase: its meaning, its glyph and its word.
pub(super) fn phase(model: &Model) -> (Role, &'static str, &'static str) {
    if model.heard.stream.is_none() {
        return (Role::Quiet, "○", "opening");
    }
    match &model.heard.phase {
        Phase::Idle => (Role::Quiet, "○", "ready"),
        Phase::Running { .. } => (Role::Good, "●", "running"),
        Phase::Waiting { .. } => (Role::Warn, "◌", "waiting"),
        Phase::Outage { .. } => (Role::Bad, "◌", "outage"),
        Phase::Storing { .. } => (Role::Warn, "◌", "storing"),
        Phase::Pausing { .. } => (Role::Held, "◐", "pausing"),
        Phase::Paused => (Role::Held, "‖", "paused"),
        Phase::Stopping { .. } => (Role::Held, "◐", "stopping"),
        Phase::Resting { .. } => (Role::Good, "◌", "resting"),
        Phase::Holding => (Role::Held, "‖", "holding"),
        Phase::Ended { outcome } => {
            State::Left { outcome: *outcome, attention: model.heard.needs_attention() }.sign()
        }
    }
}
