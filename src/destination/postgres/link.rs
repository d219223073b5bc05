//! A connection, asked and answered without async: it has a runtime of its own, which turns only while somebody waits.

use std::collections::HashMap;
use std::error::Error as _;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, TryStreamExt as _};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, SslMode};
use super::failure::{Failure, causes};
use super::{password, tls};
use crate::destination::DestinationError;

/// How often it is looked whether an answer is still wanted.
const LOOK: Duration = Duration::from_millis(10);

/// How many statements are kept ready.
const READY: usize = 64;

/// Bytes of a copy that go out in one piece.
const PIECE: usize = 1 << 16;

/// How long the network may stay silent before it is taken for dead.
const SILENCE: Duration = Duration::from_secs(30);

/// What a statement is given.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Which server it is, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    /// PostgreSQL, or an extension of it, as Citus is.
    Postgres,
    /// CockroachDB, which has no advisory locks, and compares texts byte by byte anyway.
    Cockroach,
    /// Another that speaks the protocol. It is not known whether its advisory locks lock anything.
    Other,
}

/// A connection to a database, with its session set up.
pub(super) struct Link {
    runtime: Option<Runtime>,
    client: Client,
    tls: Option<MakeRustlsConnect>,
    ready: HashMap<String, Statement>,
    /// Says when an answer is not wanted any more.
    stop: Box<dyn Fn() -> bool + Send>,
    pub(super) product: Product,
    /// The schema in which everything stands.
    pub(super) schema: String,
}

impl Link {
    /// Connects, and sets the session up.
    pub(super) fn connect(
        address: &Address,
        stop: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self, Failure> {
        let refused = |what: String| Failure::Own(DestinationError::Refused(format!("{address}: {what}")));
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refused(error.to_string()))?;
        let config = config(address);
        let tls = match address.sslmode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(tls::config(address).map_err(refused)?)),
        };
        let client = turn(&runtime, async {
            let connected = async {
                match &tls {
                    None => drive(config.connect(NoTls).await),
                    Some(tls) => drive(config.connect(tls.clone()).await),
                }
            };
            tokio::select! {
                biased;
                client = connected => client.map_err(|error| match error.code() {
                    Some(_) => Failure::Sql(error),
                    // That it is about connecting is clear.
                    None => Failure::Connect(causes(error.source().unwrap_or(&error))),
                }),
                () = until(&stop) => Err(Failure::Connect("it has not answered yet".to_owned())),
            }
        })?;
        let mut link = Self {
            runtime: Some(runtime),
            client,
            tls,
            ready: HashMap::new(),
            stop: Box::new(stop),
            product: Product::Other,
            schema: String::new(),
        };
        link.set_up(address)?;
        Ok(link)
    }

    /// From now on everything is carried out to its end.
    pub(super) fn go_on(&mut self) {
        self.stop = Box::new(|| false);
    }

    fn set_up(&mut self, address: &Address) -> Result<(), Failure> {
        let refused = |what: &str| Err(Failure::Own(DestinationError::Refused(format!("{address}: {what}"))));
        // What a server may have been set up with otherwise, and what is read here goes by.
        self.batch(
            "SET client_min_messages = warning; SET timezone = 'UTC'; SET datestyle = 'ISO, MDY';
             SET extra_float_digits = 1; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0",
        )?;
        let about = self.query(
            "SELECT version(), current_setting('server_encoding'), current_schema(),
                    current_setting('synchronous_commit')",
            &[],
        )?;
        let Some(about) = about.first() else { return refused("the server does not say what it is") };
        let version: String = about.try_get(0)?;
        self.product = match version.as_str() {
            text if text.starts_with("CockroachDB") => Product::Cockroach,
            text if text.starts_with("PostgreSQL") && !text.contains("-YB-") => Product::Postgres,
            _ => Product::Other,
        };
        let encoding: String = about.try_get(1)?;
        if !encoding.eq_ignore_ascii_case("UTF8") {
            return refused(
                "its encoding is not UTF8, so that it cannot hold every text: make a database with ENCODING 'UTF8'",
            );
        }
        if about.try_get::<_, &str>(3)? == "off" {
            // A commit that has returned survives a power cut.
            self.batch("SET synchronous_commit = on")?;
        }
        let first: Option<String> = about.try_get(2)?;
        let Some(schema) = address.schema.clone().or(first) else {
            return refused(
                "the user's search path names no schema that is there; name one, as ?schema=NAME",
            );
        };
        self.batch(&format!("SET search_path = {}", quoted(&schema)))?;
        self.schema = schema;
        Ok(())
    }

    /// Waits for an answer, and takes the question back once it is not wanted any more.
    fn wait<T>(&self, work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        let Some(runtime) = &self.runtime else { return Err(Failure::Connect("it is closed".to_owned())) };
        let answered = turn(runtime, async {
            let mut work = pin!(work);
            let mut taken_back = false;
            loop {
                tokio::select! {
                    answer = &mut work => return answer,
                    () = tokio::time::sleep(LOOK) => {}
                }
                if !taken_back && (self.stop)() {
                    taken_back = true;
                    // If it cannot be told, the answer comes when it comes.
                    let _ = match &self.tls {
                        None => self.client.cancel_token().cancel_query(NoTls).await,
                        Some(tls) => self.client.cancel_token().cancel_query(tls.clone()).await,
                    };
                }
            }
        });
        Ok(answered?)
    }

    /// Runs statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.wait(self.client.batch_execute(sql))
    }

    /// A statement, made ready once.
    fn ready(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some(statement) = self.ready.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        if self.ready.len() >= READY {
            self.ready.clear();
        }
        self.ready.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Runs a statement, and gives its rows.
    pub(super) fn query(&mut self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.ready(sql)?;
        self.wait(self.client.query(&statement, params))
    }

    /// The first row, if there is one.
    pub(super) fn first(&mut self, sql: &str, params: Params<'_>) -> Result<Option<Row>, Failure> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// The row that there always is.
    pub(super) fn one(&mut self, sql: &str, params: Params<'_>) -> Result<Row, Failure> {
        self.first(sql, params)?.ok_or_else(|| Failure::Broken("a row that must be there is gone".to_owned()))
    }

    /// Runs a statement, and tells how many rows it touched.
    pub(super) fn execute(&mut self, sql: &str, params: Params<'_>) -> Result<u64, Failure> {
        let statement = self.ready(sql)?;
        self.wait(self.client.execute(&statement, params))
    }

    /// Copies rows into a table, in PostgreSQL's text format.
    pub(super) fn copy_in(&mut self, sql: &str, rows: String) -> Result<u64, Failure> {
        let rows = Bytes::from(rows);
        self.wait(async {
            let sink = self.client.copy_in::<_, Bytes>(sql).await?;
            let mut sink = pin!(sink);
            let mut at = 0;
            while at < rows.len() {
                let end = (at + PIECE).min(rows.len());
                sink.send(rows.slice(at..end)).await?;
                at = end;
            }
            sink.finish().await
        })
    }

    /// Hands over one row after another, however many there are.
    pub(super) fn each<E: From<Failure>>(
        &mut self,
        sql: &str,
        params: Params<'_>,
        mut each: impl FnMut(&Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let statement = self.ready(sql)?;
        let rows = self.wait(self.client.query_raw(&statement, params.iter().copied()))?;
        let mut rows = pin!(rows);
        while let Some(row) = self.wait(rows.as_mut().try_next())? {
            each(&row)?;
        }
        Ok(())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // The ordinary way to drop one waits, which may not be done on a thread of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits until an answer is not wanted any more.
async fn until(stop: &impl Fn() -> bool) {
    while !stop() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Turns a runtime on this thread until something is done, on a thread of another runtime too.
fn turn<T>(runtime: &Runtime, work: impl Future<Output = T>) -> T {
    match Handle::try_current() {
        Ok(_) => tokio::task::block_in_place(|| runtime.block_on(work)),
        Err(_) => runtime.block_on(work),
    }
}

/// Lets a connection be driven beside its client.
fn drive<S, T>(
    connected: Result<(Client, tokio_postgres::Connection<S, T>), tokio_postgres::Error>,
) -> Result<Client, tokio_postgres::Error>
where
    tokio_postgres::Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    let (client, connection) = connected?;
    // How it ends is told to whoever waits for an answer.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

fn config(address: &Address) -> Config {
    let mut config = Config::new();
    config
        .host(address.host.trim_start_matches('[').trim_end_matches(']'))
        .port(address.port)
        .user(&address.user)
        .dbname(&address.database)
        .application_name("highwater")
        .connect_timeout(Duration::from_secs(address.connect_timeout))
        .keepalives_idle(SILENCE)
        .tcp_user_timeout(SILENCE)
        .ssl_mode(match address.sslmode() {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
    if let Some(password) = password::find(address) {
        config.password(password.expose());
    }
    config
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
