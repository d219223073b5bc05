//! A password from where PostgreSQL's own programs look for one, if the address has none: `PGPASSWORD`, then the file
//! of passwords (`PGPASSFILE`, else `~/.pgpass`).
//!
//! Source: PostgreSQL documentation, "The Password File".

use std::path::{Path, PathBuf};

use super::address::{Address, Password};
use crate::platform;

/// The password for an address, if there is one.
pub(super) fn find(address: &Address) -> Option<Password> {
    let kept = || std::env::var("PGPASSWORD").ok().filter(|text| !text.is_empty()).map(Password::new);
    address.password.clone().or_else(kept).or_else(|| {
        let path = file()?;
        // Others could have read it, and PostgreSQL's programs do not believe it either.
        if platform::is_open_to_others(&path) {
            return None;
        }
        entry(&std::fs::read_to_string(path).ok()?, address)
    })
}

/// True if there is a file of passwords that is passed over because others can read it.
pub(super) fn passed_over() -> Option<PathBuf> {
    file().filter(|path| platform::is_open_to_others(path))
}

fn file() -> Option<PathBuf> {
    match std::env::var_os("PGPASSFILE") {
        Some(path) => Some(path.into()),
        None => directories::BaseDirs::new().map(|of| of.home_dir().join(Path::new(".pgpass"))),
    }
}

/// The password of the first line that fits: `host:port:database:user:password`, with `*` for any.
fn entry(text: &str, address: &Address) -> Option<Password> {
    let port = address.port.to_string();
    let host = if address.is_socket() { "localhost" } else { &address.host };
    let wanted = [host, &port, &address.database, &address.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [named @ .., password] = fields.as_slice() else { return None };
        let fits = named.len() == wanted.len()
            && named.iter().zip(wanted).all(|(named, wanted)| named == "*" || named == wanted);
        (fits && !password.is_empty()).then(|| Password::new(password.clone()))
    })
}

/// A line's fields; `\:` and `\\` stand for the character itself. Colons in the password need not be escaped.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.len();
        match character {
            ':' if last < 5 => fields.push(String::new()),
            '\\' => fields[last - 1].extend(characters.next()),
            plain => fields[last - 1].push(plain),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# a comment\nother:*:*:*:no\n*:6000:*:me:no\nh:*:d\\:b:me:a\\:b:c\\\\d\n*:*:*:*:last\n";
        let found = |url: &str| entry(file, &Address::parse(url).unwrap()).unwrap().expose().to_owned();
        assert_eq!(found("postgres://me@h/d%3Ab"), "a:b:c\\d");
        assert_eq!(found("postgres://me@h/db"), "last");
        assert!(entry("h:1:2", &Address::parse("postgres://me@h/db").unwrap()).is_none());
    }
}
