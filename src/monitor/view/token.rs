//! The scroll token: as the source gave it, and what it reads where it can be read.

use super::super::layout::Shape;
use super::super::model::Model;
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};

/// Draws the token.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.token;
    let compact = canvas.areas.shape == Shape::Compact;
    let inner = if compact { area } else { canvas.panel(area, "Scroll token", "", false) };
    let Some(token) = &model.seen().token else {
        let why = match &model.seen().run {
            Some(run) if run.totals.pages > 0 => {
                format!("none came with page {}", text::number(run.totals.pages))
            }
            _ => "none yet".to_owned(),
        };
        let label = if compact { " token      " } else { "" };
        let words = Words::new().say(Role::Quiet, format!("{label}{why}"));
        canvas.write(inner, 0, words);
        return;
    };
    let width = usize::from(inner.width);
    if compact {
        let raw = text::fit_middle(&token.raw, width.saturating_sub(13));
        let words = Words::new().say(Role::Quiet, " token      ").say(Role::Plain, raw);
        canvas.write(inner, 0, words);
        return;
    }
    let raw = text::fit_middle(&token.raw, width);
    canvas.write(inner, 0, Words::new().say(Role::Strong, raw));
    let reads = match &token.decoded {
        Some(decoded) => Words::new()
            .say(Role::Quiet, "reads ")
            .say(Role::Plain, text::fit_middle(decoded, width.saturating_sub(6))),
        None => Words::new().say(Role::Quiet, "opaque: it reads as no text"),
    };
    canvas.write(inner, 1, reads);
    let page = token.page.map(|page| format!("page {}", text::number(page)));
    let age = token.at.map(|at| text::age(model.now, at));
    let came = match (page, age) {
        (Some(page), Some(age)) => format!("came with {page}, {age}"),
        (Some(page), None) => format!("came with {page}"),
        (None, Some(age)) => format!("came {age}"),
        (None, None) => String::new(),
    };
    canvas.write(inner, 2, Words::new().say(Role::Quiet, came));
}
