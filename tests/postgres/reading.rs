//! The same questions to both kinds of destination: the monitor is given the same answers.

use std::fmt::Debug;

use highwater::destination::Destination;
use highwater::destination::postgres::{Address, Postgres};
use highwater::destination::reader::{Answer, Export, Filter, Format, Order, Place, Question, Reader, View};
use highwater::destination::sqlite::Sqlite;
use highwater::record::USER;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

use crate::rig::{Pages, Version};
use crate::support::cluster::{Cluster, shared};

/// How many rows there are: more than a part of a count has.
const ROWS: u32 = 9_000;

/// Rows whose names come in no order, with ties, nulls and letters of all kinds, some of which changed later.
fn fill(destination: &mut dyn Destination) {
    const NAMES: &[Option<&str>] =
        &[None, Some(""), Some("a"), Some("A"), Some("b \\ %_"), Some("é"), Some("日本")];
    let mut pages = Pages::begin(destination);
    let row = |number: u32, changed: bool| {
        let second = if changed { ROWS + number } else { number };
        let fraction = if number.is_multiple_of(5) { ".5Z" } else { "Z" };
        let of = (number * 7_919) as usize % NAMES.len();
        let version = Version {
            id: format!("id {:05}", number * 7_919 % ROWS),
            cursor: Some(format!(
                "2026-01-02T{:02}:{:02}:{:02}{fraction}",
                second / 3600,
                second / 60 % 60,
                second % 60
            )),
            name: NAMES[(of + usize::from(changed)) % NAMES.len()].map(str::to_owned),
            created: (!number.is_multiple_of(3))
                .then(|| format!("20{:02}-01-01T00:00:00+00:00", number % 90 + 10)),
            extra: number.is_multiple_of(4).then(|| format!("{{\"n\":{number}}}")),
        };
        version.row()
    };
    for page in 0..9 {
        let rows = (0..1_000).map(|at| row(page * 1_000 + at, false)).collect();
        let batch = pages.next(rows, Some(&page.to_string()));
        destination.commit(&[batch]).unwrap();
    }
    let changed = pages.next((0..50).map(|number| row(number, true)).collect(), None);
    destination.commit(&[changed]).unwrap();
    destination.end(&pages.ending(false)).unwrap();
}

/// Both, filled alike.
struct Both {
    file: (Reader, Receiver<Answer>),
    server: (Reader, Receiver<Answer>),
    folder: TempDir,
    _address: Address,
}

impl Both {
    fn new(cluster: &Cluster, schema: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, address) = (folder.path().join("a.db"), cluster.address(schema));
        fill(&mut Sqlite::open(&path, &USER).unwrap().sqlite);
        fill(&mut Postgres::open(&address, &USER).unwrap().0);
        let (file, server) = (Sqlite::reader(&path, &USER), Postgres::reader(&address, &USER));
        Self { file, server, folder, _address: address }
    }

    /// Asks both, and compares what they say, but for the time that it took.
    fn ask(&mut self, question: &Question) -> Answer {
        let [file, server] = [&mut self.file, &mut self.server].map(|(reader, answers)| {
            reader.ask(question.clone());
            loop {
                match answers.blocking_recv().unwrap() {
                    Answer::Progress { .. } => {}
                    Answer::Failed { text, .. } => panic!("{question:?}: {text}"),
                    answer => return answer,
                }
            }
        });
        match (&file, &server) {
            (Answer::Window { slice, .. }, Answer::Window { slice: other, .. }) => {
                same(question, slice, other)
            }
            _ => same(question, &file, &server),
        }
        server
    }
}

fn same<T: Debug>(question: &Question, one: &T, other: &T) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{question:?}");
}

#[test]
fn windows_and_counts_are_those_of_a_file() {
    let Some(cluster) = shared() else { return };
    let mut both = Both::new(cluster, "reading");
    let columns =
        [0, 1, 6, 7].map(|position| [false, true].map(|descending| Order::Column { position, descending }));
    let orders: Vec<Order> = columns.into_iter().flatten().chain([Order::Stored]).collect();
    for text in ["", "a", "-name:a", "É", "b \\", "id:000 -name:B", "createdAt:2012", "nowhere", "\"a\0\""] {
        let filter = Filter::parse(text, &USER).unwrap();
        both.ask(&Question::Count { ticket: 1, filter: filter.clone() });
        for order in &orders {
            let view = View { filter: filter.clone(), order: *order };
            let window = |place| Question::Window { ticket: 2, view: view.clone(), place, rows: 20 };
            let mut places =
                vec![Place::Bottom, Place::Around("id 00042".to_owned()), Place::Around("no".to_owned())];
            if let Answer::Window { slice, .. } = both.ask(&window(Place::Top)) {
                let keys = slice.rows.iter().map(|row| row.key.clone());
                for key in keys.clone().take(1).chain(keys.rev().take(1)) {
                    places.extend([Place::After(key.clone()), Place::Before(key)]);
                }
            }
            for place in places {
                both.ask(&window(place));
            }
        }
    }
}

#[test]
fn a_row_runs_pages_and_an_export_are_those_of_a_file() {
    let Some(cluster) = shared() else { return };
    let mut both = Both::new(cluster, "log");
    for id in ["id 00000", "id 07919", "id 00042", "none", "\0"] {
        both.ask(&Question::Row { ticket: 1, id: id.to_owned() });
    }
    both.ask(&Question::Runs { ticket: 1, before: None, rows: 9 });
    both.ask(&Question::Runs { ticket: 1, before: Some(1), rows: 9 });
    for before in [None, Some(3)] {
        both.ask(&Question::Pages { ticket: 1, run: 1, before, rows: 4 });
    }
    let path = both.folder.path().join("rows.csv");
    let view = View {
        filter: Filter::parse("-name:é", &USER).unwrap(),
        order: Order::Column { position: 1, descending: true },
    };
    let export =
        Export { view, columns: vec![0, 6, 7, 1], format: Format::Csv, path: path.clone(), replace: true };
    both.ask(&Question::Export { ticket: 1, export: Box::new(export) });
    assert!(std::fs::read_to_string(path).unwrap().lines().count() > 1_000);
}

#[test]
fn a_question_that_takes_long_is_taken_back() {
    let Some(cluster) = shared() else { return };
    let both = Both::new(cluster, "long");
    // A view that sleeps a while for each row stands where the table stood.
    cluster.sql(
        "long",
        "ALTER TABLE \"user\" RENAME TO kept;
         CREATE VIEW \"user\" AS SELECT kept.* FROM kept, LATERAL (SELECT pg_sleep(0.1) WHERE kept.id IS NOT NULL) AS s",
    );
    let view = View { order: Order::Column { position: 1, descending: false }, ..View::default() };
    both.server.0.ask(Question::Window { ticket: 1, view, place: Place::Top, rows: 9 });
    let asked = "SELECT count(*) FROM pg_stat_activity
                 WHERE state = 'active' AND application_name = 'highwater' AND query LIKE '%ORDER BY (\"name\")%'";
    while cluster.sql("long", asked) == "0" {}
    // It would take a quarter of an hour, and the reader waits for its threads.
    drop(both);
    while cluster.sql("long", asked) != "0" {}
}
