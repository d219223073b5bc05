//! Settings as text: the annotated file with the defaults, and the effective settings with the layer of each.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::keys::{KEYS, Key, SECTIONS};
use super::layers::Loaded;
use super::problem::{Place, Problem};
use crate::sanitize;

/// The widest line of prose in the annotated file, in characters.
const WIDTH: usize = 100;

/// The settings file that `config init` writes: every key with its default, commented out and explained.
#[must_use]
pub fn annotated() -> String {
    let mut text = String::from(
        "# The settings of highwater. Flags cover the environment, which covers this file, which covers the\n\
         # defaults. To change one, take the # from its line. `highwater config show` tells what is in force.\n",
    );
    for (section, about) in SECTIONS {
        let _ = write!(text, "\n# {}\n[{section}]\n", about.trim());
        for key in KEYS.iter().filter(|key| key.section == *section) {
            text.push('\n');
            comment(&mut text, &explain(key));
            comment(&mut text, &limits(key));
            let _ = writeln!(text, "#{} = {}", key.name, key.toml(key.default));
        }
    }
    text
}

/// What the key is, in sentences.
#[must_use]
pub fn explain(key: &Key) -> String {
    format!("{}. {}", key.about(), key.more()).trim_end().to_owned()
}

/// What is allowed for the key, and its names in the other layers.
fn limits(key: &Key) -> String {
    let flag = key.flag.map(|flag| format!(", --{}", flag.name)).unwrap_or_default();
    format!("Allowed: {}. Also {}{flag}", key.rule.allowed(), key.env)
}

/// The effective settings as a settings file would have them, each with the layer that it came from.
#[must_use]
pub fn show(loaded: &Loaded) -> String {
    let mut text = match &loaded.location {
        None => "# no settings file: the platform knows no place for one\n".to_owned(),
        Some(location) => {
            let path = location.path.to_string_lossy();
            let state = if loaded.found { "" } else { " (absent)" };
            format!("# settings file: {}{state}\n", sanitize::line(&path))
        }
    };
    let line = |key: &Key| {
        let value = key.toml(&(key.show)(&loaded.settings));
        format!("{} = {}", key.name, sanitize::line(&value))
    };
    let width = KEYS.iter().map(|key| line(key).chars().count()).max().unwrap_or(0).min(40);
    for (section, _) in SECTIONS {
        let _ = write!(text, "\n[{section}]\n");
        for key in KEYS.iter().filter(|key| key.section == *section) {
            let place = loaded.place(key);
            let _ = writeln!(text, "{:width$}  # {place}{}", line(key), resolved(loaded, key));
        }
    }
    text
}

/// What "auto" comes to: an operator wants to know which file is meant.
fn resolved(loaded: &Loaded, key: &Key) -> String {
    match (key.name, &loaded.settings.destination.db) {
        ("db", None) => match loaded.settings.database() {
            Ok(place) => format!(": {}", sanitize::line(&place.to_string())),
            Err(_) => ": the platform knows no place for one".to_owned(),
        },
        _ => String::new(),
    }
}

/// Writes the annotated file, with the directories on the way to it.
///
/// # Errors
/// If there is a file already and it is not to be replaced, or it cannot be written.
pub fn init(path: &Path, force: bool) -> Result<(), Problem> {
    let problem = |what: String| {
        let path = path.to_owned();
        Problem::new(Place::File { path, line: None }, what)
    };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)
            .map_err(|why| problem(format!("its directory cannot be made: {why}")))?;
    }
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    options.open(path).and_then(|mut file| file.write_all(annotated().as_bytes())).map_err(|why| {
        match why.kind() {
            ErrorKind::AlreadyExists => problem("exists already; --force replaces it".to_owned()),
            _ => problem(format!("cannot be written: {why}")),
        }
    })
}

/// Adds the words as comment lines, broken at [`WIDTH`].
fn comment(text: &mut String, words: &str) {
    let mut width = 0;
    for word in words.split(' ') {
        let length = word.chars().count() + 1;
        if width == 0 || width + length > WIDTH {
            text.push_str(if width == 0 { "#" } else { "\n#" });
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Location, load};

    const SHIPPED: &str = include_str!("../../assets/config.toml");

    #[test]
    fn the_shipped_file_is_what_the_code_writes() {
        assert_eq!(SHIPPED, annotated(), "run `highwater config init --force --config assets/config.toml`");
    }

    #[test]
    fn every_key_taken_out_of_its_comment_loads_to_the_defaults() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let is_key = |line: &str| line.starts_with('#') && !line.starts_with("# ");
        let bare: Vec<&str> =
            SHIPPED.lines().map(|line| if is_key(line) { &line[1..] } else { line }).collect();
        std::fs::write(&path, bare.join("\n")).unwrap();
        let location = Some(Location { path, named: true });
        let from_file = load(location, &Environment::default(), vec![]).unwrap();
        let defaults = load(None, &Environment::default(), vec![]).unwrap();
        assert_eq!(from_file.settings, defaults.settings);
        for key in KEYS {
            assert!(matches!(from_file.place(key), Place::File { .. }), "{key:?}");
        }
    }

    #[test]
    fn the_shipped_file_loads_as_it_is_and_no_line_is_too_wide() {
        let contents = crate::config::file::entries(Path::new("c"), SHIPPED);
        assert!(contents.entries.is_empty() && contents.problems.is_empty());
        assert!(SHIPPED.lines().all(|line| line.chars().count() <= WIDTH + 2));
    }

    #[test]
    fn what_is_shown_is_a_settings_file_again() {
        let loaded = load(None, &Environment::default(), vec![]).unwrap();
        let contents = crate::config::file::entries(Path::new("c"), &show(&loaded));
        assert_eq!(contents.problems, []);
        assert_eq!(contents.entries.len(), KEYS.len());
    }

    #[test]
    fn a_file_is_not_overwritten_unless_that_is_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/directory/config.toml");
        init(&path, false).unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert!(init(&path, false).unwrap_err().to_string().ends_with("--force replaces it"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        init(&path, true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), annotated());
    }
}
