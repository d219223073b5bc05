//! A player on a clock that the test moves.

mod faithful;

use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::NamedTempFile;
use tokio::time::sleep;

use super::*;
use crate::exchange::Exchange;
use crate::record::Cursor;
use crate::run::{Counts, Fate, Outcome, ShownRow, Start, Totals};
use crate::sync::event::{Opened, PageStored, Phase, RunStarted};
use crate::sync::recorder::Header;
use crate::walk::lanes::{LaneTold, LanesTold};
use crate::walk::{Mode, Request};

fn as_recorded() -> Speed {
    Speed::times(1.0).unwrap()
}

fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn running(seconds: i64, page: u64) -> Stamped {
    let phase = Phase::Running { page, deadline: second(seconds + 30) };
    Stamped { at: second(seconds), event: Event::Phase { phase } }
}

fn page(seconds: i64, number: u64) -> Stamped {
    Stamped { at: second(seconds), event: stored(number, None, String::new(), Vec::new()) }
}

fn stored(number: u64, token: Option<String>, decision: String, shown: Vec<ShownRow>) -> Event {
    let cursor = Cursor::parse("2026-11-16T19:05:47Z").unwrap();
    let totals =
        Totals { pages: number, counts: Counts { rows: 7, ..Counts::default() }, ..Totals::default() };
    Event::Page(Box::new(PageStored {
        run: 1,
        page: number,
        lane: 1,
        opens: false,
        request: token.clone().map_or(Request::Since(cursor.clone()), Request::Token),
        counts: totals.counts,
        first: None,
        last: Some(cursor.clone()),
        token,
        exchange: Exchange::default(),
        wait_ms: number,
        body_ms: u64::MAX,
        decode_ms: 0,
        commit_ms: 0,
        bytes: 0,
        retries: 0,
        reasons: Vec::new(),
        first_ids: Vec::new(),
        decision,
        checkpoint: Some(cursor),
        checkpoint_held: false,
        totals,
        rows: number,
        shown,
    }))
}

/// The lines of a recording that begins at second 0.
fn lines(events: &[Stamped]) -> String {
    let header = serde_json::to_string(&Header::new(second(0))).unwrap();
    std::iter::once(header).chain(events.iter().map(|event| event.json().unwrap())).fold(
        String::new(),
        |mut text, line| {
            text.push_str(&line);
            text.push('\n');
            text
        },
    )
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn open(text: &str) -> Result<Tape, Unplayable> {
    Tape::open(file(text).path())
}

/// A player of these events, with the test on the other end.
struct Watcher {
    commands: mpsc::Sender<Command>,
    events: broadcast::Receiver<Stamped>,
    deck: Deck,
    playing: JoinHandle<Result<(), Unplayable>>,
    began: Instant,
}

impl Watcher {
    fn of(text: &str, speed: Speed) -> Self {
        let (commands, receiver) = mpsc::channel(16);
        let (player, events, deck) = Player::new(open(text).unwrap(), speed, receiver);
        Self { commands, events, deck, playing: tokio::spawn(player.play()), began: Instant::now() }
    }

    async fn send(&self, command: Command) {
        self.commands.send(command).await.unwrap();
    }

    /// The next event, with the seconds that passed until it came.
    async fn next(&mut self) -> (Stamped, u64) {
        let stamped = self.events.recv().await.unwrap();
        // The timer counts whole milliseconds.
        (stamped, (self.began.elapsed() + Duration::from_millis(10)).as_secs())
    }

    /// The next page's or request's number, and when it came.
    async fn number(&mut self) -> (u64, u64) {
        match self.next().await {
            (Stamped { event: Event::Page(page), .. }, at) => (page.page, at),
            (Stamped { event: Event::Phase { phase: Phase::Running { page, .. } }, .. }, at) => (page, at),
            other => panic!("{other:?}"),
        }
    }

    async fn notice(&mut self) -> Notice {
        match self.next().await.0.event {
            Event::Notice(notice) => notice,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until the player does that.
    async fn until(&mut self, motion: Motion) {
        self.deck.playback.wait_for(|playback| playback.motion == motion).await.unwrap();
    }

    /// Checks that nothing comes for so long.
    async fn is_silent_for(&mut self, seconds: u64) {
        sleep(Duration::from_secs(seconds)).await;
        assert!(self.events.is_empty());
    }

    async fn leave(self) -> Result<(), Unplayable> {
        self.send(Command::Stop).await;
        self.playing.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn events_come_when_they_were_recorded_and_the_clock_shows_it() {
    let text = lines(&[running(5, 1), page(10, 1), page(70, 2)]);
    for (factor, times) in [(1.0, [5, 10, 70]), (10.0, [0, 1, 7]), (0.5, [10, 20, 140])] {
        let mut watcher = Watcher::of(&text, Speed::times(factor).unwrap());
        for ((number, time), at) in [1, 1, 2].into_iter().zip(times).zip([5, 10, 70]) {
            assert_eq!(watcher.number().await, (number, time), "{factor}");
            assert_eq!(watcher.deck.clock.now(), second(at));
        }
        assert_eq!(watcher.notice().await.text, "the recording ends here");
        watcher.until(Motion::Over).await;
        let playback = *watcher.deck.playback.borrow();
        assert_eq!((playback.played, playback.of), (text.len() as u64, text.len() as u64));
        watcher.leave().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_clock_runs_between_events_and_stands_while_held() {
    let mut watcher = Watcher::of(&lines(&[page(0, 1), page(100, 2)]), Speed::times(2.0).unwrap());
    watcher.number().await;
    sleep(Duration::from_secs(10)).await;
    assert_eq!(watcher.deck.clock.now(), second(20));
    watcher.send(Command::Pause).await;
    watcher.until(Motion::Held).await;
    watcher.is_silent_for(1_000).await;
    assert_eq!(watcher.deck.clock.now(), second(20));
    watcher.send(Command::Resume).await;
    assert_eq!(watcher.number().await, (2, 10 + 1_000 + 40));
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_step_goes_to_the_next_page_at_once_and_holds() {
    let text =
        lines(&[running(0, 1), page(60, 1), running(60, 2), running(90, 3), page(120, 2), page(121, 3)]);
    let mut watcher = Watcher::of(&text, as_recorded());
    assert_eq!(watcher.number().await, (1, 0));
    watcher.send(Command::Pause).await;
    watcher.send(Command::Step).await;
    assert_eq!(watcher.number().await, (1, 0));
    watcher.is_silent_for(500).await;
    watcher.until(Motion::Held).await;
    watcher.send(Command::Step).await;
    for number in [2, 3, 2] {
        assert_eq!(watcher.number().await, (number, 500));
    }
    watcher.is_silent_for(500).await;
    assert_eq!(watcher.deck.clock.now(), second(120));
    watcher.send(Command::Resume).await;
    assert_eq!(watcher.number().await, (3, 1_001));
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retry_now_skips_the_wait_and_only_that() {
    let mut watcher = Watcher::of(&lines(&[page(0, 1), page(3_600, 2), page(3_610, 3)]), as_recorded());
    watcher.number().await;
    watcher.send(Command::RetryNow).await;
    assert_eq!(watcher.number().await, (2, 0));
    assert_eq!(watcher.deck.clock.now(), second(3_600));
    assert_eq!(watcher.number().await, (3, 10));
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_speed_counts_from_where_the_replay_is() {
    let mut watcher = Watcher::of(&lines(&[page(0, 1), page(100, 2), page(1_100, 3)]), as_recorded());
    watcher.number().await;
    sleep(Duration::from_secs(60)).await;
    watcher.deck.speed.send(Speed::times(4.0).unwrap()).unwrap();
    assert_eq!(watcher.number().await, (2, 70));
    watcher.deck.speed.send(Speed::MAX).unwrap();
    assert_eq!(watcher.number().await, (3, 70));
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_is_followed() {
    let mut watcher = Watcher::of(&lines(&[page(100, 1), page(40, 2), page(50, 3)]), as_recorded());
    assert_eq!(watcher.number().await, (1, 100));
    assert_eq!(watcher.number().await, (2, 100));
    assert_eq!(watcher.deck.clock.now(), second(40));
    assert_eq!(watcher.number().await, (3, 110));
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_behind_is_waited_for() {
    let all: Vec<Stamped> = (0..5_000).map(|number| page(0, number)).collect();
    let mut watcher = Watcher::of(&lines(&all), Speed::MAX);
    sleep(Duration::from_secs(10)).await;
    for number in 0..5_000 {
        assert_eq!(watcher.number().await.0, number);
    }
    assert_eq!(watcher.notice().await.level, Level::Info);
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_step_after_the_last_page_goes_to_the_end() {
    let mut watcher = Watcher::of(&lines(&[page(0, 1), running(60, 2)]), as_recorded());
    watcher.number().await;
    watcher.send(Command::Step).await;
    assert_eq!(watcher.number().await, (2, 0));
    assert_eq!(watcher.notice().await.text, "the recording ends here");
    watcher.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_off_or_damaged_is_told_where_it_is() {
    let whole = lines(&[page(0, 1), page(1, 2), page(2, 3)]);
    let mut watcher = Watcher::of(&whole[..whole.len() - 9], Speed::MAX);
    assert_eq!((watcher.number().await.0, watcher.number().await.0), (1, 2));
    let notice = watcher.notice().await;
    assert_eq!(notice.level, Level::Warning);
    assert!(notice.text.ends_with("cut off in line 4, as by a kill"), "{}", notice.text);
    watcher.leave().await.unwrap();

    let mut watcher = Watcher::of(&whole.replacen("\"page\":2", "\"page\":\"\u{202e}\"", 1), Speed::MAX);
    assert_eq!(watcher.number().await.0, 1);
    let notice = watcher.notice().await;
    assert!(notice.text.starts_with("the replay ends here: line 3: is no event"), "{}", notice.text);
    assert!(!notice.text.contains('\u{202e}') && !notice.text.contains(" line 1"), "{}", notice.text);
    assert_eq!(watcher.leave().await.unwrap_err().line, Some(3));
}

#[tokio::test(start_paused = true)]
async fn nobody_left_to_command_ends_it() {
    let watcher = Watcher::of(&lines(&[page(0, 1), page(3_600, 2)]), as_recorded());
    drop(watcher.commands);
    watcher.playing.await.unwrap().unwrap();
}

#[test]
fn what_is_no_recording_is_refused() {
    let newer = lines(&[]).replace("\"recording\":1", "\"recording\":2,\"more\":3");
    assert!(
        open(&newer).unwrap_err().to_string().starts_with("line 1: was recorded in format 2 by highwater")
    );
    for text in ["", "\n", "id,name\n", "{}\n", "{\"event\":\"opened\"}\n", "\u{0}\u{1b}[2J"] {
        let refused = open(text).unwrap_err();
        assert_eq!(refused.line, Some(1));
        assert!(refused.what.starts_with("is not the first line of a recording"), "{refused}");
    }
    let far = lines(&[]).replace("1970-01-01", "+200000-01-01");
    assert!(open(&far).unwrap_err().what.contains("out of range"));
}

#[test]
fn texts_that_a_sync_vouches_for_are_made_safe() {
    let event = Event::Notice(Notice {
        level: Level::Info,
        kind: NoticeKind::Housekeeping,
        text: "\u{1b}]0;title\u{7}".to_owned(),
    });
    let mut tape = open(&lines(&[Stamped { at: second(0), event }])).unwrap();
    let Piece::Event { stamped, .. } = tape.read() else { panic!() };
    let Event::Notice(notice) = stamped.event else { panic!() };
    assert_eq!(notice.text, "<U+001B>]0;title<U+0007>");
}
