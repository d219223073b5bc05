//! What is counted.

use std::hint::black_box;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

use super::watch::{Scene, Watch};
use super::work::{self, Table};
use super::{Fault, table};

/// Rows of a page, where there is no other number.
const PAGE: u64 = 50;
/// Rows behind a frame: how many there are makes no difference.
const BEHIND: u64 = 10_000;
/// Frames: one draws little, and another one more.
const FRAMES: usize = 20;

/// A part's name, and what makes it ready and does it.
type Part = (&'static str, fn() -> Result<(), Fault>);

pub const PARTS: [Part; 8] = [
    ("decode_50", || decode(50)),
    ("decode_1000", || decode(1_000)),
    ("walk_200_pages", walk),
    ("commit_1_page", || commit(1)),
    ("commit_16_pages", || commit(16)),
    ("commit_again", again),
    ("frame_120x40", || frame(120, 40)),
    ("frame_200x60", || frame(200, 60)),
];

/// Does a part, once.
pub fn perform(part: &str) -> Result<(), Fault> {
    let found = PARTS.iter().find(|(name, _)| *name == part);
    found.ok_or_else(|| format!("there is no part {part:?}"))?.1()
}

/// The one function in which instructions are counted, known by its name.
#[inline(never)]
fn counted_part(part: &mut dyn FnMut() -> Result<(), Fault>) -> Result<(), Fault> {
    black_box(part)()
}

fn decode(rows: u64) -> Result<(), Fault> {
    let body = work::body(0, rows);
    let mut page = None;
    counted_part(&mut || {
        page = Some(work::decode(&body)?);
        Ok(())
    })?;
    match page.map(|page| page.rows.len() as u64) {
        Some(found) if found == rows => Ok(()),
        found => Err(format!("{found:?} rows, not {rows}").into()),
    }
}

fn walk() -> Result<(), Fault> {
    let (pages, now, mut walk) = (work::pages(200, PAGE)?, work::now(), work::walk());
    counted_part(&mut || {
        black_box(work::take(&mut walk, &pages, now));
        Ok(())
    })
}

/// New rows, into a table that holds some.
fn commit(pages: u64) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let mut table = Table::open(&folder.path().join("users.db"))?;
    for _ in 0..4 {
        let group = table.group(16, PAGE)?;
        table.commit(&group)?;
    }
    let group = table.group(pages, PAGE)?;
    counted_part(&mut || table.commit(&group).map(drop))
}

/// Rows that are there already, some of them changed.
fn again() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let mut table = Table::open(&folder.path().join("users.db"))?;
    let group = table.group(16, PAGE)?;
    table.commit(&group)?;
    let group = table.group_again(16, PAGE)?;
    counted_part(&mut || table.commit(&group).map(drop))
}

/// A page a frame, the newest on top.
fn frame(columns: u16, lines: u16) -> Result<(), Fault> {
    let path = table::of(BEHIND)?;
    let mut watch = Watch::new(&path, BEHIND, Size::new(columns, lines), Scene::Tail)?;
    let mut terminal = Terminal::new(TestBackend::new(columns, lines))?;
    // The first frame draws everything.
    for _ in 0..2 {
        let messages = watch.messages()?;
        watch.frame(messages, &mut terminal)?;
    }
    for _ in 0..FRAMES {
        let mut messages = Some(watch.messages()?);
        counted_part(&mut || watch.frame(messages.take().unwrap_or_default(), &mut terminal))?;
    }
    Ok(())
}
