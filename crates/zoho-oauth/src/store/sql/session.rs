//! A connection, and the steps of which a store's calls consist.

use std::sync::Arc;

use crate::ledger::Ledger;

use super::super::coordination::Lease;
use super::super::stored::StoredToken;
use super::driver::{Fields, Link, Statement, Value};
use super::tables::{Column, Tables};
use super::texts::{LOOK_UPS, Texts};

/// The maximum number of rows or values in one statement. The protocols allow 65,535 values.
pub(super) const CHUNK: usize = 500;

/// A connection. Unless documented otherwise, each step is one round trip, and is atomic by itself if it is not between
/// [`begin`](Self::begin) and [`commit`](Self::commit).
pub(super) struct Session<L> {
    pub(super) link: L,
    pub(super) texts: Arc<Texts>,
}

/// The steps of the setup.
impl<L: Link> Session<L> {
    pub(super) fn new(link: L, texts: Arc<Texts>) -> Self {
        Self { link, texts }
    }

    /// Returns what exists of the tables. Two round trips.
    pub(super) async fn tables(&mut self) -> sqlx::Result<Tables> {
        let columns = self.link.fetch(&self.texts.columns, &[], column).await?;
        let indexed = self.link.fetch(&self.texts.indexed, &[], |mut fields| fields.text()).await?;
        let (columns, state): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(is_tokens, _)| *is_tokens);
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        Ok(Tables { columns, indexed, has_state: !state.is_empty(), accepts_nul: L::ACCEPTS_NUL })
    }

    /// Creates the official table if it does not exist.
    pub(super) async fn create_token_table(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.create_tokens).await
    }

    /// Creates the table for leases and the highest id if it does not exist.
    pub(super) async fn create_state_table(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.create_state).await
    }

    /// Creates the index on a column.
    pub(super) async fn create_index(&mut self, column: &str) -> sqlx::Result<()> {
        self.link.command(&self.texts.create_index[position(column)]).await
    }
}

/// Rows.
impl<L: Link> Session<L> {
    /// Returns the rows that have a value in a column, one of [`LOOK_UPS`]. If the table's collation is lax, rows with
    /// similar values are among them.
    pub(super) async fn rows(&mut self, column: &str, value: &str) -> sqlx::Result<Vec<StoredToken>> {
        if !may_be_stored::<L>(value) {
            return Ok(Vec::new());
        }
        let rows = self.link.fetch(&self.texts.rows[position(column)], &[value.into()], token).await;
        rows.or_else(none_if_unrepresentable::<L, _>)
    }

    /// Returns the rows that have one of the values in a column. One or more round trips.
    pub(super) async fn rows_of_many(
        &mut self,
        column: &str,
        values: &[&str],
    ) -> sqlx::Result<Vec<StoredToken>> {
        let values: Vec<_> = values.iter().copied().filter(|value| may_be_stored::<L>(value)).collect();
        let mut tokens = Vec::new();
        for values in values.chunks(CHUNK) {
            let statement = sized(self.texts.rows_of_many(column, values.len()), values.len());
            let bound: Vec<_> = values.iter().map(|value| Value::from(*value)).collect();
            match self.link.fetch(&statement, &bound, token).await {
                Err(error) if L::is_unrepresentable(&error) => {
                    for value in values {
                        tokens.extend(self.rows(column, value).await?);
                    }
                }
                rows => tokens.extend(rows?),
            }
        }
        Ok(tokens)
    }

    /// Returns the rows with this id, and locks them until the transaction ends.
    pub(super) async fn lock_rows(&mut self, id: &str) -> sqlx::Result<Vec<StoredToken>> {
        self.link.fetch(&self.texts.lock_rows, &[id.into()], token).await
    }

    /// Returns all rows.
    pub(super) async fn all(&mut self) -> sqlx::Result<Vec<StoredToken>> {
        self.link.fetch(&self.texts.all, &[], token).await
    }

    /// Returns the first [`PAGE`](super::texts::PAGE) rows after an id, ordered by id.
    pub(super) async fn page(&mut self, after: Option<&str>) -> sqlx::Result<Vec<StoredToken>> {
        match after {
            None => self.link.fetch(&self.texts.first_page, &[], token).await,
            Some(id) => self.link.fetch(&self.texts.next_page, &[id.into()], token).await,
        }
    }

    /// Overwrites the row with `after` and returns `true`, if it is still equal to `before`, byte by byte.
    pub(super) async fn replace(&mut self, before: &StoredToken, after: &StoredToken) -> sqlx::Result<bool> {
        let new = after.values().into_iter().skip(1).map(Value::Text);
        let values: Vec<_> = new.chain([Value::Text(before.id.as_deref())]).chain(exactly(before)).collect();
        Ok(self.link.execute(&self.texts.replace, &values).await? > 0)
    }

    /// Like [`replace`](Self::replace), and releases the lease. Does neither if the lease is no longer the caller's.
    pub(super) async fn replace_and_release(
        &mut self,
        before: &StoredToken,
        after: &StoredToken,
        lease: &Lease,
    ) -> sqlx::Result<bool> {
        let ledger = ledger(&lease.ledger)?;
        let mut values = of(lease).to_vec();
        values.push(Value::Text(before.id.as_deref()));
        values.extend(exactly(before));
        values.extend(after.values().into_iter().skip(1).map(Value::Text));
        values.push(ledger.as_str().into());
        Ok(self.link.execute(&self.texts.replace_and_release, &values).await? > 0)
    }

    /// Inserts rows. One or more round trips.
    pub(super) async fn insert(&mut self, rows: &[StoredToken]) -> sqlx::Result<()> {
        for rows in rows.chunks(CHUNK) {
            let statement = sized(self.texts.insert(rows.len()), rows.len());
            let values: Vec<_> = rows.iter().flat_map(StoredToken::values).map(Value::Text).collect();
            self.link.execute(&statement, &values).await?;
        }
        Ok(())
    }

    /// Deletes the row with exactly this id. Returns whether it existed.
    pub(super) async fn delete(&mut self, id: &str) -> sqlx::Result<bool> {
        if !may_be_stored::<L>(id) {
            return Ok(false);
        }
        let deleted = self.link.execute(&self.texts.delete, &[id.into(), Value::Exact(Some(id))]).await;
        Ok(deleted.or_else(none_if_unrepresentable::<L, _>)? > 0)
    }

    /// Deletes all rows.
    pub(super) async fn delete_all(&mut self) -> sqlx::Result<()> {
        self.link.execute(&self.texts.delete_all, &[]).await.map(|_| ())
    }
}

/// Transactions, ids and the server's clock.
impl<L: Link> Session<L> {
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.begin).await
    }

    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.commit).await
    }

    pub(super) async fn roll_back(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.roll_back).await
    }

    /// Returns the highest id in the official table that is a number of at most ten digits, or zero.
    pub(super) async fn highest_stored_id(&mut self) -> sqlx::Result<u64> {
        let read = |mut fields: Fields| fields.number();
        Ok(self.link.fetch(&self.texts.highest_stored_id, &[], read).await?.pop().unwrap_or_default())
    }

    /// Returns all ids in the official table. Used only after the highest number was assigned.
    pub(super) async fn ids(&mut self) -> sqlx::Result<Vec<String>> {
        self.link.fetch(&self.texts.ids, &[], |mut fields| fields.text()).await
    }

    /// Returns the server's clock, in epoch milliseconds.
    pub(super) async fn clock(&mut self) -> sqlx::Result<u64> {
        let rows = self.link.fetch(&self.texts.clock, &[], |mut fields| fields.number()).await?;
        rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)
    }
}

/// Whether the server can store the value. If not, it rejects a statement with the value.
fn may_be_stored<L: Link>(value: &str) -> bool {
    L::ACCEPTS_NUL || !value.contains('\0')
}

fn none_if_unrepresentable<L: Link, T: Default>(error: sqlx::Error) -> sqlx::Result<T> {
    if L::is_unrepresentable(&error) { Ok(T::default()) } else { Err(error) }
}

/// Returns the position of a column in [`LOOK_UPS`].
fn position(column: &str) -> usize {
    LOOK_UPS.iter().position(|other| *other == column).unwrap_or_default()
}

/// Creates a statement about a number of rows. Only those for a full chunk and for a single row are used often.
pub(super) fn sized(text: String, rows: usize) -> Statement {
    Statement { is_cached: rows == CHUNK || rows == 1, ..Statement::new(text) }
}

/// Reads a column, and whether it is one of the official table.
fn column(mut fields: Fields) -> sqlx::Result<(bool, Column)> {
    let is_tokens = fields.number()? == 1;
    let name = fields.text()?;
    let max_length = fields.next().and_then(|length| length.parse().ok());
    Ok((is_tokens, Column { name, max_length }))
}

fn token(mut fields: Fields) -> sqlx::Result<StoredToken> {
    Ok(StoredToken::from_values(std::array::from_fn(|_| fields.next())))
}

fn exactly(token: &StoredToken) -> impl Iterator<Item = Value<'_>> {
    token.values().into_iter().map(Value::Exact)
}

/// Returns the values that identify a lease.
pub(super) fn of(lease: &Lease) -> [Value<'_>; 3] {
    [lease.key.as_str().into(), lease.epoch.into(), lease.holder.as_str().into()]
}

pub(super) fn ledger(ledger: &Ledger) -> sqlx::Result<String> {
    serde_json::to_string(ledger).map_err(|error| sqlx::Error::Encode(error.into()))
}
