//! A scenario from its beginning to its end, and what is wrong with it, if anything is.
//!
//! First the process runs while the faults strike, and perhaps a second one after it was stopped or killed; then the
//! faults are off, and one more run must make the table equal the source; and where rows were lost with a word, or
//! could not be known of, a full re-sync must find them. After each process the oracle judges what stands.

use std::path::Path;
use std::time::Duration;

use highwater::record::Cursor;
use highwater::run::{Outcome, Start};
use highwater::sanitize;
use highwater::sync::event::{NoticeKind, RunEnded};
use highwater::walk::{End, Mode};
use rand::{Rng as _, RngExt as _};
use rusqlite::Connection;
use serde_json::Value;

use super::api::{Api, MOST};
use super::fault::{Change, Fault, Paging, Strike};
use super::judge::{Left, Told, aged};
use super::left;
use super::play::{Act, Done, Operator, Setup, process};
use super::scenario::Scenario;

/// What a scenario comes to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong; empty if every promise holds.
    pub breaches: Vec<String>,
    /// Every event and request, without what depends on the machine.
    pub history: Vec<String>,
    /// How the run ended that the faults struck.
    pub outcome: Option<Outcome>,
    /// True if a process was stopped or killed in the middle.
    pub interrupted: bool,
}

/// A scenario under way.
struct Play<'a> {
    scenario: &'a Scenario,
    api: Api,
    file: &'a Path,
    setup: Setup,
    told: Told,
    /// How the destination stood after the last process.
    before: Left,
    verdict: Verdict,
}

/// Plays a scenario on a clock of its own, into a new file.
pub fn play(scenario: &Scenario) -> Verdict {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(whole(scenario, &folder.path().join("a.db")))
}

async fn whole(scenario: &Scenario, file: &Path) -> Verdict {
    let mut dice = scenario.dice();
    let faults: Vec<_> = scenario.faults.iter().map(|fault| (*fault, Strike::pick(&mut dice))).collect();
    let operator = Operator::pick(&mut dice);
    let again = [Start::Token, Start::Token, Start::Checkpoint, Start::Full][dice.random_range(0..4)];
    let setup = Setup {
        walk: scenario.walk,
        follow_empty: dice.random(),
        lanes: scenario.lanes,
        commit: Duration::from_millis(dice.random_range(0..600)),
        seed: dice.next_u64(),
    };
    let earlier = dice.random_bool(0.3);
    let by_token = scenario.walk == Mode::Scroll;
    let told = Told { by_token, ..Told::default() };
    let (api, verdict) = (Api::new(faults.clone(), dice), Verdict::default());
    let mut play = Play { scenario, api, file, setup, told, before: Left::default(), verdict };
    if earlier {
        play.run_before().await;
    }
    play.api.lock().on = true;
    let done = play.one(Start::Token, operator).await;
    play.judge_end(&done, operator);
    if operator.leaves() {
        play.verdict.interrupted = true;
        // What shows that a bound is exclusive is a row of the same run.
        let exclusive = scenario.faults.contains(&Fault::Paging(Paging::Exclusive));
        let done = play.one(if exclusive { Start::Token } else { again }, Operator::NONE).await;
        play.judge_end(&done, Operator::NONE);
    }
    play.api.lock().on = false;
    play.afterwards().await;
    let server = play.api.lock();
    play.verdict.history.extend(server.asked.iter().cloned());
    let foreign = server.foreign.iter().map(|url| format!("another origin was asked: {url}"));
    play.verdict.breaches.extend(foreign);
    if server.asked.len() > MOST {
        play.verdict.breaches.push(format!("unbounded: {} requests", server.asked.len()));
    }
    drop(server);
    play.verdict
}

impl Play<'_> {
    fn breach(&mut self, what: impl Into<String>) {
        self.verdict.breaches.push(what.into());
    }

    /// A run of an earlier day: the destination holds what the source had then.
    async fn run_before(&mut self) {
        let done = self.one(Start::Token, Operator::NONE).await;
        if done.ended.is_none_or(|ended| ended.outcome != Outcome::Complete) {
            self.breach("a run without faults does not complete");
        }
        self.time_goes_on();
    }

    /// Rows are inserted and updated between two runs.
    fn time_goes_on(&mut self) {
        let mut server = self.api.lock();
        let now = server.now();
        let mut dice = self.scenario.dice();
        for change in [Change::Inserts, Change::Updates, Change::Inserts, Change::Updates] {
            server.table.change(change, now, &mut dice);
        }
    }

    /// One process, and the oracle's judgement of what it left.
    async fn one(&mut self, start: Start, operator: Operator) -> Done {
        let done = process(&self.api, self.file, start, operator, self.setup).await;
        self.verdict.history.extend(done.history.iter().cloned());
        for notice in &done.notices {
            match &notice.kind {
                NoticeKind::TieUnsafe { cursor } | NoticeKind::TieOverflow { cursor } => {
                    self.told.values.insert(cursor.instant().unwrap());
                }
                NoticeKind::NotInclusive => self.told.exclusive = true,
                NoticeKind::OrderViolated => self.told.out_of_order = true,
                _ => {}
            }
        }
        self.texts_are_safe(&done);
        let killed = operator.act == Act::Kill;
        let left = left::read(&Connection::open(self.file).unwrap());
        let truth = &self.api.lock().table.truth;
        let mut found = aged(&self.before, &left);
        found.extend(left.disagreements());
        found.extend(truth.made_up(&left));
        found.extend(truth.lost(&left, &self.told));
        found.extend(untold(&done, &self.before, &left, killed));
        self.verdict.breaches.extend(found);
        self.before = left;
        done
    }

    /// Nothing that is told holds what a terminal might obey.
    fn texts_are_safe(&mut self, done: &Done) {
        let notices = done.notices.iter().map(|notice| &notice.text);
        let ended = done.ended.iter().flat_map(|ended| ended.attention.iter().chain([&ended.text]));
        let unsafe_: Vec<String> = notices
            .chain(ended)
            .filter(|text| sanitize::line(text) != **text)
            .map(|text| format!("{text:?}"))
            .collect();
        self.verdict
            .breaches
            .extend(unsafe_.into_iter().map(|text| format!("not safe for a terminal: {text}")));
    }

    /// Whether a run that the faults struck ended as it may.
    fn judge_end(&mut self, done: &Done, operator: Operator) {
        let Some(ended) = &done.ended else {
            if !operator.leaves() {
                self.breach("no end");
            }
            return;
        };
        self.verdict.outcome = Some(ended.outcome);
        match ended.outcome {
            Outcome::Complete => self.judge_complete(done, ended),
            Outcome::Paused | Outcome::Stopped if operator.leaves() => {}
            Outcome::Paused | Outcome::Stopped => self.breach("it stopped, and nobody asked for it"),
            Outcome::Failed => {
                let words: Vec<&str> =
                    self.scenario.faults.iter().flat_map(|fault| fault.words()).copied().collect();
                if !words.iter().any(|word| ended.text.contains(word)) {
                    self.breach(format!("the end does not name its cause, {words:?}: {}", ended.text));
                }
                let passes = |fault: &Fault| {
                    self.api.lock().faults.iter().any(|(known, strike)| known == fault && strike.passes())
                };
                if let [fault] = self.scenario.faults.as_slice()
                    && fault.is_got_over()
                    && passes(fault)
                {
                    self.breach(format!("a fault that passes ended the run: {}", ended.text));
                }
            }
        }
    }

    fn judge_complete(&mut self, done: &Done, ended: &RunEnded) {
        let unexplained = matches!(ended.end, End::EmptyPage { token: true } | End::NoData);
        if unexplained && ended.attention.is_empty() {
            self.breach(format!("an end that explains nothing asks for no attention: {ended:?}"));
        }
        if let [fault] = self.scenario.faults.as_slice()
            && let Some(name) = fault.notice()
            && self.api.lock().struck.contains(fault.name())
        {
            let told = done.notices.iter().map(|notice| serde_json::to_value(&notice.kind).unwrap());
            let told: Vec<Value> = told.map(|mut kind| kind["about"].take()).collect();
            if !told.iter().any(|told| told == name) && !self.verdict.interrupted {
                self.breach(format!("no {name} was told, but {told:?}"));
            }
        }
    }

    /// With the faults off: one more run makes the table equal the source, but for what was told; a full re-sync
    /// brings that too, but for values that fill more than a page.
    async fn afterwards(&mut self) {
        self.time_goes_on();
        let mut done = self.one(Start::Token, Operator::NONE).await;
        if done.ended.as_ref().is_some_and(|ended| ended.end == End::NotAnchorable) {
            // What was learned of the source's order stays known until a run is complete; it says what to do.
            self.setup.walk = Mode::Auto;
            done = self.one(Start::Token, Operator::NONE).await;
        }
        self.must_complete(&done, "with the faults off");
        if done.is_continued {
            // What changed behind the place where it went on is the next one's.
            let done = self.one(Start::Token, Operator::NONE).await;
            self.must_complete(&done, "after the one that was gone on with");
        }
        let differences = self.api.lock().table.truth.differences(&self.before, &self.told);
        self.verdict
            .breaches
            .extend(differences.into_iter().map(|what| format!("after one more run, {what}")));
        let elusive = !self.api.lock().table.truth.elusive.is_empty();
        let told = &self.told;
        if !elusive && told.values.is_empty() && !told.by_token && !told.out_of_order && !told.exclusive {
            return;
        }
        self.setup.walk = Mode::Auto;
        self.told = Told::default();
        self.api.lock().table.truth.elusive.clear();
        let done = self.one(Start::Full, Operator::NONE).await;
        self.must_complete(&done, "in a full re-sync");
        let differences = self.api.lock().table.truth.differences(&self.before, &self.told);
        self.verdict
            .breaches
            .extend(differences.into_iter().map(|what| format!("after a full re-sync, {what}")));
    }

    fn must_complete(&mut self, done: &Done, when: &str) {
        match &done.ended {
            Some(ended) if ended.outcome == Outcome::Complete => {}
            Some(ended) => self.breach(format!("{when}, the run ended {:?}: {}", ended.outcome, ended.text)),
            None => self.breach(format!("{when}, no end")),
        }
    }
}

/// Where what was told is not what stands: an event comes after the commit that it speaks of, and after each commit.
fn untold(done: &Done, before: &Left, left: &Left, killed: bool) -> Vec<String> {
    let logged: Vec<_> = left.log[before.log.len()..].iter().map(|page| (page.run, page.page)).collect();
    let mut found = Vec::new();
    // A killed process may not have come to tell of the last commit.
    let agree = if killed { logged.starts_with(&done.pages) } else { logged == done.pages };
    if !agree {
        found.push(format!("told of {:?}, stored {logged:?}", done.pages));
    }
    if let Some(ended) = &done.ended
        && (i64::try_from(ended.rows).unwrap(), ended.checkpoint.as_ref().and_then(Cursor::instant))
            != (left.counted, left.checkpoint)
    {
        found.push(format!("the end tells of {} rows up to {:?}: {left:?}", ended.rows, ended.checkpoint));
    }
    found
}
