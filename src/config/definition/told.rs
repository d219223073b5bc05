//! A definition as TOML that can be pasted into a settings file, each word with what it means.

use std::fmt::{Display, Write as _};

use super::{Column, Definition, EXPIRED, Named, Sorted};
use crate::config::credential::Reference;
use crate::config::format::{Format as _, Word as _};
use crate::units::write_duration;

/// Writes lines, each word with its comment.
struct Lines(String);

impl Lines {
    fn put(&mut self, word: &str, value: impl Display, about: &str) {
        let _ = writeln!(self.0, "# {about}\n{word} = {value}");
    }

    fn texts(&mut self, group: &str, all: &[(String, String)], about: &str) {
        for (index, (name, value)) in all.iter().enumerate() {
            if index == 0 {
                let _ = writeln!(self.0, "# {about}");
            }
            let _ = writeln!(self.0, "{group}.{} = {}", bare(name), quoted(value));
        }
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A name as TOML writes it: in quotes where it must.
fn bare(name: &str) -> String {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.is_empty() && name.bytes().all(fits) { name.to_owned() } else { quoted(name) }
}

impl Column {
    /// Its line below `columns`, without an end.
    #[must_use]
    pub fn toml(&self) -> String {
        let (path, kind) = (self.path.to_string(), quoted(self.kind.word()));
        let value = match self.path.0.join("_") == self.name {
            true => kind,
            false => format!("{{ name = {}, type = {kind} }}", quoted(&self.name)),
        };
        format!("{} = {value}", bare(&path))
    }
}

impl Named {
    /// The whole of it, as `[source.NAME]`.
    #[must_use]
    pub fn toml(&self) -> String {
        let of = &self.definition;
        let mut lines = Lines(String::new());
        for sentence in of.walks() {
            let _ = writeln!(lines.0, "# {}", crate::sanitize::line(&sentence));
        }
        let _ = writeln!(lines.0, "[source.{}]", of.name);
        if !of.about.is_empty() {
            lines.put("about", quoted(&of.about), "What it is.");
        }
        for entry in self.in_force() {
            lines.put(entry.key.name, entry.key.toml(&entry.text), &format!("{}.", entry.key.about()));
        }
        request(of, &mut lines);
        rows(of, &mut lines);
        seams(of, &mut lines);
        lines.0
    }
}

fn request(of: &Definition, lines: &mut Lines) {
    if let Some(body) = &of.body {
        lines.put(
            "method",
            quoted("POST"),
            "How a request is put; its body is this, with what it asks for set in it.",
        );
        let _ = writeln!(lines.0, "body = {}", quoted(body));
    }
    lines.texts("headers", &of.headers, "Headers of each request.");
    lines.texts("query", &of.query, "What each request asks beside.");
    lines.texts("first", &of.first, "What the first request asks beside.");
    let filters: Vec<(String, String)> =
        of.filters.iter().map(|(name, keeper)| (name.clone(), Reference.write(keeper))).collect();
    lines.texts("filters", &filters, "What each request asks beside, and where that is kept.");
}

fn rows(of: &Definition, lines: &mut Lines) {
    let name = |index: usize| of.columns.get(index).map_or("", |column| column.name.as_str());
    lines.put("rows", quoted(&of.rows.to_string()), "Where an answer has its rows; \"$\" is the whole body.");
    lines.put("table", quoted(&of.table), "The table that they go to.");
    lines.put("title", quoted(&of.title), "What it is called in the monitor.");
    let key = match of.key.as_slice() {
        [key] => quoted(name(*key)),
        parts => format!("[{}]", parts.iter().map(|part| quoted(name(*part))).collect::<Vec<_>>().join(", ")),
    };
    lines.put("key", key, "What tells rows apart.");
    let cursor = of.cursor.map_or("none", name);
    lines.put("cursor", quoted(cursor), "What they are ordered by, and asked for from.");
    if of.cursor.is_some() {
        lines.put("format", quoted(of.format.word()), "How that is written.");
    }
    let order = "How the source orders them: ascending, descending, none.";
    lines.put("order", quoted(of.order.word()), order);
    debug_assert!(of.cursor.is_some() || of.order == Sorted::None);
    let _ = writeln!(lines.0, "# What is kept of a row.");
    for column in &of.columns {
        let _ = writeln!(lines.0, "columns.{}", column.toml());
    }
}

fn seams(of: &Definition, lines: &mut Lines) {
    if let Some(since) = &of.since {
        lines.put(
            "since.send",
            quoted(&since.send.to_string()),
            "Where the first request has the cursor to ask from.",
        );
        if let Some(format) = since.format {
            lines.put("since.format", quoted(format.word()), "How it is written there.");
        }
        let (before, after) = &since.around;
        if !before.is_empty() {
            lines.put("since.before", quoted(before), "What stands before it.");
        }
        if !after.is_empty() {
            lines.put("since.after", quoted(after), "What stands after it.");
        }
        lines.put("since.initial", quoted(&since.initial), "What a run asks from that reads everything.");
        let bound = if since.exclusive { "exclusive" } else { "inclusive" };
        lines.put("since.bound", quoted(bound), "Whether rows of that very cursor come along.");
    }
    let next = &of.next;
    lines.put("next.from", quoted(&next.from.to_string()), "Where the next page's token comes from.");
    lines.put("next.send", quoted(&next.send.to_string()), "How it goes back.");
    if next.carry {
        lines.put("next.carry", "true", "It goes along with all that the first request asked.");
    }
    if next.empty_token {
        lines.put("next.empty", quoted("token"), "An empty one is one.");
    }
    if let Some(lifetime) = next.lifetime {
        lines.put("next.lifetime", quoted(&write_duration(lifetime)), "How long it is good for.");
    }
    if next.expired != EXPIRED {
        lines.put("next.expired", format!("{:?}", next.expired), "The statuses that refuse it.");
    }
    if let Some(text) = &next.expired_text {
        lines.put("next.expired_text", quoted(text), "What such a refusal says.");
    }
    if let Some(end) = &of.end {
        lines.put("end.flag", quoted(&end.flag.to_string()), "What says whether there is more.");
        lines.put("end.at_end", end.is, "What it says at the end.");
    }
    if let Some(full) = of.short_page {
        lines.put("end.short_page", full, "A page of fewer rows is the last.");
    }
    if let Some((says, reason)) = &of.refusal {
        lines.put("refusal.flag", quoted(&says.flag.to_string()), "What says that an answer is a refusal.");
        lines.put("refusal.is", says.is, "What it says then.");
        lines.put("refusal.reason", quoted(&reason.to_string()), "Where the reason stands.");
    }
}
