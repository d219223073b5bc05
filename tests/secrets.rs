//! A credential reaches the source and nothing else: a canary is sent in every way there is, a hostile source sends it
//! back in every spelling and in every part of its answers, and then it is looked for in all that the program wrote.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;
mod support;
mod terminal;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use faulty::{Answer, Faulty};
use support::Highwater;
use tempfile::TempDir;
use terminal::{Launch, Terminal};

/// Holds what every encoding has to escape.
const CANARY: &str = "canary/Xy7+\"q\\t9~Zk";

/// Pieces of it that stand in no other text: of itself, of it in an address, of it in base64 at each alignment.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> =
        ["canary", "Xy7", "t9~Zk", "t9%7E", "%5Ct9", "%5ct9"].map(str::to_owned).into();
    for before in ["", "x", "xx"] {
        let encoded = STANDARD.encode(format!("{before}{CANARY}"));
        pieces.extend([encoded[4..12].to_owned(), encoded[12..20].to_owned()]);
    }
    pieces
}

/// Every spelling of it.
fn spellings() -> Vec<String> {
    let json = serde_json::to_string(CANARY).unwrap();
    vec![
        CANARY.to_owned(),
        json.trim_matches('"').to_owned(),
        "canary%2FXy7%2B%22q%5Ct9~Zk".to_owned(),
        "canary%2fXy7%2b%22q%5ct9%7eZk".to_owned(),
        STANDARD.encode(CANARY),
        STANDARD.encode(format!("x{CANARY}")),
        STANDARD.encode(format!("me:{CANARY}")),
    ]
}

/// What a hostile source answers, the last one for ever after.
fn script() -> Vec<Answer> {
    let rows = |from: usize| -> Vec<String> {
        let row = |(number, spelling): (usize, String)| {
            let id = from + number;
            let at = format!("2026-01-01T00:00:{id:02}Z");
            let text = serde_json::to_string(&spelling).unwrap();
            format!(
                r#"{{"id":"u{id}","name":{text},"email":{text},{text}:{text},"updatedAt":"{at}","createdAt":null}}"#
            )
        };
        spellings().into_iter().enumerate().map(row).collect()
    };
    let told = |answer: Answer| {
        spellings().iter().fold(answer, |answer, spelling| {
            let line = spelling.replace(['\r', '\n'], "");
            answer.header("Server", &line).header("X-Request-Id", &line).header("X-RateLimit-Note", &line)
        })
    };
    let all = spellings().join(" ");
    let error = serde_json::json!({ "error": all }).to_string();
    let broken = format!(r#"{{"data": {}"#, serde_json::to_string(&all).unwrap());
    let mut quarantined = rows(20);
    quarantined.push(serde_json::json!({ "id": null, "name": all }).to_string());
    vec![
        told(Answer::status("503 Busy").header("Retry-After", "0.01").body(&all)),
        told(Answer::status("429 Slow").header("Retry-After", "0.01").body(&error)),
        told(Answer::ok(&broken)),
        told(Answer::page(&rows(1), Some("next"))),
        told(Answer::page(&quarantined, Some("more"))),
        told(
            Answer::status("302 Found")
                .header("Location", &format!("http://127.0.0.2:1/?k={}", spellings()[2])),
        ),
    ]
}

/// Everything that lies in a directory, as bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
        }
    }
    found
}

fn assert_unseen(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for piece in pieces() {
        if let Some(at) = text.find(&piece) {
            let near: String = text[at.saturating_sub(60)..].chars().take(160).collect();
            panic!("{piece} stands in {place}: {near}");
        }
    }
}

async fn hostile() -> Faulty {
    Faulty::start(script()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_run_writes_holds_the_credential() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{CANARY}\n")).unwrap();
    let (by_file, by_command) = (format!("file:{}", key.display()), format!("cmd:cat {}", key.display()));
    for (auth, keeper) in
        [("bearer", "env:KEY"), ("header x-key", &by_file), ("query key", &by_command), ("basic", "env:PAIR")]
    {
        let server = hostile().await;
        let program = Highwater::against(server.url().as_str())
            .with("KEY", CANARY)
            .with("PAIR", &format!("me:{CANARY}"))
            .with("HIGHWATER_AUTH", auth)
            .with("HIGHWATER_SECRET", keeper);
        let done = program.sync(&["--json", "--record", "run.ndjson"]);
        assert_eq!(done.code(), 1, "ends at the redirect: {done}");
        assert!(done.stdout.contains("sends the credential back"), "{done}");
        assert_eq!(done.event("run_ended")["totals"]["rows"], 15, "{done}");
        let sent = server.asked();
        assert_eq!(sent.len(), 6, "{auth}");
        assert!(
            sent.iter().all(|asked| pieces().iter().any(|piece| asked.head.contains(piece))),
            "{auth}: {sent:?}"
        );
        server.then(script());
        let plain = program.sync(&["--resume", "full"]);
        let replayed = program.start(["replay", "run.ndjson", "--speed", "max"]).end();
        let state = program.state(&["show"]);
        let settings = program.start(["config", "show"]).end();
        for done in [done, plain, replayed, state, settings] {
            assert_unseen("standard output", done.stdout.as_bytes());
            assert_unseen("standard error", done.stderr.as_bytes());
        }
        let written = files(program.home());
        assert!(written.iter().any(|(name, _)| name.ends_with("run.ndjson")));
        assert!(written.iter().any(|(name, bytes)| name.ends_with("highwater.db") && bytes.len() > 4_096));
        for (name, bytes) in written {
            assert_unseen(&name, &bytes);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_the_monitor_draws_or_copies_holds_it() {
    let server = hostile().await;
    let url = server.url();
    let home: TempDir = tempfile::tempdir().unwrap();
    let mut terminal: Terminal =
        Launch::highwater(&["--url", url.as_str(), "--auth", "bearer", "--secret", "env:KEY"])
            .with("KEY", CANARY)
            .home(home)
            .start();
    terminal.shows("FAILED");
    for keys in [
        "\r", "y", "\u{1b}", "2", "\r", "y", "\u{1b}", "4", "\r", "\u{1b}", "E", "\r", "y", "\u{1b}", "3",
        "\r", "\u{1b}",
    ] {
        terminal.press(keys);
    }
    terminal.press("qq").ends();
    assert_unseen("the terminal", terminal.written());
    let folder = terminal.database().parent().unwrap().to_owned();
    for (name, bytes) in files(&folder) {
        assert_unseen(&name, &bytes);
    }
}

#[test]
fn a_credential_on_the_command_line_is_refused_and_not_repeated() {
    for arguments in [
        ["sync", "--auth", "bearer", "--secret", CANARY],
        ["sync", "--secret", "env:KEY", "--auth", CANARY],
        ["sync", "--auth", "bearer", "--url", "http://me:canary@127.0.0.1/"],
        ["sync", "--secret", "env:KEY", "--auth", "header X-Key: canary"],
        ["sync", "--secret", "env:KEY", "--auth", "query key=canary"],
        ["sync", "--auth", "bearer", "--secret", "env:canary/Xy7"],
    ] {
        let done = Highwater::built_in().start(arguments).end();
        assert_eq!(done.code(), 2, "{done}");
        assert_unseen("the refusal", format!("{}{}", done.stdout, done.stderr).as_bytes());
    }
}

#[test]
fn settings_that_only_make_sense_together_are_asked_for_together() {
    for (arguments, told) in [
        (vec!["--auth", "bearer", "--url", "http://127.0.0.1:1/"], "set source.secret too"),
        (vec!["--secret", "env:KEY", "--url", "http://127.0.0.1:1/"], "set source.auth too"),
        (vec!["--secret", "env:KEY", "--auth", "bearer"], "set source.url too"),
        (vec!["--url", "http://example.com/users"], "--allow-http"),
        (vec!["--url", "http://127.0.0.1:1/", "--proxy", "http://10.0.0.1:3128"], "or through one"),
    ] {
        let done = Highwater::built_in().start([&["sync"], &arguments[..]].concat()).end();
        assert_eq!(done.code(), 2, "{done}");
        assert!(done.stderr.contains(told), "{done}");
    }
    let absent = ["sync", "--secret", "env:KEY", "--auth", "bearer", "--url", "http://127.0.0.1:1/"];
    let done = Highwater::built_in().start(absent).end();
    assert_eq!(done.code(), 1, "{done}");
    assert!(done.stderr.contains("$KEY is not set"), "{done}");
}
