//! What a row says: a person made up from the seed, the same at every start.
//!
//! A person's id, name and birth in the system stay. Each change gives them one new thing: a job, an address, a
//! company or an e-mail address, by turns. The words are made when asked for, so a million people cost no memory.

use chrono::DateTime;
use fake::Fake;
use fake::faker::address::en::{CityName, StateAbbr, StreetName};
use fake::faker::company::en::CompanyName;
use fake::faker::internet::en::SafeEmail;
use fake::faker::job::en::Title;
use fake::faker::name::en::Name;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;

use super::scatter;

/// The earliest `createdAt`, 2016-01-01T00:00:00Z, and the seconds of the three years over which the others spread.
/// All of them lie before any `updatedAt` of a clock that is roughly right.
const CREATED_SINCE: i64 = 1_451_606_400;
const CREATED_SPAN: u64 = 3 * 365 * 86_400;

/// One row, in the original's fields and order. Every value is a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    /// Two lines.
    pub address: String,
    pub company: String,
    pub job: String,
    pub created_at: String,
    pub updated_at: String,
}

/// What a change can bring. The order is the order of the turns.
#[derive(Clone, Copy)]
enum Trait {
    Job,
    Address,
    Company,
    Email,
}

/// How many kinds of change there are.
const TURNS: i64 = 4;

impl Person {
    /// The person of that number, after their change of that round, which was at `updated` (Unix seconds).
    pub fn new(seed: u64, number: u32, round: i64, updated: i64) -> Self {
        let lasting = |what: u64| scatter(&[seed, u64::from(number), what]);
        let changing = |what: Trait| {
            // Where in the turns a person stands in round 0 is their own, or a round would only bring new jobs.
            let turn = round + (lasting(0) % TURNS.cast_unsigned()).cast_signed();
            let changes = (turn - what as i64).div_euclid(TURNS);
            let source = scatter(&[seed, u64::from(number), 10 + what as u64, changes.cast_unsigned()]);
            StdRng::seed_from_u64(source)
        };
        Self {
            id: Self::id(seed, number),
            name: Name().fake_with_rng(&mut StdRng::seed_from_u64(lasting(4))),
            email: SafeEmail().fake_with_rng(&mut changing(Trait::Email)),
            address: address(&mut changing(Trait::Address)),
            company: CompanyName().fake_with_rng(&mut changing(Trait::Company)),
            job: Title().fake_with_rng(&mut changing(Trait::Job)),
            created_at: timestamp(Self::created(seed, number)),
            updated_at: timestamp(updated),
        }
    }

    /// When the person of that number came into the system, in Unix seconds.
    pub fn created(seed: u64, number: u32) -> i64 {
        CREATED_SINCE + (scatter(&[seed, u64::from(number), 1]) % CREATED_SPAN).cast_signed()
    }

    /// The id of the person of that number.
    pub fn id(seed: u64, number: u32) -> String {
        uuid(scatter(&[seed, u64::from(number), 2]), scatter(&[seed, u64::from(number), 3]))
    }
}

fn address(rng: &mut StdRng) -> String {
    let number: u32 = (1..10_000).fake_with_rng(rng);
    let street: String = StreetName().fake_with_rng(rng);
    let city: String = CityName().fake_with_rng(rng);
    let state: String = StateAbbr().fake_with_rng(rng);
    let zip: u32 = (501..100_000).fake_with_rng(rng);
    format!("{number} {street}\n{city}, {state} {zip:05}")
}

/// A version 4 UUID of those bits.
fn uuid(high: u64, low: u64) -> String {
    let version = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
    let variant = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        version >> 32,
        (version >> 16) & 0xffff,
        version & 0xffff,
        variant >> 48,
        variant & 0xffff_ffff_ffff
    )
}

/// Unix seconds as the original writes a time: `2026-11-16T19:05:47Z`.
pub(super) fn timestamp(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const UPDATED: i64 = 1_795_000_000;

    #[test]
    fn a_seed_gives_the_same_ids_in_every_version() {
        let person = Person::new(1, 0, 0, 1_795_000_000);
        assert_eq!(person.id, "1cf38a51-a822-45f3-9b53-8f85fe401082");
        assert_eq!(person.updated_at, "2026-11-18T11:06:40Z");
    }

    #[test]
    fn ids_do_not_repeat() {
        let ids: HashSet<String> = (0..20_000).map(|number| Person::new(1, number, 0, UPDATED).id).collect();
        assert_eq!(ids.len(), 20_000);
    }

    #[test]
    fn another_seed_is_other_people() {
        assert_ne!(Person::new(1, 0, 0, UPDATED), Person::new(2, 0, 0, UPDATED));
    }

    proptest! {
        #[test]
        fn a_change_brings_one_new_thing_and_the_rest_stays(seed: u64, number: u32, round in -1_000_000i64..1_000_000) {
            let before = Person::new(seed, number, round, UPDATED);
            let after = Person::new(seed, number, round + 1, UPDATED);
            let lasting = |p: &Person| (p.id.clone(), p.name.clone(), p.created_at.clone());
            prop_assert_eq!(lasting(&before), lasting(&after));
            let changed = [
                before.email != after.email,
                before.address != after.address,
                before.company != after.company,
                before.job != after.job,
            ];
            // The new thing is drawn anew, so once in a while it equals the old one.
            prop_assert!(changed.iter().filter(|changed| **changed).count() <= 1);
            prop_assert_eq!(&before, &Person::new(seed, number, round, UPDATED));
        }

        #[test]
        fn a_row_has_the_formats_of_the_original(seed: u64, number: u32) {
            let person = Person::new(seed, number, 0, UPDATED);
            let id = person.id.as_bytes();
            prop_assert_eq!(id.len(), 36);
            prop_assert_eq!(id[14], b'4');
            prop_assert!(b"89ab".contains(&id[19]));
            prop_assert_eq!(person.address.lines().count(), 2);
            prop_assert!(person.created_at < person.updated_at);
            prop_assert!(!person.name.is_empty() && !person.company.is_empty() && !person.job.is_empty());
            prop_assert!(person.email.contains('@'));
        }
    }

    #[test]
    fn over_four_rounds_everything_changes() {
        let differing = (0..100)
            .filter(|number| {
                let before = Person::new(3, *number, 0, UPDATED);
                let after = Person::new(3, *number, TURNS, UPDATED);
                before.email != after.email
                    && before.address != after.address
                    && before.company != after.company
            })
            .count();
        assert!(differing > 90, "{differing}");
    }
}
