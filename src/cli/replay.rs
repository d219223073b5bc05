//! `replay`: a recording into the monitor or onto standard output.

use std::io::{self, Write as _};

use tokio::sync::mpsc;

use super::run::{COMMANDS, Fault, has_terminal, manners, runtime, signalled};
use super::{Exit, Played, print};
use crate::config::{Place, Problem};
use crate::monitor::terminal::leave_behind;
use crate::monitor::{self, Departure, Feed};
use crate::replay::{Piece, Player, Tail, Tape, Unplayable};
use crate::report::{Report, Style};

/// `highwater replay`: the monitor; without a terminal, or for another program, lines.
///
/// # Errors
/// If the file is no recording, or is damaged.
pub fn run(played: &Played) -> Result<Exit, Fault> {
    let tape = Tape::open(&played.file).map_err(|why| problem(played, why))?;
    match (played.json, has_terminal()) {
        (true, _) => lines(played, tape, Style::Json),
        (false, false) => lines(played, tape, Style::Plain),
        (false, true) => watch(played, tape),
    }
}

fn watch(played: &Played, tape: Tape) -> Result<Exit, Fault> {
    runtime()?.block_on(async {
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let (player, events, deck) = Player::new(tape, played.speed, receiver);
        let playing = tokio::spawn(player.play());
        let clock = deck.clock.clone();
        let feed = Feed {
            schema: played.schema,
            events,
            commands,
            start: None,
            reader: None,
            replay: Some(deck),
            lesson: None,
        };
        let left = monitor::run(feed, manners(&played.looks), move || clock.now()).await?;
        leave_behind("the replay is over; nothing was asked of a source, and nothing was stored".to_owned());
        Ok(match (playing.await?, left.departure) {
            (Err(why), _) => damaged(played, why),
            (Ok(()), Departure::Signal(number)) => signalled(number),
            (Ok(()), Departure::Quit | Departure::SyncGone) => Exit::Complete,
        })
    })
}

/// Writes every event at once.
fn lines(played: &Played, mut tape: Tape, style: Style) -> Result<Exit, Fault> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut report = Report::new(style);
    let tail = loop {
        match tape.read() {
            Piece::Event { mut stamped, .. } => {
                stamped.hide_rows();
                match report.write(&mut out, &stamped) {
                    // A reader that has seen enough, as `head` has.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Complete),
                    written => written.map_err(print::unwritable)?,
                }
            }
            Piece::End(tail) => break tail,
        }
    };
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(print::unwritable(error).into());
        }
        _ => {}
    }
    Ok(match tail {
        Tail::Whole => Exit::Complete,
        Tail::CutOff(line) => {
            print::note(&format!("highwater: the recording was cut off in line {line}, as by a kill"));
            Exit::Complete
        }
        Tail::Damaged(why) => damaged(played, why),
    })
}

fn damaged(played: &Played, why: Unplayable) -> Exit {
    print::error(&problem(played, why).to_string());
    Exit::Failed
}

fn problem(played: &Played, Unplayable { line, what }: Unplayable) -> Problem {
    let line = line.and_then(|line| usize::try_from(line).ok());
    Problem::new(Place::File { path: played.file.clone(), line }, what)
}
