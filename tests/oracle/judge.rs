//! The promise, as four judgements over plain data: what the source has had, and what stands in the destination.
//!
//! Each gives what breaks it, in words, and nothing if it holds:
//!
//! - [`Truth::lost`]: each of the source's rows below the checkpoint is stored, at that version or a newer one. Rows
//!   at the checkpoint's own value may still be on their way: the next request asks for them again.
//! - [`aged`]: no stored row is gone, or older than it was.
//! - [`Left::disagreements`]: rows, checkpoint, page log and walk are of one instant.
//! - [`Truth::differences`]: the table equals the source.
//!
//! Where the contract leaves no way to ask for a row, the judgement is that its loss was told: see [`Told`].
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use highwater::walk::Finding;

/// One version of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The instant that its cursor names, if it has one that can be read.
    pub at: Option<DateTime<Utc>>,
    /// All of its values, as one text.
    pub content: String,
}

impl Version {
    /// True if this version may stand where that one is due.
    fn covers(&self, due: &Self) -> bool {
        self.at.is_some() && self.at >= due.at || self == due
    }
}

/// Every version of every row that the source ever had, by id.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    versions: BTreeMap<String, Vec<Version>>,
    /// Rows that nobody who pages by cursor can be sure to find: the source showed them after later ones, or showed
    /// them other than they are. A full re-sync finds them.
    pub elusive: BTreeSet<String>,
    /// What the source has shown and never had, by id.
    lies: BTreeMap<String, Vec<Version>>,
}

impl Truth {
    /// The source has a new row, or a new version of one.
    pub fn has(&mut self, id: &str, version: Version) {
        self.versions.entry(id.to_owned()).or_default().push(version);
    }

    /// The source shows something that it does not have, or no more.
    pub fn shows(&mut self, id: &str, version: Version) {
        self.lies.entry(id.to_owned()).or_default().push(version);
    }

    /// What the source has now.
    pub fn now(&self) -> impl Iterator<Item = (&String, &Version)> {
        self.versions.iter().filter_map(|(id, versions)| versions.last().map(|last| (id, last)))
    }

    /// The rows below an instant that are not stored at that version or a newer one.
    pub fn missing(&self, left: &Left, below: Option<DateTime<Utc>>) -> Vec<(&String, &Version)> {
        let stored = |id: &String, due: &Version| left.rows.get(id).is_some_and(|row| row.covers(due));
        self.now().filter(|(id, due)| due.at < below && due.at.is_some() && !stored(id, due)).collect()
    }

    /// What is lost below the checkpoint without a word: rows that are not elusive, and that nothing told of. Nothing,
    /// while a run is unfinished that met rows out of order: whoever goes on begins where that run did.
    pub fn lost(&self, left: &Left, told: &Told) -> Vec<String> {
        if left.unfinished.as_ref().is_some_and(|run| run.is_held) {
            return Vec::new();
        }
        let missing = self.missing(left, left.checkpoint).into_iter();
        let silent = missing.filter(|(id, due)| !self.elusive.contains(*id) && !told.of(self, left, due));
        silent.map(|(id, due)| format!("{id} is lost below {:?}: {due:?}", left.checkpoint)).collect()
    }

    /// Where the table is not what the source has: rows that are missing, older, or never were the source's.
    pub fn differences(&self, left: &Left, told: &Told) -> Vec<String> {
        let mut found = self.made_up(left);
        for (id, due) in
            self.now().filter(|(id, due)| !self.elusive.contains(*id) && !told.of(self, left, due))
        {
            match left.rows.get(id) {
                Some(stored) if stored == due => {}
                Some(stored) => found.push(format!("{id} is stored as {stored:?}, the source has {due:?}")),
                None => found.push(format!("{id} is not stored: {due:?}")),
            }
        }
        found
    }

    /// Stored rows that the source neither had nor showed, value for value.
    pub fn made_up(&self, left: &Left) -> Vec<String> {
        let shown = |id: &String, row: &Version| {
            let kept = [&self.versions, &self.lies].into_iter().filter_map(|all| all.get(id));
            kept.flatten().any(|version| version == row)
        };
        let made_up = left.rows.iter().filter(|(id, row)| !shown(id, row));
        made_up.map(|(id, row)| format!("{id} is made up: {row:?}")).collect()
    }
}

/// What a sync has said, or was told to put up with, of rows that share a cursor.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The values of which it said that rows which share them may be missing.
    pub values: BTreeSet<DateTime<Utc>>,
    /// True if seams are crossed by token by order of the operator, or because, as it said, the source bears nothing
    /// else: the rest of a group at such a seam is never sent.
    pub by_token: bool,
    /// True if it said that rows came out of order: then no log tells at which value a token cut a page.
    pub out_of_order: bool,
    /// True if it said that the source leaves out the value that it is asked from.
    pub exclusive: bool,
}

impl Told {
    /// What a finding of the walk tells.
    pub fn add(&mut self, finding: &Finding) {
        match finding {
            Finding::TieUnsafe(cursor) | Finding::TieOverflow(cursor) => {
                self.values.insert(cursor.instant().unwrap());
            }
            Finding::NotInclusive(_) => self.exclusive = true,
            Finding::OrderViolated { .. } => self.out_of_order = true,
            Finding::TieSafe(_)
            | Finding::NothingAtCheckpoint(_)
            | Finding::Future(..)
            | Finding::OneLane(_) => {}
        }
    }

    /// True if the loss of this version is accounted for.
    fn of(&self, truth: &Truth, left: &Left, due: &Version) -> bool {
        let Some(at) = due.at else { return false };
        let cut = |(place, after): (usize, &Logged)| {
            let before = left.log[..place].iter().rfind(|before| before.lane == after.lane);
            after.by_token && before.is_some_and(|before| before.last == due.at)
        };
        let left_out = |page: &Logged| page.since == due.at;
        let is_tied = || truth.now().filter(|(_, row)| row.at == due.at).count() > 1;
        self.values.contains(&at)
            || (self.by_token || self.exclusive) && left.log.iter().enumerate().any(cut)
            || self.out_of_order && is_tied()
            || self.exclusive && left.log.iter().any(left_out)
    }
}

/// What stands in a destination.
#[derive(Clone, Debug, Default)]
pub struct Left {
    /// The table.
    pub rows: BTreeMap<String, Version>,
    /// The checkpoint.
    pub checkpoint: Option<DateTime<Utc>>,
    /// How many rows there are by the destination's own account.
    pub counted: i64,
    /// The page log, oldest first.
    pub log: Vec<Logged>,
    /// The run that is left unfinished.
    pub unfinished: Option<Unfinished>,
}

/// A run that is left unfinished, by its own account.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// Its number.
    pub run: i64,
    /// How many pages it has walked.
    pub walked: i64,
    /// True if it met rows out of order: it keeps the checkpoint from moving.
    pub is_held: bool,
}

/// A page in the log.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Its run.
    pub run: i64,
    /// Its number in the run, from 1.
    pub page: i64,
    /// The lane that asked for it.
    pub lane: i64,
    /// True if it was asked for by token.
    pub by_token: bool,
    /// The instant that it was asked from, if it was not.
    pub since: Option<DateTime<Utc>>,
    /// Rows that were new to the table.
    pub new: i64,
    /// The instant of its last row.
    pub last: Option<DateTime<Utc>>,
    /// The checkpoint, stored together with it.
    pub checkpoint: Option<DateTime<Utc>>,
}

impl Left {
    /// Where rows, checkpoint, page log and walk are not of one instant.
    pub fn disagreements(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |holds: bool, what: &dyn Fn() -> String| {
            if !holds {
                found.push(what());
            }
        };
        let rows = i64::try_from(self.rows.len()).unwrap();
        let logged: i64 = self.log.iter().map(|page| page.new).sum();
        check(self.counted == rows, &|| format!("{} rows counted, {rows} stored", self.counted));
        check(logged == rows, &|| format!("{logged} rows logged as new, {rows} stored"));
        let newest = self.rows.values().filter_map(|row| row.at).max();
        // A row whose cursor the source has taken away may be the one that the checkpoint stands on.
        let unread = self.rows.values().any(|row| row.at.is_none());
        check(self.checkpoint <= newest || unread, &|| {
            format!("the checkpoint {:?} is above every stored row, {newest:?}", self.checkpoint)
        });
        let mut before: Option<&Logged> = None;
        for page in &self.log {
            let previous = before.filter(|before| before.run == page.run);
            let due = previous.map_or(1, |previous| previous.page + 1);
            check(page.page == due, &|| format!("page {due} of its run is due: {page:?}"));
            check(previous.is_none_or(|previous| previous.checkpoint <= page.checkpoint), &|| {
                format!("the checkpoint goes back: {previous:?}, then {page:?}")
            });
            before = Some(page);
        }
        let last = before.and_then(|page| page.checkpoint);
        check(last == self.checkpoint, &|| format!("logged {last:?}, stored {:?}", self.checkpoint));
        if let Some(Unfinished { run, walked, .. }) = self.unfinished {
            let logged = self.log.iter().filter(|page| page.run == run).count();
            let logged = i64::try_from(logged).unwrap();
            check(walked == logged, &|| format!("run {run} has walked {walked} pages and logged {logged}"));
        }
        found
    }
}

/// What is gone, or has become older, from one time to a later one.
pub fn aged(before: &Left, after: &Left) -> Vec<String> {
    let mut found = Vec::new();
    if after.checkpoint < before.checkpoint {
        found.push(format!("the checkpoint went from {:?} to {:?}", before.checkpoint, after.checkpoint));
    }
    for (id, was) in &before.rows {
        match after.rows.get(id) {
            None => found.push(format!("{id} is gone: {was:?}")),
            // A version without a cursor cannot be told to be older.
            Some(is) if is.at.is_some() && is.at < was.at => {
                found.push(format!("{id} has become older: {was:?}, now {is:?}"));
            }
            Some(_) => {}
        }
    }
    found
}
