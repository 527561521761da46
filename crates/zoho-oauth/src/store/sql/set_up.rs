//! The tables: the official one, which is used as it is, and a second one for leases and the highest id.

use super::super::coordination::LeaseEntry;
use super::super::error::{StoreError, StoreErrorKind};
use super::super::identity::StoreIdentity;
use super::driver::Link;
use super::fault::Fault;
use super::server::Server;
use super::session::Session;
use super::tables::Tables;
use super::texts::LOOK_UPS;

/// Returns what exists of the tables, or `None` if there is no official table.
pub(super) async fn find_tables(session: &mut Session<impl Link>) -> Result<Option<Tables>, Fault> {
    let tables = session.tables().await?;
    if tables.is_none()
        && let Some(similar) = session.similar_table().await?
    {
        return Err(other_capitals(&session.texts.words.table, &similar).into());
    }
    Ok(tables)
}

/// Creates the official table.
pub(super) async fn create_token_table(session: &mut Session<impl Link>) -> Result<Tables, Fault> {
    let created = session.create_token_table().await;
    match session.tables().await? {
        // Another program may have created it at the same time.
        Some(tables) => Ok(tables),
        None => Err(created.err().unwrap_or(sqlx::Error::RowNotFound).into()),
    }
}

/// Returns the error for a table that may be meant. Creating another one beside it would hide its tokens.
fn other_capitals(table: &str, similar: &str) -> StoreError {
    StoreError::of(StoreErrorKind::Rejected, "use its table")
        .evidence(format!("the database has no table {table}, but {similar}"))
        .next_step(format!("this server distinguishes capital letters; write ?table={similar} in the URL"))
}

/// Sets up what writing requires besides the official table: its indexes, and the table for leases, the highest id and the
/// identity. Deletes old lease entries. `before` is what was found earlier.
pub(super) async fn complete<S: Server>(
    server: &S,
    before: &Tables,
    session: &mut Session<S::Link>,
) -> Result<(), Fault> {
    let now = session.tables().await?;
    let tables = now.as_ref().unwrap_or(before);
    create_indexes(server, tables, session).await?;
    if !tables.has_state
        && let Err(error) = session.create_state_table().await
        && !session.tables().await?.is_some_and(|tables| tables.has_state)
    {
        return Err(error.into());
    }
    if session.highest_id().await?.is_none() {
        let highest = session.highest_stored_id(tables).await?;
        session.insert_highest_id(highest).await?;
    }
    if session.identity().await?.is_none() {
        session.insert_identity(&StoreIdentity::random()).await?;
    }
    let now = session.clock().await?;
    for (key, touched) in session.ages().await? {
        let entry = LeaseEntry { touched: touched.try_into().unwrap_or_default(), ..LeaseEntry::default() };
        if entry.may_be_forgotten(now) {
            session.delete_entry(&key, touched).await?;
        }
    }
    Ok(())
}

/// Creates the indexes that are missing. Saving works without them.
async fn create_indexes<S: Server>(
    server: &S,
    tables: &Tables,
    session: &mut Session<S::Link>,
) -> Result<(), Fault> {
    for look_up in LOOK_UPS.into_iter().filter(|_| tables.may_index) {
        let Some(column) = tables.without_index(look_up) else { continue };
        if let Err(error) = session.create_index(look_up, column).await.map_err(Fault::from) {
            if error.is_lost(server) {
                return Err(error);
            }
            // Another program may have created it at the same time, or this account may lack the permission.
            tracing::debug!(?error, look_up, "could not create an index; continuing without it");
        }
    }
    Ok(())
}
