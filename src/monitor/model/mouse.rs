//! What the mouse changes: the wheel scrolls what is under it, a click selects, a click on a heading orders by it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::super::columns;
use super::super::keys::Action;
use super::super::layout::Areas;
use super::{Effect, Model, Panel, act, lists};

/// How many lines a turn of the wheel moves.
const TURN: usize = 3;

/// Takes a click or a turn of the wheel in.
pub fn event(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let wheel = match event.kind {
        MouseEventKind::ScrollUp => Some(Action::Up),
        MouseEventKind::ScrollDown => Some(Action::Down),
        MouseEventKind::Down(MouseButton::Left) => None,
        _ => return Vec::new(),
    };
    let over = model.overlay.covers();
    let areas = Areas::of(model.size, model.arrangement);
    let position = Position::new(event.column, event.row);
    let panel = Panel::ALL.into_iter().find(|panel| areas.list(*panel).contains(position));
    match (wheel, panel) {
        (Some(turn), _) if over => (0..TURN).flat_map(|_| act::go(model, turn)).collect(),
        (_, None) => Vec::new(),
        (Some(turn), Some(panel)) => {
            act::show(model, panel);
            (0..TURN).flat_map(|_| lists::go(model, turn)).collect()
        }
        (None, Some(_)) if over => Vec::new(),
        (None, Some(panel)) => click(model, panel, &areas, position),
    }
}

fn click(model: &mut Model, panel: Panel, areas: &Areas, at: Position) -> Vec<Effect> {
    act::show(model, panel);
    let inner = areas.inner(areas.list(panel));
    let Some(line) = at.y.checked_sub(inner.y) else { return Vec::new() };
    match (usize::from(line).checked_sub(usize::from(areas.has_heading(panel))), panel) {
        (Some(line), _) => lists::pick(model, line),
        (None, Panel::Rows) => match heading(model, inner, at.x) {
            Some(column) => act::sort(model, Some(column)),
            None => Vec::new(),
        },
        (None, _) => Vec::new(),
    }
}

/// The place in the schema of the column whose heading is there.
fn heading(model: &Model, inner: Rect, x: u16) -> Option<usize> {
    let fitted = columns::rows_in(model.schema, &model.browse.shown, inner.width);
    let cell = usize::from(x.checked_sub(inner.x)?).checked_sub(columns::FRONT)?;
    columns::at(&fitted, cell)
}
