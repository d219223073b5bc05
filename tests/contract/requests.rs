//! What a request may ask for, what is refused, and in which words.

use serde_json::Value;

use super::api::{Api, base64, cursor};

const BOTH: &str = "You can only use 'updated_since' in first request, subsequent requests should use only \
                    'scroll_param'";
const NO_Z: &str = "Invalid date format for 'updated_since'. Must end with 'Z' for UTC";
const NO_DATE: &str = "Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'";
const NO_TOKEN: &str = "Invalid scroll_param value";

async fn first_page(api: &Api) -> Vec<Value> {
    api.get("").await.rows()
}

pub async fn empty_parameters_count_as_absent(api: Api) {
    let first = first_page(&api).await;
    for query in [
        "updated_since=",
        "scroll_param=",
        "updated_since",
        "scroll_param&updated_since",
        "scroll_param=&updated_since=",
        "scroll_param=&updated_since=0001-01-01T00:00:00Z",
        "updated_since=&scroll_param=MDAwMS0wMS0wMVQwMDowMDowMFo=",
        "&",
        "&&updated_since=&",
    ] {
        assert_eq!(api.get(query).await.rows(), first, "{query}");
    }
}

pub async fn both_parameters_are_refused(api: Api) {
    let token = base64("2026-11-16T19:05:47Z");
    api.get(&format!("scroll_param={token}&updated_since=2026-11-16T19:05:47Z")).await.is_error(400, BOTH);
    // That there are two is told before that neither can be read.
    api.get("updated_since=x&scroll_param=x").await.is_error(400, BOTH);
}

pub async fn other_parameters_are_refused_by_name(api: Api) {
    for (query, name) in [
        ("foo=1", "foo"),
        ("foo", "foo"),
        ("foo=", "foo"),
        ("foo=1&foo=2", "foo"),
        ("per_page=10", "per_page"),
        ("Updated_Since=2026-11-16T19:05:47Z", "Updated_Since"),
        ("updated_since=2026-11-16T19:05:47Z&foo=1", "foo"),
        ("updated_since=x&scroll_param=x&foo=1", "foo"),
        ("updated_since%20=2026-11-16T19:05:47Z", "updated_since "),
        ("+=1", " "),
        ("=x", ""),
        ("caf%C3%A9=1", "café"),
        ("%ff=1", "%FF"),
        ("%C3%28%zz=1", "%C3(%zz"),
        ("a;b=1", "a;b"),
        ("a%26b=1", "a&b"),
    ] {
        api.get(query).await.is_error(400, &format!("Unexpected query parameters: {name}"));
    }
    // The original names several in no particular order.
    let several = api.get("foo=1&bar=2").await;
    assert_eq!(several.status, 400);
    let text = several.json()["error"].as_str().unwrap().to_owned();
    let mut names: Vec<&str> =
        text.strip_prefix("Unexpected query parameters: ").unwrap().split(", ").collect();
    names.sort_unstable();
    assert_eq!(names, ["bar", "foo"]);
}

pub async fn of_a_repeated_parameter_the_first_counts(api: Api) {
    let first = first_page(&api).await;
    let begin = "updated_since=0001-01-01T00:00:00Z";
    let end = "updated_since=9999-12-31T23:59:59Z";
    assert_eq!(api.get(&format!("{begin}&{end}")).await.rows(), first);
    assert_eq!(api.get(&format!("{end}&{begin}")).await.rows(), Vec::<Value>::new());
    assert_eq!(api.get(&format!("updated_since=&{end}")).await.rows(), first);
    assert_eq!(api.get(&format!("{begin}&updated_since=x")).await.rows(), first);
    api.get("scroll_param=x&scroll_param=MDAwMS0wMS0wMVQwMDowMDowMFo=").await.is_error(400, NO_TOKEN);
}

/// Lenient spellings of a second before all rows or after all of them, so that the page says which it was read as.
const LENIENT: [&str; 9] = [
    "0001-1-1T0:0:0",
    "0001-01-1T00:0:00",
    "0001-1- 1T00:00:00",
    "0001-01-01t00:00:00",
    "1999-2-28T23:59:59",
    "2000-02-29T00:00:00",
    "9999-12-31T23:59:59",
    "9999-1-1T1:1:1",
    "9999-9-30t9:9:9",
];

/// What is no time, without the `Z`.
const NO_TIMES: [&str; 35] = [
    "x",
    "2026",
    "2026-11-16",
    "2026-11-16T",
    "2026-11-16T19",
    "2026-11-16T19:05",
    "2026-11-16T19:05:",
    "2026-11-16T19:05:60",
    "2026-11-16T19:05:61",
    "2026-11-16T19:05:62",
    "2026-11-16T19:60:00",
    "2026-11-16T24:00:00",
    "2026-11-31T00:00:00",
    "2026-02-29T00:00:00",
    "2026-13-01T00:00:00",
    "2026-00-01T00:00:00",
    "2026-01-00T00:00:00",
    "2026-01-0T00:00:00",
    "2026-0-01T00:00:00",
    "0000-01-01T00:00:00",
    "026-01-01T00:00:00",
    "26-01-01T00:00:00",
    "12026-01-01T00:00:00",
    "-026-01-01T00:00:00",
    "2026-011-16T19:05:47",
    "2026-11-016T19:05:47",
    "2026-11-16T019:05:47",
    "2026-11-16T19:05:047",
    "2026-11-16 19:05:47",
    "2026-11-16T19:05:47.000",
    "2026-11-16T19:05:47+00:00",
    " 2026-11-16T19:05:47",
    "2026-11-16T19:05:47 ",
    "2026-11-16T19:05:47Z",
    "2026-11-16T19:05:47\n",
];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// A row's cursor without its `Z` and without the leading zeros of all but the year, where `strptime` needs none.
fn bare(cursor: &str) -> String {
    let (year, rest) = cursor.trim_end_matches('Z').split_at(4);
    let mut bare = year.to_owned();
    let mut digits = rest.chars().peekable();
    while let Some(digit) = digits.next() {
        let leads = bare.ends_with(['-', 'T', ':']);
        if !(digit == '0' && leads && digits.peek().is_some_and(char::is_ascii_digit)) {
            bare.push(digit);
        }
    }
    bare
}

pub async fn times_without_leading_zeros_are_the_same_times(api: Api) {
    let all = api.all().await;
    let mut shorter = 0;
    for row in all.iter().step_by(7) {
        let cursor = cursor(row);
        let bare = bare(&cursor);
        shorter += usize::from(bare.len() + 1 < cursor.len());
        let plain = api.get(&format!("updated_since={cursor}")).await.rows();
        assert_eq!(api.get(&format!("updated_since={bare}Z")).await.rows(), plain, "{bare}");
        let plain = api.get(&format!("scroll_param={}", encoded(&base64(&cursor)))).await.rows();
        let token = encoded(&base64(format!("{bare}z")));
        assert_eq!(api.get(&format!("scroll_param={token}")).await.rows(), plain, "{bare}");
    }
    assert!(shorter > 0);
}

pub async fn lenient_dates_are_accepted(api: Api) {
    let first = first_page(&api).await;
    for time in LENIENT {
        let expected = if time.starts_with('9') { &[][..] } else { &first };
        let answer = api.get(&format!("updated_since={}", encoded(&format!("{time}Z")))).await;
        assert_eq!(answer.rows(), expected, "{time}");
    }
}

pub async fn other_dates_are_refused(api: Api) {
    for time in NO_TIMES {
        let answer = api.get(&format!("updated_since={}", encoded(&format!("{time}Z")))).await;
        answer.is_error(400, NO_DATE);
    }
    api.get("updated_since=Z").await.is_error(400, NO_DATE);
    for time in [
        "2026-11-16T19:05:47",
        "2026-11-16T19:05:47z",
        "2026-11-16T19:05:47Z%20",
        "2026-11-16T19:05:47Z+",
        "2026-11-16T19:05:47Z%0A",
        "2026-11-16T19:05:47+00:00",
        "1763319947",
        "%20",
        "x",
    ] {
        api.get(&format!("updated_since={time}")).await.is_error(400, NO_Z);
    }
}

pub async fn lenient_tokens_are_accepted(api: Api) {
    let first = first_page(&api).await;
    for time in LENIENT {
        for z in ["Z", "z"] {
            let expected = if time.starts_with('9') { &[][..] } else { &first };
            let token = encoded(&base64(format!("{time}{z}")));
            let answer = api.get(&format!("scroll_param={token}")).await;
            assert_eq!(answer.rows(), expected, "{time}{z}");
        }
    }
    for token in [
        "MDAwMS0wMS0wMVQwMDowMDowMFo=",
        "MDAwMS0wMS0wMVQwMDowMDowMFo%3D",
        "MDAwMS0wMS0wMVQwMDowMDowMFo%3d",
        "MDAwMS0wMS0wMVQwMDowMDowMFo==",
        // Not of the alphabet, so skipped: white space, stars, the signs of the other base64.
        "%20MDAwMS0wMS0wMVQwMDowMDowMFo=%20",
        "MDAw+MS0wMS0wMVQwMDowMDowMFo=",
        "MDAw%0AMS0wMS0wMVQwMDowMDowMFo=%0A",
        "MDAw*MS0w-MS0wMVQw_MDowMDowMFo=",
        // A lone sign of padding where none can be is skipped too.
        "MDAw=MS0wMS0wMVQwMDowMDowMFo=",
        // The last letter's spare bits count for nothing.
        "MDAwMS0wMS0wMVQwMDowMDowMFp=",
    ] {
        assert_eq!(api.get(&format!("scroll_param={token}")).await.rows(), first, "{token}");
    }
}

pub async fn other_tokens_are_refused(api: Api) {
    for time in NO_TIMES {
        let token = encoded(&base64(format!("{time}Z")));
        api.get(&format!("scroll_param={token}")).await.is_error(400, NO_TOKEN);
    }
    for decoded in [&b"2026-11-16T19:05:47"[..], b"Z", b"", b"\xff\xfe\xfd", b"2026-11-16T19:05:47Z "] {
        let token = encoded(&base64(decoded));
        // An empty token is an absent one, so the empty text is sent as padding alone.
        let token = if token.is_empty() { "%3D" } else { &token };
        api.get(&format!("scroll_param={token}")).await.is_error(400, NO_TOKEN);
    }
    for token in [
        // Without its padding.
        "MDAwMS0wMS0wMVQwMDowMDowMFo",
        "MDAwMS0wMS0wMVQwMDowMDowMF",
        "MDAwMS0wMS0wMVQwMDowMDowM",
        // With half of it.
        "MDAwMS0xLTAxVDAwOjAwOjAwWg=",
        "garbage",
        "x",
        "***",
        "%20",
        "caf%C3%A9",
        "%ff",
        "MDAwMS0wMS0wMVQwMDowMDowMFo=%C3%A9",
        "2026-11-16T19:05:47Z",
    ] {
        api.get(&format!("scroll_param={token}")).await.is_error(400, NO_TOKEN);
    }
}

pub async fn names_and_values_may_be_percent_encoded(api: Api) {
    let first = first_page(&api).await;
    for query in [
        "updated%5Fsince=0001-01-01T00%3A00%3A00Z",
        "%73croll_param=MDAwMS0wMS0wMVQwMDowMDowMFo%3D",
        "updated_since=0001%2d01%2D01T00:00:00%5A",
    ] {
        assert_eq!(api.get(query).await.rows(), first, "{query}");
    }
}
