//! What is said when, from events as they are written down.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::lesson::State;

const AT: &str = "2026-11-16T19:05:47Z";

fn narrator(cues: &str) -> Narrator {
    let text = format!("title = \"t\"\nabout = \"a\"\n[playground]\n{cues}");
    Narrator::new(&Scenario::parse(Path::new("t.toml"), &text).unwrap())
}

fn cue(on: &str, more: &str, say: &str) -> String {
    format!("[[narration]]\non = \"{on}\"\nsay = \"{say}\"\n{more}\n")
}

fn event(mut event: Value) -> Stamped {
    event["at"] = AT.into();
    serde_json::from_value(event).unwrap()
}

fn page(number: u64, held: bool) -> Stamped {
    let counts = json!({ "rows": 50, "new": 49, "changed": 0, "same": 1, "stale": 0, "quarantined": 0,
        "no_cursor": 0, "future": 0, "extra": 0 });
    let mut totals = counts.clone();
    for name in
        ["pages", "requests", "retries", "checkpoints", "commits", "tie_unsafe", "tie_overflow", "elapsed_ms"]
    {
        totals[name] = 0.into();
    }
    event(json!({ "event": "page", "run": 1, "page": number, "request": { "by": "token", "value": "x" },
        "counts": counts, "first": AT, "last": AT, "token": null, "wait_ms": 0, "body_ms": 0, "bytes": 0,
        "retries": 0, "decision": "", "checkpoint": AT, "checkpoint_held": held, "totals": totals, "rows": 1_234 }))
}

fn phase(phase: Value) -> Stamped {
    event(json!({ "event": "phase", "phase": phase }))
}

fn paused() -> Stamped {
    phase(json!({ "is": "paused" }))
}

fn running(page: u64) -> Stamped {
    phase(json!({ "is": "running", "page": page, "deadline": AT }))
}

fn text(narration: Option<Narration>) -> String {
    narration.map(|narration| narration.text).unwrap_or_default()
}

fn standing(lost: u64, repeated: u64) -> Beside {
    let at = AT.parse().unwrap();
    let (name, note) = ("by offset".to_owned(), String::new());
    Beside { at, name, pages: 2, rows: 180, lost, lost_here: 0, repeated, state: State::Holding, note }
}

#[test]
fn the_first_cue_that_is_due_speaks_with_everything_filled_in() {
    let cues = cue("page", "page = 2", "two") + &cue("page", "", "{page}: {rows}, {same} at {checkpoint}.");
    let mut narrator = narrator(&cues);
    assert_eq!(text(narrator.hear(&page(1, false))), format!("1: 1,234, 1 at {AT}."));
    assert_eq!(text(narrator.hear(&page(2, false))), "two");
    assert_eq!(text(narrator.hear(&page(3, false))), format!("3: 1,234, 1 at {AT}."));
    assert!(narrator.heard(Trigger::Page) && !narrator.heard(Trigger::CheckpointHeld));
}

#[test]
fn a_cue_speaks_so_often_and_then_leaves_it_to_the_next() {
    let mut narrator = narrator(&(cue("page", "times = 2", "a") + &cue("page", "times = 1", "b")));
    let said: Vec<String> = (1..5).map(|number| text(narrator.hear(&page(number, false)))).collect();
    assert_eq!(said, ["a", "a", "b", ""]);
}

#[test]
fn a_held_checkpoint_is_more_telling_than_its_page() {
    let mut narrator = narrator(&(cue("page", "", "page") + &cue("checkpoint-held", "times = 1", "held")));
    assert_eq!(text(narrator.hear(&page(1, true))), "held");
    assert_eq!(text(narrator.hear(&page(2, true))), "page");
}

#[test]
fn a_run_resumes_only_after_it_held() {
    let mut narrator = narrator(&(cue("paused", "", "held {page}") + &cue("resumed", "", "on")));
    assert_eq!(narrator.hear(&running(1)), None);
    assert_eq!(narrator.hear(&page(1, false)), None);
    assert_eq!(text(narrator.hear(&paused())), "held 1");
    assert_eq!(text(narrator.hear(&running(2))), "on");
    assert_eq!(narrator.hear(&running(3)), None);
}

#[test]
fn a_wait_is_told_with_its_length_and_its_reason_which_is_made_safe() {
    let mut narrator =
        narrator(&(cue("retry", "", "retry") + &cue("waiting", "page = 3", "{wait}: {reason}")));
    let notice = json!({ "event": "notice", "level": "warning", "kind": { "about": "retry" }, "text": "" });
    assert_eq!(text(narrator.hear(&event(notice))), "retry");
    let waiting = json!({ "is": "waiting", "reason": "a\u{202e}b", "page": 3, "attempt": 1, "attempts": 6,
        "until": "2026-11-16T19:05:48.95Z" });
    assert_eq!(text(narrator.hear(&phase(waiting))), "1.9 s: a<U+202E>b");
}

#[test]
fn a_loss_beside_is_told_when_it_grows() {
    let mut narrator =
        narrator(&(cue("lost", "", "{lost} of {beside_rows}") + &cue("repeated", "", "{repeated} twice")));
    assert_eq!(narrator.see(&standing(0, 0)), None);
    let loss = narrator.see(&standing(20, 4)).unwrap();
    assert_eq!((loss.text.as_str(), loss.level), ("20 of 180", Level::Attention));
    assert_eq!(narrator.see(&standing(20, 4)), None);
    assert_eq!(text(narrator.see(&standing(20, 5))), "5 twice");
    assert!(narrator.heard(Trigger::Lost) && narrator.heard(Trigger::Repeated));
}

#[test]
fn who_was_killed_is_spoken_of_by_what_is_stored() {
    let mut narrator = narrator(&cue("killed", "", "{rows} rows"));
    let stored = Stored { rows: 99, ..Stored::default() };
    assert_eq!(text(narrator.killed(&stored, AT.parse().unwrap())), "99 rows");
}
