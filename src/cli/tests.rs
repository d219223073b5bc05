//! What a command line comes to, and how its help looks.

use super::*;
use crate::config::{Colours, EmptyPage, Resume};
use crate::destination::place;
use crate::record::USER;
use crate::run::Start;
use crate::walk::Mode;

/// Rows of a small terminal, less one for the prompt.
const ROWS: usize = 23;

fn read(line: &str) -> Result<Command, Refusal> {
    let words = std::iter::once("highwater").chain(line.split_whitespace());
    // A settings file on the machine that runs this must not change the outcome.
    let variables = [(OsString::from(config::CONFIG), OsString::from(EMPTY))];
    parse(words, &variables.into_iter().collect())
}

/// A settings file that holds only comments.
const EMPTY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml");

fn settings(line: &str) -> Settings {
    match read(line).unwrap() {
        Command::Watch(watched) | Command::Sync { watched, .. } => *watched.settings,
        Command::State { settings, .. } => *settings,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_command_line_is_well_formed() {
    tree().debug_assert();
    front().debug_assert();
}

#[test]
fn every_help_fits_a_small_screen() {
    fn check(command: &mut clap::Command) {
        let help = command.render_help().to_string();
        assert!(help.lines().count() <= ROWS, "{} lines:\n{help}", help.lines().count());
        assert!(help.lines().all(|line| line.chars().count() <= WIDTH), "{help}");
        command.get_subcommands_mut().for_each(check);
    }
    let mut front = front();
    front.build();
    check(&mut front);
}

#[test]
fn watching_is_the_default_and_takes_the_same_options() {
    let options = "--url http://h/x --db a.db --walk anchor --resume full --max-pages 3 --connect-timeout 1s \
                   --idle-timeout 2s --request-timeout 3s --retries 4 --max-wait 5s --every 6s";
    let bare = read(options).unwrap();
    assert_eq!(bare, read(&format!("watch {options}")).unwrap());
    assert!(matches!(bare, Command::Watch(_)));
    let settings = settings(options);
    assert_eq!(settings.source.url.unwrap().as_str(), "http://h/x");
    assert_eq!(settings.destination.db, Some(place::Place::File("a.db".into())));
    assert_eq!(settings.sync.walk, Mode::Anchor);
    assert_eq!(settings.sync.resume, Resume::From(Start::Full));
    assert_eq!(settings.sync.max_pages, Some(3));
    assert_eq!(settings.sync.every, Some(Duration::from_secs(6)));
    assert_eq!(settings.source.connect_timeout, Duration::from_secs(1));
    assert_eq!(settings.source.idle_timeout, Duration::from_secs(2));
    assert_eq!(settings.source.request_timeout, Duration::from_secs(3));
    assert_eq!(settings.retry.attempts, 4);
    assert_eq!(settings.retry.max_wait, Duration::from_secs(5));
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let settings = settings("");
    assert_eq!(settings.source.url, None);
    assert_eq!(settings.source.max_body, 32 << 20);
    assert_eq!(settings.source.empty_page_with_token, EmptyPage::End);
    assert_eq!(settings.retry.attempts, 6);
    assert_eq!(settings.sync.walk, Mode::Auto);
    assert_eq!(settings.sync.resume, Resume::Ask);
    assert_eq!(settings.sync.every, None);
    assert_eq!(settings.sync.stop_grace, Duration::from_secs(5));
    assert_eq!(settings.playground.latency, Duration::from_millis(600));
}

#[test]
fn options_before_a_command_are_refused_rather_than_dropped() {
    let Err(Refusal::Line(error)) = read("--url http://h/ sync") else { panic!() };
    let text = error.to_string();
    assert!(text.contains("tip: options follow the command: highwater sync --url <URL>"), "{text}");
}

#[test]
fn sync_can_speak_json() {
    assert!(matches!(read("sync --json").unwrap(), Command::Sync { json: true, .. }));
    assert!(matches!(read("sync").unwrap(), Command::Sync { json: false, .. }));
    assert!(read("watch --json").is_err());
}

#[test]
fn looks_belong_to_the_monitor() {
    let plain = settings("").monitor;
    assert_eq!((plain.theme, plain.mouse), (Colours::Terminal, false));
    let asked = settings("watch --theme high-contrast --mouse").monitor;
    assert_eq!((asked.theme, asked.mouse), (Colours::HighContrast, true));
    assert!(read("watch --mouse=true").is_err());
    assert!(read("sync --theme dark").is_err());
    assert!(read("sync --mouse").is_err());
}

#[test]
fn no_color_yields_only_to_the_flag() {
    let theme = |line: &str| {
        let variables = [("NO_COLOR", "1"), ("HIGHWATER_THEME", "light"), (config::CONFIG, EMPTY)];
        let variables = variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        match parse(line.split(' '), &variables.into_iter().collect()).unwrap() {
            Command::Watch(watched) => watched.settings.monitor.theme,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(theme("highwater"), Colours::Mono);
    assert_eq!(theme("highwater --theme dark"), Colours::Dark);
}

#[test]
fn a_sync_can_be_recorded_and_a_recording_played() {
    let record = Some(PathBuf::from("a.ndjson"));
    for line in ["--record a.ndjson", "watch --record a.ndjson", "sync --record a.ndjson"] {
        match read(line).unwrap() {
            Command::Watch(watched) | Command::Sync { watched, .. } => assert_eq!(watched.record, record),
            other => panic!("{other:?}"),
        }
    }
    let looks = || settings("").monitor;
    for (line, speed) in [("", 1.0), (" --speed 0.5", 0.5)] {
        let played = Played {
            schema: &USER,
            file: "a.ndjson".into(),
            speed: Speed::times(speed).unwrap(),
            json: false,
            looks: looks(),
        };
        assert_eq!(read(&format!("replay a.ndjson{line}")).unwrap(), Command::Replay(played));
    }
    let schema = &USER;
    let played = Played { file: "a.ndjson".into(), speed: Speed::MAX, json: true, schema, looks: looks() };
    assert_eq!(read("replay --json a.ndjson --speed max").unwrap(), Command::Replay(played));
    for line in
        ["replay", "replay a --speed 0", "replay a --speed 1001", "replay a --speed NaN", "replay a --url x"]
    {
        assert!(read(line).is_err(), "{line}");
    }
}

#[test]
fn a_playground_has_a_port_a_pace_and_maybe_a_limit() {
    let served = |line: &str| match read(line).unwrap() {
        Command::Playground(served) => served,
        other => panic!("{other:?}"),
    };
    let plain = served("playground");
    assert_eq!((plain.port, plain.capacity), (5001, None));
    let limited = served("playground --port 0 --users 9 --tie 3 --latency 20 --rate-limit --capacity 5");
    assert_eq!((limited.port, limited.capacity), (0, Some(5)));
    assert_eq!((limited.playground.users, limited.playground.tie), (9, 3));
    assert_eq!(limited.playground.latency, Duration::from_millis(20));
    assert!(read("playground --capacity 5").is_err());
    assert!(read("playground --url http://h/").is_err());
    assert!(read("watch --latency 3").is_err());
}

#[test]
fn a_demo_is_named_or_listed_and_no_setting_reaches_it() {
    for line in ["demo", "demo --list", "demo ties", "demo ./mine.toml --json --latency 0s"] {
        assert!(matches!(read(line).unwrap(), Command::Demo { .. }), "{line}");
    }
    for line in
        ["demo --json", "demo ties --list", "demo ties --latency 3", "demo ties --db a.db", "demo a b"]
    {
        assert!(read(line).is_err(), "{line}");
    }
}

#[test]
fn a_destination_is_selected_before_or_after_what_is_done_to_it() {
    assert_eq!(read("state --db a.db show").unwrap(), read("state show --db a.db").unwrap());
    assert_eq!(settings("state --db a.db undo").destination.db, Some(place::Place::File("a.db".into())));
    assert!(settings("state history --url http://h/").source.url.is_some());
}

#[test]
fn every_change_to_a_checkpoint_is_understood() {
    let action = |line: &str| match read(line).unwrap() {
        Command::State { action, .. } => action,
        other => panic!("{other:?}"),
    };
    let value = "2026-11-16T19:05:47Z".to_owned();
    let set = action("state set 2026-11-16T19:05:47Z");
    assert_eq!(set, StateAction::Set { value: value.clone() });
    let (to, by) = (Some(value), None);
    let rewind = action("state rewind --to 2026-11-16T19:05:47Z");
    assert_eq!(rewind, StateAction::Rewind(Rewind { to, by }));
    let (to, by) = (None, Some(Duration::from_secs(86_400)));
    assert_eq!(action("state rewind --by 1d"), StateAction::Rewind(Rewind { to, by }));
    assert_eq!(action("state reset --yes"), StateAction::Reset { yes: true });
    assert_eq!(action("state export"), StateAction::Export { file: None });
    let file = PathBuf::from("state.json");
    assert_eq!(action("state import state.json"), StateAction::Import { file });
}

#[test]
fn a_change_that_says_too_little_or_too_much_is_refused() {
    for line in [
        "state",
        "state set",
        "state set yesterday",
        "state rewind",
        "state rewind --by 0s",
        "state rewind --by 3",
        "state rewind --by 1s --to 2026-11-16T19:05:47Z",
        "state import",
    ] {
        assert!(read(line).is_err(), "{line}");
    }
}

#[test]
fn a_refused_flag_never_shows_a_password() {
    for line in ["--url http://me:hunter2@host/", "sync --url ftp://me:hunter2@host/"] {
        let refusal = read(line).unwrap_err().to_string();
        assert!(refusal.starts_with("error: --url: "), "{refusal}");
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn a_manual_page_is_there_for_every_command() {
    fn check(command: &clap::Command, path: &[String]) {
        let page = String::from_utf8(print::manual(path).unwrap()).unwrap();
        assert!(page.contains(".SH NAME"), "{path:?}");
        for below in command.get_subcommands() {
            check(below, &[path, &[below.get_name().to_owned()]].concat());
        }
    }
    check(&tree(), &[]);
    let refusal = read("man snyc").unwrap_err().to_string();
    assert!(refusal.contains("did you mean \"sync\"?"), "{refusal}");
}

#[test]
fn the_manual_tells_every_variable_and_exit_code() {
    let page = String::from_utf8(print::manual(&[]).unwrap()).unwrap();
    for key in config::KEYS {
        assert!(page.contains(&format!(".TP\n\\fB{}\\fR\n", key.env)), "{key:?}");
    }
    for (code, _) in Exit::MEANINGS {
        assert!(page.contains(&format!("\\fB{code}\\fR")), "{code}");
    }
}
