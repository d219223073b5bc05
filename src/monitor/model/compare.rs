//! All of one run, and two runs side by side.

use chrono::TimeDelta;

use super::super::text;
use super::super::theme::Role;
use super::clock;
use super::pace::per_second;
use super::run::{RunEntry, State};
use super::sheet::{Part, Said, Sheet, fates, field, odd};
use crate::record::BEGINNING;
use crate::run::{Start, Totals};

/// All of one run.
#[derive(Clone, Debug)]
pub struct WholeRun {
    /// What it tells.
    pub sheet: Sheet,
    /// Its number.
    pub run: i64,
}

impl WholeRun {
    /// Opens it at a width.
    #[must_use]
    pub fn open(run: &RunEntry, width: usize) -> Self {
        let sheet = Sheet::new(format!("Run {}", run.run), all(run), width);
        Self { sheet: sheet.with_hint("Enter: its pages · Esc closes"), run: run.run }
    }
}

fn all(run: &RunEntry) -> Vec<Part> {
    let mut parts = vec![outcome("outcome", run)];
    if run.unfinished && run.state != State::UnderWay {
        parts.push(field("", Role::Held, "it can be gone on with: r"));
    }
    let at = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or("not kept".to_owned(), clock);
    parts.push(Part::Blank);
    parts.push(field("began", Role::Plain, at(run.began)));
    if run.state != State::UnderWay {
        parts.push(field("left", Role::Plain, at(run.left)));
        parts.push(field("took", Role::Plain, run.took().map_or("not kept".to_owned(), took)));
    }
    parts.push(field("start", Role::Plain, started(run)));
    parts.push(field("walk", Role::Plain, walk(run)));
    parts.push(Part::Field((Role::Quiet, "checkpoint".to_owned()), checkpoint(run)));
    parts.push(Part::Blank);
    match &run.totals {
        None => parts.push(field("counters", Role::Quiet, "not kept")),
        Some(totals) => parts.extend(counters(run, totals)),
    }
    parts
}

fn outcome(label: &str, run: &RunEntry) -> Part {
    let (role, glyph, word) = run.state.sign();
    let mut said = vec![(role, format!("{glyph} {word}"))];
    match (&run.text, run.state) {
        (Some(text), _) => said.push((Role::Plain, format!(": {text}"))),
        (None, State::Killed) => said.push((Role::Plain, ": its process ended without a word".to_owned())),
        (None, _) => {}
    }
    Part::Field((Role::Quiet, label.to_owned()), said)
}

fn took(length: TimeDelta) -> String {
    text::milliseconds(u64::try_from(length.num_milliseconds()).unwrap_or(0))
}

/// Where it started, in words.
fn started(run: &RunEntry) -> String {
    let from = match run.start {
        Some(Start::Full) => "everything again",
        Some(Start::Checkpoint) => "from the checkpoint",
        Some(Start::Token) => "goes on with an unfinished run",
        None => "not kept",
    };
    match &run.first {
        Some((_, with)) if with == BEGINNING => format!("{from}: rows since the beginning of time"),
        Some((by, with)) => format!("{from}: {} {with}", by.word()),
        None => from.to_owned(),
    }
}

fn walk(run: &RunEntry) -> String {
    run.walk.map_or("not kept", |walk| walk.word()).to_owned()
}

/// The checkpoint before and after.
pub fn checkpoint(run: &RunEntry) -> Said {
    let value = |value: &Option<String>| match value {
        Some(value) => (Role::Plain, value.clone()),
        None => (Role::Quiet, "none".to_owned()),
    };
    if run.before == run.after {
        return vec![value(&run.after), (Role::Quiet, ", did not move".to_owned())];
    }
    vec![value(&run.before), (Role::Quiet, " → ".to_owned()), value(&run.after)]
}

fn counters(run: &RunEntry, totals: &Totals) -> Vec<Part> {
    let counts = &totals.counts;
    let mut rows = vec![(Role::Strong, text::number(counts.rows)), (Role::Quiet, ":".to_owned())];
    rows.extend(fates(counts));
    let asked = [
        (totals.pages, "page"),
        (totals.requests, "request"),
        (totals.commits, "commit"),
        (totals.checkpoints, "move"),
    ];
    let asked = asked.map(|(count, noun)| text::count(count, noun)).join(", ");
    let retries = if totals.retries > 0 { Role::Warn } else { Role::Quiet };
    let mut parts = vec![
        Part::Field((Role::Quiet, "rows".to_owned()), rows),
        field("asked", Role::Plain, format!("{asked} of the checkpoint")),
        field("retries", retries, text::number(totals.retries)),
    ];
    let speed = run.took().and_then(|took| per_second(counts.rows, took));
    if let Some(speed) = speed.filter(|_| run.state != State::UnderWay) {
        parts.push(field("speed", Role::Plain, format!("{} a second", text::count(speed, "row"))));
    }
    let seams = [
        (totals.seams.tie_unsafe, "seams inside a group of equal cursors, crossed by token", Role::Bad),
        (totals.seams.tie_overflow, "values that fill a page, stepped over", Role::Bad),
        (totals.seams.not_inclusive, "cursors that the source left out when asked from them", Role::Bad),
    ];
    let seams = seams.into_iter().filter(|(count, ..)| *count > 0);
    let seams = seams.map(|(count, what, role)| (role, format!("{} {what}", text::number(count))));
    let rows = odd(counts).map(|(count, what, role)| (role, format!("{} {what}", text::count(count, "row"))));
    let mut label = "besides";
    for (role, said) in seams.chain(rows) {
        parts.push(field(std::mem::take(&mut label), role, said));
    }
    parts
}

/// Two runs side by side, the earlier one first.
#[must_use]
pub fn sheet(one: &RunEntry, other: &RunEntry, width: usize) -> Sheet {
    let (a, b) = if one.run <= other.run { (one, other) } else { (other, one) };
    let mut parts = vec![Part::Table { rows: figures(a, b), figures: true }];
    for run in [a, b] {
        parts.push(Part::Blank);
        parts.push(outcome(&format!("run {}", run.run), run));
        parts.push(field("start", Role::Plain, format!("{}, walk {}", started(run), walk(run))));
        parts.push(Part::Field((Role::Quiet, "checkpoint".to_owned()), checkpoint(run)));
    }
    Sheet::new(format!("Runs {} and {}", a.run, b.run), parts, width)
}

/// A figure of a run.
type Figure = fn(&RunEntry, &Totals) -> Option<u64>;
/// How a figure is spelt.
type Spelt = fn(u64) -> String;

fn figures(a: &RunEntry, b: &RunEntry) -> Vec<(String, Said)> {
    let speed: Figure = |run, totals| per_second(totals.counts.rows, run.took()?);
    let counted: [(&str, Figure); 11] = [
        ("rows", |_, totals| Some(totals.counts.rows)),
        ("new", |_, totals| Some(totals.counts.new)),
        ("changed", |_, totals| Some(totals.counts.changed)),
        ("same", |_, totals| Some(totals.counts.same)),
        ("stale", |_, totals| Some(totals.counts.stale)),
        ("quarantined", |_, totals| Some(totals.counts.quarantined)),
        ("pages", |_, totals| Some(totals.pages)),
        ("requests", |_, totals| Some(totals.requests)),
        ("retries", |_, totals| Some(totals.retries)),
        ("commits", |_, totals| Some(totals.commits)),
        ("rows/s", speed),
    ];
    let took: Figure = |_, totals| Some(totals.elapsed_ms);
    let all = counted.map(|(label, of)| (label, of, text::number as Spelt));
    let all = all.into_iter().chain([("took", took, text::milliseconds as Spelt)]);
    let heading = |text: String| (Role::Strong, text);
    let heads = vec![
        heading(format!("run {}", a.run)),
        heading(format!("run {}", b.run)),
        (Role::Quiet, "difference".to_owned()),
    ];
    let figure = |run: &RunEntry, of: Figure| run.totals.as_ref().and_then(|totals| of(run, totals));
    let said = |value: Option<u64>, spelt: Spelt| match value {
        Some(value) => (Role::Plain, spelt(value)),
        None => (Role::Quiet, "none".to_owned()),
    };
    let row = |(label, of, spelt): (&str, Figure, Spelt)| {
        let (a, b) = (figure(a, of), figure(b, of));
        (label.to_owned(), vec![said(a, spelt), said(b, spelt), difference(a, b, spelt)])
    };
    // What neither run had anything of is not worth a line, unless its absence is.
    let some = |(label, of, _): &(&str, Figure, Spelt)| {
        let usual = !matches!(*label, "stale" | "quarantined" | "retries");
        usual || [a, b].iter().any(|run| figure(run, *of).is_some_and(|value| value > 0))
    };
    std::iter::once((String::new(), heads)).chain(all.filter(some).map(row)).collect()
}

fn difference(a: Option<u64>, b: Option<u64>, spelt: Spelt) -> (Role, String) {
    match (a, b) {
        (Some(a), Some(b)) if a == b => (Role::Quiet, "=".to_owned()),
        (Some(a), Some(b)) if a < b => (Role::Strong, format!("+{}", spelt(b - a))),
        (Some(a), Some(b)) => (Role::Strong, format!("-{}", spelt(a - b))),
        _ => (Role::Quiet, String::new()),
    }
}
