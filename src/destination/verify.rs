//! What a check of a destination finds, in words and figures: a verdict for each thing that was looked at, the first
//! findings with their number, and what can be done about them.
//!
//! Plain data. Whoever looks fills it, and the command line tells it.

use std::borrow::Cow;

use serde::Serialize;

use crate::sanitize;

/// How many findings of a check are listed; the others are counted.
pub const LISTED: usize = 50;

/// How long a quoted value may be, in characters.
const QUOTED: usize = 80;

/// What a check came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    #[default]
    Ok,
    /// The destination keeps its promises, but rows may be missing, or something else is worth a look.
    Attention,
    /// Something that must hold does not.
    Damage,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Attention => "ATTENTION",
            Self::Damage => "DAMAGE",
        }
    }
}

/// A seam in the page log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seam {
    /// The run.
    pub run: i64,
    /// The page before the cut; the one after it has the next number.
    pub page: i64,
    /// The cursor of the last row before the cut.
    pub value: String,
    /// How it was crossed: `since` or `token`.
    pub by: String,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What and where. Safe for a terminal.
    pub text: String,
    /// The row that it is about, as it is stored or was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The seam at which it came about, if the page log has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seam: Option<Seam>,
}

impl From<String> for Finding {
    fn from(text: String) -> Self {
        Self { text: sanitize::line(&text).into_owned(), id: None, seam: None }
    }
}

/// One check, done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Check {
    /// What was looked at, in a word.
    pub check: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// The same in a sentence. Safe for a terminal.
    pub text: String,
    /// The first findings, at most [`LISTED`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
    /// What can be done, if anything was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Cow<'static, str>>,
}

impl Check {
    /// A check that has found nothing yet.
    #[must_use]
    pub fn of(check: &'static str) -> Self {
        Self { check, ..Self::default() }
    }

    /// Adds a finding; beyond [`LISTED`] it is only counted, and not even made. The verdict only gets worse, and the
    /// remedy is that of the worst.
    pub fn find<F: Into<Finding>>(
        &mut self,
        verdict: Verdict,
        remedy: impl Into<Cow<'static, str>>,
        finding: impl FnOnce() -> F,
    ) {
        if verdict > self.verdict {
            self.verdict = verdict;
            self.remedy = Some(remedy.into());
        }
        if self.findings.len() < LISTED {
            self.findings.push(finding().into());
        } else {
            self.more += 1;
        }
    }

    /// How many findings there are.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.findings.len() as u64 + self.more
    }

    /// The check with its sentence: one for when all is well, one for when it is not.
    #[must_use]
    pub fn told(mut self, well: impl Into<String>, ill: impl Into<String>) -> Self {
        let text = if self.found() == 0 { well.into() } else { ill.into() };
        self.text = sanitize::line(&text).into_owned();
        self
    }
}

/// A stored value as a finding quotes it: cut, and safe for a terminal.
#[must_use]
pub fn quoted(value: &str) -> String {
    sanitize::snippet(value, QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_bounded_and_the_verdict_is_the_worst() {
        let mut check = Check::of("rows");
        let mut made = 0;
        for number in 0..LISTED + 7 {
            let verdict = if number == 3 { Verdict::Damage } else { Verdict::Attention };
            let remedy = if number == 3 { "mend it" } else { "look" };
            check.find(verdict, remedy, || {
                made += 1;
                format!("\u{1b}[31m{number}")
            });
        }
        assert_eq!((check.findings.len(), check.more, made), (LISTED, 7, LISTED));
        assert_eq!((check.verdict, check.remedy.as_deref()), (Verdict::Damage, Some("mend it")));
        assert!(!check.findings[0].text.contains('\u{1b}'), "{}", check.findings[0].text);
    }
}
