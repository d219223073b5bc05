//! The presets: definitions that come with the program, one a file in `assets/sources`.

use std::path::Path;

use toml::de::DeTable;

use super::written::Written;
use crate::config::file::Origin;
use crate::config::problem::Place;

/// Each preset's name, and its file's text.
pub const PRESETS: &[(&str, &str)] =
    &[("stripe-customers", include_str!("../../../assets/sources/stripe-customers.toml"))];

/// A preset as it is written.
pub(in crate::config) fn written(name: &str) -> Option<Written> {
    let (name, text) = PRESETS.iter().find(|(preset, _)| *preset == name)?;
    let path = format!("assets/sources/{name}.toml");
    let origin = Origin { path: Path::new(&path), text };
    let table = DeTable::parse(text).ok()?;
    let place = Place::File { path: path.clone().into(), line: None };
    Some(Written::read(&origin, table.get_ref(), place).0)
}

/// Why there is no preset of that name.
pub(in crate::config) fn unknown(name: &str) -> String {
    let names = PRESETS.iter().map(|(name, _)| *name);
    match crate::config::nearest(name, names) {
        Some(right) => format!("there is no such preset; did you mean \"{right}\"?"),
        None => "there is no such preset; `highwater source list` lists them".to_owned(),
    }
}
