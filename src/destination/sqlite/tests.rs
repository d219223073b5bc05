use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::record::{BEGINNING, Page, Quarantined, Row, USER};
use crate::sync::command::Start;
use crate::sync::event::{Counts, Fate};
use crate::walk::{End, Mode, Request, Walk};

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(path: &Path) -> Sqlite {
    Sqlite::open(path, &USER).unwrap().sqlite
}

fn refused(path: &Path) -> String {
    Sqlite::open(path, &USER).unwrap_err().to_string()
}

fn noon() -> DateTime<Utc> {
    time("2026-01-01T12:00:00Z").unwrap()
}

fn cursor(second: u32) -> Cursor {
    Cursor::parse(&stamp(noon() + TimeDelta::seconds(second.into()))).unwrap()
}

/// A version of a row: of this id, of this second (0: without a cursor), with this name.
fn row(id: &str, second: u32, name: &str) -> Row {
    let cursor = (second > 0).then(|| cursor(second));
    let mut values = vec![None; USER.columns.len()].into_boxed_slice();
    values[USER.primary_key] = Some(id.to_owned());
    values[1] = Some(name.to_owned());
    values[USER.cursor] = cursor.as_ref().map(|cursor| cursor.text().to_owned());
    Row { values, cursor, extra: None }
}

/// A run under way: its walk, and the pages that it has brought.
struct Pages {
    run: i64,
    walk: Walk,
}

impl Pages {
    fn begin(sqlite: &mut Sqlite) -> Self {
        let checkpoint = sqlite.stored().unwrap().checkpoint;
        let start = checkpoint.clone().unwrap_or_else(|| Cursor::parse(BEGINNING).unwrap());
        let walk = Walk::new(Mode::Scroll, true, start, checkpoint);
        let run = sqlite.begin(&NewRun { start: Start::Checkpoint, walk: walk.clone(), at: noon() }).unwrap();
        Self { run, walk }
    }

    fn next(&mut self, rows: Vec<Row>, token: Option<&str>) -> Batch {
        let request = self.walk.next().clone();
        let page = Page { rows, token: token.map(str::to_owned), has_data: true, ..Page::default() };
        let step = self.walk.on_page(&page, noon() + TimeDelta::days(1));
        Batch {
            run: self.run,
            page: step.page,
            request,
            rows: page.rows,
            quarantined: Vec::new(),
            token: page.token,
            at: noon(),
            walk: self.walk.snapshot(),
            decision: step.decision.to_string(),
            totals: Totals { pages: step.page, ..Totals::default() },
            future: 0,
            wait_ms: 1,
            body_ms: 2,
            bytes: 3,
            retries: 4,
            show: 2,
        }
    }

    fn ending(&self, outcome: Outcome, resumable: bool) -> Ending {
        let totals = Totals { pages: 7, ..Totals::default() };
        let text = "so it ended".to_owned();
        Ending { run: self.run, outcome, end: End::Stopped, text, totals, resumable, at: noon() }
    }
}

fn value<T: rusqlite::types::FromSql>(sqlite: &Sqlite, query: &str) -> T {
    sqlite.connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[cfg(unix)]
#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path().join("new/deeper/a.db");
    let mut sqlite = open(&path);
    let mut pages = Pages::begin(&mut sqlite);
    sqlite.commit(&[pages.next(vec![row("a", 1, "A")], None)]).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    let mut seen = 0;
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        seen += 1;
    }
    assert_eq!(seen, 4, "the database, its log, its index and the lock");
}

#[test]
fn an_empty_file_is_brought_up_to_date_and_opened_again_as_it_is() {
    let folder = folder();
    let path = folder.path().join("a.db");
    fs::write(&path, "").unwrap();
    for _ in 0..2 {
        let mut sqlite = open(&path);
        let stored = sqlite.stored().unwrap();
        assert_eq!((stored.rows, stored.checkpoint, stored.unfinished.is_none()), (0, None, true));
        assert_eq!(value::<i64>(&sqlite, "PRAGMA user_version"), 1);
        assert_eq!(value::<i64>(&sqlite, "PRAGMA synchronous"), 2, "FULL");
        assert_eq!(value::<String>(&sqlite, "PRAGMA journal_mode"), "wal");
        let columns = "SELECT group_concat(name) FROM pragma_table_info('user')";
        assert_eq!(
            value::<String>(&sqlite, columns),
            "id,name,email,address,company,job,updatedAt,createdAt"
        );
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("a.db");
    drop(open(&path));
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let text = refused(&path);
    assert!(text.contains("a newer highwater (format 99, this one knows 1)"), "{text}");
    assert!(Sqlite::read(&path, &USER).unwrap_err().to_string().contains("newer highwater"));
}

#[test]
fn a_database_of_something_else_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE user (id TEXT PRIMARY KEY, password TEXT)").unwrap();
    drop(other);
    let text = refused(&path);
    assert!(text.contains("its table \"user\" has the columns id, password, not id, name,"), "{text}");
    assert!(text.contains("give another --db"), "{text}");
    let other = Connection::open(&path).unwrap();
    let tables: i64 = other
        .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))
        .unwrap();
    let version: i64 = other.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let journal: String = other.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!((tables, version, journal.as_str()), (1, 0, "delete"), "nothing about it was changed");
}

#[test]
fn a_database_of_something_else_at_the_same_version_is_refused_too() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE songs (id TEXT); PRAGMA user_version = 1").unwrap();
    drop(other);
    let text = refused(&path);
    assert!(text.contains("was not made by highwater") && text.contains("give another --db"), "{text}");
}

#[test]
fn a_file_that_is_no_database_is_refused_with_a_remedy() {
    let folder = folder();
    let path = folder.path().join("a.db");
    fs::write(&path, "not a database, but long enough to look like one ".repeat(50)).unwrap();
    let text = refused(&path);
    assert!(text.contains("no SQLite database") && text.contains("another --db"), "{text}");
    assert!(text.contains(path.to_str().unwrap()), "{text}");
}

#[test]
fn a_damaged_database_is_an_error_and_no_panic() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = open(&path);
    let mut pages = Pages::begin(&mut sqlite);
    let rows = (1..=500).map(|number| row(&number.to_string(), number, "somebody")).collect();
    sqlite.commit(&[pages.next(rows, None)]).unwrap();
    drop(sqlite);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let read = Sqlite::open(&path, &USER).and_then(|mut opened| opened.sqlite.stored());
    let text = read.unwrap_err().to_string();
    assert!(text.contains("restore it"), "{text}");
}

#[test]
fn a_place_where_no_file_can_be_made_is_named_with_a_remedy() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let text = refused(&file.join("a.db"));
    assert!(text.starts_with(&file.display().to_string()) && text.contains("choose another --db"), "{text}");
    let text = refused(folder.path());
    assert!(text.contains(&folder.path().display().to_string()), "a directory is no file: {text}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_may_not_be_written_to_is_named_with_a_remedy() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let text = refused(&folder.path().join("a.db"));
    assert!(
        text.contains("Permission denied") && text.contains("check the directory's permissions"),
        "{text}"
    );
}

#[test]
fn one_writer_at_a_time_but_readers_come_and_go() {
    let folder = folder();
    let path = folder.path().join("a.db");
    assert!(Sqlite::read(&path, &USER).unwrap_err().to_string().contains("run a sync first"));
    let writer = open(&path);
    assert!(writer.is_writer());
    let text = refused(&path);
    assert!(text.contains(&format!("in use by process {}", std::process::id())), "{text}");
    assert!(!Sqlite::read(&path, &USER).unwrap().is_writer());
    drop(writer);
    open(&path);
}

#[test]
fn a_file_belongs_to_one_source_until_its_checkpoint_is_forgotten() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    sqlite.bind("https://one.example").unwrap();
    sqlite.bind("https://one.example").unwrap();
    let text = sqlite.bind("https://two.example").unwrap_err().to_string();
    assert!(text.contains("the rows of https://one.example, not of https://two.example"), "{text}");
    assert!(text.contains("highwater state reset"), "{text}");
    sqlite.move_checkpoint("reset", None, noon()).unwrap();
    sqlite.bind("https://two.example").unwrap();
}

#[test]
fn undoing_a_reset_gives_the_file_back_to_its_source() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    sqlite.bind("https://one.example").unwrap();
    sqlite.move_checkpoint("set", Some(&cursor(5)), noon()).unwrap();
    sqlite.move_checkpoint("reset", None, noon()).unwrap();
    sqlite.undo(noon()).unwrap();
    assert_eq!(sqlite.stored().unwrap().checkpoint, Some(cursor(5)));
    assert!(
        sqlite.bind("https://two.example").is_err(),
        "under this checkpoint its older rows would be skipped"
    );
    sqlite.bind("https://one.example").unwrap();
}

#[test]
fn a_run_and_its_pages_come_back_as_they_were_stored() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = open(&path);
    let mut pages = Pages::begin(&mut sqlite);
    let mut first = pages.next(vec![row("a", 2, "A"), row("b", 3, "B"), row("c", 0, "C")], Some("t1"));
    first.quarantined = vec![Quarantined { position: 1, reason: "why".to_owned(), json: "{}".to_owned() }];
    let second = pages.next(vec![row("d", 1, "D")], Some("t2"));
    let committed = sqlite.commit(&[first, second]).unwrap();
    assert_eq!(
        committed[0].counts,
        Counts { rows: 4, new: 3, quarantined: 1, no_cursor: 1, ..Counts::default() }
    );
    assert_eq!((committed[0].rows, committed[1].rows), (3, 4));
    assert_eq!(committed[0].shown.len(), 2, "the last ones, as many as were asked for");
    drop(sqlite);

    let mut sqlite = open(&path);
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.oldest), (4, Some(cursor(1))));
    assert_eq!(
        (stored.checkpoint, stored.checkpoint_at),
        (Some(cursor(3)), Some(noon())),
        "held at the inversion"
    );
    let run = stored.unfinished.unwrap();
    assert_eq!((run.run, run.outcome, run.started_at), (pages.run, None, noon()));
    assert_eq!(run.token, Some(("t2".to_owned(), noon())));
    assert_eq!((run.walk.next(), run.walk.is_held()), (&Request::Token("t2".to_owned()), true));
    assert_eq!((run.totals.pages, run.totals.commits, run.totals.counts.rows), (2, 1, 5));
    let logged = "SELECT count(*) FROM _highwater_pages WHERE retries = 4 AND bytes = 3 AND run = 1";
    assert_eq!(value::<i64>(&sqlite, logged), 2);

    sqlite.mark(pages.run, Some(Outcome::Paused)).unwrap();
    assert_eq!(sqlite.stored().unwrap().unfinished.unwrap().outcome, Some(Outcome::Paused));
    sqlite.end(&pages.ending(Outcome::Stopped, true)).unwrap();
    let left = sqlite.stored().unwrap().unfinished.unwrap();
    assert_eq!((left.outcome, left.totals.pages), (Some(Outcome::Stopped), 7));
    sqlite.end(&pages.ending(Outcome::Complete, false)).unwrap();
    assert!(sqlite.stored().unwrap().unfinished.is_none());
}

#[test]
fn a_new_run_closes_the_one_that_was_left() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut left = Pages::begin(&mut sqlite);
    let late = left.next(vec![row("a", 1, "A")], Some("t"));
    let new = Pages::begin(&mut sqlite);
    assert_eq!((left.run, new.run), (1, 2));
    assert_eq!(sqlite.stored().unwrap().unfinished.unwrap().run, 2);
    assert_eq!(
        value::<String>(&sqlite, "SELECT text FROM _highwater_runs WHERE run = 1"),
        "a later run took its place"
    );
    drop(late);
}

#[test]
fn a_page_is_stored_once_or_not_at_all() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let first = pages.next(vec![row("a", 1, "A")], Some("t"));
    let second = pages.next(vec![row("b", 2, "B")], None);
    sqlite.commit(std::slice::from_ref(&first)).unwrap();
    let replayed = Batch { rows: vec![row("c", 1, "C")], ..first };
    assert!(sqlite.commit(&[second.clone(), replayed]).is_err(), "the page log has this page already");
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.checkpoint), (1, Some(cursor(1))), "and nothing of the group is stored");
    sqlite.commit(&[second]).unwrap();
    assert_eq!(sqlite.stored().unwrap().rows, 2);
}

#[test]
fn a_run_cannot_take_the_checkpoint_back() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let early = pages.next(vec![row("a", 1, "A")], Some("t"));
    let late = pages.next(vec![row("b", 9, "B")], None);
    sqlite.commit(&[late]).unwrap();
    let text = sqlite.commit(&[early]).unwrap_err().to_string();
    assert!(text.contains("the checkpoint would go back"), "{text}");
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.checkpoint), (1, Some(cursor(9))), "nothing of it is stored");
}

#[test]
fn every_move_of_the_checkpoint_is_written_down_and_can_be_taken_back() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    assert_eq!(sqlite.undo(noon()).unwrap(), None);
    let mut pages = Pages::begin(&mut sqlite);
    let batches =
        [pages.next(vec![row("a", 1, "A")], Some("t")), pages.next(vec![row("b", 2, "B")], Some("u"))];
    for batch in batches {
        sqlite.commit(&[batch]).unwrap();
    }
    let before = sqlite.move_checkpoint("set", Some(&cursor(7)), noon()).unwrap();
    assert_eq!(before.as_deref(), Some(cursor(2).text()));
    assert!(sqlite.stored().unwrap().unfinished.is_none(), "its token belongs to another window");
    let moves: Vec<_> =
        sqlite.history(9).unwrap().into_iter().map(|entry| (entry.cause, entry.after)).collect();
    let text = |second| Some(cursor(second).text().to_owned());
    assert_eq!(
        moves,
        [("set".to_owned(), text(7)), ("run".to_owned(), text(2))],
        "a run is one move, newest first"
    );

    for (cause, checkpoint) in [("set", Some(cursor(2))), ("run", None)] {
        assert_eq!(sqlite.undo(noon()).unwrap().unwrap().cause, cause);
        assert_eq!(sqlite.stored().unwrap().checkpoint, checkpoint);
    }
    assert_eq!(sqlite.undo(noon()).unwrap(), None, "what was taken back is not taken back again");
    let history = sqlite.history(9).unwrap();
    assert_eq!(history.len(), 4);
    assert!(history[2..].iter().all(|entry| entry.undone_by.is_some()));
    assert_eq!(sqlite.history(1).unwrap().len(), 1);
}

/// Versions of a few rows: id, second, and a name that differs where the version does.
fn versions() -> impl Strategy<Value = Vec<Vec<(u8, u32)>>> {
    prop::collection::vec(prop::collection::vec((0..5_u8, 1..20_u32), 0..8), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever order versions come in, the table ends with the newest of each, and the counts say what happened.
    #[test]
    fn the_newest_version_of_each_row_stays(versions in versions(), shuffled in any::<bool>()) {
        let folder = folder();
        let mut sqlite = open(&folder.path().join("a.db"));
        let mut pages = Pages::begin(&mut sqlite);
        let batches: Vec<Batch> = versions.iter().enumerate().map(|(number, page)| {
            let rows = page.iter().map(|(id, second)| row(&id.to_string(), *second, &format!("v{second}")));
            pages.next(rows.collect(), Some(&number.to_string()))
        }).collect();
        let committed = match shuffled {
            true => sqlite.commit(&batches).unwrap(),
            false => batches.iter().flat_map(|batch| sqlite.commit(std::slice::from_ref(batch)).unwrap()).collect(),
        };

        let mut newest = std::collections::BTreeMap::new();
        let mut expected = Counts::default();
        for (id, second) in versions.iter().flatten() {
            expected.rows += 1;
            match newest.get(id) {
                None => expected.new += 1,
                Some(stored) if second > stored => expected.changed += 1,
                Some(stored) if second == stored => expected.same += 1,
                Some(_) => expected.stale += 1,
            }
            let stored = newest.entry(*id).or_insert(*second);
            *stored = (*stored).max(*second);
        }
        let mut counts = Counts::default();
        committed.iter().for_each(|page| counts.add(&page.counts));
        prop_assert_eq!(counts, expected);

        let mut query = sqlite.connection.prepare("SELECT id, name, updatedAt FROM user ORDER BY id").unwrap();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let table: Vec<(String, String, String)> =
            query.query_map([], read).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let newest: Vec<_> = newest
            .into_iter()
            .map(|(id, second)| (id.to_string(), format!("v{second}"), cursor(second).text().to_owned()))
            .collect();
        prop_assert_eq!(table.len() as u64, committed.last().map_or(0, |page| page.rows));
        prop_assert_eq!(table, newest);
    }
}

#[test]
fn what_became_of_a_row_is_told_with_it() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let fates = [
        (row("a", 5, "A"), Fate::New),
        (row("a", 5, "A"), Fate::Same),
        (row("a", 5, "B"), Fate::Changed),
        (row("a", 4, "C"), Fate::Stale),
        (row("a", 0, "D"), Fate::Changed),
        (row("a", 4, "E"), Fate::Changed),
    ];
    for (number, (row, fate)) in fates.into_iter().enumerate() {
        let committed = sqlite.commit(&[pages.next(vec![row], Some(&number.to_string()))]).unwrap();
        assert_eq!(committed[0].shown[0].fate, fate, "{number}");
    }
}
