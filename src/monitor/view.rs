//! What the screen looks like: it only draws, a file a panel.
//!
//! A list is gathered as far as the model holds it, which is bounded, and only the lines that are on screen are laid
//! out. No panel knows of another: where they stand is `layout`'s business, what a colour means is the theme's.

mod canvas;
mod checkpoint;
mod counters;
mod footer;
mod header;
mod lanes;
mod log;
mod narration;
mod overlay;
mod pace;
mod pages;
mod position;
mod problems;
mod rows;
mod runs;
mod sheet;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod token;

use ratatui::Frame;

use self::canvas::Canvas;
use super::layout::Areas;
use super::model::{Model, Panel};

/// Draws the model.
///
/// ```text
/// ┌ header: the program, source → destination, walk, phase ──────────────────────────┐
/// │ status: what the sync is doing, in a sentence                             badges │
/// ├ in a demo: what just happened, and why it matters ──┬ side by side ──────────────┤
/// │ what is told, the latest on top                     │ this walker, the other one │
/// ├ checkpoint ──────────────┬ token ───────────────────┼ counters ──────────────────┤
/// │ value, when it moved     │ raw, what it reads       │ pages, rows, what became   │
/// ├ pace ───────────────────────────────┬ position ─────┴────────────────────────────┤
/// │ rows a second, answers, budget      │ oldest ━━━━━━━━━━━━━◆╌╌╌╌╌ now, time left  │
/// ├ with several lanes: the stretch that they share ───────────────────────── how many ┤
/// │ ████████1░░░░░░▒▒▒▒2░░░░░▒▒▒3░░░░  what each does, and where it stands            │
/// ├ pages, or runs ─────────────────────┼ rows ──────────────────────────────────────┤
/// │ a line each, newest on top          │ a line a row: what came, then the table    │
/// ├ log, or problems ───────────────────┴────────────────────────────────────────────┤
/// │ what happened and why, newest on top                                             │
/// └ footer: the keys, or the answer to the last one, or a filter that is typed ──────┘
/// ```
///
/// Over it lies at most one overlay: the help, all of an entry, or a question.
pub fn view(model: &Model, frame: &mut Frame) {
    let size = frame.area().as_size();
    let buffer = frame.buffer_mut();
    let mut canvas = Canvas { areas: Areas::of(size, model.arrangement), theme: model.theme, size, buffer };
    header::draw(model, &mut canvas);
    status::draw(model, &mut canvas);
    narration::draw(model, &mut canvas);
    checkpoint::draw(model, &mut canvas);
    token::draw(model, &mut canvas);
    counters::draw(model, &mut canvas);
    position::draw(model, &mut canvas);
    lanes::draw(model, &mut canvas);
    pace::draw(model, &mut canvas);
    match model.arrangement.left {
        Panel::Runs => runs::draw(model, &mut canvas),
        _ => pages::draw(model, &mut canvas),
    }
    rows::draw(model, &mut canvas);
    match model.arrangement.bottom {
        Panel::Problems => problems::draw(model, &mut canvas),
        _ => log::draw(model, &mut canvas),
    }
    footer::draw(model, &mut canvas);
    overlay::draw(model, &mut canvas);
    model.theme.finish(canvas.buffer);
}
