//! Which files are opened, how, and which are refused in which words.

use std::fs;

use super::*;

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
        assert_eq!(value::<i64>(&sqlite, "PRAGMA user_version"), 6);
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
    assert!(text.contains("a newer highwater (format 99, this one knows 6)"), "{text}");
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
    assert!(writer._lock.is_some());
    let text = refused(&path);
    assert!(text.contains(&format!("in use by process {}", std::process::id())), "{text}");
    assert!(Sqlite::read(&path, &USER).unwrap()._lock.is_none());
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
fn what_is_no_regular_file_is_refused_and_nothing_is_put_beside_it() {
    let folder = folder();
    let path = folder.path().join("a.db");
    fs::create_dir(&path).unwrap();
    let text = refused(&path);
    assert!(text.contains("no regular file") && text.contains("another --db"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "not even a lock");
}

#[test]
fn rows_that_were_there_before_are_counted() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let other = Connection::open(&path).unwrap();
    let columns = "id TEXT NOT NULL PRIMARY KEY, name, email, address, company, job, updatedAt, createdAt";
    other.execute_batch(&format!("CREATE TABLE user ({columns}); INSERT INTO user (id) VALUES (7)")).unwrap();
    drop(other);
    assert_eq!(open(&path).stored().unwrap().rows, 1);
}

/// A file as the first version made it, with a row and a page.
fn of_the_first_version(path: &Path) {
    let old = Connection::open(path).unwrap();
    old.execute_batch(schema::MIGRATIONS[0]).unwrap();
    let columns = USER.columns.iter().map(|column| format!("\"{}\" TEXT", column.name));
    let columns = columns.collect::<Vec<_>>().join(", ").replacen("TEXT", "TEXT NOT NULL PRIMARY KEY", 1);
    old.execute_batch(&format!(
        "CREATE TABLE \"user\" ({columns});
         INSERT INTO user (id, name) VALUES ('a', 'A');
         UPDATE _highwater_state SET rows = 1, checkpoint = '2026-01-01T12:00:01Z';
         INSERT INTO _highwater_runs (started_at, start, mode, first, totals) VALUES ('then', '', '', '', '');
         INSERT INTO _highwater_pages VALUES
            (1, 1, 'token', 't', 1, 1, 0, 0, 0, 0, NULL, NULL, NULL, NULL, 'why', 1, 2, 3, 4, 'then');
         PRAGMA user_version = 1"
    ))
    .unwrap();
}

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date_and_keeps_all_it_holds() {
    let folder = folder();
    let path = folder.path().join("a.db");
    of_the_first_version(&path);
    let mut sqlite = open(&path);
    assert_eq!(value::<i64>(&sqlite, "PRAGMA user_version"), 6);
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.checkpoint), (1, Some(cursor(1))));
    assert_eq!(value::<String>(&sqlite, "SELECT id || name FROM user"), "aA");
    let old = "SELECT count(*) FROM _highwater_pages WHERE asked = 't' AND retries = 4 AND at = 'then'";
    assert_eq!(value::<i64>(&sqlite, old), 1);
    let added = "SELECT coalesce(url, status, headers, decode_ms, reasons, first_ids) FROM _highwater_pages";
    assert_eq!(value::<Option<String>>(&sqlite, added), None);

    let mut pages = Pages::begin(&mut sqlite);
    sqlite.commit(&[pages.next(vec![row("a", 2, "B")], None)]).unwrap();
    let before: String = value(&sqlite, "SELECT before FROM _highwater_previous");
    assert_eq!(before, r#"{"name":"A","updatedAt":null}"#);
}

#[test]
fn a_file_of_the_first_version_is_read_as_it_is() {
    let folder = folder();
    let path = folder.path().join("a.db");
    of_the_first_version(&path);
    let mut sqlite = Sqlite::read(&path, &USER).unwrap();
    assert_eq!(sqlite.stored().unwrap().checkpoint, Some(cursor(1)));
    assert_eq!(sqlite.history(9).unwrap(), []);
    assert_eq!(value::<i64>(&sqlite, "PRAGMA user_version"), 1);
    fs::write(&path, "").unwrap();
    let text = Sqlite::read(&path, &USER).unwrap_err().to_string();
    assert!(text.contains("still empty; run a sync into it first"), "{text}");
}

/// What may be a mixture is looked at before anything is written to it.
#[test]
fn a_file_that_is_not_whole_without_its_log_is_not_brought_up_to_date() {
    let folder = folder();
    let path = folder.path().join("a.db");
    of_the_first_version(&path);
    let old = Connection::open(&path).unwrap();
    old.execute_batch("PRAGMA journal_mode = WAL; UPDATE _highwater_state SET rows = 7").unwrap();
    drop(old);
    fs::write(folder.path().join("a.db.lock"), "process 1, since 2026-01-01T00:00:00Z").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(refused(&path).contains("7 rows were written down, and 1 are there"));
    assert!(fs::read(&path).unwrap() == before, "nothing was written to it");
}

/// A file of the second version, whose runs are of every kind: what it lost is known from their counters.
#[test]
fn a_file_of_the_second_version_tells_what_it_lost() {
    let exhausted = r#"{"why":"exhausted"}"#;
    let clean = ("auto", "complete", BEGINNING, exhausted, 0);
    for (runs, lost) in [
        (vec![("auto", "complete", BEGINNING, exhausted, 2)], Some((1, 1, 2))),
        (vec![("auto", "complete", BEGINNING, exhausted, 2), clean], None),
        // By token it cannot know.
        (
            vec![
                ("scroll", "complete", BEGINNING, exhausted, 2),
                ("scroll", "complete", BEGINNING, exhausted, 0),
            ],
            Some((1, 1, 2)),
        ),
        (
            vec![
                ("auto", "complete", BEGINNING, exhausted, 2),
                ("auto", "complete", "2026-01-01T00:00:00Z", exhausted, 0),
            ],
            Some((1, 1, 2)),
        ),
        (
            vec![
                ("auto", "complete", BEGINNING, exhausted, 2),
                ("auto", "stopped", BEGINNING, r#"{"why":"stopped"}"#, 0),
            ],
            Some((1, 1, 2)),
        ),
        (
            vec![
                ("auto", "complete", BEGINNING, exhausted, 2),
                ("auto", "complete", BEGINNING, r#"{"why":"no_data"}"#, 0),
            ],
            Some((1, 1, 2)),
        ),
        (
            vec![
                ("auto", "failed", BEGINNING, "", 1),
                ("auto", "complete", BEGINNING, r#"{"why":"empty_page","token":true}"#, 1),
            ],
            Some((1, 2, 2)),
        ),
        (vec![clean, ("auto", "complete", "2026-01-01T00:00:00Z", exhausted, 3)], Some((2, 1, 3))),
        (
            vec![
                ("auto", "complete", BEGINNING, exhausted, 2),
                ("auto", "complete", BEGINNING, r#"{"why":"empty_page","token":false}"#, 0),
            ],
            None,
        ),
    ] {
        let folder = folder();
        let path = folder.path().join("a.db");
        of_the_first_version(&path);
        let old = Connection::open(&path).unwrap();
        old.execute_batch(schema::MIGRATIONS[1]).unwrap();
        old.execute_batch(
            "DELETE FROM _highwater_runs; DELETE FROM sqlite_sequence; PRAGMA user_version = 2",
        )
        .unwrap();
        for (mode, outcome, first, end, seams) in &runs {
            let (first, totals) = (json(&Request::Since(Cursor::parse(first).unwrap())), seams);
            let seams = crate::run::Seams { tie_unsafe: *totals, ..Default::default() };
            old.execute(
                "INSERT INTO _highwater_runs (started_at, start, mode, first, outcome, end, totals)
                 VALUES ('', '', ?5, ?1, ?2, ?3, ?4)",
                params![first, outcome, end, json(&Totals { seams, ..Totals::default() }), mode],
            )
            .unwrap();
        }
        drop(old);
        assert_eq!(Sqlite::read(&path, &USER).unwrap().stored().unwrap().lost, None, "not told before");
        let found = open(&path).stored().unwrap().lost;
        assert_eq!(found.map(|lost| (lost.first, lost.runs, lost.seams)), lost, "{runs:?}");
    }
}
