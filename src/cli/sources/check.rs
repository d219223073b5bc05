//! `source check`: two requests, and what they tell of how a source would be walked.

use std::collections::HashSet;

use serde_json::Value;

use super::Checked;
use super::fit;
use crate::cli::run::{Fault, runtime};
use crate::cli::source::Found;
use crate::cli::{Exit, print};
use crate::record::{Cursor, Page};
use crate::source::contract::{At, Back, Order, dotted};
use crate::source::decode::Envelope;
use crate::source::{Answer, Contract, Failure, Source};
use crate::text::{count, number};
use crate::walk::Request;

/// How many reasons are told for which the table cannot hold rows.
const REASONS: usize = 5;
/// How many fields that have no column are named.
const NAMED: usize = 40;

/// `highwater source check`.
///
/// # Errors
/// If the source cannot be made ready, or standard output not written.
pub(super) fn run(checked: &Checked) -> Result<Exit, Fault> {
    let runtime = runtime()?;
    let mut told = Told::default();
    runtime.block_on(async {
        let found = Found::start(&checked.settings).await?;
        let source = found.source.await??;
        let of = &checked.named.definition;
        told.line(
            "source",
            &format!("{}: {}", of.name, if of.about.is_empty() { &of.table } else { &of.about }),
        )?;
        told.line("address", &found.name)?;
        let auth = checked.settings.source.auth.as_ref();
        told.line("credential", auth.map_or("none goes along", |_| "goes along"))?;
        let first = Request::Since(source.contract().beginning());
        match ask(&source, &first, None).await {
            Err(failure) => told.failure("asked", &failure)?,
            Ok(asked) => {
                told.asked("asked", &asked)?;
                page(&mut told, source.contract(), &asked)?;
                seam(&mut told, &source, &asked).await?;
            }
        }
        if told.wrong {
            return told
                .line("walk", "as it is defined it would not work: mend what is wrong, and check again");
        }
        for sentence in of.walks() {
            told.line("walk", &sentence)?;
        }
        Ok::<_, Fault>(())
    })?;
    Ok(told.exit())
}

/// A request, and what came of it.
struct Asked {
    answer: Answer,
    page: Page,
    rows: Vec<Value>,
}

async fn ask(source: &Source, request: &Request, since: Option<&Cursor>) -> Result<Asked, Failure> {
    let answer = source.ask(request, since).await?;
    let contract = source.contract();
    let envelope = Envelope::read(contract, &answer.body, source.limits())
        .and_then(|envelope| envelope.with_next(request, answer.next.as_deref()))
        .map_err(|failure| source.cover(failure))?;
    let page = envelope.into_page();
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let rows = fit::at(&body, contract.rows.0).and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(Asked { answer, page, rows })
}

/// What is told, and whether it could work.
#[derive(Default)]
struct Told {
    wrong: bool,
    attention: bool,
}

impl Told {
    fn line(&self, what: &str, text: &str) -> Result<(), Fault> {
        Ok(print::line(&format!("{what:<11} {text}"))?)
    }

    fn attention(&mut self, what: &str, text: &str) -> Result<(), Fault> {
        self.attention = true;
        self.line(what, &format!("ATTENTION: {text}"))
    }

    fn wrong(&mut self, what: &str, text: &str) -> Result<(), Fault> {
        self.wrong = true;
        self.line(what, &format!("WRONG: {text}"))
    }

    fn failure(&mut self, what: &str, failure: &Failure) -> Result<(), Fault> {
        self.wrong(what, &format!("{failure}; {}", failure.remedy()))
    }

    fn asked(&self, what: &str, asked: &Asked) -> Result<(), Fault> {
        let Asked { answer, rows, .. } = asked;
        let (status, rows) = (answer.exchange.status, count(rows.len() as u64, "row"));
        self.line(
            what,
            &format!("{}: {status}, {rows} after {} ms", answer.exchange.url, answer.wait.as_millis()),
        )?;
        let Some(budget) = answer.exchange.budget.filter(|_| what == "asked") else { return Ok(()) };
        let part = |name: &str, value: Option<u64>| value.map(|value| format!("{name} {}", number(value)));
        let parts = [
            part("requests in a window:", budget.limit),
            part("left:", budget.remaining),
            part("seconds until the next:", budget.reset_s),
        ];
        self.line("limit", &parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }

    fn exit(&self) -> Exit {
        match (self.wrong, self.attention) {
            (true, _) => Exit::Failed,
            (false, true) => Exit::Attention,
            (false, false) => Exit::Complete,
        }
    }
}

/// What a page tells: its rows, their keys, cursors and fields.
fn page(told: &mut Told, contract: &'static Contract, asked: &Asked) -> Result<(), Fault> {
    let Asked { page, rows, .. } = asked;
    if !page.has_data {
        return told.wrong("rows", &format!("there is nothing at {}, where the rows belong", contract.rows));
    }
    if rows.is_empty() {
        return told.attention("rows", "none came, so nothing can be said of them");
    }
    let mut reasons: Vec<&str> = page.quarantined.iter().map(|row| row.reason.as_str()).collect();
    reasons.dedup();
    for reason in reasons.iter().take(REASONS) {
        let (bad, all) = (count(page.quarantined.len() as u64, "row"), number(rows.len() as u64));
        let text = format!("the table cannot hold {bad} of {all}: {reason}");
        match page.rows.is_empty() {
            true => told.wrong("rows", &text)?,
            false => told.attention("rows", &text)?,
        }
    }
    if page.rows.is_empty() {
        return Ok(());
    }
    let schema = contract.schema;
    let mut ids = HashSet::new();
    let twice = page.rows.iter().find(|row| !ids.insert(row.id(schema)));
    match twice {
        Some(row) => told.wrong(
            "key",
            &format!("{:?} came twice in one page: it does not tell rows apart", row.id(schema)),
        )?,
        None => told.line("key", &format!("tells {} apart", count(ids.len() as u64, "row")))?,
    }
    cursors(told, contract, page)?;
    columns(told, contract, rows)
}

fn cursors(told: &mut Told, contract: &'static Contract, page: &Page) -> Result<(), Fault> {
    let schema = contract.schema;
    let Some(column) = schema.cursor.and_then(|cursor| schema.columns.get(cursor)) else { return Ok(()) };
    let cursors: Vec<&Cursor> = page.cursors().collect();
    let without = page.rows.len() - cursors.len();
    let (Some(first), Some(last)) = (cursors.first(), cursors.last()) else {
        let example = page.rows.first().and_then(|row| row.values.get(schema.cursor?)).unwrap_or("null");
        let example = crate::sanitize::quoted(example);
        return told.wrong(
            "cursor",
            &format!("`{}` of no row is {}: {example}", column.name, schema.format.example()),
        );
    };
    if without > 0 {
        let rows = count(without as u64, "row");
        told.attention(
            "cursor",
            &format!("{rows} without a `{}` that is {}", column.name, schema.format.example()),
        )?;
    }
    let falls = cursors.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let ties = cursors.windows(2).filter(|pair| pair[1] == pair[0]).count();
    let text = format!("`{}` from {first} to {last}", column.name);
    match (contract.order, falls) {
        (Order::Ascending, 1..) => {
            let falls = count(falls as u64, "time");
            told.wrong(
                "order",
                &format!(
                    "{text} falls {falls}, and was to ascend: ask the source to sort, or say order = \"none\""
                ),
            )
        }
        (Order::Ascending, 0) => {
            told.line("order", &format!("{text}, ascending, with {}", count(ties as u64, "tie")))
        }
        (Order::Other, _) => told.line("order", &text),
    }
}

/// Which columns the rows fill, and which fields have none.
fn columns(told: &mut Told, contract: &'static Contract, rows: &[Value]) -> Result<(), Fault> {
    let schema = contract.schema;
    let columns = || schema.columns.iter().filter(|column| !column.path.is_empty());
    let is_empty = |path: &[&str]| rows.iter().all(|row| fit::at(row, path).is_none());
    let empty: Vec<String> =
        columns().filter(|column| is_empty(column.path)).map(|column| dotted(column.path)).collect();
    told.line("columns", &format!("{} filled", count((columns().count() - empty.len()) as u64, "column")))?;
    if !empty.is_empty() {
        told.line("columns", &format!("in none of these rows: {}", empty.join(", ")))?;
    }
    let known: HashSet<&str> =
        schema.columns.iter().filter_map(|column| column.path.first().copied()).collect();
    let mut others: Vec<&str> = Vec::new();
    for name in rows.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys) {
        if !known.contains(name.as_str()) && !others.contains(&name.as_str()) {
            others.push(name);
        }
    }
    if others.is_empty() {
        return Ok(());
    }
    let more = others.len().saturating_sub(NAMED);
    let named = others.iter().take(NAMED).map(|name| {
        let kind = fit::guess(rows.iter().filter_map(|row| fit::at(row, &[name])));
        format!("{} {}", crate::sanitize::snippet(name, 60), kind.word())
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    told.line("others", &format!("kept beside the table, as they have no column: {named}{more}"))
}

/// The second request: across the seam, in the way in which a run would go.
async fn seam(told: &mut Told, source: &Source, asked: &Asked) -> Result<(), Fault> {
    let contract = source.contract();
    let beginning = contract.beginning();
    match &asked.page.token {
        Some(token) => {
            let how = match contract.back {
                Back::Address => "is the next address",
                Back::At(At::Query(_)) => "goes back in the address",
                Back::At(At::Header(_)) => "goes back in a header",
                Back::At(At::Body(_)) => "goes back in the body",
            };
            told.line("token", &format!("of {} bytes, {how}", token.len()))?;
        }
        None => told.line("token", "none: that was the last page")?,
    }
    let last = asked.page.rows.last().and_then(|row| Some((row.id(contract.schema), row.cursor.as_ref()?)));
    let request = match (last.filter(|_| contract.goes_by_cursor()), &asked.page.token) {
        (Some((_, cursor)), _) => Request::Since(cursor.clone()),
        (None, Some(token)) => Request::Token(token.clone()),
        (None, None) => return Ok(()),
    };
    let next = match ask(source, &request, Some(&beginning)).await {
        Ok(next) => next,
        Err(failure) => return told.failure("seam", &failure),
    };
    told.asked("seam", &next)?;
    match (&request, last) {
        (Request::Since(cursor), Some((id, _))) => {
            let is_there = next.page.rows.iter().any(|row| row.id(contract.schema) == id);
            match is_there {
                true => told.line(
                    "bound",
                    &format!("asked from {cursor}, its row came again: rows that tie there are not lost"),
                ),
                false => told.wrong(
                    "bound",
                    &format!(
                        "asked from {cursor}, its row did not come again: say since.bound = \"exclusive\""
                    ),
                ),
            }
        }
        _ => {
            let before: HashSet<&str> = asked.page.rows.iter().map(|row| row.id(contract.schema)).collect();
            let again = next.page.rows.iter().filter(|row| before.contains(row.id(contract.schema))).count();
            match again > 0 && again == next.page.rows.len() {
                true => told.wrong("seam", "the same page came again: the token is not heeded"),
                false => {
                    told.line("seam", &format!("{} of the first page came again", count(again as u64, "row")))
                }
            }
        }
    }
}
