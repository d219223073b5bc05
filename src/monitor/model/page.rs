//! One stored page, as it was told or as the page log has it. Text in it is safe for a terminal.

use chrono::{DateTime, Utc};

use super::entries::{request, safe};
use super::scroll::Keyed;
use super::stretch::Numbered;
use crate::destination::reader::PastPage;
use crate::exchange::Budget;
use crate::record::Cursor;
use crate::run::Counts;
use crate::sync::event::PageStored;
use crate::walk::By;

/// One stored page. What is not known of it is `None`.
#[derive(Clone, Debug)]
pub struct PageEntry {
    /// Its run.
    pub run: i64,
    /// Its number in the run.
    pub page: u64,
    /// The lane that brought it.
    pub lane: Option<u32>,
    /// True if that lane began with it.
    pub opens: bool,
    /// When it was stored; of one from the log, when it arrived.
    pub at: Option<DateTime<Utc>>,
    /// By what it was asked for.
    pub asked_by: By,
    /// The cursor or the token that it was asked for with.
    pub asked_with: String,
    /// The address as it was sent.
    pub url: Option<String>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The headers of the answer that matter.
    pub headers: Option<Vec<(String, String)>>,
    /// What they say of the limit.
    pub budget: Option<Budget>,
    /// What became of its rows.
    pub counts: Counts,
    /// False if the counts do not tell of rows without a cursor, from the future, or with fields of their own.
    pub counts_all: bool,
    /// The first row's cursor.
    pub first: Option<String>,
    /// The last row's cursor.
    pub last: Option<String>,
    /// The scroll token that came along.
    pub token: Option<String>,
    /// Milliseconds to the first byte of the answer.
    pub wait_ms: u64,
    /// Milliseconds from there to the last byte.
    pub body_ms: u64,
    /// Milliseconds to read the rows out of the body.
    pub decode_ms: Option<u64>,
    /// Milliseconds of the commit.
    pub commit_ms: Option<u64>,
    /// Bytes of the answer.
    pub bytes: u64,
    /// Failed attempts before it.
    pub retries: u64,
    /// Why the last of them failed.
    pub reasons: Option<Vec<String>>,
    /// Why the walk goes on as it does.
    pub decision: String,
    /// The checkpoint stored with it.
    pub checkpoint: Option<String>,
    /// The ids of its first rows as the source sent them: to be asked for, never to be shown.
    pub first_ids: Option<Vec<String>>,
}

impl PageEntry {
    /// A page that was stored just now.
    #[must_use]
    pub fn stored(page: &PageStored, at: DateTime<Utc>) -> Self {
        let (asked_by, asked_with) = request(&page.request);
        let cursor = |cursor: &Option<Cursor>| cursor.as_ref().map(|cursor| safe(cursor.text()));
        let exchange = &page.exchange;
        // A recording of an older version has none of it.
        let kept = !exchange.url.is_empty();
        Self {
            run: page.run,
            page: page.page,
            lane: Some(page.lane),
            opens: page.opens,
            at: Some(at),
            asked_by,
            asked_with,
            url: kept.then(|| safe(&exchange.url)),
            status: kept.then_some(exchange.status),
            headers: kept.then(|| headers(&exchange.headers)),
            budget: exchange.budget,
            counts: page.counts,
            counts_all: true,
            first: cursor(&page.first),
            last: cursor(&page.last),
            token: page.token.as_deref().map(safe),
            wait_ms: page.wait_ms,
            body_ms: page.body_ms,
            decode_ms: kept.then_some(page.decode_ms),
            commit_ms: kept.then_some(page.commit_ms),
            bytes: page.bytes,
            retries: page.retries.into(),
            reasons: kept.then(|| page.reasons.iter().map(|reason| safe(reason)).collect()),
            decision: safe(&page.decision),
            checkpoint: cursor(&page.checkpoint),
            first_ids: kept.then(|| page.first_ids.clone()),
        }
    }

    /// A page of the log.
    #[must_use]
    pub fn past(page: PastPage) -> Self {
        let text = |text: Option<String>| text.as_deref().map(safe);
        let clock = page.at.unwrap_or_default();
        Self {
            run: page.run,
            page: page.page,
            lane: page.lane,
            opens: page.opens,
            at: page.at,
            asked_by: page.asked_by,
            asked_with: safe(&page.asked),
            url: text(page.url),
            status: page.status.and_then(|status| status.try_into().ok()),
            budget: page.headers.as_deref().and_then(|headers| Budget::read(headers, clock)),
            headers: page.headers.as_deref().map(headers),
            counts: Counts {
                rows: page.rows,
                new: page.new,
                changed: page.changed,
                same: page.same,
                stale: page.stale,
                quarantined: page.quarantined,
                ..Counts::default()
            },
            counts_all: false,
            first: text(page.first),
            last: text(page.last),
            token: text(page.token),
            wait_ms: page.wait_ms,
            body_ms: page.body_ms,
            decode_ms: page.decode_ms,
            commit_ms: None,
            bytes: page.bytes,
            retries: page.retries,
            reasons: page.reasons.map(|reasons| reasons.iter().map(|reason| safe(reason)).collect()),
            decision: safe(&page.decision),
            checkpoint: text(page.checkpoint),
            first_ids: page.first_ids,
        }
    }
}

fn headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (safe(name), safe(value))).collect()
}

impl Keyed for PageEntry {
    type Key = (i64, u64);

    fn key(&self) -> (i64, u64) {
        (self.run, self.page)
    }

    fn is(&self, key: &(i64, u64)) -> bool {
        self.key() == *key
    }
}

impl Numbered for PageEntry {
    fn number(&self) -> u64 {
        self.page
    }
}
