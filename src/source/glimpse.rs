//! What the end of a body most likely says of the next request, before the body is read: so much is on the way while
//! the rest is found out. A guess, never more: the [`super::decode::Envelope`] has the last word.

use memchr::memmem;
use serde::Deserialize as _;

use super::contract::{Contract, TokenAt};
use crate::record::Cursor;

/// How much of a body's end is looked at, in bytes: a row and a token fit into it.
const END: usize = 1 << 10;

/// The token and the last row's cursor, where the end of a body has both.
#[must_use]
pub fn glimpse(contract: &Contract, body: &[u8]) -> Option<(String, Cursor)> {
    // A flag may have another opinion than the token.
    let (TokenAt::Body(path), None) = (contract.token, contract.more) else { return None };
    let end = &body[body.len().saturating_sub(END)..];
    let name = contract.schema.columns[contract.schema.cursor?].path.last()?;
    let cursor = contract.schema.read_cursor(&last(end, name)?)?;
    let token = last(end, path.0.last()?).filter(|token| !token.is_empty())?;
    Some((token, cursor))
}

/// The text in the last field of that name.
fn last(end: &[u8], name: &str) -> Option<String> {
    let found = memmem::rfind_iter(end, name).find_map(|at| {
        let after = end[at..].strip_prefix(name.as_bytes())?.strip_prefix(b"\"")?;
        let is_name = at.checked_sub(1).is_some_and(|before| end[before] == b'"');
        after.trim_ascii_start().strip_prefix(b":").filter(|_| is_name)
    })?;
    String::deserialize(&mut serde_json::Deserializer::from_slice(found)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KEYSET;

    fn seen(body: &str) -> Option<(String, String)> {
        glimpse(&KEYSET, body.as_bytes()).map(|(token, cursor)| (token, cursor.into()))
    }

    const AT: &str = "2026-11-16T19:05:47Z";

    #[test]
    fn the_last_row_and_the_token_stand_at_the_end_in_any_order() {
        let expected = Some(("a\"b=".to_owned(), AT.to_owned()));
        let row =
            format!(r#"{{"updatedAt":"2026-01-01T00:00:00Z"}},{{"updatedAt" : "{AT}","id":"scroll_param"}}"#);
        let token = r#""scroll_param": "a\"b=""#;
        assert_eq!(seen(&format!(r#"{{"data":[{row}],{token}}}"#)), expected);
        assert_eq!(seen(&format!("{{ {token} , \"data\" : [ {row} ] }}")), expected);
        assert_eq!(seen(&format!(r#"{{"data":[{}{row}],{token}}}"#, "0,".repeat(END))), expected);
    }

    #[test]
    fn without_both_of_them_nothing_is_seen() {
        for body in [
            "",
            r#"{"data":[],"scroll_param":"a"}"#,
            r#"{"data":[{"updatedAt":"2026-11-16T19:05:47Z"}]}"#,
            r#"{"data":[{"updatedAt":"2026-11-16T19:05:47Z"}],"scroll_param":null}"#,
            r#"{"data":[{"updatedAt":"2026-11-16T19:05:47Z"}],"scroll_param":""}"#,
            r#"{"data":[{"updatedAt":"yesterday"}],"scroll_param":"a"}"#,
            r#"{"data":[{"xupdatedAt":"2026-11-16T19:05:47Z"}],"scroll_param":"a"}"#,
            r#"{"data":[{"updatedAt":"2026-11-16T19:05:47Z"}],"scroll_param":"a"#,
        ] {
            assert_eq!(seen(body), None, "{body}");
        }
        let far =
            format!(r#"{{"data":[{{"updatedAt":"{AT}","x":"{}"}}],"scroll_param":"a"}}"#, "x".repeat(END));
        assert_eq!(seen(&far), None);
    }
}
