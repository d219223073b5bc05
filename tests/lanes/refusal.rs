//! Sources that bear no lanes: the run says so, and goes on in one as if there had been none.

use highwater::walk::lanes::Refusal;
use highwater::walk::{End, Finding, Mode};
use proptest::prelude::*;

use super::loss::api;
use crate::oracle::api::cursor;
use crate::oracle::{Api, Quirk, World};

fn refusals(world: &World) -> Vec<Refusal> {
    let of = |finding: &Finding| match finding {
        Finding::OneLane(refusal) => Some(refusal.clone()),
        _ => None,
    };
    world.found.iter().filter_map(of).collect()
}

fn rows(times: impl Iterator<Item = u32>, quirk: Quirk) -> Api {
    let rows: std::collections::BTreeMap<_, _> = (0..).zip(times).collect();
    let clock = rows.values().max().copied().unwrap_or_default() + 10;
    Api { rows, clock, page_size: 10, quirk, requests: 0 }
}

/// One run with so many lanes, and its end.
fn run(api: Api, mode: Mode, width: u32) -> (World, Option<End>) {
    let mut world = World::new(api);
    world.width = width;
    let end = world.run(mode, &mut std::iter::empty());
    (world, end)
}

#[test]
fn a_source_that_does_not_filter() {
    let (world, end) = run(rows((0..95).map(|id| id * 100), Quirk::Unfiltered), Mode::Auto, 4);
    assert!(matches!(refusals(&world)[..], [Refusal::NotFiltered { .. }]), "{:?}", world.found);
    assert_eq!((end, world.table.len()), (Some(End::Exhausted), 95));
    assert!(world.abreast > 1);
}

/// Whether or not the leftmost lane's first pages look ordered.
#[test]
fn a_source_out_of_order() {
    for ordered in [0, 10, 25] {
        let times = (0..95).map(|id| if id < ordered { id * 100 } else { 50_000 - id * 100 });
        let (world, end) = run(rows(times, Quirk::Disorder), Mode::Auto, 4);
        assert_eq!(refusals(&world), [Refusal::Unordered], "{:?}", world.found);
        assert_eq!((end, world.table.len()), (Some(End::Exhausted), 95));
    }
}

#[test]
fn a_walk_by_token() {
    let (world, end) = run(rows((0..95).map(|id| id * 100), Quirk::Plain), Mode::Scroll, 4);
    assert_eq!(refusals(&world), [Refusal::ByToken]);
    assert_eq!((end, world.table.len(), world.abreast), (Some(End::Exhausted), 95, 1));
}

#[test]
fn a_source_that_leaves_out_the_bound() {
    let (world, end) = run(rows((0..95).map(|id| id * 100), Quirk::Exclusive), Mode::Auto, 4);
    assert_eq!(refusals(&world), [Refusal::NotInclusive], "{:?}", world.found);
    assert_eq!((end, world.table.len()), (Some(End::Exhausted), 95));
    let (_, end) = run(rows((0..95).map(|id| id * 100), Quirk::Exclusive), Mode::Anchor, 4);
    assert_eq!(end, Some(End::NotAnchorable));
}

/// The leftmost lane reads beyond the start of the next while it is not known whether the source left out a row at the
/// seam before: it finds that out first.
#[test]
fn what_is_in_doubt_is_not_passed_over() {
    let times = (1..=10).chain([10]).chain(900..908);
    let (world, end) = run(rows(times, Quirk::Exclusive), Mode::Auto, 2);
    assert_eq!((end, world.table.len(), world.abreast), (Some(End::Exhausted), 19, 2));
    assert!(world.found.contains(&Finding::NotInclusive(cursor(10))), "{:?}", world.found);
}

/// The words say what was wrong, and no two are the same.
#[test]
fn each_refusal_has_words_of_its_own() {
    let (start, came) = (cursor(20), cursor(10));
    let from_below = Refusal::NotFiltered { start: start.clone(), came: came.clone() };
    let words = from_below.to_string();
    assert!(words.contains(start.text()) && words.contains(came.text()), "{words}");
    assert!(Refusal::Failed("404".to_owned()).to_string().ends_with(": 404"));
    let all = [
        from_below,
        Refusal::ByToken,
        Refusal::Unordered,
        Refusal::NotInclusive,
        Refusal::NoCursor,
        Refusal::Unexplained(End::NoData),
        Refusal::Unexplained(End::EmptyPage { token: true }),
        Refusal::Unexplained(End::Loop { first: 1, again: 2 }),
        Refusal::Failed("404".to_owned()),
    ];
    let words: std::collections::BTreeSet<String> = all.iter().map(Refusal::to_string).collect();
    assert_eq!(words.len(), all.len(), "{words:?}");
}

/// A run with one lane was promised none, and is not told of any.
#[test]
fn one_lane_is_not_refused_several() {
    for (quirk, mode) in [
        (Quirk::Unfiltered, Mode::Auto),
        (Quirk::Disorder, Mode::Auto),
        (Quirk::Exclusive, Mode::Auto),
        (Quirk::Plain, Mode::Scroll),
    ] {
        let (world, _) = run(rows((0..95).map(|id| id * 100), quirk), mode, 1);
        assert_eq!((refusals(&world), world.abreast), (Vec::new(), 1), "{quirk:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whatever it is that a source does not bear, the run in several lanes has every row that a run in one has.
    #[test]
    fn lanes_have_what_one_lane_has(
        api in api(prop_oneof![Just(Quirk::Unfiltered), Just(Quirk::Exclusive)]),
        width in 2..=8_u32,
        picks in any::<u64>(),
    ) {
        let (one, end) = run(api.clone(), Mode::Auto, 1);
        let mut several = World::new(api);
        (several.width, several.picks) = (width, picks);
        let ended = several.run(Mode::Auto, &mut std::iter::empty());
        prop_assert_eq!(ended, end);
        prop_assert!(refusals(&several).len() <= 1);
        prop_assert_eq!(several.breaches(), Vec::<String>::new());
        let lost: Vec<_> = one.table.keys().filter(|id| !several.table.contains_key(id)).collect();
        prop_assert!(lost.is_empty() || !several.told().values.is_empty() || several.told().exclusive, "{lost:?}");
    }
}
