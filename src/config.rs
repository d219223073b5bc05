//! The settings: flags over environment (`HIGHWATER_*`) over `config.toml` over defaults, validated.
//!
//! Every setting is written down once, in `keys`; `format` and `address` read and bound a value; `file` and
//! `environment` are layers, `layers` puts them together, and `agreement` looks whether they fit each other. What is wrong is refused with its place and the nearest
//! right word.
//!
//! `definition` reads what a source is: its contract and its table, of which a run goes by one. `declare` adds columns to
//! one in the file.
//!
//! This room decides nothing about a run, opens no destination and asks no source. It holds no secrets, only
//! where they are kept, and refuses the ones that it can recognise.

mod address;
mod agreement;
mod credential;
mod database;
mod declare;
pub mod definition;
mod environment;
mod file;
mod format;
mod keys;
mod layers;
mod problem;
mod text;

use crate::destination;

pub use address::{DestinationPlace, HttpUrl};
pub use credential::Keeper;
pub use database::fingerprint;
pub use declare::declare;
pub use definition::{Definition, Named};
pub use environment::{CONFIG, Environment};
pub use format::{Format, Rule, Span, Word};
pub use keys::{
    Colours, Destination, EmptyPage, Flag, KEYS, Key, Monitor, Playground, Resume, Retry, SECTIONS, Settings,
    Source, Sync,
};
pub(crate) use layers::find;
pub use layers::{Entry, Loaded, Location, load};
pub(crate) use problem::nearest;
pub use problem::{Place, Problem, Problems};
pub use text::{annotated, explain, init, show};

impl Settings {
    /// The destination's place: the one that was named, else the source's own file in the platform's data directory.
    ///
    /// # Errors
    /// If none was named and the platform knows no data directory.
    pub fn database(&self) -> Result<destination::place::Place, Problem> {
        let source = (self.source.name.as_deref(), self.source.url.as_ref());
        let own = || database::default_path(source).map(destination::place::Place::File);
        self.destination.db.clone().or_else(own).ok_or_else(|| {
            let what = "no data directory is known here (no home directory?); name a file";
            Problem::new(Place::Flag("db"), what)
        })
    }
}
