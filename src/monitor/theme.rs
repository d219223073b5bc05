//! How things look: what a colour means, and what stands in for it where there is none.
//!
//! Text keeps the terminal's own colours, and accents are of the sixteen that every terminal theme defines, so
//! that dark and light both work. A colour is never the only sign: each meaning also has a word or a glyph.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// What a piece of text means; the theme decides what that looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Text like any other.
    Plain,
    /// What explains but need not be read: labels, borders, units.
    Quiet,
    /// What the eye should find first.
    Strong,
    /// Where the operator is: the focused panel, a key that can be pressed.
    Accent,
    /// Goes as hoped: running, new, complete.
    Good,
    /// Differs: waiting, changed, a warning.
    Warn,
    /// Needs attention: failed, unsafe.
    Bad,
    /// Held by the operator: pausing, paused, stopping.
    Held,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// The terminal's sixteen.
    Ansi,
    /// None: bold, dim, underlined and reversed only.
    Mono,
}

/// Whether there are characters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// All of Unicode.
    Unicode,
    /// ASCII alone.
    Ascii,
}

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Whether there are colours.
    pub colours: Colours,
    /// Whether there are characters beyond ASCII.
    pub glyphs: Glyphs,
}

impl Default for Theme {
    fn default() -> Self {
        Self { colours: Colours::Ansi, glyphs: Glyphs::Unicode }
    }
}

impl Theme {
    /// The theme that the environment asks for: no colours where `NO_COLOR` is set to something, ASCII where the
    /// locale names another encoding than UTF-8.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let unicode = match locale {
            None => true,
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
        };
        Self {
            colours: match set("NO_COLOR") {
                Some(_) => Colours::Mono,
                None => Colours::Ansi,
            },
            glyphs: if unicode { Glyphs::Unicode } else { Glyphs::Ascii },
        }
    }

    /// The next theme.
    #[must_use]
    pub fn next(self) -> Self {
        let colours = match self.colours {
            Colours::Ansi => Colours::Mono,
            Colours::Mono => Colours::Ansi,
        };
        Self { colours, ..self }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.colours {
            Colours::Ansi => "terminal",
            Colours::Mono => "mono",
        }
    }

    /// The style of a meaning.
    #[must_use]
    pub fn of(self, role: Role) -> Style {
        let style = Style::new();
        match (self.colours, role) {
            (_, Role::Plain) => style,
            (_, Role::Quiet) => style.add_modifier(Modifier::DIM),
            (_, Role::Strong) => style.add_modifier(Modifier::BOLD),
            (Colours::Ansi, Role::Accent) => style.fg(Color::Cyan),
            (Colours::Ansi, Role::Good) => style.fg(Color::Green),
            (Colours::Ansi, Role::Warn) => style.fg(Color::Yellow),
            (Colours::Ansi, Role::Bad) => style.fg(Color::Red).add_modifier(Modifier::BOLD),
            (Colours::Ansi, Role::Held) => style.fg(Color::Magenta),
            (Colours::Mono, Role::Accent | Role::Good | Role::Warn | Role::Held) => {
                style.add_modifier(Modifier::BOLD)
            }
            (Colours::Mono, Role::Bad) => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }

    /// The style of a word set off from the rest: the phase, a badge.
    #[must_use]
    pub fn chip(self, role: Role) -> Style {
        self.of(role)
            .remove_modifier(Modifier::DIM | Modifier::UNDERLINED)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// The style laid over the selected line.
    #[must_use]
    pub fn selected(self) -> Style {
        // One colour for the whole line: what each word means was told before it was selected.
        Style::new().fg(Color::Reset).remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED)
    }

    /// The characters that a panel's border is drawn with.
    #[must_use]
    pub fn border(self) -> border::Set<'static> {
        border::ROUNDED
    }

    /// Replaces what the terminal cannot show. The last step of a frame, so that no panel needs to know.
    pub fn finish(self, buffer: &mut Buffer) {
        if self.glyphs == Glyphs::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let plain = ascii(cell.symbol());
                cell.set_symbol(plain);
            }
        }
    }
}

/// What stands in for a symbol where only ASCII can be shown.
fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "─" | "╌" | "━" => "-",
        "│" => "|",
        "╭" | "╮" | "╰" | "╯" | "┌" | "┐" | "└" | "┘" => "+",
        "▶" | "→" => ">",
        "◆" | "●" => "*",
        "○" | "◌" => "o",
        "◐" => "(",
        "‖" => "=",
        "■" => "#",
        "✔" => "+",
        "✖" => "x",
        "▲" | "↑" => "^",
        "↓" => "v",
        "←" => "<",
        "…" => "~",
        "·" | "–" => "-",
        "⏎" => "/",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn from(variables: &[(&str, &str)]) -> Theme {
        Theme::from_env(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn no_color_counts_only_when_it_says_something() {
        assert_eq!(from(&[]).colours, Colours::Ansi);
        assert_eq!(from(&[("NO_COLOR", "")]).colours, Colours::Ansi);
        assert_eq!(from(&[("NO_COLOR", "1")]).colours, Colours::Mono);
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert_eq!(from(&[]).glyphs, Glyphs::Unicode);
        assert_eq!(from(&[("LANG", "de_DE.UTF-8")]).glyphs, Glyphs::Unicode);
        assert_eq!(from(&[("LANG", "C.utf8")]).glyphs, Glyphs::Unicode);
        assert_eq!(from(&[("LANG", "C")]).glyphs, Glyphs::Ascii);
        let both = [("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")];
        assert_eq!(from(&both).glyphs, Glyphs::Ascii);
        let empty = [("LC_ALL", ""), ("LANG", "de_DE.UTF-8")];
        assert_eq!(from(&empty).glyphs, Glyphs::Unicode);
    }

    #[test]
    fn mono_has_no_colour_and_every_meaning_but_plain_still_shows() {
        let theme = from(&[("NO_COLOR", "1")]);
        for role in [Role::Quiet, Role::Strong, Role::Accent, Role::Good, Role::Warn, Role::Bad, Role::Held] {
            let style = theme.of(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            assert_ne!(style, Style::new(), "{role:?}");
        }
    }

    #[test]
    fn ascii_replaces_every_symbol() {
        let theme = from(&[("LANG", "C")]);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "╭─é…", Style::new());
        theme.finish(&mut buffer);
        let shown: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(shown, "+-?~  ");
    }
}
