//! The colours of the themes that bring their own, background included.
//!
//! All of them are of the 240 that every terminal of 256 colours shows alike; the first sixteen are the terminal's
//! own, and nobody knows what they look like.

use ratatui::style::{Color, Modifier, Style};

use super::Role;

/// Colours that go together, by their numbers.
#[derive(Debug)]
pub struct Palette {
    background: u8,
    text: u8,
    strong: u8,
    quiet: u8,
    accent: u8,
    good: u8,
    warn: u8,
    bad: u8,
    held: u8,
    /// The text and the background of the selected line.
    selected: (u8, u8),
}

/// Light on dark.
pub static DARK: Palette = Palette {
    background: 234,
    text: 252,
    strong: 231,
    quiet: 246,
    accent: 80,
    good: 114,
    warn: 221,
    bad: 210,
    held: 177,
    selected: (231, 24),
};

/// Dark on light.
pub static LIGHT: Palette = Palette {
    background: 255,
    text: 236,
    strong: 16,
    quiet: 241,
    accent: 24,
    good: 22,
    warn: 94,
    bad: 124,
    held: 90,
    selected: (16, 153),
};

/// Pure colours on black, for eyes that need them.
pub static HIGH_CONTRAST: Palette = Palette {
    background: 16,
    text: 231,
    strong: 231,
    quiet: 252,
    accent: 51,
    good: 46,
    warn: 226,
    bad: 210,
    held: 213,
    selected: (16, 231),
};

impl Palette {
    /// The style of a meaning.
    pub fn of(&self, role: Role) -> Style {
        let style = Style::new().fg(Color::Indexed(self.colour(role)));
        match role {
            Role::Strong | Role::Bad => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// The style of a word set off from the rest.
    pub fn chip(&self, role: Role) -> Style {
        let colour = Color::Indexed(self.colour(role));
        Style::new().fg(Color::Indexed(self.background)).bg(colour).add_modifier(Modifier::BOLD)
    }

    /// The style laid over the selected line.
    pub fn selected(&self) -> Style {
        let (text, background) = self.selected;
        Style::new().fg(Color::Indexed(text)).bg(Color::Indexed(background))
    }

    /// The colours of a cell that has none of its own: text and background.
    pub fn plain(&self) -> (Color, Color) {
        (Color::Indexed(self.text), Color::Indexed(self.background))
    }

    fn colour(&self, role: Role) -> u8 {
        match role {
            Role::Plain => self.text,
            Role::Quiet => self.quiet,
            Role::Strong => self.strong,
            Role::Accent => self.accent,
            Role::Good => self.good,
            Role::Warn => self.warn,
            Role::Bad => self.bad,
            Role::Held => self.held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What a colour's number stands for: a cube of 6 × 6 × 6, then 24 greys.
    fn rgb(colour: Color) -> [f64; 3] {
        const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let Color::Indexed(number @ 16..) = colour else { panic!("{colour:?} is the terminal's own") };
        let step = |place: u8| STEPS[usize::from((number - 16) / place % 6)];
        let levels = if number < 232 { [step(36), step(6), step(1)] } else { [8 + 10 * (number - 232); 3] };
        levels.map(|level| f64::from(level) / 255.0)
    }

    /// As WCAG 2.2 defines it.
    fn luminance(colour: Color) -> f64 {
        let linear = |level: f64| {
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = rgb(colour).map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// As WCAG 2.2 defines it: 1 to 21.
    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_what_wcag_says() {
        let (black, white, grey) = (Color::Indexed(16), Color::Indexed(231), Color::Indexed(243));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        // #767676, the darkest grey that WCAG's own example passes at 4.54.
        assert!((contrast(white, grey) - 4.54).abs() < 0.01);
    }

    #[test]
    fn everything_can_be_read() {
        for (palette, least) in [(&DARK, 4.5), (&LIGHT, 4.5), (&HIGH_CONTRAST, 7.0)] {
            let (_, background) = palette.plain();
            let on = |style: Style| (style.fg.unwrap(), style.bg.unwrap_or(background));
            let roles = Role::ALL.into_iter().flat_map(|role| [palette.of(role), palette.chip(role)]);
            for style in roles.chain([palette.selected()]) {
                let (text, behind) = on(style);
                let contrast = contrast(text, behind);
                assert!(contrast >= least, "{text} on {behind}: {contrast:.2}");
            }
        }
    }

    #[test]
    fn meanings_have_colours_of_their_own() {
        for palette in [&DARK, &LIGHT, &HIGH_CONTRAST] {
            let styles: HashSet<Style> = Role::ALL.into_iter().map(|role| palette.of(role)).collect();
            assert_eq!(styles.len(), Role::ALL.len());
        }
    }
}
