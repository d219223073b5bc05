//! The position in cursor time: from the oldest cursor stored to now, with the checkpoint on the way.
//!
//! Never a percentage: nobody knows how many rows a source has, but how far behind now the checkpoint is, is known.

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use super::super::model::Model;
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use crate::sanitize;
use crate::sync::event::Phase;

/// Draws the position.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.position;
    let inner = canvas.panel(area, "Position in cursor time", "", false);
    if inner.is_empty() {
        return;
    }
    let Some(oldest) = &model.seen().oldest else {
        canvas.write(inner, 0, Words::new().say(Role::Quiet, "nothing is stored yet"));
        return;
    };
    let label = |text: String| Words::new().say(Role::Quiet, "oldest ").say(Role::Plain, text);
    let to = behind(model, if inner.height >= 2 { " checkpoint " } else { " " });
    let Some(since) = oldest.instant() else {
        // Nothing tells how far that is from now.
        let first = label(sanitize::line(oldest.text()).into_owned());
        canvas.write(
            inner,
            0,
            first.join(Words::new().say(Role::Plain, "  ")).join(behind(model, " checkpoint ")),
        );
        return;
    };
    if inner.height >= 2 {
        canvas.write(inner, 0, bar(model, since, inner.width));
        let from = label(sanitize::line(oldest.text()).into_owned());
        let fits = from.width() + to.width() + 2 <= usize::from(inner.width);
        let to = if fits { to } else { behind(model, " ") };
        let room = inner.width.saturating_sub(u16::try_from(to.width() + 2).unwrap_or(u16::MAX));
        canvas.write_right(inner, 1, to);
        canvas.write(Rect { width: room, ..inner }, 1, from);
        canvas.write(inner, 2, left(model));
        return;
    }
    let from = label(since.format("%Y-%m-%d").to_string());
    let sides = u16::try_from(from.width() + to.width() + 2).unwrap_or(u16::MAX);
    let bar = bar(model, since, inner.width.saturating_sub(sides));
    let gap = || Words::new().say(Role::Plain, " ");
    canvas.write(inner, 0, from.join(gap()).join(bar).join(gap()).join(to));
}

/// How far the checkpoint is behind now.
pub(super) fn behind(model: &Model, label: &str) -> Words {
    let words = Words::new();
    let Some((checkpoint, _)) = &model.seen().checkpoint.value else {
        return words.say(Role::Quiet, "no checkpoint yet");
    };
    let lag = checkpoint.instant().map(|instant| model.now - instant);
    let text = match lag.map(|lag| (lag.num_minutes(), lag)) {
        None => sanitize::line(checkpoint.text()).into_owned(),
        Some((..0, _)) => "ahead of now".to_owned(),
        Some((0, _)) => "less than a minute behind now".to_owned(),
        Some((_, lag)) => format!("{} behind now", text::span(lag)),
    };
    words.say(Role::Strong, "◆").say(Role::Quiet, label).say(Role::Plain, text)
}

/// How long the run takes to come up to now, where that can be trusted.
fn left(model: &Model) -> Words {
    let seen = model.seen();
    let words = Words::new();
    let Some(run) = seen.run.as_ref().filter(|_| seen.under_way()) else {
        return words;
    };
    if seen.phase == Phase::Paused {
        return words.say(Role::Quiet, "no estimate in a pause");
    }
    if run.disorder {
        return words.say(Role::Quiet, "no estimate: rows came out of order");
    }
    match run.pace.left(model.now, model.now) {
        Some(left) => words
            .say(Role::Quiet, "about ")
            .say(Role::Strong, text::about(left))
            .say(Role::Quiet, " left, if it goes on like this"),
        None => words.say(Role::Quiet, "no estimate: the way so far is too short or too uneven"),
    }
}

/// The way from the oldest cursor to now: walked, and still ahead.
fn bar(model: &Model, oldest: DateTime<Utc>, width: u16) -> Words {
    let width = usize::from(width);
    let place = |at: DateTime<Utc>| place(oldest, model.now, at, width);
    let checkpoint = model.seen().checkpoint.value.as_ref();
    let checkpoint = checkpoint.and_then(|(cursor, _)| cursor.instant()).map(place);
    let run = model.seen().run.as_ref().filter(|_| model.seen().under_way());
    let run = run.and_then(|run| run.position.as_ref()?.instant()).map(place);
    let reached = run.or(checkpoint);
    let mut words = Words::new();
    for cell in 0..width {
        words = if checkpoint == Some(cell) {
            words.say(Role::Strong, "◆")
        } else if run == Some(cell) {
            words.say(Role::Good, "▶")
        } else if reached.is_some_and(|reached| cell < reached) {
            words.say(Role::Accent, "━")
        } else {
            words.say(Role::Quiet, "╌")
        };
    }
    words
}

/// The cell of a time on a line of so many cells between two times.
pub(super) fn place(from: DateTime<Utc>, to: DateTime<Utc>, at: DateTime<Utc>, width: usize) -> usize {
    let last = width.saturating_sub(1);
    let whole = (to - from).num_milliseconds().max(1);
    let part = (at - from).num_milliseconds().clamp(0, whole);
    let cell = i128::from(part) * i128::try_from(last).unwrap_or(0) / i128::from(whole);
    usize::try_from(cell).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn places_stay_on_the_line() {
        let at = |seconds| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(place(at(0), at(100), at(0), 11), 0);
        assert_eq!(place(at(0), at(100), at(50), 11), 5);
        assert_eq!(place(at(0), at(100), at(100), 11), 10);
        assert_eq!(place(at(0), at(100), at(900), 11), 10);
        assert_eq!(place(at(0), at(100), at(-5), 11), 0);
        assert_eq!(place(at(5), at(5), at(5), 11), 0);
        assert_eq!(place(at(0), at(100), at(50), 0), 0);
        let ages = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
        assert_eq!(place(ages.0, ages.1, ages.1, 100), 99);
    }
}
