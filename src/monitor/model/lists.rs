//! Moving in the lists: what each panel lists, and how keys go through it.

use super::super::columns;
use super::super::keys::Action;
use super::super::layout::Areas;
use super::{Effect, Keyed, Model, Panel, RowEntry, Scroll, asked, pages, runs};

/// The rows that the panel lists, newest first.
#[must_use]
pub fn rows(model: &Model) -> Vec<&RowEntry> {
    model.browse.list(model.seen())
}

/// The columns of the rows that are on screen, in their order, by their places in the schema.
#[must_use]
pub fn columns(model: &Model) -> Vec<usize> {
    let areas = Areas::of(model.size, model.arrangement);
    let width = areas.inner(areas.list(Panel::Rows)).width;
    columns::rows_in(model.schema, &model.browse.shown, width).into_iter().map(|(column, _)| column).collect()
}

/// How many entries of a panel are on screen.
#[must_use]
pub fn height(model: &Model, panel: Panel) -> usize {
    Areas::of(model.size, model.arrangement).rows(panel)
}

/// Moves the selection in the panel that keys are in.
pub fn go(model: &mut Model, action: Action) -> Vec<Effect> {
    let focus = model.arrangement.focus;
    let height = height(model, focus);
    match focus {
        Panel::Rows => return go_in_rows(model, action, height),
        Panel::Pages => return pages::go(model, action, height),
        Panel::Runs => return runs::go(model, action, height),
        Panel::Log => {
            let mut scroll = std::mem::take(&mut model.log);
            go_in(&mut scroll, &model.seen().log.list(), action, height);
            model.log = scroll;
        }
        Panel::Problems => {
            let mut scroll = std::mem::take(&mut model.problems);
            go_in(&mut scroll, &model.seen().problems.list(), action, height);
            model.problems = scroll;
        }
    }
    Vec::new()
}

/// Selects the entry on a line of the panel that keys are in.
pub fn pick(model: &mut Model, line: usize) -> Vec<Effect> {
    let focus = model.arrangement.focus;
    let height = height(model, focus);
    match focus {
        Panel::Rows => {
            let mut scroll = std::mem::take(&mut model.browse.scroll);
            scroll.pick(&rows(model), line, height);
            model.browse.scroll = scroll;
            let heard = model.frozen.as_deref().unwrap_or(&model.heard);
            return asked(if model.has_table { model.browse.more(heard) } else { None });
        }
        Panel::Pages => return pages::pick(model, line, height),
        Panel::Runs => return runs::pick(model, line, height),
        Panel::Log => {
            let mut scroll = std::mem::take(&mut model.log);
            scroll.pick(&model.seen().log.list(), line, height);
            model.log = scroll;
        }
        Panel::Problems => {
            let mut scroll = std::mem::take(&mut model.problems);
            scroll.pick(&model.seen().problems.list(), line, height);
            model.problems = scroll;
        }
    }
    Vec::new()
}

fn go_in_rows(model: &mut Model, action: Action, height: usize) -> Vec<Effect> {
    model.browse.elsewhere();
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    let question = match action {
        _ if !model.has_table => None,
        Action::First => model.browse.to_first(heard),
        Action::Last => model.browse.to_last(heard),
        _ => None,
    };
    if question.is_some() {
        return asked(question);
    }
    let mut scroll = std::mem::take(&mut model.browse.scroll);
    go_in(&mut scroll, &rows(model), action, height);
    model.browse.scroll = scroll;
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    asked(if model.has_table { model.browse.more(heard) } else { None })
}

/// Moves the selection in a list.
pub(super) fn go_in<T: Keyed>(scroll: &mut Scroll<T::Key>, list: &[&T], action: Action, height: usize) {
    match action {
        Action::First => scroll.first(),
        Action::Last => scroll.last(list, height),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown => {
            scroll.step(list, distance(action, height), height);
        }
        _ => {}
    }
}

/// How far an action moves where a screenful has that many lines; one of them stays in sight.
#[must_use]
pub fn distance(action: Action, height: usize) -> isize {
    let screenful = isize::try_from(height.saturating_sub(1).max(1)).unwrap_or(1);
    match action {
        Action::Up | Action::PreviousPanel => -1,
        Action::Down | Action::NextPanel => 1,
        Action::PageUp | Action::First => -screenful,
        Action::PageDown | Action::Last => screenful,
        _ => 0,
    }
}
