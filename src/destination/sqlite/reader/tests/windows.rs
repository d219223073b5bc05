//! Windows against a table in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering as Atomic};

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn text() -> impl Strategy<Value = Option<String>> {
    const TEXTS: &[&str] =
        &["", " ", "a", "A", "ab", "b", "B a", "é", "É", "日本", "%_", "a\0b", "\u{10ffff}", "z"];
    prop::option::weighted(0.85, select(TEXTS).prop_map(str::to_owned))
}

/// Ids that are stored in an order of their own.
fn rows() -> impl Strategy<Value = Vec<(String, Option<String>, Option<String>)>> {
    let ids: Vec<u32> = (0..30).collect();
    (prop::sample::subsequence(ids, 0..30).prop_shuffle(), prop::collection::vec((text(), text()), 30))
        .prop_map(|(ids, texts)| {
            let rows = ids.into_iter().zip(texts);
            rows.map(|(id, (name, email))| (format!("é{id:02}"), name, email)).collect()
        })
}

fn view() -> impl Strategy<Value = View> {
    let column =
        (0..3usize, any::<bool>()).prop_map(|(position, descending)| Order::Column { position, descending });
    const FILTERS: &[&str] =
        &["", "", "a", "-a", "name:a", "email:É", "-name:b a", "\"a\0b\"", "% _", "id:1", "nowhere"];
    (select(FILTERS), prop_oneof![Just(Order::Stored), column])
        .prop_map(|(text, order)| View { filter: filter(text), order })
}

/// Checks a slice against the rows of its view.
fn check(slice: &Slice, whole: &[(Key, Values)], from: usize) {
    let found: Vec<_> = slice.rows.iter().map(|row| (row.key.clone(), row.values.to_vec())).collect();
    assert_eq!(found, whole[from..from + found.len()]);
    assert!(slice.rank.is_none_or(|rank| rank == from as u64), "{slice:?} is not at {from}");
    assert!(slice.of.is_none_or(|of| of == whole.len() as u64), "{slice:?} is not of {}", whole.len());
    assert!(!slice.top || from == 0);
    assert!(!slice.bottom || from + found.len() == whole.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn paging_in_either_direction_brings_each_row_once(
        rows in rows(), gaps in prop::collection::vec(any::<prop::sample::Index>(), 0..3), view in view(), most in 1usize..8,
    ) {
        let mut table = Table::with(rows);
        for gap in gaps {
            if !table.rows.is_empty() {
                table.delete(gap.index(table.rows.len()));
            }
        }
        let whole = table.view(&view);
        let mut look = table.look();
        look.scanned = most;

        let (mut at, mut place) = (0, Place::Top);
        loop {
            let slice = look.window(&view, &place, most).unwrap();
            check(&slice, &whole, at);
            prop_assert!(slice.bottom || slice.rows.len() == most);
            at += slice.rows.len();
            let Some(last) = slice.rows.last().filter(|_| !slice.bottom) else { break };
            place = Place::After(last.key.clone());
        }
        prop_assert_eq!(at, whole.len());

        let (mut at, mut place) = (whole.len(), Place::Bottom);
        loop {
            let slice = look.window(&view, &place, most).unwrap();
            check(&slice, &whole, at - slice.rows.len());
            prop_assert!(slice.top || slice.rows.len() == most);
            at -= slice.rows.len();
            let Some(first) = slice.rows.first().filter(|_| !slice.top) else { break };
            place = Place::Before(first.key.clone());
        }
        prop_assert_eq!(at, 0);
    }

    #[test]
    fn a_window_around_a_row_is_as_full_as_can_be(
        rows in rows(), view in view(), most in 1usize..12, which: prop::sample::Index,
    ) {
        prop_assume!(!rows.is_empty());
        let table = Table::with(rows);
        let (rowid, values) = &table.rows[which.index(table.rows.len())];
        let whole = table.view(&view);
        let mut look = table.look();
        look.scanned = most;
        let slice = look.window(&view, &Place::Around(values[0].clone().unwrap()), most).unwrap();
        prop_assert_eq!(slice.rows.len(), most.min(whole.len()));
        if let Some(first) = slice.rows.first() {
            check(&slice, &whole, whole.iter().position(|(key, _)| *key == first.key).unwrap());
            let in_view = view.filter.matches(values);
            prop_assert_eq!(slice.rows.iter().any(|row| row.key.rowid == *rowid), in_view);
        }
    }

    #[test]
    fn a_count_is_the_number_of_rows_in_the_view(rows in rows(), view in view()) {
        let table = Table::with(rows);
        let tally = table.look().tally(&view.filter, None).unwrap();
        let expected = Tally { matched: table.view(&view).len() as u64, seen: table.rows.len() as u64, next: None };
        prop_assert_eq!(tally, expected);
    }
}

#[test]
fn a_count_in_parts_counts_each_row_once() {
    let table = many(20_000);
    let mut look = table.look();
    let name = filter("\"name 7\" -name:77");
    let (mut next, mut sum, mut parts) = (None, Tally::default(), 0);
    loop {
        let part = look.tally(&name, next).unwrap();
        (sum.matched, sum.seen, parts) = (sum.matched + part.matched, sum.seen + part.seen, parts + 1);
        next = part.next;
        if next.is_none() {
            break;
        }
    }
    let expected = table.rows.iter().filter(|(_, values)| name.matches(values)).count();
    assert_eq!((sum.matched, sum.seen, parts), (expected as u64, 20_000, 3));
}

#[test]
fn a_row_is_found_where_it_stands_now() {
    let mut table = many(50);
    let mut look = table.look();
    look.scanned = 5;
    let id = table.id(20);
    for name in [Some("\u{10ffff}"), Some(""), None, Some("name 5")] {
        table.rename(20, name);
        for view in [by(1, false), by(1, true), stored()] {
            let slice = look.window(&view, &Place::Around(id.clone()), 5).unwrap();
            assert!(ids(&slice).contains(&id.as_str()));
            let whole = table.view(&view);
            check(&slice, &whole, whole.iter().position(|(key, _)| *key == slice.rows[0].key).unwrap());
        }
    }
    let nobody = look.window(&by(0, true), &Place::Around("nobody".to_owned()), 5).unwrap();
    assert_eq!((ids(&nobody)[0], nobody.top), ("id 000049", true));
}

#[test]
fn a_writer_that_commits_in_between_neither_hides_nor_doubles_a_row() {
    for view in [stored(), by(0, false), by(1, false), by(1, true)] {
        let mut table = many(60);
        let mut look = table.look();
        look.scanned = 7;
        let before: Vec<String> =
            table.view(&view).iter().map(|(_, values)| values[0].clone().unwrap()).collect();
        let (mut seen, mut place) = (Vec::new(), Place::Top);
        for round in 0.. {
            let slice = look.window(&view, &place, 7).unwrap();
            seen.extend(ids(&slice).into_iter().filter(|id| !id.starts_with("new")).map(str::to_owned));
            let Some(last) = slice.rows.last().filter(|_| !slice.bottom) else { break };
            place = Place::After(last.key.clone());
            // Rows that come, and a key whose own row is gone.
            table.add([(format!("new {round}"), Some(format!("name {}", round * 131 % 997)), None)]);
            let gone = table.rows.iter().position(|(rowid, _)| *rowid == last.key.rowid).unwrap();
            table.delete(gone);
        }
        assert_eq!(seen, before, "{view:?}");
    }
}

#[test]
fn a_window_is_bounded_in_bytes_and_leaves_nothing_out() {
    let long = |letter: &str| Some(letter.repeat(1_500_000));
    let table = Table::with((0..6).map(|at| (format!("{at}"), long(["a", "b", "c"][at % 3]), None)));
    let mut look = table.look();
    for view in [stored(), by(0, false), by(1, false), by(1, true)] {
        let whole = table.view(&view);
        let (mut at, mut place) = (0, Place::Top);
        while at < whole.len() {
            let slice = look.window(&view, &place, 100).unwrap();
            assert!(!slice.rows.is_empty(), "{view:?}");
            for (found, (key, _)) in slice.rows.iter().zip(&whole[at..]) {
                assert_eq!(found.key, *key, "{view:?}");
                assert!(found.values[1].as_deref().unwrap().ends_with("(1,500,000 characters in all)"));
            }
            at += slice.rows.len();
            assert_eq!(slice.bottom, at == whole.len());
            place = Place::After(slice.rows.last().unwrap().key.clone());
        }
    }
}

#[test]
fn a_scan_and_a_sort_end_when_they_are_stopped() {
    let table = many(20_000);
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let mut look = SqliteLook::new(&table.path, &USER, move || counter.fetch_add(1, Atomic::Relaxed) == 9);
    assert!(look.window(&by(1, false), &Place::Top, 9).is_err());
    assert_eq!(asked.load(Atomic::Relaxed), 10, "at once");
    assert!(look.window(&by(1, false), &Place::Top, 9).is_ok(), "the next one is answered");
    asked.store(0, Atomic::Relaxed);
    let mut rows = 0;
    let mut each = |_: &[Option<Cow<'_, str>>]| {
        rows += 1;
        Ok(())
    };
    assert!(look.each(&by(1, true), &[0], &mut each).is_err());
    assert_eq!(rows, 0, "while it sorted");
    asked.store(0, Atomic::Relaxed);
    let rare = View { filter: filter("nowhere"), ..stored() };
    assert!(look.window(&rare, &Place::Top, 9).is_err());
}

#[test]
fn of_windows_that_supersede_one_another_the_last_is_answered() {
    let table = many(100_000);
    let (reader, mut answers) = Sqlite::reader(&table.path, &USER);
    for ticket in 1..=30 {
        let view = by(1, ticket % 2 == 0);
        reader.ask(Question::Window { ticket, view, place: Place::Bottom, rows: 9 });
    }
    let mut last = 0;
    while last < 30 {
        match answers.blocking_recv() {
            Some(Answer::Window { ticket, .. }) if ticket > last => last = ticket,
            other => panic!("{other:?} after {last}"),
        }
    }
    drop(reader);
    assert!(answers.blocking_recv().is_none());
}
