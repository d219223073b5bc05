//! A credential: held so that it can't be shown by mistake, and found again where a source sends it back.
//!
//! [`Secret`] has neither `Debug` nor `Display`, and wipes its memory. [`Mask`] knows every spelling in which a secret
//! travels, and overwrites it in what comes from outside before anything else reads that.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

/// The least characters of a secret: a shorter one is a mistake, and would be found in everything.
pub const SHORTEST: usize = 4;

/// The least characters of a secret that is masked within rows too, and it must not be digits alone. Below that, it would
/// be found in values that only happen to be written the same, in times and numbers among them, and rows come first.
pub const TELLING: usize = 8;

/// A credential.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a credential. White space around it is not part of it: files and commands end with a newline.
    ///
    /// # Errors
    /// Why it cannot be one, without quoting it.
    pub fn new(text: String) -> Result<Self, &'static str> {
        let whole = Zeroizing::new(text);
        let text = whole.trim();
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.chars().count() < SHORTEST {
            return Err("it has less than 4 characters");
        }
        if text.chars().any(|character| !matches!(character, ' '..='~')) {
            return Err("it holds control characters or others than ASCII, which no header may");
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The credential itself, to be sent and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What finds it again. A user and password, if that is what it is, count as a whole and the password on its own.
    #[must_use]
    pub fn mask(&self, is_pair: bool) -> Mask {
        let whole = self.expose();
        let password = whole.split_once(':').filter(|_| is_pair).map(|(_, password)| password);
        let parts = [Some(whole), password].into_iter().flatten().filter(|part| part.len() >= SHORTEST);
        let mut spellings: Vec<Spelling> = parts.flat_map(spellings).collect();
        // The longest first: a shorter one within it would leave the rest of it to be read.
        spellings
            .sort_by(|one, other| (other.bytes.len(), &*other.bytes).cmp(&(one.bytes.len(), &*one.bytes)));
        spellings.dedup_by(|one, other| one.bytes == other.bytes);
        Mask { spellings }
    }
}

/// One way in which a secret is written.
struct Spelling {
    bytes: Zeroizing<Vec<u8>>,
    /// True if nothing but the secret is written so: rows are covered by these alone.
    is_telling: bool,
}

/// What RFC 3986 lets stand in an address as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What `encodeURIComponent` of ECMAScript lets stand.
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');

/// How a text is spelt in an address, in JSON and in base64, beside as it is.
fn spellings(text: &str) -> Vec<Spelling> {
    let once = in_json(text);
    // JSON within JSON, as in an answer that quotes another.
    let twice = once.iter().flat_map(|json| in_json(json));
    let mut all: Vec<String> = twice.chain([text.to_owned()]).collect();
    all.extend(once);
    let form = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let encoded =
        [NON_ALPHANUMERIC, UNRESERVED, COMPONENT].map(|set| utf8_percent_encode(text, set).to_string());
    for encoded in encoded.into_iter().chain([form]) {
        all.push(with_small_digits(&encoded));
        all.push(encoded);
    }
    let in_base64 = (0..3).flat_map(|skipped| in_base64(text.as_bytes(), skipped));
    let is_telling = text.len() >= TELLING && !text.bytes().all(|byte| byte.is_ascii_digit());
    let spelling = |bytes: Vec<u8>| Spelling {
        is_telling: is_telling && bytes.len() >= TELLING,
        bytes: Zeroizing::new(bytes),
    };
    all.into_iter().map(String::into_bytes).chain(in_base64).map(spelling).collect()
}

/// A text as the common writers of JSON put it: with no escape that is not needed, with `\/`, with what HTML minds as
/// `\u003c`, and with all that is not a letter or a digit in that way, in small and in capital digits.
fn in_json(text: &str) -> [String; 6] {
    let written = |escaped: fn(char) -> bool, capital: bool| {
        text.chars().fold(String::new(), |json, character| match character {
            plain if escaped(plain) && capital => format!("{json}\\u{:04X}", u32::from(plain)),
            plain if escaped(plain) => format!("{json}\\u{:04x}", u32::from(plain)),
            '"' | '\\' => format!("{json}\\{character}"),
            plain => json + plain.encode_utf8(&mut [0; 4]),
        })
    };
    let html = |character| matches!(character, '<' | '>' | '&');
    let safe = |character| matches!(character, '<' | '>' | '&' | '"' | '\'' | '+' | '`');
    let plain = written(|_| false, false);
    [
        plain.replace('/', "\\/"),
        plain,
        written(html, false),
        written(html, true),
        written(safe, false),
        written(safe, true),
    ]
}

/// `%2F` as `%2f`.
fn with_small_digits(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let mut small = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        small.extend(["%", &digits.to_ascii_lowercase(), rest]);
    }
    small
}

/// A text within base64, where it begins so many bytes after a group of three: without the characters at either end
/// that depend on what stands around it, and to its end.
fn in_base64(text: &[u8], skipped: usize) -> Vec<Vec<u8>> {
    let padded: Vec<u8> = std::iter::repeat_n(0, skipped).chain(text.iter().copied()).collect();
    let from = if skipped == 0 { 0 } else { skipped + 1 };
    let whole = padded.len() / 3 * 4;
    let within = if padded.len().is_multiple_of(3) { whole } else { whole + padded.len() % 3 };
    let mut cut = Vec::new();
    for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)].map(Zeroizing::new) {
        // Where nothing follows, the last character is known too.
        let pieces = [encoded.get(from..), encoded.get(from..within)];
        cut.extend(pieces.into_iter().flatten().map(|piece| piece.as_bytes().to_vec()));
    }
    cut.retain(|spelling| spelling.len() >= SHORTEST);
    cut
}

/// The same JSON with all that is printable ASCII written as it is, where it was written as `\u0041`: nothing can hide in
/// that from a mask. `None` if nothing was.
#[must_use]
pub fn json_in_plain(json: &[u8]) -> Option<Vec<u8>> {
    memmem::find(json, b"\\u00")?;
    let (mut plain, mut rest) = (Vec::with_capacity(json.len()), json);
    while let Some(at) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        // A backslash takes what follows along, be it another one.
        let length = if rest.get(1) == Some(&b'u') { 6 } else { 2 };
        let (escape, after) = rest.split_at(length.min(rest.len()));
        match printable(escape) {
            Some(character) => plain.push(character),
            None => plain.extend_from_slice(escape),
        }
        rest = after;
    }
    plain.extend_from_slice(rest);
    Some(plain)
}

/// The character of an escape such as `\u0041`, if it is printable ASCII that needs none.
fn printable(escape: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u00")?).ok()?;
    let character = u8::from_str_radix(digits, 16).ok()?;
    (matches!(character, b' '..=b'~') && !matches!(character, b'"' | b'\\')).then_some(character)
}

/// What finds a secret in what comes from outside, and overwrites it.
pub struct Mask {
    spellings: Vec<Spelling>,
}

impl Mask {
    /// Overwrites every spelling of the secret with asterisks, byte for byte. True if there was any.
    pub fn cover(&self, bytes: &mut [u8]) -> bool {
        cover(&self.spellings, |_| true, bytes)
    }

    /// The same for a body with rows: only what can be nothing else, so that JSON stays JSON and a value that looks like
    /// a short secret stays what it is.
    pub fn cover_rows(&self, bytes: &mut [u8]) -> bool {
        cover(&self.spellings, |spelling| spelling.is_telling, bytes)
    }

    /// The same for a text.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        let mut bytes = text.into_bytes();
        self.cover(&mut bytes);
        // A spelling is ASCII, and so is what covers it.
        String::from_utf8(bytes).unwrap_or_default()
    }
}

fn cover(spellings: &[Spelling], which: impl Fn(&Spelling) -> bool, bytes: &mut [u8]) -> bool {
    let mut found = false;
    for Spelling { bytes: spelling, .. } in spellings.iter().filter(|spelling| which(spelling)) {
        let places: Vec<usize> = memmem::find_iter(bytes, spelling.as_slice()).collect();
        for place in places {
            bytes[place..place + spelling.len()].fill(b'*');
            found = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned()).unwrap_or_else(|why| panic!("{why}"))
    }

    fn covered(secret: &Secret, text: &str) -> String {
        secret.mask(true).text(text.to_owned())
    }

    #[test]
    fn what_cannot_be_a_credential_is_refused() {
        for text in ["", " \n", "abc", "with\ttab", "two\nlines", "schlüssel"] {
            assert!(Secret::new(text.to_owned()).is_err(), "{text:?}");
        }
        assert_eq!(secret("key-1234\n").expose(), "key-1234");
    }

    #[test]
    fn every_spelling_is_covered_and_nothing_else() {
        let key = secret(r#"sk/live+"A\~1 x"#);
        for sent in [
            r#"sk/live+"A\~1 x"#,
            "sk%2Flive%2B%22A%5C%7E1%20x",
            "sk%2flive%2b%22A%5c~1%20x",
            "sk%2Flive%2B%22A%5C%7E1+x",
            r#"sk/live+\"A\\~1 x"#,
            r#"sk\/live+\"A\\~1 x"#,
        ] {
            let shown = "*".repeat(sent.len());
            assert_eq!(covered(&key, &format!("a {sent}&b")), format!("a {shown}&b"), "{sent}");
        }
        assert_eq!(covered(&key, "sk/live+"), "sk/live+", "a part of it is not it");
    }

    #[test]
    fn rows_are_covered_only_by_what_can_be_nothing_else() {
        let rows = |secret: &str, is_pair, body: &str| {
            let mut bytes = body.as_bytes().to_vec();
            Secret::new(secret.to_owned())
                .unwrap_or_else(|why| panic!("{why}"))
                .mask(is_pair)
                .cover_rows(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        let body = r#"{"id":12345678,"name":"abc:1234567 admin:2024","updatedAt":"2024-01-01T00:00:00Z"}"#;
        assert_eq!(rows("admin:2024", true, body), body.replace("admin:2024", "**********"), "not each 2024");
        assert_eq!(rows("12345678", false, body), body, "a number");
        assert_eq!(rows("1234567", false, body), body, "too short");
        assert_eq!(rows("xyz-1234:abc:1234567", false, body), body, "no pair, and no password");
        assert_eq!(rows("abc:1234567", false, body), body.replace("abc:1234567", "***********"));
    }

    #[test]
    fn nothing_hides_in_escapes_that_need_not_be() {
        let plain =
            |json: &str| json_in_plain(json.as_bytes()).map(|plain| String::from_utf8(plain).unwrap());
        assert_eq!(plain(r#""sk\n""#), None);
        let hidden = r#"{"\u0073k":"\u0041\\u0041\u0022\u005c\u000a\u00e9\ud83d"}"#;
        let shown = r#"{"sk":"A\\u0041\u0022\u005c\u000a\u00e9\ud83d"}"#;
        assert_eq!(plain(hidden).unwrap(), shown);
        for cut in 0..hidden.len() {
            let _ = json_in_plain(&hidden.as_bytes()[..cut]);
        }
    }

    proptest! {
        #[test]
        fn json_in_plain_says_the_same(text in any::<String>()) {
            let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let json = format!("\"{escaped}\"");
            let plain = json_in_plain(json.as_bytes()).unwrap_or_else(|| json.clone().into_bytes());
            prop_assert_eq!(serde_json::from_slice::<String>(&plain).unwrap(), text);
        }
    }

    #[test]
    fn json_is_known_however_it_is_written() {
        let key = secret(r#"a/"b\<c>+&'d"#);
        let once = serde_json::to_string(key.expose()).unwrap();
        let go = once.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        let dotnet = r"a/\u0022b\\\u003Cc\u003E\u002B\u0026\u0027d";
        let twice = serde_json::to_string(&once).unwrap();
        for json in [&once, &go, dotnet, &twice] {
            let text = covered(&key, json);
            assert!(!text.contains(['a', 'b', 'd']), "{json}: {text}");
        }
    }

    #[test]
    fn of_a_user_and_password_the_password_alone_is_covered_too() {
        let key = secret("me:hunter22");
        assert_eq!(covered(&key, "me, hunter22, aHVudGVyMjI="), "me, ********, ***********=");
    }

    proptest! {
        #[test]
        fn in_base64_nothing_of_it_can_be_read_whatever_stands_around_it(
            key in "[ -~]{12,40}", before in "[a-z]{0,5}", after in "[a-z]{0,5}",
        ) {
            prop_assume!(key.trim() == key && !key.contains(':'));
            let encoded = URL_SAFE_NO_PAD.encode(format!("{before}{key}{after}"));
            let shown = covered(&secret(&key), &encoded);
            // At either end up to two bytes share a character with their neighbours.
            let left = shown.replace('*', "");
            prop_assert!(left.len() <= encoded.len() - key.len(), "{encoded} {shown}");
        }

        #[test]
        fn covering_twice_is_covering_once(key in "[!-~]{4,20}", text in "[ -~]{0,80}") {
            let key = secret(&key);
            let once = covered(&key, &format!("{text}{}{text}", key.expose()));
            prop_assert_eq!(covered(&key, &once), once.clone());
            prop_assert!(!once.contains(key.expose()) || key.expose().chars().all(|c| c == '*'));
        }
    }
}
