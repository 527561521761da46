//! The tables: the official one, whose columns are never changed, and ours beside it.

use rusqlite::Connection;
use rusqlite::TransactionBehavior::Immediate;

use super::super::coordination::machine_clock;
use super::super::table::Table;
use super::columns::{self, quoted};
use super::fault::Fault;
use super::lease::Leases;
use super::rows::{LOOK_UPS, Rows};

/// The columns as the official samples create them. Leases and the highest id are in a separate table, which an official
/// SDK that shares the file never reads.
const COLUMNS: &str = "id varchar(10) not null, user_name varchar(255), client_id varchar(255), \
    client_secret varchar(255), refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), \
    expiry_time varchar(20), redirect_url varchar(255), api_domain varchar(255), primary key (id)";
const STATE_COLUMNS: &str = "key text not null primary key, epoch integer not null, holder text not null, \
    until integer not null, touched integer not null, ledger text not null";

/// Both tables, as they are or as the first write creates them.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) rows: Rows,
    pub(super) leases: Leases,
    state: String,
    /// Creates what is missing: the tables, and an index for each column that look-ups use. `id` has one as the primary
    /// key.
    create: String,
    /// Counts how much of that exists.
    count: String,
}

/// The two tables, and an index for each look-up but the one by id.
const OBJECTS: u32 = 6;

impl Tables {
    /// Describes the table of this name. Reads only, so that it waits for no other process.
    pub(super) fn find(connection: &Connection, name: &str) -> Result<Self, Fault> {
        let table = match columns::describe(connection, name)? {
            Some(table) => table,
            None => official(name)?,
        };
        let state = format!("{name}_state");
        let mut create = format!("create table if not exists {} ({COLUMNS});", quoted(name));
        let mut names = format!("'{name}', '{state}'");
        for look_up in &LOOK_UPS[1..] {
            let Some(column) = table.column(look_up) else { continue };
            let index = format!("{name}_{look_up}");
            create += &format!(
                "create index if not exists {} on {} ({});",
                quoted(&index),
                quoted(name),
                quoted(&column.name)
            );
            names += &format!(", '{index}'");
        }
        create += &format!("create table if not exists {} ({STATE_COLUMNS});", quoted(&state));
        Ok(Self {
            rows: Rows::new(name, table),
            leases: Leases::new(&state),
            count: format!("select count(*) from sqlite_master where name collate nocase in ({names})"),
            state,
            create,
        })
    }

    /// Creates missing tables and indexes, and deletes old leases. If there is nothing to do, nothing is written.
    pub(super) fn prepare(&self, connection: &mut Connection) -> Result<(), Fault> {
        self.rows.table.check_for_saving()?;
        prefer_wal(connection);
        // A commit must be on disk before the call returns. On macOS only `fullfsync` achieves that.
        connection.execute_batch(
            "pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on;",
        )?;
        let count: u32 = connection.query_row(&self.count, [], |row| row.get(0))?;
        if count < OBJECTS {
            let transaction = connection.transaction_with_behavior(Immediate)?;
            transaction.execute_batch(&self.create)?;
            transaction.commit()?;
            // Moves the new pages into the database, so that a renewal does not have to allocate them on a full disk.
            connection.query_row("pragma wal_checkpoint", [], |_| Ok(()))?;
        }
        self.leases.forget_old(connection, machine_clock())
    }

    /// Whether the side table exists. It is missing as long as nothing was written.
    pub(super) fn has_state(&self, connection: &Connection) -> Result<bool, Fault> {
        columns::exists(connection, &self.state)
    }
}

/// Describes the table that the first write creates.
fn official(name: &str) -> Result<Table, Fault> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(&format!("create table {} ({COLUMNS})", quoted(name)))?;
    let table = columns::describe(&connection, name)?;
    table.ok_or_else(|| Fault::Unreadable("the table was not created".into()))
}

/// Moves the write-ahead log into the database, as far as readers allow, and truncates it. The log contains a copy of a
/// page for each change, so this frees space on a full disk. Readers can go on.
pub(super) fn move_log_into_database(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
    Ok(())
}

/// Returns how changes are written: `wal`, `delete` and others.
pub(super) fn journal_mode(connection: &Connection) -> Result<String, Fault> {
    Ok(connection.query_row("pragma journal_mode", [], |row| row.get(0))?)
}

/// Turns on the write-ahead log, with which readers and the writer do not wait for each other. It only affects speed:
/// if the file system has no shared memory, or another program keeps reading, the rollback journal stays in use.
fn prefer_wal(connection: &Connection) {
    if journal_mode(connection).is_ok_and(|mode| mode == "wal" || mode == "memory") {
        return;
    }
    let changed = connection.query_row("pragma journal_mode = wal", [], |row| row.get::<_, String>(0));
    if let Err(error) = changed {
        tracing::debug!(%error, "could not turn on the write-ahead log of the SQLite token store; continuing without it");
    }
}
