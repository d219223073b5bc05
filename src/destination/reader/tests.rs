//! The threads, over a destination that answers when the test lets it.

use std::sync::mpsc as blocking;

use tokio::sync::mpsc::Receiver;

use super::*;
use crate::destination::DestinationError;
use crate::record::{Schema, USER};

/// A look that says when a window or an export is begun. A window around `forever`, and an export of more than one
/// column, end only when they are stopped.
struct Fake {
    stop: Stop,
    begun: blocking::Sender<()>,
}

impl Fake {
    fn until_stopped<T>(&self) -> Result<T, DestinationError> {
        while !self.stop.is_set() {
            std::thread::yield_now();
        }
        Err(DestinationError::Refused("interrupted".to_owned()))
    }
}

impl Look for Fake {
    fn schema(&self) -> &'static Schema {
        &USER
    }

    fn owns(&self, path: &std::path::Path) -> bool {
        path.ends_with("own.db")
    }

    fn window(&mut self, _: &View, place: &Place, _: usize) -> Result<Slice, DestinationError> {
        self.begun.send(()).unwrap();
        if *place == Place::Around("forever".to_owned()) {
            self.until_stopped()
        } else {
            Ok(Slice::default())
        }
    }

    fn total(&mut self) -> Result<u64, DestinationError> {
        Ok(7)
    }

    /// Never comes to an end, unless every row is excluded.
    fn tally(&mut self, filter: &Filter, _: Option<i64>) -> Result<Tally, DestinationError> {
        let next = filter.matches(&[]).then_some(1);
        Ok(Tally { matched: 2, seen: 3, next })
    }

    fn row(&mut self, id: &str) -> Result<Option<WholeRow>, DestinationError> {
        if id == "bad" { Err(DestinationError::Refused("no".to_owned())) } else { Ok(None) }
    }

    fn runs(&mut self, _: Option<i64>, _: usize) -> Result<Vec<PastRun>, DestinationError> {
        Ok(Vec::new())
    }

    fn pages(&mut self, _: i64, _: Option<u64>, _: usize) -> Result<Vec<PastPage>, DestinationError> {
        Ok(Vec::new())
    }

    fn each(&mut self, _: &View, columns: &[usize], each: Each<'_>) -> Result<(), DestinationError> {
        let values = vec![Some("a".into()); columns.len()];
        each(&values)?;
        self.begun.send(()).unwrap();
        if columns.len() > 1 { self.until_stopped() } else { Ok(()) }
    }
}

fn start() -> (Reader, Receiver<Answer>, blocking::Receiver<()>) {
    let (begun, beginnings) = blocking::channel();
    let (reader, answers) = Reader::start(|stop| Fake { stop, begun: begun.clone() });
    (reader, answers, beginnings)
}

fn window(ticket: u64, around: &str) -> Question {
    let place = Place::Around(around.to_owned());
    Question::Window { ticket, view: View::default(), place, rows: 9 }
}

fn row(ticket: u64, id: &str) -> Question {
    Question::Row { ticket, id: id.to_owned() }
}

fn count(ticket: u64, filter: &str) -> Question {
    Question::Count { ticket, filter: Filter::parse(filter, &USER).unwrap() }
}

fn export(ticket: u64, path: &std::path::Path, columns: &[usize]) -> Question {
    let export = Export {
        view: View::default(),
        columns: columns.to_vec(),
        format: Format::Csv,
        path: path.to_owned(),
        replace: false,
    };
    Question::Export { ticket, export: Box::new(export) }
}

/// The next answer that is no progress.
fn next(answers: &mut Receiver<Answer>) -> Answer {
    loop {
        match answers.blocking_recv().unwrap() {
            Answer::Progress { .. } => {}
            answer => return answer,
        }
    }
}

#[test]
fn a_window_that_is_superseded_is_stopped_and_never_answered() {
    let (reader, mut answers, begun) = start();
    reader.ask(window(1, "forever"));
    begun.recv().unwrap();
    reader.ask(window(2, "forever"));
    begun.recv().unwrap();
    reader.ask(window(3, "a"));
    assert!(matches!(next(&mut answers), Answer::Window { ticket: 3, .. }));
    drop(reader);
    assert!(answers.blocking_recv().is_none());
}

#[test]
fn the_log_does_not_wait_for_the_table() {
    let (reader, mut answers, begun) = start();
    reader.ask(window(1, "forever"));
    begun.recv().unwrap();
    reader.ask(row(2, "a"));
    assert!(matches!(next(&mut answers), Answer::Row { ticket: 2, row: None }));
    reader.ask(Question::Runs { ticket: 3, before: None, rows: 9 });
    assert!(matches!(next(&mut answers), Answer::Runs { ticket: 3, .. }));
    reader.ask(Question::Pages { ticket: 4, run: 5, before: None, rows: 9 });
    assert!(matches!(next(&mut answers), Answer::Pages { ticket: 4, .. }));
}

#[test]
fn a_count_gives_way_to_windows_and_goes_on() {
    let (reader, mut answers, _begun) = start();
    reader.ask(count(1, "-x"));
    assert!(matches!(answers.blocking_recv(), Some(Answer::Progress { ticket: 1, of: Some(7), .. })));
    for ticket in 2..4 {
        reader.ask(window(ticket, "a"));
        let Answer::Window { ticket: answered, .. } = next(&mut answers) else { panic!("no window") };
        assert_eq!(answered, ticket);
        assert!(matches!(answers.blocking_recv(), Some(Answer::Progress { ticket: 1, .. })));
    }
    reader.ask(count(9, "x"));
    assert!(matches!(next(&mut answers), Answer::Count { ticket: 9, rows: 2 }));
}

#[test]
fn what_cannot_be_answered_says_why() {
    let (reader, mut answers, _begun) = start();
    reader.ask(row(1, "bad"));
    assert!(matches!(next(&mut answers), Answer::Failed { ticket: 1, text } if text == "no"));
}

#[test]
fn answers_that_nobody_reads_hold_up_neither_the_asking_nor_the_end() {
    let (reader, answers, begun) = start();
    for ticket in 0..100 {
        reader.ask(window(ticket, "a"));
        reader.ask(row(ticket, "a"));
        if ticket < 10 {
            begun.recv().unwrap();
        }
    }
    drop(reader);
    drop(answers);
}

#[test]
fn an_export_that_is_cancelled_says_so_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let (reader, mut answers, begun) = start();
    reader.ask(export(1, &path, &[0, 1]));
    begun.recv().unwrap();
    assert!(folder.path().join("a.csv.part").exists());
    reader.ask(Question::Cancel);
    assert!(matches!(next(&mut answers), Answer::Cancelled { ticket: 1 }));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    reader.ask(export(2, &path, &[0]));
    assert!(matches!(next(&mut answers), Answer::Exported { ticket: 2, rows: 1, bytes: 5, .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "id\na\n");
}

#[test]
fn an_export_ends_with_its_reader_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, _answers, begun) = start();
    reader.ask(export(1, &folder.path().join("a.csv"), &[0, 1]));
    begun.recv().unwrap();
    drop(reader);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_export_takes_no_place_that_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, mut answers, _begun) = start();
    let there = folder.path().join("there.csv");
    std::fs::write(&there, "mine").unwrap();
    reader.ask(export(1, &there, &[0]));
    let answer = next(&mut answers);
    assert!(matches!(&answer, Answer::Occupied { ticket: 1, path } if *path == there), "{answer:?}");
    let mut refused = |path: &std::path::Path, columns: &[usize]| {
        reader.ask(export(1, path, columns));
        match next(&mut answers) {
            Answer::Failed { text, .. } => text,
            other => panic!("{other:?}"),
        }
    };
    assert!(refused(folder.path(), &[0]).contains("directory"));
    assert!(refused(&folder.path().join("own.db"), &[0]).contains("belongs to the database"));
    assert!(refused(&folder.path().join("no/a.csv"), &[0]).contains("make the directory first"));
    assert!(refused(&folder.path().join("a.csv"), &[]).contains("at least one"));
    assert!(refused(&folder.path().join("a.csv"), &[99]).contains("at least one"));
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
