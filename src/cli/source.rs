//! The source that the settings name: its address, its credential, its limits; or the built-in playground in its place.
//! And the destination, with its password.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinHandle;
use url::Url;

use super::run::Fault;
use crate::config::{self, Place, Problem, Settings};
use crate::destination;
use crate::destination::postgres::Password;
use crate::playground::{self, Playground, Tie};
use crate::source::grant::Grant;
use crate::source::http::masked;
use crate::source::origin::is_readable_on_the_way;
use crate::source::transport::{Access, Network};
use crate::source::{Auth, Credential, Key, Limits, Source};

/// The source, being made ready, with the server that it may have brought along.
pub(super) struct Found {
    /// Reading the system's certificates takes as long as opening a file, and whoever waits for one waits for both.
    pub(super) source: JoinHandle<Result<Source, String>>,
    /// How a person calls it.
    pub(super) name: String,
    pub(super) playground: Option<Playground>,
}

impl Found {
    /// Starts what has to be started. It may ask the operator for a credential, so that nothing may be opened or drawn
    /// before.
    pub(super) async fn start(settings: &Settings) -> Result<Self, Fault> {
        check_privacy(&settings.source)?;
        let (url, name, playground) = match &settings.source.url {
            Some(url) => (filtered(url, settings)?, masked(url).into(), None),
            None => {
                let playground = Playground::start(options(&settings.playground, None), None).await?;
                (Url::parse(&playground.url())?, playground.name(), Some(playground))
            }
        };
        let credential = credential(&settings.source)?;
        let (limits, access) = (limits(settings), access(&settings.source)?);
        let contract = settings.contract;
        let source = tokio::task::spawn_blocking(move || {
            let network = Network::new(&limits, &access)?;
            Ok::<_, String>(Source::over(Arc::new(network), url, limits, contract).with(credential))
        });
        Ok(Self { source, name, playground })
    }
}

/// The destination that the settings name. It may ask the operator for a password, so that nothing may be drawn before.
pub(super) fn place(settings: &Settings) -> Result<destination::place::Place, Fault> {
    with_password(settings.database()?, settings)
}

/// A destination, with the password that the settings name for a database.
pub(super) fn with_password(
    place: destination::place::Place,
    settings: &Settings,
) -> Result<destination::place::Place, Fault> {
    let (destination::place::Place::Postgres(address), Some(keeper)) = (&place, &settings.destination.secret)
    else {
        return Ok(place);
    };
    let secret = keeper.fetch()?;
    let address = address.as_ref().clone().with_password(Password::new(secret.expose().to_owned()));
    Ok(destination::place::Place::Postgres(Box::new(address)))
}

/// An address with what is asked beside and kept elsewhere.
fn filtered(url: &Url, settings: &Settings) -> Result<Url, Fault> {
    let mut url = url.clone();
    for (name, keeper) in &settings.filters {
        url.query_pairs_mut().append_pair(name, keeper.fetch()?.expose());
    }
    Ok(url)
}

/// What a destination knows its source by. Holds no secret. Other filters choose other rows, so that they make it another
/// source.
///
/// # Errors
/// If a filter cannot be had.
pub(super) fn identity(settings: &Settings) -> Result<String, Fault> {
    let named = settings.source.name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
    let filters = match &settings.source.url {
        Some(url) if !settings.filters.is_empty() => {
            format!(" (filters {:08x})", config::fingerprint(filtered(url, settings)?.as_str()))
        }
        _ => String::new(),
    };
    Ok(named + &asked(settings) + &filters)
}

/// Who is asked, as a destination knows it.
fn asked(settings: &Settings) -> String {
    match &settings.source.url {
        Some(url) if url.query().is_some() => {
            format!("{} (query {:08x})", masked(url), config::fingerprint(url.as_str()))
        }
        Some(url) => url.to_string(),
        None => format!("the built-in playground with seed {}", settings.playground.seed),
    }
}

pub(super) fn options(people: &config::Playground, capacity: Option<u32>) -> playground::Options {
    let users = usize::try_from(people.users).unwrap_or(usize::MAX);
    let tied = usize::try_from(people.tie).unwrap_or(usize::MAX);
    playground::Options {
        users,
        page_size: usize::try_from(people.page_size).unwrap_or(usize::MAX),
        latency: people.latency,
        seed: people.seed,
        rate_limit: capacity,
        // A third before the cut and two thirds after it: what a token walk loses is then the larger part.
        tie: (tied > 0).then_some(Tie { users: tied, before_cut: tied / 3 }),
        ..playground::Options::default()
    }
}

/// Whether what is sent stays between this program and the source: what only matters once one is asked.
fn check_privacy(source: &config::Source) -> Result<(), Problem> {
    match &source.url {
        None if source.auth.is_some() => {
            let what = "the built-in playground takes no credential; set source.url too";
            Err(Problem::new(Place::Flag("auth"), what))
        }
        Some(url) if is_readable_on_the_way(url, source.proxy.as_ref()) && !source.allow_http => {
            let what = "http to another machine, or through one: everyone on the way can read and change what is sent and received; \
                        write https, or allow it with --allow-http (source.allow_http)";
            Err(Problem::new(Place::Flag("url"), what))
        }
        _ => check_endpoint(source),
    }
}

/// The same for the endpoint that grants tokens: it is given the client's secret.
fn check_endpoint(source: &config::Source) -> Result<(), Problem> {
    match &source.auth {
        Some(Auth::OAuth2(client))
            if is_readable_on_the_way(&client.url, source.proxy.as_ref()) && !source.allow_http =>
        {
            let what = "the token endpoint is asked by http on another machine, or through one: everyone on the way can \
                        read the client's secret; write https, or allow it with --allow-http (source.allow_http)";
            Err(Problem::new(Place::Flag("auth"), what))
        }
        _ => Ok(()),
    }
}

/// The credential of the source, if it takes one.
fn credential(source: &config::Source) -> Result<Option<Key>, Fault> {
    let (Some(auth), Some(keeper)) = (&source.auth, &source.secret) else { return Ok(None) };
    let secret = keeper.fetch()?;
    Ok(Some(match auth {
        Auth::OAuth2(client) => Key::Granted(Arc::new(Grant::new(client.clone(), secret)?)),
        _ => Key::Own(Arc::new(Credential::new(auth.clone(), secret))),
    }))
}

/// How the network is reached.
fn access(source: &config::Source) -> Result<Access, Fault> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| format!("{}: {error}; check source.ca_file", path.display()))
    };
    if source.url.is_none() {
        // The built-in playground, on this machine.
        return Ok(Access::default());
    }
    Ok(Access { ca: source.ca_file.as_ref().map(read).transpose()?, proxy: source.proxy.clone() })
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        connect: settings.source.connect_timeout,
        idle: settings.source.idle_timeout,
        request: settings.source.request_timeout,
        body: settings.source.max_body,
        ratio: settings.source.max_ratio,
        head: settings.source.max_headers,
        redirects: settings.source.max_redirects,
        rows: usize::try_from(settings.source.max_page_rows).unwrap_or(usize::MAX),
        depth: usize::try_from(settings.source.max_depth).unwrap_or(usize::MAX),
    }
}
