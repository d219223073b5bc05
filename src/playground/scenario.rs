//! What the playground serves and how it behaves: how many people, how slow, how strict, and which known trouble.
//!
//! Only numbers and their limits are here. What goes wrong on purpose is told by `trouble`.

use std::io;
use std::time::Duration;

use serde::Deserialize;

use super::trouble::Troubles;

/// The most users that a playground serves. Beyond it the oldest change would lie years back, and the memory for
/// their order would pass a gigabyte.
pub const MAX_USERS: usize = 10_000_000;

/// What to serve, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many users there are: 200 unless told, at most [`MAX_USERS`].
    pub users: usize,
    /// Rows a page: 50 unless told, at least 1.
    pub page_size: usize,
    /// How long every answer is held back. None unless told.
    pub latency: Duration,
    /// Which people, and when they change. The same seed gives the same at every start.
    pub seed: u64,
    /// The capacity of the token bucket, which refills by 10 a second. `None`, the default, is no limit.
    pub rate_limit: Option<u32>,
    /// Users that share one `updatedAt` across the cut between the first two pages.
    pub tie: Option<Tie>,
    /// Nobody changes: every start serves the same rows, whatever the time.
    pub frozen: bool,
    /// Keep connections open between requests. The original closes them, and so does the default.
    pub keep_alive: bool,
    /// What goes wrong on purpose: nothing unless told.
    pub troubles: Troubles,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            users: 200,
            page_size: 50,
            latency: Duration::ZERO,
            seed: 1,
            rate_limit: None,
            tie: None,
            frozen: false,
            keep_alive: false,
            troubles: Troubles::default(),
        }
    }
}

/// A group of users that share one `updatedAt`, and where the first page's cut goes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// How many share the value.
    pub users: usize,
    /// How many of them the first page still holds, at most a whole page. Whoever follows the token loses the others.
    pub before_cut: usize,
}

impl Options {
    /// Refuses what cannot be served.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`], with a text that names the option and its limit.
    pub fn check(&self) -> io::Result<()> {
        let refuse = |text: String| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        if self.users > MAX_USERS {
            return refuse(format!("users: at most {MAX_USERS}, not {}", self.users));
        }
        if self.page_size == 0 {
            return refuse("page size: at least 1".to_owned());
        }
        if self.rate_limit == Some(0) {
            return refuse("rate limit capacity: at least 1".to_owned());
        }
        match self.tie {
            Some(tie) if tie.users > self.users => refuse(format!(
                "tie: {} users cannot share a value where there are {}",
                tie.users, self.users
            )),
            Some(tie) if tie.before_cut > tie.users => {
                refuse(format!("tie: {} rows before the cut are more than share the value", tie.before_cut))
            }
            _ => self.troubles.check(self.frozen).or_else(refuse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_served_is_refused_by_name() {
        let refused = |options: Options| options.check().unwrap_err().to_string();
        let base = Options::default;
        assert!(base().check().is_ok());
        assert!(refused(Options { users: MAX_USERS + 1, ..base() }).starts_with("users:"));
        assert!(refused(Options { page_size: 0, ..base() }).starts_with("page size:"));
        assert!(refused(Options { rate_limit: Some(0), ..base() }).starts_with("rate limit"));
        let tie = Some(Tie { users: 201, before_cut: 100 });
        assert!(refused(Options { tie, ..base() }).starts_with("tie:"));
        let tie = Some(Tie { users: 50, before_cut: 51 });
        assert!(refused(Options { tie, ..base() }).starts_with("tie:"));
    }
}
