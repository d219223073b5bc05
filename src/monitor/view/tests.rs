//! What the screen says in each phase, that no size breaks it, and that it does without colours and without Unicode.

mod snapshots;

use std::collections::HashSet;

use crossterm::event::KeyCode;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

use super::super::model::{Message, Model, Panel, update};
use super::super::samples::*;
use super::super::theme::{Colours, Glyphs};
use super::view;
use crate::replay::{Motion, Playback, Speed};
use crate::run::Outcome;
use crate::sync::event::{Event, Level, Notice, NoticeKind, Phase};

fn draw(model: &Model) -> Buffer {
    let size = model.size;
    let mut terminal = Terminal::new(TestBackend::new(size.width, size.height)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen as text, without the blanks at the ends of its lines.
fn screen(model: &Model) -> String {
    let buffer = draw(model);
    let width = usize::from(buffer.area.width.max(1));
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut skip = 0;
        let mut line = String::new();
        for cell in row {
            // The cell behind a wide character is not part of the text.
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = super::super::text::width(cell.symbol()).saturating_sub(1);
            } else {
                skip -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The inspector on a page that had to be asked for again.
fn inspected(width: u16, height: u16) -> Model {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.retries = 2;
    stored.reasons = vec!["HTTP 503 Service Unavailable; waited 1.2 s".to_owned(), "broke off".to_owned()];
    let mut model = heard(width, height, [opened(), started(), page(1), page(2), Event::Page(stored)]);
    press(&mut model, KeyCode::Char('2'));
    press(&mut model, KeyCode::Enter);
    model
}

/// Two runs came by, the second one is under way.
fn two_runs(width: u16, height: u16) -> Model {
    let Event::RunStarted(mut second) = started() else { unreachable!() };
    (second.run, second.checkpoint) = (2, Some(cursor(200)));
    let events =
        [opened(), started(), page(4), ended(Outcome::Complete, 4), Event::RunStarted(second), running(1)];
    let mut model = heard(width, height, events);
    press(&mut model, KeyCode::Char('3'));
    model
}

#[test]
fn each_phase_says_its_word_and_what_it_means() {
    let deadline = at(30_000);
    let outage = Phase::Outage {
        reason: "Connection refused".to_owned(),
        since: at(0),
        until: at(8_000),
        gives_up: deadline,
    };
    let cases: [(Event, &str, &str); 11] = [
        (running(4), "● RUNNING", "page 4 is on the wire"),
        (phase(waiting()), "◌ WAITING", "page 4: attempt 2 of 6 in 2 s: 429 Too Many Requests"),
        (
            phase(Phase::Pausing { deadline: Some(deadline) }),
            "◐ PAUSING",
            "storing page 4 first, 24 s at most",
        ),
        (phase(Phase::Storing { pages: 3, since: at(2_000) }), "◌ STORING", "is slow: 3 pages to store"),
        (phase(outage), "◌ OUTAGE", "gone: tries in 2 s, gives up in 24 s: Connection refused"),
        (phase(Phase::Pausing { deadline: None }), "◐ PAUSING", "storing what has arrived first"),
        (phase(Phase::Stopping { deadline: None }), "◐ STOPPING", "what has arrived, then stopping"),
        (phase(Phase::Paused), "‖ PAUSED", "Space resumes"),
        (phase(Phase::Stopping { deadline: Some(deadline) }), "◐ STOPPING", "then stopping"),
        (ended(Outcome::Complete, 4), "✔ COMPLETE", "no further token"),
        (ended(Outcome::Failed, 3), "✖ FAILED", "page 4 could not be read"),
    ];
    for (event, word, sentence) in cases {
        for (width, height) in [(80, 24), (120, 36), (60, 12)] {
            let mut model = midst(width, height);
            tell(&mut model, 6_000, event.clone());
            let text = screen(&model);
            assert!(text.contains(word), "{word}\n{text}");
            assert!(text.contains(sentence) || width < 80, "{sentence}\n{text}");
        }
    }
}

#[test]
fn a_run_with_one_lane_shows_none_and_one_that_is_refused_several_says_so() {
    for (width, height) in [(80, 24), (120, 36)] {
        let mut model = abreast(width, height, 4);
        let text = screen(&model);
        assert!(text.contains("page 4 is on the wire · 4 lanes ask"), "{text}");
        assert_eq!((text.contains(" Lanes ─"), text.contains("░5") || text.contains("▒5")), (true, true));
        let refused = "one lane from here on: a lane could not be read";
        let kind = NoticeKind::OneLane;
        tell(
            &mut model,
            8_500,
            Event::Notice(Notice { level: Level::Warning, kind, text: refused.to_owned() }),
        );
        let text = screen(&model);
        assert!(!text.contains(" Lanes ─") && text.contains("Position in cursor time"), "{text}");
        assert!(text.contains("on the wire · one lane only") && text.contains("E 1 problem"), "{text}");
        assert!(!screen(&midst(width, height)).contains("lane"));
    }
}

#[test]
fn a_frozen_view_keeps_its_lanes() {
    let mut model = abreast(120, 36, 4);
    press(&mut model, KeyCode::Char('f'));
    let before = screen(&model);
    tell(&mut model, 9_000, ended(Outcome::Complete, 4));
    tell(&mut model, 9_100, started());
    assert!(screen(&model).contains("4 of 8 lanes: the source limits requests"), "{before}");
    press(&mut model, KeyCode::Char('f'));
    assert!(!screen(&model).contains(" Lanes ─"));
}

#[test]
fn leaving_says_what_is_waited_for() {
    let mut model = midst(80, 24);
    press(&mut model, KeyCode::Char('q'));
    assert!(screen(&model).contains("finishing page 4, then leaving; q again drops it"));
    press(&mut model, KeyCode::Char('q'));
    assert!(screen(&model).contains("q again leaves at once"));
}

#[test]
fn a_countdown_counts() {
    let mut model = midst(80, 24);
    tell(&mut model, 6_000, phase(waiting()));
    for (now, shown) in [(6_100, "in 2 s"), (7_100, "in 1 s"), (8_000, "in 0 s")] {
        update(&mut model, Message::Now(at(now)));
        assert!(screen(&model).contains(shown), "{shown}");
    }
}

#[test]
fn badges_name_the_value() {
    let mut model = midst(120, 36);
    tell(&mut model, 6_000, tie_unsafe());
    update(&mut model, Message::Missed(1_234));
    let text = screen(&model);
    let value = format!("TIE-UNSAFE {}", cursor(50));
    assert!(text.contains(&value) && text.contains("MISSED 1,234"), "{text}");
    update(&mut model, Message::Resize(Size::new(80, 24)));
    assert!(screen(&model).contains(&value));
}

#[test]
fn what_earlier_runs_lost_keeps_its_badge_until_everything_was_read() {
    let lost = |run| Some(crate::run::Lost { first: run, runs: 1, seams: 2 });
    let mut model = midst(80, 24);
    let Event::Opened(mut told) = opened() else { unreachable!() };
    told.lost = lost(-7);
    tell(&mut model, 6_000, Event::Opened(told));
    assert!(screen(&model).contains("ROWS LOST? run -7"), "{}", screen(&model));
    let Event::RunEnded(mut told) = ended(Outcome::Complete, 3) else { unreachable!() };
    for (found, shown) in [(lost(-7), true), (lost(told.run), false), (None, false)] {
        told.lost = found;
        tell(&mut model, 7_000, Event::RunEnded(told.clone()));
        assert_eq!(
            screen(&model).contains("ROWS LOST?"),
            shown,
            "{found:?}: the run's own has a badge of its own"
        );
    }
}

#[test]
fn a_refused_key_is_answered_in_the_last_line() {
    let mut model = midst(80, 24);
    press(&mut model, KeyCode::Char('R'));
    let text = screen(&model);
    assert!(text.ends_with(" ! R: a run is under way; a full re-sync can follow it\n"), "{text}");
}

#[test]
fn a_replay_says_what_the_player_does_and_how_to_change_its_speed() {
    let mut model = midst(80, 24);
    assert!(!screen(&model).contains("> faster"), "there is nothing to play faster");
    for (motion, chip) in [(Motion::Playing, "● RUNNING"), (Motion::Held, "‖ HELD"), (Motion::Over, "■ OVER")]
    {
        let playback = Playback { motion, speed: Speed::times(1.0).unwrap(), played: 1, of: 2 };
        update(&mut model, Message::Playback(playback));
        let text = screen(&model);
        assert!(text.contains(chip) && text.contains("< slower   > faster"), "{text}");
    }
}

#[test]
fn what_needs_attention_says_so_though_it_is_complete() {
    let Event::RunEnded(mut end) = ended(Outcome::Complete, 4) else { unreachable!() };
    end.attention = vec!["rows may be missing".to_owned()];
    let mut model = midst(120, 36);
    tell(&mut model, 6_000, Event::RunEnded(end));
    assert!(screen(&model).contains("! ATTENTION"));
}

#[test]
fn a_refusal_is_seen_while_an_export_runs() {
    let mut model = midst(80, 24);
    press(&mut model, KeyCode::Char('x'));
    press(&mut model, KeyCode::Enter);
    assert!(screen(&model).contains("exporting user.jsonl"));
    press(&mut model, KeyCode::Char('R'));
    assert!(screen(&model).contains("! R: a run is under way"));
    update(&mut model, Message::Now(at(60_000)));
    assert!(screen(&model).contains("exporting user.jsonl"));
}

#[test]
fn the_spread_of_answers_is_drawn_where_they_differ() {
    let waits = |waits: [u64; 3]| {
        let pages = (1..).zip(waits).map(|(number, wait)| {
            let Event::Page(mut stored) = page(number) else { unreachable!() };
            stored.wait_ms = wait;
            Event::Page(stored)
        });
        screen(&heard(200, 50, [opened(), started()].into_iter().chain(pages)))
    };
    assert!(waits([20, 200, 2_000]).contains("spread █"));
    assert!(!waits([20, 20, 2_000]).contains("spread"), "the figures say as much");
}

#[test]
fn the_way_out_of_what_lies_over_the_panels_is_told_at_any_width() {
    for key in ['?', ':', 'c', 'x', 'y', '2'] {
        let mut model = midst(40, 12);
        press(&mut model, KeyCode::Char(key));
        if key == '2' {
            press(&mut model, KeyCode::Enter);
        }
        let text = screen(&model);
        assert!(text.contains("Esc closes ╯"), "{text}");
    }
}

#[test]
fn no_bar_shines_through_what_lies_over_the_panels() {
    let mut model = midst(80, 24);
    press(&mut model, KeyCode::Down);
    let bars = |model: &Model| {
        let buffer = draw(model);
        let lines = buffer.content.chunks(80).skip(1);
        lines.flatten().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count()
    };
    assert!(bars(&model) > 30);
    press(&mut model, KeyCode::Char('?'));
    assert_eq!(bars(&model), 0);
}

#[test]
fn without_colours_no_cell_has_one_and_the_selection_still_shows() {
    let mut model = midst(120, 36);
    model.theme.colours = Colours::Mono;
    tell(&mut model, 6_000, tie_unsafe());
    press(&mut model, KeyCode::Down);
    let buffer = draw(&model);
    assert!(buffer.content.iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
    let reversed = |cell: &&ratatui::buffer::Cell| cell.modifier.contains(Modifier::REVERSED);
    assert!(buffer.content.iter().filter(reversed).count() > 60);
    let text = screen(&model);
    let marked = text.lines().find(|line| line.contains("▶ + "));
    assert!(marked.is_some_and(|line| line.contains("ada149@")), "{text}");
}

#[test]
fn without_unicode_every_cell_is_ascii() {
    let mut model = midst(120, 36);
    model.theme.glyphs = Glyphs::Ascii;
    assert!(screen(&model).is_ascii());
    press(&mut model, KeyCode::Char('?'));
    assert!(screen(&model).is_ascii());
    for mut model in [inspected(120, 36), two_runs(120, 36), abreast(120, 36, 4)] {
        model.theme.glyphs = Glyphs::Ascii;
        press(&mut model, KeyCode::Char('m'));
        let text = screen(&model);
        assert!(text.is_ascii(), "{text}");
        let panels = text.trim_end().rsplit_once('\n').map_or("", |(panels, _footer)| panels);
        assert!(!panels.contains(" ? "), "nothing without a stand-in of its own: {panels}");
    }
}

#[test]
fn another_table_goes_by_its_own_name_and_columns_everywhere() {
    let shows = |keys: &str, expected: &[&str]| {
        let mut model = heard_of_issues(120, 36);
        for key in keys.chars() {
            press(&mut model, if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) });
        }
        let text = screen(&model);
        for expected in expected {
            assert!(text.contains(expected), "{keys:?} does not show {expected:?}:\n{text}");
        }
        assert!(!text.contains("Users") && !text.contains("email"), "{text}");
    };
    shows("", &["Issues", "title", "updated_at", "It leaks"]);
    shows("e", &["title", "number", "state", "updated_at", "assignee", "150"]);
    shows("\n", &["Issue 150", "assignee"]);
    shows("c", &["[x] number", "[x] assignee"]);
    shows("x", &["issue.jsonl"]);
    shows("o", &["Issues, by title ▲"]);
    shows("2\n", &["first rows", "It leaks", "102"]);
}

#[test]
fn wide_and_hostile_names_keep_the_columns_straight() {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    let names = ["山田 太郎", "Zoë \u{202e}evil", "\u{1b}[31mred", "محمد", "e\u{301}e\u{301}"];
    for (row, name) in stored.shown.iter_mut().rev().zip(names) {
        std::sync::Arc::make_mut(&mut row.values)[1] = Some(name.to_owned());
    }
    let model = heard(120, 36, [opened(), started(), Event::Page(stored)]);
    let users = screen(&model);
    let users = users.lines().filter(|line| line.contains("@example.org"));
    let places = users.filter_map(|line| line.rfind("2026-").map(|at| &line[..at]));
    let places: HashSet<usize> = places.map(super::super::text::width).collect();
    assert_eq!(places.len(), 1, "{places:?}");
    let text = screen(&model);
    assert!(text.contains("山田 太郎") && text.contains("<U+202E>") && !text.contains('\u{1b}'));
}

#[test]
fn no_size_breaks_it() {
    let told = [narration(Level::Info, "Both have page 1."), beside(2, 20)];
    let mut models = vec![silent(0, 0), heard(0, 0, [opened_unfinished()]), demo(0, 0, told)];
    for key in ['/', ':', 'c', 'x', 'y'] {
        let mut model = midst(0, 0);
        press(&mut model, KeyCode::Char(key));
        models.push(model);
    }
    for panel in Panel::ALL {
        let mut model = midst(0, 0);
        model.arrangement.show(panel);
        tell(&mut model, 6_000, tie_unsafe());
        press(&mut model, KeyCode::Down);
        models.push(model.clone());
        press(&mut model, KeyCode::Enter);
        models.push(model);
    }
    let mut over = heard(0, 0, [opened(), started(), page(4), ended(Outcome::Complete, 4)]);
    press(&mut over, KeyCode::Char('R'));
    models.push(over.clone());
    press(&mut over, KeyCode::Char('?'));
    models.push(over);
    models.push(inspected(0, 0));
    models.push(abreast(0, 0, 4));
    let mut compared = two_runs(0, 0);
    models.push(compared.clone());
    for key in [KeyCode::Char('m'), KeyCode::Down, KeyCode::Enter] {
        press(&mut compared, key);
    }
    models.push(compared);
    let keys = [KeyCode::PageDown, KeyCode::End, KeyCode::PageUp];
    let some = |all: u16| (0..=8).chain((9..=all).step_by(5)).collect::<Vec<_>>();
    for width in some(64) {
        for height in some(24) {
            for (turn, model) in models.iter_mut().enumerate() {
                update(model, Message::Resize(Size::new(width, height)));
                draw(model);
                press(model, keys[(turn + usize::from(height)) % keys.len()]);
            }
        }
    }
}
