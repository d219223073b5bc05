//! What an event changes in the model.

use chrono::{DateTime, TimeDelta, Utc};

use super::entries::{PageEntry, Tone, UserEntry, request, safe};
use super::overlay::Overlay;
use super::{Checkpoint, Effect, Model, Offer, Rate, Run, Stream, Token};
use crate::record::Cursor;
use crate::run::{Outcome, Start};
use crate::sanitize;
use crate::sync::command::Command;
use crate::sync::event::{
    Event, Level, Notice, NoticeKind, Opened, PageStored, Phase, RunEnded, RunStarted, Stamped,
};

/// Takes an event in.
pub fn event(model: &mut Model, stamped: Stamped) -> Vec<Effect> {
    let at = stamped.at;
    model.now = model.now.max(at);
    match stamped.event {
        Event::Opened(opened) => return self::opened(model, at, opened),
        Event::RunStarted(started) => run_started(model, at, started),
        Event::Phase { phase } => self::phase(model, at, phase),
        Event::Page(stored) => page(model, at, &stored),
        Event::Notice(notice) => self::notice(model, at, &notice),
        Event::RunEnded(ended) => run_ended(model, at, *ended),
    }
    Vec::new()
}

fn opened(model: &mut Model, at: DateTime<Utc>, opened: Opened) -> Vec<Effect> {
    model.stream = Some(Stream { source: safe(&opened.source), destination: safe(&opened.destination) });
    model.walk = opened.walk;
    model.rows = opened.rows;
    model.oldest = opened.oldest;
    model.checkpoint =
        Checkpoint { value: opened.checkpoint.map(with_text), moved_at: opened.checkpoint_at, held: false };
    if let Some(unfinished) = &opened.unfinished {
        let page = (unfinished.pages > 0).then_some(unfinished.pages);
        let token = unfinished.token.as_deref();
        model.token = token.map(|raw| Token::new(raw, unfinished.token_at, page));
    }
    model.unfinished = opened.unfinished;
    let rows = super::text::count(opened.rows, "row");
    let text = match &model.checkpoint.value {
        Some((_, checkpoint)) => format!("destination open: {rows}, checkpoint {checkpoint}"),
        None => format!("destination open: {rows}, no checkpoint yet"),
    };
    model.note_down(at, Tone::Info, text);
    if model.playback.is_some() {
        return Vec::new();
    }
    match (model.start, &model.unfinished) {
        (Some(start), _) => vec![Effect::Send(Command::Run(start))],
        (None, None) => vec![Effect::Send(Command::Run(Start::Checkpoint))],
        (None, Some(_)) => {
            model.overlay = Overlay::Choice(Offer::Token);
            Vec::new()
        }
    }
}

fn run_started(model: &mut Model, at: DateTime<Utc>, started: RunStarted) {
    let mut rate = Rate::default();
    rate.note(at, started.totals.counts.rows);
    if !started.continued {
        model.pages = super::Shelf::new(super::PAGES);
        model.token = None;
    }
    let elapsed = i64::try_from(started.totals.elapsed_ms).ok().and_then(TimeDelta::try_milliseconds);
    let (by, with) = request(&started.first);
    let what = match (started.continued, started.start) {
        (true, _) => format!("run {} goes on", started.run),
        (false, Start::Full) => format!("run {} reads everything again", started.run),
        (false, _) => format!("run {} begins", started.run),
    };
    let asking = match by {
        "since" => format!("rows since {with}"),
        _ => format!("what follows token {with}"),
    };
    let text = format!("{what}, walk {}: asks for {asking}", started.walk);
    model.run = Some(Run {
        number: started.run,
        began: elapsed.and_then(|elapsed| at.checked_sub_signed(elapsed)).unwrap_or(at),
        start: started.start,
        totals: started.totals,
        failing: 0,
        rate,
        tie_unsafe: None,
        disorder: false,
        position: None,
        decision: String::new(),
    });
    model.walk = started.walk;
    move_checkpoint(model, at, started.checkpoint);
    model.checkpoint.held = false;
    model.runs += 1;
    model.ended = None;
    model.unfinished = None;
    if matches!(model.overlay, Overlay::Choice(_)) {
        model.overlay = Overlay::None;
    }
    model.note_down(at, Tone::Info, text);
}

fn phase(model: &mut Model, at: DateTime<Utc>, phase: Phase) {
    // How the last run ended is worth more than that no other is under way.
    if phase == Phase::Idle && model.ended.is_some() {
        return;
    }
    let was_paused = model.phase == Phase::Paused;
    let text = match &phase {
        Phase::Paused => Some("paused: everything received is stored, nothing is asked for"),
        Phase::Running { .. } if was_paused => Some("goes on after the pause"),
        _ => None,
    };
    if let Some(text) = text {
        model.note_down(at, Tone::Held, text);
    }
    if let (Some(run), Phase::Waiting { attempt, .. }) = (&mut model.run, &phase) {
        run.failing = u64::from(*attempt);
    }
    model.phase = match phase {
        Phase::Waiting { reason, page, attempt, attempts, until } => {
            Phase::Waiting { reason: safe(&reason), page, attempt, attempts, until }
        }
        other => other,
    };
    model.phase_at = at;
}

fn page(model: &mut Model, at: DateTime<Utc>, stored: &PageStored) {
    let entry = PageEntry::new(stored, at);
    let decision = entry.decision.clone();
    let first = model.pages.is_empty();
    model.pages.push(entry);
    model.token = stored.token.as_deref().map(|raw| Token::new(raw, Some(at), Some(stored.page)));
    model.rows = stored.rows;
    for cursor in [&stored.first, &stored.last].into_iter().flatten() {
        if model.oldest.as_ref().is_none_or(|oldest| cursor < oldest) {
            model.oldest = Some(cursor.clone());
        }
    }
    move_checkpoint(model, at, stored.checkpoint.clone());
    model.checkpoint.held = stored.checkpoint_held;
    for row in &stored.shown {
        user(model, UserEntry::new(row, stored.page, at));
    }
    let Some(run) = &mut model.run else { return };
    run.totals = stored.totals;
    run.failing = 0;
    run.rate.note(at, stored.totals.counts.rows);
    if stored.last.is_some() {
        run.position.clone_from(&stored.last);
    }
    run.disorder |= stored.checkpoint_held;
    // Page after page for the same reason is no news; a change of mind is.
    if first || run.decision != decision {
        let text = format!("page {}: {decision}", stored.page);
        run.decision = decision;
        model.note_down(at, Tone::Info, text);
    }
}

fn user(model: &mut Model, entry: UserEntry) {
    let id = entry.id().to_owned();
    if let Some(serial) = model.shelved.get_mut(&id) {
        *serial = model.users.replace(*serial, entry);
        return;
    }
    let (serial, dropped) = model.users.push(entry);
    model.shelved.insert(id, serial);
    if let Some(dropped) = dropped {
        model.shelved.remove(dropped.id());
    }
}

fn notice(model: &mut Model, at: DateTime<Utc>, notice: &Notice) {
    if let Some(run) = &mut model.run {
        match &notice.kind {
            NoticeKind::TieUnsafe { cursor } => run.tie_unsafe = Some(safe(cursor.text())),
            NoticeKind::OrderViolated => run.disorder = true,
            _ => {}
        }
    }
    let tone = match notice.level {
        Level::Info => Tone::Info,
        Level::Warning => Tone::Warning,
        Level::Attention => Tone::Attention,
    };
    model.note_down(at, tone, safe(&notice.text));
}

fn run_ended(model: &mut Model, at: DateTime<Utc>, mut ended: RunEnded) {
    ended.text = safe(&ended.text);
    ended.attention = ended.attention.iter().map(|text| safe(text)).collect();
    let tone = match ended.outcome {
        Outcome::Complete if ended.attention.is_empty() => Tone::Good,
        Outcome::Complete => Tone::Warning,
        Outcome::Paused | Outcome::Stopped => Tone::Held,
        Outcome::Failed => Tone::Attention,
    };
    for text in ended.attention.clone() {
        model.note_down(at, Tone::Attention, text);
    }
    model.note_down(at, tone, format!("run {}: {}", ended.run, ended.text));
    if let Some(run) = &mut model.run {
        run.totals = ended.totals;
        run.failing = 0;
    }
    move_checkpoint(model, at, ended.checkpoint.clone());
    model.checkpoint.held = false;
    model.rows = ended.rows;
    model.unfinished.clone_from(&ended.unfinished);
    model.phase = Phase::Ended { outcome: ended.outcome };
    model.phase_at = at;
    model.ended = Some(ended);
}

fn move_checkpoint(model: &mut Model, at: DateTime<Utc>, checkpoint: Option<Cursor>) {
    let before = model.checkpoint.value.as_ref().map(|(_, text)| text.as_str());
    let after = checkpoint.as_ref().map(|cursor| sanitize::line(cursor.text()));
    if before != after.as_deref() {
        model.checkpoint.moved_at = Some(at);
        model.checkpoint.value = checkpoint.map(with_text);
    }
}

fn with_text(cursor: Cursor) -> (Cursor, String) {
    let text = safe(cursor.text());
    (cursor, text)
}
