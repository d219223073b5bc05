//! The environment layer: `HIGHWATER_*` → texts. A name that stands for nothing is refused, because a misspelt one
//! would otherwise be obeyed by silence. `NO_COLOR`, a wish to every program of the terminal, is heard too.

use std::ffi::OsString;
use std::path::PathBuf;

use super::format::Word as _;
use super::keys::{Colours, KEYS};
use super::layers::Entry;
use super::problem::{Place, Problem, nearest};
use crate::kill_point;

/// What every variable of this program starts with.
const PREFIX: &str = "HIGHWATER_";

/// The variable that names the settings file.
pub const CONFIG: &str = "HIGHWATER_CONFIG";

/// The variable that asks every program for no colours, if it is set to something: <https://no-color.org>.
const NO_COLOR: &str = "NO_COLOR";

/// Variables that start like this and stand for nothing belong to the test suite, unless they look like a misspelt
/// setting.
const TESTS: &str = "HIGHWATER_PLAYGROUND";

/// As many slips of a finger make a variable of the test suite look like a misspelt setting.
const SLIPS: usize = 2;

/// The variables that this program heeds.
#[derive(Clone, Debug, Default)]
pub struct Environment(Vec<(String, OsString)>);

impl Environment {
    /// Those of the running process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The settings file that the environment names.
    #[must_use]
    pub fn config(&self) -> Option<PathBuf> {
        let named = self.set().find(|(name, _)| *name == CONFIG);
        named.map(|(_, value)| PathBuf::from(value))
    }

    /// The settings, and what is wrong with the others.
    pub(super) fn entries(&self) -> (Vec<Entry>, Vec<Problem>) {
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for (name, value) in &self.0 {
            let place = Place::Env(name.clone());
            if name == NO_COLOR {
                continue;
            }
            let known = KEYS.iter().find(|key| name == key.env);
            let checked = match (known, value.to_str()) {
                (None, _) => check_name(name).map(|()| None),
                // Setting a variable to nothing is how a shell takes it back for one command.
                (Some(_), Some("")) => Ok(None),
                (Some(_), None) => Err("is not UTF-8".to_owned()),
                (Some(key), Some(text)) => key.rule.check(text).map(|()| Some((key, text))),
            };
            match checked {
                Ok(None) => {}
                Ok(Some((key, text))) => entries.push(Entry { key, text: text.to_owned(), place }),
                Err(what) => problems.push(Problem::new(place, what)),
            }
        }
        entries.extend(self.uncoloured());
        (entries, problems)
    }

    /// The theme that `NO_COLOR` asks for. It covers the one of the other variables: a wish for no colours at all is
    /// greater than one for some colours rather than others.
    fn uncoloured(&self) -> Option<Entry> {
        self.set().find(|(name, _)| *name == NO_COLOR)?;
        let key = KEYS.iter().find(|key| (key.section, key.name) == ("monitor", "theme"))?;
        let text = Colours::Mono.word().to_owned();
        Some(Entry { key, text, place: Place::Env(NO_COLOR.to_owned()) })
    }

    fn set(&self) -> impl Iterator<Item = (&str, &OsString)> {
        self.0.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.as_str(), value))
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    /// Keeps the variables that this program heeds and drops the others.
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(all: I) -> Self {
        let mut ours: Vec<_> = all
            .into_iter()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
            .filter(|(name, _)| name.starts_with(PREFIX) || name == NO_COLOR)
            .collect();
        ours.sort();
        Self(ours)
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let names = || KEYS.iter().map(|key| key.env).chain([CONFIG]);
    let close = |known: &str| strsim::damerau_levenshtein(name, known) <= SLIPS;
    let for_tests = name.starts_with(TESTS) && !names().any(close);
    if name == CONFIG || Some(name) == kill_point::VARIABLE || for_tests {
        return Ok(());
    }
    // The prefix, which all share, would make every name look like every other.
    let bare = |name: &'static str| name.strip_prefix(PREFIX).unwrap_or(name);
    let word = name.strip_prefix(PREFIX).unwrap_or(name);
    Err(match nearest(word, names().map(bare)) {
        Some(right) => format!("there is no such setting; did you mean {PREFIX}{right}?"),
        None => "there is no such setting; `highwater man` lists them".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(all: &[(&str, &str)]) -> Environment {
        all.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
    }

    fn problems(all: &[(&str, &str)]) -> Vec<String> {
        let (_, problems) = environment(all).entries();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_variable_is_refused_with_the_nearest_right_one() {
        assert_eq!(
            problems(&[("HIGHWATER_WLAK", "auto"), ("PATH", "/bin")]),
            ["HIGHWATER_WLAK: there is no such setting; did you mean HIGHWATER_WALK?"]
        );
        assert_eq!(
            problems(&[("HIGHWATER_XYZZY", "")]),
            ["HIGHWATER_XYZZY: there is no such setting; `highwater man` lists them"]
        );
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_variable() {
        assert_eq!(
            problems(&[("HIGHWATER_WALK", "anker")]),
            ["HIGHWATER_WALK: \"anker\" is not one of auto, scroll, anchor; did you mean \"anchor\"?"]
        );
    }

    #[test]
    fn the_test_suites_variables_pass_but_not_a_misspelt_setting() {
        assert!(problems(&[("HIGHWATER_PLAYGROUND", "x"), ("HIGHWATER_PLAYGROUND_PYTHON", "x")]).is_empty());
        assert_eq!(
            problems(&[("HIGHWATER_PLAYGROUND_USER", "3")]),
            ["HIGHWATER_PLAYGROUND_USER: there is no such setting; did you mean HIGHWATER_PLAYGROUND_USERS?"]
        );
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let empty = environment(&[("HIGHWATER_WALK", ""), ("HIGHWATER_CONFIG", "")]);
        let (entries, problems) = empty.entries();
        assert!(entries.is_empty() && problems.is_empty());
        assert_eq!(empty.config(), None);
    }

    #[test]
    fn no_color_covers_the_theme_but_only_when_it_says_something() {
        let themes = |all: &[(&str, &str)]| {
            let (entries, problems) = environment(all).entries();
            assert!(problems.is_empty());
            entries.into_iter().map(|entry| (entry.text, entry.place.to_string())).collect::<Vec<_>>()
        };
        let mono = ("mono".to_owned(), "NO_COLOR".to_owned());
        assert_eq!(themes(&[("NO_COLOR", "")]), []);
        assert_eq!(themes(&[("NO_COLOR", "1")]).first(), Some(&mono));
        assert_eq!(themes(&[("NO_COLOR", "1"), ("HIGHWATER_THEME", "dark")]).last(), Some(&mono));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let bad = (OsString::from("HIGHWATER_DB"), OsString::from_vec(vec![0xff]));
        let (_, problems) = [bad].into_iter().collect::<Environment>().entries();
        assert_eq!(problems[0].to_string(), "HIGHWATER_DB: is not UTF-8");
    }
}
