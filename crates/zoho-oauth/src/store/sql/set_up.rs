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

/// Sets up what reading requires: the official table, which is created if it does not exist, and its indexes.
pub(super) async fn find_tables<S: Server>(
    server: &S,
    session: &mut Session<S::Link>,
) -> Result<Tables, Fault> {
    let tables = match session.tables().await? {
        Some(tables) => tables,
        None => {
            if let Some(similar) = session.similar_table().await? {
                return Err(other_capitals(&session.texts.words.table, &similar).into());
            }
            let created = session.create_token_table().await;
            match session.tables().await? {
                // Another program may have created it at the same time.
                Some(tables) => tables,
                None => return Err(created.err().unwrap_or(sqlx::Error::RowNotFound).into()),
            }
        }
    };
    if tables.table.check_for_saving().is_err() {
        // It is only read, so it is left as it is.
        return Ok(tables);
    }
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
    Ok(tables)
}

/// Returns the error for a table that may be meant. Creating another one beside it would hide its tokens.
fn other_capitals(table: &str, similar: &str) -> StoreError {
    StoreError::of(StoreErrorKind::Rejected, "use its table")
        .evidence(format!("the database has no table {table}, but {similar}"))
        .next_step(format!("this server distinguishes capital letters; write ?table={similar} in the URL"))
}

/// Sets up what writing also requires: the table for leases, the highest id and the identity. Deletes old lease entries.
pub(super) async fn complete(tables: &Tables, session: &mut Session<impl Link>) -> Result<(), Fault> {
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
