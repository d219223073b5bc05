//! A scripted sync for the monitor's tests: the same events at the same times, always.

use base64::Engine as _;
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;

use super::model::{Effect, Lesson, Message, Model, lesson, update};
use super::theme::Theme;
use crate::exchange::Exchange;
use crate::lesson::{Beside, Came, Narration, State, Told};
use crate::record::{BEGINNING, Column, ColumnType, Cursor, Format, Schema, USER};
use crate::run::{Counts, Fate, Outcome, ShownRow, Start, Totals};
use crate::sync::event::{
    Event, Level, Notice, NoticeKind, Opened, PageStored, Phase, RunEnded, RunStarted, Stamped, Unfinished,
};
use crate::walk::lanes::{LaneTold, LanesTold};
use crate::walk::{End, Mode, Request};

/// The time at which every script begins.
pub fn epoch() -> DateTime<Utc> {
    Cursor::parse("2026-11-23T12:00:00Z").unwrap().instant().unwrap()
}

/// So many milliseconds into the script.
pub fn at(milliseconds: i64) -> DateTime<Utc> {
    epoch() + TimeDelta::milliseconds(milliseconds)
}

/// An event at so many milliseconds.
pub fn stamped(milliseconds: i64, event: Event) -> Stamped {
    Stamped { at: at(milliseconds), event }
}

/// The cursor of the row of that number, from 1: a row every two hours, the last one not long ago.
pub fn cursor(row: i64) -> Cursor {
    let at = epoch() - TimeDelta::hours(2 * (200 - row)) - TimeDelta::minutes(7);
    Cursor::parse(&at.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap()
}

/// The destination is open and holds nothing.
pub fn opened() -> Event {
    Event::Opened(Opened {
        method: "GET".to_owned(),
        source: "playground (built in)".to_owned(),
        destination: "/home/ada/.local/share/highwater/highwater.db".to_owned(),
        walk: Mode::Auto,
        checkpoint: None,
        checkpoint_at: None,
        rows: 0,
        oldest: None,
        plain_http: false,
        unfinished: None,
        lost: None,
    })
}

/// The destination is open, and a run of three pages was left unfinished in it.
pub fn opened_unfinished() -> Event {
    let Event::Opened(mut opened) = opened() else { unreachable!() };
    opened.checkpoint = Some(cursor(150));
    opened.checkpoint_at = Some(at(-41 * 60_000));
    opened.rows = 150;
    opened.oldest = Some(cursor(1));
    opened.unfinished = Some(unfinished());
    Event::Opened(opened)
}

/// A run that was killed after three pages.
pub fn unfinished() -> Unfinished {
    Unfinished {
        run: 1,
        started_at: at(-42 * 60_000),
        outcome: None,
        pages: 3,
        next: Request::Token(token(3)),
        token: Some(token(3)),
        token_at: Some(at(-41 * 60_000)),
    }
}

/// The token that came with a page.
pub fn token(page: i64) -> String {
    base64::engine::general_purpose::STANDARD.encode(cursor(50 * page).text())
}

/// A run begins.
pub fn started() -> Event {
    Event::RunStarted(RunStarted {
        run: 1,
        start: Start::Checkpoint,
        continued: false,
        walk: Mode::Auto,
        first: Request::Since(Cursor::parse(BEGINNING).unwrap()),
        checkpoint: None,
        totals: Totals::default(),
    })
}

/// The sync does something else now.
pub fn phase(phase: Phase) -> Event {
    Event::Phase { phase }
}

/// Page so-and-so is on the wire, and given up half a minute into the script.
pub fn running(page: u64) -> Event {
    phase(Phase::Running { page, deadline: at(30_000) })
}

/// A wait that ends eight seconds into the script.
pub fn waiting() -> Phase {
    Phase::Waiting {
        reason: "429 Too Many Requests (Retry-After: 5)".to_owned(),
        page: 4,
        attempt: 1,
        attempts: 6,
        until: at(8_000),
        budget: None,
    }
}

/// The counters after so many pages of fifty.
pub fn totals(pages: i64) -> Totals {
    let count = u64::try_from(pages).unwrap();
    Totals {
        pages: count,
        requests: count,
        checkpoints: count,
        commits: count,
        elapsed_ms: 700 * count,
        counts: Counts { rows: 50 * count, new: 50 * count, ..Counts::default() },
        ..Totals::default()
    }
}

/// Page so-and-so of four is stored.
pub fn page(page: i64) -> Event {
    let rows = 50 * (page - 1) + 1..=50 * page;
    let number = u64::try_from(page).unwrap();
    Event::Page(Box::new(PageStored {
        run: 1,
        page: number,
        lane: 1,
        opens: false,
        request: match page {
            1 => Request::Since(Cursor::parse(BEGINNING).unwrap()),
            _ => Request::Token(token(page - 1)),
        },
        counts: Counts { rows: 50, new: 50, ..Counts::default() },
        first: Some(cursor(*rows.start())),
        last: Some(cursor(*rows.end())),
        token: (page < 4).then(|| token(page)),
        wait_ms: 25,
        body_ms: 4,
        decode_ms: 1,
        commit_ms: 3,
        bytes: 14_322,
        retries: 0,
        reasons: Vec::new(),
        exchange: exchange(page),
        decision: match page {
            4 => "no token came: the end of the data".to_owned(),
            _ => "follow the token".to_owned(),
        },
        checkpoint: Some(cursor(*rows.end())),
        checkpoint_held: false,
        totals: totals(page),
        rows: 50 * number,
        first_ids: rows.clone().take(3).map(id).collect(),
        shown: rows.map(|row| shown(row, Fate::New)).collect(),
    }))
}

/// How page so-and-so of four was asked for and answered.
pub fn exchange(page: i64) -> Exchange {
    let asked = match page {
        1 => format!("updated_since={BEGINNING}"),
        _ => format!("scroll_param={}", token(page - 1)),
    };
    let headers = [
        ("date", "Mon, 23 Nov 2026 12:00:00 GMT".to_owned()),
        ("server", "playground".to_owned()),
        ("x-ratelimit-limit", "20".to_owned()),
        ("x-ratelimit-remaining", (20 - page).to_string()),
        ("x-ratelimit-reset", "1".to_owned()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).into();
    Exchange::new(format!("http://127.0.0.1:5001/pagination/keyset?{asked}"), 200, headers, epoch())
}

/// The id of the row of that number.
pub fn id(row: i64) -> String {
    format!("{row:08x}-0000-4000-8000-000000000000")
}

/// The row of that number.
pub fn shown(row: i64, fate: Fate) -> ShownRow {
    let text = |text: String| Some(text);
    ShownRow {
        fate,
        values: [
            text(id(row)),
            text(format!("Ada Lovelace {row}")),
            text(format!("ada{row}@example.org")),
            text("12 St James's Square\nLondon".to_owned()),
            text("Analytical Engines and Sons".to_owned()),
            text("Countess of Computing".to_owned()),
            text(cursor(row).text().to_owned()),
            text("2026-01-01T00:00:00Z".to_owned()),
        ]
        .into(),
        before: match fate {
            Fate::Changed => vec![(1, text(format!("Ada Byron {row}"))), (5, None)],
            _ => Vec::new(),
        },
    }
}

/// Lanes as they are told of: each its number, the rows of [`cursor`] at which it starts and that it has reached, and
/// whether it rests. So many may ask, of eight; the stretch ends with row 200.
pub fn lanes_told(lanes: &[(u32, i64, i64, bool)], width: u32) -> LanesTold {
    let lane = |(lane, start, reached, rests): &(u32, i64, i64, bool)| LaneTold {
        lane: *lane,
        start: cursor(*start),
        reached: cursor(*reached),
        rests: *rests,
    };
    let from = lanes.first().map(|(_, start, ..)| cursor(*start));
    let until = cursor(200).instant();
    LanesTold { from, until, width, most: 8, lanes: lanes.iter().map(lane).collect() }
}

/// A page that a lane ahead began with, from a row on: the mark stays where page 1 has left it.
pub fn page_of(lane: u32, page: i64, from: i64) -> Event {
    let Event::Page(mut stored) = self::page(page) else { unreachable!() };
    (stored.lane, stored.opens, stored.request) = (lane, true, Request::Since(cursor(from)));
    (stored.first, stored.last) = (Some(cursor(from)), Some(cursor(from + 10)));
    stored.checkpoint = Some(cursor(50));
    stored.decision = format!("asks again from the last row's {}, inclusive", cursor(from + 10));
    Event::Page(stored)
}

/// A monitor in the midst of a run of eight lanes, of which so many may ask.
pub fn abreast(width: u16, height: u16, asking: u32) -> Model {
    let lanes =
        [(1, 1, 50), (5, 60, 70), (3, 80, 90), (6, 100, 110), (2, 120, 122), (7, 140, 155), (8, 160, 162)];
    let mut lanes: Vec<_> = lanes.into_iter().map(|(lane, from, to)| (lane, from, to, false)).collect();
    lanes.push((4, 180, 200, true));
    let all = Event::Lanes(lanes_told(&lanes, 8));
    let now = Event::Lanes(lanes_told(&lanes, asking));
    let events = [opened(), started(), page(1), all, page_of(5, 2, 60), page_of(3, 3, 80), now, running(4)];
    heard(width, height, events)
}

/// A notice that needs attention.
pub fn tie_unsafe() -> Event {
    Event::Notice(Notice {
        level: Level::Attention,
        kind: NoticeKind::TieUnsafe { cursor: cursor(50) },
        text: "the seam after page 1 cuts rows that share one updatedAt".to_owned(),
    })
}

/// The run is over after so many pages.
pub fn ended(outcome: Outcome, pages: i64) -> Event {
    let (end, text) = match outcome {
        Outcome::Complete => (End::Exhausted, "complete: the source returned no further token"),
        Outcome::Paused => (End::Paused, "left while paused"),
        Outcome::Stopped => (End::Stopped, "stopped by the operator"),
        Outcome::Failed => (End::Error, "page 4 could not be read after 6 attempts: 503"),
    };
    Event::RunEnded(Box::new(RunEnded {
        run: 1,
        outcome,
        end,
        text: text.to_owned(),
        totals: totals(pages),
        lanes: None,
        checkpoint: (pages > 0).then(|| cursor(50 * pages)),
        rows: u64::try_from(50 * pages).unwrap(),
        reads_all: false,
        attention: Vec::new(),
        extra: None,
        unfinished: (outcome != Outcome::Complete).then(unfinished),
        lost: None,
    }))
}

/// The table of another source: its key is no `id`, and neither that nor the cursor stands where the users have theirs.
pub const ISSUES: Schema = Schema {
    table: "issue",
    title: "Issues",
    columns: &[
        Column { name: "title", path: &["title"], kind: ColumnType::String },
        Column { name: "number", path: &["number"], kind: ColumnType::String },
        Column { name: "state", path: &["state"], kind: ColumnType::String },
        Column { name: "updated_at", path: &["updated_at"], kind: ColumnType::UtcDatetime },
        Column { name: "assignee", path: &["assignee"], kind: ColumnType::String },
    ],
    primary_key: 1,
    parts: &[],
    cursor: Some(3),
    format: Format::Rfc3339,
};

/// A monitor that has heard of a page of issues.
pub fn heard_of_issues(width: u16, height: u16) -> Model {
    let mut model = Model::new(&ISSUES, Theme::default(), Size::new(width, height), epoch());
    let Event::Page(mut stored) = page(1) else { unreachable!() };
    for (number, row) in (101..).zip(&mut stored.shown) {
        let values = ["It leaks", "", "open", "2026-01-01T12:00:00Z", "ada"];
        let mut values = values.map(|value| Some(value.to_owned()));
        values[1] = Some(number.to_string());
        row.values = values.into();
    }
    stored.first_ids = ["101", "102"].map(str::to_owned).into();
    for event in [opened(), started(), Event::Page(stored)] {
        tell(&mut model, 0, event);
    }
    model
}

/// A monitor of that size that has heard nothing.
pub fn silent(width: u16, height: u16) -> Model {
    Model::new(&USER, Theme::default(), Size::new(width, height), epoch())
}

/// A monitor that has heard these events, a second apart.
pub fn heard(width: u16, height: u16, events: impl IntoIterator<Item = Event>) -> Model {
    let mut model = silent(width, height);
    for (second, event) in (0..).zip(events) {
        tell(&mut model, 1_000 * second, event);
    }
    model
}

/// A monitor in the midst of a run: three pages are stored, the fourth is on the wire.
pub fn midst(width: u16, height: u16) -> Model {
    heard(width, height, [opened(), started(), page(1), page(2), page(3), running(4)])
}

/// Tells the monitor an event.
pub fn tell(model: &mut Model, milliseconds: i64, event: Event) -> Vec<Effect> {
    update(model, Message::Event(Box::new(stamped(milliseconds, event))))
}

/// A key.
pub fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses a key.
pub fn press(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    update(model, Message::Key(key(code)))
}

/// The demo of a scenario that has another walker beside.
pub fn lesson() -> Lesson {
    let about = "Thirty people changed in the same second, as after a bulk update, and the first page ends in the middle \
        of them. A client that follows the API's token asks for what is strictly later, and never sees the rest. Two \
        walkers read the same API side by side, so that the loss can be counted.";
    Lesson::new("The same second twice: rows that everybody else loses", about, true)
}

/// A monitor of that demo, to which this is told after its table was opened.
pub fn demo(width: u16, height: u16, told: impl IntoIterator<Item = Told>) -> Model {
    let mut model = silent(width, height);
    lesson::begin(&mut model, lesson());
    tell(&mut model, 0, opened());
    for told in told {
        update(&mut model, Message::Told(Box::new(told)));
    }
    model
}

/// Something is said.
pub fn narration(level: Level, text: &str) -> Told {
    Told::Narration(Narration { at: at(3_000), level, text: text.to_owned() })
}

/// How the walker beside stands.
pub fn beside(pages: u64, lost: u64) -> Told {
    Told::Beside(Beside {
        at: at(3_000),
        name: "by scroll token".to_owned(),
        pages,
        rows: 50 * pages - lost,
        lost,
        lost_here: 0,
        repeated: 0,
        state: State::Holding,
        note: "token present: follows it".to_owned(),
    })
}

/// What came of a demo that went as expected.
pub fn came() -> Came {
    Came { outcome: Outcome::Complete, rows: 200, lost: 0, repeated: 4, retries: 0, beside: None }
}
