//! The scroll token, raw and as far as it can be read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use chrono::{DateTime, Utc};

use super::entries::safe;

/// A scroll token as the screen shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token as the source gave it, made safe.
    pub raw: String,
    /// What it says, where it is base64 of readable text.
    pub decoded: Option<String>,
    /// When it was given, if that is known.
    pub at: Option<DateTime<Utc>>,
    /// The page that it came with, if that is known.
    pub page: Option<u64>,
}

impl Token {
    /// Reads what the source gave.
    #[must_use]
    pub fn new(raw: &str, at: Option<DateTime<Utc>>, page: Option<u64>) -> Self {
        Self { raw: safe(raw), decoded: decode(raw), at, page }
    }
}

/// The readable text that a token is base64 of, if it is. Short tokens are left alone: most short words happen to
/// be valid base64 of something.
fn decode(raw: &str) -> Option<String> {
    let bytes =
        STANDARD_PAD_INDIFFERENT.decode(raw).or_else(|_| URL_SAFE_PAD_INDIFFERENT.decode(raw)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let readable = text.chars().count() >= 4 && text.chars().all(|c| !c.is_control());
    readable.then(|| safe(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_text_is_read_padded_or_not() {
        let expected = Some("2026-11-16T19:05:47Z".to_owned());
        assert_eq!(decode("MjAyNi0xMS0xNlQxOTowNTo0N1o="), expected);
        assert_eq!(decode("MjAyNi0xMS0xNlQxOTowNTo0N1o"), expected);
    }

    #[test]
    fn anything_else_is_shown_as_it_is() {
        for raw in ["", "next", "page-2", "AAAAAAAA", "//////", "not base64!"] {
            assert_eq!(decode(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn a_hostile_token_is_made_safe_raw_and_decoded() {
        let token = Token::new("\u{1b}[2J", None, None);
        assert_eq!(token.raw, "<U+001B>[2J");
        let hidden = base64::engine::general_purpose::STANDARD.encode("abc\u{202e}def");
        assert_eq!(decode(&hidden).as_deref(), Some("abc<U+202E>def"));
    }

    #[test]
    fn a_token_of_megabytes_is_kept_in_part() {
        assert!(Token::new(&"T".repeat(3_000_000), None, None).raw.len() < 20_000);
    }
}
