//! What can be copied to the terminal's clipboard, and as what text.

use super::super::model::lists;
use super::{Model, Panel};
use crate::sanitize;

/// What can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// The selected row, as JSON.
    Row,
    /// The last scroll token.
    Token,
    /// The address that the selected page was asked for at.
    Address,
    /// The checkpoint.
    Checkpoint,
}

impl Copied {
    /// Everything that can be copied, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Row, Self::Token, Self::Address, Self::Checkpoint];

    /// What an operator in that panel most likely means.
    #[must_use]
    pub fn of(panel: Panel) -> Self {
        match panel {
            Panel::Rows => Self::Row,
            Panel::Pages => Self::Address,
            Panel::Runs | Panel::Log | Panel::Problems => Self::Checkpoint,
        }
    }

    /// The key that picks it from the menu.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Row => 'r',
            Self::Token => 't',
            Self::Address => 'u',
            Self::Checkpoint => 'c',
        }
    }

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Token => "token",
            Self::Address => "URL",
            Self::Checkpoint => "checkpoint",
        }
    }

    /// The one a number of places further, stopping at the ends.
    #[must_use]
    pub fn step(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|copied| *copied == self);
        let to = at.unwrap_or(0).saturating_add_signed(by);
        Self::ALL[to.min(Self::ALL.len() - 1)]
    }
}

/// The text that would be copied, safe for any terminal, or why there is none.
///
/// # Errors
/// Why there is nothing to copy.
pub fn text(model: &Model, copied: Copied) -> Result<String, &'static str> {
    let seen = model.seen();
    match copied {
        Copied::Row => {
            let entry = model.browse.scroll.selected(&lists::rows(model)).ok_or("no row is listed yet")?;
            let sent = entry.sent();
            let fields = model.schema.columns.iter().zip(sent.iter()).map(|(column, value)| {
                let value = value.clone().map_or(serde_json::Value::Null, Into::into);
                (column.name.to_owned(), value)
            });
            let row = serde_json::Value::Object(fields.collect()).to_string();
            Ok(sanitize::json(&row).into_owned())
        }
        Copied::Token => {
            seen.token.as_ref().map(|token| token.raw.clone()).ok_or("no scroll token has come yet")
        }
        Copied::Address => {
            let page = model.pages.selected(seen).ok_or("no page is listed yet")?;
            page.url.clone().ok_or("the address of this page was not kept")
        }
        Copied::Checkpoint => {
            seen.checkpoint.value.as_ref().map(|(_, text)| text.clone()).ok_or("there is no checkpoint yet")
        }
    }
}
