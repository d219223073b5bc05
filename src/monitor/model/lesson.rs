//! A demo: what is said of what happens, the walker beside, and what came of it.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use super::entries::safe;
use super::sheet::{Part, Sheet, field};
use super::{Effect, Model, Overlay, Panel, open};
use crate::lesson::{Beside, Narration, Told, Verdict};
use crate::monitor::theme::Role;
use crate::sync::command::Command;
use crate::sync::event::Phase;

/// How many of the latest narrations are kept.
const SAID: usize = 50;
/// How many milliseconds a character takes to be read, at an easy pace.
const READING: i64 = 40;
/// The shortest and the longest time between two steps of a demo that runs by itself, in milliseconds.
const SHORTEST: i64 = 1_200;
const LONGEST: i64 = 9_000;

/// A demo under way.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// What it is called.
    pub title: String,
    /// What it shows, and why that matters.
    pub about: String,
    /// What was said, the latest last.
    pub said: VecDeque<Narration>,
    /// True if another walker goes beside this one.
    pub has_beside: bool,
    /// How that one stands.
    pub beside: Option<Beside>,
    /// What came of it.
    pub verdict: Option<Verdict>,
    /// True while it takes its steps by itself, each when what was said can have been read.
    pub runs: bool,
    /// How many characters were said since the last step, and when the last of them were.
    to_read: (usize, Option<DateTime<Utc>>),
}

impl Lesson {
    /// A demo of that title that has not begun; `has_beside` if another walker goes beside this one.
    #[must_use]
    pub fn new(title: &str, about: &str, has_beside: bool) -> Self {
        Self {
            title: safe(title),
            about: safe(about),
            said: VecDeque::new(),
            has_beside,
            beside: None,
            verdict: None,
            runs: false,
            to_read: (0, None),
        }
    }
}

/// Begins a demo: the panels make room for it.
pub fn begin(model: &mut Model, lesson: Lesson) {
    model.arrangement.narrated = true;
    model.arrangement.introduced = false;
    model.arrangement.beside = lesson.has_beside;
    model.lesson = Some(lesson);
}

/// Takes in what is told.
pub fn told(model: &mut Model, told: Told) {
    let Some(lesson) = &mut model.lesson else { return };
    match told {
        Told::Narration(narration) => {
            let (characters, _) = lesson.to_read;
            lesson.to_read = (characters + narration.text.chars().count(), Some(model.now));
            lesson.said.push_back(narration);
            if lesson.said.len() > SAID {
                lesson.said.pop_front();
            }
        }
        Told::Beside(beside) => lesson.beside = Some(beside),
        Told::Verdict(verdict) => lesson.verdict = Some(verdict),
    }
}

/// What a demo does once its table is open: nothing, until the first key; but one whose process was killed goes on.
#[must_use]
pub fn opened(model: &mut Model) -> Vec<Effect> {
    model.overlay = Overlay::None;
    model.arrangement.focus = Panel::Rows;
    match model.heard.unfinished {
        Some(_) => vec![Effect::Send(Command::Step)],
        None => Vec::new(),
    }
}

/// Lets a demo take its steps by itself, or no longer.
pub fn toggle(model: &mut Model) -> Vec<Effect> {
    let Some(lesson) = &mut model.lesson else { return Vec::new() };
    lesson.runs = !lesson.runs;
    if lesson.runs { step(model) } else { Vec::new() }
}

/// Takes a step, if none is under way.
pub fn step(model: &mut Model) -> Vec<Effect> {
    let ready = is_waiting(model) || model.heard.phase == Phase::Paused;
    match &mut model.lesson {
        Some(lesson) if ready => {
            lesson.to_read = (0, None);
            vec![Effect::Send(Command::Step)]
        }
        _ => Vec::new(),
    }
}

/// Takes the next step of a demo that runs by itself, if it is due.
pub fn tick(model: &mut Model) -> Vec<Effect> {
    match next_step(model) {
        Some(due) if due <= model.now => step(model),
        _ => Vec::new(),
    }
}

/// When a demo that runs by itself takes its next step.
#[must_use]
pub fn next_step(model: &Model) -> Option<DateTime<Utc>> {
    let lesson = model.lesson.as_ref().filter(|lesson| lesson.runs && lesson.verdict.is_none())?;
    if model.heard.phase != Phase::Paused {
        return None;
    }
    let (characters, said) = lesson.to_read;
    let from = said.map_or(model.heard.phase_at, |said| said.max(model.heard.phase_at));
    let reading = i64::try_from(characters).unwrap_or(0).saturating_mul(READING);
    Some(from + TimeDelta::milliseconds(reading.clamp(SHORTEST, LONGEST)))
}

/// True if a demo has not begun its run: Space lets it run, s takes a step.
#[must_use]
pub fn is_waiting(model: &Model) -> bool {
    let heard = &model.heard;
    model.lesson.is_some() && heard.stream.is_some() && heard.phase == Phase::Idle && heard.runs == 0
}

/// All that was said, the first on top.
#[must_use]
pub fn sheet(model: &Model) -> Sheet {
    let mut parts = Vec::new();
    if let Some(lesson) = &model.lesson {
        parts.push(field("about", Role::Plain, lesson.about.clone()));
        for narration in &lesson.said {
            parts.push(Part::Blank);
            parts.push(field("»", Role::Plain, narration.text.clone()));
        }
    }
    let title = model.lesson.as_ref().map_or("", |lesson| lesson.title.as_str());
    Sheet::new(format!("Demo: {title}"), parts, open::width(model))
}
