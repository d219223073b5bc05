//! Several lanes against a source that bears them, limits them, or refuses what they ask.

use std::sync::{Arc, Mutex};

use highwater::run::{Outcome, Start};
use highwater::sync::command::Command;
use highwater::sync::event::{Event, NoticeKind};
use highwater::walk::lanes::LanesTold;
use highwater::walk::{End, Mode};

use crate::faulty::rig::{Rig, Setup};
use crate::faulty::rows::{at, users};
use crate::faulty::{Answer, Gate};

/// So many rows there are, ten seconds apart.
const ROWS: u32 = 120;

const PAGE: usize = 5;

/// A time at which all rows are there.
const CLOCK: &str = "Thu, 01 Jan 2026 00:20:30 GMT";

/// What a sound source answers.
fn sound(query: &str) -> Answer {
    let since = query.strip_prefix("updated_since=").unwrap_or_else(|| panic!("{query}"));
    let mut numbers: Vec<u32> = numbers().filter(|number| at(*number).as_str() >= since).collect();
    let token = (numbers.len() > PAGE).then_some("more");
    numbers.truncate(PAGE);
    Answer::page(&users(numbers), token).header("Date", CLOCK)
}

fn numbers() -> impl Iterator<Item = u32> {
    (1..=ROWS).map(|row| row * 10)
}

/// True of a place that no row has: only a lane that begins asks from there.
fn is_made_up(query: &str) -> bool {
    !query.contains("0001-01-01") && !numbers().any(|number| query.ends_with(&at(number)))
}

fn setup() -> Setup {
    let mut setup = Setup::default().walk(Mode::Auto);
    setup.terms.lanes = Some(4);
    setup
}

async fn start(setup: Setup, judge: impl FnMut(&str) -> Answer + Send + 'static) -> Rig {
    let rig = setup.start([]).await;
    rig.server.then_by(judge);
    rig
}

fn lanes(rig: &Rig) -> Vec<LanesTold> {
    let lanes = |event: &Event| match event {
        Event::Lanes(lanes) => Some(lanes.clone()),
        _ => None,
    };
    rig.seen.iter().filter_map(|stamped| lanes(&stamped.event)).collect()
}

fn has_all(rig: &Rig) {
    assert_eq!(rig.sql::<u32>("SELECT count(*) FROM user"), ROWS);
    assert_eq!(rig.checkpoint(), Some(at(ROWS * 10)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lanes_read_side_by_side_and_ask_hardly_more_often() {
    let mut rig = start(setup(), sound).await;
    let ended = rig.run(Start::Checkpoint).await;
    assert_eq!((ended.outcome, ended.end), (Outcome::Complete, End::Exhausted));
    has_all(&rig);
    assert!(lanes(&rig).iter().any(|told| told.lanes.len() == 4), "{:?}", lanes(&rig));
    assert!(ended.totals.requests <= 30 + 12, "{} instead of 30", ended.totals.requests);
    // One that is given up as it is sent does not arrive.
    assert!(rig.server.asked().len() as u64 <= ended.totals.requests);
}

/// One refusal halves how many may ask, and holds all of them back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_holds_back_every_lane_and_halves_them() {
    let mut nth = 0;
    let judge = move |query: &str| {
        nth += 1;
        match nth {
            6 => Answer::status("429 Too Many Requests").header("Date", CLOCK),
            _ => sound(query),
        }
    };
    let mut rig = start(setup().patient(), judge).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.until_waiting().await;
    let asked = rig.server.asked().len();
    // What was on its way when the answer came, and no more: the others could read all the rest, some thirty pages.
    assert!(asked <= 15, "{asked} requests");
    rig.send(Command::Pause).await;
    rig.until_paused().await;
    rig.send(Command::Resume).await;
    rig.until_waiting().await;
    assert_eq!(rig.server.asked().len(), asked, "nobody asks while one of them waits for all");
    let notice = rig.notice(|kind| matches!(kind, NoticeKind::Retry));
    assert!(notice.text.ends_with("; 2 lanes from now on, not 4"), "{notice:?}");
    rig.send(Command::RetryNow).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    has_all(&rig);
    let widths: Vec<u32> = lanes(&rig).iter().map(|told| told.width).collect();
    let halved = widths.iter().position(|width| *width == 2).unwrap_or_else(|| panic!("{widths:?}"));
    // They grow again only after as long as they were held back for.
    assert!(widths[halved..].iter().all(|width| *width == 2), "{widths:?}");
    assert!(widths[..halved].iter().all(|width| *width == 4), "{widths:?}");
}

/// A source that refuses places that no row has, or fails on them: that is found out at the cost of a few requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_cannot_be_read_leaves_the_run_with_one() {
    for status in ["400 Bad Request", "404 Not Found", "500 Internal Server Error"] {
        let judge = move |query: &str| match is_made_up(query) {
            true => Answer::status(status).header("Date", CLOCK),
            false => sound(query),
        };
        let mut rig = start(setup(), judge).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!(ended.outcome, Outcome::Complete, "{status}: {ended:?}");
        has_all(&rig);
        let told: Vec<_> = rig.notices().into_iter().filter(|it| it.kind == NoticeKind::OneLane).collect();
        assert_eq!(told.len(), 1, "{status}: {told:?}");
        assert!(told[0].text.contains(&status[..3]), "{told:?}");
        assert!(rig.pages().iter().all(|page| !is_made_up(page.request.parts().1)), "{status}");
    }
}

/// An error on one lane does not hold up the others, and is asked again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_on_one_lane_is_that_lanes() {
    let mut failed = false;
    let judge = move |query: &str| match is_made_up(query) && !std::mem::replace(&mut failed, true) {
        true => Answer::status("500 Internal Server Error").header("Date", CLOCK),
        false => sound(query),
    };
    let mut rig = start(setup().patient(), judge).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    // All others read on, and the leftmost to where that lane begins and beyond.
    let ended = rig.until_ended().await;
    assert_eq!((ended.outcome, ended.totals.retries), (Outcome::Complete, 1));
    has_all(&rig);
    assert!(lanes(&rig).iter().all(|told| told.width == 4), "an error is no limit");
}

/// The gates of what is held back, for as long as anything is.
type Gates = Arc<Mutex<Option<Vec<Gate>>>>;

/// A server that holds back what it answers after its first page, until it is told not to.
fn holding() -> (Gates, impl FnMut(&str) -> Answer + Send + 'static) {
    let gates = Arc::new(Mutex::new(Some(Vec::new())));
    let held = Arc::clone(&gates);
    let judge = move |query: &str| match held.lock().unwrap().as_mut() {
        Some(gates) if !query.contains("0001-01-01") => {
            let (gate, answer) = sound(query).held();
            gates.push(gate);
            answer
        }
        _ => sound(query),
    };
    (gates, judge)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_waits_for_every_page_on_the_wire_and_a_step_asks_for_one() {
    let (gates, judge) = holding();
    let mut rig = start(setup(), judge).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(5).await;
    rig.send(Command::Pause).await;
    rig.until_pausing().await;
    let held = gates.lock().unwrap().take().unwrap();
    assert_eq!(held.len(), 4);
    held.iter().rev().for_each(Gate::open);
    rig.until_paused().await;
    assert_eq!((rig.pages().len(), rig.server.asked().len()), (5, 5));
    for step in 1..=3 {
        rig.send(Command::Step).await;
        rig.until_paused().await;
        assert_eq!((rig.pages().len(), rig.server.asked().len()), (5 + step, 5 + step));
    }
    rig.send(Command::Resume).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Complete);
    has_all(&rig);
}

/// What has arrived when a stop's patience is over is stored; what has not is asked for by the next run, lane by lane.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_amid_lanes_is_gone_on_with() {
    let (gates, judge) = holding();
    let mut rig = start(setup(), judge).await;
    rig.send(Command::Run(Start::Checkpoint)).await;
    rig.server.until_asked(5).await;
    gates.lock().unwrap().as_ref().unwrap()[1..3].iter().for_each(Gate::open);
    for _ in 1..=3 {
        rig.until("page", |stamped| matches!(stamped.event, Event::Page(_)).then_some(())).await;
    }
    rig.send(Command::Stop).await;
    rig.send(Command::Stop).await;
    assert_eq!(rig.until_ended().await.outcome, Outcome::Stopped);
    rig.until_left().await;
    let mut rig = start(setup().within(rig.folder), sound).await;
    assert_eq!(rig.run(Start::Token).await.outcome, Outcome::Complete);
    has_all(&rig);
    let begun: u32 = rig.sql("SELECT count(*) FROM _highwater_pages WHERE opens");
    assert!(begun > 1, "{begun} lanes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_pages_is_exact() {
    for most in 1..=12 {
        let mut limited = setup();
        limited.terms.max_pages = Some(most);
        let mut rig = start(limited, sound).await;
        let ended = rig.run(Start::Checkpoint).await;
        assert_eq!((ended.end, ended.totals.pages), (End::Limit, most));
        let requests = ended.totals.requests;
        assert!(requests <= most + 3, "{requests} requests for {most} pages");
        let folder = rig.leave().await;
        for lanes in [1, 2, 8] {
            if lanes > 1 && most % 3 > 0 {
                continue;
            }
            let copy = tempfile::tempdir().unwrap();
            std::fs::copy(folder.path().join("a.db"), copy.path().join("a.db")).unwrap();
            let mut next = setup().within(copy);
            next.terms.lanes = Some(lanes);
            let mut rig = start(next, sound).await;
            assert_eq!(rig.run(Start::Token).await.outcome, Outcome::Complete, "{most} pages, {lanes} lanes");
            has_all(&rig);
        }
    }
}
