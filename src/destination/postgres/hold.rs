//! One writer at a time.
//!
//! Who writes stands in the stream's state, under a random name, and every transaction that writes reads it there under
//! a lock of the row: whoever has been relieved stores nothing any more, whatever else fails. That is what the promise
//! rests on. So that nobody is relieved who is still at work, there is an advisory lock beside it, which the server
//! releases when its holder's session ends. Where a server has none, or shares sessions out, a lease takes its place:
//! it is renewed while its holder lives, by the server's clock, and another process waits until it has run out.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::{SecondsFormat, Utc};

use super::address::{Address, LockKind};
use super::failure::Failure;
use super::link::{Link, Product};
use crate::destination::DestinationError;
use crate::{platform, sanitize};

/// How long a lease lasts, as the server's SQL has it, and how often it is renewed.
const LEASE: &str = "30 seconds";
const RENEWAL: Duration = Duration::from_secs(8);

/// How long a lock is tried for before its holder is believed: a server takes a moment to notice that a session has
/// ended. And how long between two tries.
const PATIENCE: Duration = Duration::from_secs(2);
const INSTANT: Duration = Duration::from_millis(20);

/// What a holder writes down of itself.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    /// What tells it from every other.
    pub(super) name: String,
    /// The same for a person.
    words: String,
}

impl Owner {
    /// This process, from now on.
    fn new() -> Self {
        let since = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let on = platform::host().map_or(String::new(), |host| format!(" on {host}"));
        let name = format!("{:032x}", rand::random::<u128>());
        Self { name, words: format!("process {}{on}, since {since}", std::process::id()) }
    }
}

/// True if the server's advisory locks can be relied on.
fn is_advisory(link: &Link, address: &Address) -> bool {
    link.product == Product::Postgres && address.lock == LockKind::Advisory
}

/// The number of a stream's advisory lock: the same for every process, and for no other stream but by accident.
fn number(link: &Link, stream: &str) -> i64 {
    let text = format!("highwater\0{}\0{stream}", link.schema);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

/// Takes the session's advisory lock, if there is such a thing.
fn lock(link: &mut Link, address: &Address, stream: &str) -> Result<(), Failure> {
    if !is_advisory(link, address) {
        return Ok(());
    }
    let number = number(link, stream);
    let begun = Instant::now();
    loop {
        let taken = link.one("SELECT pg_try_advisory_lock($1)", &[&number])?;
        if taken.try_get(0)? {
            return Ok(());
        }
        if begun.elapsed() >= PATIENCE {
            return Err(locked(link, address, stream)?.into());
        }
        thread::sleep(INSTANT);
    }
}

/// Takes it again for a session that takes the place of a lost one. As long as nobody else has taken the stream over, it
/// is that one which still holds it: its end takes a moment to be noticed.
pub(super) fn lock_again(
    link: &mut Link,
    address: &Address,
    stream: &str,
    owner: &Owner,
) -> Result<(), Failure> {
    let Err(failure) = lock(link, address, stream) else { return Ok(()) };
    let ours = "SELECT 1 FROM _highwater_state WHERE stream = $1 AND owner = $2";
    match link.first(ours, &[&stream, &owner.name])? {
        Some(_) => {
            Err(Failure::Connect("the server has not yet noticed that the connection was lost".to_owned()))
        }
        None => Err(failure),
    }
}

fn locked(link: &mut Link, address: &Address, stream: &str) -> Result<DestinationError, Failure> {
    let mut holder = holder_of(link, stream)?.unwrap_or_else(|| "another process".to_owned());
    if !is_advisory(link, address) {
        let left =
            "SELECT greatest(0, ceil(extract(epoch FROM held_at + $2::text::interval - now())))::bigint
                    FROM _highwater_state WHERE stream = $1";
        if let Some(seconds) = link.one(left, &[&stream, &LEASE])?.try_get::<_, Option<i64>>(0)? {
            holder.push_str(&format!(" (its lease runs out in {seconds} s, unless it is renewed)"));
        }
    }
    Ok(DestinationError::Locked { place: address.to_string(), holder })
}

fn holder_of(link: &mut Link, stream: &str) -> Result<Option<String>, Failure> {
    let row = link.first("SELECT holder FROM _highwater_state WHERE stream = $1", &[&stream])?;
    let holder: Option<String> = row.map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(holder.map(|text| sanitize::snippet(&text, 100)))
}

/// Takes a stream over; gives the new owner, how many changes the stream has seen, and the owner before, if that ended
/// without a word.
pub(super) fn take(
    link: &mut Link,
    address: &Address,
    stream: &str,
) -> Result<(Owner, i64, Option<String>), Failure> {
    lock(link, address, stream)?;
    let owner = Owner::new();
    let free = if is_advisory(link, address) {
        "true"
    } else {
        "owner IS NULL OR held_at < now() - $2::text::interval"
    };
    link.batch("BEGIN")?;
    let sql = format!(
        "SELECT holder, changes, coalesce({free}, true), $2::text FROM _highwater_state WHERE stream = $1 FOR UPDATE"
    );
    let found = link.one(&sql, &[&stream, &LEASE])?;
    let (before, changes): (Option<String>, i64) = (found.try_get(0)?, found.try_get(1)?);
    if !found.try_get::<_, bool>(2)? {
        link.batch("ROLLBACK")?;
        return Err(locked(link, address, stream)?.into());
    }
    link.execute(
        "UPDATE _highwater_state SET owner = $2, holder = $3, held_at = now() WHERE stream = $1",
        &[&stream, &owner.name, &owner.words],
    )?;
    link.batch("COMMIT")?;
    Ok((owner, changes, before.map(|text| sanitize::snippet(&text, 100))))
}

/// Lets a stream go, if it is still held.
pub(super) fn release(link: &mut Link, stream: &str, owner: &Owner) -> Result<(), Failure> {
    link.execute(
        "UPDATE _highwater_state SET owner = NULL, holder = NULL, held_at = NULL WHERE stream = $1 AND owner = $2",
        &[&stream, &owner.name],
    )?;
    Ok(())
}

/// Who writes to a stream at present, if anyone does.
pub(super) fn holder(link: &mut Link, address: &Address, stream: &str) -> Result<Option<String>, Failure> {
    let is_held = if is_advisory(link, address) {
        let number = number(link, stream);
        // Whoever only looks gives it back at once.
        let free = "SELECT CASE WHEN pg_try_advisory_lock_shared($1) THEN pg_advisory_unlock_shared($1) ELSE false END";
        !link.one(free, &[&number])?.try_get::<_, bool>(0)?
    } else {
        let sql = "SELECT coalesce(owner IS NOT NULL AND held_at >= now() - $2::text::interval, false)
                   FROM _highwater_state WHERE stream = $1";
        link.one(sql, &[&stream, &LEASE])?.try_get(0)?
    };
    match is_held {
        true => Ok(Some(holder_of(link, stream)?.unwrap_or_else(|| "another process".to_owned()))),
        false => Ok(None),
    }
}

/// What renews a lease while its holder lives, over a connection of its own.
#[derive(Debug)]
pub(super) struct Renewal {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Renewal {
    /// Begins to renew, if there is a lease.
    pub(super) fn start(link: &Link, address: &Address, stream: &'static str, owner: &Owner) -> Option<Self> {
        if is_advisory(link, address) {
            return None;
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let (address, owner) = (address.clone(), owner.clone());
        let thread = thread::spawn(move || {
            let mut link = None;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(RENEWAL) {
                // What goes wrong is tried again: a lease outlasts some renewals.
                link = renew(link, &address, stream, &owner).ok();
            }
        });
        Some(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn renew(link: Option<Link>, address: &Address, stream: &str, owner: &Owner) -> Result<Link, Failure> {
    let mut link = match link {
        Some(link) => link,
        None => Link::connect(address, || false)?,
    };
    link.execute(
        "UPDATE _highwater_state SET held_at = now() WHERE stream = $1 AND owner = $2",
        &[&stream, &owner.name],
    )?;
    Ok(link)
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been told by the hook.
            let _ = thread.join();
        }
    }
}
