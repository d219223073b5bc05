//! The whole loop on a screen in memory, with a scripted sync on the other end of its channels.

use chrono::TimeDelta;
use crossterm::event::KeyCode;
use futures_util::stream;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use super::super::samples::*;
use super::*;
use crate::record::USER;
use crate::run::{Outcome, Start};
use crate::sync::event::{Event, Phase};

/// A screen in memory that keeps every frame as text.
struct Film {
    terminal: Terminal<TestBackend>,
    frames: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
    claims: u32,
}

impl Stage for Film {
    fn size(&self) -> io::Result<Size> {
        Stage::size(&self.terminal)
    }

    fn draw(&mut self, model: &Model) -> io::Result<()> {
        Stage::draw(&mut self.terminal, model)?;
        let frame = self.terminal.backend().to_string();
        self.frames.lock().unwrap().push(frame);
        Ok(())
    }

    fn claim(&mut self) -> io::Result<()> {
        self.claims += 1;
        Ok(())
    }
}

/// The other end of everything that the loop is connected to.
struct Ends {
    events: Option<broadcast::Sender<Stamped>>,
    commands: mpsc::Receiver<Command>,
    input: UnboundedSender<Input>,
    signals: UnboundedSender<Signal>,
    frames: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Ends {
    fn tell(&self, event: Event) {
        let _ = self.events.as_ref().unwrap().send(stamped(0, event));
    }

    fn press(&self, code: KeyCode) {
        let event = TerminalEvent::Key(key(code));
        self.input.send(Input::Event(event)).unwrap();
    }

    async fn hears(&mut self, expected: Command) {
        assert_eq!(self.commands.recv().await, Some(expected));
    }

    /// The sync is done: it closes its channel.
    fn close(&mut self) {
        self.events = None;
    }

    /// The screen a little later.
    async fn screen(&self) -> String {
        sleep(2 * FRAME).await;
        self.frames.lock().unwrap().last().cloned().unwrap()
    }

    fn frames(&self) -> usize {
        self.frames.lock().unwrap().len()
    }
}

/// Runs the loop against a script.
async fn play<F: Future<Output = Ends>>(script: impl FnOnce(Ends) -> F) -> (Left, Film) {
    play_with(64, 8, script).await
}

async fn play_with<F: Future<Output = Ends>>(
    events: usize,
    commands: usize,
    script: impl FnOnce(Ends) -> F,
) -> (Left, Film) {
    let (event_end, events) = broadcast::channel(events);
    let (commands, command_end) = mpsc::channel(commands);
    let (input_end, mut input) = mpsc::unbounded_channel();
    let (signal_end, mut signals) = mpsc::unbounded_channel();
    let frames = std::sync::Arc::default();
    let mut film = Film {
        terminal: Terminal::new(TestBackend::new(120, 36)).unwrap(),
        frames: std::sync::Arc::clone(&frames),
        claims: 0,
    };
    let feed =
        Feed { schema: &USER, events, commands, start: None, reader: None, replay: None, lesson: None };
    let began = Instant::now();
    let clock = move || epoch() + TimeDelta::from_std(began.elapsed()).unwrap();
    let driven = drive(
        feed,
        &mut film,
        stream::poll_fn(move |context| input.poll_recv(context)),
        stream::poll_fn(move |context| signals.poll_recv(context)),
        Theme::default(),
        clock,
    );
    let script = script(Ends {
        events: Some(event_end),
        commands: command_end,
        input: input_end,
        signals: signal_end,
        frames,
    });
    let (left, _ends) = tokio::join!(driven, script);
    (left.unwrap().0, film)
}

#[tokio::test(start_paused = true)]
async fn a_run_from_the_first_frame_to_the_summary() {
    let (left, _) = play(async |mut ends| {
        assert!(ends.screen().await.contains("OPENING"), "drawn before anything is heard");
        ends.tell(opened());
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.tell(started());
        ends.tell(page(1));
        ends.tell(running(2));
        let screen = ends.screen().await;
        assert!(screen.contains("RUNNING") && screen.contains("Ada Lovelace 50"));
        ends.press(KeyCode::Char(' '));
        ends.hears(Command::Pause).await;
        ends.tell(phase(Phase::Paused));
        assert!(ends.screen().await.contains("PAUSED"));
        ends.press(KeyCode::Char('s'));
        ends.hears(Command::Step).await;
        ends.press(KeyCode::Char(' '));
        ends.hears(Command::Resume).await;
        ends.tell(page(4));
        ends.tell(ended(Outcome::Complete, 4));
        assert!(ends.screen().await.contains("COMPLETE"));
        ends.press(KeyCode::Char('q'));
        ends.hears(Command::Stop).await;
        ends.close();
        ends
    })
    .await;
    assert_eq!((left.departure, left.runs, left.missed), (Departure::Quit, 1, 0));
    assert_eq!(left.last.as_ref().unwrap().outcome, Outcome::Complete);
    let last = left.last.unwrap();
    assert_eq!((last.rows, last.totals.counts.new), (200, 200));
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_before_the_choice() {
    let (left, _) = play(async |mut ends| {
        ends.tell(opened_unfinished());
        assert!(ends.screen().await.contains("A run was left unfinished"));
        assert!(ends.commands.try_recv().is_err());
        ends.press(KeyCode::Down);
        ends.press(KeyCode::Enter);
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.signals.send(Signal::End(15)).unwrap();
        ends.hears(Command::Stop).await;
        ends.close();
        ends
    })
    .await;
    assert_eq!(left.departure, Departure::Signal(15));
    assert!(left.last.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_fast_is_counted_and_not_kept() {
    let (left, _) = play_with(4, 8, async |mut ends| {
        ends.tell(opened());
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.tell(started());
        for _ in 0..50 {
            ends.tell(page(2));
        }
        let screen = ends.screen().await;
        assert!(screen.contains("MISSED 47"), "{screen}");
        assert!(screen.contains("100 rows"), "the figures are right again");
        ends.close();
        ends
    })
    .await;
    assert_eq!((left.departure, left.missed), (Departure::SyncGone, 47));
}

#[tokio::test(start_paused = true)]
async fn a_screen_that_rests_is_not_drawn() {
    play(async |mut ends| {
        ends.tell(opened());
        ends.tell(started());
        ends.tell(page(1));
        ends.tell(phase(Phase::Paused));
        ends.screen().await;
        let before = ends.frames();
        sleep(Duration::from_secs(50)).await;
        assert_eq!(ends.frames(), before);
        sleep(Duration::from_secs(20)).await;
        assert!(ends.frames() <= before + 2, "an age in minutes");
        ends.close();
        ends
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_drawn_thirty_times_a_second_and_keys_get_through() {
    play_with(1_024, 8, async |mut ends| {
        ends.tell(opened());
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.tell(started());
        ends.tell(running(1));
        let before = ends.frames();
        for turn in 0..1_000 {
            ends.tell(page(1 + turn % 4));
            if turn == 500 {
                ends.press(KeyCode::Char(' '));
            }
            sleep(Duration::from_millis(1)).await;
        }
        ends.hears(Command::Pause).await;
        let drawn = ends.frames() - before;
        assert!((20..=35).contains(&drawn), "{drawn}");
        ends.close();
        ends
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_does_not_wait_for_the_next_frame_of_a_flood() {
    play_with(1_024, 8, async |mut ends| {
        ends.tell(opened());
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.tell(started());
        ends.screen().await;
        let before = ends.frames();
        while ends.frames() == before {
            ends.tell(page(1));
            sleep(Duration::from_millis(1)).await;
        }
        let before = ends.frames();
        ends.tell(page(2));
        sleep(Duration::from_millis(10)).await;
        assert_eq!(ends.frames(), before, "a page can wait");
        ends.press(KeyCode::Tab);
        sleep(Duration::from_millis(1)).await;
        assert_eq!(ends.frames(), before + 1);
        ends.close();
        ends
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_goes_away_is_one_hang_up() {
    let (left, _) = play(async |mut ends| {
        ends.tell(opened());
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.input.send(Input::Gone).unwrap();
        ends.signals.send(Signal::End(HANG_UP)).unwrap();
        ends.hears(Command::Stop).await;
        let before = ends.frames();
        ends.tell(started());
        sleep(Duration::from_secs(5)).await;
        assert_eq!(ends.frames(), before, "nobody is there to see");
        assert!(ends.commands.try_recv().is_err(), "asked for once");
        ends.tell(ended(Outcome::Stopped, 1));
        ends.close();
        ends
    })
    .await;
    assert_eq!(left.departure, Departure::Signal(HANG_UP));
    assert_eq!(left.last.unwrap().outcome, Outcome::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a_sync_that_hears_nothing_does_not_hold_the_operator() {
    let (left, _) = play_with(64, 1, async |ends| {
        ends.tell(opened());
        ends.tell(started());
        ends.tell(running(1));
        ends.screen().await;
        ends.press(KeyCode::Char(' '));
        assert!(ends.screen().await.contains("the sync is busy"));
        for _ in 0..3 {
            ends.press(KeyCode::Char('q'));
        }
        ends
    })
    .await;
    assert_eq!(left.departure, Departure::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_said_again_until_there_is_room_for_it() {
    play_with(64, 1, async |mut ends| {
        ends.tell(opened());
        ends.screen().await;
        ends.signals.send(Signal::End(15)).unwrap();
        sleep(Duration::from_secs(1)).await;
        ends.hears(Command::Run(Start::Checkpoint)).await;
        ends.hears(Command::Stop).await;
        ends.close();
        ends
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_suspended_screen_is_not_drawn_and_comes_back_whole() {
    let (_, film) = play(async |mut ends| {
        ends.tell(opened());
        ends.screen().await;
        ends.signals.send(Signal::Suspend).unwrap();
        sleep(Duration::from_secs(1)).await;
        let before = ends.frames();
        ends.tell(started());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(ends.frames(), before);
        ends.signals.send(Signal::Continued).unwrap();
        assert!(ends.screen().await.contains("the sync stood still too"));
        ends.close();
        ends
    })
    .await;
    assert_eq!(film.claims, 1);
}
