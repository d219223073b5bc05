//! What lies over the panels: the help, all of an entry, or a question.

use super::super::keys::Binding;
use super::super::layout;
use super::super::model::browse::{Matches, Sort};
use super::super::model::overlay::{HELP_KEYS, HelpLine, Offer, Overlay, help, left};
use super::super::model::{Copied, ExportForm, Model, Obstacle, Palette, copy, lists};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::rows::arrow;
use super::sheet;
use crate::destination::reader::Format;
use crate::record::{BEGINNING, Column};

/// How many cells the name of an action takes.
const ACTION: usize = 26;

/// Draws the overlay, if there is one.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    match &model.overlay {
        // A filter is typed in the last line, so that what it lets through stays in sight.
        Overlay::None | Overlay::Filter(..) => {}
        Overlay::Help(top) => keys(model, canvas, *top),
        Overlay::Choice(offer) => choice(model, canvas, *offer),
        Overlay::ConfirmFull => confirm(model, canvas),
        Overlay::Copy(copied) => menu(model, canvas, *copied),
        Overlay::Palette(palette) => actions(model, canvas, palette),
        Overlay::Columns(marked) => columns(model, canvas, *marked),
        Overlay::Export(form) => export(model, canvas, form),
        sheet => {
            if let Some(sheet) = sheet.sheet() {
                sheet::draw(canvas, sheet);
            }
        }
    }
}

fn keys(model: &Model, canvas: &mut Canvas, top: usize) {
    let width = usize::from(layout::overlay(canvas.size).width);
    let lines = help(model, width);
    scrolled(canvas, ("Keys", "Esc closes"), (lines.len(), top), |at| match &lines[at] {
        HelpLine::Heading(title) => Words::new().say(Role::Strong, *title),
        HelpLine::Key(names, does) => {
            Words::new().say(Role::Accent, text::pad(names, HELP_KEYS)).say(Role::Plain, does.clone())
        }
    });
}

/// So many lines, which may be more than there is room for: only those on screen are made.
pub(super) fn scrolled(
    canvas: &mut Canvas,
    (title, hint): (&str, &str),
    (all, top): (usize, usize),
    words: impl Fn(usize) -> Words,
) {
    let height = usize::from(layout::overlay(canvas.size).height);
    let mut hint = hint.to_owned();
    if all > height {
        let place = format!("{} of {all}", (top + height).min(all));
        let long = format!("{place} · ↑↓ scroll · {hint}");
        let room = usize::from(layout::overlay(canvas.size).width);
        hint = if text::width(&long) <= room { long } else { format!("{place} · {hint}") };
    }
    let inner = canvas.over(title, &hint, all);
    let top = top.min(all.saturating_sub(usize::from(inner.height)));
    for (line, at) in (0..inner.height).zip(top..all) {
        canvas.write(inner, line, words(at));
    }
}

fn choice(model: &Model, canvas: &mut Canvas, chosen: Offer) {
    let room = layout::overlay(canvas.size);
    let (width, height) = (usize::from(room.width), usize::from(room.height));
    let mut lines = Vec::new();
    if let Some(unfinished) = &model.heard.unfinished {
        for piece in text::wrap(&left(model, unfinished), width) {
            lines.push(Words::new().say(Role::Plain, piece));
        }
        lines.push(Words::new());
    }
    // Where not all of it fits, the blanks go first, then what is not marked, then the introduction.
    let offers = |airy, explained: &dyn Fn(Offer) -> bool| offers(model, chosen, width, airy, explained);
    let marked = |offer| offer == chosen;
    let fitting = [
        [lines.clone(), offers(true, &|_| true)].concat(),
        [lines.clone(), offers(false, &|_| true)].concat(),
        [lines, offers(false, &marked)].concat(),
        offers(false, &marked),
        offers(false, &|_| false),
    ];
    let lines = fitting.into_iter().find(|lines| lines.len() <= height);
    let lines = lines.unwrap_or_else(|| {
        let at = Offer::ALL.iter().position(|offer| *offer == chosen);
        let all = offers(false, &|_| false);
        all.into_iter().skip(at.unwrap_or(0)).collect()
    });
    let title = "A run was left unfinished";
    let inner = canvas.over(title, "↑↓ mark · Enter takes it · Esc puts it off", lines.len());
    for (line, words) in (0..inner.height).zip(lines) {
        canvas.write(inner, line, words);
    }
}

/// The offers, the marked one pointed at, and what those would do of which that is asked.
fn offers(
    model: &Model,
    chosen: Offer,
    width: usize,
    airy: bool,
    explained: &dyn Fn(Offer) -> bool,
) -> Vec<Words> {
    let mut lines = Vec::new();
    for offer in Offer::ALL {
        if airy && !lines.is_empty() {
            lines.push(Words::new());
        }
        lines.push(if offer == chosen {
            Words::new().say(Role::Accent, "▶ ").chip(Role::Accent, offer.label())
        } else {
            Words::new().say(Role::Strong, format!("   {}", offer.label()))
        });
        if explained(offer) {
            for piece in text::wrap(&offer.consequence(model), width.saturating_sub(3)) {
                lines.push(Words::new().say(Role::Quiet, format!("   {piece}")));
            }
        }
    }
    lines
}

fn confirm(model: &Model, canvas: &mut Canvas) {
    let width = usize::from(layout::overlay(canvas.size).width);
    let text = format!(
        "A new run asks for everything since {BEGINNING}, page by page. The {} in the table stay and are compared; \
         what is newer replaces them. The checkpoint does not go back.",
        text::count(model.heard.rows, "row"),
    );
    let lines = text::wrap(&text, width);
    let inner = canvas.over("Full re-sync?", "Enter is yes · Esc is no", lines.len());
    for (line, piece) in (0..inner.height).zip(lines) {
        canvas.write(inner, line, Words::new().say(Role::Plain, piece));
    }
}

fn menu(model: &Model, canvas: &mut Canvas, marked: Copied) {
    let line = |copied: Copied| {
        let (role, preview) = match copy::text(model, copied) {
            Ok(text) => (Role::Plain, text),
            Err(reason) => (Role::Quiet, reason.to_owned()),
        };
        let label = text::pad(copied.label(), 12);
        let words = Words::new().say(Role::Accent, if copied == marked { "▶ " } else { "  " });
        let words = words.say(Role::Accent, format!("{}  ", copied.letter()));
        words.say(role, label).say(Role::Quiet, preview)
    };
    fitting(canvas, ("Copy", "a letter, or Enter · Esc closes"), Copied::ALL.map(line).into());
}

/// Lines that are all there is, in a frame that is no wider than they are.
fn fitting(canvas: &mut Canvas, (title, hint): (&str, &str), lines: Vec<Words>) {
    let cells = lines.iter().map(Words::width).max().unwrap_or(0);
    let inner = canvas.over_fitting(title, hint, (cells, lines.len()));
    for (line, words) in (0..inner.height).zip(lines) {
        canvas.write(inner, line, words);
    }
}

/// How many cells the explanation of an action is worth showing in, beside its name.
const EXPLAINED: usize = 24;
/// From so many lines on there is room for blank ones.
const AIRY: u16 = 14;

fn actions(model: &Model, canvas: &mut Canvas, palette: &Palette) {
    let room = layout::overlay(canvas.size);
    let width = usize::from(room.width);
    let found = palette.found();
    // As many lines as the longest explanation takes, so that the list stays where it is while the mark moves.
    let wrapped = |binding: &&Binding| text::wrap(&about(model, binding).1, width);
    let explained = found.iter().map(|binding| wrapped(binding).len()).max().unwrap_or(0);
    let explained = explained.min(usize::from(room.height) / 3);
    let gap = u16::from(room.height >= AIRY);
    let around = explained + 1 + 2 * usize::from(gap);
    let height = (found.len().max(1) + around).min(usize::from(room.height));
    let inner = canvas.over("Actions", "type to narrow down · Enter does it · Esc closes", height);
    canvas.input(inner, 0, ":", &palette.input);
    let first = 1 + gap;
    if found.is_empty() {
        canvas.write(inner, first, Words::new().say(Role::Quiet, "no action is called that"));
        return;
    }
    let lines = usize::from(inner.height).saturating_sub(around);
    let above = (palette.marked + 1).saturating_sub(lines);
    let listed = found.iter().enumerate().skip(above).take(lines);
    for (line, (index, binding)) in (first..inner.height).zip(listed) {
        let (role, does) = about(model, binding);
        let pointer = if index == palette.marked { "▶ " } else { "  " };
        let mut words = Words::new().say(Role::Accent, pointer).say(role, text::pad(binding.name, ACTION));
        if width >= words.width() + HELP_KEYS + EXPLAINED {
            words = words.say(Role::Accent, text::pad(&binding.names(), HELP_KEYS)).say(Role::Quiet, does);
        }
        canvas.write(inner, line, words);
    }
    let last = inner.height.saturating_sub(u16::try_from(explained).unwrap_or(u16::MAX));
    let does = palette.chosen().as_ref().map(wrapped).unwrap_or_default();
    for (line, piece) in (last..inner.height).zip(does) {
        canvas.write(inner, line, Words::new().say(Role::Quiet, piece));
    }
}

/// What an action does, or why it does not just now, and how its name is said.
fn about(model: &Model, binding: &Binding) -> (Role, String) {
    match (binding.ready)(model) {
        Ok(()) => (Role::Plain, binding.help.to_owned()),
        Err(reason) => (Role::Quiet, format!("not now: {reason}")),
    }
}

fn columns(model: &Model, canvas: &mut Canvas, marked: usize) {
    let visible = lists::columns(model);
    let line = |(position, column): (usize, &Column)| {
        let shown = model.browse.shown.get(position).copied().unwrap_or(false);
        let (role, sign) = if shown { (Role::Plain, "[x] ") } else { (Role::Quiet, "[ ] ") };
        let pointer = if position == marked { "▶ " } else { "  " };
        let order = match model.browse.sort() {
            Some(Sort { column, descending }) if column == position => format!(" {}", arrow(descending)),
            _ => String::new(),
        };
        let room = if shown && !visible.contains(&position) { "   no room" } else { "" };
        let words = Words::new().say(Role::Accent, pointer).say(Role::Accent, sign);
        words.say(role, column.name).say(Role::Accent, order).say(Role::Quiet, room)
    };
    let hint = "Space shows or hides · o orders by it · Esc closes";
    fitting(
        canvas,
        ("Columns of the rows", hint),
        model.schema.columns.iter().enumerate().map(line).collect(),
    );
}

/// What Enter does about an export, and what stood in its way.
fn obstacle(form: &ExportForm) -> (&'static str, Option<String>) {
    match &form.obstacle {
        None => ("Enter writes it", None),
        Some(Obstacle::Occupied(name)) => {
            let text = format!("{name} exists · Enter again replaces it, or type another name");
            ("Enter replaces it", Some(text))
        }
        Some(Obstacle::Failed(why)) => ("Enter tries again", Some(why.clone())),
    }
}

/// How many cells the path of an export has at least, so that the frame does not grow with the first letters.
const PATH: usize = 48;

fn export(model: &Model, canvas: &mut Canvas, form: &ExportForm) {
    let what = match (model.browse.matches(), model.browse.is_filtered()) {
        (Some(Matches::Counted(rows)), true) => {
            format!("{} that the filter lets through", text::count(rows, "row"))
        }
        (_, true) => "the rows that the filter lets through".to_owned(),
        (_, false) => format!("all {}", text::count(model.seen().rows, "row")),
    };
    let shown = model.browse.shown.iter().filter(|shown| **shown).count() as u64;
    let how = match form.format {
        Format::JsonLines => "JSON Lines: one object a line",
        Format::Csv => "CSV; formulas get a ' in front, controls are shown",
        Format::RawCsv => "CSV as it came: formulas and controls stay what they are",
    };
    let line =
        |label, value: String| Words::new().say(Role::Quiet, text::pad(label, 9)).say(Role::Plain, value);
    let mut lines = vec![
        // The file, which is typed here.
        Words::new(),
        Words::new(),
        line("rows", what),
        line("columns", text::number(shown)),
        line("form", how.to_owned()),
    ];
    let (enter, obstacle) = obstacle(form);
    let path = text::width(&form.path.text()).max(PATH) + 6;
    let widest = usize::from(layout::overlay(canvas.size).width);
    let cells = lines.iter().map(Words::width).chain([path]).max().unwrap_or(0).min(widest);
    if let Some(obstacle) = obstacle {
        lines.push(Words::new());
        lines.extend(
            text::wrap(&obstacle, cells).into_iter().map(|piece| Words::new().say(Role::Warn, piece)),
        );
    }
    // What stands in the way is the last thing that goes where there is no room for all.
    let room = usize::from(layout::overlay(canvas.size).height);
    lines.drain(1..(1 + lines.len().saturating_sub(room)).min(lines.len()));
    let hint = format!("{enter} · Tab changes the form · Esc closes");
    let inner = canvas.over_fitting("Export the rows", &hint, (cells, lines.len()));
    for (line, words) in (0..inner.height).zip(lines) {
        canvas.write(inner, line, words);
    }
    canvas.input(inner, 0, "file", &form.path);
}
