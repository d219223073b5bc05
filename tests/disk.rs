//! What disks do to a destination, tried on the real binary: no room, no permission, no peace, damage. Each ends in a
//! refusal that names the file, what is the matter and what to do, or in a recovery; never in a panic, and never in
//! rows that are lost without a word.
//!
//! `HIGHWATER_TEST_FLIPS` says how many bits are turned over (60), `HIGHWATER_TEST_SEED` which ones. What needs root
//! or a tool that is not there is skipped, and says so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
mod terminal;
mod disk {
    mod damage;
    mod full;
    mod log;
    mod refused;
    mod rig;
}
