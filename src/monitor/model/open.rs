//! What Enter opens in each panel, and how it learns more from the reader.

#[cfg(test)]
mod tests;

use super::super::layout;
use super::compare::{self, WholeRun};
use super::inspect::Inspector;
use super::row::RowSheet;
use super::sheet::{Part, Sheet, field};
use super::{Effect, LogEntry, Model, Overlay, Panel, Problem, asked, clock, lists};
use crate::destination::reader::WholeRow;
use crate::monitor::theme::Role;

/// The width of what lies over the panels.
#[must_use]
pub fn width(model: &Model) -> usize {
    usize::from(layout::overlay(model.size).width)
}

/// Opens all of what is selected.
pub fn selected(model: &mut Model) -> Vec<Effect> {
    let opened = match model.arrangement.focus {
        Panel::Rows => entry(model),
        Panel::Pages => page(model),
        Panel::Runs => run(model),
        Panel::Log => line(model),
        Panel::Problems => problem(model),
    };
    match opened {
        Some((overlay, effects)) => {
            model.overlay = overlay;
            return effects;
        }
        None => model.refuse("Enter: nothing is listed here yet"),
    }
    Vec::new()
}

type Opened = Option<(Overlay, Vec<Effect>)>;

fn entry(model: &mut Model) -> Opened {
    let entry = model.browse.scroll.selected(&lists::rows(model))?;
    // One that was read from the table may have come by as well: then it is known how.
    let told = model.seen().tail.get(entry.id()).filter(|_| entry.came.is_none());
    let entry = told.unwrap_or(entry);
    let mut whole = RowSheet::open(entry, width(model));
    let question = model.has_table.then(|| whole.ask(&mut model.tickets));
    Some((Overlay::Row(Box::new(whole)), asked(question)))
}

fn page(model: &mut Model) -> Opened {
    let page = model.pages.selected(model.seen())?;
    let mut inspector = Inspector::open(page, model, width(model));
    let question = inspector.ask(&mut model.tickets);
    Some((Overlay::Inspect(Box::new(inspector)), asked(question)))
}

fn run(model: &Model) -> Opened {
    let live = model.runs.live(model.seen());
    let list = model.runs.list(live.as_ref());
    let run = model.runs.scroll.selected(&list)?;
    let marked = model.runs.marked.as_ref().filter(|marked| marked.run != run.run);
    let overlay = match marked {
        // As it stands now, where it is listed still.
        Some(marked) => {
            let marked = list.iter().find(|run| run.run == marked.run).copied().unwrap_or(marked);
            Overlay::Detail(compare::sheet(marked, run, width(model)))
        }
        None => Overlay::Run(Box::new(WholeRun::open(run, width(model)))),
    };
    Some((overlay, Vec::new()))
}

fn line(model: &Model) -> Opened {
    let LogEntry { at, text, .. } = model.log.selected(&model.seen().log.list())?;
    let parts = vec![field("at", Role::Plain, clock(*at)), field("what", Role::Plain, text.clone())];
    Some((Overlay::Detail(Sheet::new("Log", parts, width(model))), Vec::new()))
}

fn problem(model: &Model) -> Opened {
    let Problem { at, text, advice, run, .. } = model.problems.selected(&model.seen().problems.list())?;
    let run = run.map_or("none".to_owned(), |run| run.to_string());
    let parts: Vec<Part> = vec![
        field("what", Role::Plain, text.clone()),
        field("next", Role::Plain, *advice),
        field("run", Role::Plain, run),
        field("at", Role::Plain, clock(*at)),
    ];
    Some((Overlay::Detail(Sheet::new("Problem", parts, width(model))), Vec::new()))
}

/// Shows the pages of a run in their panel.
pub fn pages_of(model: &mut Model, run: i64) -> Vec<Effect> {
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    let here = heard.run.as_ref().is_some_and(|live| live.number == run);
    if !here && !model.has_table {
        model.refuse("the pages of an earlier run are in the log, and there is none behind a recording");
        return Vec::new();
    }
    let question = model.pages.look_at(run, heard);
    model.arrangement.show(Panel::Pages);
    if model.has_table { asked(question) } else { Vec::new() }
}

/// Goes back to the pages of the run under way.
pub fn back(model: &mut Model) -> Vec<Effect> {
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    asked(model.pages.back(heard))
}

/// Marks the selected run, or no longer.
pub fn mark(model: &mut Model) {
    let live = model.runs.live(model.seen());
    let run = model.runs.scroll.selected(&model.runs.list(live.as_ref())).cloned();
    match run {
        Some(run) => model.runs.mark(run),
        None => model.refuse("m: no run is listed yet"),
    }
}

/// Asks the log for the newest runs, and for the pages of a run that is gone on with.
pub fn refresh(model: &mut Model) -> Vec<Effect> {
    if !model.has_table {
        return Vec::new();
    }
    let runs = model.runs.refresh();
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    // What is on screen already grows by itself.
    let pages = if model.pages.list(heard).is_empty() { model.pages.more(heard) } else { None };
    asked(std::iter::once(runs).chain(pages))
}

/// Before the first run of a session the pages of the last one are shown, once the log has told which that was.
pub fn latest(model: &mut Model) -> Vec<Effect> {
    model.pages.latest = model.runs.latest();
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    if model.pages.list(heard).is_empty() { asked(model.pages.more(heard)) } else { Vec::new() }
}

/// Takes a whole row in. One that nobody waits for any more changes nothing.
pub fn row(model: &mut Model, ticket: u64, row: Option<&WholeRow>) -> Vec<Effect> {
    let more = match &mut model.overlay {
        Overlay::Inspect(inspector) if inspector.awaits(ticket) => {
            inspector.take(row);
            inspector.ask(&mut model.tickets)
        }
        Overlay::Row(entry) if entry.awaits(ticket) => {
            entry.take(row);
            None
        }
        _ => None,
    };
    asked(more)
}

/// A question of this room could not be answered: what is open says so, or the last line.
pub fn failed(model: &mut Model, ticket: u64, text: &str) -> bool {
    let ours = match &mut model.overlay {
        Overlay::Row(entry) if entry.awaits(ticket) => {
            entry.failed(text);
            return true;
        }
        Overlay::Inspect(inspector) if inspector.awaits(ticket) => {
            inspector.failed();
            return true;
        }
        _ => model.pages.failed(ticket) || model.runs.failed(ticket),
    };
    if ours {
        model.refuse(text);
    }
    ours
}
