//! Every preset against a server that speaks the vendor's contract as its documentation has it: what it takes and
//! refuses, how it pages and ends, what an expired token and an error look like. The real program asks it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "presets/server.rs"]
mod server;
#[path = "presets/vendors/mod.rs"]
mod vendors;

use std::process::Command;
use std::sync::{Arc, Mutex};

use highwater::config::Named;
use highwater::config::definition::{PRESETS, Safety};
use rusqlite::Connection;
use serde_json::Value;
use server::{Asked, Server};
use vendors::{PAGE, VENDORS, Vendor, World};

const CREDENTIAL: &str = "someone:canary";

/// A vendor's server with rows in it, and a folder for the table.
struct Rig {
    vendor: &'static Vendor,
    server: Server,
    world: Arc<Mutex<World>>,
    folder: tempfile::TempDir,
}

impl Rig {
    fn start(vendor: &'static Vendor, rows: usize) -> Self {
        let rows = (0..rows).map(|number| (vendor.row)(number)).collect();
        let world = Arc::new(Mutex::new(World { rows, ..World::default() }));
        let asked_of = Arc::clone(&world);
        let server = Server::start(move |asked| asked_of.lock().unwrap().answer(vendor, asked));
        Self { vendor, server, world, folder: tempfile::tempdir().unwrap() }
    }

    /// Runs the program once; gives its exit code and all that it said.
    fn sync(&self, options: &[&str]) -> (i32, String) {
        self.run(&[&["sync", "--source", self.vendor.preset, "--db", "rows.db"][..], options].concat())
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let preset = Named::preset(self.vendor.preset).unwrap();
        let url = format!("{}{}", self.server.url(), self.vendor.path);
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        command.args(arguments).args(["--url", &url]).current_dir(self.folder.path());
        command.env_clear().env("HOME", self.folder.path()).env("HIGHWATER_RETRY_BASE", "1ms");
        command.env("HIGHWATER_RATE", "1000000/s");
        if let Some(variable) = preset.setting("secret").and_then(|secret| secret.strip_prefix("env:")) {
            command.env(variable, CREDENTIAL);
        }
        let done = command.output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// The keys in the table, in order.
    fn stored(&self) -> Vec<String> {
        let schema = Named::preset(self.vendor.preset).unwrap().definition.contract().schema;
        let key = schema.columns[schema.primary_key].name;
        let table = Connection::open(self.folder.path().join("rows.db")).unwrap();
        let mut keys: Vec<String> = table
            .prepare(&format!("SELECT CAST(\"{key}\" AS TEXT) FROM \"{}\"", schema.table))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        keys.sort();
        keys
    }

    /// The keys that the source has, in order.
    fn sent(&self) -> Vec<String> {
        let rows = &self.world.lock().unwrap().rows;
        let key = |row: &Value| {
            row[self.vendor.key].as_str().map_or_else(|| row[self.vendor.key].to_string(), str::to_owned)
        };
        let mut keys: Vec<String> = rows.iter().map(key).collect();
        keys.sort();
        keys
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.server.asked.lock().unwrap())
    }
}

fn safety(vendor: &Vendor) -> Safety {
    Named::preset(vendor.preset).unwrap().definition.safety()
}

/// The walks that a preset is run with: the one that a run takes by itself, and by token.
fn walks(vendor: &Vendor) -> &'static [&'static str] {
    if safety(vendor) == Safety::Safe { &["auto", "scroll"] } else { &["auto"] }
}

#[test]
fn every_preset_is_run_against_its_vendor() {
    let mut run: Vec<&str> = VENDORS.iter().map(|vendor| vendor.preset).collect();
    let mut shipped: Vec<&str> = PRESETS.iter().map(|(name, _)| *name).collect();
    run.sort_unstable();
    shipped.sort_unstable();
    assert_eq!(run, shipped);
}

/// To its documented end, whether that falls on a full page or not; then once more, from the checkpoint where there is
/// one.
#[test]
fn every_row_arrives_and_the_end_is_known() {
    for vendor in VENDORS {
        for (rows, walk) in [0, 1, PAGE, 2 * PAGE, 2 * PAGE + 1]
            .into_iter()
            .flat_map(|rows| walks(vendor).iter().map(move |walk| (rows, walk)))
        {
            let rig = Rig::start(vendor, rows);
            let (code, said) = rig.sync(&["--walk", walk]);
            let what = format!("{}, {rows} rows, {walk}: {said}", vendor.preset);
            assert!(code == 0 || code == 3 && rows == 0, "{code} {what}");
            assert_eq!(rig.stored(), rig.sent(), "{what}");
            let asked = rig.asked();
            assert!(asked.iter().all(|asked| asked.status == 200), "{what}");
            rig.world.lock().unwrap().rows.push((vendor.row)(rows));
            let (code, said) = rig.sync(&["--walk", walk]);
            assert_eq!(code, 0, "{}: {said}", vendor.preset);
            assert_eq!(rig.stored(), rig.sent(), "{what}: then {said}");
            let since = (vendor.since)(&rig.asked()[0]);
            if rows > 0 {
                assert_eq!(since.is_some(), (vendor.since)(&asked[0]).is_some(), "{what}");
                assert!(
                    since.is_none() || since != (vendor.since)(&asked[0]),
                    "{what}: from {since:?} again"
                );
            }
        }
    }
}

/// Those that are said to be safe keep rows that share a cursor, over as many seams as they fill.
#[test]
fn rows_that_share_a_cursor_arrive_where_that_is_promised() {
    for vendor in VENDORS.iter().filter(|vendor| safety(vendor) == Safety::Safe) {
        let rig = Rig::start(vendor, 3 * PAGE);
        {
            let mut world = rig.world.lock().unwrap();
            let shared = world.rows[PAGE - 2].clone();
            for number in PAGE - 1..=PAGE {
                let row = (vendor.tie)(&world.rows[number], &shared);
                world.rows[number] = row;
            }
        }
        let (code, said) = rig.sync(&[]);
        assert_eq!((code, rig.stored()), (0, rig.sent()), "{}: {said}", vendor.preset);
    }
}

/// A token that has expired as the documentation tells of it is left, and nothing is lost by that.
#[test]
fn an_expired_token_is_known_and_nothing_is_lost() {
    for vendor in VENDORS {
        let Some(expired) = vendor.expired else { continue };
        let rig = Rig::start(vendor, 3 * PAGE);
        rig.world.lock().unwrap().refuse_token = Some(expired());
        let (code, said) = rig.sync(&["--walk", "scroll"]);
        assert_eq!(rig.stored(), rig.sent(), "{} {code}: {said}", vendor.preset);
        assert!(said.contains("token"), "{}: {said}", vendor.preset);
        assert!(rig.world.lock().unwrap().refuse_token.is_none(), "{}: no token was sent", vendor.preset);
    }
}

/// An error as the documentation has it ends the run with its own words.
#[test]
fn an_error_is_told_in_the_vendors_words() {
    for vendor in VENDORS {
        let rig = Rig::start(vendor, PAGE);
        let (answer, words) = (vendor.error)();
        rig.world.lock().unwrap().refuse_all = Some(answer);
        let (code, said) = rig.sync(&[]);
        assert!(code == 1 && said.contains(words), "{} {code}: {said}", vendor.preset);
        assert!(!said.contains("canary"), "{said}");
    }
}

/// What `source check` says of a vendor's own server is what the preset says of it.
#[test]
fn a_check_finds_that_it_could_work() {
    for vendor in VENDORS {
        let rig = Rig::start(vendor, 2 * PAGE);
        let (code, said) = rig.run(&["source", "check", vendor.preset]);
        assert_eq!(code, 0, "{}: {said}", vendor.preset);
        assert_eq!(rig.asked().len(), 2, "{}: {said}", vendor.preset);
        assert_eq!(said.contains("its row came again"), safety(vendor) == Safety::Safe, "{said}");
        let rig = Rig::start(vendor, PAGE);
        rig.world.lock().unwrap().refuse_all = Some((vendor.error)().0);
        let (code, said) = rig.run(&["source", "check", vendor.preset]);
        assert!(code == 1 && said.contains("WRONG") && !said.contains("canary"), "{}: {said}", vendor.preset);
    }
}
