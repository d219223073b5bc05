//! What each key does in each phase, and what each event changes.

mod demo;
mod mouse;
mod over;
mod replay;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::super::layout::Areas;
use super::super::samples::*;
use super::heard::{LINES, PAGES, ROWS};
use super::*;
use crate::replay::Speed;
use crate::run::{Fate, Outcome};
use crate::sync::command::Command;
use crate::sync::event::Event;

/// Every phase, by the words of the tables below.
fn in_phase(word: &str) -> Model {
    let mut model = midst(120, 36);
    let deadline = at(30_000);
    let phase = match word {
        "idle" => {
            model.heard.run = None;
            Phase::Idle
        }
        "running" => Phase::Running { page: 4, deadline },
        "waiting" => waiting(),
        "storing" => Phase::Storing { pages: 3, since: at(5_000) },
        "pausing" => Phase::Pausing { deadline: Some(deadline) },
        "paused" => Phase::Paused,
        "stopping" => Phase::Stopping { deadline: Some(deadline) },
        "ended" => Phase::Ended { outcome: Outcome::Complete },
        "resting" => Phase::Resting { until: at(8_000) },
        "holding" => Phase::Holding,
        other => panic!("{other}"),
    };
    tell(&mut model, 6_000, Event::Phase { phase });
    model
}

/// What came of a key, in a word.
fn outcome(model: &Model, effects: &[Effect]) -> &'static str {
    match effects {
        [] if model.answer.is_some() => "refused",
        [] | [Effect::Ask(_)] => match model.overlay {
            Overlay::None => "nothing",
            Overlay::Help(_) => "help",
            Overlay::Detail(_) | Overlay::Row(_) | Overlay::Inspect(_) | Overlay::Run(_) => "detail",
            Overlay::Choice(_) => "choice",
            Overlay::ConfirmFull => "confirm",
            Overlay::Copy(_) => "copy",
            Overlay::Palette(_) => "palette",
            Overlay::Filter(..) => "filter",
            Overlay::Columns(_) => "columns",
            Overlay::Export(_) => "export",
        },
        [Effect::Send(command)] => match command {
            Command::Run(Start::Token) => "run token",
            Command::Run(Start::Checkpoint) => "run",
            Command::Run(Start::Full) => "run full",
            Command::Pause => "pause",
            Command::Resume => "resume",
            Command::Step => "step",
            Command::RetryNow => "retry",
            Command::Stop => "stop",
        },
        [Effect::Suspend] => "suspend",
        [Effect::Leave(_)] => "leave",
        more => panic!("{more:?}"),
    }
}

#[test]
fn every_key_in_every_phase() {
    use KeyCode::{Char, Enter, Esc, Tab};
    let keys = [Char(' '), Char('s'), Char('r'), Char('R'), Char('q'), Char('?'), Enter, Esc, Tab];
    #[rustfmt::skip]
    let table = [
        ("idle",     ["refused", "step",    "run",     "confirm", "stop", "help", "detail", "nothing", "nothing"]),
        ("running",  ["pause",   "refused", "refused", "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("waiting",  ["pause",   "refused", "retry",   "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("storing",  ["pause",   "refused", "refused", "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("pausing",  ["pause",   "refused", "refused", "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("paused",   ["resume",  "step",    "refused", "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("stopping", ["refused", "refused", "refused", "refused", "stop", "help", "detail", "nothing", "nothing"]),
        ("resting",  ["pause",   "step",    "run",     "confirm", "stop", "help", "detail", "nothing", "nothing"]),
        ("holding",  ["resume",  "step",    "run",     "confirm", "stop", "help", "detail", "nothing", "nothing"]),
        ("ended",    ["refused", "step",    "run",     "confirm", "stop", "help", "detail", "nothing", "nothing"]),
    ];
    for (phase, expected) in table {
        for (key, expected) in keys.iter().zip(expected) {
            let mut model = in_phase(phase);
            let effects = press(&mut model, *key);
            assert_eq!(outcome(&model, &effects), expected, "{phase}, {key}");
        }
    }
}

#[test]
fn a_release_is_no_second_press_and_a_repeat_is() {
    let mut model = in_phase("running");
    let mut space = KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE);
    space.kind = KeyEventKind::Release;
    assert_eq!(update(&mut model, Message::Key(space)), []);
    space.kind = KeyEventKind::Repeat;
    let sent = [Effect::Send(Command::Pause)];
    assert_eq!(update(&mut model, Message::Key(space)), sent);
}

#[test]
fn a_refused_key_says_why_until_the_next_key_or_five_seconds() {
    let mut model = in_phase("paused");
    press(&mut model, KeyCode::Char('r'));
    let (answer, _) = model.answer.clone().unwrap();
    assert_eq!(answer, Answer::Refused("r: the run is paused; Space goes on".to_owned()));
    press(&mut model, KeyCode::Tab);
    assert_eq!(model.answer, None);
    press(&mut model, KeyCode::Char('r'));
    update(&mut model, Message::Now(at(10_000)));
    assert!(model.answer.is_some());
    update(&mut model, Message::Now(at(11_000)));
    assert!(model.answer.is_none());
}

#[test]
fn the_first_run_starts_by_itself_where_nothing_is_unfinished() {
    let mut model = silent(80, 24);
    let effects = tell(&mut model, 0, opened());
    assert_eq!(effects[..1], [Effect::Send(Command::Run(Start::Checkpoint))]);
    let mut model = silent(80, 24);
    model.start = Some(Start::Full);
    let effects = tell(&mut model, 0, opened_unfinished());
    assert_eq!(effects[..1], [Effect::Send(Command::Run(Start::Full))]);
}

#[test]
fn an_unfinished_run_is_a_choice() {
    let choices = [(0, "run token"), (1, "run"), (2, "run full"), (3, "stop"), (9, "stop")];
    for (downs, expected) in choices {
        let mut model = heard(80, 24, [opened_unfinished()]);
        assert!(matches!(model.overlay, Overlay::Choice(Offer::Token)));
        for _ in 0..downs {
            assert_eq!(press(&mut model, KeyCode::Down), []);
        }
        let effects = press(&mut model, KeyCode::Enter);
        assert_eq!(outcome(&model, &effects), expected);
        assert!(matches!(model.overlay, Overlay::None));
    }
}

#[test]
fn a_choice_can_be_put_off_and_comes_back() {
    let mut model = heard(80, 24, [opened_unfinished()]);
    assert_eq!(press(&mut model, KeyCode::Char('s')), []);
    assert!(model.answer.is_some(), "first the choice");
    for key in [KeyCode::Char('r'), KeyCode::Char('s')] {
        press(&mut model, KeyCode::Esc);
        assert!(matches!(model.overlay, Overlay::None));
        assert_eq!(press(&mut model, key), []);
        assert!(matches!(model.overlay, Overlay::Choice(_)), "{key}");
    }
}

#[test]
fn every_offer_says_what_it_would_do() {
    let model = heard(80, 24, [opened_unfinished()]);
    let says = |offer: Offer| offer.consequence(&model);
    assert!(says(Offer::Token).contains("Run 1 goes on with page 4"));
    assert!(says(Offer::Token).contains("given 41 min ago"));
    assert!(says(Offer::Checkpoint).contains(cursor(150).text()));
    assert!(says(Offer::Full).contains("0001-01-01T00:00:00Z"));
    let left = overlay::left(&model, &unfinished());
    assert!(left.contains("was killed") && left.contains("3 pages"), "{left}");
}

#[test]
fn a_full_resync_asks_first() {
    let mut model = in_phase("ended");
    press(&mut model, KeyCode::Char('R'));
    press(&mut model, KeyCode::Esc);
    assert!(matches!(model.overlay, Overlay::None));
    press(&mut model, KeyCode::Char('R'));
    let effects = press(&mut model, KeyCode::Enter);
    assert_eq!(effects, [Effect::Send(Command::Run(Start::Full))]);
}

#[test]
fn leaving_stops_then_drops_then_goes() {
    let mut model = in_phase("running");
    assert_eq!(press(&mut model, KeyCode::Char('q')), [Effect::Send(Command::Stop)]);
    assert_eq!(press(&mut model, KeyCode::Char(' ')), [], "nothing else is begun");
    assert_eq!(press(&mut model, KeyCode::Char('q')), [Effect::Send(Command::Stop)]);
    let gone = [Effect::Leave(Departure::Quit)];
    assert_eq!(press(&mut model, KeyCode::Char('q')), gone);
}

#[test]
fn the_channel_closes_by_the_road_that_was_taken() {
    let mut model = in_phase("running");
    update(&mut model, Message::Signal(15));
    press(&mut model, KeyCode::Char('q'));
    let left = update(&mut model, Message::Closed);
    assert_eq!(left, [Effect::Leave(Departure::Signal(15))]);
    let mut model = in_phase("running");
    press(&mut model, KeyCode::Char('q'));
    let left = update(&mut model, Message::Closed);
    assert_eq!(left, [Effect::Leave(Departure::Quit)]);
    let left = update(&mut in_phase("running"), Message::Closed);
    assert_eq!(left, [Effect::Leave(Departure::SyncGone)]);
}

#[test]
fn what_a_run_leaves_unfinished_is_gone_on_with() {
    let mut model = midst(80, 24);
    tell(&mut model, 7_000, ended(Outcome::Failed, 3));
    let effects = press(&mut model, KeyCode::Char('r'));
    assert_eq!(effects, [Effect::Send(Command::Run(Start::Token))]);
}

#[test]
fn a_page_moves_the_figures_and_the_checkpoint() {
    let model = midst(120, 36);
    let run = model.heard.run.as_ref().unwrap();
    assert_eq!(run.totals.pages, 3);
    assert_eq!(run.totals.counts.rows, 150);
    assert_eq!(model.heard.rows, 150);
    let (_, checkpoint) = model.heard.checkpoint.value.as_ref().unwrap();
    assert_eq!(checkpoint, cursor(150).text());
    assert_eq!(model.heard.checkpoint.moved_at, Some(at(4_000)));
    assert_eq!(model.heard.oldest, Some(cursor(1)));
    let token = model.heard.token.as_ref().unwrap();
    assert_eq!(token.decoded.as_deref(), Some(cursor(150).text()));
    let newest = model.heard.tail.rows().newest().unwrap();
    assert_eq!(newest.value("name"), Some("Ada Lovelace 150"));
    assert_eq!(newest.value("address"), Some("12 St James's Square⏎London"));
}

#[test]
fn a_page_that_does_not_move_the_checkpoint_does_not_make_it_look_moved() {
    let mut model = midst(120, 36);
    tell(&mut model, 9_000, page(3));
    assert_eq!(model.heard.checkpoint.moved_at, Some(at(4_000)));
}

#[test]
fn the_same_reason_page_after_page_is_one_line() {
    let model = midst(120, 36);
    let told = model.heard.log.iter().filter(|line| line.text.contains("follow the token"));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_user_is_listed_once_and_the_selection_stays_with_it() {
    let mut model = midst(120, 36);
    let before = model.heard.tail.rows().len();
    for _ in 0..3 {
        press(&mut model, KeyCode::Down);
    }
    let id = model.browse.scroll.selected(&lists::rows(&model)).unwrap().id().to_owned();
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = vec![shown(10, Fate::Same), shown(147, Fate::Changed), shown(20, Fate::Same)];
    tell(&mut model, 9_000, Event::Page(stored));
    assert_eq!(model.heard.tail.rows().len(), before);
    let selected = model.browse.scroll.selected(&lists::rows(&model)).unwrap();
    assert_eq!(selected.id(), id);
    assert_eq!(selected.came.unwrap().fate, Fate::Changed);
}

#[test]
fn the_lists_do_not_grow_without_end() {
    let mut model = silent(80, 24);
    tell(&mut model, 0, opened());
    tell(&mut model, 0, started());
    for turn in 0..60 {
        let Event::Page(mut stored) = page(1) else { unreachable!() };
        stored.shown = (0..50).map(|row| shown(turn * 50 + row, Fate::New)).collect();
        stored.decision = format!("reason {turn}");
        for _ in 0..20 {
            tell(&mut model, 0, Event::Page(stored.clone()));
        }
    }
    assert_eq!(model.heard.tail.rows().len(), ROWS);
    assert_eq!(model.heard.pages.len(), PAGES);
    assert!(model.heard.log.len() <= LINES);
}

#[test]
fn a_hostile_source_reaches_no_list() {
    let mut model = silent(80, 24);
    let Event::Opened(mut first) = opened() else { unreachable!() };
    first.source = "\u{1b}]0;evil\u{7}".to_owned();
    tell(&mut model, 0, Event::Opened(first));
    tell(&mut model, 0, started());
    let Event::Page(mut stored) = page(1) else { unreachable!() };
    std::sync::Arc::make_mut(&mut stored.shown[49].values)[1] = Some("\u{1b}[2J\u{202e}".to_owned());
    stored.decision = "\u{9b}1m".to_owned();
    tell(&mut model, 0, Event::Page(stored));
    assert!(model.heard.stream.unwrap().source.starts_with("<U+001B>]0"));
    let name = model.heard.tail.rows().newest().and_then(|user| user.value("name"));
    assert_eq!(name, Some("<U+001B>[2J<U+202E>"));
    assert!(model.heard.log.newest().unwrap().text.contains("<U+009B>"));
}

#[test]
fn nothing_ticks_while_nothing_runs() {
    let mut model = midst(80, 24);
    assert!(model.changes_in().unwrap() <= TimeDelta::seconds(1));
    tell(&mut model, 6_000, phase(Phase::Paused));
    let rest = model.changes_in().unwrap();
    assert!(rest > TimeDelta::seconds(50), "{rest}");
    assert_eq!(silent(80, 24).changes_in(), None);
}

#[test]
fn a_frozen_view_stands_still_while_the_sync_goes_on() {
    let mut model = midst(120, 36);
    press(&mut model, KeyCode::Char('f'));
    tell(&mut model, 7_000, page(4));
    assert_eq!(model.seen().rows, 150);
    assert_eq!(model.heard.rows, 200);
    assert_eq!(press(&mut model, KeyCode::Char(' ')), [Effect::Send(Command::Pause)], "the sync obeys");
    press(&mut model, KeyCode::Esc);
    assert_eq!(model.seen().rows, 200);
}

#[test]
fn problems_are_unread_until_they_are_looked_at() {
    let mut model = midst(120, 36);
    tell(&mut model, 6_000, tie_unsafe());
    assert_eq!(model.unread(), 1);
    press(&mut model, KeyCode::Char('E'));
    assert_eq!((model.unread(), model.arrangement.focus), (0, Panel::Problems));
    tell(&mut model, 7_000, tie_unsafe());
    assert_eq!(model.unread(), 0, "it comes before the operator's eyes");
    press(&mut model, KeyCode::Enter);
    let Overlay::Detail(detail) = &model.overlay else { panic!() };
    assert!(detail.text().lines().any(|line| line.starts_with("next") && line.contains("auto")));
    for key in [KeyCode::Esc, KeyCode::Char('1')] {
        press(&mut model, key);
    }
    assert_eq!(model.unread(), 0);
}

#[test]
fn what_changed_flashes_by_and_a_first_sync_does_not() {
    let mut model = midst(120, 36);
    assert_eq!(model.heard.flash_until, None);
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = vec![shown(149, Fate::Changed), shown(150, Fate::Same)];
    tell(&mut model, 9_000, Event::Page(stored));
    let flashing = |model: &Model| {
        let users = model.heard.tail.rows();
        users
            .iter()
            .filter_map(|user| user.came)
            .filter(|came| model.heard.is_flashing(*came, model.now))
            .count()
    };
    assert_eq!(flashing(&model), 1);
    assert!(model.changes_in().unwrap() <= TimeDelta::milliseconds(1_500));
    update(&mut model, Message::Now(at(10_600)));
    assert_eq!(flashing(&model), 0);
}
