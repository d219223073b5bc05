//! What a key changes in the model, and what it asks of the sync.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::super::keys::{self, Action, Binding};
use super::super::text;
use super::browse::Sort;
use super::lists::{self, distance};
use super::overlay::{self, Overlay};
use super::palette::Palette;
use super::{
    Answer, Copied, Departure, Effect, ExportForm, Input, Leaving, Model, Offer, Panel, asked, export,
    lesson, open,
};
use crate::destination::reader::{Format, Question};
use crate::monitor::layout;
use crate::record::ColumnType;
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
    if let Some(effects) = to_overlay(model, &key) {
        return effects;
    }
    match keys::binding(&key) {
        Some(binding) => perform(model, binding),
        None => Vec::new(),
    }
}

/// Takes a pasted text in: where something is typed; what was meant for elsewhere must not do anything here.
pub fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match &mut model.overlay {
        Overlay::Palette(_) => in_palette(model, |palette, model| palette.paste(text, model)),
        Overlay::Export(form) => form.paste(text),
        Overlay::Filter(input, _) => {
            input.insert(text);
            let text = input.text();
            return filter(model, &text);
        }
        _ => {}
    }
    Vec::new()
}

/// Changes the palette, which has to know what can be done right now.
fn in_palette<T: Default>(model: &mut Model, change: impl FnOnce(&mut Palette, &Model) -> T) -> T {
    let Overlay::Palette(mut palette) = std::mem::take(&mut model.overlay) else { return T::default() };
    let changed = change(&mut palette, model);
    model.overlay = Overlay::Palette(palette);
    changed
}

/// Gives a key to what lies over the panels; `None` if it has no use of its own for it.
fn to_overlay(model: &mut Model, key: &KeyEvent) -> Option<Vec<Effect>> {
    match &mut model.overlay {
        Overlay::Palette(_) => in_palette(model, |palette, model| palette.key(key, model)).then(Vec::new),
        Overlay::Filter(input, _) => {
            if !input.key(key) {
                return None;
            }
            let text = input.text();
            Some(filter(model, &text))
        }
        Overlay::Columns(marked) => {
            let marked = *marked;
            match key.code {
                KeyCode::Char(' ') => toggle(model, marked),
                KeyCode::Char('o') => return Some(sort(model, Some(marked))),
                _ => return None,
            }
            Some(Vec::new())
        }
        Overlay::Export(form) => form.key(key).then(Vec::new),
        Overlay::Copy(_) => {
            let KeyCode::Char(letter) = key.code else { return None };
            let copied = Copied::ALL.into_iter().find(|copied| copied.letter() == letter)?;
            Some(copy(model, copied))
        }
        _ => None,
    }
}

/// Does what a line of the keymap says, or says why not.
fn perform(model: &mut Model, binding: &Binding) -> Vec<Effect> {
    if let Err(reason) = (binding.ready)(model) {
        let name = binding.keys.first().map_or(binding.name.to_owned(), |key| key.name());
        model.refuse(format!("{name}: {reason}"));
        return Vec::new();
    }
    match binding.action {
        Action::Pause if model.lesson.is_some() => return lesson::toggle(model),
        Action::Step if model.lesson.is_some() => return lesson::step(model),
        Action::Narration => model.overlay = Overlay::Detail(lesson::sheet(model)),
        Action::Pause => {
            let command = match (&model.playback, &model.heard.phase) {
                (Some(playback), _) if playback.motion == Motion::Held => Command::Resume,
                (None, Phase::Paused | Phase::Holding) => Command::Resume,
                _ => Command::Pause,
            };
            return vec![Effect::Send(command)];
        }
        Action::Step => return step(model),
        Action::Faster | Action::Slower => {
            let speed = model.playback.map(|playback| playback.speed.step(binding.action == Action::Faster));
            return speed.map(Effect::Speed).into_iter().collect();
        }
        Action::Again => return again(model),
        Action::Full => model.overlay = Overlay::ConfirmFull,
        Action::Enter => return enter(model),
        Action::Close => return close(model),
        Action::Help => {
            model.overlay = match model.overlay {
                Overlay::Help(_) => Overlay::None,
                _ => Overlay::Help(0),
            };
        }
        Action::Filter => {
            show(model, Panel::Rows);
            model.overlay = Overlay::Filter(Input::new(model.browse.filter_text.clone()), None);
        }
        Action::Sort => {
            show(model, Panel::Rows);
            return sort(model, next_column(model));
        }
        Action::Reverse => return sort(model, model.browse.sort().map(|sort| sort.column)),
        Action::Columns => {
            show(model, Panel::Rows);
            model.overlay = Overlay::Columns(0);
        }
        Action::Export if model.export.is_some() => return asked([Question::Cancel]),
        Action::Export => {
            model.overlay = Overlay::Export(ExportForm::new(model.schema.table, Format::JsonLines))
        }
        Action::Palette => model.overlay = Overlay::Palette(Palette::open(model)),
        Action::Mark => open::mark(model),
        Action::Copy => model.overlay = Overlay::Copy(Copied::of(model.arrangement.focus)),
        Action::Freeze => {
            if model.is_frozen() {
                thaw(model)
            } else {
                model.frozen = Some(Box::new(model.heard.clone()))
            }
        }
        Action::Expand => model.arrangement.expanded = !model.arrangement.expanded,
        Action::Show(panel) => show(model, panel),
        Action::Theme => {
            model.theme = model.theme.next();
            model.answer(Answer::Done(format!("theme: {}", model.theme.name())));
        }
        Action::Quit => return leave(model, Departure::Quit),
        Action::Suspend => return vec![Effect::Suspend],
        moving => return go(model, moving),
    }
    Vec::new()
}

/// Closes the top-most thing: the filter is one that lies over the table.
fn close(model: &mut Model) -> Vec<Effect> {
    match std::mem::take(&mut model.overlay) {
        Overlay::Filter(..) => return filter(model, ""),
        Overlay::None if model.arrangement.expanded => model.arrangement.expanded = false,
        Overlay::None if model.browse.is_filtered() && model.arrangement.focus == Panel::Rows => {
            return filter(model, "");
        }
        Overlay::None if model.arrangement.focus == Panel::Runs && model.runs.marked.is_some() => {
            model.runs.marked = None;
        }
        Overlay::None if model.arrangement.focus == Panel::Pages && model.pages.chosen.is_some() => {
            return open::back(model);
        }
        Overlay::None if model.is_frozen() => thaw(model),
        _ => {}
    }
    Vec::new()
}

/// Lets the view go on. What was looked at while it stood still is looked at in what the sync has told since.
fn thaw(model: &mut Model) {
    model.frozen = None;
    model.browse.mark(&mut model.heard);
    model.browse.changed(&model.heard);
}

/// Looks at the rows that a filter lets through; one that is wrong says why, and changes nothing.
fn filter(model: &mut Model, text: &str) -> Vec<Effect> {
    let heard = model.frozen.as_deref_mut().unwrap_or(&mut model.heard);
    let (questions, wrong) = match model.browse.filter_by(text, heard, model.now) {
        Ok(questions) => (questions, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    if let Overlay::Filter(_, told) = &mut model.overlay {
        *told = wrong;
    }
    asked(questions)
}

/// The column on screen after the one that the rows are ordered by; `None` after the last. From one that is not on
/// screen, the first.
fn next_column(model: &Model) -> Option<usize> {
    let visible = lists::columns(model);
    let at = model.browse.sort().and_then(|sort| visible.iter().position(|column| *column == sort.column));
    visible.get(at.map_or(0, |at| at + 1)).copied()
}

/// Orders by a column, times from the latest one on; the other way round if it is the one already.
pub fn sort(model: &mut Model, column: Option<usize>) -> Vec<Effect> {
    show(model, Panel::Rows);
    let before = model.browse.sort();
    let sort = column.map(|column| Sort {
        column,
        descending: match before.filter(|before| before.column == column) {
            Some(before) => !before.descending,
            None => {
                model.schema.columns.get(column).is_some_and(|column| column.kind == ColumnType::UtcDatetime)
            }
        },
    });
    let heard = model.frozen.as_deref().unwrap_or(&model.heard);
    asked(model.browse.order_by(sort, heard))
}

/// Shows a column, or hides it; one always stays.
fn toggle(model: &mut Model, column: usize) {
    let shown = &mut model.browse.shown;
    let others = shown.iter().enumerate().any(|(other, shown)| *shown && other != column);
    if let Some(shown) = shown.get_mut(column).filter(|shown| !**shown || others) {
        *shown = !*shown;
    }
}

/// Goes to a panel.
pub fn show(model: &mut Model, panel: Panel) {
    // What came while they were looked at was seen, too.
    if model.arrangement.focus == Panel::Problems || panel == Panel::Problems {
        model.problems_seen = model.heard.problems.pushed();
    }
    model.arrangement.show(panel);
}

fn copy(model: &mut Model, copied: Copied) -> Vec<Effect> {
    match super::copy::text(model, copied) {
        Ok(text) => {
            model.overlay = Overlay::None;
            let length = text::count(text.chars().count() as u64, "character");
            model.answer(Answer::Done(format!(
                "{}: {length} handed to the terminal's clipboard",
                copied.label()
            )));
            vec![Effect::Copy(text)]
        }
        Err(reason) => {
            model.refuse(reason);
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
    model.heard.runs == 0 && model.heard.unfinished.is_some() && model.lesson.is_none()
}

fn step(model: &mut Model) -> Vec<Effect> {
    if model.playback.is_none() && undecided(model) {
        model.overlay = Overlay::Choice(Offer::Token);
        return Vec::new();
    }
    vec![Effect::Send(Command::Step)]
}

fn again(model: &mut Model) -> Vec<Effect> {
    if model.playback.is_some() || matches!(model.heard.phase, Phase::Waiting { .. }) {
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
        Overlay::ConfirmFull if model.heard.under_way() => Vec::new(),
        Overlay::ConfirmFull => vec![Effect::Send(Command::Run(Start::Full))],
        Overlay::Copy(copied) => {
            model.overlay = Overlay::Copy(copied);
            copy(model, copied)
        }
        Overlay::Palette(palette) => match palette.chosen() {
            Some(binding) => perform(model, binding),
            None => Vec::new(),
        },
        Overlay::Columns(marked) => {
            toggle(model, marked);
            model.overlay = Overlay::Columns(marked);
            Vec::new()
        }
        Overlay::Export(form) => export::begin(model, form),
        Overlay::Run(run) => open::pages_of(model, run.run),
        Overlay::None => open::selected(model),
        // What is wrong is not kept, and stays in sight.
        Overlay::Filter(input, Some(wrong)) => {
            model.overlay = Overlay::Filter(input, Some(wrong));
            Vec::new()
        }
        Overlay::Filter(_, None)
        | Overlay::Help(_)
        | Overlay::Detail(_)
        | Overlay::Row(_)
        | Overlay::Inspect(_) => Vec::new(),
    }
}

/// Moves in what is on top.
pub fn go(model: &mut Model, action: Action) -> Vec<Effect> {
    let inner = layout::overlay(model.size);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    match &mut model.overlay {
        Overlay::None => return go_in_panels(model, action),
        Overlay::ConfirmFull | Overlay::Export(_) => {}
        Overlay::Filter(..) => return lists::go(model, action),
        Overlay::Columns(marked) => {
            let by = distance(action, model.schema.columns.len());
            *marked = marked.saturating_add_signed(by).min(model.schema.columns.len() - 1);
        }
        Overlay::Choice(offer) => *offer = offer.step(distance(action, Offer::ALL.len())),
        Overlay::Copy(copied) => *copied = copied.step(distance(action, Copied::ALL.len())),
        Overlay::Palette(palette) => palette.step(distance(action, height)),
        Overlay::Help(top) => {
            let mut at = *top;
            let lines = overlay::help(model, width).len();
            scroll(&mut at, action, lines, height);
            model.overlay = Overlay::Help(at);
        }
        sheet => {
            if let Some(sheet) = sheet.sheet_mut() {
                let lines = sheet.lines().len();
                scroll(&mut sheet.top, action, lines, height);
            }
        }
    }
    Vec::new()
}

fn go_in_panels(model: &mut Model, action: Action) -> Vec<Effect> {
    let focus = model.arrangement.focus;
    match action {
        Action::NextPanel => show(model, focus.step(1)),
        Action::PreviousPanel => show(model, focus.step(-1)),
        _ => return lists::go(model, action),
    }
    Vec::new()
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
