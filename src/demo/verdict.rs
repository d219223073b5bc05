//! The verdict: what came of a run, held against what its scenario expects.

use chrono::{DateTime, Utc};

use super::scenario::{Expect, Trigger};
use crate::lesson::{Came, Verdict};
use crate::text::count;

/// Compares. A scenario that expects nothing is content with anything.
pub(super) fn verdict(
    at: DateTime<Utc>,
    expect: Option<&Expect>,
    came: Came,
    heard: impl Fn(Trigger) -> bool,
) -> Verdict {
    let differs = expect.map(|expect| differences(expect, &came, heard)).unwrap_or_default();
    Verdict { at, met: differs.is_empty(), differs, came }
}

fn differences(expect: &Expect, came: &Came, heard: impl Fn(Trigger) -> bool) -> Vec<String> {
    let mut differs = Vec::new();
    if came.outcome != expect.outcome {
        differs
            .push(format!("the run was expected to end {:?} and ended {:?}", expect.outcome, came.outcome));
    }
    if came.rows != expect.rows {
        differs.push(format!("{} in the table, not {}", count(came.rows, "row"), expect.rows));
    }
    if came.lost > expect.lost {
        differs.push(format!("{} lost, not {}", count(came.lost, "row"), expect.lost));
    }
    if let Some(retries) = expect.retries.filter(|retries| *retries != came.retries) {
        differs.push(format!("{} failed, not {retries}", count(came.retries, "attempt")));
    }
    for trigger in expect.heard.iter().filter(|trigger| !heard(**trigger)) {
        differs.push(format!("{trigger:?} did not happen"));
    }
    if let Some(least) = &expect.beside {
        let (lost, repeated) = came.beside.as_ref().map_or((0, 0), |beside| (beside.lost, beside.repeated));
        for (figure, least, what) in
            [(lost, least.lost_at_least, "lost"), (repeated, least.repeated_at_least, "repeated")]
        {
            if figure < least {
                differs.push(format!("{} {what} beside, not {least} or more", count(figure, "row")));
            }
        }
    }
    differs
}

#[cfg(test)]
mod tests {
    use super::super::scenario::ExpectBeside;
    use super::*;
    use crate::run::Outcome;

    fn came() -> Came {
        Came { outcome: Outcome::Complete, rows: 200, lost: 0, repeated: 4, retries: 1, beside: None }
    }

    fn expect() -> Expect {
        let heard = vec![Trigger::Retry];
        Expect { outcome: Outcome::Complete, rows: 200, lost: 0, retries: Some(1), heard, beside: None }
    }

    fn held(expect: &Expect, came: Came) -> Verdict {
        verdict(DateTime::UNIX_EPOCH, Some(expect), came, |trigger| trigger == Trigger::Retry)
    }

    #[test]
    fn what_was_expected_is_met() {
        assert!(held(&expect(), came()).met);
        assert!(verdict(DateTime::UNIX_EPOCH, None, Came { rows: 1, ..came() }, |_| false).met);
    }

    #[test]
    fn whatever_differs_is_said() {
        let all = Expect {
            heard: vec![Trigger::Retry, Trigger::Killed],
            beside: Some(ExpectBeside { lost_at_least: 1, repeated_at_least: 0 }),
            ..expect()
        };
        let came = Came { outcome: Outcome::Failed, rows: 1, lost: 2, retries: 0, ..came() };
        assert_eq!(
            held(&all, came).differs,
            [
                "the run was expected to end Complete and ended Failed",
                "1 row in the table, not 200",
                "2 rows lost, not 0",
                "0 attempts failed, not 1",
                "Killed did not happen",
                "0 rows lost beside, not 1 or more",
            ]
        );
    }
}
