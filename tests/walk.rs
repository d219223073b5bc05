//! The walk against an in-memory source, by property tests: whatever the source and the world do, nothing below the
//! checkpoint is missing, nothing gets older, the checkpoint never goes back, every run ends, and one more run makes
//! the table equal the source.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod oracle;

use highwater::walk::{End, Finding, Mode};
use oracle::judge::{Left, Told, Unfinished, aged};
use oracle::{Api, Happening, Quirk, World};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// Sources of up to 120 rows in pages of 1 to 12, with groups of equal cursors of every size around the page's.
fn api(quirk: impl Strategy<Value = Quirk>) -> impl Strategy<Value = Api> {
    let groups = prop::collection::vec((1..=5_u32, 1..=26_usize), 0..=12);
    (2..=12_usize, groups, any::<bool>(), quirk).prop_map(|(page_size, groups, ties, quirk)| {
        let (mut rows, mut at) = (std::collections::BTreeMap::new(), 0);
        for (gap, size) in groups {
            for place in 0..size {
                at += if ties && place > 0 { 0 } else { gap };
                rows.insert(u32::try_from(rows.len()).unwrap(), at);
            }
        }
        Api { rows, clock: at + 10, page_size, quirk, requests: 0 }
    })
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = prop_oneof![
        4 => Just(Happening::Nothing),
        2 => (0..3_u32).prop_map(Happening::Tick),
        3 => any::<u32>().prop_map(Happening::Update),
        2 => Just(Happening::Insert),
        1 => any::<bool>().prop_map(|from_token| Happening::CrashBefore { from_token }),
        1 => any::<bool>().prop_map(|from_token| Happening::CrashAfter { from_token }),
    ];
    prop::collection::vec(happening, 0..30)
}

fn quirks() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        3 => Just(Quirk::Plain),
        2 => Just(Quirk::CompositeToken),
        2 => Just(Quirk::Exclusive),
        2 => Just(Quirk::Disorder),
        1 => prop_oneof![Just(1_u32), Just(2), Just(5)].prop_map(Quirk::Loop),
        1 => (2..5_u32).prop_map(Quirk::EmptyPages),
        1 => (0..4_u32).prop_map(Quirk::ExpiringTokens),
    ]
}

/// How many lanes, and what decides whose answer comes next.
fn lanes() -> impl Strategy<Value = (u32, u64)> {
    (prop_oneof![Just(1_u32), 2..=8_u32], any::<u64>())
}

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Auto), Just(Mode::Anchor), Just(Mode::Scroll)]
}

/// No breach of the promise.
const NOTHING: Vec<String> = Vec::new();

fn overflowed(world: &World) -> bool {
    world.found.iter().any(|finding| matches!(finding, Finding::TieOverflow(_)))
}

fn complete(end: Option<&End>) -> bool {
    matches!(end, Some(End::Exhausted | End::Ceiling | End::EmptyPage { token: false }))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 10_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    /// An anchored walk of an ordered, inclusive source loses nothing, at any instant, unless it says overflow.
    #[test]
    fn anchored_is_complete(
        api in api(prop_oneof![Just(Quirk::Plain), Just(Quirk::CompositeToken), (2..5_u32).prop_map(Quirk::EmptyPages)]),
        mode in prop_oneof![Just(Mode::Auto), Just(Mode::Anchor)],
        happenings in happenings(),
        lanes in lanes(),
    ) {
        let mut world = World::new(api);
        (world.width, world.picks) = lanes;
        let mut happenings = happenings.into_iter();
        let end = world.run(mode, &mut happenings);
        prop_assert!(complete(end.as_ref()), "{end:?}");
        prop_assert_eq!(world.breaches(), NOTHING);
        world.run(mode, &mut std::iter::empty());
        prop_assert_eq!(world.breaches(), NOTHING);
        prop_assert_eq!(world.differences(), NOTHING, "a further run makes the table equal the source");
        // A token that goes on within a group oversteps nothing, whatever the walk had to suspect.
        if world.api.quirk == Quirk::CompositeToken {
            prop_assert_eq!(world.untold_or_not(), NOTHING);
        }
        let out_of_order = world.found.iter().any(|finding| matches!(
            finding,
            Finding::OrderViolated { .. } | Finding::NotInclusive(_) | Finding::TieUnsafe(_)
        ));
        prop_assert!(!out_of_order, "{:?}", world.found);
    }

    /// Whatever the source does, the run ends, and an anchored walk loses rows only with a finding or an end that
    /// says so. (Sources that do not order by cursor have a property of their own.)
    #[test]
    fn no_loss_is_silent(
        api in api(quirks().prop_filter("ordered", |quirk| *quirk != Quirk::Disorder)),
        mode in modes(),
        happenings in happenings(),
        lanes in lanes(),
    ) {
        let mut world = World::new(api);
        (world.width, world.picks) = lanes;
        // What shows that a bound is exclusive is a row of the same run: a new run may have only one page to judge by.
        // Where tokens are places in a list, a row that leaves the list takes another's place.
        let quirk = world.api.quirk;
        let mut happenings = happenings.into_iter().map(|happening| match (happening, quirk) {
            (Happening::CrashBefore { .. }, Quirk::Exclusive) => Happening::CrashBefore { from_token: true },
            (Happening::CrashAfter { .. }, Quirk::Exclusive) => Happening::CrashAfter { from_token: true },
            (Happening::Update(_), Quirk::Loop(_)) => Happening::Nothing,
            (other, _) => other,
        });
        world.run(mode, &mut happenings);
        prop_assert_eq!(world.breaches(), NOTHING, "{:?}", world);
    }

    /// Rows out of order: all are stored at the end, and what the checkpoint skips is read by the next run.
    #[test]
    fn disorder_holds_the_checkpoint(
        api in api(Just(Quirk::Disorder)),
        mode in prop_oneof![Just(Mode::Auto), Just(Mode::Scroll)],
        happenings in happenings(),
        lanes in lanes(),
    ) {
        // Newest first, so that no page looks ordered: an anchored walk trusts a source for as long as it does.
        let newest = 1_000;
        let rows = api.rows.into_keys().map(|id| (id, newest - id)).collect();
        let api = Api { rows, clock: newest, ..api };
        let mut world = World::new(api);
        (world.width, world.picks) = lanes;
        // An update can make a first page of two look ordered after all.
        let mut happenings = happenings.into_iter().map(|happening| match happening {
            Happening::Update(_) if mode == Mode::Auto => Happening::Nothing,
            other => other,
        });
        let end = world.run(mode, &mut happenings);
        prop_assert!(complete(end.as_ref()), "{end:?}");
        world.run(mode, &mut std::iter::empty());
        prop_assert_eq!(world.untold_or_not(), NOTHING);
    }

    /// A source that leaves out the bound itself is found out by the second page.
    #[test]
    fn an_exclusive_bound_is_found_out(api in api(Just(Quirk::Exclusive))) {
        let mut world = World::new(api);
        let pages = world.api.rows.len() > world.api.page_size;
        let end = world.run(Mode::Auto, &mut std::iter::empty());
        prop_assert!(complete(end.as_ref()), "{end:?}");
        let found = world.found.iter().any(|finding| matches!(finding, Finding::NotInclusive(_)));
        let over = overflowed(&world);
        prop_assert!(!pages || found || over, "{:?}", world.found);
        let mut strict = World::new(world.api);
        let end = strict.run(Mode::Anchor, &mut std::iter::empty());
        prop_assert!(!pages || over || end == Some(End::NotAnchorable), "{end:?}");
    }

    /// A token that repeats ends the scroll at its first repetition.
    #[test]
    fn loops_end(api in api(prop_oneof![Just(1_u32), Just(2), Just(5)].prop_map(Quirk::Loop)), mode in modes()) {
        let mut world = World::new(api);
        let end = world.run(mode, &mut std::iter::empty());
        match end {
            Some(End::Loop { first, again }) => prop_assert!(first < again),
            Some(End::EmptyPage { token: true } | End::NotAnchorable) => {}
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// A full re-sync whose tokens are refused reads everything again all the same, far below the checkpoint too.
    #[test]
    fn a_refused_token_costs_a_full_resync_nothing(
        api in api((0..4_u32).prop_map(Quirk::ExpiringTokens)),
        mode in prop_oneof![Just(Mode::Auto), Just(Mode::Scroll)],
        lost in prop::collection::vec(any::<bool>(), 0..200),
    ) {
        // No two alike: what a token walk loses to ties is another matter.
        let (rows, clock) = (api.rows.into_keys().map(|id| (id, id)), 1_000);
        let mut world = World::new(Api { rows: rows.collect(), clock, ..api });
        world.run(Mode::Auto, &mut std::iter::empty());
        let newest = world.table.keys().next_back().copied();
        let mut lost = lost.into_iter().chain(std::iter::repeat(false));
        world.table.retain(|id, _| !lost.next().unwrap() || Some(*id) == newest);
        let end = world.resync(mode);
        prop_assert!(complete(end.as_ref()), "{end:?}");
        prop_assert_eq!(world.untold_or_not(), NOTHING);
    }
}

/// Each judgement of the oracle sees what it is there for.
#[test]
fn the_oracle_sees_what_is_wrong() {
    let rows = (0..23).map(|id| (id, id + 1)).collect();
    let mut world = World::new(Api { rows, clock: 33, page_size: 10, quirk: Quirk::Plain, requests: 0 });
    world.run(Mode::Auto, &mut std::iter::empty());
    let (whole, told) = (world.left(), Told::default());
    let judge = |spoil: &dyn Fn(&mut Left)| {
        let mut left = whole.clone();
        spoil(&mut left);
        let found = [
            world.truth.lost(&left, &told),
            aged(&whole, &left),
            left.disagreements(),
            world.truth.differences(&left, &told),
        ];
        found.map(|breaches| !breaches.is_empty())
    };
    let old = |left: &mut Left, id: &str| left.rows.get_mut(id).unwrap().at = Some(oracle::instant(0));
    assert_eq!(judge(&|_| {}), [false; 4]);
    assert_eq!(judge(&|left| drop(left.rows.remove("5"))), [true, true, true, true], "lost");
    assert_eq!(judge(&|left| old(left, "5")), [true, true, false, true], "older");
    assert_eq!(
        judge(&|left| old(left, "22")),
        [false, true, true, true],
        "the checkpoint has none to stand on"
    );
    assert_eq!(judge(&|left| left.checkpoint = None), [false, true, true, false], "the checkpoint is gone");
    assert_eq!(judge(&|left| left.log[1].page = 3), [false, false, true, false], "a page is missing");
    assert_eq!(judge(&|left| left.log[0].new = 9), [false, false, true, false], "a row is not logged");
    let unfinished = Unfinished { run: 1, walked: 2, is_held: false };
    assert_eq!(judge(&|left| left.unfinished = Some(unfinished.clone())), [false, false, true, false]);
}

/// The last row of a page is updated, and then the row before it, each just before it is asked from.
#[test]
fn two_rows_that_change_in_a_row_are_not_taken_for_an_exclusive_bound() {
    for mode in [Mode::Auto, Mode::Anchor] {
        let rows = (0..23).map(|id| (id, id + 1)).collect();
        let mut world = World::new(Api { rows, clock: 33, page_size: 10, quirk: Quirk::Plain, requests: 0 });
        let end = world.run(mode, &mut [Happening::Update(9), Happening::Update(8)].into_iter());
        assert_eq!((end, world.found.as_slice()), (Some(End::Exhausted), [].as_slice()), "{mode}");
        assert_eq!(world.untold_or_not(), NOTHING);
    }
}

/// The hole in the contract: 200 users in pages of 50, so many of them tied across the first seam. Two tied rows are
/// the case that no token walk can even suspect.
#[test]
fn the_tie_table() {
    let run = |tied: u32, mode| {
        let first = 50 - tied.min(80) / 2;
        let rows = (0..200).map(|id| (id, if (first..first + tied).contains(&id) { first } else { id }));
        let api = Api { rows: rows.collect(), clock: 1_000, page_size: 50, quirk: Quirk::Plain, requests: 0 };
        let mut world = World::new(api);
        assert_eq!(world.run(mode, &mut std::iter::empty()), Some(End::Exhausted), "{tied} {mode}");
        let unsafe_ = world.found.iter().any(|finding| matches!(finding, Finding::TieUnsafe(_)));
        (world.table.len(), world.api.requests, unsafe_, overflowed(&world))
    };
    for (tied, scroll, anchored) in [
        (0, (200, 4, false, false), (200, 5, false, false)),
        (2, (199, 4, false, false), (200, 5, false, false)),
        (4, (198, 4, true, false), (200, 5, false, false)),
        (30, (185, 4, true, false), (200, 5, false, false)),
        (80, (160, 4, true, false), (170, 5, false, true)),
    ] {
        assert_eq!(run(tied, Mode::Scroll), scroll, "{tied} by token");
        assert_eq!(run(tied, Mode::Anchor), anchored, "{tied} anchored");
        assert_eq!(run(tied, Mode::Auto), anchored, "{tied} by default");
    }
}
