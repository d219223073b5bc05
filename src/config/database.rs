//! Where a destination's file stands when nobody names one: one file a source, in the platform's data directory.
//!
//! The name must be the same at every start and on every build, because the checkpoint is in the file.

use std::path::PathBuf;

use directories::ProjectDirs;
use url::Url;

/// The file of the built-in playground.
const PLAYGROUND: &str = "playground.db";

/// A longer host is cut, because a file name has its limits; the hash still tells hosts apart.
const LONGEST_HOST: usize = 80;

/// The directories that the platform gives this program.
pub(super) fn directories() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", env!("CARGO_PKG_NAME"))
}

/// A source by its name and address, as far as it has them. Without an address it is the built-in playground.
type Source<'a> = (Option<&'a str>, Option<&'a Url>);

/// The default file for a source. `None` if the platform knows no data directory.
pub(super) fn default_path(source: Source<'_>) -> Option<PathBuf> {
    // The local one: on Windows the other roams between machines, which a database must not.
    directories().map(|platform| platform.data_local_dir().join(file_name(source)))
}

/// `playground.db`, `<name>-<hash of the URL>.db`, or `<host>[-<port>]-<hash of the URL>.db`.
fn file_name((name, url): Source<'_>) -> String {
    let Some(url) = url else {
        return PLAYGROUND.to_owned();
    };
    if let Some(name) = name {
        return format!("{name}-{:08x}.db", fingerprint(url.as_str()));
    }
    let host: String = url
        .host_str()
        .unwrap_or("")
        .chars()
        .filter(|c| !matches!(c, '[' | ']'))
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' })
        .take(LONGEST_HOST)
        .collect();
    let port = url.port().map(|port| format!("-{port}")).unwrap_or_default();
    format!("{host}{port}-{:08x}.db", fingerprint(url.as_str()))
}

/// A text's fingerprint, the same at every start and on every build: FNV-1a, folded to 32 bits, since the standard
/// library's hash may change from release to release.
#[must_use]
pub fn fingerprint(text: &str) -> u32 {
    let wide = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ((wide >> 32) ^ (wide & 0xffff_ffff)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(url: &str) -> String {
        file_name((None, Some(&Url::parse(url).unwrap())))
    }

    #[test]
    fn a_name_never_changes() {
        assert_eq!(file_name((None, None)), "playground.db");
        let url = Url::parse("https://api.example.com/v1/users").unwrap();
        assert_eq!(file_name((Some("users"), Some(&url))), "users-caf9beaa.db");
        assert_eq!(name("http://127.0.0.1:5001/users"), "127.0.0.1-5001-4bdeb131.db");
        assert_eq!(name("https://api.example.com/v1/users"), "api.example.com-caf9beaa.db");
    }

    #[test]
    fn every_source_has_its_own_file() {
        assert_ne!(name("http://h/a"), name("http://h/b"));
        assert_ne!(name("http://h/"), name("https://h/"));
        assert_eq!(name("http://h:80/a"), name("http://H/a"));
    }

    #[test]
    fn a_name_holds_only_what_every_file_system_takes() {
        for url in ["http://[::1]:5001/x", "http://bücher.example/", "http://a_b/../../x"] {
            let name = name(url);
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c)), "{name}");
        }
        assert!(name(&format!("http://{}.example/", "a".repeat(200))).len() < 120);
    }
}
