//! Exactly at the edge, and one beyond it: where `>` and `>=` part.

use super::*;
use crate::record::Row;

/// Takes a page at a time of the source's clock.
fn take_at(walk: &mut Walk, now: i64, seconds: &[i64], token: &str) -> Step {
    walk.on_page(&page(seconds, token), cursor(now).instant().unwrap())
}

/// A page with one row, whose cursor is spelt like that.
fn spelt(text: &str, token: &str) -> Page {
    let cursor = Cursor::parse(text).unwrap();
    let values = Packed::new(&vec![None::<&str>; USER.columns.len()]);
    let row = Row { values, cursor: Some(cursor), extra: None };
    let token = (!token.is_empty()).then(|| token.to_owned());
    Page { rows: vec![row], token, has_data: true, ..Page::default() }
}

fn text(cursor: Option<&Cursor>) -> Option<&str> {
    cursor.map(Cursor::text)
}

const Z: &str = "2026-01-01T00:00:05Z";
const OFFSET: &str = "2026-01-01T00:00:05+00:00";

#[test]
fn a_walk_says_what_it_is() {
    for (mode, word) in [(Mode::Auto, "auto"), (Mode::Scroll, "scroll"), (Mode::Anchor, "anchor")] {
        let walk = Walk::new(mode, false, beginning(), None);
        assert_eq!((walk.mode(), mode.word(), mode.to_string().as_str()), (mode, word, word));
    }
    let since = Request::Since(cursor(5));
    assert_eq!(since.parts(), (By::Since, cursor(5).text()));
    assert_eq!(Request::Token("t".to_owned()).parts(), (By::Token, "t"));
    assert_eq!((By::Since.word(), By::Token.word()), ("since", "token"));
}

/// Only of a walk that asked for every seam it is known that it lost nothing, and it stays known after the end, where
/// the checkpoint is let go.
#[test]
fn a_walk_knows_whether_it_asked_for_every_seam() {
    for (mode, pages, asks) in [
        (Mode::Auto, &[(&[1, 2][..], "a"), (&[2, 3], "")][..], true),
        (Mode::Auto, &[(&[2, 2], "a"), (&[2, 2], "b"), (&[2, 3], "")], true),
        (Mode::Scroll, &[(&[1, 2], "")], false),
        (Mode::Auto, &[(&[1, 2], "a"), (&[3, 1], "b"), (&[1, 2], "")], false),
        (Mode::Auto, &[(&[1, 2], "a"), (&[4, 3], "b"), (&[], "")], false),
        (Mode::Auto, &[(&[0, 0], "a"), (&[1, 2], "")], false),
    ] {
        let mut walk = Walk::new(mode, false, beginning(), None);
        for (rows, token) in pages {
            walk = serde_json::from_str(&serde_json::to_string(&walk.snapshot()).unwrap()).unwrap();
            take_at(&mut walk, 100, rows, token);
        }
        assert_eq!(walk.asks_every_seam(), asks, "{mode}: {pages:?}");
    }
    let refused = &mut Walk::new(Mode::Auto, false, beginning(), None);
    take_at(refused, 100, &[2, 2], "a");
    take_at(refused, 100, &[2, 2], "b");
    assert!(refused.on_token_refused() && refused.asks_every_seam());
}

#[test]
fn what_a_damaged_file_says_of_a_walk_overflows_nothing() {
    let mut walk = serde_json::to_value(Walk::new(Mode::Auto, false, beginning(), None)).unwrap();
    walk["page"] = u64::MAX.into();
    let mut walk: Walk = serde_json::from_value(walk).unwrap();
    assert_eq!((walk.page(), walk.next_page()), (u64::MAX, u64::MAX));
    assert_eq!(take_at(&mut walk, 100, &[5], "a").page, u64::MAX);
    let seams = crate::run::Seams { tie_unsafe: u64::MAX, tie_overflow: 1, not_inclusive: 1 };
    assert_eq!(seams.sum(), u64::MAX);
}

#[test]
fn pages_are_counted_and_a_move_is_told() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    assert_eq!(walk.next_page(), 1);
    assert!(take_at(&mut walk, 100, &[5], "a").moved);
    assert_eq!(walk.next_page(), 2);
    assert!(!take_at(&mut walk, 100, &[5], "b").moved, "nothing new");
    assert_eq!((walk.next_page(), walk.restart()), (3, &cursor(5)));
}

#[test]
fn a_prediction_is_what_comes() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    assert_eq!(walk.predict(None, Some(&cursor(5))), None);
    assert_eq!(walk.predict(Some("a"), None), Some(Request::Token("a".to_owned())));
    take(&mut walk, &[5], "a");
    assert_eq!(walk.predict(Some("a"), None), None, "a loop");

    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(walk.predict(Some("a"), Some(&cursor(5))), Some(Request::Since(cursor(5))));
    take(&mut walk, &[5], "a");
    assert_eq!(walk.predict(Some("b"), Some(&cursor(6))), Some(Request::Since(cursor(6))));
    for not_beyond in [4, 5] {
        assert_eq!(walk.predict(Some("b"), Some(&cursor(not_beyond))), None, "{not_beyond}");
    }
}

#[test]
fn a_refused_token_leaves_the_manner_of_the_walk() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    take(&mut walk, &[5, 6], "a");
    assert!(walk.on_token_refused());
    assert_eq!(walk.next(), &Request::Since(cursor(6)));
    assert_eq!(take(&mut walk, &[6, 7], "b").0, token("b"), "by token before, by token again");
    // A value that filled a page was being stepped over; where it is asked for again, that begins anew.
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    take(&mut walk, &[5, 5], "a");
    assert_eq!(take(&mut walk, &[5, 5], "b").0, token("b"));
    assert!(walk.on_token_refused());
    assert_eq!(take(&mut walk, &[5, 5, 6], "c"), (since(6), vec![]));
}

#[test]
fn the_future_begins_after_five_minutes() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    let step = take_at(&mut walk, 1_000, &[1_300], "a");
    assert_eq!((step.findings, step.checkpoint), (vec![], Some(cursor(1_300))));
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    let step = take_at(&mut walk, 1_000, &[1_301, 1_302], "a");
    assert_eq!((step.findings, step.checkpoint), (vec![Finding::Future(2, cursor(1_302))], None));
}

/// Once order is lost, a row counts for the checkpoint only if it is from before the run: one that was updated in
/// its course may have been read after another that was updated later still.
#[test]
fn what_changed_since_the_run_began_counts_for_nothing_out_of_order() {
    for (rows, then, released) in [
        (&[50, 40][..], &[][..], 50),
        (&[99, 40], &[], 99),
        (&[100, 40], &[], 40),
        (&[120, 40], &[], 40),
        (&[50, 40], &[99], 99),
        (&[50, 40], &[100], 50),
        (&[50, 40], &[101], 50),
    ] {
        let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
        let step = take_at(&mut walk, 100, rows, "a");
        assert_eq!((walk.is_held(), step.checkpoint), (true, None), "{rows:?}");
        let step = take_at(&mut walk, 200, then, "");
        assert_eq!(step.checkpoint, Some(cursor(released)), "{rows:?} {then:?}");
    }
}

/// An instant that is spelt in another way is the same place: what is stored and sent stays as it was written first.
#[test]
fn an_equal_cursor_is_no_progress() {
    let start = Cursor::parse(Z).unwrap();
    let mut walk = Walk::new(Mode::Scroll, false, start.clone(), Some(start));
    let step = walk.on_page(&spelt(OFFSET, "a"), Utc::now());
    assert_eq!((step.moved, text(step.checkpoint.as_ref())), (false, Some(Z)));
    assert_eq!(walk.reached().text(), Z);
}

#[test]
fn a_hundred_empty_pages_are_followed_and_no_more() {
    let mut walk = Walk::new(Mode::Scroll, true, beginning(), None);
    for number in 1..=PATIENCE {
        let name = number.to_string();
        assert_eq!(take(&mut walk, &[], &name).0, token(&name));
    }
    assert_eq!(take(&mut walk, &[], "one more").0, Next::End(End::EmptyPage { token: true }));
}

#[test]
fn nothing_at_the_checkpoint_is_told_of_the_first_page_alone() {
    let found = |start: Cursor, checkpoint: Option<i64>, pages: &[&[i64]]| {
        let mut walk = Walk::new(Mode::Auto, false, start, checkpoint.map(cursor));
        let tokens = ["a", "b", "c"];
        pages.iter().zip(tokens).flat_map(|(rows, token)| take(&mut walk, rows, token).1).collect::<Vec<_>>()
    };
    let nothing = vec![Finding::NothingAtCheckpoint(cursor(9))];
    assert_eq!(found(cursor(9), Some(9), &[&[]]), nothing);
    assert_eq!(found(beginning(), Some(9), &[&[]]), [], "a full run asks from far below");
    let overflow = vec![Finding::TieOverflow(cursor(9))];
    assert_eq!(found(cursor(9), Some(9), &[&[9, 9], &[]]), overflow, "its row has been there");
}

#[test]
fn a_token_that_goes_on_within_a_group_is_told_and_another_is_not() {
    for (then, found) in [(&[6, 7][..], vec![Finding::TieSafe(cursor(6))]), (&[7, 8], vec![])] {
        let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
        assert_eq!(take(&mut walk, &[5, 6, 6], "a").1, [Finding::TieUnsafe(cursor(6))]);
        assert_eq!(take(&mut walk, then, "b").1, found);
    }
}

/// The same few rows may well keep changing; three of them or more, three times in a row, are a circle.
#[test]
fn the_same_page_again_is_a_circle_at_the_third_time_if_it_has_three_rows() {
    let again = |rows: &[i64]| {
        let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
        (1..20).find_map(|number| match take(&mut walk, rows, &number.to_string()).0 {
            Next::End(end) => Some(end),
            Next::Ask(_) | Next::Rest => None,
        })
    };
    assert_eq!(again(&[5, 6, 7]), Some(End::Loop { first: 1, again: 3 }));
    assert_eq!(again(&[5, 6]), None);
}

/// A page that ends where it was asked from has not got beyond it, and one that ends a second later has.
#[test]
fn a_page_that_ends_where_it_was_asked_from_is_stepped_over() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    take(&mut walk, &[4, 5], "a");
    assert_eq!(take(&mut walk, &[5], "b").0, token("b"));
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    take(&mut walk, &[4, 5], "a");
    assert_eq!(take(&mut walk, &[5, 6], "b").0, since(6));
    // One that begins below it and ends there goes by some other order; one that gets beyond it does not.
    for (rows, disorder) in [(&[4, 5][..], true), (&[4, 5, 6], false), (&[5], false)] {
        let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
        take(&mut walk, &[4, 5], "a");
        let (_, found) = take(&mut walk, rows, "b");
        assert_eq!(!found.is_empty(), disorder, "{rows:?} {found:?}");
    }
}

/// Rows that have begun a page before are progress as long as a later cursor comes with them, and not with an equal one.
#[test]
fn a_later_cursor_behind_the_same_first_row_is_progress() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None).patient_for(1);
    assert_eq!(take(&mut walk, &[5, 10], "a").0, token("a"));
    assert_eq!(take(&mut walk, &[5, 11], "b").0, token("b"));
    assert_eq!(take(&mut walk, &[5, 11], "c").0, Next::End(End::Stalled { pages: 1 }));
}

/// Rows of the very instant at which the run began are not from after it.
#[test]
fn what_stands_at_the_ceiling_is_below_it() {
    let mut walk = Walk::new(Mode::Scroll, false, beginning(), None);
    for number in 0..2 * CEILING {
        let name = number.to_string();
        assert_eq!(take_at(&mut walk, 100, &[100], &name).next, token(&name));
    }
}

/// What a version wrote that knew nothing of it has the usual patience.
#[test]
fn a_stored_walk_without_patience_has_the_usual_one() {
    let mut walk = Walk::new(Mode::Scroll, true, beginning(), None).patient_for(1);
    let mut stored = serde_json::to_value(walk.snapshot()).unwrap();
    stored.as_object_mut().unwrap().remove("patience").unwrap();
    let mut walk: Walk = serde_json::from_value(stored).unwrap();
    for name in ["a", "b", "c"] {
        assert_eq!(take(&mut walk, &[], name).0, token(name));
    }
}

/// Newest first, and the first page all of one value: it looks sorted, and the anchored page shows nothing beyond it.
#[test]
fn a_token_whose_promise_is_not_kept_is_followed_once() {
    let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
    assert_eq!(take(&mut walk, &[9, 9, 9], "a").0, Next::Ask(Request::Since(cursor(9))));
    assert_eq!(take(&mut walk, &[9, 9, 9], "").0, Next::Ask(Request::Token("a".to_owned())));
    let (next, findings) = take(&mut walk, &[8, 7, 6], "b");
    assert_eq!(next, Next::Ask(Request::Since(beginning())), "begins again, by token");
    assert!(matches!(findings.as_slice(), [Finding::OrderViolated { .. }, ..]), "{findings:?}");
    assert!(!walk.asks_every_seam());
}

/// What the token promised may be gone since: then it is the end. Where there is more, it is not asked for twice.
#[test]
fn a_promise_that_is_kept_or_void_costs_no_order() {
    for (rows, end) in [(&[][..], End::EmptyPage { token: false }), (&[7], End::Exhausted)] {
        let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
        take(&mut walk, &[5, 6], "a");
        assert_eq!(take(&mut walk, &[6], "").0, Next::Ask(Request::Token("a".to_owned())));
        assert_eq!(take(&mut walk, rows, "").0, Next::End(end));
        assert!(walk.asks_every_seam());
    }
    for kept in [&[6, 7][..], &[6, 6]] {
        let mut walk = Walk::new(Mode::Auto, false, beginning(), None);
        take(&mut walk, &[5, 6], "a");
        assert_eq!(take(&mut walk, kept, "").0, Next::End(End::Exhausted));
    }
}

/// While the source's clock has not passed the value of a group, rows of it may still be written, and a token that goes
/// on within the group has passed their places: the mark waits there for the next run.
#[test]
fn the_mark_does_not_pass_a_group_that_may_still_grow() {
    for (clock, checkpoint) in [(12, 13), (13, 13), (14, 15)] {
        let mut walk = Walk::new(Mode::Auto, false, cursor(12), Some(cursor(12)));
        for (seconds, token) in [(&[12, 13][..], "a"), (&[13, 13], "b"), (&[13, 14], "c"), (&[14, 15], "")] {
            take_at(&mut walk, clock, seconds, token);
        }
        assert_eq!(walk.checkpoint(), Some(&cursor(checkpoint)), "{clock}");
        assert_eq!(walk.reached(), &cursor(checkpoint));
        // A lane behind it that joins does not forget it, in whatever order they meet.
        let mut behind = Walk::new(Mode::Auto, false, cursor(1), Some(cursor(1)));
        assert!(behind.join(&walk));
        assert_eq!((behind.checkpoint(), behind.reached()), (Some(&cursor(checkpoint)), &cursor(checkpoint)));
        take_at(&mut behind, 99, &[16, 17], "");
        assert_eq!(behind.checkpoint() == Some(&cursor(13)), checkpoint == 13);
    }
}
