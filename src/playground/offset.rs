//! `GET /pagination/offset`: the other way to page, which the original serves too. It counts rows instead of looking
//! at them, and so skips and repeats as soon as they move.

use std::ops::Bound;

use super::request::{self, NO_DATE, NO_Z};

/// The endpoint's path.
pub(super) const PATH: &str = "/pagination/offset";

const NAMES: [&str; 5] = ["order_by", "order_type", "limit", "offset", "updated_since"];
const NO_LIMIT: &str = "Invalid value for 'limit'. It should be between 1 and 50.";
const NO_OFFSET: &str = "Invalid value for 'offset'. It must be greater than or equal to 0.";
const NO_FIELD: &str = "Invalid value for 'order_by'. Use 'createdAt' or 'updatedAt'";
const NO_DIRECTION: &str = "Invalid value for 'order_type'. Use 'asc' or 'desc'";

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// How many rows at most.
    pub limit: usize,
    /// How many are left out before them.
    pub offset: usize,
    /// By when they came into the system, not by when they last changed.
    pub by_creation: bool,
    /// The newest first.
    pub descending: bool,
    /// Only rows that changed then or later.
    pub from: Bound<i64>,
}

/// Reads a raw query.
///
/// # Errors
/// The text of the answer with status 400.
pub(super) fn read(query: &str) -> Result<Slice, String> {
    let parameters = request::parameters(query);
    request::refuse_others(&parameters, &NAMES)?;
    let value = |name: &str| request::first(&parameters, name);
    // A number that is none counts as absent.
    let number = |name: &str| value(name).and_then(|text| text.trim().parse::<i64>().ok());
    let limit = number("limit").unwrap_or(10);
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=50).contains(limit)).ok_or(NO_LIMIT)?;
    let offset = usize::try_from(number("offset").unwrap_or(0)).map_err(|_| NO_OFFSET)?;
    let by_creation = match value("order_by").unwrap_or("updatedAt") {
        "createdAt" => true,
        "updatedAt" => false,
        _ => return Err(NO_FIELD.to_owned()),
    };
    let descending = match value("order_type").unwrap_or("asc") {
        "desc" => true,
        "asc" => false,
        _ => return Err(NO_DIRECTION.to_owned()),
    };
    let from = match value("updated_since").filter(|since| !since.is_empty()) {
        None => Bound::Unbounded,
        Some(since) => {
            let since = since.strip_suffix('Z').ok_or(NO_Z)?;
            Bound::Included(request::seconds(since).ok_or(NO_DATE)?)
        }
    };
    Ok(Slice { limit, offset, by_creation, descending, from })
}
