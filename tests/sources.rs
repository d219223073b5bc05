//! Sources by configuration, from outside: the commands that tell of them, and a run that goes by one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;
use std::process::Command;

use highwater::playground::{Options, Playground};
use rusqlite::Connection;
use tokio::runtime::Runtime;

/// The built-in API as a source of another shape: another table, other names, fewer columns.
const PEOPLE: &str = r#"
[source.people]
about = "People, as an example"
url = "URL"
rows = "data"
table = "person"
key = "id"
cursor = "changed"
since = { send = "query:updated_since", initial = "0001-01-01T00:00:00Z" }
next = { from = "body:scroll_param", send = "query:scroll_param" }
columns = { id = "STRING", name = "STRING", updatedAt = { name = "changed", type = "UTC_DATETIME" } }
"#;

struct Rig {
    home: tempfile::TempDir,
    url: String,
    _server: Playground,
    _runtime: Runtime,
}

impl Rig {
    fn start(config: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = Options { users: 120, page_size: 50, frozen: true, ..Options::default() };
        let server = runtime.block_on(Playground::start(options, None)).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("c.toml"), config.replace("URL", &server.url())).unwrap();
        Self { home, url: server.url(), _server: server, _runtime: runtime }
    }

    fn run(&self, line: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        command.args(line.split_whitespace()).env_clear().env("HOME", self.home.path());
        command.env("HIGHWATER_CONFIG", self.home.path().join("c.toml")).current_dir(self.home.path());
        let done = command.output().unwrap();
        (done.status.code().unwrap(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    }

    /// The databases in the data directory.
    fn databases(&self) -> Vec<PathBuf> {
        let Ok(folder) = std::fs::read_dir(self.home.path().join(".local/share/highwater")) else {
            return vec![];
        };
        let files = folder.map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "db")).collect()
    }
}

#[test]
fn a_run_goes_by_the_source_and_stores_it_in_a_file_of_its_own() {
    let rig = Rig::start(&format!("{PEOPLE}\n{}", PEOPLE.replace("[source.people]", "[source.folk]")));
    let (code, said) = rig.run("sync --source people");
    assert_eq!(code, 0, "{said}");
    let [file] = &rig.databases()[..] else { panic!("{:?}", rig.databases()) };
    assert!(file.file_name().unwrap().to_string_lossy().starts_with("people-"), "{file:?}");
    let table = Connection::open(file).unwrap();
    let count = |sql: &str| table.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM person WHERE name <> '' AND changed <> ''"), 120);
    assert_eq!(rig.run("verify --source people --against-source").0, 0);
    let (code, said) = rig.run("state show --source people");
    assert!(code == 0 && said.contains("rows         120") && said.contains("people, http://"), "{said}");
    assert!(rig.run("schema --source people").1.contains("\"table\": \"person\""));
    // Under another name it is another source, although its address is the same; a table of another name has a
    // checkpoint of its own.
    let (code, said) = rig.run(&format!("sync --source folk --db {}", file.display()));
    assert!(code == 1 && said.contains("holds the rows of people"), "{said}");
    assert_eq!(rig.run(&format!("sync --url {} --db {}", rig.url, file.display())).0, 0);
    assert_eq!((rig.databases().len(), count("SELECT count(*) FROM user")), (1, 120));
}

/// What has no place in the table can be looked up by the names that are told, whatever the table is called.
#[test]
fn what_stands_beside_the_table_is_where_it_is_said_to_be() {
    for (old, new, kept, beside) in [
        ("", "", "kept in _highwater_person__extra", "_highwater_person__extra"),
        (
            "name = \"STRING\"",
            "name = \"INT\"",
            "120 rows did not fit the table and went to _highwater_person__quarantine",
            "_highwater_person__quarantine",
        ),
    ] {
        let rig = Rig::start(&PEOPLE.replacen(old, new, 1));
        let (_, said) = rig.run("sync --source people --db p.db");
        // Once at the first page that has some, and once at the end.
        let (first, end) = said.split_once("run 1 complete").unwrap();
        assert!(first.contains(&format!("kept in {beside}")) && end.contains(kept), "{said}");
        let table = Connection::open(rig.home.path().join("p.db")).unwrap();
        let count = format!("SELECT count(*) FROM {beside}");
        assert_eq!(table.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap(), 120, "{beside}");
    }
    let rig = Rig::start(&PEOPLE.replace("name = \"STRING\"", "name = \"INT\""));
    rig.run("sync --source people --db p.db");
    let (code, said) = rig.run("verify --source people --db p.db");
    let look = said.lines().find_map(|line| line.trim().strip_prefix("→ ")).unwrap();
    let table = Connection::open(rig.home.path().join("p.db")).unwrap();
    let look = table.prepare(look.split_once(" tells why").unwrap().0);
    assert_eq!((code, look.is_ok()), (3, true), "{said}");
}

#[test]
fn a_checkpoint_by_hand_is_read_as_the_source_writes_it() {
    let config =
        PEOPLE.replace("since = { send = \"query:updated_since\", initial = \"0001-01-01T00:00:00Z\" }", "");
    let config =
        config.replace("cursor = \"changed\"", "cursor = \"changed\"\nformat = \"date\"\norder = \"none\"");
    let rig = Rig::start(&config);
    for line in ["state set 2026-11-16T19:05:47Z", "state rewind --to 5"] {
        let (code, said) = rig.run(&format!("{line} --source people"));
        assert!(code == 2 && said.contains("is not a date such as 2026-11-16"), "{said}");
    }
    assert_eq!(rig.run("state set 2026-11-16").0, 2, "of the built-in API that is no cursor");
}

/// What is kept with the name of its format is shown without it.
#[test]
fn the_history_of_a_checkpoint_shows_what_the_source_writes() {
    let rig = Rig::start(&PEOPLE.replace("cursor = \"changed\"", "cursor = \"changed\"\nformat = \"text\""));
    let (code, said) = rig.run("sync --source people");
    assert_eq!(code, 0, "{said}");
    for line in ["state set --source people m", "state undo --source people", "state history --source people"]
    {
        let (code, said) = rig.run(line);
        assert!(code == 0 && said.contains("20") && !said.contains("text:"), "{line}: {said}");
    }
}

#[test]
fn what_there_is_is_listed_and_what_is_shown_can_be_pasted() {
    let rig = Rig::start(PEOPLE);
    let (code, list) = rig.run("source list");
    let people = list.lines().next().unwrap();
    assert!(code == 0 && people.starts_with("people ") && people.contains("config.toml"), "{list}");
    assert!(people.contains("tie-safe") && people.ends_with("People, as an example"), "{list}");
    for line in list.lines() {
        let name = line.split_whitespace().next().unwrap();
        let (code, shown) = rig.run(&format!("source show {name}"));
        assert!(code == 0 && shown.contains(&format!("\n[source.{name}]\n")), "{shown}");
        std::fs::write(rig.home.path().join("pasted.toml"), &shown).unwrap();
        let (code, pasted) = rig.run(&format!("source show {name} --config pasted.toml"));
        assert_eq!(code, 0, "{shown}{pasted}");
        assert_eq!(pasted, rig.run(&format!("source show {name} --config pasted.toml")).1);
    }
    let (code, said) = rig.run("source show poeple");
    assert!(code == 2 && said.contains("did you mean \"people\"?"), "{said}");
}

#[test]
fn the_settings_in_force_name_the_source_and_where_each_value_is_from() {
    let rig = Rig::start(PEOPLE);
    let (code, said) = rig.run("config show --source people");
    let has = |line: &str| said.lines().any(|shown| shown.starts_with(line));
    assert!(code == 0 && has("name = \"people\"") && has(&format!("url = \"{}\"", rig.url)), "{said}");
    assert!(said.contains("c.toml:4") && said.contains("people-"), "{said}");
}

#[test]
fn a_check_says_what_does_not_fit() {
    let rig = Rig::start(PEOPLE);
    let (code, said) = rig.run("source check people");
    assert!(
        code == 0
            && said.contains("its row came again")
            && said.contains("as they have no column: address STRING"),
        "{said}"
    );
    for (old, new, words) in [
        ("rows = \"data\"", "rows = \"items\"", "there is nothing at `items`"),
        ("name = \"STRING\"", "name = \"INT\"", "the table cannot hold 50 rows of 50"),
        ("cursor = \"changed\"", "cursor = \"name\"", "is a date and time such as"),
        ("query:updated_since", "query:since", "Unexpected query parameters: since"),
        ("initial = \"0001-01-01T00:00:00Z\" }", "bound = \"exclusive\" }", "came again"),
    ] {
        assert!(PEOPLE.contains(old));
        let rig = Rig::start(&PEOPLE.replace(old, new));
        let (code, said) = rig.run("source check people");
        assert!(said.contains(words), "{new}: {said}");
        assert_eq!(code == 0, !(said.contains("WRONG") || said.contains("ATTENTION")), "{new}: {said}");
    }
}

/// From an address alone to a table: guessed, written down, checked, run.
#[test]
fn a_source_that_was_guessed_is_run() {
    let rig = Rig::start("# mine\n");
    let address = format!("{}?updated_since=2020-01-01T00:00:00Z", rig.url);
    let (code, said) = rig.run(&format!("source new guessed --url {address} --write"));
    assert!(code == 0 && said.contains("# Found: `id` tells them apart."), "{said}");
    let config = std::fs::read_to_string(rig.home.path().join("c.toml")).unwrap();
    assert!(config.starts_with("# mine\n\n# Guessed"), "{config}");
    let (code, said) = rig.run("source check guessed");
    assert!(code == 0 && said.contains("Tie-safe"), "{said}");
    assert_eq!(rig.run("sync --source guessed --db g.db").0, 0);
    let table = Connection::open(rig.home.path().join("g.db")).unwrap();
    let rows = table.query_row("SELECT count(*) FROM guessed", [], |row| row.get::<_, i64>(0));
    assert_eq!(rows.unwrap(), 120);

    let (code, said) = rig.run(&format!("source new guessed --url {address} --write"));
    assert!(code == 2 && said.contains("already"), "{said}");
    let (code, said) = rig.run("source new other --url http://127.0.0.1:1/none");
    assert!(code == 1 && said.contains("no connection"), "{said}");
    let (code, said) = rig.run("source new other");
    assert!(code == 2 && said.contains("--url"), "{said}");
    let (code, said) = rig.run(&format!("source new M! --url {address} --write"));
    assert!(code == 2 && said.contains("is no name of a source"), "{said}");
    assert!(!std::fs::read_to_string(rig.home.path().join("c.toml")).unwrap().contains("M!"));
}

/// What a source sends beyond its columns becomes columns on request, for the rows that are there too.
#[test]
fn fields_without_a_column_are_proposed_and_taken_over() {
    let rig = Rig::start(&PEOPLE.replace("URL\"", "URL\" # mine"));
    let read = || std::fs::read_to_string(rig.home.path().join("c.toml")).unwrap();
    let (code, said) = rig.run("source fields people --db p.db");
    assert!(code == 1 && said.contains("p.db"), "nothing is stored yet: {said}");
    let (code, said) = rig.run("sync --source people --db p.db");
    assert!(code == 0 && said.contains("`highwater source fields`"), "{said}");

    let before = read();
    let (code, said) = rig.run("source fields people --db p.db");
    assert!(code == 0 && said.starts_with("# people: 5 fields without a column, in the 120 rows"), "{said}");
    for line in
        ["\n[source.people.columns]\n", "\naddress = \"STRING\"\n", "\ncreatedAt = \"UTC_DATETIME\"\n"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let job = said.lines().find(|line| line.starts_with("# job ")).unwrap();
    assert!(job.contains("   120  STRING        \""), "{job}");
    assert_eq!(read(), before, "without --write nothing is written");

    let (code, said) = rig.run("source fields people --db p.db --write");
    assert!(code == 0 && said.contains("written to"), "{said}");
    let head = before.strip_suffix(" }\n").unwrap();
    let after = read();
    assert!(after.starts_with(head) && after.ends_with(", job = \"STRING\" }\n"), "{after}");
    let (code, said) = rig.run("sync --source people --db p.db");
    assert_eq!(code, 0, "{said}");
    let table = Connection::open(rig.home.path().join("p.db")).unwrap();
    let count = |sql: &str| table.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        count("SELECT count(*) FROM person WHERE address <> '' AND job <> '' AND \"createdAt\" <> ''"),
        120
    );
    let (code, said) = rig.run("source fields people --db p.db --write");
    assert!(code == 0 && said.contains("every field has a column"), "{said}");
    assert_eq!(read(), after);

    let (code, said) = rig.run("source fields stripe-customers --db p.db --write");
    assert!(
        code == 2 && said.contains("is a preset") && said.contains("source show stripe-customers"),
        "{said}"
    );
}

/// A settings file may be somebody else's, and is shown on a terminal.
#[test]
fn what_is_shown_of_a_source_holds_no_control_of_a_terminal() {
    let rig = Rig::start(&PEOPLE.replace("People, as an example", "\u{202e}People\\u001b[2J"));
    for line in ["source show people", "source list"] {
        let (code, said) = rig.run(line);
        assert!(code == 0 && said.contains("People"), "{said}");
        assert!(!said.contains(['\u{202e}', '\u{1b}']), "{said:?}");
    }
}

/// What is asked beside, kept in a file as the reference's connectors have one.
#[test]
fn a_filter_is_read_from_a_configuration_of_flat_texts() {
    let config = r#"
[source.late]
url = "URL"
rows = "data"
key = "id"
cursor = "none"
filters = { updated_since = "file:configuration.json#start" }
next = { from = "body:scroll_param", send = "query:scroll_param" }
columns = { id = "STRING", updatedAt = "UTC_DATETIME" }
"#;
    let rig = Rig::start(config);
    // From a time on after which a page is left.
    let late = "2025-12-31T23:59:00Z";
    let configured = |start: &str| {
        let text = format!(r#"{{"api_key": "unused", "start": "{start}"}}"#);
        std::fs::write(rig.home.path().join("configuration.json"), text).unwrap();
    };
    let (code, told) = rig.run("sync --source late");
    assert!(code == 1 && told.contains("configuration.json"), "{told}");
    configured(late);
    let (code, told) = rig.run("sync --source late");
    assert_eq!(code, 0, "{told}");
    let file = Connection::open(&rig.databases()[0]).unwrap();
    let (rows, early): (i64, i64) = file
        .query_row("SELECT count(*), count(*) FILTER (WHERE updatedAt < ?1) FROM late", [late], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert!(rows > 0 && early == 0, "{rows} {early}");
    // Another filter is another stream of rows.
    configured("2025-01-01T00:00:00Z");
    let (code, told) = rig.run("sync --source late");
    assert!(code == 1 && told.contains("(filters "), "{told}");
    let (_, told) = rig.run("source show late");
    assert!(told.contains("filters.updated_since = \"file:configuration.json#start\""), "{told}");
}

/// Without a cursor nothing is expected of the checkpoint, and nothing is said to have been compared that was not.
#[test]
fn a_source_without_a_cursor_is_not_warned_of_and_not_said_to_be_compared() {
    let config = r#"
[source.all]
url = "URL"
rows = "data"
key = "id"
cursor = "none"
next = { from = "body:scroll_param", send = "query:scroll_param" }
columns = { id = "STRING" }
"#;
    let rig = Rig::start(config);
    let (code, told) = rig.run("sync --source all");
    assert!(code == 0 && !told.contains("no readable cursor"), "{told}");
    let (code, told) = rig.run("verify --source all --against-source");
    assert!(code == 3 && told.contains("not compared"), "{told}");
}

/// What does not work is not said to be safe.
#[test]
fn a_definition_that_is_wrong_is_not_told_how_it_would_walk() {
    let rig = Rig::start(&PEOPLE.replace("rows = \"data\"", "rows = \"elsewhere\""));
    let (code, told) = rig.run("source check people");
    assert!(code == 1 && told.contains("WRONG") && !told.contains("Tie-safe"), "{told}");
}
