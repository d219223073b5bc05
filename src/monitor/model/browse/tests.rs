//! The rows panel against a table in memory that answers as a reader would.

mod exporting;
mod filtering;
mod rig;

use crossterm::event::KeyCode;

use rig::{Table, before, names, place, press_and_serve, selected, serve};

use super::super::super::samples::*;
use super::super::*;
use super::{Matches, Sort};
use crate::destination::reader::{Answer, Export, FoundRow, Order, Place, Question, Slice};
use crate::run::Fate;
use crate::sync::event::Event;

#[test]
fn every_row_is_reached_once_by_going_down() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    let mut seen = vec![selected(&model).unwrap()];
    loop {
        press_and_serve(&mut model, &table, KeyCode::Down);
        let name = selected(&model).unwrap();
        if seen.last() == Some(&name) {
            break;
        }
        seen.push(name);
    }
    let expected: Vec<String> = (1..=3_000).rev().map(|row| format!("Ada Lovelace {row}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(place(&model), (Some(3_000), Some(3_000)));
    press_and_serve(&mut model, &table, KeyCode::Home);
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 3000"));
}

#[test]
fn the_last_row_is_a_key_away_and_the_way_back_is_whole() {
    let table = Table::new(8_000);
    let mut model = before(&table);
    press_and_serve(&mut model, &table, KeyCode::End);
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 1"));
    for row in 2..=900 {
        press_and_serve(&mut model, &table, KeyCode::Up);
        assert_eq!(selected(&model), Some(format!("Ada Lovelace {row}")));
    }
    press_and_serve(&mut model, &table, KeyCode::Char('g'));
    assert!(model.browse.scroll.follows());
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 8000"));
}

#[test]
fn the_last_row_stays_the_last_while_rows_come() {
    let mut table = Table::new(3_000);
    let mut model = before(&table);
    press_and_serve(&mut model, &table, KeyCode::End);
    assert_eq!(place(&model), (Some(3_000), Some(3_000)));
    table.rows.extend(3_001..=3_100);
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.rows = 3_100;
    tell(&mut model, 3_000, Event::Page(stored));
    assert_eq!(place(&model), (Some(3_100), Some(3_100)));
}

#[test]
fn what_is_held_is_bounded() {
    let table = Table::new(12_000);
    let mut model = before(&table);
    for _ in 0..1_000 {
        press_and_serve(&mut model, &table, KeyCode::PageDown);
        assert!(lists::rows(&model).len() <= 6_000);
    }
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 1"));
}

fn tell_page(model: &mut Model, rows: &[crate::run::ShownRow]) -> Vec<Effect> {
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = rows.to_vec();
    stored.counts.rows = rows.len() as u64;
    tell(model, 3_000, Event::Page(stored))
}

#[test]
fn an_order_keeps_the_selected_row_and_is_read_again_when_the_table_changes() {
    let mut table = Table::new(3_000);
    let mut model = before(&table);
    for _ in 0..5 {
        press(&mut model, KeyCode::Down);
    }
    let row = selected(&model);
    // Wide enough for the first column of the schema.
    update(&mut model, Message::Resize(Size::new(200, 50)));
    press_and_serve(&mut model, &table, KeyCode::Char('o'));
    assert_eq!(model.browse.sort(), Some(Sort { column: 0, descending: false }));
    assert_eq!(selected(&model), row, "the row stays selected in the new order");
    press_and_serve(&mut model, &table, KeyCode::Char('O'));
    assert_eq!(model.browse.sort(), Some(Sort { column: 0, descending: true }));
    assert_eq!(selected(&model), row);

    table.rows.push(3_001);
    tell_page(&mut model, &[shown(3_001, Fate::New)]);
    assert!(model.changes_in().unwrap() <= chrono::TimeDelta::seconds(1), "it is read again soon");
    let effects = update(&mut model, Message::Now(at(10_000)));
    assert!(matches!(&effects[..], [Effect::Ask(_)]), "{effects:?}");
    serve(&mut model, &table, effects);
    assert_eq!(selected(&model), row);
    press_and_serve(&mut model, &table, KeyCode::Home);
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 3001"));
}

#[test]
fn a_flood_over_the_head_of_the_operator_leaves_no_gap() {
    let mut table = Table::new(3_000);
    let mut model = before(&table);
    for _ in 0..400 {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    let row = selected(&model);
    for batch in 0..20 {
        let rows: Vec<i64> = (1..=100).map(|row| 3_000 + batch * 100 + row).collect();
        table.rows.extend(&rows);
        let shown: Vec<_> = rows.iter().map(|row| shown(*row, Fate::New)).collect();
        tell_page(&mut model, &shown);
    }
    assert_eq!(selected(&model), row, "the selection stays");
    let mut last = 2_600;
    while last < 5_000 {
        press_and_serve(&mut model, &table, KeyCode::Up);
        assert_eq!(selected(&model), Some(format!("Ada Lovelace {}", last + 1)));
        last += 1;
    }
}

#[test]
fn going_on_during_a_flood_leaves_no_gap_either() {
    let mut table = Table::new(3_000);
    let mut model = before(&table);
    for _ in 0..60 {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    let flood = |model: &mut Model, table: &mut Table, rows: i64| {
        let last = table.rows.len() as i64;
        table.rows.extend(last + 1..=last + rows);
        let shown: Vec<_> = (last + 1..=last + rows).map(|row| shown(row, Fate::New)).collect();
        tell_page(model, &shown);
    };
    flood(&mut model, &mut table, 900);
    // Far enough down for more rows to be read below: that does not read those above anew.
    for _ in 0..300 {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    flood(&mut model, &mut table, 900);
    let mut row: i64 = selected(&model).unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    while row < 4_800 {
        press_and_serve(&mut model, &table, KeyCode::Up);
        row += 1;
        assert_eq!(selected(&model), Some(format!("Ada Lovelace {row}")));
    }
}

#[test]
fn rows_that_never_came_by_are_in_the_table_all_the_same() {
    let mut table = Table::new(3_000);
    let mut model = before(&table);
    for _ in 0..200 {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    table.rows.extend(3_001..=3_300);
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = (3_101..=3_300).map(|row| shown(row, Fate::New)).collect();
    stored.counts.rows = 300;
    stored.rows = 3_300;
    tell(&mut model, 3_000, Event::Page(stored));
    press_and_serve(&mut model, &table, KeyCode::Home);
    let mut seen = std::collections::HashSet::new();
    while seen.insert(selected(&model).unwrap()) {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    assert_eq!(seen.len(), 3_300, "each of them once");
}

#[test]
fn the_last_rows_do_not_take_the_operator_back_who_has_gone_on() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    let [Effect::Ask(last)] = &press(&mut model, KeyCode::End)[..] else { panic!() };
    let late = table.answer(last).unwrap();
    press_and_serve(&mut model, &table, KeyCode::Home);
    update(&mut model, Message::Read(Box::new(late)));
    assert_eq!(selected(&model).as_deref(), Some("Ada Lovelace 3000"));
}

#[test]
fn a_reader_that_fails_is_not_asked_again_until_a_key_does() {
    let mut model = silent(120, 36);
    let Event::Opened(mut there) = opened() else { unreachable!() };
    there.rows = 3_000;
    tell(&mut model, 0, Event::Opened(there));
    let effects = update(&mut model, Message::Now(at(100)));
    let [Effect::Ask(question)] = &effects[..] else { panic!("{effects:?}") };
    let Question::Window { ticket, .. } = **question else { panic!() };
    let failed = Answer::Failed { ticket, text: "the file is gone".to_owned() };
    update(&mut model, Message::Read(Box::new(failed)));
    assert_eq!(update(&mut model, Message::Now(at(200))), []);
    press(&mut model, KeyCode::Down);
    assert!(matches!(&update(&mut model, Message::Now(at(300)))[..], [Effect::Ask(_)]));
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_changes_nothing() {
    let table = Table::new(3_000);
    let mut model = before(&table);
    let [Effect::Ask(old)] = &press(&mut model, KeyCode::Char('o'))[..] else { panic!() };
    let late = table.answer(old).unwrap();
    press_and_serve(&mut model, &table, KeyCode::Char('O'));
    let before = names(&model);
    update(&mut model, Message::Read(Box::new(late)));
    assert_eq!(names(&model), before);
}

#[test]
fn o_goes_through_the_columns_on_screen_and_back_to_the_rows_as_they_come() {
    let table = Table::new(300);
    let mut model = before(&table);
    let shown = super::super::lists::columns(&model);
    let named = |column: &usize| crate::record::USER.columns[*column].name;
    assert_eq!(shown.iter().map(named).collect::<Vec<_>>(), ["name", "email", "updatedAt"]);
    let mut next = || {
        press_and_serve(&mut model, &table, KeyCode::Char('o'));
        model.browse.sort().map(|sort| (named(&sort.column), sort.descending))
    };
    assert_eq!(next(), Some(("name", false)));
    assert_eq!(next(), Some(("email", false)));
    assert_eq!(next(), Some(("updatedAt", true)), "the latest first");
    assert_eq!(next(), None);
    press_and_serve(&mut model, &table, KeyCode::Char('c'));
    press_and_serve(&mut model, &table, KeyCode::Char('o'));
    assert_eq!(model.browse.sort(), Some(Sort { column: 0, descending: false }), "not on screen");
    press_and_serve(&mut model, &table, KeyCode::Esc);
    press_and_serve(&mut model, &table, KeyCode::Char('o'));
    assert_eq!(model.browse.sort().map(|sort| named(&sort.column)), Some("name"));
}

#[test]
fn in_any_order_a_row_that_came_by_tells_how() {
    let table = Table::new(300);
    let mut model = before(&table);
    tell_page(&mut model, &[shown(7, Fate::Changed)]);
    press_and_serve(&mut model, &table, KeyCode::Char('c'));
    press_and_serve(&mut model, &table, KeyCode::Char('o'));
    press_and_serve(&mut model, &table, KeyCode::Esc);
    while selected(&model).as_deref() != Some("Ada Lovelace 7") {
        press_and_serve(&mut model, &table, KeyCode::Down);
    }
    press(&mut model, KeyCode::Enter);
    let text = model.overlay.sheet().unwrap().text();
    assert!(text.contains("came") && text.contains("~ changed"), "{text}");
}

#[test]
fn one_column_always_stays() {
    let mut model = before(&Table::new(300));
    press(&mut model, KeyCode::Char('c'));
    for _ in 0..USERS_COLUMNS {
        press(&mut model, KeyCode::Char(' '));
        press(&mut model, KeyCode::Down);
    }
    assert_eq!(model.browse.shown.iter().filter(|shown| **shown).count(), 1);
}

const USERS_COLUMNS: usize = crate::record::USER.columns.len();

#[test]
fn a_table_that_was_there_before_fills_the_panel() {
    let table = Table::new(3_000);
    let mut model = silent(120, 36);
    let Event::Opened(mut there) = opened() else { unreachable!() };
    there.rows = 3_000;
    tell(&mut model, 0, Event::Opened(there));
    let effects = update(&mut model, Message::Now(at(100)));
    serve(&mut model, &table, effects);
    assert_eq!(names(&model)[..2], ["Ada Lovelace 3000", "Ada Lovelace 2999"]);
    assert_eq!(update(&mut model, Message::Now(at(200))), [], "it is asked for once");
    tell_page(&mut model, &[shown(7, Fate::Changed)]);
    assert_eq!(names(&model)[..2], ["Ada Lovelace 7", "Ada Lovelace 3000"], "what comes by is on top");
}
