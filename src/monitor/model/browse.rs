//! The rows panel: which rows of the whole table are looked at, in which order, and where the operator stands.
//!
//! In the order in which rows come by, the tail of what the sync told is on top, and the rows of the table follow
//! below it. In any other order, and below the tail, what is on screen is a part of the table that the reader was
//! asked for; more is asked for as the operator comes near its ends. No more than that part is ever held.

mod asked;
mod count;
mod part;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

use self::asked::{Asked, Wanted};
use self::count::Count;
pub use self::count::Matches;
use self::part::Part;
use super::RowEntry;
use super::heard::Heard;
use super::scroll::Scroll;
use crate::destination::reader::{Export, Filter, Order, Place, Question, Slice, View};
use crate::record::Schema;

/// How many rows are asked for at a time.
const ROWS: usize = 120;
/// How near the end of the part more is asked for, in rows.
const NEAR: usize = 60;
/// How often a part that no longer is what the table holds is read again at most.
const REFRESH: TimeDelta = TimeDelta::seconds(1);

/// How the rows are looked at.
#[derive(Clone, Debug)]
pub struct Browse {
    schema: &'static Schema,
    /// What is selected.
    pub scroll: Scroll<String>,
    /// The column that they are ordered by; `None` is the order in which they come by.
    sort: Option<Sort>,
    filter: Filter,
    /// The filter as it was typed.
    pub filter_text: String,
    /// Which columns are shown, by their places in the schema.
    pub shown: Vec<bool>,
    part: Option<Part>,
    /// How many rows had come by when the part's first row was asked for: those that came since are in the tail.
    joined: u64,
    asked: Option<Asked>,
    /// The ticket of the last question.
    ticket: u64,
    /// True once the table has changed since the part was read.
    stale: bool,
    /// When the part may be read again.
    due: DateTime<Utc>,
    /// How many rows the filter lets through.
    count: Count,
    /// Why the last question could not be answered. Until a key asks again, nothing does.
    pub trouble: Option<String>,
}

/// An order by a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column's place in the schema.
    pub column: usize,
    /// From the largest to the smallest.
    pub descending: bool,
}

impl Browse {
    /// All rows in the order in which they come by.
    #[must_use]
    pub fn new(schema: &'static Schema, now: DateTime<Utc>) -> Self {
        Self {
            schema,
            scroll: Scroll::default(),
            sort: None,
            filter: Filter::default(),
            filter_text: String::new(),
            shown: vec![true; schema.columns.len()],
            part: None,
            joined: 0,
            asked: None,
            ticket: 0,
            stale: false,
            due: now,
            count: Count::new(now),
            trouble: None,
        }
    }

    /// The column that they are ordered by, if they are.
    #[must_use]
    pub fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// Which rows are looked at, and in which order.
    #[must_use]
    pub fn view(&self) -> View {
        let order = match self.sort {
            None => Order::Stored,
            Some(Sort { column, descending }) => Order::Column { position: column, descending },
        };
        View { filter: self.filter.clone(), order }
    }

    /// True if the rows stand in the order in which they come by, the newest on top.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.sort.is_none()
    }

    /// True while rows are awaited.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// True if only some of the rows are looked at.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filter.is_empty()
    }

    /// The rows that are known, in order.
    #[must_use]
    pub fn list<'a>(&'a self, heard: &'a Heard) -> Vec<&'a RowEntry> {
        let part = self.part.as_ref();
        if !self.is_live() {
            return part.map(Part::rows).into_iter().flatten().collect();
        }
        let tail = heard.tail.rows().iter().filter(|entry| entry.matches);
        match part {
            // Far from the newest rows, a row that comes by again keeps its place under the operator's eye.
            Some(part) if !part.top => part.rows().collect(),
            Some(part) => tail.chain(part.rows().filter(|entry| !heard.tail.contains(entry.id()))).collect(),
            None => tail.collect(),
        }
    }

    /// Where the selected row of the list stands among all, and how many there are, as far as that is known.
    #[must_use]
    pub fn place(&self, heard: &Heard, list: &[&RowEntry]) -> (Option<u64>, Option<u64>) {
        let of = match self.matches() {
            Some(Matches::Counted(rows)) => Some(rows),
            _ if self.is_filtered() => None,
            _ => Some(heard.rows),
        };
        let rank = self.scroll.rank(list) as u64;
        let before = match &self.part {
            // In the order of their coming, the rows that came since are in front.
            Some(part) if !part.top && self.is_live() && !self.is_filtered() => {
                part.rank.zip(part.of).map(|(rank, of)| rank + heard.rows.saturating_sub(of))
            }
            Some(part) if !part.top => part.rank,
            _ => Some(0),
        };
        (before.map(|before| before + rank + 1), of)
    }

    /// Orders by a column, or as rows come by.
    pub fn order_by(&mut self, sort: Option<Sort>, heard: &Heard) -> Option<Question> {
        self.sort = sort;
        self.afresh(heard)
    }

    /// Looks at the rows that a filter lets through.
    ///
    /// # Errors
    /// What is wrong with it; then everything stays.
    pub fn filter_by(
        &mut self,
        text: &str,
        heard: &mut Heard,
        now: DateTime<Utc>,
    ) -> Result<Vec<Question>, String> {
        let filter = Filter::parse(text, self.schema)?;
        self.filter_text = text.to_owned();
        if filter == self.filter {
            return Ok(Vec::new());
        }
        self.filter = filter;
        self.mark(heard);
        self.count = Count::new(now);
        let count = self.ask_count(now);
        Ok(self.afresh(heard).into_iter().chain(count).collect())
    }

    /// Notes of each row of the tail whether the filter lets it through.
    pub fn mark(&self, heard: &mut Heard) {
        for entry in heard.tail.iter_mut() {
            entry.matches = self.lets_through(entry);
        }
    }

    /// True if the filter lets a row through.
    #[must_use]
    pub fn lets_through(&self, entry: &RowEntry) -> bool {
        self.filter.is_empty() || self.filter.matches(&entry.sent())
    }

    /// Asks for the part around the selected row, whatever was known.
    fn afresh(&mut self, heard: &Heard) -> Option<Question> {
        (self.part, self.asked, self.trouble) = (None, None, None);
        let place = self.scroll.key().map_or(Place::Top, |id| Place::Around(id.clone()));
        (self.is_filtered() || !self.is_live()).then(|| self.ask(Wanted::Afresh, place, heard))
    }

    /// Asks how many rows the filter lets through, if it is one.
    fn ask_count(&mut self, now: DateTime<Utc>) -> Option<Question> {
        if !self.is_filtered() {
            return None;
        }
        self.ticket += 1;
        self.count.ask(self.ticket, now);
        Some(Question::Count { ticket: self.ticket, filter: self.filter.clone() })
    }

    /// How many rows the filter lets through; `None` if it is none, or nobody can say.
    #[must_use]
    pub fn matches(&self) -> Option<Matches> {
        self.count.matches()
    }

    /// The count, for the answers that concern it.
    pub fn count(&mut self) -> &mut Count {
        &mut self.count
    }

    /// Asks for the first rows.
    pub fn to_first(&mut self, heard: &Heard) -> Option<Question> {
        self.scroll.first();
        match &self.part {
            Some(part) if part.top => None,
            Some(_) if self.is_live() && !self.is_filtered() => {
                (self.part, self.asked) = (None, None);
                None
            }
            Some(_) => Some(self.ask(Wanted::Afresh, Place::Top, heard)),
            None => None,
        }
    }

    /// Asks for the last rows; `None` if they are known.
    pub fn to_last(&mut self, heard: &Heard) -> Option<Question> {
        match &self.part {
            Some(part) if part.bottom => None,
            _ => Some(self.ask(Wanted::Bottom, Place::Bottom, heard)),
        }
    }

    /// The operator goes elsewhere: the last rows, should they still come, are not waited for.
    pub fn elsewhere(&mut self) {
        self.trouble = None;
        self.asked.take_if(|asked| asked.what == Wanted::Bottom);
    }

    /// Asks for more where the operator comes near the end of what is known.
    pub fn more(&mut self, heard: &Heard) -> Option<Question> {
        if self.asked.is_some() || self.trouble.is_some() {
            return None;
        }
        let list = self.list(heard);
        let rank = self.scroll.rank(&list);
        let near_end = rank + NEAR >= list.len();
        let near_start = rank < NEAR;
        match &self.part {
            None => {
                let more =
                    heard.rows > heard.tail.rows().len() as u64 || self.is_filtered() || !self.is_live();
                let wanted = near_end && more && !self.scroll.follows();
                wanted.then(|| self.ask(Wanted::Afresh, Place::Top, heard))
            }
            Some(part) if near_end && !part.bottom => {
                let place = part.last().map(Place::After)?;
                Some(self.ask(Wanted::After, place, heard))
            }
            Some(part) if near_start && !part.top => {
                let place = part.first().map(Place::Before)?;
                Some(self.ask(Wanted::Before, place, heard))
            }
            Some(_) => None,
        }
    }

    /// The question for an export of the rows and the columns that are looked at.
    pub fn ask_export(&mut self, export: impl FnOnce(View, Vec<usize>) -> Export) -> Question {
        self.ticket += 1;
        let columns = (0..self.shown.len()).filter(|column| self.shown[*column]).collect();
        Question::Export { ticket: self.ticket, export: Box::new(export(self.view(), columns)) }
    }

    /// Asks for rows of the table where fewer came by than there is room for.
    pub fn fill(&mut self, heard: &Heard, height: usize) -> Option<Question> {
        let tail = heard.tail.rows().len();
        let untried = self.part.is_none() && self.asked.is_none() && self.trouble.is_none();
        let short = tail < height && heard.rows > tail as u64;
        (untried && short && self.is_live() && !self.is_filtered())
            .then(|| self.ask(Wanted::Afresh, Place::Top, heard))
    }

    fn ask(&mut self, what: Wanted, place: Place, heard: &Heard) -> Question {
        self.ticket += 1;
        let pushed = heard.tail.rows().pushed();
        self.asked = Some(Asked { ticket: self.ticket, what, pushed });
        self.stale = false;
        Question::Window { ticket: self.ticket, view: self.view(), place, rows: ROWS }
    }

    /// The table has changed.
    pub fn changed(&mut self, heard: &Heard) {
        self.count.changed();
        match &self.part {
            Some(part) if self.sort.is_some() || !part.top => self.stale = true,
            Some(_) => self.part_from_tail(heard),
            None => {}
        }
    }

    /// Parts the tail from the part below it, if rows that came between them are in neither.
    fn part_from_tail(&mut self, heard: &Heard) {
        let filtered = self.is_filtered();
        let Some(part) = self.part.as_mut().filter(|part| part.top) else { return };
        if self.sort.is_some() || heard.tail.reaches_back_to(self.joined) {
            return;
        }
        let in_tail = self.scroll.key().is_none_or(|id| heard.tail.contains(id));
        if filtered {
            self.stale = true;
        } else if in_tail {
            (self.part, self.asked) = (None, None);
        } else {
            part.top = false;
        }
    }

    /// When something is to be read again, if it is.
    #[must_use]
    pub fn refresh_at(&self) -> Option<DateTime<Utc>> {
        let part = (self.stale && self.asked.is_none()).then_some(self.due);
        part.into_iter().chain(self.count.refresh_at()).min()
    }

    /// Reads the part again, and counts again, if that is due.
    pub fn refresh(&mut self, heard: &Heard, now: DateTime<Utc>) -> Vec<Question> {
        let mut questions = Vec::new();
        if self.stale && self.asked.is_none() && now >= self.due {
            let place = self.scroll.key().map_or(Place::Top, |id| Place::Around(id.clone()));
            questions.push(self.ask(Wanted::Afresh, place, heard));
        }
        if self.count.refresh_at().is_some_and(|due| now >= due) {
            questions.extend(self.ask_count(now));
        }
        questions
    }

    /// Takes rows in. `height` is how many fit on the screen.
    pub fn rows(
        &mut self,
        (ticket, slice): (u64, Slice),
        took: TimeDelta,
        heard: &Heard,
        (now, height): (DateTime<Utc>, usize),
    ) {
        let Some(asked) = self.asked.take_if(|asked| asked.ticket == ticket) else { return };
        self.trouble = None;
        self.due = now + pause_after(took);
        let reads_top = asked.what != Wanted::After && slice.top;
        match (asked.what, &mut self.part) {
            (Wanted::Before, Some(part)) => part.put_before(slice),
            (Wanted::After, Some(part)) => part.put_after(slice),
            (Wanted::Bottom, part) => {
                let part = part.insert(Part::new(self.schema, slice));
                let rows: Vec<&RowEntry> = part.rows().collect();
                self.scroll.last(&rows, height);
            }
            (_, part) => *part = Some(Part::new(self.schema, slice)),
        }
        if reads_top {
            self.joined = asked.pushed;
        }
        self.part_from_tail(heard);
    }

    /// A question could not be answered; false if it was none of these.
    pub fn failed(&mut self, ticket: u64, text: &str) -> bool {
        let window = self.asked.take_if(|asked| asked.ticket == ticket).is_some();
        let count = self.count.failed(ticket);
        if window {
            self.trouble = Some(super::entries::safe(text));
        }
        window || count
    }
}

/// How long what took that long to read is left alone before it is read again: the longer, the more it costs.
fn pause_after(took: TimeDelta) -> TimeDelta {
    (took * 30).max(REFRESH)
}
