//! What can go wrong with a server, sorted by what is to be done about it.

use tokio_postgres::error::SqlState;

use super::address::Address;
use super::password;
use crate::destination::DestinationError;
use crate::sanitize;

/// How much of what a server says is quoted, in characters.
const QUOTED: usize = 300;

/// Why something could not be done.
#[derive(Debug)]
pub(super) enum Failure {
    /// The client or the server says so.
    Sql(tokio_postgres::Error),
    /// There could be no connection.
    Connect(String),
    /// It is our own judgement.
    Own(DestinationError),
    /// Others changed rows between a look at them and the upsert.
    Overtaken,
    /// A promise would be broken.
    Broken(String),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<DestinationError> for Failure {
    fn from(error: DestinationError) -> Self {
        Self::Own(error)
    }
}

impl Failure {
    fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Sql(error) => error.code(),
            _ => None,
        }
    }

    /// True if the connection is gone, or the server goes away or is not there yet.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Connect(_) => true,
            Self::Sql(error) => match error.code() {
                None => is_of_the_wire(error),
                Some(state) => {
                    [
                        &SqlState::ADMIN_SHUTDOWN,
                        &SqlState::CRASH_SHUTDOWN,
                        &SqlState::CANNOT_CONNECT_NOW,
                        &SqlState::DATABASE_DROPPED,
                        &SqlState::IDLE_SESSION_TIMEOUT,
                        &SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN,
                        &SqlState::TRANSACTION_RESOLUTION_UNKNOWN,
                    ]
                    .contains(&state)
                        || state.code().starts_with("08")
                }
            },
            _ => false,
        }
    }

    /// True if the same transaction may well succeed when it is tried again.
    pub(super) fn is_passing(&self) -> bool {
        let passing = [&SqlState::T_R_SERIALIZATION_FAILURE, &SqlState::T_R_DEADLOCK_DETECTED];
        matches!(self, Self::Overtaken) || self.state().is_some_and(|state| passing.contains(&state))
    }

    /// True if the server refused a value.
    pub(super) fn is_about_a_value(&self) -> bool {
        // Data exceptions, and what goes beyond a limit of the program's, as JSON that is nested too deeply.
        self.state().is_some_and(|state| matches!(&state.code()[..2], "22" | "54"))
    }

    /// True if somebody took the question back.
    pub(super) fn is_cancelled(&self) -> bool {
        self.state() == Some(&SqlState::QUERY_CANCELED)
    }

    /// What was said, safe for a terminal.
    pub(super) fn text(&self) -> String {
        let text = match self {
            Self::Sql(error) => match error.as_db_error() {
                Some(said) => format!("{} ({})", said.message(), said.code().code()),
                None => causes(error),
            },
            Self::Connect(text) | Self::Broken(text) => text.clone(),
            Self::Own(error) => error.to_string(),
            Self::Overtaken => "another program changes the table at the same time".to_owned(),
        };
        sanitize::snippet(&text, QUOTED)
    }

    /// The same with the place, and what an operator can do about it.
    pub(super) fn told(self, address: &Address) -> DestinationError {
        let what = self.text();
        let remedy = match &self {
            Self::Own(_) => None,
            _ => Some(self.remedy()),
        };
        match (self, remedy) {
            (Self::Own(error), _) => error,
            (_, remedy) => DestinationError::Database {
                place: address.to_string(),
                what,
                remedy: remedy.unwrap_or_default(),
            },
        }
    }

    fn remedy(&self) -> &'static str {
        const AGAIN: &str = "run again; if it persists, give another --db";
        const SAFE: &str = "run again once the server is there: what was stored before is safe";
        let Some(state) = self.state() else {
            return match self {
                Self::Connect(_) => "check that the server runs, and its host, port and sslmode",
                _ if self.is_lost() => SAFE,
                Self::Overtaken => "let it end, and run again",
                _ => AGAIN,
            };
        };
        match state.code() {
            "28P01" | "28000" if password::passed_over().is_some() => {
                "check the user; the file of passwords (~/.pgpass) is passed over because others may read it: \
                 chmod 600"
            }
            "28P01" | "28000" => {
                "check the user and the password (PGPASSWORD, ~/.pgpass or destination.secret)"
            }
            "3D000" => "make the database first (createdb), or give another --db",
            "42501" => "have the right granted to this user, or give another --db",
            "25006" => "that server only reads, as a standby does: give the primary's address",
            "53300" => "the server has no connection left: close others, or have max_connections raised",
            "53100" | "53200" | "53000" => {
                "have room made on the server and run again: what was stored before is safe"
            }
            "55P03" => "another program holds the table: let it end, and run again",
            _ if self.is_lost() => SAFE,
            _ => AGAIN,
        }
    }
}

/// True for an error that is not about a value or a type of this side's.
fn is_of_the_wire(error: &tokio_postgres::Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    error.is_closed() || causes.any(|cause| cause.is::<std::io::Error>())
}

/// An error with its causes.
pub(super) fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
