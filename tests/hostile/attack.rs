//! Texts that a terminal would obey or draw as something else, and a source that puts them everywhere.

use serde_json::{Value, json};

use crate::faulty::Answer;
use crate::faulty::rows::at;

/// What is tried, each by its name. None of the sequences is one that the program itself ever writes.
pub const ATTACKS: &[(&str, &str)] = &[
    ("clipboard", "\u{1b}]52;c;ZXZpbA==\u{7}"),
    ("clipboard-st", "\u{1b}]52;c;ZXZpbA==\u{1b}\\"),
    ("clipboard-read", "\u{1b}]52;c;?\u{7}"),
    ("link", "\u{1b}]8;;http://evil.example/\u{1b}\\here\u{1b}]8;;\u{1b}\\"),
    ("title-and-icon", "\u{1b}]0;owned\u{7}"),
    ("title", "\u{1b}]2;owned\u{1b}\\"),
    ("unterminated", "\u{1b}]0;for ever"),
    ("dcs", "\u{1b}P1$r66m\u{1b}\\"),
    ("apc", "\u{1b}_Gi=31,a=q;AAAA\u{1b}\\"),
    ("pm", "\u{1b}^message\u{1b}\\"),
    ("sos", "\u{1b}Xstring\u{1b}\\"),
    ("position", "\u{1b}[6n"),
    ("attributes", "\u{1b}[c"),
    ("colour", "\u{1b}[66;6m"),
    ("move", "\u{1b}[999;999H"),
    ("erase", "\u{1b}[3J"),
    ("mouse", "\u{1b}[?1003h"),
    ("reset", "\u{1b}c"),
    ("charset", "\u{1b}(0"),
    ("c1-csi", "\u{9b}6n"),
    ("c1-osc", "\u{9d}52;c;ZXZpbA==\u{9c}"),
    ("c1-dcs", "\u{90}1$r66m\u{9c}"),
    ("c1-apc", "\u{9f}G\u{9c}"),
    ("c1-pm-sos", "\u{9e}\u{9c}\u{98}\u{9c}"),
    ("nul", "\u{0}"),
    ("bell", "\u{7}"),
    ("backspace", "abc\u{8}\u{8}\u{8}"),
    ("carriage-return", "\roverwritten"),
    ("shift", "\u{e}\u{f}"),
    ("delete", "\u{7f}"),
    ("override", "\u{202e}txt.exe"),
    ("isolate", "\u{2066}\u{2069}"),
    ("mark", "\u{200f}\u{61c}"),
    ("zero-width", "ad\u{200b}min\u{200d}\u{2060}\u{feff}"),
    ("soft-hyphen", "\u{ad}"),
    ("tag", "\u{e0041}\u{e007f}"),
];

/// All of them in one text.
pub fn all() -> String {
    ATTACKS.iter().map(|(_, text)| *text).collect()
}

/// Those that a header can carry: no control character below a blank.
pub fn of_headers() -> String {
    let fits = |text: &&str| !text.chars().any(|character| character < ' ' || character == '\u{7f}');
    ATTACKS.iter().map(|(_, text)| *text).filter(fits).collect()
}

/// A row whose every field begins with an attack, the fields that the table does not declare included.
fn row(number: usize, attack: &str, version: u32) -> String {
    // Every other cursor can be read, or nothing would ever move.
    let second = at(u32::try_from(number).unwrap() + version);
    let cursor = if number.is_multiple_of(2) { second } else { format!("{attack}{second}") };
    let text = |what: &str| format!("{attack}{what} {number}");
    let name = format!("{attack}name {version}");
    let mut row = json!({
        "id": text("id"), "name": name, "email": text("email"), "address": text("address"),
        "company": text("company"), "job": text("job"), "createdAt": at(0), "updatedAt": cursor,
    });
    row.as_object_mut().unwrap().insert(text("field"), Value::String(text("value")));
    row.to_string()
}

/// Rows with each attack, two that the table cannot hold, and answers between them that are no page.
pub fn script() -> Vec<Answer> {
    let rows = |version| -> Vec<String> {
        ATTACKS.iter().enumerate().map(|(number, (_, attack))| row(number, attack, version)).collect()
    };
    let rows_now = rows(0);
    let misfits = [json!({ "id": { all(): all() } }), json!({ "id": null, "name": all() })];
    let headers = |answer: Answer| {
        let value = of_headers();
        let named =
            ["Server", "Date", "ETag", "X-RateLimit-Limit", "RateLimit", "X-Request-Id", "Retry-After"];
        named.iter().fold(answer, |answer, name| answer.header(name, &value))
    };
    let refused = |body: &str| headers(Answer::status(&format!("503 {}", of_headers()))).body(body);
    let (first, second) = rows_now.split_at(rows_now.len() / 2);
    vec![
        refused(&json!({ "error": all() }).to_string()),
        refused(&all()),
        headers(Answer::page(first, Some(&all()))),
        headers(Answer::ok(format!("{}<html>", all()))),
        Answer::ok("{}").header("Server", &all()),
        headers(Answer::ok(json!({ "data": all() }).to_string())),
        headers(Answer::page(second, Some(&format!("{}second", all())))),
        headers(Answer::page(&misfits.map(|row| row.to_string()), None)),
        // For a second run, which finds the script over: every row has changed.
        headers(Answer::page(&rows(60), Some(&all()))),
    ]
}

/// A redirect to an address of attacks.
pub fn redirect() -> Answer {
    let to = format!("http://evil.example/{}", of_headers());
    Answer::status(&format!("302 {}", of_headers())).header("Location", &to)
}
