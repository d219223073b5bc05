//! highwater: a terminal monitor for keyset-paginated API syncs.

pub mod cli;
pub mod config;
pub mod destination;
pub mod monitor;
pub mod platform;
pub mod playground;
pub mod record;
pub mod report;
pub mod sanitize;
pub mod source;
pub mod sync;
pub mod text;
pub mod walk;
