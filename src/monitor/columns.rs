//! Columns of a list: which of them there is room for, and how wide each is. Geometry alone, so that a click can be
//! told which column it hit.

use crate::record::{ColumnType, Schema};

/// Blank cells between two columns.
pub const GAP: usize = 2;
/// The cells in front of the first column, where the selected line is marked, and of a sign behind that.
pub const MARK: usize = 2;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub title: &'static str,
    /// The least that it can be read in.
    pub least: usize,
    /// The most that is of use to it.
    pub most: usize,
    /// Its rank when there is no room for all: the smaller goes first.
    pub rank: u8,
    /// True if it holds numbers.
    pub number: bool,
}

impl Column {
    /// A column of texts.
    #[must_use]
    pub const fn text(title: &'static str, least: usize, most: usize, rank: u8) -> Self {
        Self { title, least, most, rank, number: false }
    }

    /// A column of numbers.
    #[must_use]
    pub const fn number(title: &'static str, least: usize, most: usize, rank: u8) -> Self {
        Self { title, least, most, rank, number: true }
    }
}

/// The columns that fit, in their order, each with its width.
pub fn fit(columns: &[Column], cells: usize) -> Vec<(usize, usize)> {
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|index| columns[*index].rank);
    let mut room = cells;
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for index in &by_rank {
        let gap = if chosen.is_empty() { 0 } else { GAP };
        let Some(rest) = room.checked_sub(columns[*index].least + gap) else {
            break;
        };
        room = rest;
        chosen.push((*index, columns[*index].least));
    }
    // What is left over goes to the most important column that can use it, then to the next.
    for (index, width) in &mut chosen {
        let more = (columns[*index].most - *width).min(room);
        *width += more;
        room -= more;
    }
    chosen.sort_by_key(|(index, _)| *index);
    chosen
}

/// The column at so many cells from where the first begins.
#[must_use]
pub fn at(fitted: &[(usize, usize)], cell: usize) -> Option<usize> {
    let mut left = 0;
    for (index, width) in fitted {
        if (left..left + width + GAP).contains(&cell) {
            return Some(*index);
        }
        left += width + GAP;
    }
    None
}

/// Columns as fields of these names usually need them.
const USUAL: &[Column] = &[
    Column::text("id", 8, 36, 4),
    Column::text("name", 14, 24, 0),
    Column::text("email", 20, 32, 2),
    Column::text("company", 20, 34, 3),
    Column::text("job", 24, 36, 5),
    Column::text("updatedAt", TIME, TIME, 1),
    Column::text("createdAt", TIME, TIME, 6),
    Column::text("address", LONG, 60, 7),
];

/// How wide a time is, in whole seconds.
const TIME: usize = 20;

/// From which width on a column stands behind all the others: what comes after it would be far from what comes before.
const LONG: usize = 30;

/// What a field is often called that a person knows a row by.
const NAMING: &[&str] = &["name", "title", "subject", "label", "email"];

/// The column that a person knows a row by: one of those names, else the first text that is neither key nor cursor.
fn naming(schema: &Schema) -> Option<usize> {
    let is_own = |position: &usize| {
        let is_end = *position == schema.primary_key || Some(*position) == schema.cursor;
        !is_end && schema.columns[*position].kind == ColumnType::String
    };
    let mut texts = (0..schema.columns.len()).filter(is_own);
    let named = texts.clone().find(|position| NAMING.contains(&schema.columns[*position].name));
    named.or_else(|| texts.next())
}

/// A column of the table, as it is best shown; `naming` is the one that a person knows a row by.
fn column(schema: &Schema, naming: Option<usize>, position: usize) -> Column {
    let column = &schema.columns[position];
    // Numbers are shorter than the ids that are usual.
    let is_number = column.kind == ColumnType::Int;
    let usual = USUAL.iter().find(|usual| usual.title == column.name && !is_number).copied();
    let shape = usual.unwrap_or(match column.kind {
        ColumnType::Int if position == schema.primary_key => Column::text(column.name, 8, 12, 4),
        _ if position == schema.primary_key => Column::text(column.name, 8, 36, 4),
        _ if naming == Some(position) => Column::text(column.name, 14, 40, 0),
        ColumnType::UtcDatetime => Column::text(column.name, TIME, TIME + 5, 9),
        ColumnType::Date => Column::text(column.name, 10, 10, 9),
        ColumnType::Bool => Column::text(column.name, 5, 5, 10),
        ColumnType::Int | ColumnType::Float | ColumnType::Decimal => Column::text(column.name, 8, 20, 8),
        ColumnType::String => Column::text(column.name, 12, 36, 7),
        ColumnType::Json | ColumnType::Binary => Column::text(column.name, 12, 36, 11),
    });
    if Some(position) == schema.cursor { Column { rank: 1, ..shape } } else { shape }
}

/// The columns of the table that are shown, in the order of the screen.
#[must_use]
pub fn of_rows(schema: &Schema, shown: &[bool]) -> Vec<Column> {
    let places = (0..schema.columns.len()).filter(|position| shown.get(*position) == Some(&true));
    let naming = naming(schema);
    let mut columns: Vec<Column> = places.map(|position| column(schema, naming, position)).collect();
    columns.sort_by_key(|column| column.least >= LONG);
    columns
}

/// The columns that tell one row from another at a glance, by their places in the schema: the two most important ones
/// of its own, its cursor and its key.
#[must_use]
pub fn telling(schema: &Schema) -> Vec<usize> {
    let ends: Vec<usize> = schema.cursor.into_iter().chain([schema.primary_key]).collect();
    let mut own: Vec<usize> = (0..schema.columns.len()).filter(|position| !ends.contains(position)).collect();
    let naming = naming(schema);
    own.sort_by_key(|position| column(schema, naming, *position).rank);
    own.truncate(2);
    own.extend(ends);
    own.dedup();
    own
}

/// What stands in front of the rows: the mark of the selected one, and a sign.
pub const FRONT: usize = 2 * MARK;

/// The columns of the rows that fit in a panel that is so wide inside: their places in the schema, and their widths.
#[must_use]
pub fn rows_in(schema: &Schema, shown: &[bool], width: u16) -> Vec<(usize, usize)> {
    let columns = of_rows(schema, shown);
    let fitted = fit(&columns, usize::from(width).saturating_sub(FRONT)).into_iter();
    fitted.filter_map(|(index, width)| Some((schema.position(columns[index].title)?, width))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "a", least: 4, most: 10, rank: 2, number: false },
        Column { title: "b", least: 5, most: 5, rank: 0, number: true },
        Column { title: "c", least: 6, most: 8, rank: 1, number: false },
    ];

    #[test]
    fn the_least_important_goes_first_and_order_stays() {
        assert_eq!(fit(&COLUMNS, 80), [(0, 10), (1, 5), (2, 8)]);
        assert_eq!(fit(&COLUMNS, 20), [(0, 4), (1, 5), (2, 7)]);
        assert_eq!(fit(&COLUMNS, 18), [(1, 5), (2, 8)]);
        assert_eq!(fit(&COLUMNS, 12), [(1, 5)]);
        assert_eq!(fit(&COLUMNS, 3), []);
        assert_eq!(fit(&COLUMNS, 0), []);
    }

    #[test]
    fn what_a_row_is_known_by_is_shown_first() {
        const fn column(name: &'static [&'static str], kind: ColumnType) -> crate::record::Column {
            crate::record::Column { name: name[0], path: name, kind }
        }
        const SCHEMA: Schema = Schema {
            table: "issue",
            title: "Issues",
            columns: &[
                column(&["id"], ColumnType::Int),
                column(&["state"], ColumnType::String),
                column(&["title"], ColumnType::String),
                column(&["changed"], ColumnType::UtcDatetime),
            ],
            primary_key: 0,
            parts: &[],
            cursor: Some(3),
            format: crate::record::Format::Rfc3339,
        };
        let shown = |width| rows_in(&SCHEMA, &[true; 4], width);
        assert_eq!(shown(40), [(2, 14), (3, 20)]);
        assert_eq!(shown(54), [(0, 8), (2, 18), (3, 20)]);
        assert_eq!(shown(100), [(0, 12), (1, 13), (2, 40), (3, 25)]);
    }

    #[test]
    fn a_click_hits_a_column_or_none() {
        let fitted = fit(&COLUMNS, 20);
        let hits: Vec<Option<usize>> = [0, 5, 6, 12, 13, 21, 22].map(|cell| at(&fitted, cell)).into();
        assert_eq!(hits, [Some(0), Some(0), Some(1), Some(1), Some(2), Some(2), None]);
    }
}
