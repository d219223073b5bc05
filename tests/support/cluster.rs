//! A real PostgreSQL server of the tests' own, started by an unprivileged user on a private port, stopped with the
//! process that started it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::LazyLock;

use highwater::destination::postgres::Address;

/// What starts and stops it.
const SCRIPT: &str = include_str!("cluster.sh");

/// The password of its only user.
pub const PASSWORD: &str = "high:water mark";

/// A server.
pub struct Cluster {
    child: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
    folder: PathBuf,
}

impl Cluster {
    /// Starts one; `None` where there is no PostgreSQL, which is said.
    pub fn start(test: &str) -> Option<Self> {
        let Some(bin) = binaries() else {
            eprintln!("SKIPPED {test}: no PostgreSQL (initdb) is installed; `tests/run` installs it");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // It refuses to be root's.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "nobody", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SCRIPT, "cluster.sh"]).arg(bin).args([&port.to_string(), PASSWORD]);
        let mut child =
            command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let words = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut cluster = Self { child, words, answers, port, folder: PathBuf::new() };
        cluster.folder = cluster.answer().into();
        Some(cluster)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the server could not be started");
        line.trim_end().to_owned()
    }

    fn tell(&mut self, words: &str) {
        writeln!(self.words.as_mut().unwrap(), "{words}").unwrap();
        assert_eq!(self.answer(), "done");
    }

    /// Stops it: `smart`, `fast`, or as a crash does, `immediate`.
    pub fn stop(&mut self, mode: &str) {
        self.tell(&format!("stop {mode}"));
    }

    /// From now on with TLS, by `cert.pem` and `key.pem` of that directory.
    pub fn encrypt(&mut self, folder: &Path) {
        self.tell(&format!("tls {}", folder.display()));
    }

    /// Starts it again.
    pub fn again(&mut self) {
        self.tell("start");
    }

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A schema of it, as `--db` takes it; the password with it.
    pub fn url(&self, schema: &str) -> String {
        self.bare_url(schema).replace("highwater@", "highwater:high%3Awater%20mark@")
    }

    /// The same without the password.
    pub fn bare_url(&self, schema: &str) -> String {
        format!("postgres://highwater@127.0.0.1:{}/postgres?schema={schema}", self.port)
    }

    /// The same, read.
    pub fn address(&self, schema: &str) -> Address {
        Address::parse(&self.url(schema)).unwrap()
    }

    /// What a statement gives, by PostgreSQL's own client: a line a row, its columns apart by `|`.
    pub fn sql(&self, schema: &str, sql: &str) -> String {
        let done = Command::new(binaries().unwrap().join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "highwater"])
            .args(["-p", &self.port.to_string(), "-d", "postgres", "-c"])
            .arg(format!("SET search_path = {schema}; {sql}"))
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.words = None;
        // It ends with its input.
        let _ = self.child.wait();
    }
}

/// Where PostgreSQL's programs are: Debian keeps the server's out of the path.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .chain(std::env::split_paths(&path))
        .find(|bin| bin.join("initdb").is_file() && bin.join("psql").is_file())
}

/// The server that most tests of a process share, each with a schema of its own.
static SHARED: LazyLock<Option<Cluster>> = LazyLock::new(|| Cluster::start("every test against PostgreSQL"));

/// That server; `None` where there is no PostgreSQL. It is stopped by the end of this process.
pub fn shared() -> Option<&'static Cluster> {
    SHARED.as_ref()
}
