//! PostgreSQL as a destination, against a real server that the tests start for themselves: what is stored and counted is
//! what a SQLite file would hold and count, whoever is killed in between, the server among them.
//!
//! Without PostgreSQL on the machine these tests are skipped, and say so.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "postgres/alike.rs"]
mod alike;
#[path = "postgres/broken.rs"]
mod broken;
#[path = "postgres/commands.rs"]
mod commands;
#[path = "postgres/copying.rs"]
mod copying;
#[path = "postgres/cut.rs"]
mod cut;
#[path = "postgres/lease.rs"]
mod lease;
#[path = "postgres/outage.rs"]
mod outage;
#[path = "postgres/reading.rs"]
mod reading;
#[path = "postgres/rig.rs"]
mod rig;
#[path = "postgres/shape.rs"]
mod shape;
mod support;
#[path = "postgres/tls.rs"]
mod tls;
#[path = "postgres/types.rs"]
mod types;
#[path = "postgres/undeclared.rs"]
mod undeclared;
