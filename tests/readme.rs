//! The README can't drift from the program: the key table is the keymap's, and every option and exit code is there.
//! `HIGHWATER_BLESS=1` writes the key table anew.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use highwater::config::KEYS;
use highwater::monitor::keys;

const README: &str = include_str!("../README.md");

#[test]
fn the_key_table_is_the_keymap() {
    let from = README.find("<!-- keys").and_then(|at| README[at..].find("-->\n").map(|end| at + end + 4));
    let to = README.find("<!-- /keys -->");
    let (before, rest) = README.split_at(from.unwrap());
    let (table, after) = rest.split_at(to.unwrap() - before.len());
    let expected = keys::markdown();
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        std::fs::write(path, format!("{before}{expected}{after}")).unwrap();
    } else {
        assert!(table == expected, "HIGHWATER_BLESS=1 puts this between the README's markers:\n{expected}");
    }
}

#[test]
fn every_option_of_a_run_is_named() {
    for flag in KEYS.iter().filter_map(|key| key.flag) {
        assert!(README.contains(&format!("--{}", flag.name)), "--{} is not in the README", flag.name);
    }
}

#[test]
fn every_command_is_named() {
    let help = Command::new(env!("CARGO_BIN_EXE_highwater")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        assert!(README.contains(command), "{command} is not in the README");
    }
    for code in ["| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 4 |", "| 128+n |"] {
        assert!(README.contains(code), "{code}");
    }
}

/// A test that is said to show something is there.
#[test]
fn every_test_that_is_named_is_there() {
    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => sources(&path, into),
                false if path.extension().is_some_and(|ending| ending == "rs") => {
                    into.push_str(&std::fs::read_to_string(&path).unwrap());
                }
                false => {}
            }
        }
    }
    let covered = README.split("### What is covered").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = covered.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20, "{}", rows.len());
    let mut code = String::new();
    for folder in ["src", "tests"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut code);
    }
    for row in rows {
        let tests = row.rsplit("| ").next().unwrap();
        let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{row}");
        for name in named {
            assert!(code.contains(&format!("fn {name}(")), "there is no test {name}");
        }
    }
}
