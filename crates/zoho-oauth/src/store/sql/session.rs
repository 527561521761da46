//! A connection, and the steps of which a store's calls consist.

use std::sync::Arc;

use crate::ledger::Ledger;

use super::super::coordination::Lease;
use super::super::stored::StoredToken;
use super::super::table::{Column, Kind, Table};
use super::connection::Connection;
use super::driver::{Fields, Link, Statement, Value};
use super::fault::Fault;
use super::row_texts::RowTexts;
use super::tables::Tables;
use super::texts::{LOOK_UPS, Texts};

/// The maximum number of rows or values in one statement. The protocols allow 65,535 values.
pub(super) const CHUNK: usize = 500;

/// A connection. Unless documented otherwise, each step is one statement, and is atomic by itself if it is not between
/// [`begin`](Self::begin) and [`commit`](Self::commit).
pub(super) struct Session<L> {
    pub(super) link: Connection<L>,
    pub(super) texts: Arc<Texts>,
}

/// The steps of the setup.
impl<L: Link> Session<L> {
    pub(super) fn new(link: Connection<L>, texts: Arc<Texts>) -> Self {
        Self { link, texts }
    }

    /// Returns what exists of the tables and what this account may do, or `None` if there is no official table. Up to three
    /// statements.
    pub(super) async fn tables(&mut self) -> Result<Option<Tables>, Fault> {
        let words = &self.texts.words;
        let columns = self.link.fetch(&self.texts.columns, &[], |fields| column(fields, words.kind)).await?;
        let indexed = self.link.fetch(&self.texts.indexed, &[], |mut fields| fields.text()).await?;
        let (columns, state): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(is_tokens, _)| *is_tokens);
        if columns.is_empty() {
            return Ok(None);
        }
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let table = Table::of(&words.table, columns, L::ACCEPTS_NUL)?;
        let texts = RowTexts::new(words, &table);
        let has_state = !state.is_empty();
        let (may_index, may_write) = self.rights().await?;
        Ok(Some(Tables { table, texts, indexed, has_state, may_index, may_write }))
    }

    async fn rights(&mut self) -> sqlx::Result<(bool, bool)> {
        let Some(rights) = &self.texts.rights else { return Ok((true, true)) };
        let read = |mut fields: Fields| Ok((fields.number()? == 1, fields.number()? == 1));
        let rights = self.link.fetch(rights, &[], read).await?;
        rights.into_iter().next().ok_or(sqlx::Error::RowNotFound)
    }

    /// Returns the name of a table that differs from the official one in capital letters only.
    pub(super) async fn similar_table(&mut self) -> sqlx::Result<Option<String>> {
        let read = |mut fields: Fields| fields.text();
        Ok(self.link.fetch(&self.texts.similar, &[], read).await?.pop())
    }

    /// Creates the official table if it does not exist.
    pub(super) async fn create_token_table(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.create_tokens).await
    }

    /// Creates the table for leases and the highest id if it does not exist.
    pub(super) async fn create_state_table(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.texts.create_state).await
    }

    /// Creates the index on a column by which rows are looked up.
    pub(super) async fn create_index(&mut self, look_up: &str, column: &Column) -> sqlx::Result<()> {
        let words = &self.texts.words;
        self.link.command(&Statement::new((words.create_index)(words, look_up, column))).await
    }
}

/// Rows.
impl<L: Link> Session<L> {
    /// Returns the rows that have a value in a column, one of [`LOOK_UPS`]. If the table's collation is lax, rows with
    /// similar values are among them.
    pub(super) async fn rows(
        &mut self,
        tables: &Tables,
        column: &str,
        value: &str,
    ) -> sqlx::Result<Vec<StoredToken>> {
        if !tables.table.can_have(column, value) {
            return Ok(Vec::new());
        }
        let rows = self.link.fetch(&tables.texts.rows[position(column)], &[value.into()], token).await;
        rows.or_else(none_if_unrepresentable::<L, _>)
    }

    /// Returns the rows that have one of the values in a column. One or more round trips.
    pub(super) async fn rows_of_many(
        &mut self,
        tables: &Tables,
        column: &str,
        values: &[&str],
    ) -> sqlx::Result<Vec<StoredToken>> {
        let values: Vec<_> =
            values.iter().copied().filter(|value| tables.table.can_have(column, value)).collect();
        let mut tokens = Vec::new();
        for values in values.chunks(CHUNK) {
            let statement = sized(tables.texts.rows_of_many(position(column), values.len()), values.len());
            let bound: Vec<_> = values.iter().map(|value| Value::from(*value)).collect();
            match self.link.fetch(&statement, &bound, token).await {
                Err(error) if L::is_unrepresentable(&error) => {
                    for value in values {
                        tokens.extend(self.rows(tables, column, value).await?);
                    }
                }
                rows => tokens.extend(rows?),
            }
        }
        Ok(tokens)
    }

    /// Returns the rows with this id, and locks them until the transaction ends.
    pub(super) async fn lock_rows(&mut self, tables: &Tables, id: &str) -> sqlx::Result<Vec<StoredToken>> {
        self.link.fetch(&tables.texts.lock_rows, &[id.into()], token).await
    }

    /// Returns all rows.
    pub(super) async fn all(&mut self, tables: &Tables) -> sqlx::Result<Vec<StoredToken>> {
        self.link.fetch(&tables.texts.all, &[], token).await
    }

    /// Returns the first [`PAGE`](super::texts::PAGE) rows after an id, ordered by id.
    pub(super) async fn page(
        &mut self,
        tables: &Tables,
        after: Option<&str>,
    ) -> sqlx::Result<Vec<StoredToken>> {
        match after {
            None => self.link.fetch(&tables.texts.first_page, &[], token).await,
            Some(id) => self.link.fetch(&tables.texts.next_page, &[id.into()], token).await,
        }
    }

    /// Overwrites the row with `after` and returns `true`, if it is still equal to `before`, byte by byte.
    pub(super) async fn replace(
        &mut self,
        tables: &Tables,
        before: &StoredToken,
        after: &StoredToken,
    ) -> sqlx::Result<bool> {
        let new = after.values().into_iter().skip(1).map(Value::Text);
        let values: Vec<_> = new.chain([Value::Text(before.id.as_deref())]).chain(exactly(before)).collect();
        Ok(self.link.execute(&tables.texts.replace, &values).await? > 0)
    }

    /// Like [`replace`](Self::replace), and releases the lease. Does neither if the lease is no longer the caller's.
    pub(super) async fn replace_and_release(
        &mut self,
        tables: &Tables,
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
        Ok(self.link.execute(&tables.texts.replace_and_release, &values).await? > 0)
    }

    /// Inserts rows. One or more round trips.
    pub(super) async fn insert(&mut self, tables: &Tables, rows: &[StoredToken]) -> sqlx::Result<()> {
        for rows in rows.chunks(CHUNK) {
            let statement = sized(tables.texts.insert(rows.len()), rows.len());
            let values: Vec<_> = rows.iter().flat_map(StoredToken::values).map(Value::Text).collect();
            self.link.execute(&statement, &values).await?;
        }
        Ok(())
    }

    /// Deletes the row with exactly this id. Returns whether it existed.
    pub(super) async fn delete(&mut self, tables: &Tables, id: &str) -> sqlx::Result<bool> {
        if !tables.table.can_have("id", id) {
            return Ok(false);
        }
        let deleted = self.link.execute(&tables.texts.delete, &[id.into(), Value::Exact(Some(id))]).await;
        Ok(deleted.or_else(none_if_unrepresentable::<L, _>)? > 0)
    }

    /// Deletes all rows.
    pub(super) async fn delete_all(&mut self, tables: &Tables) -> sqlx::Result<()> {
        self.link.execute(&tables.texts.delete_all, &[]).await.map(|_| ())
    }
}

/// Transactions, ids and the server's clock.
impl<L: Link> Session<L> {
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.link.begin().await
    }

    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.link.commit().await
    }

    pub(super) async fn roll_back(&mut self) -> sqlx::Result<()> {
        self.link.roll_back().await
    }

    /// Returns the highest id in the official table that is a number of at most ten digits, or zero.
    pub(super) async fn highest_stored_id(&mut self, tables: &Tables) -> sqlx::Result<u64> {
        let read = |mut fields: Fields| fields.number();
        Ok(self.link.fetch(&tables.texts.highest_stored_id, &[], read).await?.pop().unwrap_or_default())
    }

    /// Moves the sequence from which other programs get ids, if there is one, to the highest id.
    pub(super) async fn advance_sequence(&mut self, tables: &Tables, highest: u64) -> sqlx::Result<()> {
        let Some(statement) = &tables.texts.advance_sequence else { return Ok(()) };
        let read = |mut fields: Fields| Ok(fields.next());
        self.link.fetch(statement, &[highest.into(), highest.into()], read).await.map(|_| ())
    }

    /// Returns all ids in the official table. Used only after the highest number was assigned.
    pub(super) async fn ids(&mut self, tables: &Tables) -> sqlx::Result<Vec<String>> {
        self.link.fetch(&tables.texts.ids, &[], |mut fields| fields.text()).await
    }

    /// Returns the server's clock, in epoch milliseconds.
    pub(super) async fn clock(&mut self) -> sqlx::Result<u64> {
        let rows = self.link.fetch(&self.texts.clock, &[], |mut fields| fields.number()).await?;
        rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)
    }
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
fn column(mut fields: Fields, kind: fn(&str) -> Kind) -> sqlx::Result<(bool, Column)> {
    let is_tokens = fields.number()? == 1;
    let (name, type_name) = (fields.text()?, fields.text()?);
    let kind = kind(&type_name);
    let [takes_null, has_default, is_computed] = [fields.number()?, fields.number()?, fields.number()?];
    let [takes_null, has_default, is_computed] = [takes_null, has_default, is_computed].map(|flag| flag == 1);
    Ok((is_tokens, Column { name, type_name, kind, takes_null, has_default, is_computed }))
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
