//! A table with its state, taken from one destination to another, of whatever kinds they are.
//!
//! Both are locked for as long as it takes, so that what is copied is what stands there to the end. It goes over in
//! pieces, each a transaction of the destination that takes it, together with a mark that says how far the copy has come:
//! who is killed in between goes on from there. As long as the mark stands, nobody else reads or writes what has it. It
//! goes away together with the writing of the state, once every entry of both was read again and found to be the same.

pub mod part;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::part::{MOVES, PARTS, Part, RUNS};
use super::DestinationError;
use super::kept::json;
use super::place::Steered;
use crate::record::Packed;
use crate::text::count;

/// Entries of a piece, at most.
pub(super) const MOST: usize = 1_000;

/// How much a piece may hold, in bytes; but never less than one entry.
const BYTES: usize = 4 << 20;

/// Some entries of a part, as texts.
#[derive(Debug, Default)]
pub struct Piece {
    /// The entries, each with its values in the order of the part's columns. Those of a row are followed by its other
    /// fields and its place in the order of storing.
    pub entries: Vec<Packed>,
    /// The key of the last one.
    pub last: Vec<String>,
    /// How much all of them hold.
    bytes: usize,
}

impl Piece {
    /// Takes an entry with its key.
    pub(super) fn push(&mut self, entry: Packed, key: Vec<String>) {
        self.bytes += entry.iter().flatten().map(str::len).sum::<usize>();
        self.entries.push(entry);
        self.last = key;
    }

    /// True if it holds as much as it may.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > BYTES
    }
}

/// A destination as one side of a copy.
pub trait Side {
    /// The columns of the table that the schema does not declare any more, whose values would be left behind.
    ///
    /// # Errors
    /// If they cannot be read.
    fn undeclared(&mut self) -> Result<Vec<String>, DestinationError>;

    /// The stream's state, in the order of [`part::STATE`].
    ///
    /// # Errors
    /// If it cannot be read.
    fn state(&mut self) -> Result<Packed, DestinationError>;

    /// At most so many entries of a part, from the one after this key on, or from the first.
    ///
    /// # Errors
    /// If they cannot be read.
    fn piece(&mut self, part: Part, after: &[String], most: usize) -> Result<Piece, DestinationError>;

    /// The last entry of a part, by its key.
    ///
    /// # Errors
    /// If it cannot be read.
    fn last(&mut self, part: Part) -> Result<Option<Packed>, DestinationError>;

    /// The mark of an unfinished copy, if there is one.
    ///
    /// # Errors
    /// If it cannot be read.
    fn copying(&mut self) -> Result<Option<String>, DestinationError>;

    /// Removes every entry, and marks what is left as an unfinished copy.
    ///
    /// # Errors
    /// If it cannot be written.
    fn empty(&mut self, mark: &str) -> Result<(), DestinationError>;

    /// Stores entries that are not there yet, together with the mark.
    ///
    /// # Errors
    /// If they cannot be stored, or cannot be held; then none of them is.
    fn put(&mut self, part: Part, entries: &[Packed], mark: &str) -> Result<(), DestinationError>;

    /// Writes the state, and removes the mark.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(&mut self, state: &Packed) -> Result<(), DestinationError>;
}

/// How far a copy has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Mark {
    /// What is copied, for a person.
    from: String,
    /// What tells whether it has changed since.
    standing: String,
    /// The part that is next, by its number.
    part: usize,
    /// The key of the last entry of it that went over.
    after: Vec<String>,
    /// How many entries of all parts went over.
    entries: u64,
}

/// What an unfinished copy in a destination is one of, if that can be read.
#[must_use]
pub fn unfinished(mark: &str) -> Option<String> {
    serde_json::from_str::<Mark>(mark).ok().map(|mark| mark.from)
}

/// What a copy does at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It goes on where one was left after so many entries.
    GoingOn(u64),
    /// It begins anew: what was copied has changed since.
    Anew,
    /// It has copied so many entries.
    Copied(u64),
    /// It has read so many entries of both again.
    Compared(u64),
}

/// How a copy ended.
#[derive(Debug)]
pub enum Ended {
    /// All is there, and was compared: so many entries of each part, in the order of [`PARTS`].
    Complete([u64; PARTS.len()]),
    /// It was stopped; so many entries are there.
    Stopped(u64),
}

/// The entries of a part in two destinations, which should have been the same.
struct Differ {
    entry: &'static str,
    from: u64,
    to: u64,
}

impl fmt::Display for Differ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from, self.to].map(|entries| count(entries, self.entry));
        match self.from == self.to {
            true => write!(f, "not all of its {from} are the same there"),
            false => write!(f, "it has {from}, and the copy {to}"),
        }
    }
}

/// A copy under way.
pub struct Copy<'a> {
    from: &'a mut dyn Steered,
    to: &'a mut dyn Steered,
    /// Told of each piece; says whether to go on.
    tell: &'a mut dyn FnMut(Doing) -> bool,
    /// Entries of a piece, at most.
    most: usize,
}

impl<'a> Copy<'a> {
    /// One between two destinations that are opened for writing. `tell` hears of each step, and says whether to go on.
    pub fn new(
        from: &'a mut dyn Steered,
        to: &'a mut dyn Steered,
        tell: &'a mut dyn FnMut(Doing) -> bool,
    ) -> Self {
        Self { from, to, tell, most: MOST }
    }

    /// The same in smaller pieces.
    #[must_use]
    pub fn in_pieces_of(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Copies, or goes on with what was left. With `anew`, an unfinished copy is removed before, whatever it is one of.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if there is nothing to copy, if it would not be all, if there is something else
    /// already where it should go, or if it came out otherwise; the others as they come.
    pub fn run(mut self, anew: bool) -> Result<Ended, DestinationError> {
        self.check_columns()?;
        let state = self.from.state()?;
        let standing = self.standing(&state)?;
        let mut mark = self.begin(standing, anew)?;
        while let Some(part) = PARTS.get(mark.part) {
            if !self.part(*part, &mut mark)? {
                return Ok(Ended::Stopped(mark.entries));
            }
            (mark.part, mark.after) = (mark.part + 1, Vec::new());
        }
        let Some(counts) = self.compare()? else { return Ok(Ended::Stopped(mark.entries)) };
        self.to.finish(&state)?;
        if self.to.state()? != state {
            let what = "its state is another than what was written there: do not go on with it, and give another --to";
            return refused(&self.to.name(), what);
        }
        Ok(Ended::Complete(counts))
    }

    /// Refuses to leave a column behind.
    fn check_columns(&mut self) -> Result<(), DestinationError> {
        let undeclared = self.from.undeclared()?;
        if undeclared.is_empty() {
            return Ok(());
        }
        let columns = undeclared.join(", ");
        refused(
            &self.from.name(),
            &format!(
                "the source does not declare its columns {columns}: they would be left behind; declare them again"
            ),
        )
    }

    /// What tells one state of a table from every later one: each act that changes it is written down as a run, or in a
    /// run, or as a move of the checkpoint.
    fn standing(&mut self, state: &Packed) -> Result<String, DestinationError> {
        let mut digest = Digest::default();
        digest.add(state);
        for book in [&RUNS, &MOVES] {
            let last = self.from.last(Part::Book(book))?;
            digest.add(&last.unwrap_or_default());
        }
        Ok(format!("{:032x}", digest.sum))
    }

    /// Finds where to go on, or makes sure that there is nothing where the copy goes to.
    fn begin(&mut self, standing: String, anew: bool) -> Result<Mark, DestinationError> {
        let (from, to) = (self.from.name(), self.to.name());
        let left = self.to.copying()?;
        let is_empty = left.is_some() || self.is_empty()?;
        let mark = left.as_deref().and_then(|mark| serde_json::from_str::<Mark>(mark).ok());
        match mark {
            Some(mark) if mark.standing == standing && !anew => {
                (self.tell)(Doing::GoingOn(mark.entries));
                return Ok(mark);
            }
            Some(mark) if mark.from != from && !anew => {
                return refused(
                    &to,
                    &format!(
                        "it holds an unfinished copy of {}; finish that with --from, or say --anew to remove it",
                        mark.from
                    ),
                );
            }
            // Whoever asked for it need not be told.
            Some(_) if anew => {}
            Some(_) => {
                (self.tell)(Doing::Anew);
            }
            None if !is_empty => {
                return refused(
                    &to,
                    "it holds such a table already, or what belongs to one; give another --to",
                );
            }
            None => {}
        }
        let mark = Mark { from, standing, part: 0, after: Vec::new(), entries: 0 };
        self.to.empty(&json(&mark))?;
        Ok(mark)
    }

    fn is_empty(&mut self) -> Result<bool, DestinationError> {
        for part in PARTS {
            if self.to.last(part)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Copies what is left of a part; false if it was stopped.
    fn part(&mut self, part: Part, mark: &mut Mark) -> Result<bool, DestinationError> {
        let mut pieces = Pieces { after: mark.after.clone(), ..Pieces::new(part, self.most) };
        while let Some(entries) = pieces.next(|part, after, most| self.from.piece(part, after, most))? {
            mark.after.clone_from(&pieces.after);
            mark.entries += entries.len() as u64;
            self.to.put(part, &entries, &json(mark))?;
            if !(self.tell)(Doing::Copied(mark.entries)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads both again, and tells how many entries each part has; `None` if it was stopped.
    fn compare(&mut self) -> Result<Option<[u64; PARTS.len()]>, DestinationError> {
        let (mut counts, mut read) = ([0; PARTS.len()], 0);
        for (entries, part) in counts.iter_mut().zip(PARTS) {
            let mut digests = [Digest::default(), Digest::default()];
            let sides: [&mut dyn Steered; 2] = [self.from, self.to];
            for (digest, side) in digests.iter_mut().zip(sides) {
                let mut pieces = Pieces::new(part, self.most);
                while let Some(found) = pieces.next(|part, after, most| side.piece(part, after, most))? {
                    found.iter().for_each(|entry| digest.add(entry));
                    read += found.len() as u64;
                    if !(self.tell)(Doing::Compared(read / 2)) {
                        return Ok(None);
                    }
                }
            }
            let [from, to] = digests;
            if from != to {
                let differ = Differ { entry: part.entry(), from: from.entries, to: to.entries };
                let what = format!(
                    "the copy at {} came out otherwise: {differ}; make it again with --anew",
                    self.to.name()
                );
                return refused(&self.from.name(), &what);
            }
            *entries = from.entries;
        }
        Ok(Some(counts))
    }
}

fn refused<T>(place: &str, what: &str) -> Result<T, DestinationError> {
    Err(DestinationError::Refused(format!("{place}: {what}")))
}

/// A part, piece by piece.
pub(super) struct Pieces {
    part: Part,
    /// The key of the last entry.
    after: Vec<String>,
    /// How many entries are asked for next, and at most.
    next: usize,
    most: usize,
}

impl Pieces {
    pub(super) fn new(part: Part, most: usize) -> Self {
        Self { part, after: Vec::new(), next: most, most }
    }

    /// The next entries; `None` if there are no more.
    pub(super) fn next<E>(
        &mut self,
        read: impl FnOnce(Part, &[String], usize) -> Result<Piece, E>,
    ) -> Result<Option<Vec<Packed>>, E> {
        let Piece { entries, last, .. } = read(self.part, &self.after, self.next)?;
        if entries.is_empty() {
            return Ok(None);
        }
        // Where few fill a piece, no more are asked for than would go into another.
        self.next = (entries.len() * 2).min(self.most);
        self.after = last;
        Ok(Some(entries))
    }
}

/// What entries come to, in whatever order they are read.
#[derive(Debug, Default, PartialEq, Eq)]
struct Digest {
    entries: u64,
    sum: u128,
}

impl Digest {
    fn add(&mut self, entry: &Packed) {
        let mut hash = Sha256::new();
        for value in entry.iter() {
            match value.map(plain) {
                None => hash.update([0]),
                Some(value) => {
                    hash.update([1]);
                    hash.update((value.len() as u64).to_le_bytes());
                    hash.update(&*value);
                }
            }
        }
        let hash: [u8; 32] = hash.finalize().into();
        let half: [u8; 16] = std::array::from_fn(|at| hash[at]);
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(half));
        self.entries += 1;
    }
}

/// A text of the bookkeeping as every destination can hold it: a NUL becomes the sign for what cannot be shown.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}
