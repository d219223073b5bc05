//! The `Link` header (RFC 8288): the address whose relation is `next`.

use reqwest::header::{HeaderMap, LINK};

/// The target of the first link whose relations have `next` among them, as it stands there.
pub(super) fn next(headers: &HeaderMap) -> Option<String> {
    headers.get_all(LINK).into_iter().find_map(|value| {
        // A title may hold any bytes.
        let value = String::from_utf8_lossy(value.as_bytes());
        let next = links(&value).find(|(_, parameters)| is_next(parameters));
        next.map(|(target, _)| target.to_owned())
    })
}

/// The links of a header: their targets, and what stands behind each.
fn links(value: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let (target, behind) = rest.split_once('<')?.1.split_once('>')?;
        let end = outside_quotes(behind, ',').unwrap_or(behind.len());
        rest = &behind[end..];
        Some((target, &behind[..end]))
    })
}

/// True if a link's parameters name it the next one. Of several relations the first counts (RFC 8288, section 3.3), and
/// none that something else than the answer has, its anchor (section 3.2).
fn is_next(parameters: &str) -> bool {
    let (mut rest, mut next) = (parameters, None);
    while let Some((_, parameter)) = rest.split_once(';') {
        let end = outside_quotes(parameter, ';').unwrap_or(parameter.len());
        rest = &parameter[end..];
        let Some((name, value)) = parameter[..end].split_once('=') else { continue };
        let name = name.trim();
        if name.eq_ignore_ascii_case("anchor") {
            return false;
        }
        if name.eq_ignore_ascii_case("rel") {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            next = next.or(Some(relations.any(|relation| relation.eq_ignore_ascii_case("next"))));
        }
    }
    next == Some(true)
}

/// Where a character first stands outside of quotes.
fn outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.char_indices().find_map(|(at, character)| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == wanted && !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        next(&headers)
    }

    #[test]
    fn the_next_one_is_found_however_it_is_written() {
        let next = Some("/n?a=1,2;b");
        for value in [
            r#"</n?a=1,2;b>; rel="next""#,
            r#"</p>; rel="prev", </n?a=1,2;b>; rel="next", </l>; rel="last""#,
            r"</n?a=1,2;b>;rel=next",
            r#"</p>; rel=prev; title="é", </n?a=1,2;b>; rel=next"#,
            r#"</n?a=1,2;b>; title="a, \"b\"; <c>"; REL = "last Next""#,
            r#"</p>; title="rel=\"next\""; rel=prev,</n?a=1,2;b>; rel=next; rel=prev"#,
        ] {
            assert_eq!(of(&[value]).as_deref(), next, "{value}");
        }
        assert_eq!(
            of(&["</p>; rel=prev", "</n?a=1,2;b>; rel=next"]).as_deref(),
            next,
            "in a header of its own"
        );
    }

    #[test]
    fn what_is_no_next_link_is_none() {
        for value in [
            "",
            "next",
            "<",
            "</n",
            "</n>",
            "</n>; rel",
            "</n>; rel=prev; rel=next",
            "</n>; title=\"; rel=next\"",
            "</n>; rel=next; anchor=\"/other\"",
        ] {
            assert_eq!(of(&[value]), None, "{value}");
        }
        assert_eq!(of(&[]), None);
    }
}
