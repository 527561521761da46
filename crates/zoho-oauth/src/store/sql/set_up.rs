//! The tables: the official one, which is used as it is, and a second one for leases and the highest id.

use super::super::coordination::LeaseEntry;
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
            let created = session.create_token_table().await;
            match session.tables().await? {
                // Another program may have created it at the same time.
                Some(tables) => tables,
                None => return Err(created.err().unwrap_or(sqlx::Error::RowNotFound).into()),
            }
        }
    };
    for look_up in LOOK_UPS {
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
