//! What a scenario's file may say, and how a wrong one is refused.

use super::*;

const LEAST: &str = "title = \"t\"\nabout = \"a\"\nnarration = []\n[playground]\n";

fn refused(text: &str) -> String {
    Scenario::parse(Path::new("mine.toml"), text).unwrap_err().to_string()
}

#[test]
fn the_ones_that_come_along_can_be_read_and_say_what_must_come_of_them() {
    for (name, _) in BUILT_IN {
        let scenario = Scenario::built_in(name).unwrap().unwrap();
        assert!(scenario.expect.is_some(), "{name}");
        assert!(!scenario.title.is_empty() && scenario.about.ends_with('.'), "{name}");
        assert!(scenario.cues.iter().any(|cue| cue.on == Trigger::Start), "{name} begins without a word");
        assert!(scenario.options.latency >= Duration::from_millis(600), "{name} is too fast to be read");
    }
}

#[test]
fn what_is_not_said_is_as_the_playground_has_it() {
    let scenario = Scenario::parse(Path::new("mine.toml"), LEAST).unwrap();
    assert_eq!(scenario.options, Options { frozen: true, ..Options::default() });
    assert_eq!((scenario.walk, scenario.beside, scenario.kill()), (Mode::Auto, None, None));
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_right_ones() {
    let text = refused(&format!("{LEAST}usres = 3\n"));
    assert!(text.starts_with("mine.toml:5: unknown field `usres`, expected one of `users`"), "{text}");
    let text = refused(&format!("{LEAST}[[narration]]\non = \"pge\"\nsay = \"x\"\n"));
    assert!(text.starts_with("mine.toml:"), "{text}");
    let cue = "title = \"t\"\nabout = \"a\"\n[playground]\n[[narration]]\n";
    let text = refused(&format!("{cue}on = \"pge\"\nsay = \"x\"\n"));
    assert!(
        text.starts_with("mine.toml:5: unknown variant `pge`, expected one of `start`, `page`"),
        "{text}"
    );
    let text = refused(&format!("{cue}on = \"page\"\nonce = true\nsay = \"x\"\n"));
    assert!(text.starts_with("mine.toml:6: unknown field `once`"), "{text}");
    let text = refused(&format!("{LEAST}[[act]]\nafter_page = 1\ndo = \"kil\"\n"));
    assert!(text.contains("unknown variant `kil`, expected `pause` or `kill`"), "{text}");
    let text = refused(&format!("{LEAST}[beside]\nwakl = \"scroll\"\n"));
    assert!(text.starts_with("mine.toml:6: unknown variant `wakl`, expected `walk` or `offset`"), "{text}");
}

#[test]
fn a_placeholder_that_cannot_be_filled_in_is_refused_with_those_that_can() {
    let cue = "title = \"t\"\nabout = \"a\"\n[playground]\n[[narration]]\non = \"page\"\n";
    let text = refused(&format!("{cue}say = \"now {{pgae}}\"\n"));
    assert!(
        text.starts_with("mine.toml:6: \"{pgae}\" cannot be filled in; there are {page}, {rows}"),
        "{text}"
    );
    assert!(refused(&format!("{cue}say = \"now {{page\"\n")).contains("cannot be filled in"));
}

#[test]
fn what_cannot_be_played_is_refused_by_name() {
    for (line, what) in [
        ("page_size = 0", "page size: at least 1"),
        ("page_size = 51", "page_size: at most 50"),
        ("users = 10001", "users: at most 10000"),
        ("growth = { from = 0, until = 1, inserts = 1, updates = 1 }", "growth: from the first request"),
        ("fault = [{ when = { percent = 0 }, what = \"cut\" }]", "fault: 1 to 100 percent"),
        ("latency = \"fast\"", "\"fast\" is not a span of time"),
        ("expiry = { age = \"5\" }", "\"5\" is not a span of time"),
    ] {
        let text = refused(&format!("{LEAST}{line}\n"));
        assert!(text.contains(what) && text.starts_with("mine.toml:"), "{text}");
    }
    let text = refused(&format!("{LEAST}[[act]]\nafter_page = 0\ndo = \"kill\"\n"));
    assert!(text.ends_with("pages are counted from 1"), "{text}");
}

#[test]
fn nothing_raw_comes_back_from_a_file() {
    let text = refused("title = \"a\u{1b}[2J\n");
    assert!(!text.contains(['\u{1b}', '\n']), "{text}");
    let text = refused("\"\\u001b[2J\" = 1\n");
    assert!(!text.contains('\u{1b}'), "{text}");
}
