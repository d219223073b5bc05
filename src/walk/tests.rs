//! Sequences of pages, told one by one: what the property tests over whole sources do not come across.

mod edges;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::record::{BEGINNING, Packed, Page, Row, USER};

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
        values: Packed::new(&vec![Some(second.to_string()); USER.columns.len()]),
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
    for (mode, rows, first) in [(Mode::Scroll, [5, 6, 7], 1), (Mode::Auto, [5, 5, 5], 2)] {
        let mut walk = Walk::new(mode, false, beginning(), None);
        let ends = (1..20).find_map(|number| match take(&mut walk, &rows, &number.to_string()).0 {
            Next::End(end) => Some(end),
            Next::Ask(_) | Next::Rest => None,
        });
        assert_eq!(ends, Some(End::Loop { first, again: first + 2 }), "{mode}");
    }
}

/// The same pages in turn, under tokens that are new each time: not one page after itself, and yet no way on.
#[test]
fn pages_that_bring_nothing_new_end_after_so_many() {
    let rows: [&[i64]; 3] = [&[5, 6, 7], &[1, 2, 3], &[8, 9]];
    for patience in [1, 2, 50] {
        let mut walk = Walk::new(Mode::Scroll, false, beginning(), None).patient_for(patience);
        let mut steps = (0..).map(|number| take(&mut walk, rows[number % 3], &number.to_string()).0);
        let fresh = steps.by_ref().take_while(|next| matches!(next, Next::Ask(_))).count();
        // Two bring a later cursor and one a row of its own; of those that follow, none does.
        assert_eq!(fresh, 3 + usize::try_from(patience).unwrap() - 1, "the last of them is the end");
        assert_eq!(steps.next().map(|_| ()), Some(()));
    }
}

#[test]
fn a_later_cursor_or_another_row_is_progress() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None).patient_for(1);
    for second in 1..200 {
        assert_eq!(
            take(&mut walk, &[second], &second.to_string()).0,
            token(&second.to_string()),
            "later each time"
        );
    }
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None).patient_for(1);
    for number in 0..200 {
        let mut page = page(&[5, 5, 5], &number.to_string());
        page.rows[0].values = Packed::new(&vec![Some(number.to_string()); USER.columns.len()]);
        let next = walk.on_page(&page, Utc::now()).next;
        assert_eq!(next, token(&number.to_string()), "a great many rows may share a cursor");
    }
}

/// What [`CEILING`] is counted in: pages from a source whose clock stands there, with rows of these seconds.
fn hot(walk: &mut Walk, clock: i64, seconds: &[i64], number: i64) -> Next {
    let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(clock);
    walk.on_page(&page(seconds, &number.to_string()), now).next
}

#[test]
fn only_whole_pages_above_the_clock_at_the_beginning_count_for_the_ceiling() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    hot(&mut walk, 100, &[10, 100], 0);
    let most = i64::from(CEILING);
    for number in 1..most {
        assert!(
            matches!(hot(&mut walk, 100 + number, &[100 + number], number), Next::Ask(_)),
            "page {number} above it"
        );
    }
    let level = hot(&mut walk, 200, &[200, 100], 200);
    assert!(matches!(level, Next::Ask(_)), "a row at the clock is not above it");
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    hot(&mut walk, 100, &[10, 100], 0);
    hot(&mut walk, 101, &[101], 1);
    hot(&mut walk, 102, &[100, 102], 2);
    for number in 3..most + 2 {
        let next = hot(&mut walk, 100 + number, &[100 + number], number);
        assert!(matches!(next, Next::Ask(_)), "counted anew: {number}");
    }
}

#[test]
fn the_ceiling_is_the_end_and_all_that_came_counts() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(hot(&mut walk, 100, &[10, 99], 0), since(99));
    assert_eq!(hot(&mut walk, 101, &[99, 101], 1), since(101));
    for second in 102..101 + i64::from(CEILING) {
        assert_eq!(hot(&mut walk, second, &[second - 1, second], second), since(second));
    }
    let last = 101 + i64::from(CEILING);
    assert_eq!(hot(&mut walk, last, &[last - 1, last], last), Next::End(End::Ceiling));
    assert_eq!(walk.checkpoint(), Some(&cursor(last)));
}

#[test]
fn clocks_that_disagree_and_a_pause_put_off_the_ceiling() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    let ends = (1..60).find(|number| {
        hot(&mut walk, *number, &[number + FUTURE.num_seconds()], *number) == Next::End(End::Ceiling)
    });
    assert_eq!(ends, Some(i64::from(CEILING)), "as far ahead as a clock may be");
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    let hours = 10_000;
    for number in 1..60 {
        assert!(
            matches!(hot(&mut walk, number, &[hours + number], number), Next::Ask(_)),
            "rows from the future"
        );
    }
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    for number in 1..60 {
        walk.look_up();
        assert!(matches!(hot(&mut walk, number, &[number + 1], number), Next::Ask(_)), "a pause before each");
    }
}

/// A run is not gone on with beyond the source's clock, but a run that reads everything again begins far below.
#[test]
fn a_walk_is_ahead_of_a_clock_that_went_back() {
    let clock = |second| cursor(second).instant().unwrap();
    let ahead = |walk: &Walk, second| (walk.is_ahead_of(clock(second)), walk.is_ahead_of(clock(second - 1)));
    for mode in Mode::ALL {
        let walk = Walk::new(mode, false, cursor(1_300), Some(cursor(1_300)));
        assert_eq!(ahead(&walk, 1_000), (false, true), "{mode}: five minutes are allowed");
        let mut full = Walk::new(mode, false, beginning(), Some(cursor(1_300)));
        assert!(!full.is_ahead_of(clock(1)), "{mode}");
        full.on_page(&page(&[100, 500], "a"), clock(2_000));
        assert_eq!(
            ahead(&full, 200),
            (false, true),
            "{mode}: as far as it has read, whatever the checkpoint"
        );
        let mut first = Walk::new(mode, false, beginning(), None);
        first.on_page(&page(&[100, 5_000], "a"), clock(200));
        assert_eq!(first.checkpoint(), Some(&cursor(100)), "{mode}: a row from the future moves nothing");
        assert!(!first.is_ahead_of(clock(200)), "{mode}");
    }
}
