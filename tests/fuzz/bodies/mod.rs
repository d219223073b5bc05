//! What must hold whatever bytes come: one function for each place where they come in. The fuzzer calls them with bytes
//! of its own, and an ordinary test with those that are kept.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod files;
mod texts;
mod walk;

/// A place where bytes come in, by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("cursor", texts::cursor),
    ("page", texts::page),
    ("recording", files::recording),
    ("retry", texts::retry),
    ("sanitize", texts::sanitize),
    ("settings", files::settings),
    ("token", texts::token),
    ("walk", walk::walk),
];

/// Panics if a terminal could obey the text, or if it is not all there to see.
fn assert_safe(text: &str) {
    let unseen = |character: char| {
        character.is_control()
            || matches!(character,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    assert!(!text.contains(unseen), "{text:?}");
}
