//! The README's pictures can't drift from the program: one command makes them anew from the real binary in a real
//! terminal, and where the program has other panels or keys than its pictures, a test says so.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod pictures {
    pub mod colours;
    pub mod line;
    pub mod read;
    pub mod scenes;
    pub mod window;
}
mod terminal;

use std::fs;

use pictures::read::{lines, words};
use pictures::scenes::{Pace, SCENES};
use pictures::window;
use roxmltree::Document;

const README: &str = include_str!("../README.md");
const REMEDY: &str = "`cargo test --test pictures -- --ignored` makes the pictures anew";
/// What `cargo bench --bench whole -- --chart` draws: figures, which no test compares.
const CHART: &str = "assets/speed.svg";
/// Larger files take too long to come.
const LARGEST: usize = 300_000;

#[test]
#[ignore = "writes the README's pictures"]
fn make_them_anew() {
    for scene in SCENES {
        let film = (scene.perform)(Pace::Watched);
        fs::write(scene.file, window::svg(scene.command, &film)).unwrap();
    }
}

#[test]
fn each_is_in_the_readme_and_can_be_shown_there() {
    let links = README.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let mut named: Vec<&str> = links.map(|(link, _)| link).filter(|link| link.ends_with(".svg")).collect();
    let mut made: Vec<&str> = SCENES.iter().map(|scene| scene.file).chain([CHART]).collect();
    named.sort_unstable();
    made.sort_unstable();
    assert_eq!(named, made);
    for file in made {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}; {REMEDY}"));
        assert!(text.len() <= LARGEST, "{file}: {} bytes", text.len());
        let picture = Document::parse(&text).unwrap_or_else(|error| panic!("{file}: {error}; {REMEDY}"));
        for node in picture.descendants() {
            assert!(
                !matches!(node.tag_name().name(), "script" | "foreignObject" | "image"),
                "{file}: {node:?}"
            );
            let leads = node.attribute("href").unwrap_or("#");
            assert!(leads.starts_with('#'), "{file} needs {leads}, which a page does not load for an image");
        }
    }
}

#[test]
fn each_shows_what_the_program_shows() {
    for scene in SCENES {
        let text = fs::read_to_string(scene.file).unwrap();
        let pictured = lines(&Document::parse(&text).unwrap());
        let film = (scene.perform)(Pace::AtOnce);
        let (screen, _) = film.last().unwrap();
        let (rows, columns) = screen.size();
        let keys = usize::from(rows.get()) - 1;
        for (row, line) in screen.rows(0, columns.get()).enumerate() {
            if line.contains('╭') || row == keys {
                let pictured = pictured.get(&row).map_or("", String::as_str);
                let (is, was) = (words(&line), words(pictured));
                assert!(is == was, "{}, line {row}: {was:?}, but now {is:?}; {REMEDY}", scene.file);
            }
        }
    }
}
