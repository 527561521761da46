//! The tables: the official one, whose columns are never changed, and ours beside it.

use rusqlite::Connection;
use rusqlite::TransactionBehavior::Immediate;

use super::super::coordination::machine_clock;
use super::fault::Fault;
use super::{lease, rows};

/// The table as the official samples create it, and an index for each column that look-ups use. `id` has one as the
/// primary key.
///
/// Leases and the highest id are in a separate table, which an official SDK that shares the file never reads. It is created
/// on first use.
const TABLES: &str = "
create table if not exists oauthtoken (
    id varchar(10) not null, user_name varchar(255), client_id varchar(255), client_secret varchar(255),
    refresh_token varchar(255), access_token varchar(255), grant_token varchar(255), expiry_time varchar(20),
    redirect_url varchar(255), api_domain varchar(255), primary key (id)
);
create index if not exists oauthtoken_user_name on oauthtoken (user_name);
create index if not exists oauthtoken_access_token on oauthtoken (access_token);
create index if not exists oauthtoken_grant_token on oauthtoken (grant_token);
create index if not exists oauthtoken_refresh_token on oauthtoken (refresh_token);
create table if not exists oauthtoken_state (
    key text not null primary key, epoch integer not null, holder text not null, until integer not null,
    touched integer not null, ledger text not null
);";

const COUNT_OBJECTS: &str = "
select count(*) from sqlite_master where name in (
    'oauthtoken', 'oauthtoken_user_name', 'oauthtoken_access_token', 'oauthtoken_grant_token',
    'oauthtoken_refresh_token', 'oauthtoken_state'
)";
const OBJECTS: u32 = 6;

/// Whether all tables and indexes exist. Reads only, so that it waits for no other process.
pub(super) fn is_set_up(connection: &Connection) -> Result<bool, Fault> {
    Ok(count_objects(connection)? == OBJECTS)
}

/// Creates missing tables and indexes, and deletes old leases. If there is nothing to do, nothing is written.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Fault> {
    prefer_wal(connection);
    // A commit must be on disk before the call returns. On macOS only `fullfsync` achieves that.
    connection.execute_batch(
        "pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on;",
    )?;
    if count_objects(connection)? < OBJECTS {
        let transaction = connection.transaction_with_behavior(Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.commit()?;
        // Moves the new pages into the database, so that a renewal does not have to allocate them on a full disk.
        connection.query_row("pragma wal_checkpoint", [], |_| Ok(()))?;
    }
    rows::check_columns(connection)?;
    lease::forget_old(connection, machine_clock())
}

/// Moves the write-ahead log into the database, as far as readers allow, and truncates it. The log contains a copy of a
/// page for each change, so this frees space on a full disk. Readers can go on.
pub(super) fn move_log_into_database(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
    Ok(())
}

/// Whether the official table exists.
pub(super) fn has_tokens(connection: &Connection) -> Result<bool, Fault> {
    has_table(connection, "oauthtoken")
}

/// Whether our table exists. It is missing if an official SDK created the file and this account cannot write it.
pub(super) fn has_state(connection: &Connection) -> Result<bool, Fault> {
    has_table(connection, "oauthtoken_state")
}

/// Returns how changes are written: `wal`, `delete` and others.
pub(super) fn journal_mode(connection: &Connection) -> Result<String, Fault> {
    Ok(connection.query_row("pragma journal_mode", [], |row| row.get(0))?)
}

fn count_objects(connection: &Connection) -> Result<u32, Fault> {
    Ok(connection.query_row(COUNT_OBJECTS, [], |row| row.get(0))?)
}

fn has_table(connection: &Connection, name: &str) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached("select 1 from sqlite_master where name = ?")?;
    Ok(statement.exists([name])?)
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
