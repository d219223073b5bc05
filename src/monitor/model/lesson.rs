//! A demo: what is said of what happens, the walker beside, and what came of it.

use std::collections::VecDeque;

use super::entries::safe;
use super::{Effect, Model, Overlay, Panel};
use crate::demo::{Beside, Narration, Scenario, Told, Verdict};
use crate::sync::command::Command;
use crate::sync::event::Phase;

/// How many of the latest narrations are kept.
const SAID: usize = 20;

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
}

impl Lesson {
    /// A demo that has not begun.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            title: safe(&scenario.title),
            about: safe(&scenario.about),
            said: VecDeque::new(),
            has_beside: scenario.beside.is_some(),
            beside: None,
            verdict: None,
        }
    }
}

/// Begins a demo: the panels make room for it.
pub fn begin(model: &mut Model, lesson: Lesson) {
    model.arrangement.narrated = true;
    model.arrangement.beside = lesson.has_beside;
    model.lesson = Some(lesson);
}

/// Takes in what is told.
pub fn told(model: &mut Model, told: Told) {
    let Some(lesson) = &mut model.lesson else { return };
    match told {
        Told::Narration(narration) => {
            lesson.said.push_back(narration);
            if lesson.said.len() > SAID {
                lesson.said.pop_front();
            }
        }
        Told::Beside(beside) => lesson.beside = Some(beside),
        Told::Verdict(verdict) => lesson.verdict = Some(verdict),
        // The events come by the road of every sync.
        Told::Event(_) => {}
    }
}

/// What a demo does once its table is open: nothing, until the first key; but one whose process was killed goes on.
#[must_use]
pub fn opened(model: &mut Model) -> Vec<Effect> {
    model.overlay = Overlay::None;
    model.arrangement.focus = Panel::Users;
    match model.heard.unfinished {
        Some(_) => vec![Effect::Send(Command::Step)],
        None => Vec::new(),
    }
}

/// True if a demo has not begun its run: Space lets it run, s takes a step.
#[must_use]
pub fn is_waiting(model: &Model) -> bool {
    let heard = &model.heard;
    model.lesson.is_some() && heard.stream.is_some() && heard.phase == Phase::Idle && heard.runs == 0
}
