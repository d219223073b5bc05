//! What a walker has lost, measured against the truth: the rows as the source has them, which no client can see.
//!
//! A walker is judged by what lies behind it. A keyset walk vouches for all rows below its checkpoint; a client that
//! counts offsets, for as many rows as it has counted; and who has come to the end, for everything. A row is lost if
//! it lies there and the walker does not have it, or does not have it as it is now. Pure.

use std::collections::HashMap;

use super::scenario::Order;
use crate::playground::Version;

/// The rows that a walker holds: `id` → `updatedAt`.
pub type Held = HashMap<String, String>;

/// How far a walker has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nowhere yet.
    Nothing,
    /// It vouches for all rows whose `updatedAt` is below this.
    Below(String),
    /// It has counted so many rows.
    Places(usize, Order),
    /// It says that it has all.
    Everything,
}

impl Reach {
    /// The part of the truth that lies behind the walker. The truth is in the order of `updatedAt`, which the
    /// playground writes so that texts compare as times.
    fn behind<'a>(&self, truth: &'a [Version]) -> &'a [Version] {
        match self {
            Self::Nothing => &[],
            Self::Below(checkpoint) => &truth[..truth.partition_point(|row| row.updated_at < *checkpoint)],
            Self::Places(count, Order::OldestFirst) => &truth[..truth.len().min(*count)],
            Self::Places(count, Order::NewestFirst) => &truth[truth.len().saturating_sub(*count)..],
            Self::Everything => truth,
        }
    }
}

/// How many rows a walker that holds these has lost.
#[must_use]
pub fn lost(truth: &[Version], reach: &Reach, held: &Held) -> u64 {
    let missing = |row: &&Version| held.get(&row.id) != Some(&row.updated_at);
    reach.behind(truth).iter().filter(missing).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Vec<Version> {
        ["a1", "b2", "c2", "d3", "e4"]
            .iter()
            .map(|row| Version { id: row[..1].to_owned(), updated_at: row[1..].to_owned() })
            .collect()
    }

    fn held(rows: &[&str]) -> Held {
        rows.iter().map(|row| (row[..1].to_owned(), row[1..].to_owned())).collect()
    }

    #[test]
    fn below_the_checkpoint_everything_must_be_there_and_at_it_nothing_yet() {
        let reach = |checkpoint: &str| Reach::Below(checkpoint.to_owned());
        assert_eq!(lost(&truth(), &reach("2"), &held(&["a1", "b2"])), 0);
        assert_eq!(lost(&truth(), &reach("3"), &held(&["a1", "b2", "d3"])), 1);
        assert_eq!(lost(&truth(), &reach("9"), &held(&["a1"])), 4);
        assert_eq!(lost(&truth(), &Reach::Nothing, &held(&[])), 0);
    }

    #[test]
    fn an_older_version_is_as_good_as_lost() {
        assert_eq!(lost(&truth(), &Reach::Everything, &held(&["a1", "b2", "c2", "d3", "e0"])), 1);
    }

    #[test]
    fn who_counts_vouches_for_what_it_counted_from_its_end() {
        let newest = |count| Reach::Places(count, Order::NewestFirst);
        assert_eq!(lost(&truth(), &newest(2), &held(&["d3"])), 1);
        assert_eq!(lost(&truth(), &newest(9), &held(&[])), 5);
        assert_eq!(lost(&truth(), &Reach::Places(2, Order::OldestFirst), &held(&["a1"])), 1);
    }
}
