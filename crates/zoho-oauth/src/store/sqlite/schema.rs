//! The tables: the official one, which is never changed, and ours beside it.

use rusqlite::Connection;
use rusqlite::TransactionBehavior::Immediate;

use super::super::coordination::machine_clock;
use super::fault::Fault;
use super::{lease, rows};

/// The table as the official samples create it, and an index for each column that is looked up by. `id` has one
/// already, as the primary key.
///
/// Leases and the highest id are kept in a table of their own: an official SDK that shares the file never sees
/// it, and a file without it gets it on first use.
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

const HOW_MANY_ARE_THERE: &str = "
select count(*) from sqlite_master where name in (
    'oauthtoken', 'oauthtoken_user_name', 'oauthtoken_access_token', 'oauthtoken_grant_token',
    'oauthtoken_refresh_token', 'oauthtoken_state'
)";
const ALL: u32 = 6;

/// Sets up whatever is missing, and forgets leases that are long over. Writes nothing where nothing is to do.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), Fault> {
    prefer_wal(connection);
    // Every commit is on the disk before it is answered for; on macOS only this call gets it there.
    connection.execute_batch(
        "pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on;",
    )?;
    let there: u32 = connection.query_row(HOW_MANY_ARE_THERE, [], |row| row.get(0))?;
    if there < ALL {
        let transaction = connection.transaction_with_behavior(Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.commit()?;
        // The pages are in the database from now on, so that a renewal needs no room for new ones.
        connection.query_row("pragma wal_checkpoint", [], |_| Ok(()))?;
    }
    rows::check_columns(connection)?;
    lease::forget_old(connection, machine_clock())
}

/// Moves what the write-ahead log holds into the database itself, as far as readers allow, and cuts the log off.
/// The log holds a page as often as it was changed; on a disk that is full this makes room.
pub(super) fn move_log_into_database(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
    Ok(())
}

/// Whether the official table is there.
pub(super) fn has_tokens(connection: &Connection) -> Result<bool, Fault> {
    has_table(connection, "oauthtoken")
}

/// Whether our table is there. It is not where an official SDK made the file and nobody may write it.
pub(super) fn has_state(connection: &Connection) -> Result<bool, Fault> {
    has_table(connection, "oauthtoken_state")
}

fn has_table(connection: &Connection, name: &str) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached("select 1 from sqlite_master where name = ?")?;
    Ok(statement.exists([name])?)
}

/// With a write-ahead log readers and the writer do not wait for each other. It is a matter of speed alone: where
/// the file system has no shared memory, or a program keeps reading in the old mode, the old mode is used.
fn prefer_wal(connection: &Connection) {
    let mode = |statement: &str| connection.query_row(statement, [], |row| row.get::<_, String>(0));
    let result = match mode("pragma journal_mode") {
        Ok(current) if current == "wal" || current == "memory" => return,
        _ => mode("pragma journal_mode = wal"),
    };
    if let Err(error) = result {
        tracing::debug!(%error, "the SQLite token store goes on without a write-ahead log");
    }
}
