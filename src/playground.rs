//! The built-in API: a keyset-paginated server on this machine, so that the first sync needs no network.
//!
//! It keeps the contract of `GET /pagination/keyset` of fivetran-api-playground 1.1.9, down to its error texts and
//! its hole: rows that share an `updatedAt` across a page cut are lost to whoever follows the token. It is a server
//! like any other. The sync reaches it through a socket, and nothing but the command line, the demo and tests may
//! import it.
//!
//! - `scenario`: what it serves and how it behaves
//! - `trouble`: what goes wrong on purpose, and when
//! - `timeline`: who changes when, and the order of the rows at a given second
//! - `people`: what a row says
//! - `request`: what a request asks for, read as leniently as the original reads it
//! - `offset`: the same for the endpoint that pages by offset
//! - `limit`: the rate limit
//! - `tokens`: the tokens that are still good, where they expire
//! - `world`: what is served at a given request
//! - `server`: the socket
//! - `wire`: how a connection is broken on purpose

mod limit;
mod offset;
mod people;
mod request;
mod scenario;
mod server;
mod timeline;
mod tokens;
mod trouble;
mod wire;
mod world;

pub use scenario::{MAX_USERS, Options, Tie};
pub use server::{PATH, Playground, serve};
pub use trouble::{Ailment, Disorder, Expiry, Fault, Growth, Troubles, When};
pub use world::Version;

/// Spreads a few numbers over all 64 bits, the same on every machine and in every version: what a seed promises
/// must not hang on the inside of a library.
fn scatter(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |state, part| {
        // splitmix64, by Sebastiano Vigna; in the public domain.
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
