//! How things look: what a colour means, and what stands in for it where there is none.
//!
//! Unless a theme brings its own colours, text keeps the terminal's, no background is set, and accents are of the
//! sixteen that every terminal theme defines, so that dark and light both work. A colour is never the only sign: each
//! meaning also has a word or a glyph.

mod ascii;
mod palette;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use self::palette::Palette;
pub use crate::config::Colours;
use crate::config::Word as _;

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

impl Role {
    /// Every meaning.
    pub const ALL: [Self; 8] =
        [Self::Plain, Self::Quiet, Self::Strong, Self::Accent, Self::Good, Self::Warn, Self::Bad, Self::Held];
}

/// Whether there are characters beyond ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyphs {
    /// All of Unicode.
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl Glyphs {
    /// What the locale can show: ASCII where it names another encoding than UTF-8.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.map(|locale| locale.to_ascii_lowercase());
        match locale {
            Some(locale) if !(locale.contains("utf-8") || locale.contains("utf8")) => Self::Ascii,
            _ => Self::Unicode,
        }
    }

    /// The text in the characters that there are.
    #[must_use]
    pub fn spell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Unicode => Cow::Borrowed(text),
            Self::Ascii => ascii::text(text),
        }
    }
}

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Which colours there are.
    pub colours: Colours,
    /// Whether there are characters beyond ASCII.
    pub glyphs: Glyphs,
}

impl Default for Theme {
    fn default() -> Self {
        Self { colours: Colours::Terminal, glyphs: Glyphs::Unicode }
    }
}

impl Theme {
    /// The name of its colours.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.colours.word()
    }

    /// The same with the next colours; after the last, the first.
    #[must_use]
    pub fn next(self) -> Self {
        let mut colours = Colours::ALL.iter().cycle().skip_while(|colours| **colours != self.colours).skip(1);
        Self { colours: colours.next().copied().unwrap_or(self.colours), ..self }
    }

    /// The style of a meaning.
    #[must_use]
    pub fn of(self, role: Role) -> Style {
        match (self.palette(), self.colours) {
            (Some(palette), _) => palette.of(role),
            (None, Colours::Mono) => uncoloured(role),
            (None, _) => sixteen(role),
        }
    }

    /// The style of a word set off from the rest: the phase, a badge.
    #[must_use]
    pub fn chip(self, role: Role) -> Style {
        match self.palette() {
            Some(palette) => palette.chip(role),
            None => self.of(role).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
        .remove_modifier(Modifier::DIM | Modifier::UNDERLINED)
    }

    /// The style laid over the selected line.
    #[must_use]
    pub fn selected(self) -> Style {
        // One colour for the whole line: what each word means was told before it was selected.
        match self.palette() {
            Some(palette) => palette.selected(),
            None => Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED),
        }
        .remove_modifier(Modifier::DIM)
    }

    /// The characters that a panel's border is drawn with.
    #[must_use]
    pub fn border(self) -> border::Set<'static> {
        border::ROUNDED
    }

    /// Paints what has no colour yet, where the theme brings its own, and replaces what the terminal cannot show. The
    /// last step of a frame, so that no panel needs to know.
    pub fn finish(self, buffer: &mut Buffer) {
        if let Some(palette) = self.palette() {
            let (text, background) = palette.plain();
            for cell in &mut buffer.content {
                if cell.fg == Color::Reset {
                    cell.fg = text;
                }
                if cell.bg == Color::Reset {
                    cell.bg = background;
                }
            }
        }
        if self.glyphs == Glyphs::Ascii {
            for cell in &mut buffer.content {
                if !cell.symbol().is_ascii() {
                    let plain = ascii::symbol(cell.symbol());
                    cell.set_symbol(plain);
                }
            }
        }
    }

    /// The colours that the theme brings, if it does.
    fn palette(self) -> Option<&'static Palette> {
        match self.colours {
            Colours::Terminal | Colours::Mono => None,
            Colours::Dark => Some(&palette::DARK),
            Colours::Light => Some(&palette::LIGHT),
            Colours::HighContrast => Some(&palette::HIGH_CONTRAST),
        }
    }
}

/// In the terminal's sixteen colours.
fn sixteen(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Plain => style,
        Role::Quiet => style.add_modifier(Modifier::DIM),
        Role::Strong => style.add_modifier(Modifier::BOLD),
        Role::Accent => style.fg(Color::Cyan),
        Role::Good => style.fg(Color::Green),
        Role::Warn => style.fg(Color::Yellow),
        Role::Bad => style.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Held => style.fg(Color::Magenta),
    }
}

/// Bold, dim and underlined only.
fn uncoloured(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Plain => style,
        Role::Quiet => style.add_modifier(Modifier::DIM),
        Role::Strong | Role::Accent | Role::Good | Role::Warn | Role::Held => {
            style.add_modifier(Modifier::BOLD)
        }
        Role::Bad => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    fn locale(variables: &[(&str, &str)]) -> Glyphs {
        Glyphs::of_locale(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn themes() -> impl Iterator<Item = Theme> {
        Colours::ALL.iter().map(|colours| Theme { colours: *colours, ..Theme::default() })
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert_eq!(locale(&[]), Glyphs::Unicode);
        assert_eq!(locale(&[("LANG", "de_DE.UTF-8")]), Glyphs::Unicode);
        assert_eq!(locale(&[("LANG", "C.utf8")]), Glyphs::Unicode);
        assert_eq!(locale(&[("LANG", "C")]), Glyphs::Ascii);
        assert_eq!(locale(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]), Glyphs::Ascii);
        assert_eq!(locale(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]), Glyphs::Unicode);
    }

    #[test]
    fn the_next_theme_comes_round_to_the_first() {
        let mut theme = Theme { glyphs: Glyphs::Ascii, ..Theme::default() };
        for expected in ["dark", "light", "high-contrast", "mono", "terminal"] {
            theme = theme.next();
            assert_eq!((theme.name(), theme.glyphs), (expected, Glyphs::Ascii));
        }
    }

    #[test]
    fn mono_has_no_colour_and_every_meaning_but_plain_still_shows() {
        let theme = Theme { colours: Colours::Mono, ..Theme::default() };
        for role in Role::ALL {
            let style = theme.of(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            assert_eq!(style == Style::new(), role == Role::Plain, "{role:?}");
        }
    }

    #[test]
    fn chips_and_the_selection_are_set_off_in_every_theme() {
        let set_off = |style: Style| style.add_modifier.contains(Modifier::REVERSED) || style.bg.is_some();
        for theme in themes() {
            assert!(set_off(theme.selected()), "{theme:?}");
            for role in Role::ALL {
                assert!(set_off(theme.chip(role)), "{theme:?} {role:?}");
            }
        }
    }

    #[test]
    fn a_theme_with_colours_of_its_own_leaves_none_to_the_terminal() {
        for theme in themes() {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 1));
            for (x, role) in [(0, Role::Plain), (1, Role::Quiet)] {
                buffer.set_string(x, 0, "x", theme.of(role));
            }
            theme.finish(&mut buffer);
            let own = buffer.content.iter().all(|cell| cell.fg != Color::Reset && cell.bg != Color::Reset);
            let none = buffer.content.iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset));
            let brings = !matches!(theme.colours, Colours::Terminal | Colours::Mono);
            assert_eq!((own, none), (brings, !brings), "{theme:?}");
        }
    }

    #[test]
    fn ascii_replaces_every_symbol() {
        let theme = Theme { glyphs: Glyphs::Ascii, ..Theme::default() };
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "╭─é…", Style::new());
        theme.finish(&mut buffer);
        let shown: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(shown, "+-?~  ");
        assert_eq!(theme.glyphs.spell("1 · 2"), "1 - 2");
    }
}
