//! A source in memory, with quirks on demand: it speaks the contract, but for the one of them that it has.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use highwater::record::{Cursor, Packed, Page, Row, USER};
use highwater::walk::Request;

/// What is odd about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Nothing: inclusive `updated_since`, a token that asks for strictly later rows.
    Plain,
    /// A token that carries the id too, so that it goes on within a group of equal cursors.
    CompositeToken,
    /// `updated_since` leaves out the value itself.
    Exclusive,
    /// Rows come by id; the token is a position.
    Disorder,
    /// `updated_since` is not heeded: every such request is answered from the beginning.
    Unfiltered,
    /// Tokens repeat in a cycle of this length.
    Loop(u32),
    /// Each n-th answer has no rows, but a token to the rows.
    EmptyPages(u32),
    /// A token is refused once this many other requests came in between.
    ExpiringTokens(u32),
}

/// The source.
#[derive(Clone, Debug)]
pub struct Api {
    /// Cursor by id, in seconds.
    pub rows: BTreeMap<u32, u32>,
    /// The source's clock, in seconds.
    pub clock: u32,
    pub page_size: usize,
    pub quirk: Quirk,
    pub requests: u32,
}

#[derive(Clone, Debug)]
pub enum Refused {
    Token,
}

/// Where the seconds of a source are counted from: 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;

pub fn instant(seconds: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(EPOCH + i64::from(seconds))
}

pub fn seconds(cursor: &Cursor) -> i64 {
    cursor.instant().unwrap().timestamp() - EPOCH
}

pub fn cursor(seconds: u32) -> Cursor {
    let text = instant(seconds).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    Cursor::parse(&text).unwrap()
}

fn row((id, seconds): (u32, u32)) -> Row {
    let mut values = vec![None; USER.columns.len()];
    values[USER.primary_key] = Some(id.to_string());
    values[USER.cursor.unwrap()] = Some(cursor(seconds).text().to_owned());
    Row { values: Packed::new(&values), cursor: Some(cursor(seconds)), extra: None }
}

impl Api {
    pub fn answer(&mut self, request: &Request) -> Result<Page, Refused> {
        self.requests += 1;
        let mut ordered: Vec<(u32, u32)> = self.rows.iter().map(|(id, at)| (*id, *at)).collect();
        if self.quirk != Quirk::Disorder {
            ordered.sort_by_key(|(id, at)| (*at, *id));
        }
        if let (Quirk::Loop(length), Request::Token(token)) = (self.quirk, request) {
            let position: u32 = token.parse().unwrap();
            let from = (position as usize * self.page_size).min(ordered.len());
            let rows: Vec<_> = ordered[from..].iter().take(self.page_size).copied().collect();
            let token = Some(((position + 1) % length).to_string());
            return Ok(Page {
                rows: rows.into_iter().map(row).collect(),
                token,
                has_data: true,
                ..Page::default()
            });
        }
        let (since, after) = match request {
            Request::Since(_) if self.quirk == Quirk::Unfiltered => (0, None),
            Request::Since(since) => (seconds(since), None),
            Request::Token(token) => {
                let mut parts = token.split('/').map(|part| part.parse::<i64>().unwrap());
                let (issued, since, after) =
                    (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
                if let Quirk::ExpiringTokens(life) = self.quirk
                    && i64::from(self.requests) - issued > i64::from(life)
                {
                    return Err(Refused::Token);
                }
                (since, Some(after))
            }
        };
        let position = |&(id, at): &(u32, u32)| match self.quirk {
            Quirk::CompositeToken => i64::from(at) * 1_000_000 + i64::from(id),
            Quirk::Disorder => i64::from(id),
            _ => i64::from(at),
        };
        let exclusive = self.quirk == Quirk::Exclusive;
        ordered.retain(|entry| {
            let at = i64::from(entry.1);
            (at > since || at == since && !exclusive) && after.is_none_or(|after| position(entry) > after)
        });
        // The same place has the same token, unless it is the request's number that tells what comes of it.
        let by_number = matches!(self.quirk, Quirk::ExpiringTokens(_) | Quirk::EmptyPages(_));
        let issued = if by_number { self.requests } else { 0 };
        let token = |after: i64| Some(format!("{issued}/{since}/{after}"));
        if let Quirk::EmptyPages(every) = self.quirk
            && self.requests.is_multiple_of(every)
            && !ordered.is_empty()
        {
            return Ok(Page { token: token(after.unwrap_or(since - 1)), has_data: true, ..Page::default() });
        }
        let more = ordered.len() > self.page_size;
        ordered.truncate(self.page_size);
        let token = match self.quirk {
            Quirk::Loop(_) => Some("0".to_owned()),
            _ => ordered.last().filter(|_| more).and_then(|last| token(position(last))),
        };
        Ok(Page { rows: ordered.into_iter().map(row).collect(), token, has_data: true, ..Page::default() })
    }
}
