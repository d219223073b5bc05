//! What lanes cost and what they gain, counted in requests and in rounds of requests that are answered at once.

use highwater::record::{BEGINNING, Cursor, USER};
use highwater::walk::lanes::{Abreast, Lanes};
use highwater::walk::{Mode, Next, Request, Walk};

use crate::oracle::{Api, Quirk, instant};

const PAGE: usize = 50;

/// The rows of 200 pages.
const ROWS: u32 = 200 * PAGE as u32;

fn api(times: impl Iterator<Item = u32>) -> Api {
    let rows: std::collections::BTreeMap<_, _> = (0..).zip(times).collect();
    let clock = rows.values().max().copied().unwrap() + 10;
    Api { rows, clock, page_size: PAGE, quirk: Quirk::Plain, requests: 0 }
}

/// The rounds and the requests of a run to its end; every row is there.
fn count(mut api: Api, width: u32) -> (u32, u32) {
    let walk = Walk::new(Mode::Auto, false, Cursor::parse(BEGINNING).unwrap(), None);
    let mut lanes = Lanes::new(walk, Abreast::default(), std::time::Duration::ZERO);
    lanes.widen_to(width);
    let mut stored = std::collections::BTreeSet::new();
    let now = instant(api.clock);
    for round in 1.. {
        let asked: Vec<(u32, Request)> = lanes.asking().map(|(lane, it)| (lane, it.clone())).collect();
        let answers: Vec<_> = asked.iter().map(|(_, request)| api.answer(request).unwrap()).collect();
        for ((lane, request), page) in asked.into_iter().zip(answers) {
            // What nobody asks for any more is dropped.
            if lanes.next(lane) != Some(&request) {
                continue;
            }
            stored.extend(page.rows.iter().map(|row| row.id(&USER).to_owned()));
            if let Next::End(_) = lanes.on_page(lane, &page, now).next {
                assert_eq!(stored.len(), api.rows.len());
                return (round, api.requests);
            }
        }
    }
    unreachable!()
}

#[test]
fn even_times() {
    let (serial, requests) = count(api((0..ROWS).map(|id| id * 100)), 1);
    assert_eq!(serial, requests);
    for (width, most) in [(2, 110), (4, 58), (8, 33), (16, 22)] {
        let (rounds, asked) = count(api((0..ROWS).map(|id| id * 100)), width);
        println!("even {width}: {rounds} rounds of {serial}, {asked} requests");
        assert!(rounds <= most, "{width} lanes: {rounds} rounds of {serial}");
        assert!(asked <= serial + 4 * width, "{width} lanes: {asked} requests instead of {serial}");
    }
}

/// 90 % of the rows in 1 % of the time, wherever that is.
#[test]
fn skewed_times() {
    let length = 100 * ROWS;
    for percent in [0, 1, 7, 24, 50, 63, 90, 98, 99] {
        let dense = length / 100 * percent;
        let (before, after) = (ROWS / 10 * percent / 99, ROWS / 10 - ROWS / 10 * percent / 99);
        let spread = |rows: u32, from: u32, length: u32| {
            (0..rows).map(move |row| {
                from + u32::try_from(u64::from(row) * u64::from(length) / u64::from(rows.max(1))).unwrap()
            })
        };
        let times = spread(before, 0, dense).chain(spread(ROWS / 10 * 9, dense, length / 100)).chain(spread(
            after,
            dense + length / 100,
            length - dense - length / 100,
        ));
        let times: Vec<_> = times.collect();
        let (serial, _) = count(api(times.iter().copied()), 1);
        let (rounds, asked) = count(api(times.iter().copied()), 8);
        println!("{percent} %: {rounds} rounds of {serial}, {asked} requests");
        assert!(rounds <= 40, "at {percent} %: {rounds} rounds of {serial}");
        assert!(asked <= serial + 120, "at {percent} %: {asked} requests instead of {serial}");
    }
}

/// A source whose clock is far behind its rows: the lanes do not all read the same rows, one after another.
#[test]
fn rows_from_the_future() {
    let rows: std::collections::BTreeMap<_, _> = (0..2_000).map(|id| (id, 1_000_000 + id * 100)).collect();
    let api = Api { rows, clock: 0, page_size: PAGE, quirk: Quirk::Plain, requests: 0 };
    let (serial, _) = count(api.clone(), 1);
    let (_, asked) = count(api.clone(), 8);
    assert!(asked <= serial + 16, "{asked} requests instead of {serial}");
    // Half of them are.
    let (serial, _) = count(Api { clock: 1_100_000, ..api.clone() }, 1);
    let (_, asked) = count(Api { clock: 1_100_000, ..api }, 8);
    assert!(asked <= 2 * serial, "{asked} requests instead of {serial}");
}
