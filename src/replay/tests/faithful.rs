//! Whatever was recorded, a replay shows: any events, at any times.

use proptest::prelude::*;
use tokio::sync::broadcast::error::RecvError;

use super::*;

fn shown() -> impl Strategy<Value = Vec<ShownRow>> {
    let fate = prop_oneof![Just(Fate::New), Just(Fate::Changed), Just(Fate::Same), Just(Fate::Stale)];
    let values = prop::collection::vec(prop::option::of(any::<String>()), 0..4);
    let row = (fate, values).prop_map(|(fate, values)| ShownRow {
        fate,
        values: values.into(),
        before: Vec::new(),
    });
    prop::collection::vec(row, 0..4)
}

fn event() -> impl Strategy<Value = Event> {
    let cursor = || Cursor::parse("2026-11-16T19:05:47.5+01:00").unwrap();
    let kind = prop_oneof![
        Just(NoticeKind::Retry),
        Just(NoticeKind::TieUnsafe { cursor: cursor() }),
        Just(NoticeKind::Housekeeping),
    ];
    prop_oneof![
        (any::<String>(), any::<u64>()).prop_map(move |(source, rows)| Event::Opened(Opened {
            method: "POST".to_owned(),
            source: source.clone(),
            destination: source,
            walk: Mode::Anchor,
            checkpoint: Some(cursor()),
            checkpoint_at: Some(second(7)),
            rows,
            oldest: None,
            plain_http: false,
            unfinished: None,
            lost: None,
        })),
        (any::<i64>(), any::<String>()).prop_map(|(run, token)| Event::RunStarted(RunStarted {
            run,
            start: Start::Full,
            continued: true,
            walk: Mode::Auto,
            first: Request::Token(token),
            checkpoint: None,
            totals: Totals::default(),
        })),
        (any::<u64>(), prop::option::of(any::<String>()), "[a-z ]*", shown())
            .prop_map(|(number, token, decision, shown)| stored(number, token, decision, shown)),
        (any::<u32>(), any::<u32>(), any::<bool>()).prop_map(move |(lane, width, rests)| {
            let (start, reached, until) = (cursor(), cursor(), Some(second(11)));
            let lanes = vec![LaneTold { lane, start, reached, rests }];
            Event::Lanes(LanesTold { from: rests.then(cursor), until, width, most: width, lanes })
        }),
        (kind, "\\PC*").prop_map(|(kind, text)| {
            let text = crate::sanitize::line(&text).into_owned();
            Event::Notice(Notice { level: Level::Attention, kind, text })
        }),
        prop_oneof![
            Just(Phase::Holding),
            Just(Phase::Resting { until: second(9) }),
            Just(Phase::Ended { outcome: Outcome::Failed }),
        ]
        .prop_map(|phase| Event::Phase { phase }),
    ]
}

async fn replayed(text: &str) -> Vec<String> {
    let mut watcher = Watcher::of(text, Speed::MAX);
    let mut came = Vec::new();
    let over = watcher.deck.playback.clone();
    while over.borrow().motion != Motion::Over || !watcher.events.is_empty() {
        match watcher.events.recv().await {
            Ok(stamped) => came.push(stamped.json().unwrap()),
            Err(RecvError::Lagged(missed)) => panic!("{missed} missed"),
            Err(RecvError::Closed) => break,
        }
    }
    watcher.leave().await.unwrap();
    came
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_replay_is_what_was_recorded(
        events in prop::collection::vec((-10_000_000_000_i64..100_000_000_000, 0..1_000_000_000_u32, event()), 0..150)
    ) {
        let stamped: Vec<Stamped> = events
            .into_iter()
            .map(|(seconds, nanos, event)| Stamped { at: DateTime::from_timestamp(seconds, nanos).unwrap(), event })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let mut came = runtime.block_on(replayed(&lines(&stamped)));
        prop_assert!(came.pop().unwrap().contains("the recording ends here"));
        let recorded: Vec<String> = stamped.iter().map(|event| event.json().unwrap()).collect();
        prop_assert_eq!(came, recorded);
    }
}
