//! The write limit: the bare chain, and every row upserted by the tightest loop over the same library: decoded into
//! borrowed text, by one prepared statement, many pages a transaction, the cursor stored with them. It counts nothing,
//! compares nothing and tells nobody.

use std::borrow::Cow;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use bytes::Bytes;
use rusqlite::{Connection, params};
use serde::Deserialize;

use super::Fault;
use super::chain::{self, By};

/// The hidden word that makes this program the tight loop.
pub const ROLE: &str = "be-the-loop";

/// How many bodies may wait: enough that the loop never does.
const WAITING: usize = 64;

/// The columns and the key of highwater's own table. The log is put back into the file as rarely as pays.
const TABLES: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;
    PRAGMA wal_autocheckpoint = 100000;
    CREATE TABLE user (id TEXT NOT NULL PRIMARY KEY, name TEXT, email TEXT, address TEXT, company TEXT, job TEXT,
                       updatedAt TEXT, createdAt TEXT);
    CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT);
    INSERT INTO state VALUES (1, NULL);
";

const UPSERT: &str = "
    INSERT INTO user VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, address = excluded.address,
        company = excluded.company, job = excluded.job, updatedAt = excluded.updatedAt, createdAt = excluded.createdAt";

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<User<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    email: Option<Cow<'a, str>>,
    #[serde(borrow)]
    address: Option<Cow<'a, str>>,
    #[serde(borrow)]
    company: Option<Cow<'a, str>>,
    #[serde(borrow)]
    job: Option<Cow<'a, str>>,
    #[serde(borrow)]
    updated_at: Option<Cow<'a, str>>,
    #[serde(borrow)]
    created_at: Option<Cow<'a, str>>,
}

/// The whole process.
pub fn run(words: &[String]) -> Result<(), Fault> {
    let [url, path, group] = words else { return Err("which address, which file, what groups?".into()) };
    let group = group.parse()?;
    let (sender, bodies) = sync_channel(WAITING);
    let path = path.clone();
    let writer = thread::spawn(move || write(Path::new(&path), group, &bodies));
    // A writer that has failed says why when it is joined.
    let followed = chain::follow(url, By::Token, |body| drop(sender.send(body)));
    drop(sender);
    writer.join().map_err(|_| "the writer panicked")??;
    followed
}

/// Stores what comes, up to so many pages in a transaction.
fn write(path: &Path, group: usize, bodies: &Receiver<Bytes>) -> Result<(), Fault> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(TABLES)?;
    while let Ok(body) = bodies.recv() {
        let transaction = connection.transaction()?;
        let mut upsert = transaction.prepare_cached(UPSERT)?;
        let mut cursor = None;
        for body in std::iter::once(body).chain(bodies.try_iter().take(group - 1)) {
            let page: Page<'_> = serde_json::from_slice(&body)?;
            for user in &page.data {
                let User { id, name, email, address, company, job, updated_at, created_at } = user;
                upsert.execute(params![id, name, email, address, company, job, updated_at, created_at])?;
            }
            cursor = page.data.last().and_then(|user| user.updated_at.as_deref()).map(str::to_owned);
        }
        transaction.prepare_cached("UPDATE state SET cursor = ?1")?.execute([cursor])?;
        drop(upsert);
        transaction.commit()?;
    }
    Ok(())
}
