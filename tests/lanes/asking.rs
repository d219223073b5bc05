//! What each lane asks for, page by page: ahead of the page's rows, after a refused token, and beyond the end.

use std::collections::BTreeMap;
use std::time::Duration;

use highwater::record::Cursor;
use highwater::walk::lanes::{Abreast, Lanes};
use highwater::walk::{Mode, Next, Request, Walk};

use crate::oracle::api::cursor;
use crate::oracle::{Api, Quirk, instant};

/// Four lanes over a source, of which the leftmost has taken its first page. They begin at a quarter, at half and at
/// three quarters of the time.
fn four(api: &mut Api) -> Lanes {
    let mut lanes = Lanes::new(
        Walk::new(Mode::Auto, false, Cursor::beginning(), None),
        Abreast::default(),
        Duration::ZERO,
    );
    lanes.widen_to(4);
    take(&mut lanes, 1, api);
    assert_eq!(lanes.asking().count(), 4);
    lanes
}

/// A lane's next page; gives what is next.
fn take(lanes: &mut Lanes, lane: u32, api: &mut Api) -> Next {
    let request = lanes.next(lane).unwrap().clone();
    lanes.on_page(lane, &api.answer(&request).unwrap(), instant(api.clock)).next
}

fn api(times: impl Iterator<Item = u32>) -> Api {
    let rows: BTreeMap<_, _> = (0..).zip(times).collect();
    Api { rows, clock: 1_000, page_size: 10, quirk: Quirk::Plain, requests: 0 }
}

fn starts(lanes: &Lanes) -> Vec<(u32, Cursor)> {
    lanes.told(4).lanes.into_iter().skip(1).map(|lane| (lane.lane, lane.start)).collect()
}

#[test]
fn the_next_request_is_foreseen_up_to_the_end_of_a_lanes_stretch() {
    let mut api = api((0..100).map(|id| id * 10));
    let lanes = four(&mut api);
    let [(second, to), (third, last), (fourth, _)] = &starts(&lanes)[..] else { panic!("{lanes:?}") };
    let foreseen = |lane: u32, last: &Cursor| lanes.predict(lane, Some("more"), Some(last));
    let since = |cursor: &Cursor| Some(Request::Since(cursor.clone()));
    let before = |it: &Cursor| it.earlier(Duration::from_secs(1), &Cursor::beginning());
    for (lane, end) in [(1, to), (*second, last), (*fourth, &cursor(api.clock))] {
        assert_eq!(foreseen(lane, &before(end)), since(&before(end)), "{lane}");
        assert_eq!(foreseen(lane, end), None, "{lane} ends there");
        assert_eq!(foreseen(lane, &cursor(5_000)), None, "{lane}");
        assert_eq!(
            lanes.predict(lane, None, Some(&before(end))),
            None,
            "without a token it is the last page"
        );
    }
    assert_ne!(third, fourth);
    let mut one = lanes;
    assert_eq!(one.refuse(highwater::walk::lanes::Refusal::Unordered).into_iter().count(), 1);
    assert_eq!(
        one.predict(1, Some("more"), Some(&cursor(5_000))),
        since(&cursor(5_000)),
        "alone it ends nowhere"
    );
}

/// A token that a lane ahead steps over a group with is refused: it goes back by itself, and no further than it came.
#[test]
fn a_refused_token_sets_a_lane_back_and_no_other() {
    let mut api = api((0..100).map(|id| if (70..90).contains(&id) { 700 } else { id * 10 }));
    let mut lanes = four(&mut api);
    let (lane, _) = starts(&lanes)[1];
    let before: Vec<_> = lanes.asking().map(|(lane, it)| (lane, it.clone())).collect();
    while !matches!(lanes.next(lane), Some(Request::Token(_))) {
        take(&mut lanes, lane, &mut api);
    }
    assert!(lanes.on_token_refused(lane));
    assert_eq!(lanes.next(lane), Some(&Request::Since(cursor(700))));
    assert_eq!(lanes.next(1), Some(&before[0].1));
    take(&mut lanes, lane, &mut api);
    assert!(!lanes.on_token_refused(lane), "not for ever");
    assert!(lanes.on_token_refused(1), "the leftmost has not been refused any");
    assert_eq!(lanes.next(1), Some(&Request::Since(cursor(90))));
}

/// A lane that comes to the end of the data leaves none that looks for more beyond.
#[test]
fn beyond_the_end_of_the_data_nobody_asks() {
    let mut api = api(0..100);
    let mut lanes = four(&mut api);
    let begun = starts(&lanes);
    assert_eq!(take(&mut lanes, begun[0].0, &mut api), Next::Rest);
    assert!(starts(&lanes).iter().all(|(_, start)| *start <= begun[0].1), "{lanes:?}");
    assert_eq!(lanes.asking().count(), 4, "they look for it where it may be");
}
