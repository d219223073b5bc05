//! The parts of a sync by themselves: `cargo bench --bench parts`, or some with `-- commit`.
//!
//! Times move from machine to machine and with what else runs there; to see whether a part has become slower, count its
//! instructions with `cargo bench --profile counts --bench counts`.

#[path = "../monitor/table.rs"]
mod table;
#[path = "../monitor/users.rs"]
mod users;
#[path = "../monitor/watch.rs"]
#[allow(dead_code)]
mod watch;
mod work;

use std::cell::RefCell;
use std::fmt::Display;
use std::fs;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use tempfile::TempDir;

use self::watch::{Scene, Watch};
use self::work::Table;

/// What can go wrong while measuring, in words.
type Fault = Box<dyn std::error::Error>;

/// Rows of a page that is committed.
const PAGE: u64 = 50;
/// Rows of a table that is not small.
const MILLION: u64 = 1_000_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [50, 1_000])]
fn decode(bencher: Bencher, rows: u64) {
    let body = work::body(0, rows);
    bencher.counter(ItemsCount::new(rows)).bench(|| work::decode(black_box(&body)));
}

#[divan::bench(args = [20, 200])]
fn walk(bencher: Bencher, pages: u64) {
    let pages = must(work::pages(pages, PAGE));
    let now = work::now();
    bencher
        .counter(ItemsCount::new(pages.len()))
        .with_inputs(work::walk)
        .bench_refs(|walk| work::take(walk, black_box(&pages), now));
}

#[divan::bench(args = [1, 4, 16, 64], sample_count = 20, sample_size = 1)]
fn commit_into_an_empty_table(bencher: Bencher, pages: u64) {
    let ready = || {
        let folder = must(folder());
        let mut table = must(Table::open(&folder.path().join("users.db")));
        let group = must(table.group(pages, PAGE));
        (folder, table, group)
    };
    bencher
        .counter(ItemsCount::new(pages * PAGE))
        .with_inputs(ready)
        .bench_local_refs(|(_, table, group)| must(table.commit(group)));
}

#[divan::bench(args = [1, 4, 16, 64], sample_count = 20, sample_size = 1)]
fn commit_what_is_there(bencher: Bencher, pages: u64) {
    let folder = must(folder());
    let table = must(Table::open(&folder.path().join("users.db")));
    let table = RefCell::new(table);
    let group = must(table.borrow_mut().group(pages, PAGE));
    must(table.borrow_mut().commit(&group));
    bencher
        .counter(ItemsCount::new(pages * PAGE))
        .with_inputs(|| must(table.borrow_mut().group_again(pages, PAGE)))
        .bench_local_refs(|group| must(table.borrow_mut().commit(group)));
}

#[divan::bench(args = [1, 4, 16, 64], sample_count = 20, sample_size = 1)]
fn commit_into_a_million_rows(bencher: Bencher, pages: u64) {
    let folder = must(folder());
    let path = folder.path().join("users.db");
    must(table::of(MILLION).and_then(|kept| Ok(fs::copy(kept, &path)?)));
    let table = RefCell::new(must(Table::open(&path)));
    bencher
        .counter(ItemsCount::new(pages * PAGE))
        .with_inputs(|| must(table.borrow_mut().group(pages, PAGE)))
        .bench_local_refs(|group| must(table.borrow_mut().commit(group)));
}

#[divan::bench(args = [(120, 40), (200, 60)])]
fn frame(bencher: Bencher, (columns, lines): (u16, u16)) {
    let path = must(table::of(MILLION));
    let watch = Watch::new(&path, MILLION, Size::new(columns, lines), Scene::Tail);
    let watch = RefCell::new(must(watch));
    let mut terminal = must(Terminal::new(TestBackend::new(columns, lines)));
    bencher
        .with_inputs(|| must(watch.borrow_mut().messages()))
        .bench_local_values(|messages| must(watch.borrow_mut().frame(messages, &mut terminal)));
}

/// On the disk that this program was built on: many a temporary one is memory.
fn folder() -> Result<TempDir, Fault> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// What must succeed, or there is nothing to measure.
fn must<T, E: Display>(done: Result<T, E>) -> T {
    done.unwrap_or_else(|why| panic!("{why}"))
}
