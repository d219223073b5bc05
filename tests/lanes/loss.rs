//! Nothing is lost, whatever happens while several lanes read.

use highwater::walk::{End, Finding, Mode};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};

use crate::oracle::{Api, Happening, Quirk, World};

/// No breach of the promise.
const NOTHING: Vec<String> = Vec::new();

/// How far below its clock the source of these tests may still show rows, where it does, in seconds.
const LAG: u32 = 40;

/// Sources of many pages whose times are spread unevenly: dense and sparse stretches, long gaps, and groups of equal
/// cursors of every size around a page's.
pub fn api(quirk: impl Strategy<Value = Quirk>) -> impl Strategy<Value = Api> {
    let size = 2..=8_usize;
    let stretch = (prop_oneof![1..4_u32, 1..60_u32, 500..5_000_u32], 1..=40_usize, 0..=12_usize);
    (size, prop::collection::vec(stretch, 2..=8), 0..100_u32, quirk).prop_map(
        |(page_size, stretches, quiet, quirk)| {
            let (mut rows, mut at) = (std::collections::BTreeMap::new(), 0);
            for (gap, size, tied) in stretches {
                for place in 0..size {
                    at += if place > 0 && place < tied.min(page_size + 1) { 0 } else { gap };
                    rows.insert(u32::try_from(rows.len()).unwrap(), at);
                }
            }
            Api { rows, clock: at + quiet, page_size, quirk, requests: 0 }
        },
    )
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = prop_oneof![
        4 => Just(Happening::Nothing),
        2 => (0..30_u32).prop_map(Happening::Tick),
        4 => any::<u32>().prop_map(Happening::Update),
        2 => Just(Happening::Insert),
        1 => any::<bool>().prop_map(|from_token| Happening::CrashBefore { from_token }),
        1 => any::<bool>().prop_map(|from_token| Happening::CrashAfter { from_token }),
    ];
    prop::collection::vec(happening, 0..60)
}

/// How many lanes, and what decides whose answer comes next.
fn lanes() -> impl Strategy<Value = (u32, u64)> {
    (2..=8_u32, any::<u64>())
}

fn sound() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        4 => Just(Quirk::Plain),
        1 => Just(Quirk::CompositeToken),
        1 => (2..5_u32).prop_map(Quirk::EmptyPages),
    ]
}

fn config(cases: u32) -> Config {
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")) as _);
    Config { cases, failure_persistence, ..Config::default() }
}

fn complete(end: Option<&End>) -> bool {
    matches!(end, Some(End::Exhausted | End::Ceiling | End::EmptyPage { token: false }))
}

fn world(api: Api, (width, picks): (u32, u64)) -> World {
    let mut world = World::new(api);
    (world.width, world.picks) = (width, picks);
    world
}

/// The properties below are about several lanes: nearly all of their sources have them.
#[test]
fn the_sources_have_several_lanes_at_once() {
    let mut runner = TestRunner::deterministic();
    let (mut several, mut many) = (0, 0);
    for _ in 0..300 {
        let api = api(sound()).new_tree(&mut runner).unwrap().current();
        let mut world = world(api, (8, 1));
        world.run(Mode::Auto, &mut std::iter::empty());
        several += i32::from(world.abreast > 1);
        many += i32::from(world.abreast > 4);
    }
    assert!(several > 270 && many > 200, "of 300, {several} have several, {many} more than four");
}

proptest! {
    #![proptest_config(config(1_000))]

    /// Rows that change behind a lane or before it, crashes at any page, the answers in any order.
    #[test]
    fn nothing_is_lost(
        api in api(sound()),
        happenings in happenings(),
        lanes in lanes(),
        then in prop::collection::vec(1..=8_u32, 0..6),
    ) {
        let mut world = world(api, lanes);
        world.widths = then;
        let end = world.run(Mode::Auto, &mut happenings.into_iter());
        prop_assert!(complete(end.as_ref()), "{end:?}");
        prop_assert_eq!(world.breaches(), NOTHING);
        // What has changed since the run's end is no more than what another one finds by itself.
        world.width = 1;
        world.run(Mode::Auto, &mut std::iter::empty());
        prop_assert_eq!(world.breaches(), NOTHING);
        prop_assert_eq!(world.differences(), NOTHING);
        let odd = world.found.iter().any(|finding| matches!(
            finding,
            Finding::OrderViolated { .. } | Finding::NotInclusive(_) | Finding::TieUnsafe(_) | Finding::OneLane(_)
        ));
        prop_assert!(!odd, "{:?}", world.found);
    }

    /// A row that was there when the run began and then changes is in the table at the end of that very run, unless it
    /// changed after the last page.
    #[test]
    fn what_moves_while_lanes_read_is_met_at_the_end(
        api in api(Just(Quirk::Plain)),
        moves in prop::collection::vec((any::<u32>(), 0..5_u32), 1..30),
        lanes in lanes(),
    ) {
        let mut world = world(api, lanes);
        let moves = moves.into_iter().flat_map(|(row, ticks)| [Happening::Update(row), Happening::Tick(ticks)]);
        // At the end of the run, its last page is the source as it is: nothing happens after it.
        let end = world.run(Mode::Auto, &mut moves.take(world.api.rows.len() / world.api.page_size / 2));
        prop_assert!(complete(end.as_ref()), "{end:?}");
        // What lies above the ceiling is left to the next run, in one lane as in several.
        if end == Some(End::Ceiling) {
            world.run(Mode::Auto, &mut std::iter::empty());
        }
        prop_assert_eq!(world.differences(), NOTHING);
    }

    /// Rows that show up later than they are stamped, by no more than the lag, while stretches are left that nobody has
    /// read: the run itself has them, as one lane has that comes there last. The process may die meanwhile.
    #[test]
    fn what_shows_up_late_is_met_at_the_end(
        api in api(Just(Quirk::Plain)),
        late in prop::collection::vec((0..=LAG, 0..5_u32, any::<bool>()), 1..20),
        lanes in lanes(),
    ) {
        // All that is there at the start is settled: the leftmost lane is not to come above that before the end.
        let mut world = world(Api { clock: api.clock + LAG, ..api }, lanes);
        world.lag = LAG;
        let late = late.into_iter().flat_map(|(by, ticks, dies)| {
            let third = if dies { Happening::CrashAfter { from_token: true } } else { Happening::Nothing };
            [Happening::Late(by), Happening::Tick(ticks), third]
        });
        let end = world.run(Mode::Auto, &mut late.take(world.api.rows.len() / world.api.page_size / 2));
        prop_assert!(complete(end.as_ref()), "{end:?}");
        prop_assert_eq!(world.differences(), NOTHING);
    }
}

/// The newest rows share their cursor, more than a page of them: the lane that reads them steps over them by token, and
/// so does the leftmost when it asks for them once more, by the same token. That is no loop.
#[test]
fn asking_once_more_for_a_group_at_the_end_is_no_loop() {
    let rows = (0..100).map(|id| (id, id.min(80) * 100));
    let api = Api { rows: rows.collect(), clock: 8_100, page_size: 10, quirk: Quirk::Plain, requests: 0 };
    for picks in 0..16 {
        let mut world = world(api.clone(), (4, picks));
        let end = world.run(Mode::Auto, &mut std::iter::empty());
        assert!(complete(end.as_ref()), "{end:?}");
        assert_eq!(world.differences(), NOTHING);
    }
}

/// A group of equal cursors of every size around a page's, at every place around the start of a lane.
#[test]
fn ties_across_the_start_of_a_lane() {
    for (tied, first) in (1..=14).flat_map(|tied| (40..=62).map(move |first| (tied, first))) {
        let at = |id: u32| match id {
            id if id < first => id,
            id if id < first + tied => first,
            id => id - tied + 1,
        };
        let rows = (0..100).map(|id| (id, at(id)));
        let clock = at(99);
        let api = Api { rows: rows.collect(), clock, page_size: 10, quirk: Quirk::Plain, requests: 0 };
        for picks in 0..4 {
            let mut world = world(api.clone(), (4, picks));
            let end = world.run(Mode::Auto, &mut std::iter::empty());
            assert_eq!(end, Some(End::Exhausted));
            assert!(world.abreast > 2);
            let what = format!("{tied} tied at {first}");
            // Nine of a page of ten are new where it begins with the one before; a group that fills a page is told.
            let told = world.found.iter().any(|finding| matches!(finding, Finding::TieOverflow(_)));
            assert!(told || world.table.len() == 100, "{what}: {:?}", world.found);
            assert!(tied >= 10 || !told, "{what}");
            assert_eq!(world.differences(), NOTHING, "{what}");
        }
    }
}
