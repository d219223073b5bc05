//! The request inspector: all of one page, from the address that was asked to what the walk made of the answer.

mod parts;
#[cfg(test)]
mod tests;

use super::heard::Heard;
use super::page::PageEntry;
use super::sheet::Sheet;
use super::stretch::Tickets;
use super::{Model, RowEntry, pages};
use crate::destination::reader::{Question, WholeRow};
use crate::record::Schema;

/// All of one page, as it stood when it was opened.
#[derive(Clone, Debug)]
pub struct Inspector {
    /// What it tells.
    pub sheet: Sheet,
    schema: &'static Schema,
    page: PageEntry,
    /// The method that the source is asked with, as far as it is known.
    method: Option<String>,
    before: Before,
    rows: Vec<First>,
    /// The ticket of the question for a row, and which of them it is.
    asked: Option<(u64, usize)>,
}

/// What came before a page in its run, as far as it is known.
#[derive(Clone, Debug)]
pub struct Before {
    /// True if the run has had several lanes.
    has_lanes: bool,
    /// The page that the lane went on from, and what that decided.
    decision: Option<(u64, String)>,
}

impl Before {
    /// Of a page among the pages that are known, newest first.
    fn of(page: &PageEntry, known: &[&PageEntry]) -> Self {
        let mut number = page.page;
        let mut before = known
            .iter()
            .filter(|entry| entry.run == page.run && entry.page < page.page)
            // Where pages are not known, the one that it went on from may be among them.
            .take_while(|entry| {
                number = number.saturating_sub(1);
                entry.page == number
            });
        let before = before.find(|entry| entry.lane == page.lane).filter(|_| !page.opens);
        Self {
            has_lanes: page.opens || pages::have_lanes(known),
            decision: before.map(|before| (before.page, before.decision.clone())),
        }
    }
}

/// One of a page's first rows.
#[derive(Clone, Debug)]
pub enum First {
    /// As the page brought it.
    Came(RowEntry),
    /// As the table holds it now.
    Now(RowEntry),
    /// Not known yet; its id as the source sent it.
    Awaited(String),
    /// The table has no row of that id.
    Gone,
    /// There is no table to ask, or it could not answer.
    Unknown,
}

impl Inspector {
    /// Opens it at a width, and asks for the rows that did not come by lately.
    #[must_use]
    pub fn open(page: &PageEntry, model: &Model, width: usize) -> Self {
        let ids = page.first_ids.iter().flatten();
        let rows = ids.map(|id| first(page, id, model.seen(), model.has_table)).collect();
        let sheet = Sheet::new(format!("Page {} of run {}", page.page, page.run), Vec::new(), width);
        let before = Before::of(page, &model.pages.list(model.seen()));
        let method = model.seen().stream.as_ref().map(|stream| stream.method.clone());
        let mut inspector =
            Self { sheet, schema: model.schema, page: page.clone(), method, before, rows, asked: None };
        inspector.tell();
        inspector
    }

    fn tell(&mut self) {
        self.sheet.say(parts::of(self.schema, &self.page, self.method.as_deref(), &self.before, &self.rows));
    }

    /// Asks for the next row that is not known: one at a time, because a newer question supersedes an older one.
    pub fn ask(&mut self, tickets: &mut Tickets) -> Option<Question> {
        let awaited = |row: &First| match row {
            First::Awaited(id) => Some(id.clone()),
            _ => None,
        };
        let (at, id) = self.rows.iter().enumerate().find_map(|(at, row)| Some((at, awaited(row)?)))?;
        let ticket = tickets.issue();
        self.asked = Some((ticket, at));
        Some(Question::Row { ticket, id })
    }

    /// True if it waits for the answer to a question.
    #[must_use]
    pub fn awaits(&self, ticket: u64) -> bool {
        self.asked.is_some_and(|(asked, _)| asked == ticket)
    }

    /// Takes the awaited row in, or that there is none.
    pub fn take(&mut self, row: Option<&WholeRow>) {
        let place = self.asked.take().and_then(|(_, at)| self.rows.get_mut(at));
        if let Some(place) = place {
            *place =
                row.map_or(First::Gone, |row| First::Now(RowEntry::stored(self.schema, row.values.clone())));
        }
        self.tell();
    }

    /// The question could not be answered: nor would those be that were to follow.
    pub fn failed(&mut self) {
        self.asked = None;
        for row in &mut self.rows {
            if matches!(row, First::Awaited(_)) {
                *row = First::Unknown;
            }
        }
        self.tell();
    }
}

/// What is known of a row without asking.
fn first(page: &PageEntry, id: &str, heard: &Heard, has_table: bool) -> First {
    let entry = heard.tail.get(&super::entries::safe(id));
    // The same page of the same run, if the two came in the same breath.
    let with_page =
        |entry: &&RowEntry| entry.came.is_some_and(|came| came.page == page.page && Some(came.at) == page.at);
    match entry {
        Some(entry) if with_page(&entry) => First::Came(entry.clone()),
        Some(entry) => First::Now(entry.clone()),
        None if has_table => First::Awaited(id.to_owned()),
        None => First::Unknown,
    }
}
