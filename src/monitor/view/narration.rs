//! A demo: what just happened and why it matters, and how the walker beside stands.

use ratatui::layout::Rect;

use super::super::model::{Lesson, Model, lesson};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use crate::lesson::{Beside, State, Verdict};
use crate::sync::event::Level;

/// How many cells the names of the figures take.
const LABEL: usize = 12;

/// Draws what is told.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let Some(lesson) = &model.lesson else { return };
    let area = canvas.areas.narration;
    let side = if lesson.said.len() > 1 { "n tells all" } else { "" };
    let mut inner = canvas.panel(area, &format!("Demo: {}", lesson.title), side, false);
    if canvas.areas.beside.is_empty()
        && let Some(beside) = &lesson.beside
    {
        canvas.write(inner, 0, in_a_line(model, lesson, beside));
        inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    let width = usize::from(inner.width).saturating_sub(2);
    for (line, words) in (0..inner.height).zip(told(model, lesson, width, usize::from(inner.height))) {
        canvas.write(inner, line, words);
    }
    if let Some(beside) = &lesson.beside {
        self::beside(model, lesson, beside, canvas);
    } else if lesson.has_beside {
        let area = canvas.areas.beside;
        let inner = canvas.panel(area, "Side by side", "", false);
        canvas.write(inner, 0, Words::new().say(Role::Quiet, "the other walker waits too"));
    }
}

/// The latest that was said, then what was said before it, as far as there is room.
fn told(model: &Model, lesson: &Lesson, width: usize, height: usize) -> Vec<Words> {
    let mut lines = Vec::new();
    if let Some(verdict) = &lesson.verdict {
        lines.extend(self::verdict(verdict));
    }
    if lesson::is_waiting(model) {
        let about = text::wrap(&lesson.about, width).into_iter();
        lines.extend(about.map(|piece| Words::new().say(Role::Plain, format!("  {piece}"))));
    }
    for (age, narration) in lesson.said.iter().rev().enumerate() {
        let (role, sign) = match narration.level {
            _ if age > 0 => (Role::Quiet, Role::Quiet),
            Level::Info => (Role::Plain, Role::Accent),
            Level::Warning => (Role::Plain, Role::Warn),
            Level::Attention => (Role::Plain, Role::Bad),
        };
        let mut front = "» ";
        for piece in text::wrap(&narration.text, width) {
            lines.push(Words::new().say(sign, front).say(role, piece));
            front = "  ";
        }
    }
    if lesson::is_waiting(model) {
        let hint = Words::new()
            .say(Role::Accent, "s")
            .say(Role::Plain, " takes a step, page by page; ")
            .say(Role::Accent, "Space")
            .say(Role::Plain, " lets it run");
        lines.truncate(height.saturating_sub(1));
        lines.push(hint);
    }
    lines
}

fn verdict(verdict: &Verdict) -> Vec<Words> {
    let q = |words: Words| words.say(Role::Plain, "; ").say(Role::Accent, "q").say(Role::Plain, " leaves");
    if verdict.met {
        let rows = text::count(verdict.came.rows, "row");
        let words = Words::new()
            .say(Role::Good, "✔ ")
            .say(Role::Good, format!("as it should be: {rows} here, {} lost", verdict.came.lost));
        return vec![q(words)];
    }
    let mut lines: Vec<Words> = verdict
        .differs
        .iter()
        .map(|what| Words::new().say(Role::Bad, "✖ ").say(Role::Plain, format!("not as expected: {what}")))
        .collect();
    lines.push(q(Words::new().say(Role::Plain, "this is a defect, or the scenario's own")));
    lines
}

/// How many rows this walker has lost.
fn lost_here(lesson: &Lesson, beside: &Beside) -> u64 {
    lesson.verdict.as_ref().map_or(beside.lost_here, |verdict| verdict.came.lost)
}

/// Both walkers where there is room for a line only.
fn in_a_line(model: &Model, lesson: &Lesson, beside: &Beside) -> Words {
    let lost = |words: Words, lost: u64| {
        words.say(if lost > 0 { Role::Bad } else { Role::Good }, text::number(lost))
    };
    let words = lost(Words::new().say(Role::Strong, "lost: "), lost_here(lesson, beside));
    let words = lost(words.say(Role::Plain, " here · "), beside.lost);
    words
        .say(Role::Plain, format!(" beside ({}); ", beside.name))
        .say(Role::Quiet, format!("rows {} · {}", text::number(model.heard.rows), text::number(beside.rows)))
}

/// Two columns of figures: this walker, and the one beside.
fn beside(model: &Model, lesson: &Lesson, beside: &Beside, canvas: &mut Canvas) {
    let area = canvas.areas.beside;
    let state = match beside.state {
        State::Going => "● going",
        State::Holding => "‖ holding",
        State::Done => "✔ done",
    };
    let inner = canvas.panel(area, "Side by side", state, false);
    let run = model.heard.run.as_ref();
    let totals = run.map(|run| run.totals).unwrap_or_default();
    let column = usize::from(inner.width).saturating_sub(LABEL) / 2;
    let lost = lost_here(lesson, beside);
    let head = |name: &str| text::pad_left(&text::fit(name, column.saturating_sub(1)), column);
    let words = Words::new()
        .say(Role::Quiet, text::pad("walk", LABEL))
        .say(Role::Strong, head(model.heard.walk.word()))
        .say(Role::Strong, head(&beside.name));
    canvas.write(inner, 0, words);
    let lines = [
        ("pages", totals.pages, beside.pages, false),
        ("rows", model.heard.rows, beside.rows, false),
        ("sent again", totals.counts.same + totals.counts.stale, beside.repeated, false),
        ("lost or old", lost, beside.lost, true),
    ];
    for (line, (label, here, there, alarming)) in (1..inner.height).zip(lines) {
        let role = |value: u64| match (alarming, value) {
            (true, 0) => Role::Good,
            (true, _) => Role::Bad,
            (false, _) => Role::Plain,
        };
        let words = Words::new()
            .say(Role::Quiet, text::pad(label, LABEL))
            .say(role(here), text::pad_left(&text::number(here), column))
            .say(role(there), text::pad_left(&text::number(there), column));
        canvas.write(inner, line, words);
    }
    canvas.write(inner, 5, Words::new().say(Role::Quiet, text::fit(&beside.note, usize::from(inner.width))));
}
