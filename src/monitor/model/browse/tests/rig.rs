//! A table in memory that answers as a reader would, and a monitor before it.

use super::*;
use crate::destination::reader::{Key, View};

/// A table of users by number; the number is the rowid.
pub(super) struct Table {
    pub(super) rows: Vec<i64>,
}

impl Table {
    pub(super) fn new(rows: i64) -> Self {
        Self { rows: (1..=rows).collect() }
    }

    pub(super) fn answer(&self, question: &Question) -> Option<Answer> {
        match question {
            Question::Window { ticket, view, place, rows } => {
                let took = std::time::Duration::from_millis(3);
                Some(Answer::Window { ticket: *ticket, slice: self.window(view, place, *rows), took })
            }
            Question::Count { ticket, filter } => {
                let rows =
                    self.rows.iter().filter(|row| filter.matches(&shown(**row, Fate::New).values)).count();
                Some(Answer::Count { ticket: *ticket, rows: rows as u64 })
            }
            _ => None,
        }
    }

    fn window(&self, view: &View, place: &Place, rows: usize) -> Slice {
        let values = |row: &i64| Box::from(&shown(*row, Fate::New).values[..]);
        let key = |row: &i64| match view.order {
            Order::Stored => Key::new(None, *row),
            Order::Column { position, .. } => Key::new(shown(*row, Fate::New).values[position].clone(), *row),
        };
        let mut all: Vec<(Key, Box<[Option<String>]>)> = self
            .rows
            .iter()
            .map(|row| (key(row), values(row)))
            .filter(|(_, values)| view.filter.matches(values))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        if !matches!(view.order, Order::Column { descending: false, .. }) {
            all.reverse();
        }
        let at = |key: &Key| all.iter().position(|(other, _)| other == key).unwrap();
        let from = match place {
            Place::Top => 0,
            Place::Bottom => all.len().saturating_sub(rows),
            Place::After(key) => at(key) + 1,
            Place::Before(key) => at(key).saturating_sub(rows),
            Place::Around(id) => {
                let place = all.iter().position(|(_, values)| values[0].as_ref() == Some(id));
                place.unwrap_or(0).saturating_sub(rows / 2)
            }
        };
        let to = match place {
            Place::Before(key) => at(key),
            _ => (from + rows).min(all.len()),
        };
        Slice {
            rows: all[from..to]
                .iter()
                .map(|(key, values)| FoundRow { key: key.clone(), values: values.clone() })
                .collect(),
            top: from == 0,
            bottom: to == all.len(),
            rank: Some(from as u64),
            of: Some(all.len() as u64),
        }
    }
}

/// Answers everything that is asked, and what is asked upon that.
pub(super) fn serve(model: &mut Model, table: &Table, effects: Vec<Effect>) {
    let mut questions: std::collections::VecDeque<Effect> = effects.into();
    while let Some(effect) = questions.pop_front() {
        if let Effect::Ask(question) = effect
            && let Some(answer) = table.answer(&question)
        {
            questions.extend(update(model, Message::Read(Box::new(answer))));
        }
    }
}

pub(super) fn press_and_serve(model: &mut Model, table: &Table, key: KeyCode) {
    let effects = press(model, key);
    serve(model, table, effects);
}

/// A monitor before a table of so many users, of which the last 150 came by.
pub(super) fn before(table: &Table) -> Model {
    let mut model = heard(120, 36, [opened(), started()]);
    let last = table.rows.len() as i64;
    let Event::Page(mut stored) = page(3) else { unreachable!() };
    stored.shown = (last - 149..=last).map(|row| shown(row, Fate::New)).collect();
    stored.rows = last as u64;
    stored.counts.rows = 150;
    tell(&mut model, 2_000, Event::Page(stored));
    model
}

pub(super) fn names(model: &Model) -> Vec<String> {
    let list = lists::rows(model);
    let height = lists::height(model, Panel::Rows);
    let window = model.browse.scroll.window(&list, height);
    list.iter()
        .skip(window.above)
        .take(height)
        .filter_map(|user| user.value("name"))
        .map(str::to_owned)
        .collect()
}

pub(super) fn place(model: &Model) -> (Option<u64>, Option<u64>) {
    model.browse.place(&model.heard, &lists::rows(model))
}

pub(super) fn selected(model: &Model) -> Option<String> {
    let list = lists::rows(model);
    model.browse.scroll.selected(&list).and_then(|user| user.value("name")).map(str::to_owned)
}
