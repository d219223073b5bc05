//! What the tests of disks share: a source, file systems of any size, and what a refusal must say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use highwater::playground::Options;

use crate::support::highwater::BINARY;
use crate::support::{Api, BuiltIn, Done, Highwater, Rows, Table, promise};

/// A source whose rows stand still, with no ties.
pub struct Source {
    server: BuiltIn,
    /// What it serves.
    pub rows: Rows,
}

impl Source {
    /// So many users in pages of 50.
    pub fn of(users: usize) -> Self {
        Self::slow(users, Duration::ZERO)
    }

    /// The same, where each answer takes a while.
    pub fn slow(users: usize, latency: Duration) -> Self {
        let options = Options { users, latency, frozen: true, keep_alive: true, ..Options::default() };
        let server = BuiltIn::start(options);
        let rows = Api::new(&server.url()).rows();
        Self { server, rows }
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The program with this source, and the directory of its database made.
    pub fn highwater(&self) -> Highwater {
        let highwater = Highwater::against(&self.url());
        fs::create_dir(folder(&highwater)).unwrap();
        highwater
    }

    /// The same, after so many pages of the first run.
    pub fn after(&self, pages: u64) -> Highwater {
        let highwater = self.highwater();
        let done = highwater.sync(&["--max-pages", &pages.to_string()]);
        assert_eq!(done.code(), 4, "{done}");
        highwater
    }

    /// Checks that one more run brings everything.
    pub fn completes(&self, highwater: &Highwater) {
        let done = highwater.sync(&[]);
        assert_eq!(done.code(), 0, "{done}");
        promise::check_complete(&Table::of(&highwater.db()), &self.rows);
    }
}

/// The directory of its database.
pub fn folder(highwater: &Highwater) -> PathBuf {
    highwater.db().parent().unwrap().to_owned()
}

/// A file beside its database.
pub fn beside(highwater: &Highwater, suffix: &str) -> PathBuf {
    let mut path = highwater.db().into_os_string();
    path.push(suffix);
    path.into()
}

/// Panics unless the program failed with words: which file, what, and what to do; and with nothing of its insides.
pub fn assert_refused(done: &Done, words: &[&str]) {
    assert_eq!(done.code(), 1, "{done}");
    let told = format!("{}{}", done.stdout, done.stderr);
    for word in words {
        assert!(told.contains(word), "nothing of {word:?}: {done}");
    }
    assert_calm(done);
}

/// Panics if the program did.
pub fn assert_calm(done: &Done) {
    let told = format!("{}{}", done.stdout, done.stderr);
    for word in ["panicked", "RUST_BACKTRACE", "unwrap", "src/"] {
        assert!(!told.contains(word), "{word:?}: {done}");
    }
}

/// A small file system of its own. It goes when this is dropped.
pub struct Tmpfs(PathBuf);

impl Tmpfs {
    /// Puts one at a directory, of so many KiB; `None`, and a word about it, where that may not be done.
    pub fn mount(at: &Path, size: u64) -> Option<Self> {
        let option = format!("size={size}k");
        let tried = run("mount", &["-t", "tmpfs", "-o", &option, "tmpfs", at.to_str()?]);
        skip_unless(&tried, "a small file system cannot be mounted").then(|| Self(at.to_owned()))
    }

    /// Changes how it is mounted.
    pub fn remount(&self, options: &str) {
        let at = self.0.to_str().unwrap();
        let done = run("mount", &["-o", &format!("remount,{options}"), at]).unwrap();
        assert!(done.status.success(), "{done:?}");
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = run("umount", &["--lazy", self.0.to_str().unwrap_or_default()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> std::io::Result<Output> {
    Command::new(program).args(arguments).output()
}

/// Says why a test is skipped, if it is.
fn skip_unless(tried: &std::io::Result<Output>, why: &str) -> bool {
    match tried {
        Ok(done) if done.status.success() => true,
        Ok(done) => {
            eprintln!("skipped: {why}: {}", String::from_utf8_lossy(&done.stderr).trim());
            false
        }
        Err(error) => {
            eprintln!("skipped: {why}: {error}");
            false
        }
    }
}

/// The user to whom no file belongs.
const NOBODY: u32 = 65_534;

/// From now on the program runs as a user who may do nothing but what permissions allow, and its home is his; false,
/// and a word about it, where that can't be had.
pub fn unprivileged(highwater: &mut Highwater) -> bool {
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let nobody = NOBODY.to_string();
    let become_him = ["setpriv", "--reuid", &nobody, "--regid", &nobody, "--clear-groups"];
    if !skip_unless(&run(become_him[0], &[&become_him[1..], &["true"]].concat()), "no unprivileged user") {
        return false;
    }
    // Where the tests were built, he may not look.
    fs::copy(BINARY, highwater.home().join("program")).unwrap();
    for at in ["", "program", "rows"] {
        give_to_nobody(&highwater.home().join(at));
    }
    for file in fs::read_dir(folder(highwater)).unwrap() {
        give_to_nobody(&file.unwrap().path());
    }
    let program = ["sh", "-c", "exec ./program \"$@\""];
    highwater.start_through(&[&become_him[..], &program].concat());
    true
}

/// Makes a file another user's; false, and a word about it, where only root may.
pub fn give_away(path: &Path) -> bool {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give {} away", path.display());
        return false;
    }
    give_to_nobody(path);
    true
}

fn give_to_nobody(path: &Path) {
    std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}
