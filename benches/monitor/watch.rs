//! The monitor without its loop: what comes between two frames, and the frame, scene by scene.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use highwater::destination::reader::{Answer, Reader};
use highwater::destination::sqlite::Sqlite;
use highwater::exchange::Exchange;
use highwater::monitor::model::{Effect, Message, Model, update};
use highwater::monitor::theme::Theme;
use highwater::monitor::view::view;
use highwater::record::{BEGINNING, Cursor, USER};
use highwater::run::{Counts, Fate, ShownRow, Start, Totals};
use highwater::sync::event::{Event, Opened, PageStored, RunStarted, SHOWN_ROWS, Stamped};
use highwater::walk::{Mode, Request};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Size;
use tokio::sync::mpsc::Receiver;

use super::{Fault, users};

/// The time between two frames, as the model is told it.
const FRAME: TimeDelta = TimeDelta::milliseconds(33);
/// Rows of a page.
const PAGE: u64 = 1_000;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub enum Scene {
    /// The newest rows on top, a page of them in every frame.
    Tail,
    /// Far down in the table, a line up in every frame, while pages arrive.
    Deep,
    /// The same, ordered by `id`.
    Ordered,
    /// Nothing changes. The monitor would not draw at all.
    Still,
}

impl Scene {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Tail, Self::Deep, Self::Ordered, Self::Still];

    /// Its name, for a person.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tail => "a page a frame, newest on top",
            Self::Deep => "a page and a line a frame, deep in the table",
            Self::Ordered => "a page and a line a frame, ordered by id",
            Self::Still => "the same frame again",
        }
    }

    fn moves(self) -> bool {
        matches!(self, Self::Deep | Self::Ordered)
    }
}

/// The monitor without its loop: the model, and the real reader over the real table.
pub struct Watch {
    scene: Scene,
    model: Model,
    reader: Reader,
    answers: Receiver<Answer>,
    now: DateTime<Utc>,
    rows: u64,
    page: u64,
}

impl Watch {
    /// Looks at the table, in the midst of a run that goes on where the table ends.
    pub fn new(path: &Path, rows: u64, size: Size, scene: Scene) -> Result<Self, Fault> {
        let (reader, answers) = Sqlite::reader(path, &USER);
        let now = users::changed_at(rows);
        let model = Model::new(&USER, Theme::default(), size, now);
        let mut watch = Self { scene, model, reader, answers, now, rows, page: 0 };
        watch.tell(opened(rows, path.display().to_string()));
        watch.tell(started()?);
        for _ in 0..100 {
            let page = watch.page();
            watch.tell(page);
        }
        if matches!(scene, Scene::Ordered) {
            // The first of the columns there are is the id.
            for key in [KeyCode::Char('c'), KeyCode::Char('o'), KeyCode::Esc] {
                watch.press(key);
            }
            if watch.model.browse.sort().map(|sort| sort.column) != Some(USER.primary_key) {
                return Err("o in the columns does not order by the first, the id".into());
            }
        }
        if scene.moves() {
            watch.settle()?;
            watch.press(KeyCode::End);
            watch.settle()?;
        }
        Ok(watch)
    }

    /// Draws so many frames; gives how long each took.
    pub fn frames<B: Backend>(
        &mut self,
        count: usize,
        terminal: &mut Terminal<B>,
    ) -> Result<Vec<Duration>, Fault>
    where
        B::Error: 'static,
    {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let messages = self.messages()?;
            let before = self.model.browse.scroll.key().cloned();
            let begun = Instant::now();
            self.frame(messages, terminal)?;
            times.push(begun.elapsed());
            if self.scene.moves() && self.model.browse.scroll.key() == before.as_ref() {
                return Err(format!("the table does not scroll: {}", self.scene.name()).into());
            }
        }
        Ok(times)
    }

    /// One frame: takes in what came since the last one, and draws.
    pub fn frame<B: Backend>(
        &mut self,
        messages: Vec<Message>,
        terminal: &mut Terminal<B>,
    ) -> Result<(), Fault>
    where
        B::Error: 'static,
    {
        self.now += FRAME;
        for message in messages.into_iter().chain([Message::Now(self.now)]) {
            self.take(message);
        }
        terminal.draw(|frame| view(&self.model, frame))?;
        Ok(())
    }

    /// What comes between two frames. Whatever the reader was asked for has come by then: an operator is slower than
    /// this loop.
    pub fn messages(&mut self) -> Result<Vec<Message>, Fault> {
        let mut messages = Vec::new();
        if self.model.browse.is_reading() {
            messages.push(self.answer()?);
        }
        if !matches!(self.scene, Scene::Still) {
            messages.push(self.stamped(|watch| watch.page()));
        }
        if self.scene.moves() {
            messages.push(key(KeyCode::Up));
        }
        Ok(messages)
    }

    fn answer(&mut self) -> Result<Message, Fault> {
        let answer = self.answers.blocking_recv().ok_or("the reader is gone")?;
        if let Answer::Failed { text, .. } = &answer {
            return Err(text.as_str().into());
        }
        Ok(Message::Read(Box::new(answer)))
    }

    fn settle(&mut self) -> Result<(), Fault> {
        while self.model.browse.is_reading() {
            let answer = self.answer()?;
            self.take(answer);
        }
        Ok(())
    }

    fn press(&mut self, code: KeyCode) {
        self.take(key(code));
    }

    fn tell(&mut self, event: Event) {
        let message = self.stamped(|_| event);
        self.take(message);
    }

    fn stamped(&mut self, event: impl FnOnce(&mut Self) -> Event) -> Message {
        let event = event(self);
        Message::Event(Box::new(Stamped { at: self.now, event }))
    }

    fn take(&mut self, message: Message) {
        for effect in update(&mut self.model, message) {
            if let Effect::Ask(question) = effect {
                self.reader.ask(*question);
            }
        }
    }

    /// The next page of new rows.
    fn page(&mut self) -> Event {
        let first = self.rows + self.page * PAGE;
        let last = first + PAGE - 1;
        self.page += 1;
        let counts = |rows| Counts { rows, new: rows, ..Counts::default() };
        let shown = last + 1 - SHOWN_ROWS as u64..=last;
        let shown = shown.map(|number| ShownRow {
            fate: Fate::New,
            values: users::values(number),
            before: Vec::new(),
        });
        Event::Page(Box::new(PageStored {
            run: 1,
            page: self.page,
            lane: 1,
            opens: false,
            request: Request::Token(format!("token-{}", self.page - 1)),
            counts: counts(PAGE),
            first: users::cursor(first),
            last: users::cursor(last),
            token: Some(format!("token-{}", self.page)),
            wait_ms: 20 + self.page % 7,
            body_ms: 4,
            decode_ms: 3,
            commit_ms: 9,
            bytes: 280_000,
            retries: 0,
            reasons: Vec::new(),
            exchange: Exchange::new("http://127.0.0.1:5001/".to_owned(), 200, Vec::new(), self.now),
            decision: "asks again from the last row's own updatedAt, inclusive".to_owned(),
            checkpoint: users::cursor(last),
            checkpoint_held: false,
            totals: Totals {
                pages: self.page,
                requests: self.page,
                checkpoints: self.page,
                commits: self.page,
                elapsed_ms: 33 * self.page,
                counts: counts(self.page * PAGE),
                ..Totals::default()
            },
            rows: last + 1,
            first_ids: Vec::new(),
            shown: shown.collect(),
        }))
    }
}

fn key(code: KeyCode) -> Message {
    Message::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn opened(rows: u64, destination: String) -> Event {
    Event::Opened(Opened {
        source: "users of this benchmark".to_owned(),
        method: "GET".to_owned(),
        destination,
        walk: Mode::Auto,
        checkpoint: users::cursor(rows - 1),
        checkpoint_at: Some(users::changed_at(rows)),
        rows,
        oldest: users::cursor(0),
        plain_http: false,
        unfinished: None,
        lost: None,
    })
}

fn started() -> Result<Event, Fault> {
    Ok(Event::RunStarted(RunStarted {
        run: 1,
        start: Start::Checkpoint,
        continued: false,
        walk: Mode::Auto,
        first: Request::Since(Cursor::parse(BEGINNING)?),
        checkpoint: None,
        totals: Totals::default(),
    }))
}
