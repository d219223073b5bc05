//! The only connection ever opened is to the configured origin: the real binary under `strace`, which tells every
//! call to the network, among decoys. Where the system does not let one process watch another, that is said and
//! nothing is shown.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;
mod terminal;

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use faulty::rows::{page, user_with};
use faulty::{Answer, Faulty};
use tempfile::TempDir;
use terminal::Launch;
use tokio::runtime::Runtime;

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// Every variable that has ever sent a client elsewhere.
const ELSEWHERE: &[&str] =
    &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/// How strace is asked for every call to the network, of all threads, into a file.
const WATCH: &[&str] = &["-f", "-qq", "-s", "64", "-e", "trace=network", "-o", "calls.txt"];

/// True if one process may watch another here; says so if not.
fn can_watch() -> bool {
    let tried =
        Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).stderr(Stdio::null()).status();
    let can = tried.as_ref().is_ok_and(std::process::ExitStatus::success);
    if !can {
        println!("not shown: strace is missing or may not watch a process here ({tried:?})");
    }
    can
}

/// A listener that nobody has a reason to connect to.
struct Trap(TcpListener);

impl Trap {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}/trap", self.0.local_addr().unwrap())
    }

    fn assert_empty(&self) {
        assert_eq!(self.0.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "the trap was connected to");
    }
}

/// An origin that points elsewhere wherever it can: in rows, in tokens, in headers, and at last by a redirect.
fn origin(runtime: &Runtime, trap: &Trap) -> Faulty {
    let url = trap.url();
    let elsewhere = |answer: Answer| {
        let headers = [
            ("Location", url.clone()),
            ("Content-Location", url.clone()),
            ("Refresh", format!("0; url={url}")),
            ("Link", format!("<{url}>; rel=\"next\", <{url}>; rel=preconnect")),
            ("Alt-Svc", format!("http/1.1=\"{}\"; persist=1", url.trim_start_matches("http://"))),
        ];
        headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value))
    };
    let rows = [
        user_with(1, "email", serde_json::Value::from(url.clone())),
        user_with(2, "next", serde_json::Value::from(url.clone())),
    ];
    let redirect = Answer::status("307 Temporary Redirect").header("Location", &url);
    runtime.block_on(Faulty::start([
        elsewhere(Answer::status("503 Busy").body(&url)),
        elsewhere(Answer::page(&rows, Some(&url))),
        elsewhere(page(3..5, &format!("{url}?page=3"))),
        redirect,
    ]))
}

/// A call to the network, as strace tells it: its name, and the rest.
fn calls(home: &Path) -> Vec<(String, String)> {
    let told = fs::read_to_string(home.join("calls.txt")).unwrap();
    let lines = told.lines().filter_map(|line| {
        let (_, call) = line.split_once(' ')?;
        let (name, rest) = call.trim_start().split_once('(')?;
        // The end of a call whose beginning has been told.
        (!name.starts_with('<')).then(|| (name.to_owned(), rest.to_owned()))
    });
    lines.collect()
}

/// An address as strace writes it.
fn spelt(address: SocketAddr) -> String {
    format!("sin_port=htons({}), sin_addr=inet_addr(\"{}\")", address.port(), address.ip())
}

/// Panics unless every call is one that the program needs, and every address that of the origin. Gives how many
/// connections there were.
fn assert_only(home: &Path, origin: Option<SocketAddr>) -> usize {
    let mut connections = 0;
    for (name, rest) in calls(home) {
        let to_origin = origin.is_some_and(|origin| rest.contains(&spelt(origin)));
        let fits = match name.as_str() {
            // A pair of sockets within the process, by which the runtime and the keyboard hear of signals.
            "socketpair" => rest.starts_with("AF_UNIX, "),
            // Streams alone: no name is looked up, nothing is sent unasked.
            "socket" => origin.is_some() && rest.starts_with("AF_INET, SOCK_STREAM"),
            "connect" => to_origin,
            // What follows on a socket that is there. With an address it would be a message to somebody.
            "sendto" | "sendmsg" | "recvfrom" | "recvmsg" => !rest.contains("sa_family=AF_INET") || to_origin,
            "getsockopt" | "setsockopt" | "getsockname" | "getpeername" | "shutdown" => true,
            _ => false,
        };
        assert!(fits, "{name}({rest}");
        connections += usize::from(name == "connect");
    }
    connections
}

/// The program with decoys in its environment, its calls watched.
fn watched(home: &Path, trap: &Trap, arguments: &[&str]) -> i32 {
    let mut command = Command::new("strace");
    command.args(WATCH).arg(HIGHWATER).args(arguments).current_dir(home).env_clear().env("HOME", home);
    command.envs(ELSEWHERE.iter().map(|name| (name, trap.url()))).env("HIGHWATER_RETRY_BASE", "10ms");
    command.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap().status.code().unwrap()
}

/// The same in a terminal.
fn launch(trap: &Trap, arguments: &[&str]) -> Launch {
    let launch = Launch::program("strace", &[WATCH, &[HIGHWATER], arguments].concat());
    let launch = launch.with("HIGHWATER_RETRY_BASE", "10ms");
    ELSEWHERE.iter().fold(launch, |launch, name| launch.with(name, &trap.url()))
}

#[test]
fn a_sync_and_its_replay_in_lines() {
    if !can_watch() {
        return;
    }
    let (runtime, trap, home) = (Runtime::new().unwrap(), Trap::new(), tempfile::tempdir().unwrap());
    let server = origin(&runtime, &trap);
    let url = server.url().to_string();
    let sync = ["sync", "--walk", "scroll", "--db", "a.db", "--record", "a.ndjson", "--url", &url];
    assert_eq!(watched(home.path(), &trap, &sync), 1, "a redirect ends the run");
    let address = url.trim_start_matches("http://").trim_end_matches("/users").parse().unwrap();
    // One for each answer: the server closes after it.
    assert_eq!(assert_only(home.path(), Some(address)), server.asked().len());
    assert_eq!(server.asked().len(), 4, "{:#?}", server.asked());

    for arguments in [&["replay", "a.ndjson"][..], &["state", "--db", "a.db", "show"], &["config", "show"]] {
        assert_eq!(watched(home.path(), &trap, arguments), 0, "{arguments:?}");
        assert_eq!(assert_only(home.path(), None), 0);
    }
    trap.assert_empty();
}

#[test]
fn a_sync_and_its_replay_in_the_monitor() {
    if !can_watch() {
        return;
    }
    let (runtime, trap) = (Runtime::new().unwrap(), Trap::new());
    let server = origin(&runtime, &trap);
    let url = server.url().to_string();
    let arguments = ["--walk", "scroll", "--db", "a.db", "--record", "a.ndjson", "--url", &url];
    let mut terminal = launch(&trap, &arguments).start();
    terminal
        .shows("FAILED")
        .press("\r")
        .shows("Esc closes")
        .press("y")
        .shows("Copy")
        .press("r")
        .shows("handed");
    terminal.press("q").ends();
    let address = url.trim_start_matches("http://").trim_end_matches("/users").parse().unwrap();
    assert_eq!(assert_only(terminal.home.path(), Some(address)), server.asked().len());

    let home: TempDir = std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap());
    let mut terminal = launch(&trap, &["replay", "a.ndjson", "--speed", "max"]).home(home).start();
    terminal.shows("OVER").press("q").ends();
    assert_eq!(assert_only(terminal.home.path(), None), 0);
    trap.assert_empty();
}

#[test]
fn a_distant_source_is_not_asked_for_through_a_proxy_of_the_environment() {
    if !can_watch() {
        return;
    }
    let (trap, home) = (Trap::new(), tempfile::tempdir().unwrap());
    // An address for documentation: whether it is refused or never answers, nobody else is asked.
    let arguments = ["sync", "--url", "https://192.0.2.1/users", "--connect-timeout", "1s", "--retries", "1"];
    assert_eq!(watched(home.path(), &trap, &arguments), 1);
    assert_eq!(assert_only(home.path(), Some("192.0.2.1:443".parse().unwrap())), 1);
    trap.assert_empty();
}

#[test]
fn a_call_elsewhere_is_seen() {
    let home = tempfile::tempdir().unwrap();
    let origin = "127.0.0.1:5001".parse().unwrap();
    let told = |line: &str| {
        fs::write(home.path().join("calls.txt"), format!("12 {line}\n")).unwrap();
        let home = home.path().to_owned();
        std::panic::catch_unwind(move || assert_only(&home, Some(origin))).is_ok()
    };
    let connect = |port: u16, host: &str| {
        told(&format!(
            "connect(9, {{sa_family=AF_INET, sin_port=htons({port}), sin_addr=inet_addr(\"{host}\")}}, 16) = 0"
        ))
    };
    assert!(connect(5_001, "127.0.0.1"));
    assert!(!connect(5_002, "127.0.0.1") && !connect(5_001, "127.0.0.2"));
    assert!(!told("connect(9, {sa_family=AF_UNIX, sun_path=\"/run/nscd/socket\"}, 110) = -1 ENOENT"));
    assert!(!told("socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 5"));
    assert!(!told("bind(5, {sa_family=AF_INET, sin_port=htons(0)}, 16) = 0"));
}
