//! What a key changes in the model, and what it asks of the sync.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::super::keys::{self, Action};
use super::super::layout::{self, Areas};
use super::overlay::{self, Detail, Overlay};
use super::{Departure, Effect, Leaving, Model, Offer, Panel};
use crate::replay::Motion;
use crate::run::Start;
use crate::sync::command::Command;
use crate::sync::event::Phase;

/// Takes a key in. Windows reports the release as well, and it is not a second press.
pub fn key(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.answer = None;
    let Some(binding) = keys::binding(&key) else {
        return Vec::new();
    };
    if let Err(reason) = (binding.ready)(model) {
        model.answer(format!("{}: {reason}", binding.keys[0].name()));
        return Vec::new();
    }
    match binding.action {
        Action::Pause => vec![Effect::Send(match (&model.playback, &model.phase) {
            (Some(playback), _) if playback.motion == Motion::Held => Command::Resume,
            (None, Phase::Paused | Phase::Holding) => Command::Resume,
            _ => Command::Pause,
        })],
        Action::Step => step(model),
        Action::Again => again(model),
        Action::Full => {
            model.overlay = Overlay::ConfirmFull;
            Vec::new()
        }
        Action::Enter => enter(model),
        Action::Help => {
            model.overlay = match model.overlay {
                Overlay::Help(_) => Overlay::None,
                _ => Overlay::Help(0),
            };
            Vec::new()
        }
        Action::Close => {
            model.overlay = Overlay::None;
            Vec::new()
        }
        Action::Quit => leave(model, Departure::Quit),
        Action::Suspend => vec![Effect::Suspend],
        moving => {
            go(model, moving);
            Vec::new()
        }
    }
}

/// Leaves once what is on the wire is stored; asked again, without it; asked a third time, at once.
pub fn leave(model: &mut Model, departure: Departure) -> Vec<Effect> {
    let (times, departure) = match model.leaving {
        Leaving::No => (1, departure),
        // The signal that came first names the exit code; a key that came first does not keep one from doing so.
        Leaving::Asked(times, Departure::Quit) => (times + 1, departure),
        Leaving::Asked(times, before) => (times + 1, before),
    };
    model.leaving = Leaving::Asked(times, departure);
    model.overlay = Overlay::None;
    if times > 2 { vec![Effect::Leave(departure)] } else { vec![Effect::Send(Command::Stop)] }
}

/// True while the operator has yet to say what becomes of a run that an earlier process left.
fn undecided(model: &Model) -> bool {
    model.runs == 0 && model.unfinished.is_some()
}

fn step(model: &mut Model) -> Vec<Effect> {
    if model.playback.is_none() && undecided(model) {
        model.overlay = Overlay::Choice(Offer::Token);
        return Vec::new();
    }
    vec![Effect::Send(Command::Step)]
}

fn again(model: &mut Model) -> Vec<Effect> {
    if model.playback.is_some() || matches!(model.phase, Phase::Waiting { .. }) {
        return vec![Effect::Send(Command::RetryNow)];
    }
    if undecided(model) {
        model.overlay = Overlay::Choice(Offer::Token);
        return Vec::new();
    }
    vec![Effect::Send(Command::Run(model.again()))]
}

fn enter(model: &mut Model) -> Vec<Effect> {
    match std::mem::take(&mut model.overlay) {
        Overlay::Choice(offer) => match offer.start() {
            Some(start) => vec![Effect::Send(Command::Run(start))],
            None => leave(model, Departure::Quit),
        },
        Overlay::ConfirmFull if model.under_way() => Vec::new(),
        Overlay::ConfirmFull => vec![Effect::Send(Command::Run(Start::Full))],
        Overlay::Help(_) | Overlay::Detail(_) => Vec::new(),
        Overlay::None => {
            let detail = match model.focus {
                Panel::Users => model.users.selected().map(Detail::user),
                Panel::Pages => model.pages.selected().map(Detail::page),
                Panel::Log => model.log.selected().map(Detail::line),
            };
            match detail {
                Some(detail) => model.overlay = Overlay::Detail(detail),
                None => model.answer("Enter: nothing is listed here yet"),
            }
            Vec::new()
        }
    }
}

fn go(model: &mut Model, action: Action) {
    let inner = layout::overlay(model.size);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let help = overlay::help(model, width).len();
    match &mut model.overlay {
        Overlay::None => go_in_panel(model, action),
        Overlay::ConfirmFull => {}
        Overlay::Choice(offer) => *offer = offer.step(distance(action, Offer::ALL.len())),
        Overlay::Help(top) => scroll(top, action, help, height),
        Overlay::Detail(detail) => {
            let lines = detail.lines(width).len();
            scroll(&mut detail.top, action, lines, height);
        }
    }
}

fn go_in_panel(model: &mut Model, action: Action) {
    match action {
        Action::NextPanel => model.focus = model.focus.next(),
        Action::PreviousPanel => model.focus = model.focus.next().next(),
        _ => {}
    }
    let areas = Areas::of(model.size, model.focus);
    let height = areas.rows(model.focus);
    match model.focus {
        Panel::Users => go_in_list(&mut model.users, action, height),
        Panel::Pages => go_in_list(&mut model.pages, action, height),
        Panel::Log => go_in_list(&mut model.log, action, height),
    }
}

fn go_in_list<T>(list: &mut super::Shelf<T>, action: Action, height: usize) {
    match action {
        Action::First => list.first(),
        Action::Last => list.last(height),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
            list.step(distance(action, height), height);
        }
        _ => {}
    }
}

fn scroll(top: &mut usize, action: Action, lines: usize, height: usize) {
    let furthest = lines.saturating_sub(height);
    let target = match action {
        Action::First => 0,
        Action::Last => furthest,
        _ => top.saturating_add_signed(distance(action, height)),
    };
    *top = target.min(furthest);
}

/// How far an action moves where a screenful has that many lines; one of them stays in sight.
fn distance(action: Action, height: usize) -> isize {
    let screenful = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
    match action {
        Action::Up | Action::PreviousPanel => -1,
        Action::Down | Action::NextPanel => 1,
        Action::PageUp | Action::First => -screenful,
        Action::PageDown | Action::Last => screenful,
        _ => 0,
    }
}

impl Panel {
    /// The next panel in the order of Tab.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Users => Self::Pages,
            Self::Pages => Self::Log,
            Self::Log => Self::Users,
        }
    }
}
