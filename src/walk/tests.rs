//! Sequences of pages, told one by one: what the property tests over whole sources do not come across.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::record::{BEGINNING, Page, Row, USER};

fn cursor(second: i64) -> Cursor {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
    Cursor::parse(&at.to_rfc3339()).unwrap()
}

fn beginning() -> Cursor {
    Cursor::parse(BEGINNING).unwrap()
}

/// A page whose rows have these cursors (0: none), and this token.
fn page(seconds: &[i64], token: &str) -> Page {
    let row = |second: &i64| Row {
        values: vec![None; USER.columns.len()].into(),
        cursor: (*second > 0).then(|| cursor(*second)),
        extra: None,
    };
    let token = (!token.is_empty()).then(|| token.to_owned());
    Page { rows: seconds.iter().map(row).collect(), token, has_data: true, ..Page::default() }
}

fn since(second: i64) -> Next {
    Next::Ask(Request::Since(cursor(second)))
}

fn token(token: &str) -> Next {
    Next::Ask(Request::Token(token.to_owned()))
}

/// Takes a page; gives what is next, and what was found.
fn take(walk: &mut Walk, seconds: &[i64], token: &str) -> (Next, Vec<Finding>) {
    let step = walk.on_page(&page(seconds, token), Utc::now());
    (step.next, step.findings)
}

#[test]
fn a_snapshot_carries_no_tokens_and_takes_none_away() {
    let mut walk = Walk::new(Mode::Scroll, true, beginning(), None);
    let mut ends = Vec::new();
    for token in ["a", "b", "a"] {
        ends.push(take(&mut walk, &[], token).0);
        let snapshot = walk.snapshot();
        assert!(format!("{snapshot:?}").contains("followed: 0 tokens"), "{snapshot:?}");
        assert_eq!(snapshot.next(), walk.next());
    }
    assert_eq!(ends[2], Next::End(End::Loop { first: 1, again: 3 }), "the walk itself still knows them");
}

/// A token that was followed over a full page comes again when the run begins again: that is no loop.
#[test]
fn beginning_again_is_no_loop() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(take(&mut walk, &[5, 5], "after 5").0, since(5));
    assert_eq!(take(&mut walk, &[5, 5], "after 5").0, token("after 5"));
    assert_eq!(take(&mut walk, &[9, 3], "after 9").0, Next::Ask(Request::Since(beginning())));
    assert_eq!(take(&mut walk, &[5, 5], "after 5").0, token("after 5"));
    assert_eq!(take(&mut walk, &[9, 3], "").0, Next::End(End::Exhausted));
}

/// An exclusive bound is found out even where the answer that would show it is an empty page first.
#[test]
fn an_exclusive_bound_behind_empty_pages_is_found_out() {
    let mut walk = Walk::new(Mode::Auto, true, beginning(), None);
    assert_eq!(take(&mut walk, &[4, 5], "1").0, since(5));
    assert_eq!(take(&mut walk, &[6, 7], "2").0, since(4), "the probe");
    assert_eq!(take(&mut walk, &[], "3").0, token("3"));
    let (next, found) = take(&mut walk, &[5, 6], "4");
    assert_eq!(found, [Finding::NotInclusive(cursor(5))]);
    assert_eq!(next, token("4"));
}

/// A source that ignores `updated_since` goes back to its beginning in an incremental run: no value fills a page.
#[test]
fn rows_below_what_was_asked_for_are_no_overflow() {
    let mut walk = Walk::new(Mode::Auto, false, cursor(9), Some(cursor(9)));
    let (next, found) = take(&mut walk, &[1, 2], "a");
    assert_eq!(found, [Finding::OrderViolated { before: cursor(9), after: cursor(1) }]);
    assert_eq!(next, token("a"));
    assert_eq!(take(&mut walk, &[3, 4], "b"), (token("b"), vec![]));
    assert_eq!(take(&mut walk, &[9, 10], ""), (Next::End(End::Exhausted), vec![]));
    assert_eq!(walk.checkpoint(), Some(&cursor(10)));
}

/// A run that began anew because rows came out of order, and was left after a page that looks ordered, still begins
/// where nothing can be missed.
#[test]
fn disorder_is_not_forgotten_by_the_next_walk() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    take(&mut walk, &[8, 9], "a");
    take(&mut walk, &[1, 2], "b");
    assert_eq!(
        (walk.checkpoint(), walk.restart()),
        (Some(&cursor(9)), &beginning()),
        "3 to 7 may be to come"
    );
    let mut anew = walk.anew(Mode::Scroll, false, walk.restart().clone(), walk.checkpoint().cloned());
    take(&mut anew, &[8, 9], "a");
    assert_eq!(anew.restart(), &beginning());
}

/// A bound that is cut to the second, or coarser, brings more than was asked for: the walk stays anchored, and what
/// shares its cursor with the last row is read.
#[test]
fn a_coarse_bound_is_no_disorder() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(take(&mut walk, &[11, 12, 13], "a"), (since(13), vec![]));
    assert_eq!(take(&mut walk, &[12, 13, 13, 14], "b"), (since(14), vec![]));
    assert_eq!(take(&mut walk, &[14, 15], ""), (Next::End(End::Exhausted), vec![]));
}

/// A source that ignores `updated_since` brings its first page again: only by token does it go on.
#[test]
fn a_bound_that_is_ignored_is_found_out() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(take(&mut walk, &[1, 2], "a").0, since(2));
    let (next, found) = take(&mut walk, &[1, 2], "a");
    assert_eq!(found, [Finding::OrderViolated { before: cursor(2), after: cursor(1) }]);
    assert_eq!(next, Next::Ask(Request::Since(beginning())));
    assert_eq!(take(&mut walk, &[1, 2], "a").0, token("a"));
}

/// Tokens that are new each time, and heeded never: the same page comes again and again.
#[test]
fn a_source_that_does_not_heed_its_tokens_ends_as_a_loop() {
    for (mode, rows) in [(Mode::Scroll, [5, 6, 7]), (Mode::Auto, [5, 5, 5])] {
        let mut walk = Walk::new(mode, false, beginning(), None);
        let ends = (1..20).find_map(|number| match take(&mut walk, &rows, &number.to_string()).0 {
            Next::End(end) => Some(end),
            Next::Ask(_) => None,
        });
        assert!(matches!(ends, Some(End::Loop { first, again }) if first < again), "{mode}: {ends:?}");
    }
}
