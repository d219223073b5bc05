//! Runs, their pages and single rows against a log in memory that answers as a reader would.

use std::collections::VecDeque;

use crossterm::event::KeyCode;

use super::super::super::samples::*;
use super::super::*;
use crate::destination::reader::{Answer, PastPage, PastRun, Question};
use crate::run::{Counts, Outcome, Totals};
use crate::sync::event::{Event, RunStarted};
use crate::walk::{By, End, Mode, Request};

/// A log of runs, each with so many pages; the first has the number 1.
struct Log(Vec<u64>);

impl Log {
    fn answer(&self, question: &Question) -> Option<Answer> {
        Some(match question {
            Question::Runs { ticket, before, rows } => {
                let runs =
                    (1..=self.0.len() as i64).rev().filter(|run| before.is_none_or(|before| *run < before));
                Answer::Runs { ticket: *ticket, runs: runs.take(*rows).map(|run| self.run(run)).collect() }
            }
            Question::Pages { ticket, run, before, rows } => {
                let all = usize::try_from(*run - 1).ok().and_then(|at| self.0.get(at)).copied().unwrap_or(0);
                let pages = (1..=all).rev().filter(|page| before.is_none_or(|before| *page < before));
                let pages = pages.take(*rows).map(|page| PastPage {
                    run: *run,
                    page,
                    asked_by: By::Token,
                    rows: 50,
                    ..PastPage::default()
                });
                Answer::Pages { ticket: *ticket, pages: pages.collect() }
            }
            _ => return None,
        })
    }

    fn run(&self, run: i64) -> PastRun {
        let pages = self.0[usize::try_from(run - 1).unwrap()];
        PastRun {
            run,
            started_at: Some(at(-60_000)),
            ended_at: Some(at(-30_000)),
            start: Some(Start::Checkpoint),
            mode: Some(Mode::Auto),
            first: Some(Request::Since(cursor(run))),
            outcome: (run != 2).then_some(Outcome::Complete),
            end: Some(End::Exhausted),
            text: (run != 2).then(|| "the source has \u{1b}[2J no more rows".to_owned()),
            unfinished: run == 2,
            checkpoint_before: Some(cursor(run).text().to_owned()),
            checkpoint_after: Some(cursor(run + 1).text().to_owned()),
            totals: Some(Totals {
                pages,
                requests: pages + 1,
                elapsed_ms: 1_000 * pages,
                counts: Counts { rows: 50 * pages, new: 40 * pages, ..Counts::default() },
                ..Totals::default()
            }),
        }
    }
}

/// Answers everything that is asked, and what is asked upon that.
fn serve(model: &mut Model, log: &Log, effects: Vec<Effect>) {
    let mut questions: VecDeque<Effect> = effects.into();
    while let Some(effect) = questions.pop_front() {
        if let Effect::Ask(question) = effect
            && let Some(answer) = log.answer(&question)
        {
            questions.extend(update(model, Message::Read(Box::new(answer))));
        }
    }
}

fn tell_and_serve(model: &mut Model, log: &Log, event: Event) {
    let effects = tell(model, 0, event);
    serve(model, log, effects);
}

fn press_and_serve(model: &mut Model, log: &Log, key: KeyCode) {
    let effects = press(model, key);
    serve(model, log, effects);
}

/// A run begins, or goes on with so many pages stored.
fn begins(run: i64, stored: i64) -> Event {
    let Event::RunStarted(started) = started() else { unreachable!() };
    Event::RunStarted(RunStarted { run, continued: stored > 0, totals: totals(stored), ..started })
}

/// Page so-and-so of a run is stored.
fn stored(run: i64, number: i64) -> Event {
    let Event::Page(mut stored) = page(1) else { unreachable!() };
    (stored.run, stored.page) = (run, number.unsigned_abs());
    stored.totals = totals(number);
    Event::Page(stored)
}

fn pages(model: &Model) -> Vec<(i64, u64)> {
    model.pages.list(model.seen()).into_iter().map(Keyed::key).collect()
}

fn selected_page(model: &Model) -> u64 {
    model.pages.selected(model.seen()).unwrap().page
}

fn runs(model: &Model) -> Vec<i64> {
    let live = model.runs.live(model.seen());
    model.runs.list(live.as_ref()).into_iter().map(Keyed::key).collect()
}

fn sheet(model: &Model) -> String {
    model.overlay.sheet().map(Sheet::text).unwrap()
}

#[test]
fn before_the_first_run_of_a_session_the_pages_of_the_last_one_are_shown() {
    let log = Log(vec![2, 3]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened_unfinished());
    assert_eq!(pages(&model), [(2, 3), (2, 2), (2, 1)]);
    assert!(model.pages.is_elsewhere(&model.heard));
    tell_and_serve(&mut model, &log, begins(3, 0));
    assert_eq!(pages(&model), [], "of the run under way there is none yet");
    tell_and_serve(&mut model, &log, stored(3, 1));
    assert_eq!(pages(&model), [(3, 1)]);
}

#[test]
fn a_run_that_is_gone_on_with_lists_what_earlier_processes_stored() {
    let log = Log(vec![2, 3]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened_unfinished());
    tell_and_serve(&mut model, &log, begins(2, 3));
    assert_eq!(pages(&model), [(2, 3), (2, 2), (2, 1)]);
    for number in 4..6 {
        tell_and_serve(&mut model, &log, stored(2, number));
    }
    assert_eq!(pages(&model), [(2, 5), (2, 4), (2, 3), (2, 2), (2, 1)]);
    assert!(!model.pages.is_elsewhere(&model.heard));
    let before = model.runs.live(&model.heard).unwrap().before;
    assert_eq!(
        before.as_deref(),
        Some(cursor(2).text()),
        "as it was before the run, not when it was taken up"
    );
}

#[test]
fn every_page_is_reached_once_by_going_down_and_the_first_and_the_last_by_a_key() {
    let log = Log(vec![6_000]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened());
    tell_and_serve(&mut model, &log, begins(1, 5_000));
    for number in 5_001..=6_000 {
        tell_and_serve(&mut model, &log, stored(1, number));
    }
    press(&mut model, KeyCode::Char('2'));
    let mut seen = vec![selected_page(&model)];
    while seen.len() < 7_000 {
        press_and_serve(&mut model, &log, KeyCode::Down);
        let page = selected_page(&model);
        if seen.last() == Some(&page) {
            break;
        }
        seen.push(page);
        assert!(pages(&model).len() <= 4_000);
    }
    assert_eq!(seen, (1..=6_000).rev().collect::<Vec<_>>());
    press_and_serve(&mut model, &log, KeyCode::Home);
    assert_eq!(selected_page(&model), 6_000);
    press_and_serve(&mut model, &log, KeyCode::End);
    assert_eq!(selected_page(&model), 1);
    for _ in 0..600 {
        press_and_serve(&mut model, &log, KeyCode::PageUp);
    }
    assert_eq!(selected_page(&model), 6_000, "and the way back is whole");
}

#[test]
fn the_pages_of_a_chosen_run_are_shown_until_escape() {
    let log = Log(vec![4, 3, 5]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened());
    tell_and_serve(&mut model, &log, begins(4, 0));
    tell_and_serve(&mut model, &log, stored(4, 1));
    assert_eq!(runs(&model), [4, 3, 2, 1]);
    for key in [KeyCode::Char('3'), KeyCode::End, KeyCode::Enter] {
        press_and_serve(&mut model, &log, key);
    }
    let text = sheet(&model);
    assert!(text.contains("no more rows") && text.contains("<U+001B>[2J"), "{text}");
    assert!(text.contains(cursor(1).text()) && text.contains(cursor(2).text()), "{text}");
    press_and_serve(&mut model, &log, KeyCode::Enter);
    assert!(matches!(model.overlay, Overlay::None));
    assert_eq!((model.arrangement.focus, pages(&model)[0]), (Panel::Pages, (1, 4)));
    tell_and_serve(&mut model, &log, stored(4, 2));
    assert_eq!(pages(&model).len(), 4, "the run under way does not take its place");
    press_and_serve(&mut model, &log, KeyCode::Esc);
    assert_eq!(pages(&model), [(4, 2), (4, 1)]);
}

#[test]
fn a_run_is_told_live_and_by_the_log_once_it_is_over() {
    let mut log = Log(vec![1]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened());
    tell_and_serve(&mut model, &log, begins(2, 0));
    tell_and_serve(&mut model, &log, stored(2, 1));
    assert_eq!(runs(&model), [2, 1]);
    assert_eq!(model.runs.live(&model.heard).unwrap().state, State::UnderWay);
    let Event::RunEnded(mut over) = ended(Outcome::Complete, 1) else { unreachable!() };
    over.run = 2;
    log.0.push(1);
    tell_and_serve(&mut model, &log, Event::RunEnded(over));
    let complete = State::Left { outcome: Outcome::Complete, attention: false };
    assert_eq!(model.runs.live(&model.heard).unwrap().state, complete);
    tell_and_serve(&mut model, &log, begins(3, 0));
    assert_eq!(runs(&model), [3, 2, 1]);
    assert_eq!(model.runs.get(2).unwrap().state, State::Killed, "what the log says counts");
}

#[test]
fn two_runs_are_compared_and_the_earlier_one_comes_first() {
    let log = Log(vec![4, 3, 5]);
    let mut model = silent(120, 36);
    tell_and_serve(&mut model, &log, opened());
    press(&mut model, KeyCode::Char('m'));
    assert!(matches!(model.answer, Some((super::super::Answer::Refused(_), _))), "not among the users");
    for key in [KeyCode::Char('3'), KeyCode::Char('m'), KeyCode::End, KeyCode::Enter] {
        press_and_serve(&mut model, &log, key);
    }
    let text = sheet(&model);
    let line = |label: &str| {
        let line = text.lines().find(|line| line.starts_with(label)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("rows "), ["rows", "200", "250", "+50"]);
    assert_eq!(line("requests "), ["requests", "5", "6", "+1"]);
    assert_eq!(line("changed "), ["changed", "0", "0", "="]);
    assert_eq!(line("retries "), [""; 0], "neither had any");
    press(&mut model, KeyCode::Esc);
    press(&mut model, KeyCode::Esc);
    assert!(model.runs.marked.is_none(), "the mark goes before anything below it");
    press(&mut model, KeyCode::Enter);
    assert!(matches!(model.overlay, Overlay::Run(_)));
}

#[test]
fn without_a_table_what_came_by_is_there_and_nothing_is_asked() {
    let mut model = silent(120, 36);
    model.has_table = false;
    let mut effects = Vec::new();
    for event in
        [opened(), begins(1, 0), stored(1, 1), ended(Outcome::Complete, 1), begins(2, 0), stored(2, 1)]
    {
        effects.extend(tell(&mut model, 0, event));
    }
    assert_eq!(runs(&model), [2, 1]);
    let keys = ['2', '3', '4', '5'].map(KeyCode::Char);
    let moves = [KeyCode::End, KeyCode::Home, KeyCode::PageDown, KeyCode::Up, KeyCode::Enter, KeyCode::Enter];
    for panel in keys {
        effects.extend(press(&mut model, panel));
        for key in moves {
            effects.extend(press(&mut model, key));
        }
        effects.extend(press(&mut model, KeyCode::Esc));
    }
    press(&mut model, KeyCode::Char('1'));
    effects.extend(press(&mut model, KeyCode::Enter));
    press(&mut model, KeyCode::Esc);
    let asked = effects.iter().filter(|effect| matches!(effect, Effect::Ask(_)));
    assert_eq!(asked.count(), 0);
    for key in [KeyCode::Char('3'), KeyCode::End, KeyCode::Enter, KeyCode::Enter] {
        press(&mut model, key);
    }
    assert!(
        matches!(&model.answer, Some((super::super::Answer::Refused(why), _)) if why.contains("recording"))
    );
    assert_eq!(pages(&model), [(2, 1)]);
}

#[test]
fn what_the_log_cannot_answer_is_said_and_can_be_asked_again() {
    let mut model = silent(120, 36);
    let effects = tell(&mut model, 0, opened());
    let ticket = effects.iter().find_map(|effect| match effect {
        Effect::Ask(question) => match **question {
            Question::Runs { ticket, .. } => Some(ticket),
            _ => None,
        },
        _ => None,
    });
    assert!(model.runs.is_reading());
    let answer = Answer::Failed { ticket: ticket.unwrap(), text: "disk \u{7} gone".to_owned() };
    update(&mut model, Message::Read(Box::new(answer)));
    assert!(
        matches!(&model.answer, Some((super::super::Answer::Refused(why), _)) if why == "disk <U+0007> gone")
    );
    assert!(!model.runs.is_reading());
    serve(&mut model, &Log(vec![1]), Vec::new());
    press(&mut model, KeyCode::Char('3'));
    press_and_serve(&mut model, &Log(vec![1]), KeyCode::Down);
    assert_eq!(runs(&model), [1]);
}
