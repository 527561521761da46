//! The tables: the official one, which is used as it is, and ours beside it.

use super::super::coordination::LeaseEntry;
use super::super::error::{StoreError, StoreErrorKind};
use super::super::stored::StoredToken;
use super::driver::{Link, Server};
use super::fault::Fault;
use super::session::Session;
use super::texts::LOOK_UPS;

/// What there is of the tables.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Tables {
    /// The official table's columns.
    pub(in crate::store) columns: Vec<Column>,
    /// Those of its columns that an index begins with.
    pub(in crate::store) indexed: Vec<String>,
    /// Whether there is a table for leases and the highest id.
    pub(in crate::store) has_state: bool,
    /// Whether text may hold NUL.
    pub(in crate::store) take_nul: bool,
}

/// A column, and how many characters it has room for, where that is limited.
#[derive(Clone, Debug)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    pub(in crate::store) room: Option<usize>,
}

impl Tables {
    /// Refuses a token with a value that a column has no room for.
    pub(super) fn check_room(&self, token: &StoredToken) -> Result<(), StoreError> {
        let refused = |evidence| StoreError::of(StoreErrorKind::Rejected, "save a token").evidence(evidence);
        for (name, value) in StoredToken::COLUMNS.into_iter().zip(token.values()) {
            let Some(value) = value else { continue };
            if !self.take_nul && value.contains('\0') {
                return Err(refused(format!("its {name} holds NUL, and the server has no room for that"))
                    .next_step("leave the NUL out, or use another store"));
            }
            let Some(room) = self.column(name).and_then(|column| column.room) else { continue };
            let length = value.chars().count();
            if length > room {
                return Err(refused(format!(
                    "its {name} has {length} characters and the column has room for {room}"
                ))
                .next_step(format!("make the column {name} wider")));
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
                .next_step("the table was left as it is: check that it is the right one")),
        }
    }

    fn lacks_index(&self, column: &str) -> bool {
        !self.indexed.iter().any(|indexed| indexed.eq_ignore_ascii_case(column))
    }
}

/// What reading takes: the official table, which is made where there is none.
pub(super) async fn find_tables<S: Server>(
    server: &S,
    session: &mut Session<S::Link>,
) -> Result<Tables, Fault> {
    let mut tables = session.tables().await?;
    if tables.columns.is_empty() {
        let created = session.create_token_table().await;
        tables = session.tables().await?;
        // Somebody else may have made it at the same time.
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
            // Somebody else may have made it at the same time, or this account may not.
            tracing::debug!(?error, column, "the token store goes on without an index of its own making");
        }
    }
    Ok(tables)
}

/// What writing takes besides: the table for leases and the highest id. Writes nothing where nothing is to do.
pub(super) async fn complete(tables: &Tables, session: &mut Session<impl Link>) -> Result<(), Fault> {
    if !tables.has_state
        && let Err(error) = session.create_state_table().await
        && !session.tables().await?.has_state
    {
        return Err(error.into());
    }
    if session.highest_id().await?.is_none() {
        let highest = session.highest_stored_id().await?;
        session.begin_highest_id(highest).await?;
    }
    let now = session.clock().await?;
    for (key, touched) in session.ages().await? {
        let entry = LeaseEntry { touched, ..LeaseEntry::default() };
        if entry.may_be_forgotten(now) {
            session.forget(&key, touched).await?;
        }
    }
    Ok(())
}
