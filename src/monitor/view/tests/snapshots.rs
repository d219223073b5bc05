//! Every screen at three sizes, in colour and without, compared with what it was. `HIGHWATER_BLESS=1` writes it anew:
//! look at the difference before it is kept.

use std::fmt::Write as _;

use chrono::TimeDelta;
use crossterm::event::KeyCode::{self, Char, Down, Enter, Esc, Tab};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

use super::super::super::model::{Effect, Message, Model, update};
use super::super::super::samples::*;
use super::super::super::theme::Colours;
use super::{draw, inspected, screen, two_runs};
use crate::destination::reader::{Answer, Question};
use crate::run::Outcome;
use crate::sync::event::{Event, LanesUsed, Level, Phase};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 50)];

/// Compares a screen with the file of its name, at every size.
fn expect(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (width, height) in SIZES {
        expect_at(name, &make(width, height));
    }
}

fn expect_at(name: &str, model: &Model) {
    let Size { width, height } = model.size;
    let directory = format!("{}/src/monitor/view/expected/{name}", env!("CARGO_MANIFEST_DIR"));
    let path = format!("{directory}/{width}x{height}.txt");
    let coloured = styles(&draw(model));
    let mut plain = model.clone();
    plain.theme.colours = Colours::Mono;
    let shown = format!("{}\ncolour\n{coloured}\nmono\n{}", screen(model), styles(&draw(&plain)));
    assert_eq!(screen(model), screen(&plain), "a colour changes no text");
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(&path, &shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(shown == expected, "{name} {width}x{height} is now:\n{shown}\nand was:\n{expected}");
}

/// The style of every cell that has one: a line of the screen a line, a run of cells of the same style a piece. A blank
/// that shows no style goes with what is before it.
fn styles(buffer: &Buffer) -> String {
    let mut text = String::new();
    for (line, row) in buffer.content.chunks(usize::from(buffer.area.width).max(1)).enumerate() {
        let mut runs: Vec<(usize, usize, String)> = Vec::new();
        for (at, cell) in row.iter().enumerate() {
            let blank = cell.symbol() == " "
                && cell.bg == Color::Reset
                && !cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED);
            match runs.last_mut() {
                Some((_, last, style)) if !blank && *style == look(cell) => *last = at,
                _ if blank => {}
                _ => runs.push((at, at, look(cell))),
            }
        }
        let pieces: Vec<String> = runs
            .into_iter()
            .filter(|(_, _, style)| !style.is_empty())
            .map(|(from, to, style)| format!("{from}-{to} {style}"))
            .collect();
        if !pieces.is_empty() {
            writeln!(text, "{line:>2}: {}", pieces.join(", ")).unwrap();
        }
    }
    text
}

fn look(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.fg != Color::Reset {
        words.push(format!("{:?}", cell.fg).to_lowercase());
    }
    if cell.bg != Color::Reset {
        words.push(format!("on {:?}", cell.bg).to_lowercase());
    }
    words.extend(cell.modifier.iter_names().map(|(name, _)| name.to_lowercase()));
    words.join(" ")
}

fn pressed(mut model: Model, keys: impl IntoIterator<Item = KeyCode>) -> Model {
    for key in keys {
        press(&mut model, key);
    }
    model
}

fn typed(model: Model, text: &str) -> Model {
    pressed(model, text.chars().map(Char))
}

fn told_all(model: Model, events: impl IntoIterator<Item = Event>) -> Model {
    events.into_iter().fold(model, told)
}

fn told(mut model: Model, event: Event) -> Model {
    tell(&mut model, 6_000, event);
    model
}

#[test]
fn the_phases() {
    expect("opening", silent);
    expect("running", midst);
    expect_at("running", &midst(40, 12));
    expect("waiting", |width, height| told(midst(width, height), phase(waiting())));
    expect("paused", |width, height| told(midst(width, height), phase(Phase::Paused)));
    let complete =
        |width, height| heard(width, height, [opened(), started(), page(4), ended(Outcome::Complete, 4)]);
    expect("complete", complete);
    expect("failed", |width, height| told(midst(width, height), ended(Outcome::Failed, 3)));
    let resting = Phase::Resting { until: at(6_000) + TimeDelta::seconds(24) };
    expect("resting", |width, height| told(complete(width, height), phase(resting.clone())));
}

#[test]
fn the_questions() {
    expect("choice", |width, height| heard(width, height, [opened_unfinished()]));
    expect_at("choice", &heard(40, 12, [opened_unfinished()]));
    let over = |width, height| told(midst(width, height), ended(Outcome::Complete, 4));
    expect("confirm", |width, height| pressed(over(width, height), [Char('R')]));
}

#[test]
fn what_lies_over_the_panels() {
    expect("help", |width, height| pressed(midst(width, height), [Char('?')]));
    expect("row", |width, height| pressed(midst(width, height), [Enter]));
    expect("page", inspected);
    expect_at("page", &inspected(40, 12));
    expect("run", |width, height| pressed(two_runs(width, height), [Down, Enter]));
    expect("compare", |width, height| pressed(two_runs(width, height), [Char('m'), Down, Enter]));
    expect("actions", |width, height| typed(pressed(midst(width, height), [Char(':')]), "re"));
    expect_at("actions", &pressed(midst(40, 12), [Char(':')]));
    expect("export-occupied", |width, height| {
        let mut model = pressed(midst(width, height), [Char('x')]);
        let effects = press(&mut model, Enter);
        let [Effect::Ask(question)] = &effects[..] else { panic!("{effects:?}") };
        let Question::Export { ticket, export } = &**question else { panic!() };
        let answer = Answer::Occupied { ticket: *ticket, path: export.path.clone() };
        update(&mut model, Message::Read(Box::new(answer)));
        model
    });
    expect("copy", |width, height| pressed(midst(width, height), [Char('y'), Down]));
    expect("columns", |width, height| pressed(midst(width, height), [Char('c'), Down, Char(' ')]));
    expect("export", |width, height| pressed(midst(width, height), [Char('x'), Tab]));
}

#[test]
fn the_panels() {
    expect("selected", |width, height| pressed(midst(width, height), [Down, Down]));
    expect("filter", |width, height| typed(midst(width, height), "/name:14"));
    expect("filter-wrong", |width, height| typed(midst(width, height), "/nmae:x"));
    expect("pages", |width, height| pressed(midst(width, height), [Tab, Down]));
    expect("runs", two_runs);
    expect("log", |width, height| pressed(midst(width, height), [Char('4'), Down]));
    expect("problems", |width, height| pressed(told(midst(width, height), tie_unsafe()), [Char('E')]));
    expect("expanded", |width, height| pressed(midst(width, height), [Char('e')]));
    expect("frozen", |width, height| told(pressed(midst(width, height), [Char('f')]), page(4)));
}

#[test]
fn several_lanes() {
    expect("lanes", |width, height| abreast(width, height, 8));
    expect("lanes-limited", |width, height| abreast(width, height, 4));
    expect("lanes-complete", |width, height| {
        let Event::RunEnded(mut end) = ended(Outcome::Complete, 4) else { unreachable!() };
        end.lanes = Some(LanesUsed { most: 8, opened: 11 });
        let all = Event::Lanes(lanes_told(&[(4, 1, 200, false)], 8));
        told_all(abreast(width, height, 8), [page(4), all, Event::RunEnded(end)])
    });
    expect("lanes-pages", |width, height| pressed(abreast(width, height, 8), [Char('2'), Down, Enter]));
}

#[test]
fn a_demo() {
    expect("demo-waiting", |width, height| {
        demo(width, height, [narration(Level::Info, "200 people, 30 of whom changed in the same second.")])
    });
    let lost = "The walker beside has lost 20 rows: its token stepped over them, and it will never ask for them again.";
    expect("demo-lost", |width, height| {
        let told =
            [narration(Level::Info, "Both have page 1."), beside(2, 20), narration(Level::Attention, lost)];
        let model = demo(width, height, told);
        told_all(model, [started(), page(1), page(2), phase(Phase::Paused)])
    });
}

#[test]
fn the_answers_in_the_last_line() {
    expect("refused", |width, height| pressed(midst(width, height), [Char('R')]));
    expect("leaving", |width, height| pressed(told(midst(width, height), tie_unsafe()), [Esc, Char('q')]));
    expect("missed", |width, height| {
        let mut model = midst(width, height);
        update(&mut model, Message::Missed(1_234));
        model
    });
}
