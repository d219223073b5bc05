//! What an answer of the reader changes.

use chrono::TimeDelta;

use super::super::text;
use super::entries::safe;
use super::{Effect, Model, Obstacle, Panel, asked, export, lists, open};
use crate::destination::reader::Answer;
use crate::monitor::text::fit_middle;

/// How many cells of a path are shown at least.
const LEAST: usize = 20;

/// Takes an answer in. One to a question that nobody waits for any more changes nothing.
pub fn take(model: &mut Model, answer: Answer) -> Vec<Effect> {
    match answer {
        Answer::Window { ticket, slice, took } => {
            let height = lists::height(model, Panel::Rows);
            let took = TimeDelta::from_std(took).unwrap_or(TimeDelta::MAX);
            let heard = model.frozen.as_deref().unwrap_or(&model.heard);
            model.browse.rows((ticket, slice), took, heard, (model.now, height));
            return asked(model.browse.more(heard));
        }
        Answer::Count { ticket, rows } => model.browse.count().done(ticket, rows, model.now),
        Answer::Progress { ticket, done, of } if export::progress(model, ticket, done, of) => {}
        Answer::Progress { ticket, done, .. } => model.browse.count().seen(ticket, done),
        Answer::Exported { ticket, rows, bytes, path } => {
            let (rows, bytes) = (text::count(rows, "row"), text::count(bytes, "byte"));
            let what = format!("{rows} exported, {bytes}: ");
            // Of a long path its end says more than its middle.
            let room = usize::from(model.size.width).saturating_sub(what.len() + 4).max(LEAST);
            let path = fit_middle(&safe(&path.display().to_string()), room);
            export::over(model, ticket, what + &path);
        }
        Answer::Cancelled { ticket } => {
            let said = "the export was cancelled; no file is left behind".to_owned();
            export::over(model, ticket, said);
        }
        Answer::Occupied { ticket, path } => {
            let name = safe(&path.display().to_string());
            export::hindered(model, ticket, Obstacle::Occupied(name));
        }
        Answer::Row { ticket, row } => return open::row(model, ticket, row.as_deref()),
        Answer::Runs { ticket, runs } => {
            let height = lists::height(model, Panel::Runs);
            model.runs.take(ticket, runs, height);
            return open::latest(model);
        }
        Answer::Pages { ticket, pages } => {
            let height = lists::height(model, Panel::Pages);
            model.pages.take(ticket, pages, height);
        }
        Answer::Failed { ticket, text } => {
            let text = safe(&text);
            if !export::hindered(model, ticket, Obstacle::Failed(text.clone()))
                && !open::failed(model, ticket, &text)
                && model.browse.failed(ticket, &text)
            {
                model.refuse(text);
            }
        }
    }
    Vec::new()
}
