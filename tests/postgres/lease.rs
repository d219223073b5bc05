//! A lease in the place of a lock: one that ran out while its holder lived, and one that nobody wanted. The server's own
//! time is set from outside, so that nothing waits half a minute.

use highwater::destination::postgres::{Address, Postgres};
use highwater::destination::{Destination as _, DestinationError};
use highwater::record::{Row, USER};

use crate::rig::{Pages, Version};
use crate::support::cluster::{Cluster, shared};

/// A schema of the server with a lease for its lock.
fn leased(cluster: &Cluster, schema: &str) -> Address {
    Address::parse(&format!("{}&lock=lease", cluster.url(schema))).unwrap()
}

fn row(id: &str) -> Vec<Row> {
    let cursor = Some("2026-01-01T12:00:01Z".to_owned());
    vec![Version { id: id.to_owned(), cursor, ..Version::default() }.row()]
}

/// The lease is older than any lasts, as if no renewal had come through for so long.
fn age(cluster: &Cluster, schema: &str) {
    cluster.sql(schema, "UPDATE _highwater_state SET held_at = now() - interval '31 seconds'");
}

/// Whether it would hold another one off.
fn is_held(cluster: &Cluster, schema: &str) -> bool {
    let held = "SELECT held_at > now() - interval '30 seconds' FROM _highwater_state";
    cluster.sql(schema, held) == "t"
}

#[test]
fn a_lease_that_ran_out_is_the_next_ones_and_who_had_it_stores_nothing_more() {
    let Some(cluster) = shared() else { return };
    let address = leased(cluster, "lease_over");
    let (mut first, _) = Postgres::open(&address, &USER).unwrap();
    let mut pages = Pages::begin(&mut first);
    first.commit(&[pages.next(row("a"), Some("t"))]).unwrap();
    let refused = Postgres::open(&address, &USER).unwrap_err().to_string();
    assert!(refused.contains("its lease runs out in"), "{refused}");

    age(cluster, "lease_over");
    assert_eq!(Postgres::holder(&address, &USER), None);
    let (mut second, killed) = Postgres::open(&address, &USER).unwrap();
    let holder = format!("process {}", std::process::id());
    assert!(killed.unwrap().holder.starts_with(&holder), "the one before it did not say a word");
    // It is still there, and comes with a page.
    let late = first.commit(&[pages.next(row("b"), Some("u"))]).unwrap_err();
    assert!(matches!(late, DestinationError::Locked { .. }), "{late}");
    drop(first);
    assert!(is_held(cluster, "lease_over"), "who was relieved gives nothing back");
    assert!(Postgres::holder(&address, &USER).is_some());
    let mut pages = Pages::begin(&mut second);
    second.commit(&[pages.next(row("c"), Some("t"))]).unwrap();
    assert_eq!(cluster.sql("lease_over", "SELECT string_agg(id, ',' ORDER BY id) FROM \"user\""), "a,c");
    drop(second);
    assert_eq!(Postgres::holder(&address, &USER), None);
}

#[test]
fn a_lease_that_ran_out_and_that_nobody_took_is_its_holders_again() {
    let Some(cluster) = shared() else { return };
    let address = leased(cluster, "lease_kept");
    let (mut first, _) = Postgres::open(&address, &USER).unwrap();
    let mut pages = Pages::begin(&mut first);
    age(cluster, "lease_kept");
    first.commit(&[pages.next(row("a"), Some("t"))]).unwrap();
    assert!(is_held(cluster, "lease_kept"), "a commit renews it");
    // So does the time, where there is nothing to commit.
    age(cluster, "lease_kept");
    while !is_held(cluster, "lease_kept") {}
    let refused = Postgres::open(&address, &USER).unwrap_err();
    assert!(matches!(refused, DestinationError::Locked { .. }), "{refused}");
}
