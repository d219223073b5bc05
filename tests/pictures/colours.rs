//! What the terminal of the pictures looks like: its sixteen colours, those by number, and text that is dim.

use vt100::{Cell, Color};

/// A colour as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// What is behind everything.
pub const BACKGROUND: Rgb = Rgb(0x12, 0x17, 0x21);
/// Text that has no colour of its own.
pub const TEXT: Rgb = Rgb(0xd8, 0xde, 0xe9);
/// How much of dim text's own colour is left, in hundredths.
const DIM: u16 = 58;

/// The sixteen: black, red, green, yellow, blue, magenta, cyan, white, and the same again, bright.
const SIXTEEN: [Rgb; 16] = [
    Rgb(0x2e, 0x36, 0x44),
    Rgb(0xff, 0x7b, 0x86),
    Rgb(0x7f, 0xd9, 0x8c),
    Rgb(0xf2, 0xc9, 0x6d),
    Rgb(0x7a, 0xb3, 0xff),
    Rgb(0xcf, 0x9f, 0xf7),
    Rgb(0x56, 0xcd, 0xd6),
    Rgb(0xd8, 0xde, 0xe9),
    Rgb(0x5c, 0x67, 0x7a),
    Rgb(0xff, 0x9a, 0xa2),
    Rgb(0xa2, 0xe8, 0xab),
    Rgb(0xf8, 0xdb, 0x9a),
    Rgb(0xa3, 0xcb, 0xff),
    Rgb(0xe0, 0xc1, 0xfb),
    Rgb(0x8c, 0xe2, 0xe8),
    Rgb(0xff, 0xff, 0xff),
];

impl Rgb {
    /// As SVG and CSS write it.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    fn towards(self, other: Self, left: u16) -> Self {
        let mix = |own: u8, other: u8| {
            let sum = u16::from(own) * left + u16::from(other) * (100 - left);
            u8::try_from(sum / 100).unwrap()
        };
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }
}

/// The colours of a cell: of what stands in it, and behind that. `None` is the background of everything.
pub fn of(cell: &Cell) -> (Rgb, Option<Rgb>) {
    let (mut front, mut behind) = (known(cell.fgcolor()), known(cell.bgcolor()));
    if cell.inverse() {
        (front, behind) = (Some(behind.unwrap_or(BACKGROUND)), Some(front.unwrap_or(TEXT)));
    }
    let front = front.unwrap_or(TEXT);
    let front = if cell.dim() { front.towards(behind.unwrap_or(BACKGROUND), DIM) } else { front };
    (front, behind)
}

/// A colour that is named; the default has no name.
fn known(colour: Color) -> Option<Rgb> {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match colour {
        Color::Default => None,
        Color::Rgb(red, green, blue) => Some(Rgb(red, green, blue)),
        Color::Idx(number @ 0..16) => Some(SIXTEEN[usize::from(number)]),
        Color::Idx(number @ 16..232) => {
            let step = |place: u8| STEPS[usize::from((number - 16) / place % 6)];
            Some(Rgb(step(36), step(6), step(1)))
        }
        Color::Idx(number) => {
            let grey = 8 + 10 * (number - 232);
            Some(Rgb(grey, grey, grey))
        }
    }
}
