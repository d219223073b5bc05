//! Text on a grid of cells: how wide it is, how it is cut, and how numbers and ages are spelt.
//!
//! Every width on the screen is measured here, in cells and never in bytes, just as the buffer measures what it is
//! given: a column that were measured in another way would not be straight. Every cut falls between two graphemes.
//! Nothing here sanitises: that has happened before a text came into the model.

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::buffer::CellWidth as _;
use unicode_segmentation::UnicodeSegmentation;

pub use crate::text::{age, count, milliseconds, number, span};

/// The number of cells that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.bytes().all(is_plain) {
        return text.len();
    }
    // Not of the text as a whole: what joins across graphemes, as some letters do, keeps its cells on a terminal.
    text.graphemes(true).map(cells).sum()
}

/// True for what is a grapheme and a cell by itself, whatever stands in front of it.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// The text's beginning, of which every byte is a grapheme and a cell, and the rest.
#[must_use]
pub fn split_plain(text: &str) -> (&str, &str) {
    match text.bytes().position(|byte| !is_plain(byte)) {
        // What follows could belong to the last plain one.
        Some(end) => text.split_at(end.saturating_sub(1)),
        None => (text, ""),
    }
}

/// The number of cells that a grapheme takes. Control characters are not drawn at all.
fn cells(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) { 0 } else { usize::from(grapheme.cell_width()) }
}

/// The text cut to at most `cells`, with an ellipsis where something was left out.
#[must_use]
pub fn fit(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut cut = head(text, cells.saturating_sub(1)).to_owned();
    if cells > 0 {
        cut.push('…');
    }
    cut
}

/// The text cut to at most `cells` in its middle, so that its first and its last part can be read.
#[must_use]
pub fn fit_middle(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let kept = cells.saturating_sub(1);
    let front = head(text, kept.div_ceil(2));
    let back = tail(text, kept / 2);
    if cells == 0 { String::new() } else { format!("{front}…{back}") }
}

/// The end of the text that fits into `cells`, with an ellipsis in front where something was left out.
#[must_use]
pub fn fit_end(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    if cells == 0 { String::new() } else { format!("…{}", tail(text, cells - 1)) }
}

/// The text cut or filled up with blanks to exactly `cells`.
#[must_use]
pub fn pad(text: &str, cells: usize) -> String {
    let mut fitted = fit(text, cells);
    fitted.extend(std::iter::repeat_n(' ', cells - width(&fitted).min(cells)));
    fitted
}

/// The same with the blanks in front: for numbers.
#[must_use]
pub fn pad_left(text: &str, cells: usize) -> String {
    let fitted = fit(text, cells);
    let blanks = cells - width(&fitted).min(cells);
    format!("{}{fitted}", " ".repeat(blanks))
}

/// A length of time as an estimate: to five seconds below a minute, to a minute below an hour, to an hour beyond.
#[must_use]
pub fn about(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(1);
    match seconds {
        ..=10 => span(TimeDelta::seconds(seconds)),
        11..=57 => span(TimeDelta::seconds((seconds + 2) / 5 * 5)),
        58..=3_569 => span(TimeDelta::seconds((seconds + 30) / 60 * 60)),
        _ => span(TimeDelta::seconds((seconds + 1_800) / 3_600 * 3_600)),
    }
}

/// The text broken into lines of at most `cells`, at blanks where it can be. Never empty.
#[must_use]
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && width(&line) + 1 + width(word) <= cells {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = word;
        loop {
            // Not by the width of all that is left, which would measure a long word once for each of its lines.
            let part = head(rest, cells);
            if part.len() == rest.len() {
                break;
            }
            // A grapheme wider than the line cannot be shown at all; it is left out rather than overrun the line.
            if part.is_empty() {
                rest = "";
                break;
            }
            lines.push(part.to_owned());
            rest = &rest[part.len()..];
        }
        line.push_str(rest);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

fn head(text: &str, most: usize) -> &str {
    // One more than is taken: what follows could belong to the last one.
    if text.len() > most && text.bytes().take(most + 1).all(is_plain) {
        return &text[..most];
    }
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += cells(grapheme);
        if taken > most {
            return &text[..at];
        }
    }
    text
}

fn tail(text: &str, most: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        taken += cells(grapheme);
        if taken > most {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// How long from `now` until what [`age`] says of `then` changes.
#[must_use]
pub fn age_changes_in(now: DateTime<Utc>, then: DateTime<Utc>) -> TimeDelta {
    let passed = (now - then).num_milliseconds().max(0);
    let unit = if passed < 3_600_000 { 60_000 } else { 3_600_000 };
    TimeDelta::milliseconds(unit - passed % unit)
}

/// Whole seconds until a time, rounded up, so that a countdown ends at 1 and not at 0.
#[must_use]
pub fn seconds_until(now: DateTime<Utc>, then: DateTime<Utc>) -> i64 {
    let left = (then - now).num_milliseconds().max(0);
    left.div_euclid(1_000) + i64::from(left % 1_000 > 0)
}

/// A word as it begins a heading.
#[must_use]
pub fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::text::{Line, Span};

    use crate::sanitize;

    #[test]
    fn cuts_fall_between_graphemes_and_count_cells() {
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(fit("abc", 0), "");
        assert_eq!(fit("abc", 1), "…");
        assert_eq!(fit_middle("abcdefgh", 5), "ab…gh");
        assert_eq!(fit_middle("abcdefgh", 1), "…");
        assert_eq!(pad("日本", 5), "日本 ");
        assert_eq!(pad_left("7", 3), "  7");
        for cells in 0..12 {
            assert_eq!(width(&pad("a日b本c👩‍🚀d", cells)), cells, "{cells}");
            assert!(width(&fit_middle("a日b本c👩‍🚀d", cells)) <= cells);
        }
    }

    /// Characters that are wide, join, combine, change others or are not drawn.
    const ODD: &[char] = &[
        'a',
        ' ',
        '日',
        'ｱ',
        '\u{ff9e}',
        '\u{ff9f}',
        'e',
        '\u{301}',
        '\u{20dd}',
        'ל',
        '\u{5b0}',
        'ل',
        'ا',
        'न',
        '\u{94d}',
        'ي',
        'ক',
        '\u{9be}',
        'ก',
        '\u{e33}',
        'ក',
        '\u{17d2}',
        '\u{1100}',
        '\u{1161}',
        '\u{11a8}',
        '한',
        '\u{1160}',
        '👩',
        '👨',
        '🏽',
        '🇩',
        '🇪',
        '❤',
        '\u{fe0f}',
        '\u{fe0e}',
        '\u{200d}',
        '\u{200b}',
        '\u{20e3}',
        '1',
        '🏴',
        '\u{e0067}',
        '\u{e007f}',
        '\u{3164}',
        '\u{ad}',
        '\u{34f}',
        '\u{7f}',
        '\t',
        '\u{1f1e6}',
        '𝒳',
        '\u{a4fd}',
        '\u{1a10}',
        '\u{1a17}',
        '∑',
        '…',
        '─',
    ];

    proptest! {
        #[test]
        fn a_column_is_as_wide_on_the_screen_as_it_is_measured(
            odd in prop::collection::vec(prop::sample::select(ODD), 0..24),
            any in ".{0,8}",
            room in 0_u16..20,
        ) {
            let raw: String = odd.into_iter().chain(any.chars()).collect();
            for text in [raw.as_str(), &sanitize::line(&raw)] {
                let cells = usize::from(room);
                for column in [pad(text, cells), pad_left(text, cells)] {
                    prop_assert_eq!(width(&column), cells);
                    let mut buffer = Buffer::empty(Rect::new(0, 0, room + 3, 1));
                    let line = Line::from(vec![Span::raw(column), Span::raw("|")]);
                    let (end, _) = buffer.set_line(0, 0, &line, room + 3);
                    prop_assert_eq!((end, buffer[(room, 0)].symbol()), (room + 1, "|"));
                }
                prop_assert!(width(&fit(text, cells)) <= cells);
                prop_assert!(width(&fit_middle(text, cells)) <= cells);
                prop_assert!(wrap(text, cells.max(1)).iter().all(|line| width(line) <= cells.max(1)));
            }
        }
    }

    #[test]
    fn what_joins_keeps_its_cells() {
        for (text, cells) in [
            ("لا", 2),
            ("👩\u{200d}🚀", 2),
            ("🇩🇪", 2),
            ("❤\u{fe0f}", 2),
            ("\u{1100}\u{1161}\u{11a8}", 2),
            ("ｶ\u{ff9e}", 2),
            ("e\u{301}\u{302}", 1),
        ] {
            assert_eq!(width(text), cells, "{text}");
        }
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrap("the page on the wire", 8), ["the page", "on the", "wire"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("a third time: now", 12), ["a third", "time: now"]);
        assert_eq!(wrap("", 3), [""]);
        for line in wrap("日本語 のテスト is wide", 5) {
            assert!(width(&line) <= 5, "{line:?}");
        }
        assert_eq!(wrap("日本", 1), [""]);
        let endless = "x".repeat(1_000_000);
        assert_eq!(wrap(&endless, 10).len(), 100_000, "in no more time than its length takes");
    }

    #[test]
    fn an_estimate_claims_no_more_than_it_knows() {
        let about = |seconds| about(TimeDelta::seconds(seconds));
        assert_eq!((about(0), about(7)), ("1 s".to_owned(), "7 s".to_owned()));
        assert_eq!((about(12), about(57)), ("10 s".to_owned(), "55 s".to_owned()));
        assert_eq!((about(59), about(100)), ("1 min".to_owned(), "2 min".to_owned()));
        assert_eq!((about(3_580), about(9_000)), ("1 h".to_owned(), "3 h".to_owned()));
    }

    #[test]
    fn an_age_says_when_it_changes() {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(1);
        let ago = |ms| now - TimeDelta::milliseconds(ms);
        assert_eq!(age(now, ago(400)), "just now");
        assert_eq!(age(now, ago(59_400)), "just now");
        assert_eq!(age_changes_in(now, ago(59_400)).num_milliseconds(), 600);
        assert_eq!(age(now, ago(61_000)), "1 min ago");
        assert_eq!(age_changes_in(now, ago(61_000)).num_milliseconds(), 59_000);
        assert_eq!(age(now, ago(-5_000)), "just now");
        assert_eq!(age(now, ago(7_300_000)), "2 h ago");
    }

    #[test]
    fn a_countdown_rounds_up() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        assert_eq!(seconds_until(now, now + TimeDelta::milliseconds(1)), 1);
        assert_eq!(seconds_until(now, now + TimeDelta::milliseconds(2_000)), 2);
        assert_eq!(seconds_until(now, now - TimeDelta::milliseconds(5)), 0);
    }
}
