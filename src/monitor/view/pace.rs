//! How fast it goes: rows a second against time, how long answers take, and what the source allows.

use chrono::TimeDelta;

use super::super::model::{Model, Run};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// How many cells the name of a line takes.
const LABEL: usize = 9;
/// How many bars the latencies are drawn with.
const BARS: usize = 16;
/// How many of them have something in them where they say more than the figures do.
const TELLING: usize = 3;
/// What stands in front of them.
const SPREAD: &str = "spread ";
/// The levels of a bar, from nothing to full.
const LEVELS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws the pace.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.pace;
    let inner = canvas.panel(area, "Pace", "", false);
    let Some(run) = &model.seen().run else {
        canvas.write(inner, 0, Words::new().say(Role::Quiet, "nothing has come yet"));
        return;
    };
    let width = usize::from(inner.width);
    canvas.write(inner, 0, rows(model, run, width));
    canvas.write(inner, 1, latency(run));
    let budget = budget(model);
    canvas.write_right(inner, 2, spread(run, width.saturating_sub(budget.width() + 2)));
    canvas.write(inner, 2, budget);
}

fn label(name: &str) -> Words {
    Words::new().say(Role::Quiet, text::pad(name, LABEL))
}

/// Rows a second: the figure of now, and the last minute or so as bars. Of a run that is over, of all of it.
fn rows(model: &Model, run: &Run, width: usize) -> Words {
    let seen = model.seen();
    let (now, rate) = if seen.under_way() {
        (model.now, run.pace.rate(model.now))
    } else {
        (seen.phase_at, run.pace.mean(run.totals.elapsed_ms, run.totals.pages))
    };
    let (rows, pages) = rate.unwrap_or_default();
    let noun = if format!("{pages:.1}") == "1.0" { "page" } else { "pages" };
    let figure = format!("{}  {pages:.1} {noun} ", text::count(rows as u64, "row"));
    let words = label("a second").say(Role::Plain, figure);
    let room = width.saturating_sub(words.width());
    let seconds: Vec<u64> = run.pace.seconds(now, room).map(|second| second.rows).collect();
    let blank = " ".repeat(room - seconds.len());
    words.say(Role::Accent, blank + &bars(&seconds))
}

/// How many requests the source still allows, where it says so.
fn budget(model: &Model) -> Words {
    let words = label("budget");
    let Some((budget, at)) = model.seen().budget else {
        return words.say(Role::Quiet, "the source names none");
    };
    let few = |left: u64| budget.limit.is_some_and(|limit| left * 5 <= limit);
    let words = match (budget.remaining, budget.limit) {
        (Some(0), _) => words.say(Role::Bad, "used up"),
        (Some(left), _) if few(left) => words.say(Role::Warn, format!("{} left", text::number(left))),
        (Some(left), _) => words.say(Role::Plain, format!("{} left", text::number(left))),
        (None, Some(_)) => words,
        (None, None) => return words.say(Role::Quiet, "the source names none"),
    };
    let words = match budget.limit {
        Some(limit) => words.say(Role::Quiet, format!(" of {}", text::number(limit))),
        None => words,
    };
    let reset =
        budget.reset_s.and_then(|seconds| i64::try_from(seconds).ok()).and_then(TimeDelta::try_seconds);
    // Nothing counts down on a screen that rests.
    let due = reset.filter(|_| model.seen().under_way()).and_then(|reset| at.checked_add_signed(reset));
    let left = due.map(|due| due - model.now);
    match left.filter(|left| *left > TimeDelta::zero()) {
        Some(left) => words.say(Role::Quiet, format!(", anew in {}", text::span(left))),
        None => words,
    }
}

/// How long answers take, the slowest one in a hundred included.
fn latency(run: &Run) -> Words {
    let words = label("answers");
    let Some(latency) = run.pace.latency() else {
        return words.say(Role::Quiet, "none yet");
    };
    let at = |quantile| text::milliseconds(latency.value_at_quantile(quantile));
    words
        .say(Role::Quiet, "p50 ")
        .say(Role::Plain, at(0.5))
        .say(Role::Quiet, "  p90 ")
        .say(Role::Plain, at(0.9))
        .say(Role::Quiet, "  p99 ")
        .say(Role::Plain, at(0.99))
}

/// How the answers' times are spread, in so many cells; nothing where there is too little room, or little to see.
fn spread(run: &Run, room: usize) -> Words {
    let room = room.saturating_sub(SPREAD.len()).min(BARS);
    let Some(latency) = run.pace.latency().filter(|_| room >= BARS / 2) else {
        return Words::new();
    };
    // Bars of equal ratio: a source that sometimes takes ten times as long shows as two hills.
    let (least, most) = (latency.min().max(1) as f64, latency.max().max(2) as f64);
    let step = (most / least).max(1.5).powf(1.0 / room as f64);
    let edge = |bar: usize| (least * step.powf(bar as f64)) as u64;
    let counts: Vec<u64> = (0..room)
        .map(|bar| latency.count_between(edge(bar), edge(bar + 1).saturating_sub(1).max(edge(bar))))
        .collect();
    if counts.iter().filter(|count| **count > 0).count() < TELLING {
        return Words::new();
    }
    Words::new().say(Role::Quiet, SPREAD).say(Role::Accent, bars(&counts))
}

/// Values as bars beside one another, the largest of them full. What is not nothing shows.
fn bars(values: &[u64]) -> String {
    let most = u128::from(values.iter().copied().max().unwrap_or(0).max(1));
    let full = LEVELS.len() - 1;
    let level =
        |value: u64| usize::try_from((u128::from(value) * full as u128).div_ceil(most)).unwrap_or(full);
    values.iter().map(|value| LEVELS[level(*value)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_relative_to_the_largest() {
        assert_eq!(bars(&[0, 1, 50, 100]), " ▁▄█");
        assert_eq!(bars(&[0, 0]), "  ");
        assert_eq!(bars(&[]), "");
        assert_eq!(bars(&[u64::MAX]), "█");
    }
}
