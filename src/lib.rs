//! highwater: a terminal monitor for keyset-paginated API syncs that loses nothing.
//!
//! The map of the house. Imports point down this list only; [`playground`] is a server like any other, which only
//! [`cli`] and [`demo`] start and a sync reaches through a socket.
//!
//! - [`cli`]: the command line, and what each command does
//! - [`demo`]: scenarios that teach, on the built-in API
//! - [`playground`]: the built-in API
//! - [`monitor`]: the screen and the keys
//! - [`report`]: the same events as plain lines or JSON lines
//! - [`lesson`]: what is told of a demo beside its events
//! - [`replay`]: a recording in the place of a sync
//! - [`config`]: file, environment and flags → validated settings
//! - [`sync`]: the shell around the walk: fetch, commit, retry, obey, tell
//! - [`destination`]: where rows go, with all that is stored in the same breath
//! - [`source`]: the contract, and one request at a time
//! - [`walk`]: how the next request follows from the last page (pure)
//! - [`run`]: what a run counts and how it is left
//! - [`exchange`]: what was asked for, and what came back beside the rows
//! - [`record`]: rows, cursors, the table
//! - [`secret`]: a credential, and the mask that covers it
//! - [`units`]: spans of time and sizes as people write them
//! - [`sanitize`]: remote text → text that is safe on a terminal
//! - [`text`]: figures and times as a person reads them
//! - [`kill_point`]: where a test has this process die; nothing in a release build
//! - [`platform`]: what is particular to one operating system

pub mod cli;
pub mod config;
pub mod demo;
pub mod destination;
pub mod exchange;
pub mod kill_point;
pub mod lesson;
pub mod monitor;
pub mod platform;
pub mod playground;
pub mod record;
pub mod replay;
pub mod report;
pub mod run;
pub mod sanitize;
pub mod secret;
pub mod source;
pub mod sync;
pub mod text;
pub mod units;
pub mod walk;
