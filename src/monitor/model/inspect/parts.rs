//! What the inspector tells of a page, in words and figures.

use super::super::super::theme::Role;
use super::super::super::{columns, text};
use super::super::page::PageEntry;
use super::super::sheet::{Part, Said, Segment, fate, fates, field, odd};
use super::super::{RowEntry, Token, clock};
use super::{Before, First};
use crate::exchange::{self, Budget};
use crate::record::Schema;
use crate::walk::{By, Way};

/// What is said of what an older version did not write down, or the log does not keep.
const NOT_KEPT: &str = "not kept";

/// All of a page.
pub fn of(
    schema: &Schema,
    page: &PageEntry,
    method: Option<&str>,
    before: &Before,
    rows: &[First],
) -> Vec<Part> {
    let mut parts = request(page, method, before);
    parts.push(Part::Blank);
    parts.extend(walk(page));
    parts.push(Part::Blank);
    parts.extend(time(page));
    parts.push(Part::Blank);
    parts.extend(counts(page));
    parts.extend(first_rows(schema, rows, page.first_ids.is_some()));
    parts.push(Part::Blank);
    parts.extend(retries(page));
    parts.extend(answer(page));
    parts
}

fn request(page: &PageEntry, method: Option<&str>, before: &Before) -> Vec<Part> {
    let mut said = Said::new();
    match &page.url {
        Some(url) => said.push((Role::Plain, url.clone())),
        None => said.push((Role::Quiet, format!("its address {NOT_KEPT}"))),
    }
    if let Some(status) = page.status {
        let role = if status < 300 { Role::Good } else { Role::Warn };
        said.push((Role::Quiet, " → ".to_owned()));
        said.push((role, exchange::status(status)));
    }
    let mut parts = vec![Part::Field((Role::Accent, method.unwrap_or("request").to_owned()), said)];
    let mut asked =
        vec![(Role::Quiet, format!("{} ", page.asked_by.word())), (Role::Plain, page.asked_with.clone())];
    if page.asked_by == By::Token {
        asked.extend(reading(&page.asked_with));
    }
    parts.push(Part::Field((Role::Quiet, "asked".to_owned()), asked));
    if let Some(lane) = page.lane.filter(|_| before.has_lanes) {
        let begins = if page.opens { ", which began with this page" } else { "" };
        parts.push(field("lane", Role::Plain, format!("{lane}{begins}")));
    }
    if let Some((number, because)) = &before.decision {
        parts.push(field("because", Role::Plain, format!("page {}: {because}", text::number(*number))));
    }
    parts
}

/// What a token reads, if it can be read.
fn reading(token: &str) -> Option<(Role, String)> {
    let decoded = Token::new(token, None, None).decoded?;
    Some((Role::Quiet, format!(", which reads {decoded}")))
}

fn walk(page: &PageEntry) -> Vec<Part> {
    let mut parts = vec![field("then", Role::Strong, page.decision.clone())];
    if let Some(way) = Way::written(&page.decision) {
        parts.push(field("why", Role::Plain, why(way, page.token.is_some())));
    }
    match &page.token {
        None => parts.push(field("token", Role::Quiet, "none came")),
        Some(raw) => {
            let mut said = vec![(Role::Plain, raw.clone())];
            said.extend(reading(raw));
            parts.push(Part::Field((Role::Quiet, "token".to_owned()), said));
        }
    }
    let checkpoint = match &page.checkpoint {
        Some(checkpoint) => (Role::Plain, checkpoint.clone()),
        None => (Role::Quiet, "none yet".to_owned()),
    };
    parts.push(Part::Field((Role::Quiet, "checkpoint".to_owned()), vec![checkpoint]));
    parts
}

/// Why that is the right way on, for an operator who does not know the walk; `token` if one came.
fn why(way: Way, token: bool) -> &'static str {
    match way {
        Way::Anchor => {
            "a token goes on behind that value, and would pass over rows that share it; the row that comes twice is \
             stored once"
        }
        Way::Probe => {
            "that row has changed meanwhile, or the source leaves out the value that it is asked from: one more \
             question tells which"
        }
        Way::Again => "asking from the last row passes nothing over only while cursors ascend",
        Way::Follow => "the walk is by token, or the source does not bear another one",
        Way::StepOver => "asking from it again would bring the same page; only its token leads on",
        Way::NothingToAnchor => "no row says when it was updated, and only the token leads on",
        Way::FollowEmpty => "empty pages are followed, as the settings have it",
        Way::Meet => "what follows is read already, up to where that lane has come",
        Way::Rest => "what has changed since the lanes began is read last, by the leftmost lane",
        Way::Doubt => {
            "what that token promised may be gone since; or the source goes by another order, and what it brings tells"
        }
        Way::Stop if token => "there is a token, but the run is over: its end says why",
        Way::Stop => "no token came: so the source says that these were its last rows",
    }
}

/// Where the time went: a bar, and what its segments are. The source's share is of one colour, ours of another.
fn time(page: &PageEntry) -> Vec<Part> {
    let source = page.wait_ms.saturating_add(page.body_ms);
    let here = page.decode_ms.map(|decode| decode.saturating_add(page.commit_ms.unwrap_or(0)));
    let mut said = vec![
        (Role::Strong, milliseconds(source.saturating_add(here.unwrap_or(0)))),
        (Role::Quiet, format!(": {} for the answer", milliseconds(source))),
    ];
    if let Some(here) = here {
        said.push((Role::Quiet, format!(", {} here", milliseconds(here))));
    }
    let all = [
        ("wait", Role::Accent, "█", Some(page.wait_ms), "until its first byte"),
        ("body", Role::Accent, "▓", Some(page.body_ms), "until its last"),
        ("decode", Role::Good, "▒", page.decode_ms, "rows out of bytes"),
        ("commit", Role::Good, "░", page.commit_ms, "which several pages may share"),
    ];
    let segments = all.iter().map(|(_, role, glyph, value, _)| Segment {
        role: *role,
        glyph,
        value: value.unwrap_or(0),
    });
    let rows = all.iter().map(|(name, role, glyph, value, what)| {
        let figure = match value {
            Some(value) => (Role::Plain, text::pad_left(&milliseconds(*value), 8)),
            None => (Role::Quiet, NOT_KEPT.to_owned()),
        };
        let name = (*role, format!("{glyph} {name}"));
        (String::new(), vec![name, figure, (Role::Quiet, (*what).to_owned())])
    });
    vec![
        Part::Bar("time", segments.collect()),
        // Between the bar and its legend, or their blocks would run into one another.
        Part::Field((Role::Quiet, String::new()), said),
        Part::Table { rows: rows.collect(), figures: false },
    ]
}

/// A time that was measured: what took less than a millisecond took some time too.
fn milliseconds(value: u64) -> String {
    if value == 0 { "<1 ms".to_owned() } else { text::milliseconds(value) }
}

fn counts(page: &PageEntry) -> Vec<Part> {
    let counts = &page.counts;
    let mut said = vec![(Role::Strong, text::number(counts.rows)), (Role::Quiet, ":".to_owned())];
    said.extend(fates(counts));
    let mut parts = vec![Part::Field((Role::Quiet, "rows".to_owned()), said)];
    for (count, what, role) in odd(counts) {
        parts.push(field("", role, format!("{} {what}", text::number(count))));
    }
    if !page.counts_all {
        let text = format!("without a cursor, from the future, with further fields: {NOT_KEPT}");
        parts.push(field("", Role::Quiet, text));
    }
    let cursor = |cursor: &Option<String>| match cursor {
        Some(cursor) => (Role::Plain, cursor.clone()),
        None => (Role::Quiet, "none".to_owned()),
    };
    let cursors = vec![cursor(&page.first), (Role::Quiet, " → ".to_owned()), cursor(&page.last)];
    parts.push(Part::Field((Role::Quiet, "cursors".to_owned()), cursors));
    parts
}

fn first_rows(schema: &Schema, rows: &[First], kept: bool) -> Vec<Part> {
    if !kept {
        return vec![field("first rows", Role::Quiet, NOT_KEPT)];
    }
    let known: Vec<(String, Said)> =
        rows.iter().filter_map(|first| row(schema, first)).map(|said| (String::new(), said)).collect();
    let count = |is: fn(&First) -> bool| rows.iter().filter(|row| is(row)).count() as u64;
    let mut how: Vec<String> = Vec::new();
    let mut tell = |count: u64, what: &str| {
        if count > 0 {
            how.push(format!("{} {what}", text::number(count)));
        }
    };
    tell(count(|row| matches!(row, First::Came(_))), "as the page brought them");
    tell(count(|row| matches!(row, First::Now(_))), "as the table holds them now");
    tell(count(|row| matches!(row, First::Awaited(_))), "being read from the table");
    tell(count(|row| matches!(row, First::Gone)), "no longer in the table");
    tell(count(|row| matches!(row, First::Unknown)), "not at hand");
    if how.is_empty() {
        return Vec::new();
    }
    vec![field("first rows", Role::Quiet, how.join(", ")), Part::Table { rows: known, figures: false }]
}

fn row(schema: &Schema, row: &First) -> Option<Said> {
    let (entry, (role, sign)) = match row {
        First::Came(entry) => (entry, entry.came.map_or((Role::Plain, " "), |came| fate(came.fate))),
        First::Now(entry) => (entry, (Role::Quiet, "·")),
        First::Awaited(_) | First::Gone | First::Unknown => return None,
    };
    let mut said = vec![(role, sign.to_owned())];
    said.extend(columns::telling(schema).into_iter().map(|column| value(entry, column)));
    Some(said)
}

/// The widest that a value gets beside others.
const VALUE: usize = 36;

fn value(entry: &RowEntry, column: usize) -> (Role, String) {
    match entry.at(column) {
        Some(value) => (Role::Plain, text::fit(value, VALUE)),
        None => (Role::Quiet, "null".to_owned()),
    }
}

fn retries(page: &PageEntry) -> Vec<Part> {
    if page.retries == 0 {
        return vec![field("retries", Role::Quiet, "none: the first attempt brought it")];
    }
    let mut parts = vec![field("retries", Role::Warn, text::number(page.retries))];
    let Some(reasons) = &page.reasons else {
        parts.push(field("", Role::Quiet, format!("their reasons: {NOT_KEPT}")));
        return parts;
    };
    let left_out = page.retries.saturating_sub(reasons.len() as u64);
    if left_out > 0 {
        parts.push(field("", Role::Quiet, format!("{} before these", text::number(left_out))));
    }
    parts.extend(reasons.iter().map(|reason| {
        let said = vec![(Role::Warn, "! ".to_owned()), (Role::Plain, reason.clone())];
        Part::Field((Role::Quiet, String::new()), said)
    }));
    parts
}

fn answer(page: &PageEntry) -> Vec<Part> {
    let mut parts = vec![field("limit", Role::Quiet, NOT_KEPT)];
    if page.headers.is_some() {
        parts = vec![match page.budget.as_ref().and_then(limit) {
            Some((role, said)) => field("limit", role, said),
            None => field("limit", Role::Quiet, "the source names none"),
        }];
    }
    parts.push(field("size", Role::Plain, text::count(page.bytes, "byte")));
    match &page.headers {
        None => parts.push(field("headers", Role::Quiet, NOT_KEPT)),
        Some(headers) => {
            let mut label = "headers";
            for (name, value) in headers {
                let said = vec![(Role::Quiet, format!("{name}: ")), (Role::Plain, value.clone())];
                parts.push(Part::Field((Role::Quiet, std::mem::take(&mut label).to_owned()), said));
            }
        }
    }
    let at = page.at.map_or(NOT_KEPT.to_owned(), clock);
    parts.push(field("stored", Role::Plain, at));
    parts
}

/// What the source still granted: `17 of 20 left, full in 2 s`.
fn limit(budget: &Budget) -> Option<(Role, String)> {
    let left = match (budget.remaining, budget.limit) {
        (Some(left), Some(limit)) => Some(format!("{} of {} left", text::number(left), text::number(limit))),
        (Some(left), None) => Some(format!("{} left", text::number(left))),
        (None, Some(limit)) => Some(format!("{} in a window", text::number(limit))),
        (None, None) => None,
    };
    let full = budget.reset_s.map(|seconds| format!("full in {} s", text::number(seconds)));
    let role = if budget.remaining == Some(0) { Role::Warn } else { Role::Plain };
    let said: Vec<String> = left.into_iter().chain(full).collect();
    (!said.is_empty()).then(|| (role, said.join(", ")))
}
