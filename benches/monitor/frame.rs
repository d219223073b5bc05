//! A frame: what it takes to take in what came since the last one, and to draw, with millions of rows behind it.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::budget::{Budget, Times};
use super::watch::{Scene, Watch};
use super::{Fault, Scale, table};

const ALLOWED: Duration = Duration::from_millis(1);

/// Measures every scene at both sizes, on a screen in memory and as the bytes that a terminal gets.
pub fn measure(scale: &Scale) -> Result<Vec<Budget>, Fault> {
    let path = table::of(scale.rows)?;
    let megabytes = fs::metadata(&path)?.len() / 1_000_000;
    println!("table: {} users, {megabytes} MB in {}", scale.rows, path.display());
    // Whatever this process was started in.
    crossterm::style::force_color_output(true);
    let mut budgets = Vec::new();
    for (size, allowed) in [
        (Size::new(120, 40), "frame ≤ 1 ms p99 at 120x40, 10 million rows behind it"),
        (Size::new(200, 60), "frame ≤ 1 ms p99 at 200x60, 10 million rows behind it"),
    ] {
        let mut worst = Times::default();
        for scene in Scene::ALL {
            for times in both(&path, scale, size, scene)? {
                if times.percentile(99) >= worst.percentile(99) {
                    worst = times;
                }
            }
        }
        budgets.push(Budget {
            allowed,
            kept: worst.percentile(99) <= ALLOWED,
            measured: worst.to_string(),
            how: format!(
                "the worst of {} scenes of {} frames, {} rows: events, key and drawing together",
                2 * Scene::ALL.len(),
                scale.frames,
                scale.rows
            ),
        });
    }
    Ok(budgets)
}

/// A scene on a screen in memory, and as bytes.
fn both(path: &Path, scale: &Scale, size: Size, scene: Scene) -> Result<[Times; 2], Fault> {
    let told = |name: &str, times: &Times| println!("frame, {size}, {}, {name}: {times}", scene.name());
    let mut memory = Terminal::new(TestBackend::new(size.width, size.height))?;
    let in_memory = Times::new(Watch::new(path, scale.rows, size, scene)?.frames(scale.frames, &mut memory)?);
    told("in memory", &in_memory);
    let sink = Sink::default();
    let viewport = Viewport::Fixed(Rect::from((Position::ORIGIN, size)));
    let mut bytes =
        Terminal::with_options(CrosstermBackend::new(sink.clone()), TerminalOptions { viewport })?;
    let mut watch = Watch::new(path, scale.rows, size, scene)?;
    // The first frame draws everything.
    watch.frames(1, &mut bytes)?;
    sink.0.borrow_mut().clear();
    let as_bytes = Times::new(watch.frames(scale.frames, &mut bytes)?);
    let written = sink.0.borrow().len() / scale.frames;
    told(&format!("{written} bytes a frame"), &as_bytes);
    Ok([in_memory, as_bytes])
}

/// A terminal that keeps what it gets.
#[derive(Clone, Debug, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
