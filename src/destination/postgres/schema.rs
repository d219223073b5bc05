//! The tables, brought up to date by numbered migrations (`_highwater_format`).
//!
//! The bookkeeping of all tables of a schema stands in the same tables, told apart by `stream`, the table's name.

use super::address::{Address, LONGEST_NAME};
use super::columns::{OWN, SEQUENCE, kind, type_of};
use super::failure::Failure;
use super::link::{Link, Product, quoted};
use super::shape;
use crate::destination::DestinationError;
use crate::kill_point::KillPoint;
use crate::record::Schema;

/// One step for each version, in order. A step that was released is never edited.
const MIGRATIONS: &[&str] = &["
    -- One row for each table: the state of the stream whose rows it holds, and who writes to it.
    CREATE TABLE IF NOT EXISTS _highwater_state (
        stream text PRIMARY KEY,
        source text, checkpoint text, checkpoint_at text,
        rows bigint NOT NULL, oldest text,
        -- The largest cursor ever stored: the checkpoint is never above it.
        newest text,
        unfinished bigint,
        -- The last complete run that read everything and lost nothing.
        clean bigint,
        -- The last number that was given to a run, to a move of the checkpoint, to a row.
        runs bigint NOT NULL, moves bigint NOT NULL, sequence bigint NOT NULL,
        -- Who writes: a random text, the same in words, and when it was last seen.
        owner text, holder text, held_at timestamptz,
        -- How many transactions have changed the stream: whether one whose end is not known was committed shows here.
        changes bigint NOT NULL
    );
    CREATE TABLE IF NOT EXISTS _highwater_runs (
        stream text NOT NULL, run bigint NOT NULL,
        started_at text NOT NULL, ended_at text,
        start text NOT NULL, mode text NOT NULL, first text NOT NULL,
        checkpoint_before text, checkpoint_after text,
        outcome text, \"end\" text, text text,
        walk text, token text, token_at text, lanes text, seal bigint,
        totals text NOT NULL, seams bigint NOT NULL, whole boolean NOT NULL,
        PRIMARY KEY (stream, run)
    );
    CREATE TABLE IF NOT EXISTS _highwater_pages (
        stream text NOT NULL, run bigint NOT NULL, page bigint NOT NULL,
        asked_by text NOT NULL, asked text NOT NULL,
        rows bigint NOT NULL, new bigint NOT NULL, changed bigint NOT NULL, same bigint NOT NULL,
        stale bigint NOT NULL, quarantined bigint NOT NULL,
        first text, last text, token text, checkpoint text, decision text NOT NULL,
        wait_ms bigint NOT NULL, body_ms bigint NOT NULL, bytes bigint NOT NULL, retries bigint NOT NULL,
        at text NOT NULL,
        url text, status bigint, headers text, decode_ms bigint, reasons text, first_ids text,
        lane bigint NOT NULL, opens boolean NOT NULL,
        PRIMARY KEY (stream, run, page)
    );
    -- Each run that moved the checkpoint, and each act of an operator.
    CREATE TABLE IF NOT EXISTS _highwater_history (
        stream text NOT NULL, entry bigint NOT NULL,
        at text NOT NULL, cause text NOT NULL, run bigint,
        before text, after text,
        -- The source that a reset let go of.
        source text,
        undone_by bigint,
        PRIMARY KEY (stream, entry), UNIQUE (stream, run)
    );
    -- Rows that the table cannot hold, once each.
    CREATE TABLE IF NOT EXISTS _highwater_quarantine (
        stream text NOT NULL,
        -- SHA-256 of the row: the row itself may be longer than an index takes.
        digest text NOT NULL,
        run bigint NOT NULL, page bigint NOT NULL, position bigint NOT NULL,
        reason text NOT NULL, \"row\" text NOT NULL, at text NOT NULL,
        PRIMARY KEY (stream, digest)
    );
    -- What the last change of each row replaced: one JSON object, column to value.
    CREATE TABLE IF NOT EXISTS _highwater_previous (
        stream text NOT NULL, id text NOT NULL,
        run bigint NOT NULL, page bigint NOT NULL, at text NOT NULL,
        before text NOT NULL,
        PRIMARY KEY (stream, id)
    );
", "
    -- How far an unfinished copy of another destination has come, as JSON; null where there is none.
    ALTER TABLE _highwater_state ADD COLUMN IF NOT EXISTS copying text;
", "
    -- The field that the checkpoint is one of; null where that was not written down. And whether columns were added that
    -- are not filled yet.
    ALTER TABLE _highwater_state ADD COLUMN IF NOT EXISTS \"cursor\" text;
    ALTER TABLE _highwater_state ADD COLUMN IF NOT EXISTS filling boolean NOT NULL DEFAULT false;
"];

/// The version that this program writes.
pub(super) const FORMAT: i64 = MIGRATIONS.len() as i64;

/// What keeps two processes from making the same tables at the same time, where there are such locks.
const MAKING: i64 = 0x6869_6768_7761_7465;

/// Refuses, with the place.
pub(super) fn refused<T>(address: &Address, what: &str) -> Result<T, Failure> {
    Err(Failure::Own(DestinationError::Refused(format!("{address}: {what}"))))
}

/// Brings the tables up to date, the stream's own among them.
pub(super) fn migrate(link: &mut Link, address: &Address, schema: &'static Schema) -> Result<(), Failure> {
    link.batch("BEGIN")?;
    let made = make(link, address, schema);
    match made {
        Ok(()) => link.batch("COMMIT")?,
        Err(failure) => {
            // A connection that is lost has taken it back by itself.
            let _ = link.batch("ROLLBACK");
            return Err(failure);
        }
    }
    KillPoint::AfterMigration.pass();
    Ok(())
}

fn make(link: &mut Link, address: &Address, schema: &'static Schema) -> Result<(), Failure> {
    if link.product == Product::Postgres {
        link.execute("SELECT pg_advisory_xact_lock($1)", &[&MAKING])?;
    }
    let names = schema.columns.iter().map(|column| column.name).chain([schema.table]);
    if let Some(long) = names.into_iter().find(|name| name.len() > LONGEST_NAME) {
        return refused(
            address,
            &format!("it cuts names of more than {LONGEST_NAME} bytes, such as \"{long}\""),
        );
    }
    let name = link.schema.clone();
    let known = "SELECT 1 FROM information_schema.schemata WHERE schema_name = $1";
    if link.first(known, &[&name])?.is_none() {
        link.batch(&format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(&name)))?;
    }
    let version = version(link, address)?.unwrap_or(0);
    if version == 0 {
        link.batch(
            "CREATE TABLE IF NOT EXISTS _highwater_format (one bigint PRIMARY KEY, version bigint NOT NULL)",
        )?;
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
        link.batch(migration)?;
        KillPoint::AmidMigration.pass();
    }
    if version < FORMAT {
        link.execute(
            "INSERT INTO _highwater_format (one, version) VALUES (1, $1)
             ON CONFLICT (one) DO UPDATE SET version = excluded.version",
            &[&FORMAT],
        )?;
    }
    if columns(link, schema.table)?.is_empty() {
        link.batch(&create_table(schema, link.product))?;
    }
    shape::check(link, address, schema, true)?;
    let is_known = "SELECT 1 FROM _highwater_state WHERE stream = $1";
    if link.first(is_known, &[&schema.table])?.is_none() {
        // A table that was there before has rows already.
        let found = format!("SELECT count(*), coalesce(max({SEQUENCE}), 0) FROM {}", quoted(schema.table));
        let found = link.one(&found, &[])?;
        let (rows, sequence): (i64, i64) = (found.try_get(0)?, found.try_get(1)?);
        link.execute(
            "INSERT INTO _highwater_state (stream, rows, runs, moves, sequence, changes) VALUES ($1, $2, 0, 0, $3, 0)
             ON CONFLICT (stream) DO NOTHING",
            &[&schema.table, &rows, &sequence],
        )?;
    }
    Ok(())
}

/// Checks a database that is only read.
pub(super) fn check(link: &mut Link, address: &Address, schema: &'static Schema) -> Result<(), Failure> {
    const EMPTY: &str = "holds no table of highwater's; run a sync into it first, or give the right --db";
    let Some(version) = version(link, address)? else { return refused(address, EMPTY) };
    if version < FORMAT {
        return refused(address, "was written by an older highwater; run a sync into it first");
    }
    let is_known = "SELECT 1 FROM _highwater_state WHERE stream = $1";
    if link.first(is_known, &[&schema.table])?.is_none() {
        return refused(address, EMPTY);
    }
    shape::check(link, address, schema, false)
}

/// The version of the tables, if there are any.
fn version(link: &mut Link, address: &Address) -> Result<Option<i64>, Failure> {
    if columns(link, "_highwater_format")?.is_empty() {
        return Ok(None);
    }
    let found = link.first("SELECT version FROM _highwater_format", &[])?;
    let Some(found) = found else { return Ok(None) };
    let found: i64 = found.try_get(0)?;
    if found > FORMAT {
        return refused(
            address,
            &format!(
                "was written by a newer highwater (format {found}, this one knows {FORMAT}); use that one, or give \
                 another --db"
            ),
        );
    }
    Ok(Some(found))
}

/// A table's columns with their types, none if there is no such table.
pub(super) fn columns(link: &mut Link, table: &str) -> Result<Vec<(String, String)>, Failure> {
    let sql = "SELECT column_name::text, udt_name::text FROM information_schema.columns
               WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position";
    let schema = link.schema.clone();
    let rows = link.query(sql, &[&schema, &table])?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The columns of the table that the schema does not declare.
pub(super) fn undeclared(link: &mut Link, schema: &Schema) -> Result<Vec<String>, Failure> {
    let is_known = |name: &str| schema.position(name).is_some() || OWN.iter().any(|(own, _)| *own == name);
    let found = columns(link, schema.table)?.into_iter().map(|(name, _)| name);
    Ok(found.filter(|name| !is_known(name)).collect())
}

/// The table with its columns and our own, and the order in which rows were stored.
fn create_table(schema: &Schema, product: Product) -> String {
    let collation = if product == Product::Cockroach { "" } else { " COLLATE \"C\"" };
    let columns = schema.columns.iter().enumerate().map(|(position, column)| {
        // What sorts byte by byte needs no locale, and an index for it serves every order that is asked for.
        let key = if position == schema.primary_key {
            format!("{} PRIMARY KEY", if type_of(kind(schema, position)) == "text" { collation } else { "" })
        } else {
            String::new()
        };
        format!("{} {}{key}", quoted(column.name), type_of(kind(schema, position)))
    });
    let own = OWN.iter().map(|(name, kind)| match *name {
        SEQUENCE => format!("{name} {kind} NOT NULL"),
        name if *kind == "text" => format!("{name} {kind}{collation}"),
        name => format!("{name} {kind}"),
    });
    let columns: Vec<String> = columns.chain(own).collect();
    let (table, index) = (quoted(schema.table), quoted(&format!("{}_highwater_sequence", schema.table)));
    // Not unique: a table that is spread over machines by its key could not keep it so.
    format!("CREATE TABLE {table} ({}); CREATE INDEX {index} ON {table} ({SEQUENCE})", columns.join(", "))
}

/// The table in which rows wait for the upsert, one for each session.
pub(super) fn create_incoming(link: &mut Link, schema: &'static Schema) -> Result<(), Failure> {
    if link.product == Product::Cockroach {
        link.batch("SET experimental_enable_temp_tables = 'on'")?;
    }
    let columns =
        (0..schema.columns.len()).map(|at| (quoted(schema.columns[at].name), type_of(kind(schema, at))));
    let own = OWN.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
    let columns: Vec<String> = columns.chain(own).map(|(name, kind)| format!("{name} {kind}")).collect();
    // Emptied by the server itself where it can, and before each use where it cannot.
    let end = if link.product == Product::Cockroach { "" } else { " ON COMMIT DELETE ROWS" };
    link.batch(&format!("CREATE TEMPORARY TABLE {INCOMING} ({}){end}", columns.join(", ")))
}

/// Its name.
pub(super) const INCOMING: &str = "_highwater_incoming";
