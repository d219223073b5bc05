//! The real binary on a machine of its own: no settings, no variables, a home that goes away.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long the program may stay silent before a test gives it up for hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program.
pub const BINARY: &str = env!("CARGO_BIN_EXE_highwater");

/// What the program may know of the machine that the tests run on.
const KEPT: &[&str] = &["PATH", "SYSTEMROOT", "TEMP", "TMP", "LLVM_PROFILE_FILE"];

/// The program, with one destination and, if it is told, one source.
pub struct Highwater {
    home: TempDir,
    url: Option<String>,
    variables: Vec<(String, String)>,
    /// A program that starts this one, and what it is told before.
    through: Vec<String>,
}

impl Highwater {
    /// With the built-in playground, which answers at once.
    pub fn built_in() -> Self {
        Self::made(None).with("HIGHWATER_PLAYGROUND_LATENCY", "0ms")
    }

    /// With that source.
    pub fn against(url: &str) -> Self {
        Self::made(Some(url.to_owned()))
    }

    /// With a variable in its environment.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// From now on with another variable in its environment, or without it.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// From now on started by another program, which is told these first; by none if there are none.
    pub fn start_through(&mut self, through: &[&str]) {
        self.through = through.iter().map(|&word| word.to_owned()).collect();
    }

    fn made(url: Option<String>) -> Self {
        Self { home: tempfile::tempdir().unwrap(), url, variables: Vec::new(), through: Vec::new() }
    }

    /// The same destination, with another source.
    pub fn turn_to(&mut self, url: &str) {
        self.url = Some(url.to_owned());
    }

    /// Its home, which is also where it works.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Its database.
    pub fn db(&self) -> PathBuf {
        self.home().join("rows/highwater.db")
    }

    /// `highwater sync --db … --url …` and these, to its end.
    pub fn sync(&self, arguments: &[&str]) -> Done {
        self.start_sync(arguments).end()
    }

    /// The same, under way.
    pub fn start_sync(&self, arguments: &[&str]) -> Running {
        let db = self.db();
        let url = self.url.iter().flat_map(|url| [OsStr::new("--url"), OsStr::new(url)]);
        let first = [OsStr::new("sync"), OsStr::new("--db"), db.as_os_str()];
        self.start(first.into_iter().chain(url).chain(arguments.iter().map(OsStr::new)))
    }

    /// `highwater state --db …` and these, to its end.
    pub fn state(&self, arguments: &[&str]) -> Done {
        let db = self.db();
        let first = [OsStr::new("state"), OsStr::new("--db"), db.as_os_str()];
        self.start(first.into_iter().chain(arguments.iter().map(OsStr::new))).end()
    }

    /// `highwater verify --db … --url …` and these, to its end.
    pub fn verify(&self, arguments: &[&str]) -> Done {
        self.verify_file(&self.db(), arguments)
    }

    /// The same of another file.
    pub fn verify_file(&self, db: &Path, arguments: &[&str]) -> Done {
        let url = self.url.iter().flat_map(|url| [OsStr::new("--url"), OsStr::new(url)]);
        let first = [OsStr::new("verify"), OsStr::new("--db"), db.as_os_str()];
        self.start(first.into_iter().chain(url).chain(arguments.iter().map(OsStr::new))).end()
    }

    /// The checkpoint as `state export` gives it.
    pub fn checkpoint(&self) -> String {
        let exported = self.state(&["export"]);
        assert_eq!(exported.code(), 0, "{exported}");
        let state: Value = serde_json::from_str(&exported.stdout).unwrap();
        assert_eq!(state.as_object().unwrap().len(), 1, "{state}");
        state["last_updated_at"].as_str().unwrap().to_owned()
    }

    /// The program with these arguments and nothing else, under way.
    pub fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        let program: Vec<_> = self.through.iter().map(String::as_str).chain([BINARY]).collect();
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(arguments).current_dir(self.home()).env_clear();
        command.envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
        for name in ["HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"] {
            command.env(name, self.home());
        }
        command.env("XDG_CONFIG_HOME", self.home().join("config"));
        command.env("XDG_DATA_HOME", self.home().join("data"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        Running::spawn(command)
    }
}

/// The program under way. It is killed if this is dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, lines, seen: Vec::new(), stderr: Some(stderr) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its output; `None` once it has closed it.
    pub fn line(&mut self) -> Option<&str> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => self.seen.push(line),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("silent for {PATIENCE:?} after {:#?}", self.seen),
        }
        self.seen.last().map(String::as_str)
    }

    /// With `--json`: reads on to an event that is looked for; `None` if the output ends before.
    pub fn until(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Option<Value> {
        while let Some(line) = self.line() {
            let event = event(line);
            if wanted(&event) {
                return Some(event);
            }
        }
        None
    }

    /// With `--json`: reads on to the first event of that name.
    pub fn until_event(&mut self, name: &str) -> Value {
        self.until(|event| event["event"] == name).unwrap_or_else(|| panic!("no {name}: {:#?}", self.seen))
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(mut self) -> Done {
        self.child.kill().unwrap();
        self.end()
    }

    /// Reads on to its end.
    pub fn end(mut self) -> Done {
        while self.line().is_some() {}
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        let lines: Vec<String> = self.seen.drain(..).map(|line| line + "\n").collect();
        Done { status, stdout: lines.concat(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Most have ended by now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the program did.
#[derive(Debug)]
pub struct Done {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote, with `\n` after each line.
    pub stdout: String,
    /// What it wrote besides.
    pub stderr: String,
}

impl Done {
    /// Its exit code. It must have ended by itself.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("no exit code: {self}"))
    }

    /// What `--json` wrote, an event a line.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().map(event).collect()
    }

    /// The only event of that name.
    pub fn event(&self, name: &str) -> Value {
        let mut found: Vec<Value> =
            self.events().into_iter().filter(|event| event["event"] == name).collect();
        assert_eq!(found.len(), 1, "not one {name}: {self}");
        found.remove(0)
    }
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n--- stdout\n{}--- stderr\n{}", self.status, self.stdout, self.stderr)
    }
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"))
}
