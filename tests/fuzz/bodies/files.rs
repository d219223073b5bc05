//! Files.

use std::cell::OnceCell;
use std::path::Path;

use chrono::DateTime;
use highwater::config::{self, Environment, Location};
use highwater::monitor::model::{Message, Model, update};
use highwater::monitor::theme::Theme;
use highwater::monitor::view::view;
use highwater::record::USER;
use highwater::replay::{Piece, Tail, Tape};
use highwater::sync::event::Event;
use highwater::sync::recorder::Header;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

use super::assert_safe;

const SIZE: (u16, u16) = (100, 40);

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

/// Puts bytes into a file for a while.
fn with_file<T>(parts: &[&[u8]], work: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().unwrap());
        let path = folder.path().join("file");
        std::fs::write(&path, parts.concat()).unwrap();
        work(&path)
    })
}

/// A settings file is read, or refused in safe words; what is effective is shown safely.
pub fn settings(data: &[u8]) {
    with_file(&[data], |path| {
        let location = Location { path: path.to_owned(), named: true };
        match config::load(Some(location), &Environment::default(), Vec::new()) {
            Ok(loaded) => config::show(&loaded).lines().for_each(assert_safe),
            Err(problems) => {
                assert!(!problems.0.is_empty());
                problems.0.iter().for_each(|problem| assert_safe(&problem.to_string()));
            }
        }
    });
}

/// A recording is played up to where it reads no longer, and the monitor bears whatever it tells.
pub fn recording(data: &[u8]) {
    let header = serde_json::to_vec(&Header::new(DateTime::UNIX_EPOCH)).unwrap();
    with_file(&[&header, b"\n", data], |path| {
        let mut tape = Tape::open(path).unwrap();
        let mut model = Model::new(&USER, Theme::default(), Size::from(SIZE), DateTime::UNIX_EPOCH);
        loop {
            match tape.read() {
                Piece::Event { stamped, .. } => {
                    assert_safe(&stamped.json().unwrap());
                    if let Event::Notice(notice) = &stamped.event {
                        assert_safe(&notice.text);
                    }
                    update(&mut model, Message::Event(stamped));
                }
                Piece::End(Tail::Damaged(why)) => break assert_safe(&why.to_string()),
                Piece::End(_) => break,
            }
        }
        let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
        terminal.draw(|frame| view(&model, frame)).unwrap();
        for cell in &terminal.backend().buffer().content {
            assert_safe(cell.symbol());
        }
    });
}
