//! The command line from outside, with the real binary: help, refusals, layers, and what it prints by itself.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A machine of its own: no settings, no variables, a home that goes away.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HIGHWATER_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_DATA_HOME", self.path().join("data"));
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line.split_whitespace()).output().unwrap()
    }

    fn show(&self, line: &str, variables: &[(&str, &str)]) -> String {
        let mut command = self.command(line.split_whitespace());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The line of `config show` for a key: its value and its layer.
fn line<'a>(shown: &'a str, key: &str) -> (&'a str, &'a str) {
    let line = shown.lines().find(|line| line.starts_with(&format!("{key} = ")));
    let (value, layer) = line.unwrap().split_once(" = ").unwrap().1.split_once("  # ").unwrap();
    (value.trim(), layer)
}

#[test]
fn help_fits_a_small_terminal() {
    let home = Home::new();
    for command in [
        "",
        "watch",
        "sync",
        "demo",
        "replay",
        "playground",
        "state",
        "state rewind",
        "schema",
        "config",
        "config init",
        "config show",
        "completions",
        "man",
    ] {
        for flag in ["-h", "--help"] {
            let output = home.run(&format!("{command} {flag}"));
            let help = stdout(&output);
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            assert!(help.lines().count() <= 23, "{command}: {help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        }
    }
}

#[test]
fn the_version_is_the_packages() {
    let output = Home::new().run("--version");
    assert_eq!(stdout(&output), format!("highwater {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(code(&output), 0);
}

#[test]
fn a_misspelt_flag_or_command_exits_2_with_the_nearest_right_one() {
    let home = Home::new();
    for (line, hint) in [
        ("--wlak auto", "'--walk'"),
        ("sync --jsn", "'--json'"),
        ("snyc", "'sync'"),
        ("sync --walk anker", "did you mean \"anchor\"?"),
        ("--retries 0", "1 to 100"),
        ("man stat", "did you mean \"state\"?"),
    ] {
        let output = home.run(line);
        assert_eq!(code(&output), 2, "{line}");
        assert!(stderr(&output).contains(hint), "{line}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn a_wrong_settings_file_exits_2_with_file_line_and_the_nearest_right_word() {
    let home = Home::new();
    home.file(
        "config.toml",
        "[retry]\nattempts = 0\n\n[sync]\nresume = \"ask\"\n\nwlak = \"auto\"\nwalk = \"anker\"\n",
    );
    let output = home.run("sync --config config.toml");
    assert_eq!(code(&output), 2);
    assert_eq!(
        stderr(&output),
        "error: config.toml:2: attempts: \"0\" is out of bounds: 1 to 100\n\
         error: config.toml:7: unknown key \"wlak\" in [sync]; did you mean \"walk\"?\n\
         error: config.toml:8: walk: \"anker\" is not one of auto, scroll, anchor; did you mean \"anchor\"?\n"
    );
}

#[test]
fn a_wrong_variable_exits_2_with_its_name() {
    let home = Home::new();
    for (name, value, hint) in [
        ("HIGHWATER_WALK", "anker", "HIGHWATER_WALK: \"anker\" is not one of"),
        ("HIGHWATER_WLAK", "auto", "HIGHWATER_WLAK: there is no such setting; did you mean HIGHWATER_WALK?"),
        ("HIGHWATER_CONFIG", "absent.toml", "absent.toml: no such settings file"),
    ] {
        let output = home.command(["config", "show"]).env(name, value).output().unwrap();
        assert_eq!(code(&output), 2, "{name}");
        assert!(stderr(&output).contains(hint), "{}", stderr(&output));
    }
}

#[test]
fn no_refusal_shows_a_password() {
    let home = Home::new();
    let secret = "http://me:hunter2@host/";
    home.file("c.toml", &format!("[source]\nurl = \"{secret}\"\n"));
    let refused = [
        home.run(&format!("sync --url {secret}")),
        home.run("sync --config c.toml"),
        home.command(["sync"]).env("HIGHWATER_URL", secret).output().unwrap(),
    ];
    for output in refused {
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("a user or password in a URL"));
        assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
    }
}

#[test]
fn each_layer_covers_the_ones_below_and_says_so() {
    let home = Home::new();
    home.file("c.toml", "[sync]\nwalk = \"scroll\"\n[retry]\nattempts = 2\nbase = \"1s\"\n");
    let variables = [("HIGHWATER_WALK", "anchor"), ("HIGHWATER_RETRIES", "3")];
    let shown = home.show("config show --config c.toml --retries 4", &variables);
    assert_eq!(line(&shown, "attempts"), ("4", "--retries"));
    assert_eq!(line(&shown, "walk"), ("\"anchor\"", "HIGHWATER_WALK"));
    assert_eq!(line(&shown, "base"), ("\"1s\"", "c.toml:5"));
    assert_eq!(line(&shown, "resume"), ("\"ask\"", "default"));
}

#[test]
fn a_word_takes_a_setting_back_to_its_default() {
    let home = Home::new();
    home.file("c.toml", "[source]\nurl = \"http://127.0.0.1:9/\"\n[sync]\nmax_pages = 3\n");
    let variables = [("HIGHWATER_CONFIG", "c.toml")];
    let shown = home.show("config show", &variables);
    assert_eq!(line(&shown, "url"), ("\"http://127.0.0.1:9/\"", "c.toml:2"));
    assert!(line(&shown, "db").1.contains("127.0.0.1-9-"));
    let shown = home.show("config show --url playground --max-pages none", &variables);
    assert_eq!(line(&shown, "url"), ("\"playground\"", "--url"));
    assert_eq!(line(&shown, "max_pages"), ("\"none\"", "--max-pages"));
    assert!(line(&shown, "db").1.ends_with("playground.db"));
}

#[test]
fn config_init_writes_what_config_path_names_and_overwrites_nothing() {
    let home = Home::new();
    let first = home.run("config init --config new/config.toml");
    assert_eq!(code(&first), 0, "{}", stderr(&first));
    assert_eq!(stdout(&first), stdout(&home.run("config path --config new/config.toml")));
    let written = fs::read_to_string(home.path().join("new/config.toml")).unwrap();
    assert_eq!(written, include_str!("../assets/config.toml"));
    let second = home.run("config init --config new/config.toml");
    assert_eq!(code(&second), 2);
    assert!(stderr(&second).contains("--force replaces it"));
    assert_eq!(code(&home.run("config init --force --config new/config.toml")), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_name_the_platforms_directories_are_used() {
    let home = Home::new();
    let path = home.path().join("config/highwater/config.toml");
    assert_eq!(stdout(&home.run("config path")), format!("{}\n", path.display()));
    assert!(home.show("config show", &[]).contains("config.toml (absent)\n"));
    assert_eq!(code(&home.run("config init")), 0);
    let shown = home.show("config show", &[]);
    assert!(!shown.contains("(absent)"));
    let database = home.path().join("data/highwater/playground.db");
    assert_eq!(line(&shown, "db").1, format!("default: {}", database.display()));
}

#[test]
fn completions_are_there_for_each_shell() {
    let home = Home::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = home.run(&format!("completions {shell}"));
        assert_eq!(code(&output), 0);
        let script = stdout(&output);
        assert!(script.contains("highwater") && script.contains("max-pages"), "{shell}");
    }
    assert_eq!(code(&home.run("completions csh")), 2);
}

#[test]
fn the_manual_is_roff() {
    let home = Home::new();
    let page = stdout(&home.run("man"));
    assert!(page.contains(".TH highwater 1"));
    assert!(page.contains("HIGHWATER_RETRY_BASE") && page.contains("EXIT STATUS"));
    assert!(stdout(&home.run("man state rewind")).contains("\\-\\-by"));
}

#[test]
fn the_schema_is_the_references() {
    let output = Home::new().run("schema");
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        schema,
        serde_json::json!([{
            "table": "user",
            "primary_key": ["id"],
            "columns": {
                "id": "STRING",
                "name": "STRING",
                "email": "STRING",
                "address": "STRING",
                "company": "STRING",
                "job": "STRING",
                "updatedAt": "UTC_DATETIME",
                "createdAt": "UTC_DATETIME",
            },
        }])
    );
    let text = stdout(&output);
    let order: Vec<_> = ["\"table\"", "\"id\": ", "\"name\"", "\"job\"", "\"updatedAt\"", "\"createdAt\""]
        .iter()
        .map(|name| text.find(name).unwrap())
        .collect();
    assert!(order.is_sorted(), "{text}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let home = Home::new();
    let mut child = home.command(["man"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
}

#[cfg(unix)]
#[test]
fn nobody_to_tell_is_no_panic() {
    let home = Home::new();
    let set = "state set --db a.db 2026-01-01T00:00:00Z";
    for line in [set, "state undo --db a.db", "state reset --yes --db a.db"] {
        let mut child =
            home.command(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{line}");
    }
    let mut child = home.command(["sync", "--url", "x"]).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_called_by_its_name() {
    let home = Home::new();
    for line in ["schema", "state set --db a.db 2026-01-01T00:00:00Z"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = home.command(line.split(' ')).stdout(full).output().unwrap();
        assert_eq!(code(&output), 1);
        assert!(stderr(&output).starts_with("error: standard output: "), "{}", stderr(&output));
    }
}

/// A limit of the shell's (`ulimit -f`) is met as a full disk is: told, and not died of.
#[cfg(unix)]
#[test]
fn a_file_at_its_limit_is_told_and_what_was_stored_stays() {
    let home = Home::new();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -f 400; exec \"$0\" sync --db a.db", env!("CARGO_BIN_EXE_highwater")])
        .env_clear()
        .env("HIGHWATER_PLAYGROUND_LATENCY", "0ms")
        .env("HIGHWATER_PLAYGROUND_USERS", "5000")
        .env("HIGHWATER_PLAYGROUND_PAGE_SIZE", "500")
        .env("HOME", home.path())
        .current_dir(home.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = stdout(&output) + &stderr(&output);
    assert!(told.contains("what was stored before is safe"), "{told}");
}
