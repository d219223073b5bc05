//! Damage: bits turned over, files cut short, a log that is gone. A run over it ends with a word, or what it stores is
//! right: every row that it was to bring is there, and those that damage spared are as they were.

use std::collections::BTreeMap;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::rig::{Source, assert_calm, assert_refused, beside};
use crate::support::kill::{Dice, number};
use crate::support::{Highwater, Rows, Table, cursor};
use crate::terminal::Terminal;

/// Pages that are stored before the damage: half of them.
const BEFORE: u64 = 6;

/// A destination with half of the rows, to be damaged again and again.
struct Half {
    source: Source,
    bytes: Vec<u8>,
    walk: String,
    /// Which pages of the file hold what: where each begins, and its size.
    regions: BTreeMap<String, Vec<(usize, usize)>>,
    checkpoint: String,
}

impl Half {
    fn new(walk: &str) -> Self {
        Self::with_lanes(walk, "1")
    }

    fn with_lanes(walk: &str, lanes: &str) -> Self {
        let source = Source::of(600);
        let highwater = source.highwater();
        let before = BEFORE.to_string();
        let done = highwater.sync(&["--walk", walk, "--max-pages", &before, "--lanes", lanes]);
        assert_eq!(done.code(), 4, "{done}");
        let connection = Connection::open(highwater.db()).unwrap();
        let mut query = connection.prepare("SELECT name, pgoffset, pgsize FROM dbstat").unwrap();
        let mut regions = BTreeMap::<String, Vec<_>>::new();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (at, size): (isize, isize) = (row.get(1).unwrap(), row.get(2).unwrap());
            let (at, size) = (at.unsigned_abs(), size.unsigned_abs());
            regions.entry(row.get(0).unwrap()).or_default().push((at, size));
        }
        regions.insert("the header".to_owned(), vec![(0, 100)]);
        let checkpoint = Table::of(&highwater.db()).checkpoint().unwrap();
        let bytes = fs::read(highwater.db()).unwrap();
        Self { source, walk: walk.to_owned(), bytes, regions, checkpoint }
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
        let done = highwater.sync(&["--json", "--walk", &self.walk]);
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

/// A place below that.
pub fn below(dice: &mut Dice, most: usize) -> usize {
    usize::try_from(dice.below(most as u64)).unwrap()
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
    let names: Vec<String> = query.column_names().map(str::to_owned).collect();
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
    let half = Half::new("auto");
    let seed = number("HIGHWATER_TEST_SEED", 1);
    let flips = number("HIGHWATER_TEST_FLIPS", 60).div_ceil(half.regions.len() as u64);
    let mut dice = Dice::new(seed);
    let mut told = BTreeMap::<&str, u64>::new();
    for (region, pages) in &half.regions {
        for _ in 0..flips {
            let (start, size) = dice.pick(pages);
            let at = start + below(&mut dice, size);
            let bit = dice.below(8);
            let mut bytes = half.bytes.clone();
            bytes[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at} of {region}, HIGHWATER_TEST_SEED={seed}");
            *told.entry(region).or_default() += u64::from(half.try_with(&what, &bytes));
        }
    }
    println!("{flips} bits in each, told: {told:?}");
    assert!(told.values().sum::<u64>() > 0, "{told:?}");
}

/// Where a run begins or goes on: another instant or token would have it pass over rows.
#[test]
fn a_checkpoint_or_walk_that_damage_has_changed_is_told() {
    for walk in ["auto", "scroll"] {
        let half = Half::new(walk);
        let token = STANDARD.encode(&half.checkpoint);
        let (mut tried, mut told) = (0, 0);
        // Later by some hours, by some minutes.
        for (text, digit) in [(&half.checkpoint, 12), (&half.checkpoint, 14), (&token, 16), (&token, 18)] {
            let ends = half.bytes.windows(text.len()).enumerate();
            for (at, _) in ends.filter(|(_, found)| *found == text.as_bytes()) {
                let mut bytes = half.bytes.clone();
                bytes[at + digit] += 1;
                let what = format!("{walk}: {text} changed at byte {at} + {digit}");
                told += u32::from(half.try_with(&what, &bytes));
                tried += 1;
            }
        }
        println!("{walk}: {told} of {tried} told");
        assert!(tried >= 20 && told >= 8, "{walk}: {told} of {tried} told");
    }
}

/// Where the lanes of an unfinished run stand, and the seal over that: any digit of either.
#[test]
fn a_digit_of_the_lanes_that_damage_has_changed_is_told() {
    let half = Half::with_lanes("auto", "4");
    let highwater = half.with(&half.bytes);
    let (lanes, seal): (String, i64) = Connection::open(highwater.db())
        .unwrap()
        .query_row("SELECT lanes, seal FROM _highwater_runs", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert!(lanes.contains("start"), "there are lanes ahead: {lanes}");
    let digits: Vec<usize> =
        lanes.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at).collect();
    let changed = digits.iter().step_by(digits.len() / 12).map(|&at| {
        let mut changed = lanes.clone().into_bytes();
        changed[at] = if changed[at] == b'9' { b'8' } else { changed[at] + 1 };
        (String::from_utf8(changed).unwrap(), seal)
    });
    for (lanes, seal) in changed.chain([(lanes.clone(), seal ^ 1), (lanes.clone(), 0)]) {
        let highwater = half.with(&half.bytes);
        let connection = Connection::open(highwater.db()).unwrap();
        connection.execute("UPDATE _highwater_runs SET lanes = ?1, seal = ?2", (&lanes, seal)).unwrap();
        connection.close().unwrap();
        let verified = highwater.verify(&["--json"]);
        let found = verified.events().into_iter().find(|event| event["check"] == "unfinished");
        assert_eq!(found.unwrap()["verdict"], "damage", "{lanes}: {verified}");
        // What is no lanes at all any more could be another version's.
        let refused = highwater.sync(&["--json"]);
        let is_told =
            ["is not as it was written", "by another version"].map(|it| refused.stderr.contains(it));
        assert!(refused.code() == 1 && is_told != [false; 2], "{lanes}: {refused}");
        // By an operator's word where the next run is to begin, the lanes are forgotten.
        assert_eq!(highwater.state(&["reset", "--yes"]).code(), 0);
        half.source.completes(&highwater);
    }
}

#[test]
fn a_file_that_was_cut_short_is_told() {
    let half = Half::new("auto");
    let whole = half.bytes.len();
    let mut dice = Dice::new(number("HIGHWATER_TEST_SEED", 1));
    let mut lengths = vec![1, 16, 99, 100, 511, 512, 4_095, 4_096, 4_097, 8_192, whole - 4_096, whole - 1];
    lengths.extend((0..8).map(|_| below(&mut dice, whole)));
    for length in lengths {
        let told = half.try_with(&format!("cut to {length} of {whole}"), &half.bytes[..length]);
        // Less than that is as good as nothing, and more may be all but a part of a row.
        assert!(told || length < 16 || length > whole - 4_096, "cut to {length} of {whole}");
    }
    // Nothing is left that could be wrong.
    half.source.completes(&half.with(&[]));
}

#[test]
fn the_monitor_tells_of_damage_and_leaves_a_clean_terminal() {
    let half = Half::new("auto");
    let mut bytes = half.bytes.clone();
    for &(start, size) in &half.regions["sqlite_autoindex_user_1"] {
        bytes[start..start + size].fill(0xa5);
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.db"), bytes).unwrap();
    let url = half.source.url();
    let arguments = ["--url", &url, "--db", "a.db", "--resume", "token"];
    let mut terminal = Terminal::start_in(home, 120, 36, &arguments);
    terminal.shows("FAILED").press("q");
    assert_eq!(terminal.ends().exit_code(), 1);
    terminal.assert_clean();
    terminal.shows("highwater verify").shows("restore it");
}
