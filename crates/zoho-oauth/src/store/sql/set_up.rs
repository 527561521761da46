//! The tables: the official one, which is used as it is, and a second one for leases and the highest id.

use super::super::coordination::LeaseEntry;
use super::super::error::{StoreError, StoreErrorKind};
use super::super::identity::StoreIdentity;
use super::super::stored::StoredToken;
use super::driver::{Link, Server};
use super::fault::Fault;
use super::session::Session;
use super::texts::LOOK_UPS;

/// What exists of the tables.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Tables {
    /// The columns of the official table.
    pub(in crate::store) columns: Vec<Column>,
    /// Its columns that are the first column of an index.
    pub(in crate::store) indexed: Vec<String>,
    /// Whether the table for leases and the highest id exists.
    pub(in crate::store) has_state: bool,
    /// Whether the server accepts text that contains NUL.
    pub(in crate::store) accepts_nul: bool,
}

/// A column, and the maximum length of its values in characters, if they are limited.
#[derive(Clone, Debug)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) max_length: Option<usize>,
}

impl Tables {
    /// Rejects a token with a value that a column cannot hold.
    pub(super) fn check_values(&self, token: &StoredToken) -> Result<(), StoreError> {
        let rejected = |evidence| StoreError::of(StoreErrorKind::Rejected, "save a token").evidence(evidence);
        for (name, value) in StoredToken::COLUMNS.into_iter().zip(token.values()) {
            let Some(value) = value else { continue };
            if !self.accepts_nul && value.contains('\0') {
                return Err(rejected(format!("its {name} contains NUL, which the server cannot store"))
                    .next_step("remove the NUL, or use another store"));
            }
            let Some(max_length) = self.column(name).and_then(|column| column.max_length) else { continue };
            let length = value.chars().count();
            if length > max_length {
                return Err(rejected(format!(
                    "its {name} has {length} characters; the column holds at most {max_length}"
                ))
                .next_step(format!("widen the column {name}")));
            }
        }
        Ok(())
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    fn check_columns(&self) -> Result<(), StoreError> {
        match StoredToken::COLUMNS.into_iter().find(|name| self.column(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(StoreError::of(StoreErrorKind::Damaged, "use its table")
                .evidence(format!("the table has no column {name}"))
                .next_step("the table was not changed; check that it is the right one")),
        }
    }

    fn lacks_index(&self, column: &str) -> bool {
        !self.indexed.iter().any(|indexed| indexed.eq_ignore_ascii_case(column))
    }
}

/// Sets up what reading requires: the official table, which is created if it does not exist, and its indexes.
pub(super) async fn find_tables<S: Server>(
    server: &S,
    session: &mut Session<S::Link>,
) -> Result<Tables, Fault> {
    let mut tables = session.tables().await?;
    if tables.columns.is_empty() {
        let created = session.create_token_table().await;
        tables = session.tables().await?;
        // Another program may have created it at the same time.
        if tables.columns.is_empty() {
            created?;
        }
    }
    tables.check_columns()?;
    for column in LOOK_UPS.into_iter().filter(|column| tables.lacks_index(column)) {
        if let Err(error) = session.create_index(column).await.map_err(Fault::from) {
            if error.is_lost(server) {
                return Err(error);
            }
            // Another program may have created it at the same time, or this account may lack the permission.
            tracing::debug!(?error, column, "could not create an index; continuing without it");
        }
    }
    Ok(tables)
}

/// Sets up what writing also requires: the table for leases, the highest id and the identity. Deletes old lease entries.
pub(super) async fn complete(tables: &Tables, session: &mut Session<impl Link>) -> Result<(), Fault> {
    if !tables.has_state
        && let Err(error) = session.create_state_table().await
        && !session.tables().await?.has_state
    {
        return Err(error.into());
    }
    if session.highest_id().await?.is_none() {
        let highest = session.highest_stored_id().await?;
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
