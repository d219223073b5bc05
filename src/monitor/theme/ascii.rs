//! What stands in for a symbol where only ASCII can be shown. Every stand-in takes one cell.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;

/// The stand-in for a symbol.
pub fn symbol(symbol: &str) -> &'static str {
    match symbol {
        "─" | "╌" | "━" | "╸" | "╺" => "-",
        "│" | "┃" => "|",
        "╭" | "╮" | "╰" | "╯" | "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" => {
            "+"
        }
        "▶" | "→" | "»" | "›" => ">",
        "◀" | "←" | "«" | "‹" => "<",
        "▲" | "↑" | "⇡" => "^",
        "▼" | "↓" | "⇣" => "v",
        "◆" | "●" | "★" | "•" => "*",
        "○" | "◌" | "◇" => "o",
        "◐" => "(",
        "‖" | "⏸" => "=",
        "■" => "#",
        "✔" => "+",
        "✖" | "×" => "x",
        "…" => "~",
        "·" | "–" | "—" => "-",
        "⏎" | "↵" => "/",
        "≥" => ">",
        "≤" => "<",
        // Levels, from below and from the left: a level above none is never a blank.
        "▁" | "▏" | "░" => ".",
        "▂" | "▎" | "▒" => ":",
        "▃" | "▍" => "-",
        "▄" | "▌" => "=",
        "▅" | "▋" => "+",
        "▆" | "▊" => "*",
        "▇" | "▉" | "▓" => "%",
        "█" => "#",
        _ => "?",
    }
}

/// The text with stand-ins, for what is said outside a frame.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |grapheme| if str::is_ascii(grapheme) { grapheme } else { symbol(grapheme) };
    Cow::Owned(text.graphemes(true).map(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::text::width;

    /// What panels draw with besides letters.
    const DRAWN: &str = "─╌━╸╺│┃╭╮╰╯┌┐└┘├┤┬┴┼▶→»›◀←«‹▲↑⇡▼↓⇣◆●★•○◌◇◐‖⏸■✔✖×…·–—⏎↵≥≤▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░▒▓";

    #[test]
    fn what_panels_draw_with_has_a_stand_in_of_its_own_width() {
        for drawn in DRAWN.graphemes(true) {
            let plain = symbol(drawn);
            assert!(plain.is_ascii() && plain != "?", "{drawn}");
            assert_eq!((width(drawn), plain.len()), (1, 1), "{drawn}");
        }
    }

    #[test]
    fn levels_stay_apart() {
        for levels in ["▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉█", "░▒▓█"] {
            let plain = text(levels);
            let mut apart: Vec<char> = plain.chars().collect();
            apart.dedup();
            assert_eq!(apart.len(), levels.chars().count(), "{plain}");
        }
    }

    #[test]
    fn a_text_keeps_what_is_ascii() {
        assert!(matches!(text("new 3"), Cow::Borrowed(_)));
        assert_eq!(text("new 3 · 日本 e\u{301}"), "new 3 - ?? ?");
    }
}
