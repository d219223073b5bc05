//! What an event changes in the heard.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::text;
use super::entries::{RowEntry, Tone, request, safe};
use super::heard::{Checkpoint, FLASH, Heard, Run, Stream};
use super::lanes::Lanes;
use super::overlay::Overlay;
use super::pace::Pace;
use super::page::PageEntry;
use super::{Effect, Model, Offer, Token, lesson, open};
use crate::record::Cursor;
use crate::run::{Outcome, Start, Totals};
use crate::sanitize;
use crate::sync::command::Command;
use crate::sync::event::{
    Event, Level, Notice, NoticeKind, Opened, PageStored, Phase, RunEnded, RunStarted, Stamped,
};
use crate::walk::By;
use crate::walk::lanes::LanesTold;

/// Takes an event in.
pub fn event(model: &mut Model, stamped: Stamped) -> Vec<Effect> {
    let at = stamped.at;
    model.now = model.now.max(at);
    let heard = &mut model.heard;
    match stamped.event {
        Event::Opened(opened) => {
            self::opened(heard, at, opened);
            let mut effects = first_run(model);
            effects.extend(open::refresh(model));
            return effects;
        }
        Event::RunStarted(started) => {
            let before = model.runs.live(heard).filter(|before| before.run != started.run);
            if let Some(before) = before {
                model.runs.keep(before);
            }
            run_started(heard, at, started);
            model.arrangement.introduced = true;
            if matches!(model.overlay, Overlay::Choice(_)) {
                model.overlay = Overlay::None;
            }
            return open::refresh(model);
        }
        Event::Phase { phase } => self::phase(heard, at, phase),
        Event::Page(stored) => {
            page(heard, at, &stored);
            let changed = stored.counts.new + stored.counts.changed > 0;
            for row in &stored.shown {
                let mut entry = RowEntry::new(model.schema, row, stored.page, at);
                entry.matches = model.browse.lets_through(&entry);
                heard.tail.push(entry);
            }
            if changed && model.frozen.is_none() {
                model.browse.changed(heard);
            }
        }
        Event::Lanes(told) => lanes(heard, at, &told),
        Event::Notice(notice) => self::notice(heard, at, &notice),
        Event::RunEnded(ended) => {
            run_ended(heard, at, *ended);
            // The log has those too that were missed.
            if std::mem::take(&mut heard.pages_missed) && model.has_table {
                heard.pages = super::Shelf::new(super::heard::PAGES);
            }
            return open::refresh(model);
        }
    }
    Vec::new()
}

/// So many events were missed: what they would have told of is read from the table and the log where it can be.
pub fn missed(model: &mut Model, count: u64) -> Vec<Effect> {
    let heard = &mut model.heard;
    heard.missed += count;
    let text = format!("the screen missed {}; nothing stored is affected", text::count(count, "event"));
    heard.note_down(model.now, Tone::Warning, text);
    heard.tail.passed_over();
    heard.pages_missed = true;
    if model.frozen.is_none() {
        model.browse.changed(heard);
    }
    Vec::new()
}

/// The first run begins by itself, unless one was left unfinished and nobody has said what to do about it.
fn first_run(model: &mut Model) -> Vec<Effect> {
    if model.playback.is_some() {
        return Vec::new();
    }
    if model.lesson.is_some() {
        return lesson::opened(model);
    }
    match (model.start, &model.heard.unfinished) {
        (Some(start), _) => vec![Effect::Send(Command::Run(start))],
        (None, None) => vec![Effect::Send(Command::Run(Start::Checkpoint))],
        (None, Some(_)) => {
            model.overlay = Overlay::Choice(Offer::Token);
            Vec::new()
        }
    }
}

fn opened(heard: &mut Heard, at: DateTime<Utc>, opened: Opened) {
    let (source, destination) = (safe(&opened.source), safe(&opened.destination));
    let method = safe(&opened.method);
    heard.stream = Some(Stream { source, destination, method, plain_http: opened.plain_http });
    heard.walk = opened.walk;
    heard.rows = opened.rows;
    heard.oldest = opened.oldest;
    heard.checkpoint =
        Checkpoint { value: opened.checkpoint.map(with_text), moved_at: opened.checkpoint_at, held: false };
    if let Some(unfinished) = &opened.unfinished {
        let page = (unfinished.pages > 0).then_some(unfinished.pages);
        let token = unfinished.token.as_deref();
        heard.token = token.map(|raw| Token::new(raw, unfinished.token_at, page));
    }
    heard.unfinished = opened.unfinished;
    heard.lost = opened.lost;
    let rows = text::count(opened.rows, "row");
    let text = match &heard.checkpoint.value {
        Some((_, checkpoint)) => format!("destination open: {rows}, checkpoint {checkpoint}"),
        None => format!("destination open: {rows}, no checkpoint yet"),
    };
    heard.note_down(at, Tone::Info, text);
    if let Some(lost) = opened.lost {
        heard.trouble(
            at,
            Tone::Attention,
            lost.sentence(),
            "R reads everything again; start with --walk auto for that",
        );
    }
}

fn run_started(heard: &mut Heard, at: DateTime<Utc>, started: RunStarted) {
    let pace = Pace::new(at, started.totals.counts.rows);
    if !started.continued {
        heard.pages = super::Shelf::new(super::heard::PAGES);
        heard.pages_missed = false;
        heard.token = None;
    }
    let elapsed = i64::try_from(started.totals.elapsed_ms).ok().and_then(TimeDelta::try_milliseconds);
    let (by, with) = request(&started.first);
    let what = match (started.continued, started.start) {
        (true, _) => format!("run {} goes on", started.run),
        (false, Start::Full) => format!("run {} reads everything again", started.run),
        (false, _) => format!("run {} begins", started.run),
    };
    let asking = match by {
        By::Since => format!("rows since {with}"),
        By::Token => format!("what follows token {with}"),
    };
    let text = format!("{what}, walk {}: asks for {asking}", started.walk);
    heard.run = Some(Run {
        number: started.run,
        began: elapsed.and_then(|elapsed| at.checked_sub_signed(elapsed)).unwrap_or(at),
        start: started.start,
        first: (by, with),
        before: started.checkpoint.as_ref().map(|cursor| safe(cursor.text())),
        totals: started.totals,
        failing: 0,
        pace,
        tie_unsafe: None,
        disorder: false,
        position: None,
        decision: String::new(),
    });
    heard.lanes = Lanes::default();
    heard.walk = started.walk;
    move_checkpoint(heard, at, started.checkpoint);
    heard.checkpoint.held = false;
    heard.runs += 1;
    heard.ended = None;
    heard.unfinished = None;
    heard.note_down(at, Tone::Info, text);
}

fn phase(heard: &mut Heard, at: DateTime<Utc>, phase: Phase) {
    // How the last run ended is worth more than that no other is under way.
    if phase == Phase::Idle && heard.ended.is_some() {
        return;
    }
    let was_paused = heard.phase == Phase::Paused;
    let text = match &phase {
        Phase::Paused => Some("paused: everything received is stored, nothing is asked for"),
        Phase::Running { .. } if was_paused => Some("goes on after the pause"),
        _ => None,
    };
    if let Some(text) = text {
        heard.note_down(at, Tone::Held, text);
    }
    match (&mut heard.run, &phase) {
        (Some(run), Phase::Waiting { attempt, .. }) => run.failing = u64::from(*attempt),
        (Some(run), Phase::Paused) => run.pace.interrupted(),
        (_, Phase::Resting { .. }) => heard.follows = true,
        _ => {}
    }
    if let Phase::Waiting { budget: Some(budget), .. } = &phase {
        heard.budget = Some((*budget, at));
    }
    heard.phase = phase;
    if let Phase::Waiting { reason, .. } | Phase::Outage { reason, .. } = &mut heard.phase {
        *reason = safe(reason);
    }
    heard.phase_at = at;
}

fn page(heard: &mut Heard, at: DateTime<Utc>, stored: &PageStored) {
    // Its beginning was missed.
    if heard.run.as_ref().is_some_and(|run| run.number != stored.run) {
        let started = RunStarted {
            run: stored.run,
            start: Start::Checkpoint,
            continued: false,
            walk: heard.walk,
            first: stored.request.clone(),
            checkpoint: heard.checkpoint.value.as_ref().map(|(cursor, _)| cursor.clone()),
            totals: Totals { elapsed_ms: stored.totals.elapsed_ms, ..Totals::default() },
        };
        run_started(heard, at, started);
    }
    let entry = PageEntry::stored(stored, at);
    let decision = entry.decision.clone();
    let first = heard.pages.is_empty();
    heard.pages.push(entry);
    heard.told += 1;
    heard.token = stored.token.as_deref().map(|raw| Token::new(raw, Some(at), Some(stored.page)));
    heard.rows = stored.rows;
    for cursor in [&stored.first, &stored.last].into_iter().flatten() {
        if heard.oldest.as_ref().is_none_or(|oldest| cursor < oldest) {
            heard.oldest = Some(cursor.clone());
        }
    }
    move_checkpoint(heard, at, stored.checkpoint.clone());
    heard.checkpoint.held = stored.checkpoint_held;
    if stored.exchange.budget.is_some() {
        heard.budget = stored.exchange.budget.map(|budget| (budget, at));
    }
    if stored.shown.iter().any(|row| heard.is_news(row.fate)) {
        heard.flash_until = Some(at + FLASH);
    }
    if (stored.shown.len() as u64) < stored.counts.rows - stored.counts.quarantined {
        heard.tail.passed_over();
    }
    heard.lanes.page(stored.lane, stored.page, stored.counts.rows);
    let (has_lanes, leftmost) = (heard.lanes.are_told(), heard.lanes.is_leftmost(stored.lane));
    let Some(run) = &mut heard.run else { return };
    run.totals = stored.totals;
    run.failing = 0;
    let position =
        stored.last.as_ref().filter(|_| !stored.checkpoint_held && !has_lanes).and_then(Cursor::instant);
    run.pace.page(at, stored.totals.counts.rows, stored.wait_ms + stored.body_ms, position);
    if stored.last.is_some() && leftmost {
        run.position.clone_from(&stored.last);
    }
    run.disorder |= stored.checkpoint_held;
    // Page after page for the same reason is no news; a change of mind is.
    if first || run.decision != decision {
        let rows = super::text::count(stored.counts.rows, "row");
        let new = super::text::number(stored.counts.new);
        let lane = if has_lanes { format!(", lane {}", stored.lane) } else { String::new() };
        let text = format!("page {}{lane}: {rows}, {new} new; {decision}", stored.page);
        run.decision = decision;
        heard.note_down(at, Tone::Info, text);
    }
}

fn lanes(heard: &mut Heard, at: DateTime<Utc>, told: &LanesTold) {
    let begin = !heard.lanes.are_told();
    if let Some(news) = told.news((!begin).then(|| heard.lanes.limits())) {
        heard.note_down(at, Tone::Info, format!("lanes: {news}"));
    }
    heard.lanes.tell(told);
    let Some(run) = &mut heard.run else { return };
    // From here on the position is the sum of what the lanes have read.
    if begin {
        run.pace.interrupted();
    }
    if let Some(progress) = heard.lanes.progress() {
        run.pace.reached(at, progress);
    }
}

fn notice(heard: &mut Heard, at: DateTime<Utc>, notice: &Notice) {
    if let Some(run) = &mut heard.run {
        match &notice.kind {
            NoticeKind::TieUnsafe { cursor } => run.tie_unsafe = Some(safe(cursor.text())),
            NoticeKind::OrderViolated => run.disorder = true,
            NoticeKind::OneLane => heard.lanes.refuse(),
            _ => {}
        }
    }
    let tone = match notice.level {
        Level::Info => Tone::Info,
        Level::Warning => Tone::Warning,
        Level::Attention => Tone::Attention,
    };
    let text = safe(&notice.text);
    match notice.level {
        Level::Info => heard.note_down(at, tone, text),
        Level::Warning | Level::Attention => heard.trouble(at, tone, text, advice(&notice.kind)),
    }
}

fn run_ended(heard: &mut Heard, at: DateTime<Utc>, mut ended: RunEnded) {
    ended.text = safe(&ended.text);
    ended.attention = ended.attention.iter().map(|text| safe(text)).collect();
    let tone = match ended.outcome {
        Outcome::Complete if ended.attention.is_empty() => Tone::Good,
        Outcome::Complete => Tone::Warning,
        Outcome::Paused | Outcome::Stopped => Tone::Held,
        Outcome::Failed => Tone::Attention,
    };
    for text in ended.attention.clone() {
        heard.note_down(at, Tone::Attention, text);
    }
    let text = format!("run {}: {}", ended.run, ended.text);
    match ended.outcome {
        Outcome::Failed => {
            heard.trouble(at, tone, text, "what is stored stays; r goes on where the run stood")
        }
        _ => heard.note_down(at, tone, text),
    }
    if let Some(run) = &mut heard.run {
        run.totals = ended.totals;
        run.failing = 0;
    }
    heard.lanes.end(ended.outcome == Outcome::Complete, ended.lanes);
    move_checkpoint(heard, at, ended.checkpoint.clone());
    heard.checkpoint.held = false;
    heard.rows = ended.rows;
    heard.unfinished.clone_from(&ended.unfinished);
    heard.lost = ended.lost;
    heard.phase = Phase::Ended { outcome: ended.outcome };
    heard.phase_at = at;
    heard.ended = Some(ended);
}

fn move_checkpoint(heard: &mut Heard, at: DateTime<Utc>, checkpoint: Option<Cursor>) {
    let before = heard.checkpoint.value.as_ref().map(|(_, text)| text.as_str());
    let after = checkpoint.as_ref().map(|cursor| sanitize::line(cursor.text()));
    if before != after.as_deref() {
        heard.checkpoint.moved_at = Some(at);
        heard.checkpoint.value = checkpoint.map(with_text);
    }
}

fn with_text(cursor: Cursor) -> (Cursor, String) {
    let text = safe(cursor.text());
    (cursor, text)
}

/// What an operator can do about a notice.
fn advice(kind: &NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Retry => "nothing: it is asked for again by itself; r ends the wait",
        NoticeKind::TokenRefused => "nothing: the run goes on from the last row by itself",
        NoticeKind::TieUnsafe { .. } => {
            "start again with --walk auto --resume full: that asks each seam again, and R walks as this run did"
        }
        NoticeKind::TieOverflow { .. } => "ask the source for larger pages, so that one value fits on one",
        NoticeKind::NotInclusive => {
            "ask the source's owner for an inclusive updated_since; until then rows that share a value can be missed"
        }
        NoticeKind::OrderViolated => "let the run complete: the checkpoint is released then",
        NoticeKind::NothingAtCheckpoint => {
            "check that the address is the one whose rows are stored; R reads everything again"
        }
        NoticeKind::StaleRows => {
            "if the source was restored from a backup, read it into a new --db; else see if it comes again"
        }
        NoticeKind::FutureCursor => {
            "check the source's clock; the rows are stored, the checkpoint waits for them"
        }
        NoticeKind::NoCursor => {
            "ask the source's owner why; the rows are stored, later changes to them come only with R"
        }
        NoticeKind::ExtraFields => "nothing: they are kept where it says",
        NoticeKind::Quarantined { .. } => {
            "look where it says that they are kept; the rows stand there as they came, each with the reason"
        }
        NoticeKind::CredentialSentBack => {
            "ask the source's owner why; use a credential that is good for nothing else"
        }
        NoticeKind::OneLane => "nothing: the run goes on in one lane by itself, and loses nothing by it",
        NoticeKind::PlainHttp => "use https, if the source has it",
        NoticeKind::Outage => {
            "see that the database's server runs; r tries at once, q leaves without waiting"
        }
        NoticeKind::Housekeeping => "nothing, unless it comes again",
    }
}
