//! The layers: flags over environment over file over defaults. Each value remembers the layer that it came from, and
//! what is wrong in a lower layer is refused even where a higher one covers it.

use std::path::{Path, PathBuf};

use super::agreement;
use super::credential::Keeper;
use super::database;
use super::definition::{Named, PRESETS};
use super::environment::Environment;
use super::file;
use super::keys::{KEYS, Key, NONE, Settings};
use super::problem::{Place, Problem, Problems, nearest};
use crate::destination;
use crate::sanitize::quoted;

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
    /// The sources that it defines.
    pub sources: Vec<Named>,
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
    let (mut sources, mut problems) = (Vec::new(), [contents.problems, wrong].concat());
    for (name, written) in &contents.sources {
        match Named::read(name, written) {
            Ok(named) => sources.push(named),
            Err(wrong) => problems.extend(wrong),
        }
    }
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let chosen = chosen(&sources, [&contents.entries, &variables, &flags])?;
    let mut file = contents.entries;
    if chosen.is_some() {
        // One source's credential is not for another.
        file.retain(|entry| !matches!(entry.key.name, "url" | "auth" | "secret"));
    }
    let own = chosen.as_ref().map_or_else(Vec::new, |named| named.entries.clone());
    let entries = [file, own, variables, flags].concat();
    let winner = |key: &Key| entries.iter().rev().find(|entry| entry.key == key);
    let mut settings = Settings::read(|section, name| {
        let key = KEYS.iter().find(|key| (key.section, key.name) == (section, name));
        key.map_or("", |key| winner(key).map_or(key.default, |entry| &entry.text))
    })
    .map_err(|what| Problem::new(Place::Default, what))?;
    let places =
        KEYS.iter().map(|key| winner(key).map_or(Place::Default, |entry| entry.place.clone())).collect();
    anchor_paths(&mut settings, &entries);
    if let Some(named) = &chosen {
        settings.contract = named.definition.contract();
        settings.filters = named.definition.filters.clone();
        let folder = location.as_ref().and_then(|location| location.path.parent());
        for (_, keeper) in &mut settings.filters {
            if let (Keeper::File(path), Some(folder)) = (keeper, folder) {
                *path = folder.join(&*path);
            }
        }
    }
    let loaded = Loaded { settings, location, found, sources, places };
    agreement::check(&loaded)?;
    Ok(loaded)
}

/// The source that the strongest of the layers names, if one does.
fn chosen(sources: &[Named], layers: [&Vec<Entry>; 3]) -> Result<Option<Named>, Problem> {
    let mut entries = layers.into_iter().flatten();
    let Some(entry) = entries.rfind(|entry| (entry.key.section, entry.key.name) == ("source", "name")) else {
        return Ok(None);
    };
    if entry.text == NONE {
        return Ok(None);
    }
    let named = find(sources, &entry.text);
    named.map(Some).map_err(|what| Problem::new(entry.place.clone(), what))
}

/// The source of that name: a section of the settings file, else a preset.
pub(crate) fn find(sources: &[Named], name: &str) -> Result<Named, String> {
    let own = sources.iter().find(|named| named.definition.name == name);
    own.cloned().or_else(|| Named::preset(name)).ok_or_else(|| {
        let names = sources.iter().map(|named| named.definition.name.as_str());
        let advice = match nearest(name, names.chain(PRESETS.iter().map(|(name, _)| *name))) {
            Some(right) => format!("did you mean \"{right}\"?"),
            None => "`highwater source list` lists them".to_owned(),
        };
        format!("there is no source {}; {advice}", quoted(name))
    })
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
    fn kept(keeper: &mut Option<Keeper>) -> Option<&mut PathBuf> {
        match keeper {
            Some(Keeper::File(path)) => Some(path),
            _ => None,
        }
    }
    let db = match &mut settings.destination.db {
        Some(destination::place::Place::File(path)) => Some(path),
        _ => None,
    };
    let paths = [
        ("destination.db", db),
        ("destination.secret", kept(&mut settings.destination.secret)),
        ("source.ca_file", settings.source.ca_file.as_mut()),
        ("source.secret", kept(&mut settings.source.secret)),
    ];
    for (name, relative) in paths {
        let entry = entries.iter().rev().find(|entry| entry.key.path() == name);
        if let (Some(relative), Some(Place::File { path, .. })) = (relative, entry.map(|entry| &entry.place))
        {
            *relative = path.parent().unwrap_or(Path::new("")).join(&*relative);
        }
    }
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

    fn stored_in(path: PathBuf) -> destination::place::Place {
        destination::place::Place::File(path)
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
        assert_eq!(loaded.settings.destination.db, Some(stored_in(expected)));
        let loaded =
            load(file(directory.path(), text), &Environment::default(), vec![flag("db", "here.db")]).unwrap();
        assert_eq!(loaded.settings.destination.db, Some(stored_in("here.db".into())));
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
