//! Damage: bits turned over, files cut short, a log that is gone. A run over it ends with a word, or what it stores is
//! right: every row that it was to bring is there, and those that damage spared are as they were.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::rig::{Source, assert_calm, assert_refused, beside};
use crate::support::kill::{Dice, number};
use crate::support::{Highwater, Rows, Table, cursor};

/// Pages that are stored before the damage: half of them.
const BEFORE: u64 = 6;

/// A destination with half of the rows, to be damaged again and again.
struct Half {
    source: Source,
    bytes: Vec<u8>,
    /// Which pages of the file hold what.
    regions: BTreeMap<String, Vec<Range<usize>>>,
    checkpoint: String,
}

impl Half {
    fn new() -> Self {
        let source = Source::of(600);
        let highwater = source.after(BEFORE);
        let connection = Connection::open(highwater.db()).unwrap();
        let mut query = connection.prepare("SELECT name, pgoffset, pgsize FROM dbstat").unwrap();
        let mut regions = BTreeMap::<String, Vec<_>>::new();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (at, size): (isize, isize) = (row.get(1).unwrap(), row.get(2).unwrap());
            let (at, size) = (at.unsigned_abs(), size.unsigned_abs());
            regions.entry(row.get(0).unwrap()).or_default().push(at..at + size);
        }
        regions.insert("the header".to_owned(), vec![0..100]);
        let checkpoint = Table::of(&highwater.db()).checkpoint().unwrap();
        let bytes = fs::read(highwater.db()).unwrap();
        Self { source, bytes, regions, checkpoint }
    }

    /// A destination with these bytes.
    fn with(&self, bytes: &[u8]) -> Highwater {
        let highwater = self.source.highwater();
        fs::write(highwater.db(), bytes).unwrap();
        highwater
    }

    /// A run over a damaged file; true if it was refused or failed.
    fn try_with(&self, what: &str, bytes: &[u8]) -> bool {
        let highwater = self.with(bytes);
        let before = Seen::of(&highwater);
        let done = highwater.sync(&["--json"]);
        let after = Seen::of(&highwater);
        assert_calm(&done);
        let told = match done.code() {
            0 | 3 => false,
            1 => {
                assert_refused(&done, &["rows/highwater.db"]);
                true
            }
            _ => panic!("{what}: {done}"),
        };
        let moved = after.checkpoint.as_ref().filter(|_| after.checkpoint != before.checkpoint);
        for (id, row) in &self.source.rows {
            let stored = after.rows.get(id);
            let is_new = cursor(row) > self.checkpoint.as_str();
            // At a good end everything is stored, and whenever the checkpoint moves, what is below it.
            let is_due = !told || moved.is_some_and(|moved| cursor(row) < moved.as_str());
            if is_new && is_due {
                assert_eq!(stored, Some(row), "{what}: lost or wrong: {done}");
            }
            if !is_new && before.rows.get(id) == Some(row) {
                assert_eq!(stored, Some(row), "{what}: was spared, and is gone: {done}");
            }
        }
        told
    }
}

/// What can be read of a destination that may be damaged.
struct Seen {
    rows: Rows,
    checkpoint: Option<String>,
}

impl Seen {
    fn of(highwater: &Highwater) -> Self {
        let connection = reader(highwater);
        let mut rows = Rows::new();
        // From both ends, up to what can't be read.
        for order in ["", "DESC"] {
            let _ = read(
                &connection,
                &format!("SELECT * FROM user NOT INDEXED ORDER BY rowid {order}"),
                &mut rows,
            );
        }
        let query = "SELECT checkpoint FROM _highwater_state";
        let checkpoint = connection.query_row(query, [], |row| row.get(0)).ok().flatten();
        Self { rows, checkpoint }
    }
}

fn read(connection: &Connection, sql: &str, into: &mut Rows) -> rusqlite::Result<()> {
    let mut query = connection.prepare(sql)?;
    let names: Vec<String> = query.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let cell = |(at, name): (usize, &String)| Some((name.clone(), Value::String(row.get(at).ok()?)));
        if let Some(cells) = names.iter().enumerate().map(cell).collect::<Option<_>>() {
            let row = Value::Object(cells);
            into.insert(row["id"].to_string().trim_matches('"').to_owned(), row);
        }
    }
    Ok(())
}

/// Reads the file and puts nothing beside it.
fn reader(highwater: &Highwater) -> Connection {
    let copy = highwater.home().join("copy.db");
    for suffix in ["", "-wal"] {
        let mut to = copy.clone().into_os_string();
        to.push(suffix);
        if fs::copy(beside(highwater, suffix), &to).is_err() {
            let _ = fs::remove_file(to);
        }
    }
    Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap()
}

#[test]
fn a_bit_that_is_turned_over_is_told_or_does_no_harm() {
    let half = Half::new();
    println!("{:?}", half.regions.iter().map(|(name, pages)| (name, pages.len())).collect::<Vec<_>>());
    let seed = number("HIGHWATER_TEST_SEED", 1);
    let flips = number("HIGHWATER_TEST_FLIPS", 96).div_ceil(half.regions.len() as u64);
    let mut dice = Dice::new(seed);
    let mut told = BTreeMap::<&str, u64>::new();
    for (region, pages) in &half.regions {
        for _ in 0..flips {
            let page =
                dice.pick(&pages.iter().cloned().map(|page| (page.start, page.end)).collect::<Vec<_>>());
            let at = page.0 + dice.below((page.1 - page.0) as u64) as usize;
            let bit = dice.below(8);
            let mut bytes = half.bytes.clone();
            bytes[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at} of {region}, HIGHWATER_TEST_SEED={seed}");
            *told.entry(region).or_default() += u64::from(half.try_with(&what, &bytes));
        }
    }
    println!("of {flips} each, told: {told:?}");
}

/// Where a run begins or goes on: a digit that differs would have it pass over rows.
#[test]
fn a_checkpoint_or_walk_that_was_changed_by_damage_is_told() {
    let half = Half::new();
    let mut tried = 0;
    let day = half.checkpoint.as_bytes();
    for at in 0..half.bytes.len() - day.len() {
        if half.bytes[at..].starts_with(day) {
            // Later by an hour, or by minutes.
            for digit in [12, 14] {
                let mut bytes = half.bytes.clone();
                bytes[at + digit] = b'9'.min(bytes[at + digit] + 2);
                let what = format!("later at byte {at}, digit {digit}");
                half.try_with(&what, &bytes);
                tried += 1;
            }
        }
    }
    println!("{tried}");
    assert!(tried >= 10, "{tried}");
}

#[test]
fn a_file_that_was_cut_short_is_told() {
    let half = Half::new();
    let whole = half.bytes.len();
    let mut dice = Dice::new(number("HIGHWATER_TEST_SEED", 1));
    let mut lengths: Vec<usize> = vec![1, 15, 16, 99, 100, 511, 512, 1_024, 4_095, 4_096, 4_097, 8_192];
    lengths.extend([whole - 4_096, whole - 4_095, whole - 1]);
    lengths.extend((0..8).map(|_| dice.below(whole as u64) as usize));
    for length in lengths {
        let told = half.try_with(&format!("cut to {length} of {whole}"), &half.bytes[..length]);
        println!("{length} {told}");
    }
    // Nothing is left that could be wrong.
    let highwater = half.with(&[]);
    half.source.completes(&highwater);
}
