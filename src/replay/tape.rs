//! A recording as it is read: a line at a time, whatever its size, and nothing believed that does not read well.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use chrono::{DateTime, Datelike as _, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Read;
use crate::sanitize;
use crate::sync::event::{Event, Phase, Stamped};
use crate::sync::recorder::{FORMAT, Header};

/// The longest first line.
const HEADER: u64 = 4 << 10;
/// The longest line: some times the most that the rows of an event can come to.
const LINE: u64 = 64 << 20;
/// How many events, and about how many bytes of them, are read in one go.
const SOME: (usize, u64) = (64, 1 << 20);

/// Why a recording cannot be played, or not from some line on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Unplayable {
    /// The line, from 1, if it is one that is the matter.
    pub line: Option<u64>,
    /// What is the matter, and what to do about it; safe for a terminal.
    pub what: String,
}

/// The next part of a recording.
#[derive(Debug)]
pub enum Piece {
    /// An event.
    Event {
        /// The event.
        stamped: Box<Stamped>,
        /// How many bytes of the recording it ends.
        played: u64,
    },
    /// The end.
    End(Tail),
}

/// How a recording ends.
#[derive(Debug, PartialEq, Eq)]
pub enum Tail {
    /// With its last event.
    Whole,
    /// In the midst of this line, as after a kill or on a full disk. Every line before it was played.
    CutOff(u64),
    /// At something that is no event, with more behind it.
    Damaged(Unplayable),
}

/// A recording that is being read.
#[derive(Debug)]
pub struct Tape {
    file: BufReader<File>,
    header: Header,
    length: u64,
    /// The lines and bytes read so far.
    lines: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Tape {
    /// Opens a recording.
    ///
    /// # Errors
    /// If it cannot be read, is none, or is in a format that this version does not read.
    pub fn open(path: &Path) -> Result<Self, Unplayable> {
        let unreadable =
            |error: io::Error| Unplayable { line: None, what: format!("cannot be read: {error}") };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let mut file = BufReader::new(file);
        let mut buffer = Vec::new();
        (&mut file).take(HEADER).read_until(b'\n', &mut buffer).map_err(unreadable)?;
        let header = header(&buffer)?;
        let bytes = buffer.len() as u64;
        Ok(Self { file, header, length, lines: 1, bytes, buffer })
    }

    /// When the recording began.
    pub(super) fn began(&self) -> DateTime<Utc> {
        self.header.at
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The next event, or the end. Not to be asked again after that.
    pub fn read(&mut self) -> Piece {
        let line = self.lines + 1;
        let damaged = |what| Piece::End(Tail::Damaged(Unplayable { line: Some(line), what }));
        self.buffer.clear();
        match (&mut self.file).take(LINE).read_until(b'\n', &mut self.buffer) {
            Ok(0) => return Piece::End(Tail::Whole),
            Ok(length) => self.bytes += length as u64,
            Err(error) => return damaged(format!("cannot be read: {error}")),
        }
        self.lines = line;
        let is_whole = self.buffer.ends_with(b"\n");
        match parsed(&self.buffer) {
            Ok(stamped) => Piece::Event { stamped: Box::new(stamped), played: self.bytes },
            Err(_) if !is_whole && (self.buffer.len() as u64) < LINE => Piece::End(Tail::CutOff(line)),
            Err(what) => damaged(format!("is no event that this version knows: {what}")),
        }
    }

    /// Some of the next pieces, and the rest.
    pub(super) fn some(mut self) -> Read {
        let (count, bytes) = (SOME.0, self.bytes + SOME.1);
        let mut pieces = VecDeque::new();
        while pieces.len() < count && self.bytes < bytes {
            let piece = self.read();
            let is_end = matches!(piece, Piece::End(_));
            pieces.push_back(piece);
            if is_end {
                return (pieces, None);
            }
        }
        (pieces, Some(self))
    }
}

/// What every format's first line has.
#[derive(Deserialize)]
struct Format {
    highwater: String,
    recording: u64,
}

fn header(line: &[u8]) -> Result<Header, Unplayable> {
    let refused = |what: String| Unplayable { line: Some(1), what };
    let none = "is not the first line of a recording; `highwater watch --record FILE` makes one";
    let format: Format = serde_json::from_slice(line).map_err(|_| refused(none.to_owned()))?;
    if format.recording != FORMAT {
        return Err(refused(format!(
            "was recorded in format {} by highwater {}; this is {}, which reads format {FORMAT}: play it with that \
             version",
            format.recording,
            sanitize::snippet(&format.highwater, 40),
            env!("CARGO_PKG_VERSION"),
        )));
    }
    let header: Header = read(line).map_err(refused)?;
    in_range(header.at).map_err(refused)?;
    Ok(header)
}

fn parsed(line: &[u8]) -> Result<Stamped, String> {
    let mut stamped: Stamped = read(line)?;
    in_range(stamped.at)?;
    make_safe(&mut stamped.event);
    Ok(stamped)
}

/// Reads a line of JSON. What is wrong with it may quote it.
fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        // To the parser every line is the first.
        let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
        format!("{} (column {})", sanitize::snippet(what, 200), error.column())
    })
}

/// No time that a clock can show, and none near the ends of what can be reckoned with.
fn in_range(at: DateTime<Utc>) -> Result<(), String> {
    if (1..=9_999).contains(&at.year()) { Ok(()) } else { Err("its time is out of range".to_owned()) }
}

/// A sync vouches for these texts; whoever wrote the file does not.
fn make_safe(event: &mut Event) {
    let safe = |text: &mut String| {
        if let std::borrow::Cow::Owned(safe) = sanitize::line(text) {
            *text = safe;
        }
    };
    match event {
        Event::Notice(notice) => safe(&mut notice.text),
        Event::Page(page) => safe(&mut page.decision),
        Event::Phase { phase: Phase::Waiting { reason, .. } | Phase::Outage { reason, .. } } => safe(reason),
        Event::RunEnded(ended) => {
            safe(&mut ended.text);
            ended.attention.iter_mut().for_each(safe);
        }
        Event::Opened(_) | Event::RunStarted(_) | Event::Phase { .. } | Event::Lanes(_) => {}
    }
}
