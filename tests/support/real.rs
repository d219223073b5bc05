//! The real playground from PyPI, started and stopped.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

/// The environment variable that names the `playground` executable of fivetran-api-playground 1.1.9.
pub const PLAYGROUND: &str = "HIGHWATER_PLAYGROUND";

/// How long a start may take: Python, Flask and two processes on a busy machine.
const START: Duration = Duration::from_secs(60);

/// A path that the modified server answers with 404 and leaves out of its log.
const PROBE: &str = "/is-it-up";

/// The real server with its rows edited: `argv` is port, first tied row, number of tied rows, capacity (0: no rate
/// limit) and the log's path. One process, no reloader.
const MODIFIED: &str = r#"
import sys
import fivetran_api_playground as playground

port, first, tied, capacity = map(int, sys.argv[1:5])
log_path, probe = sys.argv[5:7]
playground.items.sort(key=lambda row: row["updatedAt"])
group = playground.items[first:first + tied]
for row in group:
    row["updatedAt"] = group[-1]["updatedAt"]
playground.app.config["RATE_LIMITING_ENABLED"] = capacity > 0
playground.app.config["RATE_LIMIT_CAPACITY"] = capacity
playground.app.config["RATE_LIMIT_RPS"] = 10
answer = playground.app.wsgi_app

def logged(environ, start_response):
    if environ["PATH_INFO"] != probe:
        query = environ.get("QUERY_STRING", "")
        line = environ["REQUEST_METHOD"] + " " + environ["PATH_INFO"] + ("?" + query if query else "")
        with open(log_path, "a") as log:
            log.write(line + "\n")
    return answer(environ, start_response)

playground.app.wsgi_app = logged
playground.app.run(port=port)
"#;

/// How a modified server differs from the real one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Modified {
    /// How many users share one `updatedAt` across the first cut, which is after 50 rows.
    pub tie: usize,
    /// How many of them the first page still holds.
    pub before_cut: usize,
    /// The rate limit's capacity, if there is one.
    pub capacity: Option<u32>,
}

/// The server from PyPI on a port of its own, with all its processes. It ends when this is dropped.
pub struct RealPlayground {
    child: Child,
    port: u16,
    /// The server's home, its output and its log.
    home: TempDir,
}

impl RealPlayground {
    /// The executable, if the environment names one. Else says, past the test harness's capture, that this test
    /// was skipped and why.
    pub fn executable(test: &str) -> Option<PathBuf> {
        let path = std::env::var_os(PLAYGROUND).filter(|path| !path.is_empty()).map(PathBuf::from);
        if path.is_none() {
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED {test}: {PLAYGROUND} does not name the `playground` executable of fivetran-api-playground"
            );
        }
        path
    }

    /// The server as `playground start [--rate-limit --capacity N]` starts it.
    pub fn start(executable: &Path, capacity: Option<u32>) -> Self {
        Self::run(|port, _| {
            let mut command = Command::new(executable);
            command.args(["start", "--port", &port.to_string()]);
            if let Some(capacity) = capacity {
                command.args(["--rate-limit", "--capacity", &capacity.to_string()]);
            }
            command
        })
    }

    /// The server with its rows edited, and every request noted: see [`Self::requests`].
    pub fn start_modified(executable: &Path, modified: Modified) -> Self {
        let python = executable.with_file_name(if cfg!(windows) { "python.exe" } else { "python" });
        Self::run(|port, home| {
            let numbers = [
                usize::from(port),
                50usize.saturating_sub(modified.before_cut),
                modified.tie,
                modified.capacity.unwrap_or(0) as usize,
            ];
            let mut command = Command::new(&python);
            command.args(["-c", MODIFIED]).args(numbers.map(|number| number.to_string()));
            command.arg(home.join("requests")).arg(PROBE);
            command
        })
    }

    /// The endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/pagination/keyset", self.port)
    }

    /// What a modified server was asked for, oldest first: `GET /pagination/keyset?updated_since=…`.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.home.path().join("requests")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// Starts on a free port; once more on another if somebody took it in between.
    fn run(command: impl Fn(u16, &Path) -> Command) -> Self {
        let mut output = String::new();
        for _ in 0..3 {
            let home = tempfile::tempdir().unwrap();
            let port = free_port();
            let child = spawn(command(port, home.path()), home.path());
            let mut server = Self { child, port, home };
            if server.is_up() {
                return server;
            }
            output = fs::read_to_string(server.home.path().join("output")).unwrap_or_default();
        }
        panic!("the real playground does not start:\n{output}");
    }

    /// Waits until the server answers; false if it ended instead.
    fn is_up(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < START {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if answers(self.port) {
                // With a rate limit the probe cost a token; this is how long the bucket takes to fill up again.
                sleep(Duration::from_millis(150));
                return true;
            }
            sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for RealPlayground {
    fn drop(&mut self) {
        kill_group(&mut self.child);
        let _ = self.child.wait();
    }
}

fn spawn(mut command: Command, home: &Path) -> Child {
    // At its start the server asks PyPI for a newer version, unless it finds that it did so today.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    fs::create_dir(home.join(".ft_api_playground")).unwrap();
    fs::write(home.join(".ft_api_playground/_last_version_check"), now.to_string()).unwrap();
    let output = File::create(home.join("output")).unwrap();
    command.env("HOME", home).env("USERPROFILE", home).current_dir(home);
    command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
    // Flask's reloader makes a second process, which outlives the first: only the group ends both.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

#[cfg(unix)]
fn kill_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(windows)]
fn kill_group(child: &mut Child) {
    let _ = Command::new("taskkill").args(["/F", "/T", "/PID", &child.id().to_string()]).output();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// True if there is a server that answers, whatever it answers. The reloader's first process takes connections
/// that nobody serves yet, so it is not enough to connect.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let mut start = [0; 5];
    stream.set_read_timeout(Some(START)).unwrap();
    stream.write_all(format!("GET {PROBE} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).is_ok()
        && stream.read_exact(&mut start).is_ok()
        && &start == b"HTTP/"
}
