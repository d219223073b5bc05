//! What is served at a given request: the rows as they stand then, in the order in which they are served.

use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

use super::offset::Slice;
use super::people::{Person, timestamp};
use super::request::{self, NO_TOKEN};
use super::scenario::Options;
use super::timeline::{Entry, Timeline};
use super::tokens::Tokens;

/// A row as it stands: who, and when they last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The row's `id`.
    pub id: String,
    /// Its `updatedAt`.
    pub updated_at: String,
}

/// The people, and the tokens that were given out.
#[derive(Debug)]
pub(super) struct World {
    options: Options,
    timeline: Mutex<Timeline>,
    tokens: Option<Mutex<Tokens>>,
}

/// A page by cursor.
#[derive(Serialize)]
pub(super) struct Page {
    pub data: Vec<Person>,
    scroll_param: Option<String>,
}

/// A page by offset.
#[derive(Serialize)]
pub(super) struct Counted {
    data: Vec<Person>,
    offset: usize,
    limit: usize,
    total: usize,
}

impl World {
    pub fn new(options: &Options) -> Self {
        Self {
            timeline: Mutex::new(Timeline::new(options, now())),
            tokens: options.troubles.expiry.map(|expiry| Mutex::new(Tokens::new(expiry))),
            options: options.clone(),
        }
    }

    /// What changes because the request of that number arrives.
    pub fn arrive(&self, request: u64) {
        if let Some(growth) = self.options.troubles.growth.filter(|growth| growth.strikes(request)) {
            lock(&self.timeline).grow(growth.updates, growth.inserts);
        }
    }

    /// The page that the request of that number gets.
    ///
    /// # Errors
    /// The text of the answer with status 400, for a token that has expired.
    pub fn page(&self, from: Bound<i64>, request: u64) -> Result<Page, String> {
        let at = Instant::now();
        if let (Bound::Excluded(token), Some(tokens)) = (from, &self.tokens)
            && !lock(tokens).is_good(token, request, at)
        {
            return Err(NO_TOKEN.to_owned());
        }
        let size = self.options.page_size;
        let mut timeline = self.now();
        // One row more than a page tells whether there is another.
        let mut rows = self.served(&timeline, from, size.saturating_add(1));
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(|row| row.updated);
        if let (Some(last), Some(tokens)) = (last, &self.tokens) {
            lock(tokens).give(last, request, at);
        }
        let data = self.people(&mut timeline, &rows);
        Ok(Page { data, scroll_param: last.map(|last| request::token(&timestamp(last))) })
    }

    /// The rows that a request by offset gets.
    pub fn slice(&self, slice: Slice) -> Counted {
        let mut timeline = self.now();
        let Slice { limit, offset, .. } = slice;
        let (rows, total) = if slice.descending && !slice.by_creation && slice.from == Bound::Unbounded {
            (timeline.newest(offset, limit), timeline.len())
        } else {
            let mut rows = timeline.rows(slice.from, usize::MAX);
            if slice.by_creation {
                rows.sort_by_key(|row| Person::created(self.options.seed, row.person));
            }
            if slice.descending {
                rows.reverse();
            }
            let total = rows.len();
            (rows.into_iter().skip(offset).take(limit).collect(), total)
        };
        Counted { data: self.people(&mut timeline, &rows), offset, limit, total }
    }

    /// Every row as it stands, in the order of `updatedAt`.
    pub fn versions(&self) -> Vec<Version> {
        let rows = self.now().rows(Bound::Unbounded, usize::MAX);
        rows.iter()
            .map(|row| Version {
                id: Person::id(self.options.seed, row.person),
                updated_at: timestamp(row.updated),
            })
            .collect()
    }

    /// The first rows from that bound on, in the order in which they are served. Late rows cost a look at all.
    fn served(&self, timeline: &Timeline, from: Bound<i64>, count: usize) -> Vec<Entry> {
        let Some(disorder) = self.options.troubles.disorder else {
            return timeline.rows(from, count);
        };
        let rows = disorder.shuffle(timeline.rows(Bound::Unbounded, usize::MAX));
        let (skipped, least) = match from {
            Bound::Unbounded => (0, i64::MIN),
            Bound::Included(since) => (0, since),
            // A token stands for a place in the stream, whatever the rows behind it say.
            Bound::Excluded(token) => {
                (rows.iter().rposition(|row| row.updated == token).map_or(0, |at| at + 1), i64::MIN)
            }
        };
        rows.into_iter().skip(skipped).filter(|row| row.updated >= least).take(count).collect()
    }

    fn people(&self, timeline: &mut MutexGuard<'_, Timeline>, rows: &[Entry]) -> Vec<Person> {
        let person =
            |row: &Entry| Person::new(self.options.seed, row.person, timeline.round(*row), row.updated);
        rows.iter().map(person).collect()
    }

    fn now(&self) -> MutexGuard<'_, Timeline> {
        let mut timeline = lock(&self.timeline);
        timeline.advance(now());
        timeline
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Unix seconds, rounded down, so that no row is served before its time.
fn now() -> i64 {
    chrono::Utc::now().timestamp()
}
