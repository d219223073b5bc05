//! Parts of a sheet → lines of a width.

use super::super::super::text;
use super::super::super::theme::Role;
use super::{Part, Said, Segment};

/// Blank cells behind a label, and between two cells of a table.
const GAP: usize = 2;

/// The lines of a sheet.
pub fn out(parts: &[Part], width: usize) -> Vec<Said> {
    let labels = parts.iter().flat_map(|part| match part {
        Part::Field((_, label), _) => vec![text::width(label)],
        Part::Table { rows, .. } => rows.iter().map(|(label, _)| text::width(label)).collect(),
        Part::Bar(label, _) => vec![text::width(label)],
        Part::Blank => Vec::new(),
    });
    let margin = labels.max().map_or(0, |widest| (widest + GAP).min(width / 2));
    let room = width.saturating_sub(margin);
    let mut lines = Vec::new();
    for part in parts {
        match part {
            Part::Blank => lines.push(Vec::new()),
            Part::Field(label, said) => {
                let mut label = Some(label);
                lines.extend(wrap(said, room).into_iter().map(|said| labelled(label.take(), margin, said)));
            }
            Part::Table { rows, figures } => table(&mut lines, rows, *figures, (margin, room)),
            Part::Bar(label, segments) => {
                let label = (Role::Quiet, (*label).to_owned());
                lines.push(labelled(Some(&label), margin, bar(segments, room)));
            }
        }
    }
    lines
}

fn labelled(label: Option<&(Role, String)>, margin: usize, said: Said) -> Said {
    let (role, label) = label.map_or((Role::Quiet, ""), |(role, label)| (*role, label));
    let mut line = vec![(role, text::pad(label, margin))];
    line.extend(said);
    line
}

/// The words broken into lines, each word with its meaning. Never empty.
fn wrap(said: &Said, cells: usize) -> Vec<Said> {
    let whole: String = said.iter().map(|(_, text)| text.as_str()).collect();
    // Breaking only ever takes blanks away: what is left comes in the same order.
    let mut roles =
        said.iter().flat_map(|(role, text)| text.chars().filter(|c| *c != ' ').map(move |_| *role));
    let mut last = said.first().map_or(Role::Plain, |(role, _)| *role);
    let line = |piece: String| {
        let mut line = Said::new();
        for character in piece.chars() {
            let role = if character == ' ' { last } else { roles.next().unwrap_or(last) };
            match line.last_mut() {
                Some((before, text)) if *before == role => text.push(character),
                _ => line.push((role, character.to_string())),
            }
            last = role;
        }
        line
    };
    text::wrap(&whole, cells).into_iter().map(line).collect()
}

fn table(lines: &mut Vec<Said>, rows: &[(String, Said)], figures: bool, (margin, room): (usize, usize)) {
    let widths = columns(rows, room);
    for (label, cells) in rows {
        let mut line = Vec::new();
        for (at, ((role, cell), width)) in cells.iter().zip(&widths).enumerate() {
            let gap = if at > 0 { " ".repeat(GAP) } else { String::new() };
            let cell = if figures { text::pad_left(cell, *width) } else { text::pad(cell, *width) };
            line.push((*role, gap + &cell));
        }
        lines.push(labelled(Some(&(Role::Quiet, label.clone())), margin, line));
    }
}

/// The widths of the columns that there is room for; the first is cut rather than left out.
fn columns(rows: &[(String, Said)], room: usize) -> Vec<usize> {
    let most = rows.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let cell = |cells: &Said, at: usize| cells.get(at).map_or(0, |(_, cell)| text::width(cell));
    let widest = |at: usize| rows.iter().map(|(_, cells)| cell(cells, at)).max().unwrap_or(0);
    let mut left = room;
    let mut widths = Vec::new();
    for at in 0..most {
        let (width, gap) = (widest(at), if at > 0 { GAP } else { 0 });
        match left.checked_sub(width + gap) {
            Some(rest) => left = rest,
            None if at == 0 => return vec![room],
            None => break,
        }
        widths.push(width);
    }
    widths
}

/// The segments in so many cells.
fn bar(segments: &[Segment], cells: usize) -> Said {
    let values: Vec<u64> = segments.iter().map(|segment| segment.value).collect();
    let shares = shares(&values, cells);
    segments.iter().zip(shares).map(|(segment, share)| (segment.role, segment.glyph.repeat(share))).collect()
}

/// So many cells divided by values: what is not nothing gets one at least, while there are enough, and the largest
/// makes up for that.
fn shares(values: &[u64], cells: usize) -> Vec<usize> {
    let all: u128 = values.iter().map(|value| u128::from(*value)).sum();
    if all == 0 {
        return vec![0; values.len()];
    }
    let share = |value: &u64| {
        let share = u128::from(*value) * cells as u128 / all;
        usize::try_from(share).unwrap_or(cells).max(usize::from(*value > 0))
    };
    let mut shares: Vec<usize> = values.iter().map(share).collect();
    let largest = (0..values.len()).max_by_key(|at| values[*at]).unwrap_or(0);
    let others: usize = shares.iter().sum::<usize>() - shares[largest];
    shares[largest] = cells.saturating_sub(others);
    // Narrower than the segments are many: the first ones stand.
    let mut left = cells;
    for share in &mut shares {
        *share = (*share).min(left);
        left -= *share;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::super::field;
    use super::*;

    fn text_of(line: &Said) -> String {
        line.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn what_is_little_still_shows_and_the_bar_is_always_full() {
        assert_eq!(shares(&[602, 0, 1, 4], 40), [38, 0, 1, 1]);
        assert_eq!(shares(&[25, 4, 1, 3], 33), [25, 4, 1, 3]);
        assert_eq!(shares(&[0, 0], 9), [0, 0]);
        assert_eq!(shares(&[u64::MAX, u64::MAX], 10), [5, 5]);
        for cells in 0..6 {
            assert_eq!(shares(&[1, 1_000, 1, 1], cells).iter().sum::<usize>(), cells);
        }
    }

    #[test]
    fn words_keep_their_meaning_over_the_end_of_a_line() {
        let said = vec![(Role::Quiet, "Ada Byron".to_owned()), (Role::Warn, " → Ada Lovelace".to_owned())];
        let lines = wrap(&said, 7);
        let texts: Vec<String> = lines.iter().map(text_of).collect();
        assert_eq!(texts, ["Ada", "Byron →", "Ada", "Lovelac", "e"]);
        assert!(lines[..2].iter().all(|line| line[0].0 == Role::Quiet));
        assert_eq!(lines[1].last(), Some(&(Role::Warn, "→".to_owned())));
        assert!(lines[2..].iter().flatten().all(|(role, _)| *role == Role::Warn));
    }

    #[test]
    fn no_line_is_wider_than_the_sheet() {
        let cells = |texts: [&str; 3]| texts.map(|text| (Role::Plain, text.to_owned())).into();
        let rows = vec![
            ("first".to_owned(), cells(["Ada", "日本語", "x"])),
            (String::new(), cells(["B", "", "yy"])),
        ];
        let parts = [
            field("", Role::Plain, "a text that is long"),
            Part::Blank,
            field("a label", Role::Plain, "日本語 and a value"),
            Part::Table { rows: rows.clone(), figures: false },
            Part::Table { rows, figures: true },
            Part::Bar("bar", vec![Segment { role: Role::Plain, glyph: "█", value: 3 }]),
        ];
        for width in 0..60 {
            for line in out(&parts, width) {
                assert!(text::width(&text_of(&line)) <= width.max(1), "{width}: {line:?}");
            }
        }
        let wide: Vec<String> = out(&parts, 60).iter().map(text_of).collect();
        assert_eq!(wide[3], "first    Ada  日本語  x ");
        assert_eq!(wide[5], "first    Ada  日本語   x");
        let narrow: Vec<String> = out(&parts, 22).iter().map(text_of).collect();
        assert_eq!(narrow[5], "first    Ada  日本語");
    }
}
