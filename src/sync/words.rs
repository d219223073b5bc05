//! What a sync says in words: findings, failures, ends, and what needs attention. All of it safe for a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use serde::de::IgnoredAny;

use super::Terms;
use super::event::{Level, Notice, NoticeKind};
use crate::destination::outage::Outage;
use crate::destination::{Beside, DestinationError};
use crate::record::{Cursor, Quarantined};
use crate::run::Totals;
use crate::source::{Answer, Contract, Failure};
use crate::walk::{CEILING, End, Finding, Mode};
use crate::{sanitize, text};

/// Nothing hides what is sent and received.
pub(super) fn plain_http() -> Notice {
    let text = "http to another machine, as allowed: everyone on the way can read and change what is sent and received";
    Notice { level: Level::Warning, kind: NoticeKind::PlainHttp, text: text.to_owned() }
}

/// What a source cannot do by its contract, and what that means for its rows.
pub(super) fn contract(contract: &Contract) -> Vec<Notice> {
    let notice = |level, text: &str| Notice { level, kind: NoticeKind::Housekeeping, text: text.to_owned() };
    let mut notices = Vec::new();
    if contract.since.is_none() {
        notices.push(notice(
            Level::Info,
            "the source cannot be asked from a cursor on: every run reads everything, from the first page to the last",
        ));
    } else if !contract.goes_by_cursor() {
        notices.push(notice(
            Level::Info,
            "the source sends its rows in another order than that of their cursors: a run goes by token, and the \
             checkpoint moves when everything is read",
        ));
    }
    if contract.token.is_counted() && !contract.goes_by_cursor() {
        notices.push(notice(
            Level::Warning,
            "the source pages by number: when a row comes or goes on a page before, those that follow move, and some are \
             passed over or come twice; only a source that goes by cursor loses none",
        ));
    }
    notices
}

/// A token that was not used for longer than the source keeps one.
pub(super) fn token_expired(page: u64, lifetime: Duration, from: &str) -> Notice {
    let span = text::span(TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX));
    Notice {
        level: Level::Info,
        kind: NoticeKind::TokenRefused,
        text: format!(
            "page {page}: the token is older than the {span} that the source keeps one: goes on from {from}"
        ),
    }
}

/// The source sent the credential back.
pub(super) fn credential_sent_back(page: u64) -> Notice {
    let text = format!(
        "page {page}: the source sends the credential back in its answers; it is stored and shown as asterisks"
    );
    Notice { level: Level::Warning, kind: NoticeKind::CredentialSentBack, text }
}

/// A finding of the walk, as a notice.
pub(super) fn finding(page: u64, finding: &Finding, mode: Mode) -> Notice {
    let (level, kind, text) = match finding {
        Finding::TieUnsafe(cursor) => (
            Level::Attention,
            NoticeKind::TieUnsafe { cursor: cursor.clone() },
            format!(
                "page {page} ends inside a group of rows that share {cursor}, and the token asks for later ones: the \
                 rest of the group may be lost{}",
                if mode == Mode::Scroll { "; --walk auto reads it" } else { "" }
            ),
        ),
        Finding::TieSafe(cursor) => (
            Level::Info,
            NoticeKind::Housekeeping,
            format!("page {page} goes on within {cursor}: this token does not cut groups"),
        ),
        Finding::TieOverflow(cursor) => (
            Level::Attention,
            NoticeKind::TieOverflow { cursor: cursor.clone() },
            format!(
                "{cursor} fills a whole page: stepped over it by token, and rows that share it may be lost; only a \
                 larger page at the source can show them"
            ),
        ),
        Finding::NotInclusive(cursor) => (
            Level::Attention,
            NoticeKind::NotInclusive,
            format!(
                "the source leaves out {cursor} when asked from it, so seams cannot be anchored{}",
                match mode {
                    Mode::Anchor => "",
                    Mode::Auto | Mode::Scroll =>
                        ": goes on by token, and rows that share a cursor may be lost",
                }
            ),
        ),
        Finding::OneLane(refusal) => {
            (Level::Warning, NoticeKind::OneLane, format!("one lane from here on: {refusal}"))
        }
        Finding::OrderViolated { before, after } => (
            Level::Warning,
            NoticeKind::OrderViolated,
            format!(
                "page {page}: {after} came after {before}: the checkpoint is held until the run is complete{}",
                match mode {
                    Mode::Auto => "; the run goes on by token, where rows that share a cursor may be lost",
                    Mode::Scroll | Mode::Anchor => "",
                }
            ),
        ),
        Finding::NothingAtCheckpoint(cursor) => (
            Level::Attention,
            NoticeKind::NothingAtCheckpoint,
            format!(
                "the source has nothing at the checkpoint {cursor} or after it, where it had a row: that row was \
                 deleted, the source leaves out the value that it is asked from, it was restored from a backup, or \
                 it is another source; `highwater verify --against-source` or a full re-sync (R, --resume full) \
                 shows which, and if only that row is gone, `highwater state rewind --by 1h` goes on from those \
                 before it"
            ),
        ),
        Finding::Future(rows, cursor) => (
            Level::Warning,
            NoticeKind::FutureCursor,
            format!(
                "page {page}: {} in the source's future, up to {cursor}: stored, but never the checkpoint",
                count(*rows, "row lies", "rows lie")
            ),
        ),
    };
    Notice { level, kind, text }
}

/// A failed attempt that another will follow: after a wait, or when the operator lets the run go on.
pub(super) fn retry(
    page: u64,
    failure: &Failure,
    failed: u32,
    attempts: u32,
    wait: Option<Duration>,
    lanes: Option<(u32, u32)>,
) -> Notice {
    let when = wait.map_or("when the run goes on".to_owned(), |wait| format!("in {}", seconds(wait)));
    let next = failed + 1;
    let lanes = lanes
        .map(|(before, now)| format!("; {} from now on, not {before}", text::count(u64::from(now), "lane")));
    let lanes = lanes.unwrap_or_default();
    let text = format!("page {page}: {failure}; attempt {next} of {attempts} {when}{lanes}");
    Notice { level: Level::Warning, kind: NoticeKind::Retry, text }
}

/// The refusal of a source whose clock lies far below where the run would go on from. An answer that does not tell the
/// time is judged by this machine's clock.
pub(super) fn gone_back(from: &Cursor, answer: &Answer) -> String {
    let clock = answer.now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let is_told = answer.exchange.headers.iter().any(|(name, _)| name == "date");
    let whose =
        if is_told { "the source's clock" } else { "this machine's clock (the source tells no time)" };
    format!(
        "{whose} says {clock}, {} before {from}, where this run would go on: either clock is wrong, or the source \
         has gone back in time, as one restored from a backup does, and rows that it writes until then would never be \
         asked for; nothing was stored. `highwater state rewind --to {clock}` asks from there again, --resume full \
         reads everything and leaves the checkpoint, and a restored source is best read into a new --db",
        text::span(from.instant().unwrap_or(answer.now) - answer.now)
    )
}

/// Rows that came in an older version than is stored.
pub(super) fn stale(page: u64, rows: u64) -> Notice {
    Notice {
        level: Level::Attention,
        kind: NoticeKind::StaleRows,
        text: format!(
            "page {page}: {} in an older version than is stored, and the newer one stays: the source was restored \
             from a backup, or its answers come from a copy that lags; `highwater verify --against-source` lists them",
            count(rows, "row came", "rows came")
        ),
    }
}

/// The failure that ends a run; `asked` is how and whom. That comes last: where a line is cut, the reason and the remedy must stand.
pub(super) fn failure(page: u64, asked: &str, failure: &Failure, attempts: u32) -> String {
    let tries = if attempts > 1 { format!(" after {attempts} attempts") } else { String::new() };
    let asked = sanitize::snippet(asked, 300);
    format!("page {page}{tries}: {failure}; {}. {asked}", failure.remedy())
}

/// What the destination could not do. It names files, whose names may hold anything.
pub(super) fn destination(error: &DestinationError) -> String {
    sanitize::line(&error.to_string()).into_owned()
}

/// The destination is gone, and waited for.
pub(super) fn outage(name: &str, outage: &Outage) -> Notice {
    let patience = text::span(outage.gives_up - outage.since);
    let text = format!(
        "{}: {}; tried again for {patience} at most, and nothing is stored until then",
        sanitize::line(name),
        outage.reason
    );
    Notice { level: Level::Warning, kind: NoticeKind::Outage, text }
}

/// A stop ended the wait for the destination.
pub(super) fn given_up(error: &DestinationError) -> Notice {
    Notice { level: Level::Warning, kind: NoticeKind::Outage, text: destination(error) }
}

/// It is there again, after so long.
pub(super) fn there_again(name: &str, after: TimeDelta) -> Notice {
    let after = text::milliseconds(u64::try_from(after.num_milliseconds()).unwrap_or(0));
    let text = format!("{}: there again after {after}", sanitize::line(name));
    Notice { level: Level::Info, kind: NoticeKind::Outage, text }
}

/// A refused token, and what is done about it.
pub(super) fn token_refused(page: u64, failure: &Failure, from: &str) -> Notice {
    Notice {
        level: Level::Warning,
        kind: NoticeKind::TokenRefused,
        text: format!("page {page}: the source refused the token ({failure}): goes on from {from}"),
    }
}

/// The first row with fields that the schema does not declare.
pub(super) fn extra(page: u64, json: &str, beside: &Beside) -> Notice {
    // The names alone: a value may hold what a reader of values refuses, such as half a character.
    let fields: BTreeMap<String, IgnoredAny> = serde_json::from_str(json).unwrap_or_default();
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    let names = sanitize::snippet(&names.join(", "), 120);
    Notice {
        level: Level::Info,
        kind: NoticeKind::ExtraFields,
        text: format!("page {page} has fields that the table does not: {names}; kept in {}", beside.extra),
    }
}

/// The rows of a page that were set apart.
pub(super) fn quarantined(page: u64, rows: &[Quarantined], beside: &Beside) -> Option<Notice> {
    let first = rows.first()?;
    let text = format!(
        "page {page}: {} no place in the table: row {}: {}; kept in {}",
        count(rows.len() as u64, "row has", "rows have"),
        first.position + 1,
        first.reason,
        beside.quarantine
    );
    let kind = NoticeKind::Quarantined { first: Box::new(first.clone()) };
    Some(Notice { level: Level::Attention, kind, text })
}

/// Rows without a cursor.
pub(super) fn no_cursor(page: u64, rows: u64) -> Notice {
    Notice {
        level: Level::Warning,
        kind: NoticeKind::NoCursor,
        text: format!(
            "page {page}: {} no readable cursor: stored, but the checkpoint does not count on them",
            count(rows, "row has", "rows have")
        ),
    }
}

/// Why a run ended. `detail` is the failure, where there is one; what the run went by is in its terms.
pub(super) fn end(end: &End, page: u64, terms: &Terms, detail: Option<String>) -> String {
    match end {
        End::Exhausted => "the source has no more rows".to_owned(),
        End::EmptyPage { token: false } => "the source sent an empty page".to_owned(),
        End::EmptyPage { token: true } if terms.follow_empty => format!(
            "{} empty pages in a row, up to page {page}, and each brings another token: this may not be \
             the end, but the source shows no way on (source.max_idle_pages)",
            terms.patience
        ),
        End::EmptyPage { token: true } => format!(
            "page {page} is empty but brings a token, so this may not be the end; to follow it, set \
             empty_page_with_token = \"follow\""
        ),
        End::NoData => format!("page {page} has no data at all, so this may not be the end"),
        End::Ceiling => format!(
            "everything that was there when the run began is read, and {CEILING} pages of what changed since; the source \
             changes as fast as it is read, and the rest comes with the next run"
        ),
        End::Stalled { pages } => format!(
            "the last {pages} pages, up to page {page}, brought nothing that had not come before, and each another \
             token: the source goes round in a circle; what came is stored (source.max_idle_pages)"
        ),
        End::Limit => "the limit of pages is reached".to_owned(),
        End::Loop { first, again } => format!(
            "page {again} leads back to where page {first} led: the source goes round in a circle; what came is \
             stored"
        ),
        End::NotAnchorable => format!(
            "the answers up to page {page} do not bear an anchored walk; --walk auto goes on by token where it must"
        ),
        End::Paused => "left while paused".to_owned(),
        End::Stopped => "left before the end of the data".to_owned(),
        End::Error => detail.unwrap_or_else(|| "an error".to_owned()),
    }
}

/// What needs attention after a run, a sentence each.
pub(super) fn attention(end: &End, text: &str, totals: &Totals, mode: Mode, beside: &Beside) -> Vec<String> {
    let mut sentences = Vec::new();
    if totals.seams.tie_unsafe > 0 {
        let remedy = match mode {
            Mode::Scroll => "--resume full --walk auto reads them",
            Mode::Auto | Mode::Anchor => "this source cannot be asked for them, by token or by cursor",
        };
        sentences.push(format!(
            "{} crossed by token inside a group of equal cursors: rows may be missing; {remedy}",
            count(totals.seams.tie_unsafe, "seam was", "seams were")
        ));
    }
    if totals.seams.not_inclusive > 0 {
        sentences.push(
            "the source leaves out the cursor that it is asked from, so seams were crossed by token: rows that \
             share a cursor may be missing"
                .to_owned(),
        );
    }
    if totals.seams.tie_overflow > 0 {
        sentences.push(format!(
            "{} a whole page and had to be stepped over: rows that share it may be missing",
            count(totals.seams.tie_overflow, "cursor value fills", "cursor values fill")
        ));
    }
    if totals.counts.quarantined > 0 {
        sentences.push(format!(
            "{} not fit the table and went to {}",
            count(totals.counts.quarantined, "row did", "rows did"),
            beside.quarantine
        ));
    }
    if totals.counts.stale > 0 {
        sentences.push(format!(
            "{} in an older version than is stored, and the newer one stays: if the source was restored from a \
             backup, read it into a new --db",
            count(totals.counts.stale, "row came", "rows came")
        ));
    }
    if matches!(end, End::EmptyPage { token: true } | End::NoData) {
        sentences.push(text.to_owned());
    }
    sentences
}

fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { format!("{seconds:.0} s") }
}
