//! The reference connector: the keyset pagination example of the Connector SDK, its `update` line for line.

use super::source::Api;
use super::table::Rows;

/// What a run of the reference leaves behind.
#[derive(Debug, Default)]
pub struct Reference {
    /// The table.
    pub rows: Rows,
    /// `state["last_updated_at"]`.
    pub last_updated_at: Option<String>,
    /// How often it has upserted a row, ever.
    pub upserts: usize,
}

impl Reference {
    /// `update(configuration, state)`.
    pub fn update(&mut self, api: &Api) {
        let cursor = self.last_updated_at.as_deref().unwrap_or("0001-01-01T00:00:00Z");
        let mut query = format!("updated_since={cursor}");
        loop {
            let page = api.page(&query);
            if page.rows.is_empty() {
                return;
            }
            for row in page.rows {
                self.last_updated_at = Some(super::cursor(&row).to_owned());
                self.rows.insert(super::id(&row).to_owned(), row);
                self.upserts += 1;
            }
            match page.token {
                Some(token) => query = format!("scroll_param={token}"),
                None => return,
            }
        }
    }
}
