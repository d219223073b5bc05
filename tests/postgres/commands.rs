//! The program from outside, with a database as its destination: what it says, how it ends, and what it keeps to itself.

use std::fs;

use serde_json::Value;

use crate::support::cluster::{Cluster, PASSWORD, shared};
use crate::support::{Api, Table, promise};
use crate::support::{BuiltIn, Done, Highwater, newest};

/// The program, with a schema of the server as its destination.
struct Rig {
    highwater: Highwater,
    source: BuiltIn,
    db: String,
}

impl Rig {
    fn new(cluster: &Cluster, schema: &str) -> Self {
        let source = BuiltIn::frozen();
        let highwater = Highwater::against(&source.url()).with("PGPASSWORD", PASSWORD);
        Self { highwater, source, db: cluster.bare_url(schema) }
    }

    /// A command with its destination, and these.
    fn run(&self, command: &str, arguments: &[&str]) -> Done {
        self.highwater.start([command, "--db", &self.db].iter().chain(arguments)).end()
    }

    fn sync(&self, arguments: &[&str]) -> Done {
        let url = self.source.url();
        self.run("sync", &[&["--url", &url, "--json"][..], arguments].concat())
    }
}

#[test]
fn a_run_its_state_and_its_checks_are_those_of_a_file() {
    let Some(cluster) = shared() else { return };
    let rig = Rig::new(cluster, "a_run");
    let rows = Api::new(&rig.source.url()).rows();
    let early = rig.sync(&["--max-pages", "2"]);
    assert_eq!(early.code(), 4, "{early}");
    let shown = rig.run("state", &["show"]);
    assert!(shown.stdout.contains("unfinished   run 1, stopped after 2 pages"), "{shown}");
    let synced = rig.sync(&[]);
    assert_eq!(synced.code(), 0, "{synced}");
    assert_eq!(synced.event("run_ended")["totals"]["new"], 200, "both halves: {synced}");
    let copy = rig.highwater.home().join("copy.db");
    highwater::destination::postgres::mirror(&cluster.address("a_run"), &highwater::record::USER, &copy)
        .unwrap();
    promise::check_complete(&Table::of(&copy), &rows);

    let exported = rig.run("state", &["export"]);
    assert_eq!(exported.stdout.trim(), format!("{{\"last_updated_at\":\"{}\"}}", newest(&rows)));
    assert_eq!(rig.run("state", &["rewind", "--by", "1h"]).code(), 0);
    let undone = rig.run("state", &["undo"]);
    assert!(undone.stdout.starts_with("undid rewind"), "{undone}");
    let socket = format!(
        "postgres://highwater@localhost:{}/postgres?schema=a_run&host={}",
        cluster.port(),
        cluster.folder().display()
    );
    let shown = rig.highwater.start(["state", "--db", &socket, "show"]).end();
    assert_eq!(shown.code(), 0, "{shown}");
    let history = rig.run("state", &["history"]);
    assert_eq!(history.stdout.lines().count(), 3, "{history}");

    let url = rig.source.url();
    let verified = rig.run("verify", &["--url", &url, "--against-source"]);
    assert_eq!(verified.code(), 0, "{verified}");
    assert!(verified.stdout.contains("all is well"), "{verified}");
    let apart = "INSERT INTO _highwater_quarantine VALUES ('user', 'd', 1, 1, 0, 'why', '{}', '2026-01-01T00:00:00Z')";
    cluster.sql("a_run", apart);
    let verified = rig.run("verify", &[]);
    let look = verified.stdout.lines().find_map(|line| line.trim().strip_prefix("→ ")).unwrap();
    let look = look.split_once(" tells why").unwrap().0;
    assert_eq!((verified.code(), cluster.sql("a_run", look).as_str()), (3, "why|{}"), "{verified}");
    cluster.sql("a_run", "DELETE FROM \"user\" WHERE id = (SELECT min(id) FROM \"user\")");
    let verified = rig.run("verify", &["--json"]);
    assert_eq!((verified.code(), &verified.event("verified")["damage"]), (3, &Value::from(1)), "{verified}");
}

#[test]
fn a_password_is_shown_nowhere_and_a_wrong_one_is_told_with_a_remedy() {
    let Some(cluster) = shared() else { return };
    let rig = Rig::new(cluster, "password");
    let mut highwater = Highwater::built_in();
    let (home, url) = (highwater.home().to_owned(), cluster.url("password"));
    let hidden = |done: &Done| {
        for spelling in [PASSWORD, "high%3Awater", "water%20mark"] {
            assert!(!done.to_string().contains(spelling), "{done}");
        }
    };
    let recording = home.join("run.jsonl");
    let record = ["--json", "--record", recording.to_str().unwrap()];
    let synced = highwater.start([&["sync", "--db", &url][..], &record].concat()).end();
    assert_eq!(synced.code(), 0, "{synced}");
    hidden(&synced);
    assert!(!fs::read_to_string(recording).unwrap().contains("water mark"));
    for command in [&["config", "show"][..], &["state", "show"], &["state", "history"]] {
        let done = highwater.start([command, &["--db", &url]].concat()).end();
        assert_eq!(done.code(), 0, "{done}");
        hidden(&done);
    }
    // In the file it is refused; where it is kept is not, nor is a file of passwords.
    let config = home.join("config.toml");
    let config_path = config.to_str().unwrap();
    fs::write(&config, format!("[destination]\ndb = \"{url}\"\n")).unwrap();
    let refused = highwater.start(["state", "--config", config_path, "show"]).end();
    assert!(refused.code() == 2 && refused.stderr.contains("destination.secret"), "{refused}");
    hidden(&refused);
    fs::write(home.join("secret"), PASSWORD).unwrap();
    fs::write(&config, format!("[destination]\ndb = \"{}\"\nsecret = \"file:secret\"\n", rig.db)).unwrap();
    let shown = highwater.start(["state", "--config", config_path, "show"]).end();
    assert_eq!(shown.code(), 0, "{shown}");

    let pass = home.join(".pgpass");
    fs::write(&pass, format!("127.0.0.1:*:*:highwater:{}\n", PASSWORD.replace(':', "\\:"))).unwrap();
    let set_mode = |mode| {
        fs::set_permissions(&pass, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    set_mode(0o600);
    let shown = highwater.start(["state", "--db", &rig.db, "show"]).end();
    assert_eq!(shown.code(), 0, "{shown}");
    set_mode(0o644);
    let refused = highwater.start(["state", "--db", &rig.db, "show"]).end();
    assert!(refused.code() == 1 && refused.stderr.contains("password"), "{refused}");
    highwater.set("PGPASSWORD", Some("wrong"));
    let refused = highwater.start(["state", "--db", &rig.db, "show"]).end();
    assert!(refused.stderr.contains("28P01") && refused.stderr.contains("chmod 600"), "{refused}");
}

#[test]
fn a_second_writer_is_refused_and_told_who_holds_it() {
    let Some(cluster) = shared() else { return };
    for (schema, lock) in [("one_writer", ""), ("one_leaseholder", "&lock=lease")] {
        let mut rig = Rig::new(cluster, schema);
        rig.db.push_str(lock);
        let (db, url) = (rig.db.clone(), rig.source.url());
        let mut running =
            rig.highwater.start(["sync", "--db", &db, "--url", &url, "--json", "--every", "1h"]);
        running.until_event("run_ended");
        let holder = format!("in use by process {}", running.pid());
        let second = rig.sync(&[]);
        assert!(second.code() == 1 && second.stderr.contains(&holder), "{second}");
        assert_eq!(second.stderr.contains("its lease runs out in"), !lock.is_empty(), "{second}");
        assert!(rig.run("state", &["show"]).stdout.contains(&holder.replacen("by ", "by    ", 1)));
        assert_eq!(rig.run("state", &["reset", "--yes"]).code(), 1);
        running.signal(rustix::process::Signal::TERM);
        let done = running.end();
        assert_eq!(done.code(), 0, "{done}");
        assert_eq!(rig.sync(&[]).code(), 0);
    }
}

#[test]
fn whoever_was_relieved_stores_nothing_more() {
    let Some(cluster) = shared() else { return };
    let mut rig = Rig::new(cluster, "relieved");
    rig.source = BuiltIn::slow(std::time::Duration::from_millis(200));
    let (db, url) = (rig.db.clone(), rig.source.url());
    let mut running = rig.highwater.start(["sync", "--db", &db, "--url", &url, "--json"]);
    running.until_event("page");
    let relieve = "UPDATE _highwater_state SET owner = 'another', holder = 'another one' RETURNING rows";
    let rows = cluster.sql("relieved", relieve);
    let done = running.end();
    assert!(done.code() == 1 && done.to_string().contains("in use by another one"), "{done}");
    assert_eq!(cluster.sql("relieved", "SELECT count(*) FROM \"user\""), rows);
}

#[test]
fn what_cannot_be_reached_or_is_not_ours_is_told_with_a_remedy() {
    let Some(cluster) = shared() else { return };
    let rig = Rig::new(cluster, "theirs");
    cluster.sql(
        "public",
        "CREATE SCHEMA theirs; CREATE TABLE theirs.\"user\" (id text PRIMARY KEY, password text)",
    );
    let refused = rig.sync(&[]);
    assert!(
        refused.code() == 1 && refused.stderr.contains("id text, password text, not id text"),
        "{refused}"
    );
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'theirs'";
    assert_eq!(cluster.sql("theirs", tables), "1", "nothing about it was changed");
    for (from, to, said) in [
        ("/postgres?", "/nowhere?", "createdb"),
        ("127.0.0.1", "127.0.0.2", "check that the server runs"),
        ("theirs", "nothing_yet", "run a sync into it first"),
        ("theirs", "theirs&sslmode=require", "sslmode"),
    ] {
        let db = rig.db.replace(from, to);
        let refused = rig.highwater.start(["state", "--db", &db, "show"]).end();
        assert!(refused.code() == 1 && refused.stderr.contains(said), "{refused}");
    }
    let newer = Rig::new(cluster, "newer");
    assert_eq!(newer.sync(&[]).code(), 0);
    cluster.sql("newer", "UPDATE _highwater_format SET version = 99");
    assert!(newer.sync(&[]).stderr.contains("a newer highwater (format 99"));
    assert!(newer.run("verify", &[]).stderr.contains("a newer highwater (format 99"));
}
