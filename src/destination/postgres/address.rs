//! The address of a PostgreSQL database: where it is, as whom it is asked, and how far the way to it is trusted.
//!
//! A password is taken out of the address as soon as it is read. It comes from there, from `PGPASSWORD` or from the
//! file of passwords that PostgreSQL's own programs read, and goes nowhere but to the server.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

/// What a URL of a PostgreSQL database starts with.
const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// The parameters of an address that mean something here.
const PARAMETERS: [&str; 6] = ["host", "schema", "sslmode", "sslrootcert", "lock", "connect_timeout"];

/// The longest name that is not cut by the server, in bytes.
/// Source: PostgreSQL documentation, "Identifiers and Key Words" (`NAMEDATALEN`).
pub(super) const LONGEST_NAME: usize = 63;

/// How many seconds a connection may take to come about.
const CONNECT: u64 = 10;

/// A password. Neither shown nor compared in the open.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<Zeroizing<String>>);

impl Password {
    /// Takes a password, as it is.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The password itself, for the server and for nothing else.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether the way to the server is encrypted, and whether the server must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted if the server can; it proves nothing.
    Prefer,
    /// Encrypted. The server proves who it is only if there are certificates to go by (`sslrootcert`).
    Require,
    /// Encrypted, and the server proves that it is the host of the address.
    VerifyFull,
}

impl SslMode {
    const ALL: [Self; 4] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyFull];

    fn word(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// What keeps a second writer out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// An advisory lock of the session, where the server has them.
    Advisory,
    /// A lease that is renewed, for servers whose advisory locks may lock nothing.
    Lease,
}

/// The address of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name, an IP address, or the directory of a Unix socket.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    /// The schema that was named; without one, the first of the user's search path.
    pub(super) schema: Option<String>,
    sslmode: Option<SslMode>,
    pub(super) root: Option<PathBuf>,
    pub(super) lock: LockKind,
    pub(super) connect_timeout: u64,
    pub(super) password: Option<Password>,
}

impl Address {
    /// True if a text is meant for a database like this, right or wrong.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    }

    /// Reads a URL: `postgres://user@host:port/database?schema=NAME`.
    ///
    /// # Errors
    /// What is wrong with it, in words that quote none of it: a part of it may be a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXAMPLE: &str = "write it as postgres://user@host:port/database";
        let url = Url::parse(text).map_err(|why| format!("the value is no URL ({why}); {EXAMPLE}"))?;
        if !SCHEMES.contains(&url.scheme()) || !text[url.scheme().len()..].starts_with("://") {
            return Err(format!("the value is no address of PostgreSQL; {EXAMPLE}"));
        }
        if url.fragment().is_some() {
            return Err(
                "the value has a fragment (#…), which means nothing here: write a # in a password as %23"
                    .to_owned(),
            );
        }
        let mut address = Self {
            host: decoded(url.host_str().unwrap_or_default())?,
            port: url.port().unwrap_or(5432),
            user: decoded(url.username())?,
            database: decoded(url.path().trim_start_matches('/'))?,
            schema: None,
            sslmode: None,
            root: None,
            lock: LockKind::Advisory,
            connect_timeout: CONNECT,
            password: url.password().map(decoded).transpose()?.map(Password::new),
        };
        for (name, value) in url.query_pairs() {
            address.parameter(&name, &value)?;
        }
        if address.host.is_empty() {
            address.host = "localhost".to_owned();
        }
        if address.user.is_empty() {
            address.user = ["PGUSER", "USER", "USERNAME"]
                .iter()
                .find_map(|name| std::env::var(name).ok())
                .ok_or("the value names no user, and the environment ($USER) none either; write user@ before the host")?;
        }
        if address.database.is_empty() {
            address.database.clone_from(&address.user);
        }
        Ok(address)
    }

    fn parameter(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "host" => self.host = value.to_owned(),
            "schema" if value.is_empty() || value.len() > LONGEST_NAME || value.contains('\0') => {
                return Err(format!("schema is a name of 1 to {LONGEST_NAME} bytes"));
            }
            "schema" => self.schema = Some(value.to_owned()),
            "sslmode" => {
                let mode = SslMode::ALL.into_iter().find(|mode| mode.word() == value);
                let words = SslMode::ALL.map(SslMode::word).join(", ");
                self.sslmode = Some(mode.ok_or_else(|| format!("sslmode is one of {words}"))?);
            }
            "sslrootcert" => self.root = Some(value.into()),
            "lock" => {
                self.lock = match value {
                    "advisory" => LockKind::Advisory,
                    "lease" => LockKind::Lease,
                    _ => return Err("lock is one of advisory, lease".to_owned()),
                }
            }
            "connect_timeout" => {
                let seconds = value.parse().ok().filter(|seconds| (1..=600).contains(seconds));
                self.connect_timeout = seconds.ok_or("connect_timeout is 1 to 600 (seconds)")?;
            }
            // Its name may be a piece of a password that holds a question mark.
            _ => {
                return Err(format!(
                    "the value has a parameter that means nothing here; there are {}",
                    PARAMETERS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// True if the address holds a password of its own.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The same address with a password that is kept elsewhere.
    #[must_use]
    pub fn with_password(self, password: Password) -> Self {
        Self { password: Some(password), ..self }
    }

    /// Whether the way is encrypted: as the address says, and else so that nobody beyond this machine can listen or
    /// take the server's place.
    pub(super) fn sslmode(&self) -> SslMode {
        self.sslmode.unwrap_or(if self.is_here() { SslMode::Prefer } else { SslMode::VerifyFull })
    }

    /// True if it is a directory with a Unix socket.
    pub(super) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// True if what is sent does not leave this machine.
    fn is_here(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.is_socket() || bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The address as one would write it, with everything but the password.
    #[must_use]
    pub fn url(&self) -> String {
        let mut parameters = Vec::new();
        if self.is_socket() {
            parameters.push(format!("host={}", self.host));
        }
        if let Some(schema) = &self.schema {
            parameters.push(format!("schema={}", encoded(schema)));
        }
        if let Some(mode) = self.sslmode {
            parameters.push(format!("sslmode={}", mode.word()));
        }
        if let Some(root) = &self.root {
            parameters.push(format!("sslrootcert={}", encoded(&root.to_string_lossy())));
        }
        if self.lock == LockKind::Lease {
            parameters.push("lock=lease".to_owned());
        }
        if self.connect_timeout != CONNECT {
            parameters.push(format!("connect_timeout={}", self.connect_timeout));
        }
        let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
        format!("{}{query}", self.base())
    }

    /// Where it is, without how it is reached.
    fn base(&self) -> String {
        // An address with a user has a host; the parameter says better.
        let host = if self.is_socket() { "localhost" } else { &self.host };
        let (user, database) = (encoded(&self.user), encoded(&self.database));
        format!("postgres://{user}@{host}:{port}/{database}", port = self.port)
    }
}

impl fmt::Display for Address {
    /// Where it is, for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base())?;
        if self.is_socket() {
            write!(f, "?host={}", self.host)?;
        }
        match &self.schema {
            Some(schema) => {
                let joint = if self.is_socket() { '&' } else { '?' };
                write!(f, "{joint}schema={}", encoded(schema))
            }
            None => Ok(()),
        }
    }
}

/// What stands in an address as it is: PostgreSQL's names seldom need more, and are easier to read so.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b'/');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(String::from).map_err(|_| "the value is not UTF-8 once its %XX are read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn an_address_is_written_without_its_password_and_read_back_the_same() {
        for text in [
            "postgres://me@db.example:6432/sales?schema=a%20b&sslmode=require&sslrootcert=/ca.pem",
            "postgres://me@[::1]:5432/sales?lock=lease&connect_timeout=3",
            "postgres://me@localhost:5432/sales?host=/run/postgresql",
        ] {
            assert_eq!(address(text).url(), text);
        }
        let secret = address("postgresql://me:hunter%3222@db.example/sales");
        assert_eq!(secret.password.as_ref().map(Password::expose), Some("hunter222"));
        assert_eq!(secret.url(), "postgres://me@db.example:5432/sales");
        assert!(!format!("{secret} {secret:?}").contains("hunter"), "{secret:?}");
    }

    #[test]
    fn what_is_refused_is_not_quoted() {
        for text in [
            "postgres://me:hunter2@host:notaport/",
            "postgres:me:hunter2",
            "postgres://me:hunter2@host/db#rest",
            "postgres://me:x?hunter2@host/db",
            "postgres://me:hunter2@h/db?sslmode=hunter2",
            "postgres://me:%ff@h/db",
        ] {
            let message = Address::parse(text).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert!(Address::is_meant("POSTGRES:x") && !Address::is_meant("postgres.db"));
    }

    #[test]
    fn beyond_this_machine_the_server_proves_who_it_is() {
        for (host, mode) in [
            ("localhost", SslMode::Prefer),
            ("127.9.9.9", SslMode::Prefer),
            ("[::1]", SslMode::Prefer),
            ("10.0.0.1", SslMode::VerifyFull),
            ("localhost.example", SslMode::VerifyFull),
        ] {
            assert_eq!(address(&format!("postgres://me@{host}/db")).sslmode(), mode, "{host}");
        }
        assert_eq!(address("postgres://me@h/db?sslmode=disable").sslmode(), SslMode::Disable);
    }
}
