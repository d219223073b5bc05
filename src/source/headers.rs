//! The headers of an answer that are worth keeping: those of the limit, the clock and the server. None of them holds
//! a secret; one that could (`Set-Cookie`) has no business here.

use reqwest::header::HeaderMap;

use crate::sanitize;

/// How many headers are kept at most.
const MOST: usize = 16;
/// How many characters of a value.
const VALUE: usize = 200;

/// The headers that are kept, by name, their values safe for a terminal.
pub(super) fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut kept: Vec<_> = headers
        .iter()
        .filter(|(name, _)| matters(name.as_str()))
        .take(MOST)
        .map(|(name, value)| {
            let value = sanitize::snippet(&String::from_utf8_lossy(value.as_bytes()), VALUE);
            (name.as_str().to_owned(), value)
        })
        .collect();
    // A map of headers has no order of its own.
    kept.sort_by(|(one, _), (other, _)| one.cmp(other));
    kept
}

/// True if a header of that name, in lower case, is kept.
fn matters(name: &str) -> bool {
    matches!(name, "date" | "etag" | "retry-after" | "server" | "x-request-id")
        || ["ratelimit", "x-ratelimit-", "x-rate-limit-"].iter().any(|family| name.starts_with(family))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn map(headers: &[(&str, &[u8])]) -> HeaderMap {
        let header = |(name, value): &(&str, &[u8])| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value).unwrap())
        };
        headers.iter().map(header).collect()
    }

    #[test]
    fn what_matters_is_kept_by_name_and_nothing_else() {
        let headers = map(&[
            ("X-RateLimit-Remaining", b"3"),
            ("Content-Type", b"application/json"),
            ("Server", b"nginx"),
            ("Set-Cookie", b"session=secret"),
            ("RateLimit", b"r=3;t=1"),
            ("Date", b"Sun, 06 Nov 1994 08:49:30 GMT"),
            ("Authorization", b"Bearer secret"),
        ]);
        let names: Vec<String> = kept(&headers).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["date", "ratelimit", "server", "x-ratelimit-remaining"]);
    }

    #[test]
    fn whatever_a_source_sends_what_is_kept_is_bounded_and_safe() {
        let names: Vec<String> = (0..99).map(|number| format!("x-ratelimit-{number}")).collect();
        let long = [b"\x9b\xff\t".as_slice(), &[b'a'; 5_000]].concat();
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), long.as_slice())).collect();
        let kept = kept(&map(&headers));
        assert_eq!(kept.len(), MOST);
        for (_, value) in kept {
            assert_eq!(value.chars().count(), VALUE + 1, "and an ellipsis");
            assert_eq!(sanitize::line(&value), value);
        }
    }
}
