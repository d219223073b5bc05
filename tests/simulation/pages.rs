//! The source's pages: which rows and which token answer a request, what may be wrong with them, and how they are
//! written down.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use highwater::record::Cursor;
use rand::RngExt as _;
use serde_json::{Value, json};
use url::Url;

use super::api::Server;
use super::fault::{Fault, Line, Page, Paging, Place};
use super::left::version;
use super::rows::Row;
use super::wire::Draft;

/// Stands for half a character, which cannot be had otherwise.
const HALF: &str = "half a character";

/// A page before it is written down.
pub struct Sheet {
    pub rows: Vec<(String, Value)>,
    pub token: Option<String>,
}

/// A status and what it says.
pub type Refusal = (u16, String);

impl Server {
    /// The rows that are asked for, and the token to the next ones.
    pub fn sheet(&mut self, url: &Url, draft: &mut Draft) -> Result<Sheet, Refusal> {
        let mut size = self.page_size;
        if self.strikes(|fault| fault == Fault::Paging(Paging::PageSize)).is_some() {
            size = self.rng.random_range(2..12);
        }
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let from = match pairs.as_slice() {
            [(name, value)] if name == "updated_since" => match Cursor::parse(value) {
                Ok(cursor) => From::since(cursor.instant().unwrap()),
                Err(_) => return Err((400, "Invalid updated_since value".to_owned())),
            },
            [(name, token)] if name == "scroll_param" => {
                self.check_token(token, draft)?;
                From::token(token).ok_or((400, "Invalid scroll_param value".to_owned()))?
            }
            _ => return Err((400, "Unexpected query parameters".to_owned())),
        };
        let looping = self.faults.iter().find_map(|(fault, strike)| match fault {
            Fault::Paging(Paging::Loop(length)) => Some((*length, *strike)),
            _ => None,
        });
        let request = u32::try_from(self.asked.len()).unwrap();
        let looping =
            looping.filter(|(_, strike)| self.on && request >= strike.from).map(|(length, _)| length);
        let newest_first = self.is(Fault::Paging(Paging::NewestFirst));
        let exclusive = self.is(Fault::Paging(Paging::Exclusive));
        let micros = |row: &Row| row.at.timestamp_micros();
        let mut rows: Vec<(&String, &Row)> = self.table.rows.iter().collect();
        rows.sort_by_key(|(id, row)| (row.at, *id));
        if newest_first {
            rows.reverse();
        }
        match &from {
            From::Since(since) if exclusive => rows.retain(|(_, row)| micros(row) > *since),
            From::Since(since) => rows.retain(|(_, row)| micros(row) >= *since),
            From::After(after) => rows.retain(|(_, row)| micros(row) > *after),
            From::Before(since, before) if newest_first => {
                rows.retain(|(_, row)| micros(row) >= *since && micros(row) < *before);
            }
            From::Loop(place) if looping.is_some() => {
                rows.drain(..(place * size).min(rows.len()));
            }
            From::Before(..) | From::Loop(_) => return Err((400, "Invalid scroll_param value".to_owned())),
        }
        let more = rows.len() > size;
        let some = !rows.is_empty();
        rows.truncate(size);
        let since = if let From::Since(since) | From::Before(since, _) = &from { *since } else { i64::MIN };
        let mut token = match rows.last().filter(|_| more) {
            Some((_, row)) if newest_first => Some(format!("before:{since}:{}", micros(row))),
            Some((_, row)) => Some(format!("after:{}:{request}", micros(row))),
            None => None,
        };
        let rows = rows.into_iter().map(|(id, row)| (id.clone(), self.table.json(id, row)));
        let mut rows: Vec<_> = rows.collect();
        if let Some(length) = looping {
            let place = if let From::Loop(place) = from { (place + 1) % length as usize } else { 0 };
            token = Some(format!("loop:{place}"));
            self.struck.insert("token-loop");
        }
        if some && !newest_first && self.strikes(|fault| fault == Fault::Paging(Paging::EmptyPage)).is_some()
        {
            let before = match from {
                From::Since(since) => since - i64::from(!exclusive),
                From::After(after) => after,
                From::Before(..) | From::Loop(_) => i64::MIN + 1,
            };
            rows.clear();
            token = Some(format!("after:{before}:{request}"));
        }
        if token.is_some() && self.strikes(|fault| fault == Fault::Paging(Paging::OtherHost)).is_some() {
            token = Some("https://evil.example.com/users?page=2".to_owned());
        }
        Ok(Sheet { rows, token })
    }

    /// Refuses a token that is too old, or was used before.
    fn check_token(&mut self, token: &str, draft: &mut Draft) -> Result<(), Refusal> {
        let refused = [400, 404, 410, 422][self.rng.random_range(0..4)];
        if self.on && self.used.contains(token) {
            return Err((refused, "this page was fetched before".to_owned()));
        }
        if self.strikes(|fault| fault == Fault::Paging(Paging::ExpiredByUse)).is_some() {
            self.used.insert(token.to_owned());
            draft.line = Some(Line::ResetInBody);
        }
        match self.strikes(|fault| fault == Fault::Paging(Paging::ExpiredByTime)) {
            Some(_) => Err((refused, "the scroll has expired".to_owned())),
            None => Ok(()),
        }
    }

    /// Makes one row of a page other than it is, or the page's order.
    pub fn lie(&mut self, lie: Page, sheet: &mut Sheet) {
        let place = self.rng.random_range(0..sheet.rows.len());
        let (id, row) = &mut sheet.rows[place];
        let truth = &mut self.table.truth;
        match lie {
            Page::Shuffled => {
                for place in (1..sheet.rows.len()).rev() {
                    sheet.rows.swap(place, self.rng.random_range(0..=place));
                }
                return;
            }
            Page::OlderAgain | Page::NewerAgain => {
                let due = self.table.rows[id].at - TimeDelta::seconds(5);
                let older = self.table.json(id, &Row { at: due, version: 0 });
                self.table.truth.shows(id, version(&older));
                let place = if lie == Page::OlderAgain { place + 1 } else { place };
                let id = id.clone();
                sheet.rows.insert(place, (id, older));
                return;
            }
            Page::RowNumber => *row = json!(5),
            Page::IdObject => row["id"] = json!({ "$oid": id }),
            Page::IdBool => row["id"] = json!(true),
            Page::IdNull => row["id"] = Value::Null,
            Page::FieldNull => row["name"] = Value::Null,
            Page::HalfCharacter => row["name"] = json!(HALF),
            Page::Deep => row["name"] = (0..300).fold(json!([]), |inner, _| json!([inner])),
            Page::CursorNull => row["updatedAt"] = Value::Null,
            Page::IdMissing | Page::FieldMissing | Page::CursorMissing => {
                let name = match lie {
                    Page::IdMissing => "id",
                    Page::FieldMissing => "name",
                    _ => "updatedAt",
                };
                row.as_object_mut().unwrap().remove(name);
            }
        }
        truth.shows(id, version(row));
        truth.elusive.insert(id.clone());
    }
}

/// Where an answer begins.
enum From {
    Since(i64),
    After(i64),
    /// Those from a time on, up to another, newest first.
    Before(i64, i64),
    /// The page of that number, from 0, in a circle.
    Loop(usize),
}

impl From {
    fn since(at: DateTime<Utc>) -> Self {
        Self::Since(at.timestamp_micros())
    }

    fn token(token: &str) -> Option<Self> {
        let mut parts = token.split(':');
        match (parts.next()?, parts.next()?, parts.next()) {
            ("after", after, Some(_)) => Some(Self::After(after.parse().ok()?)),
            ("before", since, Some(before)) => Some(Self::Before(since.parse().ok()?, before.parse().ok()?)),
            ("loop", place, None) => Some(Self::Loop(place.parse().ok()?)),
            _ => None,
        }
    }
}

/// The page as JSON, with something of every kind beside the rows.
pub fn write(sheet: &Sheet) -> String {
    let mut body = r#"{"fresh":true,"total":12345,"data":["#.to_owned();
    for (place, (_, row)) in sheet.rows.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let _ = write!(body, "{comma}{row}");
    }
    let _ = write!(body, r#"],"scroll_param":{}}}"#, json!(sheet.token));
    body.replace(HALF, r"\ud800")
}

/// Cuts a body where a parser is in the middle of something.
pub fn cut(body: &mut Vec<u8>, place: Place) {
    let text = String::from_utf8_lossy(body).into_owned();
    let after = |what: &str, more: usize| text.find(what).map(|at| at + what.len() + more);
    let at = match place {
        Place::String => after(r#""email":""#, 3),
        Place::Escape => after(r"High Street\", 0),
        Place::Number => after(r#""total":"#, 2),
        Place::Literal => after(r#""fresh":"#, 2),
        Place::BetweenRows => after("},", 0),
        Place::AfterRows => after("}]", 0),
        Place::BeforeBrace => Some(text.len().saturating_sub(1)),
    };
    body.truncate(at.unwrap_or(text.len() / 2));
}
