//! Runs and the checkpoint's history: that each follows from the one before, that their counters are those of their
//! pages, and which of them may have lost rows.

use rusqlite::OptionalExtension as _;

use super::{FOREIGN, FULL, Look, Looked, MOVE, figure};
use crate::destination::kept::{cursor_of, cursor_text};
use crate::destination::seal;
use crate::destination::sqlite::schema::{LANES, SEAMS};
use crate::destination::verify::{Check, Verdict, quoted};
use crate::record::BEGINNING;
use crate::run::{Seams, Totals};
use crate::text::count;
use crate::walk::{End, Walk};

/// The same place in the stream; `None` is a place, too.
pub(super) fn is_same(one: Option<&str>, other: Option<&str>) -> bool {
    let cursor = |text: &str| cursor_of(Some(text.to_owned()));
    one == other || one.and_then(cursor).is_some_and(|one| Some(one) == other.and_then(cursor))
}

fn shown(checkpoint: Option<&str>) -> String {
    checkpoint.map_or("none".to_owned(), quoted)
}

/// Each move of the checkpoint begins where the one before ended, and the last one where the checkpoint stands.
pub(super) fn history(look: &Look<'_>) -> Looked {
    let mut check = Check::of("history");
    let mut query =
        look.connection.prepare("SELECT entry, run, before, after FROM _highwater_history ORDER BY entry")?;
    let mut entries = query.query([])?;
    let (mut at, mut moves): (Option<String>, u64) = (None, 0);
    while let Some(entry) = entries.next()? {
        let (number, run): (i64, Option<i64>) = (entry.get(0)?, entry.get(1)?);
        let (before, after): (Option<String>, Option<String>) = (entry.get(2)?, entry.get(3)?);
        if !is_same(before.as_deref(), at.as_deref()) {
            check.find(Verdict::Damage, MOVE, || {
                let (from, was) = (shown(before.as_deref()), shown(at.as_deref()));
                format!("move {number} begins at {from}, where the one before had left {was}")
            });
        }
        if let Some(run) = run
            && cursor_of(after.clone()) < cursor_of(before.clone())
        {
            check.find(Verdict::Damage, MOVE, || {
                format!(
                    "run {run} took it back to {} from {}",
                    shown(after.as_deref()),
                    shown(before.as_deref())
                )
            });
        }
        (at, moves) = (after, moves + 1);
    }
    if !is_same(at.as_deref(), look.standing.checkpoint.as_deref()) {
        check.find(Verdict::Damage, MOVE, || {
            let (last, is) = (shown(at.as_deref()), shown(look.standing.checkpoint.as_deref()));
            format!("the last move led to {last}, and the checkpoint is {is}")
        });
    }
    let well = format!("{} up to where the checkpoint stands", count(moves, "move"));
    Ok(check.told(well, "the checkpoint's moves do not lead to where it stands"))
}

/// The counters of each run are the sums of its pages.
pub(super) fn totals(look: &Look<'_>) -> Looked {
    let mut check = Check::of("runs");
    let mut query = look.connection.prepare(
        "SELECT r.run, r.totals, count(p.page), coalesce(sum(p.rows), 0), coalesce(sum(p.new), 0),
                coalesce(sum(p.changed), 0), coalesce(sum(p.same), 0), coalesce(sum(p.stale), 0),
                coalesce(sum(p.quarantined), 0)
         FROM _highwater_runs r LEFT JOIN _highwater_pages p ON p.run = r.run GROUP BY r.run",
    )?;
    let mut found = query.query([])?;
    let mut runs = 0;
    while let Some(row) = found.next()? {
        runs += 1;
        let (run, totals): (i64, String) = (row.get(0)?, row.get(1)?);
        let Ok(totals) = serde_json::from_str::<Totals>(&totals) else {
            check.find(Verdict::Damage, FOREIGN, || format!("run {run}: its counters cannot be read"));
            continue;
        };
        let counts = &totals.counts;
        for (column, name, counted) in [
            (2, "pages", totals.pages),
            (3, "rows", counts.rows),
            (4, "new rows", counts.new),
            (5, "changed rows", counts.changed),
            (6, "same rows", counts.same),
            (7, "stale rows", counts.stale),
            (8, "quarantined rows", counts.quarantined),
        ] {
            let logged = figure(row, column)?;
            if logged != counted {
                check.find(Verdict::Damage, FOREIGN, || {
                    format!("run {run} has counted {counted} {name}, and its pages have {logged}")
                });
            }
        }
    }
    let well = format!("{}, each counted as its pages are", count(runs, "run"));
    Ok(check.told(well, "runs and their pages do not add up"))
}

/// The run that was left unfinished: it is there, its walk can be read, and stands where log and checkpoint do.
pub(super) fn unfinished(look: &Look<'_>) -> Looked {
    let mut check = Check::of("unfinished");
    let Some(run) = look.standing.unfinished else { return Ok(check.told("none", "")) };
    let found: Option<Option<String>> = look
        .connection
        .query_row("SELECT walk FROM _highwater_runs WHERE run = ?1", [run], |row| row.get(0))
        .optional()?;
    if look.standing.version >= LANES as i64 {
        let kept = "SELECT lanes, seal FROM _highwater_runs WHERE run = ?1";
        let kept: Option<(Option<String>, Option<i64>)> =
            look.connection.query_row(kept, [run], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let (Some(Some(walk)), Some((lanes, kept))) = (&found, kept)
            && !seal::holds(walk, lanes.as_deref(), kept)
        {
            check.find(Verdict::Damage, FULL, || format!("run {run} does not stand as it was written down"));
        }
    }
    let walk = found.as_ref().and_then(Option::as_deref).map(serde_json::from_str::<Walk>);
    let pages = "SELECT count(*) FROM _highwater_pages WHERE run = ?1";
    let pages = look.connection.query_row(pages, [run], |row| figure(row, 0))?;
    match (found.is_some(), walk) {
        (false, _) => check.find(Verdict::Damage, FULL, || format!("run {run} is not among the runs")),
        (true, None) => {
            check.find(Verdict::Damage, FULL, || format!("run {run} has no walk to go on with"));
        }
        (true, Some(Err(_))) => check.find(Verdict::Attention, FULL, || {
            format!("run {run}: its walk cannot be read; another version of highwater may have left it")
        }),
        (true, Some(Ok(walk))) => {
            let walked = walk.page();
            if walked != pages {
                check.find(Verdict::Damage, FULL, || {
                    format!("run {run} has walked {}, and {pages} are logged", count(walked, "page"))
                });
            }
            let (walks, stands) = (walk.checkpoint().map(cursor_text), look.standing.checkpoint.as_deref());
            if !is_same(walks.as_deref(), stands) {
                check.find(Verdict::Damage, MOVE, || {
                    let walks = shown(walks.as_deref());
                    format!("run {run} goes by the checkpoint {walks}, not {}", shown(stands))
                });
            }
        }
    }
    Ok(check.told(format!("run {run}, after {}", count(pages, "page")), "there is no going on with it"))
}

/// Runs that may have lost rows, since the last complete one that read everything without such a seam.
pub(super) fn seams(look: &Look<'_>) -> Looked {
    let mut check = Check::of("seams");
    // Before it told of seams, a file could not know.
    let knows = look.standing.version >= SEAMS as i64;
    let whole = if knows {
        "whole".to_owned()
    } else {
        format!("json_extract(first, '$.value') = '{BEGINNING}' AND mode <> 'scroll'")
    };
    let mut query = look.connection.prepare(&format!(
        "SELECT run, totals, mode, end, outcome IS 'complete' AND {whole}
         FROM _highwater_runs WHERE json_valid(totals) AND json_valid(first) ORDER BY run"
    ))?;
    let mut found = query.query([])?;
    let mut clean = None;
    while let Some(row) = found.next()? {
        let (run, totals): (i64, String) = (row.get(0)?, row.get(1)?);
        let (mode, end): (String, Option<String>) = (row.get(2)?, row.get(3)?);
        let end = end.and_then(|end| serde_json::from_str(&end).ok());
        let is_explained = end.is_some_and(|end: End| end.is_explained());
        let Ok(Totals { seams, .. }) = serde_json::from_str(&totals) else { continue };
        if seams != Seams::default() {
            let of = quoted(&mode);
            check.find(Verdict::Attention, FULL, || format!("run {run}, walk {of}: {}", told(&seams)));
        } else if is_explained && row.get(4)? {
            check = Check::of("seams");
            clean = Some(run);
        }
    }
    if knows {
        let kept = look.connection.query_row("SELECT clean FROM _highwater_state", [], |row| row.get(0))?;
        let wrong = "SELECT min(run) FROM _highwater_runs WHERE json_valid(totals) AND seams <>
                     coalesce(json_extract(totals, '$.tie_unsafe'), 0) + coalesce(json_extract(totals, '$.tie_overflow'), 0)
                     + coalesce(json_extract(totals, '$.not_inclusive'), 0)";
        let wrong: Option<i64> = look.connection.query_row(wrong, [], |row| row.get(0))?;
        if kept != clean {
            check.find(Verdict::Damage, FOREIGN, || {
                let [kept, clean] =
                    [kept, clean].map(|run| run.map_or("none".to_owned(), |run| run.to_string()));
                format!("the last run that lost nothing is {clean}, and by the state {kept}")
            });
        }
        if let Some(run) = wrong {
            check.find(Verdict::Damage, FOREIGN, || {
                format!("run {run} keeps another number of seams than it counted")
            });
        }
    }
    Ok(check.told("no run is known to have lost rows", "rows may be missing"))
}

/// What the seams of a run may have lost.
fn told(seams: &Seams) -> String {
    let ways = [
        (seams.tie_unsafe, "crossed by token inside a group of equal cursors"),
        (seams.tie_overflow, "at a value that fills a whole page"),
        (seams.not_inclusive, "where the source leaves out the cursor that it is asked from"),
    ];
    let ways = ways.into_iter().filter(|(seams, _)| *seams > 0);
    let each: Vec<String> = ways.map(|(seams, how)| format!("{} {how}", count(seams, "seam"))).collect();
    each.join(", ")
}
