//! Histories: a source, and what happens to it while it is read.

use std::collections::BTreeMap;

use highwater::walk::{End, Mode};

use crate::oracle::{Api, Happening, Quirk, World};

const NOTHING: [&str; 0] = [];

/// Numbers out of bytes, and zeros when they are used up.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().map_or(0, |byte| byte % sides)
    }

    fn quirk(&mut self) -> Quirk {
        match self.roll(8) {
            0 | 1 => Quirk::Plain,
            2 => Quirk::CompositeToken,
            3 => Quirk::Exclusive,
            4 => Quirk::Disorder,
            5 => Quirk::Loop(u32::from(self.roll(5)) + 1),
            6 => Quirk::EmptyPages(u32::from(self.roll(3)) + 2),
            _ => Quirk::ExpiringTokens(self.roll(4).into()),
        }
    }

    /// Groups of rows that share a second, at some distance from one another.
    fn rows(&mut self) -> BTreeMap<u32, u32> {
        let (mut rows, mut at) = (BTreeMap::new(), 0);
        for _ in 0..self.roll(13) {
            at += 1 + u32::from(self.roll(5));
            for _ in 0..=self.roll(26) {
                rows.insert(u32::try_from(rows.len()).unwrap(), at);
            }
        }
        rows
    }

    fn happening(&mut self) -> Happening {
        match self.roll(12) {
            0..=3 => Happening::Nothing,
            4 | 5 => Happening::Tick(self.roll(3).into()),
            6..=8 => Happening::Update(self.roll(255).into()),
            9 => Happening::Insert,
            10 => Happening::CrashBefore { from_token: self.roll(2) == 0 },
            _ => Happening::CrashAfter { from_token: self.roll(2) == 0 },
        }
    }
}

/// Whatever the source does, the run ends and the checkpoint never goes back, which the world itself watches. Where the
/// source keeps its order and its bound, nothing is lost unless the walk says so.
pub fn walk(data: &[u8]) {
    let mut dice = Dice(data.iter());
    let mode = [Mode::Auto, Mode::Anchor, Mode::Scroll][usize::from(dice.roll(3))];
    let (quirk, page_size) = (dice.quirk(), usize::from(dice.roll(11)) + 2);
    let rows = dice.rows();
    let clock = rows.values().max().copied().unwrap_or(0) + 10;
    let mut world = World::new(Api { rows, clock, page_size, quirk, requests: 0 });
    let happenings: Vec<Happening> = (0..30).map(|_| dice.happening()).collect();
    let mut happenings = happenings.into_iter().map(|happening| match happening {
        // What changes within the very second that a token is stepping through may fall behind it, and nobody can see it.
        Happening::Update(_) | Happening::Insert if quirk == Quirk::CompositeToken => Happening::Nothing,
        other => other,
    });
    let end = world.run(mode, &mut happenings);
    let orderly = matches!(quirk, Quirk::Plain | Quirk::CompositeToken | Quirk::EmptyPages(_));
    if mode == Mode::Scroll || !orderly {
        return;
    }
    assert!(matches!(end, Some(End::Exhausted | End::Ceiling | End::EmptyPage { token: false })), "{end:?}");
    assert_eq!(world.breaches(), NOTHING);
    world.run(mode, &mut std::iter::empty());
    assert_eq!(world.breaches(), NOTHING);
    assert_eq!(world.differences(), NOTHING, "a further run makes the table equal the source");
}
