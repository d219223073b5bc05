//! Each promise, broken by hand: the check that is about it says so, with a remedy.

use rusqlite::Connection;

use super::report::{checks, findings, three_runs};

/// Each thing that must hold, broken by hand: the check that is about it says so.
#[test]
fn each_promise_that_is_broken_is_named() {
    let (_server, _, highwater) = three_runs();
    let sound = std::fs::read(highwater.db()).unwrap();
    let broken = highwater.home().join("broken.db");
    for (sql, check, words) in [
        ("DELETE FROM user WHERE id = (SELECT min(id) FROM user)", "rows", "the table has 199 rows"),
        ("UPDATE _highwater_state SET rows = 7", "rows", "the state has counted 7"),
        (
            "UPDATE _highwater_pages SET new = 90, same = -40 WHERE run = 1 AND page = 1",
            "rows",
            "the pages brought",
        ),
        (
            "UPDATE _highwater_state SET newest = '2020-01-01T00:00:00Z'",
            "cursors",
            "the newest by the state is 2020",
        ),
        ("UPDATE _highwater_state SET newest = NULL", "cursors", "the newest by the state is none"),
        (
            "UPDATE _highwater_state SET oldest = '2030-01-01T00:00:00Z'",
            "cursors",
            "the oldest by the state is 2030",
        ),
        ("UPDATE _highwater_state SET checkpoint = 'soon'", "checkpoint", "soon is not a date and time"),
        (
            "UPDATE _highwater_state SET checkpoint = '2999-01-01T00:00:00Z'",
            "checkpoint",
            "above all that is stored",
        ),
        (
            "UPDATE _highwater_state SET checkpoint = '2020-01-01T00:00:00Z'",
            "history",
            "the checkpoint is 2020",
        ),
        ("UPDATE _highwater_state SET checkpoint = NULL", "history", "the checkpoint is none"),
        ("UPDATE _highwater_state SET checkpoint = '2020-01-01T00:00:00Z'", "pages", "no operator moved it"),
        (
            "UPDATE _highwater_history SET before = '2020-01-01T00:00:00Z' WHERE entry = 1",
            "history",
            "move 1 begins at 2020",
        ),
        (
            "UPDATE _highwater_history SET before = '2998-01-01T00:00:00Z' WHERE entry = 1",
            "history",
            "run 1 took it back",
        ),
        (
            "UPDATE _highwater_pages SET rows = -rows, new = -new, changed = -changed, same = -same, stale = -stale
             WHERE run = 2 AND page = 2",
            "pages",
            "out of range",
        ),
        (
            "UPDATE _highwater_pages SET decision = replace(decision, last, '1' || last) WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 2: was asked",
        ),
        (
            "DELETE FROM _highwater_pages WHERE run = 2 AND page = 2",
            "pages",
            "run 2, page 3: page 2 should come here",
        ),
        (
            "DELETE FROM _highwater_pages WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 2: page 1 should come here",
        ),
        (
            "UPDATE _highwater_pages SET asked = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 1: was asked by since from 2020-01-01T00:00:00Z, its run began by since",
        ),
        (
            "UPDATE _highwater_pages SET asked = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 2",
            "pages",
            "run 2, page 2: was asked by since from 2020-01-01T00:00:00Z, and page 1 says: asks again",
        ),
        (
            "UPDATE _highwater_pages SET last = '2020-01-01T00:00:00Z' WHERE run = 2 AND page = 1",
            "pages",
            "run 2, page 2: was asked",
        ),
        (
            "UPDATE _highwater_pages SET token = 'x' WHERE run = 1 AND page = 1",
            "pages",
            "run 1, page 2: was asked by token",
        ),
        ("UPDATE _highwater_pages SET asked = 'x' WHERE run = 1 AND page = 2", "pages", "by token from x"),
        (
            "UPDATE _highwater_pages SET asked_by = 'since', asked = '2999-01-01T00:00:00Z' WHERE run = 1 AND page = 2",
            "pages",
            "by since from 2999",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = '2020-01-01T00:00:00Z' WHERE run = 1 AND page = 3",
            "pages",
            "run 1, page 3: took the checkpoint back",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = '2999-01-01T00:00:00Z' WHERE run = 1 AND page = 4",
            "pages",
            "run 1, page 4: moved the checkpoint to 2999-01-01T00:00:00Z, above",
        ),
        (
            "UPDATE _highwater_pages SET checkpoint = 'soon' WHERE run = 1 AND page = 4",
            "pages",
            "its checkpoint soon is not",
        ),
        ("UPDATE _highwater_pages SET same = same + 1 WHERE run = 2 AND page = 1", "pages", "of 51 is said"),
        (
            "UPDATE _highwater_pages SET same = same + 1 WHERE run = 2 AND page = 1",
            "runs",
            "same rows, and its pages",
        ),
        (
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.pages', 9) WHERE run = 1",
            "runs",
            "run 1 has counted 9 pages, and its pages have 4",
        ),
        (
            "UPDATE _highwater_runs SET totals = 'none' WHERE run = 1",
            "runs",
            "run 1: its counters cannot be read",
        ),
        ("DELETE FROM _highwater_runs WHERE run = 1", "pages", "its run is not among the runs"),
        ("DELETE FROM _highwater_runs WHERE run = 3", "unfinished", "run 3 is not among the runs"),
        ("UPDATE _highwater_runs SET walk = NULL WHERE run = 3", "unfinished", "run 3 has no walk"),
        ("UPDATE _highwater_runs SET walk = '{}' WHERE run = 3", "unfinished", "its walk cannot be read"),
        (
            "UPDATE _highwater_runs SET walk = json_set(walk, '$.page', 7) WHERE run = 3",
            "unfinished",
            "run 3 has walked 7 pages, and 2 are logged",
        ),
        (
            "UPDATE _highwater_runs SET walk = json_set(walk, '$.mark.checkpoint', '2020-01-01T00:00:00Z') WHERE run = 3",
            "unfinished",
            "goes by the checkpoint 2020",
        ),
        (
            "INSERT INTO _highwater_extra VALUES ('ghost', '{}')",
            "beside",
            "_highwater_extra: id ghost is not",
        ),
        ("INSERT INTO _highwater_extra SELECT min(id), 'no' FROM user", "beside", "is not JSON"),
        (
            "INSERT INTO _highwater_previous VALUES ('ghost', 1, 1, '', '{}')",
            "beside",
            "_highwater_previous: id ghost is not",
        ),
        (
            "INSERT INTO _highwater_quarantine (run, page, position, reason, row, at)
             VALUES (1, 2, 0, 'no id ' || char(27) || '[31m', '{}', '')",
            "quarantine",
            "run 1, page 2: 1 row: no id <U+001B>[31m",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "\"user\" has no key",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "is there 2 times",
        ),
        (
            "CREATE TABLE other AS SELECT * FROM user; DROP TABLE user; ALTER TABLE other RENAME TO user;
             INSERT INTO user SELECT * FROM user ORDER BY id LIMIT 1; INSERT INTO user (name) VALUES ('x')",
            "key",
            "1 row without an id",
        ),
        (
            "UPDATE _highwater_runs SET totals = json_set(totals, '$.tie_unsafe', 2), mode = 'scroll', seams = 2
             WHERE run = 3",
            "seams",
            "run 3, walk scroll: 2 seams crossed by token",
        ),
        ("UPDATE _highwater_runs SET seams = 2 WHERE run = 1", "seams", "run 1 keeps another number of seams"),
        (
            "UPDATE _highwater_state SET clean = 1",
            "seams",
            "the last run that lost nothing is 2, and by the state 1",
        ),
        (
            "UPDATE _highwater_pages SET decision = x'00' WHERE run = 1 AND page = 1",
            "pages",
            "cannot be read",
        ),
        ("DROP TABLE _highwater_history", "history", "no such table"),
    ] {
        std::fs::write(&broken, &sound).unwrap();
        Connection::open(&broken).unwrap().execute_batch(sql).unwrap();
        let done = highwater.verify_file(&broken, &["--json"]);
        assert_eq!(done.code(), 3, "{sql}: {done}");
        let told = findings(&done, check);
        assert!(told.contains(words), "{sql}: {check}: {told}");
        assert!(checks(&done)[check]["remedy"].is_string(), "{sql}: {done}");
        let plain = highwater.verify_file(&broken, &[]);
        assert_eq!(plain.code(), 3, "{sql}: {plain}");
        assert!(plain.stdout.contains(words) && !plain.stdout.contains('\u{1b}'), "{sql}: {plain}");
    }
}
