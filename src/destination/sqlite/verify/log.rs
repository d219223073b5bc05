//! The page log: every page of a run once, each asked for as the one before said, and the last one in step with the
//! checkpoint.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::Row;

use super::runs::is_same;
use super::{FOREIGN, Look, Looked, MOVE, figure};
use crate::destination::kept::cursor_of;
use crate::destination::sqlite::schema::LANES;
use crate::destination::verify::{Check, Verdict, quoted};
use crate::record::{Cursor, Schema};
use crate::text::count;
use crate::walk::Way;

/// A page as it is logged.
struct Logged {
    run: i64,
    page: i64,
    lane: i64,
    /// True if its lane began with it.
    opens: bool,
    by: String,
    asked: String,
    /// The cursor that it was asked from, if it was and that can be read.
    from: Option<Cursor>,
    /// Received, and what became of them.
    counts: [u64; 2],
    /// The last row's cursor, if that has one that can be read.
    last: Option<Cursor>,
    token: Option<String>,
    checkpoint: Option<String>,
    decision: String,
    /// What its run asked for first, if the run is there and can be read.
    first: Option<(String, String)>,
}

/// Of all pages; what a file without lanes has instead of theirs is put where `LANES` stands.
const PAGES: &str = "SELECT p.run, p.page, p.asked_by, p.asked, p.rows,
                            p.new + p.changed + p.same + p.stale + p.quarantined, p.last, p.token, p.checkpoint,
                            p.decision, json_extract(r.first, '$.by'), json_extract(r.first, '$.value'), LANES
                     FROM _highwater_pages p
                     LEFT JOIN _highwater_runs r ON r.run = p.run AND json_valid(r.first)
                     ORDER BY p.run, p.page";

impl Logged {
    fn read(schema: &Schema, row: &Row<'_>) -> rusqlite::Result<Self> {
        let (by, asked): (String, String) = (row.get(2)?, row.get(3)?);
        let last: Option<String> = row.get(6)?;
        Ok(Self {
            run: row.get(0)?,
            page: row.get(1)?,
            lane: row.get(12)?,
            opens: row.get(13)?,
            from: cursor_of((by == "since").then(|| asked.clone())),
            by,
            asked,
            counts: [figure(row, 4)?, figure(row, 5)?],
            last: last.and_then(|text| schema.read_cursor(&text)),
            token: row.get(7)?,
            checkpoint: row.get(8)?,
            decision: row.get(9)?,
            first: row.get::<_, Option<String>>(10)?.zip(row.get(11)?),
        })
    }

    fn request(&self) -> String {
        format!("by {} from {}", self.by, quoted(&self.asked))
    }

    fn is_request(&self, (by, asked): (&str, &str)) -> bool {
        (self.by.as_str(), self.asked.as_str()) == (by, asked)
    }
}

/// The pages of all runs, in order.
pub(super) fn pages(look: &Look<'_>) -> Looked {
    let mut check = Check::of("pages");
    let lanes = if look.standing.version < LANES as i64 { "1, 0" } else { "p.lane, p.opens" };
    let mut query = look.connection.prepare(&PAGES.replace("LANES", lanes))?;
    let mut found = query.query([])?;
    let (mut pages, mut before): (u64, Option<Rc<Logged>>) = (0, None);
    // The last page of each lane of the run, and how far it has read by its pages so far, where they tell.
    let mut lanes: HashMap<i64, (Rc<Logged>, Option<Cursor>)> = HashMap::new();
    while let Some(row) = found.next()? {
        let page = Rc::new(Logged::read(look.schema, row)?);
        let previous = before.as_deref().filter(|before| before.run == page.run);
        if previous.is_none() {
            lanes.clear();
        }
        let begins = page.opens || previous.is_none();
        let (last, reached) = match lanes.remove(&page.lane).filter(|_| !begins) {
            Some((last, reached)) => (Some(last), reached),
            None if page.opens => (None, page.from.clone()),
            None => (None, page.first.as_ref().and_then(|(_, value)| cursor_of(Some(value.clone())))),
        };
        let place = || format!("run {}, page {}", page.run, page.page);
        let asked = request(&page, previous.is_some(), last.as_deref(), reached.as_ref());
        let wrong = [number(&page, previous), asked, sum(&page)];
        for what in wrong.into_iter().flatten() {
            check.find(Verdict::Damage, FOREIGN, || format!("{}: {what}", place()));
        }
        if let Some(what) = checkpoint(&page, previous, look.standing.newest.as_deref()) {
            check.find(Verdict::Damage, MOVE, || format!("{}: {what}", place()));
        }
        let reached = match &page.last {
            Some(last) => reached.max(Some(last.clone())),
            _ if page.counts[0] == 0 => reached,
            // It ends with a row without a readable cursor, and may have read further than any that is logged.
            _ => None,
        };
        lanes.insert(page.lane, (Rc::clone(&page), reached));
        (pages, before) = (pages + 1, Some(page));
    }
    if let Some(last) = before
        && !is_same(last.checkpoint.as_deref(), look.standing.checkpoint.as_deref())
        && !was_moved(look)?
    {
        check.find(Verdict::Damage, MOVE, || {
            format!(
                "the last one, page {} of run {}, left the checkpoint {}; now it is {}, and no operator moved it",
                last.page,
                last.run,
                last.checkpoint.as_deref().map_or("none".to_owned(), quoted),
                look.standing.checkpoint.as_deref().map_or("none".to_owned(), quoted),
            )
        });
    }
    let well = format!("{}, each asked for as the one before says", count(pages, "page"));
    Ok(check.told(well, "the log does not tell of every page once"))
}

/// True if the checkpoint's last move was an operator's.
fn was_moved(look: &Look<'_>) -> rusqlite::Result<bool> {
    look.connection.query_row(
        "SELECT coalesce((SELECT run IS NULL FROM _highwater_history ORDER BY entry DESC LIMIT 1), 0)",
        [],
        |row| row.get(0),
    )
}

fn number(page: &Logged, previous: Option<&Logged>) -> Option<String> {
    let expected = previous.map_or(1, |previous| previous.page.saturating_add(1));
    (page.page != expected).then(|| format!("page {expected} should come here"))
}

fn sum(page: &Logged) -> Option<String> {
    let [rows, fates] = page.counts;
    (rows != fates)
        .then(|| format!("{} came, and of {fates} is said what became of them", count(rows, "row")))
}

/// How a page was asked for, against what the page before had decided. Only a token that the source refused leads
/// elsewhere than that: back to where nothing can be missed, which is never beyond what the run had read.
///
/// With several lanes, that goes for each by itself; one that begins may do so anywhere.
fn request(
    page: &Logged,
    goes_on: bool,
    previous: Option<&Logged>,
    reached: Option<&Cursor>,
) -> Option<String> {
    if page.opens && goes_on {
        return page.from.is_none().then(|| format!("began a lane {}", page.request()));
    }
    if goes_on && previous.is_none() {
        return Some(format!("lane {} has no page before it", page.lane));
    }
    let Some(previous) = previous else {
        return match &page.first {
            None => {
                Some("its run is not among the runs, or what that asked for first cannot be read".to_owned())
            }
            Some((by, value)) if page.is_request((by, value)) => None,
            Some((by, value)) => {
                Some(format!("was asked {}, its run began by {by} from {}", page.request(), quoted(value)))
            }
        };
    };
    let by_token = previous.token.as_deref().is_some_and(|token| page.is_request(("token", token)));
    let falls_back = || page.from.as_ref().is_some_and(|from| reached.is_none_or(|it| from <= it));
    let names = || page.from.as_ref().is_some_and(|from| names(&previous.decision, from.text()));
    let follows = match Way::written(&previous.decision) {
        // A last row without a readable cursor anchors nothing; the decision names the one that did.
        Some(Way::Anchor) => {
            let last = previous.last.as_ref().map(Cursor::text);
            names() && last.is_none_or(|last| page.from.as_ref().is_some_and(|from| from.text() == last))
        }
        Some(Way::Probe | Way::Again) => names(),
        Some(Way::Follow | Way::StepOver | Way::NothingToAnchor | Way::FollowEmpty) => {
            by_token || falls_back()
        }
        // A run that is gone on with after an end that explained nothing asks for the same once more.
        Some(Way::Stop) => page.is_request((&previous.by, &previous.asked)),
        // By the token of the page before that one, which nothing else kept.
        Some(Way::Doubt) => page.by == "token",
        // The lane goes on where another has come, or from its own last row if that is further.
        Some(Way::Meet | Way::Rest) => falls_back(),
        // The words of another version.
        None => by_token || falls_back(),
    };
    (!follows).then(|| {
        let decision = quoted(&previous.decision);
        format!("was asked {}, and page {} says: {decision}", page.request(), previous.page)
    })
}

/// True if a decision names a cursor: all of it, not a part of another.
fn names(decision: &str, cursor: &str) -> bool {
    decision.match_indices(cursor).any(|(at, _)| {
        let (before, after) = (&decision[..at], &decision[at + cursor.len()..]);
        before.ends_with(' ') && (after.is_empty() || after.starts_with(", "))
    })
}

/// The checkpoint with a page: readable, never below that of the page before, never above what is stored.
fn checkpoint(page: &Logged, previous: Option<&Logged>, newest: Option<&str>) -> Option<String> {
    let text = page.checkpoint.as_deref()?;
    let Some(checkpoint) = cursor_of(page.checkpoint.clone()) else {
        return Some(format!("its checkpoint {} is not a cursor", quoted(text)));
    };
    let before = previous.and_then(|previous| previous.checkpoint.as_deref());
    if cursor_of(before.map(str::to_owned)).is_some_and(|before| checkpoint < before) {
        return Some(format!("took the checkpoint back to {checkpoint}"));
    }
    let moved = !is_same(before, Some(text)) && previous.is_some();
    let newest = cursor_of(newest.map(str::to_owned));
    (moved && Some(&checkpoint) > newest.as_ref())
        .then(|| format!("moved the checkpoint to {checkpoint}, above all that is stored"))
}
