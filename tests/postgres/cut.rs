//! A way to the server that is cut at a commit: before the server hears of it, or after it has carried it out and before
//! anyone can be told. Either way it is carried out once, and what became of it is told as if nothing had happened.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use highwater::destination::Destination as _;
use highwater::destination::place::Steered as _;
use highwater::destination::postgres::{Address, Postgres};
use highwater::record::{Row, USER};

use crate::rig::{Pages, Version, noon};
use crate::support::cluster::{Cluster, shared};

/// What is to become of the next commit that comes by.
const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// The message that asks for a commit, and the one that tells of it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Passes on what goes between a client and the server, until it is to cut.
fn way(cluster: &Cluster) -> (u16, Arc<AtomicU8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, server) = (listener.local_addr().unwrap().port(), cluster.port());
    let plan = Arc::new(AtomicU8::new(PASS));
    let planned = Arc::clone(&plan);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
            let plan = Arc::clone(&planned);
            let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
            });
            thread::spawn(move || forward(client, server, &plan));
        }
    });
    (port, plan)
}

fn forward(mut client: TcpStream, mut server: TcpStream, plan: &AtomicU8) {
    let mut buffer = [0; 1 << 16];
    while let Ok(length @ 1..) = client.read(&mut buffer) {
        let bytes = &buffer[..length];
        if bytes.ends_with(COMMIT) {
            match plan.swap(PASS, Ordering::SeqCst) {
                CUT_BEFORE => {
                    let _ = client.shutdown(Shutdown::Both);
                    break;
                }
                CUT_AFTER => {
                    // The client hears of nothing any more; the server has it all, and ends when it has done it.
                    let _ = client.shutdown(Shutdown::Both);
                    server.write_all(bytes).unwrap();
                    break;
                }
                _ => {}
            }
        }
        if server.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Write);
}

fn row(id: &str, second: u8, name: &str) -> Row {
    let cursor = Some(format!("2026-01-01T12:00:{second:02}Z"));
    Version { id: id.to_owned(), cursor, name: Some(name.to_owned()), ..Version::default() }.row()
}

#[test]
fn a_commit_whose_end_nobody_was_told_of_is_carried_out_once() {
    let Some(cluster) = shared() else { return };
    let (port, plan) = way(cluster);
    for cut in [CUT_BEFORE, CUT_AFTER] {
        let schema = format!("cut_{cut}");
        let there = format!(":{}/", cluster.port());
        let url = cluster.url(&schema).replace(&there, &format!(":{port}/"));
        let (mut postgres, _) = Postgres::open(&Address::parse(&url).unwrap(), &USER).unwrap();
        let arm = || plan.store(cut, Ordering::SeqCst);
        let is_cut = || assert_eq!(plan.load(Ordering::SeqCst), PASS, "no commit came by");

        arm();
        postgres.bind("a source").unwrap();
        is_cut();
        arm();
        let mut pages = Pages::begin(&mut postgres);
        is_cut();
        assert_eq!(pages.run, 1, "begun once");
        for (number, (rows, counts)) in [
            (vec![row("a", 1, "A"), row("b", 2, "B")], (2, 0, 0)),
            (vec![row("a", 3, "C"), row("b", 2, "B"), row("c", 4, "C")], (1, 1, 1)),
        ]
        .into_iter()
        .enumerate()
        {
            let page = pages.next(rows, Some(&number.to_string()));
            arm();
            let told = postgres.commit(&[page]).unwrap().remove(0).counts;
            is_cut();
            assert_eq!((told.new, told.changed, told.same), counts);
        }
        arm();
        postgres.end(&pages.ending(false)).unwrap();
        is_cut();
        arm();
        postgres.move_checkpoint("reset", None, noon()).unwrap();
        is_cut();
        let history: Vec<String> =
            postgres.history(9).unwrap().into_iter().map(|entry| entry.cause).collect();
        assert_eq!(history, ["reset", "run"], "moved once");
        let stored = "SELECT rows, changes, (SELECT count(*) FROM _highwater_pages), (SELECT sum(new) FROM _highwater_pages)
                      FROM _highwater_state";
        assert_eq!(cluster.sql(&schema, stored), "3|6|2|3");
    }
}
