//! The run's counters: pages, requests, rows, what became of them, and how fast they come.

use chrono::TimeDelta;

use super::super::layout::Shape;
use super::super::model::sheet::figures;
use super::super::model::{Model, Run, pace};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use crate::sync::event::Phase;

/// Draws the counters.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.counters;
    let compact = canvas.areas.shape == Shape::Compact;
    let Some(run) = &model.seen().run else {
        if !compact {
            let inner = canvas.panel(area, "Run", "", false);
            canvas.write(inner, 0, Words::new().say(Role::Quiet, "none yet"));
        }
        return;
    };
    let totals = &run.totals;
    let pages = figure(totals.pages, "page", "pages", Role::Strong);
    let rows = figure(totals.counts.rows, "row", "rows", Role::Strong);
    let speed = match speed(model, run) {
        Some(speed) => dot().join(figure(speed, "row/s", "rows/s", Role::Plain)),
        None => Words::new(),
    };
    if compact {
        let words = Words::new().say(Role::Plain, " ").join(pages);
        canvas.write(area, 0, words.join(dot()).join(rows).join(speed));
        return;
    }
    let title = format!("Run {}, walk {}", run.number, model.seen().walk);
    let inner = canvas.panel(area, &title, &text::span(elapsed(model, run)), false);
    let retries = totals.retries + run.failing;
    let requests = totals.requests + run.failing;
    let failing = if retries > 0 { Role::Warn } else { Role::Plain };
    let requests = Words::new()
        .join(pages)
        .join(dot())
        .join(figure(requests, "request", "requests", Role::Plain))
        .join(dot())
        .join(figure(retries, "retry", "retries", failing));
    let rows = rows.join(speed);
    let fates = fates(run, usize::from(inner.width));
    // Where there is no room for three lines: what came, and what became of it.
    if inner.height >= 3 {
        canvas.write(inner, 0, requests);
        canvas.write(inner, 1, rows);
        canvas.write(inner, 2, fates);
    } else {
        canvas.write(inner, 0, requests.join(dot()).join(rows));
        canvas.write(inner, 1, fates);
    }
}

fn dot() -> Words {
    Words::new().say(Role::Quiet, " · ")
}

fn figure(value: u64, one: &str, many: &str, role: Role) -> Words {
    let noun = if value == 1 { one } else { many };
    Words::new().say(role, text::number(value)).say(Role::Quiet, format!(" {noun}"))
}

/// What became of the rows, behind the marks that the table uses; without the words where they do not fit.
fn fates(run: &Run, width: usize) -> Words {
    let spelt = |words: bool| {
        let mut line = Words::new();
        for (role, figure, word) in figures(&run.totals.counts) {
            if !line.is_empty() {
                line = line.say(Role::Plain, "  ");
            }
            line = line.say(role, figure);
            if words {
                line = line.say(Role::Quiet, format!(" {word}"));
            }
        }
        line
    };
    let long = spelt(true);
    if long.width() <= width { long } else { spelt(false) }
}

/// How long the run has taken: by its own account when it is over, by the clock until then. The clock stands still
/// in a pause, so that a screen which rests has nothing to redraw.
pub(super) fn elapsed(model: &Model, run: &Run) -> TimeDelta {
    match model.seen().phase {
        Phase::Ended { .. } | Phase::Idle | Phase::Resting { .. } | Phase::Holding => {
            TimeDelta::milliseconds(i64::try_from(run.totals.elapsed_ms).unwrap_or(i64::MAX / 2))
        }
        Phase::Paused => model.seen().phase_at - run.began,
        _ => model.now - run.began,
    }
}

/// Rows a second: of late while they come, of all the run when it is over.
fn speed(model: &Model, run: &Run) -> Option<u64> {
    if model.seen().ended.is_some() {
        pace::per_second(run.totals.counts.rows, elapsed(model, run))
    } else {
        run.pace.rate(model.now).map(|(rows, _)| rows as u64)
    }
}
