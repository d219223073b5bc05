//! The layers: flags over environment over file over defaults. Each value remembers the layer that it came from, and
//! what is wrong in a lower layer is refused even where a higher one covers it.

use std::path::{Path, PathBuf};

use super::credential::Keeper;
use super::database;
use super::environment::Environment;
use super::file;
use super::keys::{KEYS, Key, Settings};
use super::problem::{Place, Problem, Problems};

/// A value that one layer gives a key, checked by the key's format.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// The value as it was written.
    pub text: String,
    /// Where it was written.
    pub place: Place,
}

/// The settings file that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its path.
    pub path: PathBuf,
    /// True if a flag or the environment names it. It must exist then; the platform's own may be absent.
    pub named: bool,
}

impl Location {
    /// The file that the flag names, else the environment, else the one in the platform's configuration directory.
    /// `None` if the platform knows no such directory.
    #[must_use]
    pub fn find(flag: Option<&Path>, environment: &Environment) -> Option<Self> {
        match flag.map(Path::to_owned).or_else(|| environment.config()) {
            Some(path) => Some(Self { path, named: true }),
            None => database::directories()
                .map(|platform| Self { path: platform.config_dir().join("config.toml"), named: false }),
        }
    }
}

/// The effective settings, and where each came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The settings file that was looked for, if there is a place to look.
    pub location: Option<Location>,
    /// True if it was found.
    pub found: bool,
    places: Vec<Place>,
}

impl Loaded {
    /// Where the key's value came from.
    #[must_use]
    pub fn place(&self, key: &Key) -> &Place {
        let index = KEYS.iter().position(|known| known == key);
        index.and_then(|index| self.places.get(index)).unwrap_or(&Place::Default)
    }
}

/// Puts the layers together.
///
/// # Errors
/// Everything that is wrong in the file or the environment, and values that contradict each other. The flags must
/// have been checked already.
pub fn load(
    location: Option<Location>,
    environment: &Environment,
    flags: Vec<Entry>,
) -> Result<Loaded, Problems> {
    let text = read(location.as_ref())?;
    let found = text.is_some();
    let contents = match (&location, text) {
        (Some(location), Some(text)) => file::entries(&location.path, &text),
        _ => file::Contents::default(),
    };
    let (variables, wrong) = environment.entries();
    let problems = [contents.problems, wrong].concat();
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let entries = [contents.entries, variables, flags].concat();
    let winner = |key: &Key| entries.iter().rev().find(|entry| entry.key == key);
    let mut settings = Settings::read(|section, name| {
        let key = KEYS.iter().find(|key| (key.section, key.name) == (section, name));
        key.map_or("", |key| winner(key).map_or(key.default, |entry| &entry.text))
    })
    .map_err(|what| Problem::new(Place::Default, what))?;
    let places =
        KEYS.iter().map(|key| winner(key).map_or(Place::Default, |entry| entry.place.clone())).collect();
    anchor_paths(&mut settings, &entries);
    let loaded = Loaded { settings, location, found, places };
    contradictions(&loaded)?;
    Ok(loaded)
}

fn read(location: Option<&Location>) -> Result<Option<String>, Problem> {
    let Some(Location { path, named }) = location else {
        return Ok(None);
    };
    let text = file::text(path)?;
    if text.is_none() && *named {
        let place = Place::File { path: path.clone(), line: None };
        let what = "no such settings file; `highwater config init --config FILE` writes one";
        return Err(Problem::new(place, what));
    }
    Ok(text)
}

/// A relative path in a settings file starts at the file: that file is read from wherever the program is started.
fn anchor_paths(settings: &mut Settings, entries: &[Entry]) {
    let kept = match &mut settings.source.secret {
        Some(Keeper::File(path)) => Some(path),
        _ => None,
    };
    let paths = [
        ("db", settings.destination.db.as_mut()),
        ("ca_file", settings.source.ca_file.as_mut()),
        ("secret", kept),
    ];
    for (name, relative) in paths {
        let entry = entries.iter().rev().find(|entry| entry.key.name == name);
        if let (Some(relative), Some(Place::File { path, .. })) = (relative, entry.map(|entry| &entry.place))
        {
            *relative = path.parent().unwrap_or(Path::new("")).join(&*relative);
        }
    }
}

/// Values that are right one by one and wrong together.
fn contradictions(loaded: &Loaded) -> Result<(), Problem> {
    let Settings { retry, playground, source, .. } = &loaded.settings;
    let key = |section, name| KEYS.iter().find(|key| (key.section, key.name) == (section, name));
    let checks = [
        (retry.base <= retry.max, "retry", "base", "max"),
        (playground.tie <= playground.users, "playground", "tie", "users"),
    ];
    for (holds, section, lesser, greater) in checks {
        if let (false, Some(lesser), Some(greater)) = (holds, key(section, lesser), key(section, greater)) {
            return Err(contradiction(loaded, lesser, greater));
        }
    }
    let lone = [
        (
            source.secret.is_none() && source.auth.is_some(),
            "auth",
            "no credential is named: set source.secret too",
        ),
        (
            source.auth.is_none() && source.secret.is_some(),
            "secret",
            "it has no place in a request: set source.auth too",
        ),
    ];
    for (wrong, name, what) in lone {
        if let (true, Some(key)) = (wrong, key("source", name)) {
            return Err(Problem::new(loaded.place(key).clone(), what));
        }
    }
    Ok(())
}

fn contradiction(loaded: &Loaded, lesser: &Key, greater: &Key) -> Problem {
    let tell = |key: &Key| {
        let value = (key.show)(&loaded.settings);
        format!("{} ({value}, {})", key.path(), loaded.place(key))
    };
    // Whoever reads this can mend what they wrote, not a default.
    let place = match loaded.place(lesser) {
        Place::Default => loaded.place(greater),
        written => written,
    };
    let what = format!("{} is above {}; it must not be", tell(lesser), tell(greater));
    Problem::new(place.clone(), what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::time::Duration;

    use crate::walk::Mode;

    fn key(name: &str) -> &'static Key {
        KEYS.iter().find(|key| key.name == name).unwrap()
    }

    fn flag(name: &str, text: &str) -> Entry {
        let key = key(name);
        Entry { key, text: text.to_owned(), place: Place::Flag(key.flag.unwrap().name) }
    }

    fn environment(all: &[(&str, &str)]) -> Environment {
        all.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    fn file(directory: &Path, text: &str) -> Option<Location> {
        let path = directory.join("config.toml");
        std::fs::write(&path, text).unwrap();
        Some(Location { path, named: true })
    }

    #[test]
    fn each_layer_covers_the_ones_below() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[sync]\nwalk = \"scroll\"\n[retry]\nattempts = 2\nmax_wait = \"1m\"\n";
        let loaded = load(
            file(directory.path(), text),
            &environment(&[("HIGHWATER_WALK", "anchor"), ("HIGHWATER_RETRIES", "3")]),
            vec![flag("attempts", "4")],
        )
        .unwrap();
        let settings = &loaded.settings;
        assert_eq!(settings.retry.attempts, 4);
        assert_eq!(settings.sync.walk, Mode::Anchor);
        assert_eq!(settings.retry.max_wait, Duration::from_secs(60));
        assert_eq!(settings.retry.base, Duration::from_millis(500));
        assert_eq!(loaded.place(key("attempts")), &Place::Flag("retries"));
        assert_eq!(loaded.place(key("walk")), &Place::Env("HIGHWATER_WALK".into()));
        let path = directory.path().join("config.toml");
        let line = Some(5);
        assert_eq!(loaded.place(key("max_wait")), &Place::File { path, line });
        assert_eq!(loaded.place(key("base")), &Place::Default);
    }

    #[test]
    fn a_mistake_is_refused_even_where_it_is_covered() {
        let directory = tempfile::tempdir().unwrap();
        let problems = load(
            file(directory.path(), "[sync]\nwalk = \"anker\"\n"),
            &environment(&[("HIGHWATER_RESUME", "never")]),
            vec![flag("walk", "scroll"), flag("resume", "full")],
        )
        .unwrap_err();
        assert_eq!(problems.0.len(), 2, "{problems}");
    }

    #[test]
    fn a_named_file_must_exist_and_the_platforms_need_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("absent.toml");
        let at = |named| {
            let path = path.clone();
            load(Some(Location { path, named }), &Environment::default(), vec![])
        };
        assert!(at(true).unwrap_err().to_string().contains("no such settings file"));
        assert!(!at(false).unwrap().found);
    }

    #[test]
    fn the_flag_names_the_file_before_the_environment_does() {
        let environment = environment(&[("HIGHWATER_CONFIG", "from-env.toml")]);
        let by_flag = Location::find(Some(Path::new("from-flag.toml")), &environment);
        assert_eq!(by_flag.unwrap().path, Path::new("from-flag.toml"));
        let by_environment = Location::find(None, &environment).unwrap();
        assert_eq!(by_environment.path, Path::new("from-env.toml"));
        assert!(by_environment.named);
    }

    #[test]
    fn a_relative_path_in_a_file_starts_at_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let text = "[destination]\ndb = \"sub/x.db\"\n";
        let loaded = load(file(directory.path(), text), &Environment::default(), vec![]).unwrap();
        let expected = directory.path().join("sub/x.db");
        assert_eq!(loaded.settings.destination.db, Some(expected));
        let loaded =
            load(file(directory.path(), text), &Environment::default(), vec![flag("db", "here.db")]).unwrap();
        assert_eq!(loaded.settings.destination.db, Some("here.db".into()));
    }

    #[test]
    fn values_that_contradict_each_other_are_refused_where_they_were_written() {
        let environment = environment(&[("HIGHWATER_RETRY_BASE", "1m")]);
        let problems = load(None, &environment, vec![]).unwrap_err();
        assert_eq!(
            problems.to_string(),
            "HIGHWATER_RETRY_BASE: retry.base (1m, HIGHWATER_RETRY_BASE) is above \
             retry.max (30s, default); it must not be"
        );
        assert!(load(None, &Environment::default(), vec![flag("users", "5"), flag("tie", "6")]).is_err());
    }

    #[test]
    fn a_file_that_is_no_text_or_no_settings_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let location = file(directory.path(), "");
        let path = location.clone().unwrap().path;
        std::fs::write(&path, b"[sync]\nwalk = \"\xff\"\n").unwrap();
        let problems = load(location.clone(), &Environment::default(), vec![]).unwrap_err();
        assert!(problems.to_string().contains("config.toml:2: is not UTF-8"), "{problems}");
        std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
        let problems = load(location, &Environment::default(), vec![]).unwrap_err();
        assert!(problems.to_string().contains("larger than 1 MiB"), "{problems}");
    }
}
