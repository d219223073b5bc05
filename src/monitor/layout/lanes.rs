//! How lanes are listed: in columns, as many as there is room for.

/// The cells in which all of a lane can be told, and the least of use.
const LANE: (u16, u16) = (56, 36);

/// In how many columns lanes are listed in so many cells, and on how many lines.
#[must_use]
pub fn lane_grid(lanes: u32, width: u16, tall: bool) -> (u16, u16) {
    let lanes = u16::try_from(lanes).unwrap_or(u16::MAX);
    let most = if tall { 8 } else { 4 };
    let grid = |cells: u16| {
        let columns = (width / cells).max(1);
        (columns, lanes.div_ceil(columns))
    };
    let (columns, lines) =
        Some(grid(LANE.0)).filter(|(_, lines)| *lines <= most).unwrap_or_else(|| grid(LANE.1));
    (columns, lines.min(most))
}
