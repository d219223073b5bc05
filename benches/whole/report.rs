//! What is kept of the figures: the chart in `assets/speed.svg`, and the README's table.

use std::fs;
use std::path::Path;

use chrono::Utc;

use super::{Fault, Figures, chart, figure};

/// Where the README's table begins, and where it ends.
const BEGIN: &str = "<!-- speed: written by `cargo bench --bench whole -- --chart` -->\n";
const END: &str = "<!-- /speed -->";

/// The machine and the day.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plural = if cores == 1 { "" } else { "s" };
    let of = |path: &str, name: &str| {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim_matches(|letter| " \t:=\"".contains(letter)).to_owned())
    };
    let processor = of("/proc/cpuinfo", "model name").map(|name| format!(" of {name}")).unwrap_or_default();
    let system = of("/etc/os-release", "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.to_owned());
    let day = Utc::now().format("%Y-%m-%d");
    format!("Measured on {cores} core{plural}{processor}, {system}, on {day}.")
}

/// Writes both anew.
pub fn write(figures: &Figures, machine: &str) -> Result<(), Fault> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::write(root.join("assets/speed.svg"), chart::svg(figures, machine))?;
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path)?;
    let (before, rest) = readme.split_once(BEGIN).ok_or("the README has no place for the figures")?;
    let (_, after) = rest.split_once(END).ok_or("the README's place for the figures has no end")?;
    let table = figure::markdown(&figures.table);
    fs::write(path, format!("{before}{BEGIN}{table}\n{machine}\n{END}{after}"))?;
    println!("assets/speed.svg and the README hold these figures now");
    Ok(())
}
