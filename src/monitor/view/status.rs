//! The second line: what the sync is doing and what that means, in a sentence, and the badges of what needs attention.

use super::super::model::{Leaving, Model, lesson};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use crate::replay::{Motion, Playback};
use crate::run::Outcome;
use crate::sync::event::Phase;

/// A request is on the wire for this many seconds before its deadline is worth telling.
const SLOW: i64 = 2;
/// The least of the sentence that badges leave.
const SENTENCE: usize = 24;

/// Draws the status and the badges.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.status;
    let width = usize::from(area.width);
    let mut badges = Words::new();
    // Who leaves needs to know what that waits for.
    let told = if model.leaving == Leaving::No { self::badges(model) } else { Vec::new() };
    for (role, badge) in told {
        let next = Words::new().say(Role::Plain, " ").chip(role, &badge);
        if badges.width() + next.width() + SENTENCE > width && !badges.is_empty() {
            break;
        }
        badges = badges.join(next);
    }
    let (role, sentence) = sentence(model);
    let room = width.saturating_sub(badges.width() + 3);
    let sentence = text::fit(&sentence, room);
    canvas.write(area, 0, Words::new().say(role, format!(" {sentence}")));
    if !badges.is_empty() {
        canvas.write_right(area, 0, badges.say(Role::Plain, " "));
    }
}

/// What is being done, and how much it matters.
fn sentence(model: &Model) -> (Role, String) {
    let next = text::number(model.heard.run.as_ref().map_or(0, |run| run.totals.pages) + 1);
    match (model.leaving, model.heard.under_way()) {
        (Leaving::Asked(1, _), true) => {
            let text = format!("finishing page {next}, then leaving; q again drops it");
            return (Role::Held, text);
        }
        (Leaving::Asked(..), true) => {
            let text =
                "dropping the request, then leaving; q again leaves at once, and what is stored stays stored";
            return (Role::Held, text.to_owned());
        }
        (Leaving::Asked(..), false) => return (Role::Held, "leaving".to_owned()),
        (Leaving::No, _) => {}
    }
    if model.heard.stream.is_none() {
        return (Role::Quiet, "opening the destination".to_owned());
    }
    let left = |until| text::seconds_until(model.now, until);
    match &model.heard.phase {
        Phase::Idle => idle(model),
        Phase::Running { page, deadline } => {
            let page = text::number(*page);
            let since = (model.now - model.heard.phase_at).num_seconds();
            let lanes = &model.heard.lanes;
            let text = if since < SLOW {
                let lanes = match lanes.asking() {
                    _ if lanes.are_refused() => " · one lane only".to_owned(),
                    0 | 1 => String::new(),
                    asking => format!(" · {asking} lanes ask"),
                };
                format!("page {page} is on the wire{lanes}")
            } else {
                format!("page {page} has been on the wire for {since} s; given up in {} s", left(*deadline))
            };
            (Role::Plain, text)
        }
        Phase::Waiting { reason, page, attempt: 0, until, .. } => {
            let text = format!("page {} in {} s: {reason}", text::number(*page), left(*until));
            (Role::Warn, text)
        }
        Phase::Waiting { reason, page, attempt, attempts, until, .. } => {
            let text = format!(
                "page {}: attempt {} of {attempts} in {} s: {reason}",
                text::number(*page),
                attempt + 1,
                left(*until),
            );
            (Role::Warn, text)
        }
        Phase::Outage { reason, until, gives_up, .. } => {
            let text = format!(
                "destination gone: tries in {} s, gives up in {} s: {reason}",
                left(*until),
                left(*gives_up)
            );
            (Role::Bad, text)
        }
        Phase::Storing { pages, since } => {
            let text = format!(
                "the destination is slow: {} to store before the next is asked for, {} s so far",
                text::count(*pages, "page"),
                (model.now - *since).num_seconds().max(0)
            );
            (Role::Warn, text)
        }
        Phase::Pausing { deadline: Some(deadline) } => {
            let text = format!(
                "storing page {next} first, {} s at most; Space again drops its request",
                left(*deadline)
            );
            (Role::Held, text)
        }
        Phase::Pausing { deadline: None } => (Role::Held, "storing what has arrived first".to_owned()),
        Phase::Paused if model.lesson.is_some() => {
            let text = match lesson::next_step(model) {
                Some(due) => format!("the next page in {} s; Space holds, s takes it now", left(due)),
                None => "holding, everything is stored; s takes the next page, Space lets it run".to_owned(),
            };
            (Role::Held, text)
        }
        Phase::Paused => {
            let text = "holding, everything is stored; Space resumes, s asks for one page";
            (Role::Held, text.to_owned())
        }
        Phase::Stopping { deadline: None } => {
            (Role::Held, "storing what has arrived, then stopping".to_owned())
        }
        Phase::Stopping { deadline: Some(deadline) } => {
            let text = format!("storing page {next} first, {} s at most, then stopping", left(*deadline));
            (Role::Held, text)
        }
        Phase::Resting { until } => {
            let (role, last) = last(model);
            let left = match left(*until) {
                seconds @ ..100 => format!("{seconds} s"),
                _ => text::span(*until - model.now),
            };
            (role, format!("next run in {left}; the last one: {last}"))
        }
        Phase::Holding => {
            let text = "the next run is held back; Space lets it begin when it is due, r at once";
            (Role::Held, text.to_owned())
        }
        Phase::Ended { .. } => last(model),
    }
}

/// How the last run ended.
fn last(model: &Model) -> (Role, String) {
    let Some(ended) = &model.heard.ended else {
        return (Role::Quiet, "the run is over".to_owned());
    };
    let role = match ended.outcome {
        Outcome::Complete if model.heard.needs_attention() => Role::Warn,
        Outcome::Complete => Role::Good,
        Outcome::Paused | Outcome::Stopped => Role::Held,
        Outcome::Failed => Role::Bad,
    };
    (role, ended.text.clone())
}

fn idle(model: &Model) -> (Role, String) {
    if lesson::is_waiting(model) {
        return (
            Role::Held,
            "nothing has been asked for yet; s takes the first step, Space lets it run".to_owned(),
        );
    }
    match &model.heard.unfinished {
        Some(unfinished) if model.heard.runs == 0 => {
            let text = format!("run {} was left unfinished; r offers what to do about it", unfinished.run);
            (Role::Held, text)
        }
        _ => (Role::Quiet, "no run is under way; r starts one".to_owned()),
    }
}

/// What needs attention, most important first.
fn badges(model: &Model) -> Vec<(Role, String)> {
    let mut badges = Vec::new();
    if model.is_frozen() {
        let since = text::count(model.heard.told - model.seen().told, "page");
        badges.push((Role::Accent, format!("FROZEN, {since} since")));
    }
    if let Some(Playback { motion, speed, .. }) = &model.playback {
        badges.push(match motion {
            Motion::Playing => (Role::Accent, format!("REPLAY {speed}")),
            Motion::Held => (Role::Held, "REPLAY held".to_owned()),
            Motion::Over => (Role::Held, "REPLAY over".to_owned()),
        });
    }
    if model.heard.stream.as_ref().is_some_and(|stream| stream.plain_http) {
        badges.push((Role::Bad, "PLAIN HTTP".to_owned()));
    }
    // What the run on the screen may have lost has badges of its own.
    if let Some(lost) = &model.heard.lost
        && model.heard.run.as_ref().is_none_or(|run| run.number != lost.first)
    {
        badges.push((Role::Bad, format!("ROWS LOST? run {}", lost.first)));
    }
    if let Some(run) = &model.heard.run {
        let totals = &run.totals;
        if let Some(value) = &run.tie_unsafe {
            badges.push((Role::Bad, format!("TIE-UNSAFE {value}")));
        } else if totals.seams.tie_unsafe > 0 {
            badges.push((Role::Bad, format!("TIE-UNSAFE {}", totals.seams.tie_unsafe)));
        }
        for (count, word) in
            [(totals.seams.tie_overflow, "TIE OVERFLOW"), (totals.counts.quarantined, "QUARANTINED")]
        {
            if count > 0 {
                badges.push((Role::Bad, format!("{word} {}", text::number(count))));
            }
        }
        if model.heard.checkpoint.held {
            badges.push((Role::Warn, "ORDER HELD".to_owned()));
        }
        for (count, word) in [(totals.counts.future, "FUTURE"), (totals.counts.no_cursor, "NO CURSOR")] {
            if count > 0 {
                badges.push((Role::Warn, format!("{word} {}", text::number(count))));
            }
        }
        if totals.seams.not_inclusive > 0 {
            badges.push((Role::Bad, "NOT INCLUSIVE".to_owned()));
        }
    }
    if model.unread() > 0 {
        badges.push((Role::Warn, format!("E {} unread", text::count(model.unread(), "problem"))));
    }
    if model.heard.missed > 0 {
        badges.push((Role::Warn, format!("MISSED {}", text::number(model.heard.missed))));
    }
    badges
}
