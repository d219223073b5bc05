//! The main job, from the API to a durable table: every id, every column, the reference's checkpoint; and once it is
//! done, a second run asks once and changes nothing.
//!
//! Against the built-in playground and against the real one, which is the executable that `HIGHWATER_PLAYGROUND`
//! names. Without it its half is skipped, and says so.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use highwater::playground::{Options, Tie};
use serde_json::{Value, json};
use support::{
    Api, BuiltIn, Done, Highwater, Modified, RealPlayground, Reference, Rows, Table, newest, promise,
};
use url::Url;

/// The columns that the reference declares, in its order.
const COLUMNS: [&str; 8] = ["id", "name", "email", "address", "company", "job", "updatedAt", "createdAt"];

/// Every name that a line of `--json` may have.
const EVENTS: [&str; 7] = ["opened", "run_started", "phase", "page", "lanes", "notice", "run_ended"];

const TIED: usize = 30;
const BEFORE_CUT: usize = 10;

/// A figure of the run's end.
fn total(done: &Done, name: &str) -> u64 {
    done.event("run_ended")["totals"][name].as_u64().unwrap()
}

/// Requests that brought a page: without those that a rate limit refused.
fn answered(done: &Done) -> u64 {
    total(done, "requests") - total(done, "retries")
}

/// Every line is an event with a documented name and a time, and the last one is the run's end.
fn is_documented(done: &Done) {
    let events = done.events();
    for event in &events {
        assert!(EVENTS.iter().any(|name| event["event"] == *name), "{event}");
        assert!(chrono::DateTime::parse_from_rfc3339(event["at"].as_str().unwrap()).is_ok(), "{event}");
    }
    assert_eq!(events.first().unwrap()["event"], "opened");
    assert_eq!(events.last().unwrap()["event"], "run_ended");
}

/// A first run into a new destination: all of the source's rows, in so many requests.
fn a_first_run(highwater: &Highwater, source: &Rows, walk: &str, requests: u64) {
    let done = highwater.sync(&["--json", "--walk", walk]);
    assert_eq!(done.code(), 0, "{done}");
    assert_eq!(done.stderr, "");
    is_documented(&done);
    assert_eq!(done.event("run_ended")["end"], json!({ "why": "exhausted" }));
    assert_eq!(done.event("run_ended")["attention"], json!([]));
    assert_eq!((answered(&done), total(&done, "pages")), (requests, requests), "{done}");
    assert_eq!((total(&done, "new"), total(&done, "changed")), (200, 0), "{done}");
    let table = Table::of(&highwater.db());
    assert_eq!(table.columns(), COLUMNS);
    assert_eq!(table.count(), 200);
    promise::check_complete(&table, source);
    assert_eq!(highwater.checkpoint(), newest(source));
}

/// A run with nothing new to bring: one request, one row that is known already, nothing changed.
fn a_second_run(highwater: &Highwater, source: &Rows, walk: &str) {
    let done = highwater.sync(&["--json", "--walk", walk]);
    assert_eq!(done.code(), 0, "{done}");
    is_documented(&done);
    assert_eq!((answered(&done), total(&done, "pages"), total(&done, "rows")), (1, 1, 1), "{done}");
    assert_eq!((total(&done, "new"), total(&done, "changed"), total(&done, "same")), (0, 0, 1), "{done}");
    assert_eq!(total(&done, "checkpoints"), 0, "{done}");
    promise::check_complete(&Table::of(&highwater.db()), source);
}

/// The main job with every walk. `asked` counts the requests at the server, where somebody counts them.
fn the_main_job(url: &str, asked: Option<&dyn Fn() -> usize>) {
    let source = Api::new(url).rows();
    assert_eq!(source.len(), 200);
    let count = || asked.map(|asked| asked());
    // An anchored walk reads each seam's row twice, which takes one request more.
    for (walk, requests) in [("scroll", 4), ("anchor", 5), ("auto", 5)] {
        let highwater = Highwater::against(url);
        let before = count();
        a_first_run(&highwater, &source, walk, requests);
        let between = count();
        a_second_run(&highwater, &source, walk);
        if let (Some(before), Some(between), Some(after)) = (before, between, count()) {
            assert_eq!(
                (between - before, after - between),
                (usize::try_from(requests).unwrap(), 1),
                "{walk}"
            );
        }
    }
}

/// The main job with several lanes: the same rows, for some requests more; then as ever.
fn the_main_job_in_lanes(url: &str) {
    let source = Api::new(url).rows();
    for lanes in ["2", "4", "auto"] {
        let highwater = Highwater::against(url);
        let done = highwater.sync(&["--json", "--lanes", lanes]);
        assert_eq!(done.code(), 0, "{done}");
        assert_eq!(done.event("run_ended")["attention"], json!([]), "{done}");
        // Each of five rounds looks for rows in the months of silence up to the source's clock, too.
        assert!(answered(&done) <= 5 * 8, "{done}");
        // A limit that is met at once leaves one.
        let mut told = done.events().into_iter().filter(|event| event["event"] == "lanes");
        let several = told.any(|event| event["lanes"].as_array().unwrap().len() > 1);
        assert!(several || total(&done, "retries") > 0, "{done}");
        promise::check_complete(&Table::of(&highwater.db()), &source);
        let verified = highwater.verify(&["--against-source"]);
        assert_eq!(verified.code(), 0, "{verified}");
        let again = highwater.sync(&["--json", "--lanes", lanes]);
        assert_eq!((again.code(), total(&again, "changed"), total(&again, "new")), (0, 0, 0), "{again}");
        promise::check_complete(&Table::of(&highwater.db()), &source);
    }
}

/// What highwater does is what the reference does: ids, values, `last_updated_at`, also after a second run.
fn the_same_as_the_reference(url: &str) {
    let api = Api::new(url);
    for walk in ["scroll", "auto"] {
        let (highwater, mut reference) = (Highwater::against(url), Reference::default());
        for run in 1..=2 {
            reference.update(&api);
            let done = highwater.sync(&["--json", "--walk", walk]);
            assert_eq!(done.code(), 0, "{done}");
            assert_eq!(Table::of(&highwater.db()).rows(), reference.rows, "{walk}, run {run}");
            assert_eq!(Some(highwater.checkpoint()), reference.last_updated_at, "{walk}, run {run}");
        }
        assert_eq!(reference.upserts, 201, "the last row again, with the second run");
    }
}

/// Rows that share a value across a cut: all of them with an anchored walk; with the token the reference's loss, but
/// not in silence, and mended by what the program advises.
fn ties_across_a_cut(url: &str) {
    let api = Api::new(url);
    let source = api.rows();
    for walk in ["auto", "anchor"] {
        a_first_run(&Highwater::against(url), &source, walk, 5);
    }

    let highwater = Highwater::against(url);
    let done = highwater.sync(&["--json", "--walk", "scroll"]);
    assert_eq!(done.code(), 3, "{done}");
    is_documented(&done);
    let lost = TIED - BEFORE_CUT;
    assert_eq!(Table::of(&highwater.db()).count(), 200 - lost);
    let mut reference = Reference::default();
    reference.update(&api);
    assert_eq!(Table::of(&highwater.db()).rows(), reference.rows);

    let value = tied_value(&source);
    let notice = done.event("notice");
    assert_eq!(notice["kind"], json!({ "about": "tie_unsafe", "cursor": value }));
    assert_eq!(notice["level"], "attention");
    assert!(notice["text"].as_str().unwrap().contains(value), "{notice}");
    assert_eq!(total(&done, "tie_unsafe"), 1);
    assert_eq!(done.event("run_ended")["attention"].as_array().unwrap().len(), 1);

    let plain = Highwater::against(url).sync(&["--walk", "scroll"]);
    assert_eq!(plain.code(), 3, "{plain}");
    assert!(plain.stdout.contains("ATTENTION") && plain.stdout.contains(value), "{plain}");

    let mended = highwater.sync(&["--json", "--resume", "full", "--walk", "auto"]);
    assert_eq!((mended.code(), total(&mended, "new")), (0, lost as u64), "{mended}");
    promise::check_complete(&Table::of(&highwater.db()), &source);
}

/// The cursor that the tied rows share.
fn tied_value(source: &Rows) -> &str {
    let shared = |value: &&str| source.values().filter(|row| support::cursor(row) == *value).count() == TIED;
    source.values().map(support::cursor).find(shared).unwrap()
}

#[test]
fn the_built_in_playground_ends_as_a_table() {
    let server = BuiltIn::frozen();
    the_main_job(&server.url(), Some(&|| usize::try_from(server.requests()).unwrap()));
    the_same_as_the_reference(&server.url());
    the_main_job_in_lanes(&server.url());
}

#[test]
fn the_built_in_playground_behind_a_rate_limit_ends_as_a_table() {
    let options = Options { frozen: true, rate_limit: Some(5), ..Options::default() };
    let server = BuiltIn::start(options);
    the_main_job(&server.url(), None);
    the_main_job_in_lanes(&server.url());
}

#[test]
fn the_built_in_playground_with_ties_loses_them_by_token_alone() {
    let tie = Some(Tie { users: TIED, before_cut: BEFORE_CUT });
    let server = BuiltIn::start(Options { frozen: true, tie, ..Options::default() });
    ties_across_a_cut(&server.url());
}

#[test]
fn the_real_playground_ends_as_a_table() {
    let Some(executable) = RealPlayground::executable("the_real_playground_ends_as_a_table") else {
        return;
    };
    let server = RealPlayground::start(&executable, None);
    the_main_job(&server.url(), None);
    the_same_as_the_reference(&server.url());
    the_main_job_in_lanes(&server.url());
}

#[test]
fn the_real_playground_counts_the_same_requests() {
    let Some(executable) = RealPlayground::executable("the_real_playground_counts_the_same_requests") else {
        return;
    };
    let server = RealPlayground::start_modified(&executable, Modified::default());
    the_main_job(&server.url(), Some(&|| server.requests().len()));
}

#[test]
fn the_real_playground_behind_a_rate_limit_ends_as_a_table() {
    let test = "the_real_playground_behind_a_rate_limit_ends_as_a_table";
    let Some(executable) = RealPlayground::executable(test) else {
        return;
    };
    let server = RealPlayground::start(&executable, Some(5));
    the_main_job(&server.url(), None);
    the_main_job_in_lanes(&server.url());
}

#[test]
fn the_real_playground_with_ties_loses_them_by_token_alone() {
    let test = "the_real_playground_with_ties_loses_them_by_token_alone";
    let Some(executable) = RealPlayground::executable(test) else {
        return;
    };
    let modified = Modified { tie: TIED, before_cut: BEFORE_CUT, ..Modified::default() };
    let server = RealPlayground::start_modified(&executable, modified);
    ties_across_a_cut(&server.url());
}

/// The first thing that a newcomer does: no settings, no network, no terminal.
#[test]
fn without_any_settings_the_programs_own_playground_is_synced() {
    let highwater = Highwater::built_in();
    let first = highwater.start(["--url", "playground"]).end();
    assert_eq!(first.code(), 0, "{first}");
    assert!(first.stderr.contains("runs like `highwater sync`"), "{first}");
    assert!(first.stdout.contains("complete: the source has no more rows"), "{first}");
    let second = highwater.start(["sync", "--json"]).end();
    assert_eq!(second.code(), 0, "{second}");
    is_documented(&second);
    assert_eq!(second.event("run_ended")["rows"], 200, "the same file, found without being named");
    assert!(second.event("opened")["checkpoint"].is_string());
}

/// `highwater playground` in a process of its own is a source like any other.
#[cfg(unix)]
#[test]
fn the_playground_command_serves_a_source() {
    let machine = Highwater::built_in();
    let mut server = machine.start(["playground", "--port", "0", "--users", "120", "--latency", "0"]);
    let url = server.line().unwrap().to_owned();
    let highwater = Highwater::against(&url);
    let done = highwater.sync(&["--json"]);
    assert_eq!((done.code(), total(&done, "new")), (0, 120), "{done}");
    server.signal(rustix::process::Signal::INT);
    assert_eq!(server.end().code(), 0);
}

/// As `timeout` does: to the process, and then to its whole group.
#[cfg(unix)]
#[test]
fn a_signal_that_comes_twice_in_a_breath_is_one() {
    let server = BuiltIn::slow(Duration::from_secs(1));
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json"]);
    running.until(|event| event["phase"]["is"] == "running").unwrap();
    running.signal(rustix::process::Signal::TERM);
    running.signal(rustix::process::Signal::TERM);
    let done = running.end();
    assert_eq!(done.code(), 128 + 15, "{done}");
    assert_eq!(done.event("run_ended")["outcome"], "stopped", "{done}");
    assert_eq!(total(&done, "pages"), 1, "the page on the wire is stored: {done}");
}

/// What a program reads of a page: the figures that the log in the destination has too.
#[test]
fn the_json_lines_tell_what_is_stored() {
    let server = BuiltIn::frozen();
    let highwater = Highwater::against(&server.url());
    let done = highwater.sync(&["--json"]);
    let told: Vec<Value> = done.events().into_iter().filter(|event| event["event"] == "page").collect();
    let logged = Table::of(&highwater.db()).pages();
    assert_eq!(told.len(), logged.len());
    for (told, logged) in told.iter().zip(&logged) {
        assert_eq!((&told["run"], &told["page"]), (&json!(logged.run), &json!(logged.page)));
        assert_eq!(told["request"], json!({ "by": logged.asked_by, "value": logged.asked }));
        assert_eq!(told["last"], json!(logged.last));
        assert_eq!(told["token"], json!(logged.token));
        assert_eq!(told["checkpoint"], json!(logged.checkpoint));
        for name in ["url", "status", "headers"] {
            assert_eq!(told[name], logged.exchange[name]);
        }
        assert_eq!(told["first_ids"], logged.first_ids);
        let address = Url::parse(told["url"].as_str().unwrap()).unwrap();
        assert!(address.query_pairs().any(|(_, value)| value == logged.asked), "{address}");
        assert_eq!((&told["status"], &told["budget"]), (&json!(200), &Value::Null));
        assert_eq!(logged.first_ids.as_array().map(Vec::len), Some(3));
    }
}

/// What a program reads of lanes, which is what the log has of them; and a person is told in words.
#[test]
fn lanes_are_told_of_where_there_are_several() {
    let server = BuiltIn::start(Options { frozen: true, users: 2_000, ..Options::default() });
    let highwater = Highwater::against(&server.url());
    let done = highwater.sync(&["--json", "--lanes", "4"]);
    let events = done.events();
    assert_eq!(done.code(), 0, "{done}");
    is_documented(&done);
    let opening: Vec<&Value> = events.iter().filter(|event| event["opens"] == true).collect();
    assert!(opening.iter().all(|page| page["event"] == "page"), "{opening:?}");
    let lanes = &done.event("run_ended")["lanes"];
    assert_eq!((&lanes["most"], &lanes["opened"]), (&json!(4), &json!(opening.len())), "{done}");
    let told = events.iter().find(|event| event["event"] == "lanes").unwrap();
    assert_eq!((&told["width"], &told["most"]), (&json!(4), &json!(4)), "{told}");
    assert_eq!(told["lanes"].as_array().map(Vec::len), Some(4), "{told}");
    assert_eq!(Table::of(&highwater.db()).count(), 2_000);

    let highwater = Highwater::against(&server.url());
    let said = highwater.sync(&["--lanes", "4"]).stdout;
    assert!(said.contains("\nlanes: 4 side by side\n") && said.contains("  lane 2 opens"), "{said}");
    assert!(said.contains("\n  lanes                4   side by side at most, "), "{said}");
    let alone = Highwater::against(&server.url()).sync(&["--json"]);
    assert!(!alone.stdout.contains("lane"), "one lane is not told of: {alone}");
}
