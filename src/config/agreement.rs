//! Settings that are right one by one and wrong together, or that the source's contract cannot bear.

use super::keys::{KEYS, Key, Settings};
use super::layers::Loaded;
use super::problem::{Place, Problem};
use crate::destination;
use crate::sanitize::{self, quoted};
use crate::source::Auth;

fn key(section: &str, name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| (key.section, key.name) == (section, name))
}

/// Settings that do not fit the source's contract.
fn misfits(loaded: &Loaded) -> Result<(), Problem> {
    let Settings { source, sync, contract, .. } = &loaded.settings;
    let set = |name: &str| contract.sets(name);
    let own = source.url.as_ref().and_then(|url| url.query_pairs().find(|(name, _)| set(name)));
    let format = contract.schema.format;
    let unfilled =
        source.url.as_ref().filter(|url| url.as_str().contains("%7B") || url.as_str().contains('{'));
    let wrong = [
        own.map(|(name, _)| {
            let name = sanitize::line(&name).into_owned();
            ("url", format!("the URL has its own {name}, which every request sets anew; leave it out"))
        }),
        unfilled.map(|url| {
            let shown = sanitize::line(&url.as_str().replace("%7B", "{").replace("%7D", "}")).into_owned();
            ("url", format!("{shown}: write your own in the place of what stands in braces"))
        }),
        match &source.auth {
            Some(Auth::Query(name)) if set(name) => {
                let name = quoted(name);
                Some((
                    "auth",
                    format!("{name} is what every request sets anew; the credential needs another name"),
                ))
            }
            _ => None,
        },
        (!sync.lag.is_zero() && !format.is_time()).then(|| {
            let what = "this source's cursors are no times, so nothing lies so far below one; leave it out";
            ("lag", what.to_owned())
        }),
        match &source.name {
            Some(name) if source.url.is_none() => {
                Some(("name", format!("the source {name} has no address; write url = \"https://…\" for it")))
            }
            _ => None,
        },
    ];
    match wrong.into_iter().flatten().next() {
        None => Ok(()),
        Some((name, what)) => {
            let place = KEYS.iter().find(|key| key.name == name).map(|key| loaded.place(key).clone());
            Err(Problem::new(place.unwrap_or(Place::Default), what))
        }
    }
}

/// Looks whether the settings agree.
///
/// # Errors
/// The first that does not fit the others, or the source's contract.
pub(super) fn check(loaded: &Loaded) -> Result<(), Problem> {
    let Settings { retry, playground, source, destination: rows, .. } = &loaded.settings;
    misfits(loaded)?;
    let checks = [
        (retry.base <= retry.max, "retry", "base", "max"),
        (playground.tie <= playground.users, "playground", "tie", "users"),
    ];
    for (holds, section, lesser, greater) in checks {
        if let (false, Some(lesser), Some(greater)) = (holds, key(section, lesser), key(section, greater)) {
            return Err(contradiction(loaded, lesser, greater));
        }
    }
    let takes_password = match &rows.db {
        Some(destination::place::Place::Postgres(address)) => !address.has_password(),
        _ => false,
    };
    let lone = [
        (
            rows.secret.is_some() && !takes_password,
            "destination",
            "secret",
            "it is the password of a PostgreSQL database: destination.db must be the URL of one, without a password",
        ),
        (
            source.secret.is_none() && source.auth.is_some(),
            "source",
            "auth",
            "no credential is named: set source.secret too",
        ),
        (
            source.auth.is_none() && source.secret.is_some(),
            "source",
            "secret",
            "it has no place in a request: set source.auth too",
        ),
    ];
    for (wrong, section, name, what) in lone {
        if let (true, Some(key)) = (wrong, key(section, name)) {
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
