//! The checkpoint: the value verbatim, when it moved, and how much is stored.

use super::super::layout::Shape;
use super::super::model::Model;
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// Draws the checkpoint.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.checkpoint;
    let checkpoint = &model.seen().checkpoint;
    let value = match &checkpoint.value {
        Some((_, text)) => Words::new().say(Role::Strong, text.clone()),
        None => Words::new().say(Role::Quiet, "none yet"),
    };
    let age = checkpoint.moved_at.map(|at| text::age(model.now, at));
    if canvas.areas.shape == Shape::Compact {
        let line = Words::new().say(Role::Quiet, " checkpoint ").join(value);
        let age = age.map(|age| Words::new().say(Role::Quiet, format!("  {age}")));
        let age = age.filter(|age| line.width() + age.width() <= usize::from(area.width));
        canvas.write(area, 0, line.join(age.unwrap_or_default()));
        return;
    }
    let inner = canvas.panel(area, "Checkpoint", "", false);
    canvas.write(inner, 0, value);
    let moved = match (checkpoint.held, checkpoint.moved_at, age) {
        (true, ..) => Words::new().say(Role::Warn, "held until the run completes: rows out of order"),
        (false, Some(at), Some(age)) => Words::new()
            .say(Role::Quiet, "moved ")
            .say(Role::Plain, age)
            .say(Role::Quiet, format!(", {} UTC", at.format("%H:%M:%S"))),
        _ => Words::new().say(Role::Quiet, "everything is asked for"),
    };
    canvas.write(inner, 1, moved);
    let rows = Words::new()
        .say(Role::Plain, text::number(model.seen().rows))
        .say(Role::Quiet, if model.seen().rows == 1 { " row in the table" } else { " rows in the table" });
    canvas.write(inner, 2, rows);
}
