//! What a database server has to be able to do. Each has its own words for it; `store/sql` has the sense.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, SqlSafeStr, SqlStr, Type};

use crate::ledger::Ledger;

use super::super::coordination::{Lease, LeaseEntry, LeaseKey};
use super::super::stored::StoredToken;
use super::fault::Trouble;
use super::set_up::Tables;

/// A server and how to reach it.
pub(in crate::store) trait Server: Send + Sync + 'static {
    /// A connection to it.
    type Session: Session;

    /// Connects.
    fn connect(&self) -> impl Future<Output = sqlx::Result<Self::Session>> + Send;

    /// What it means when the server says this.
    fn trouble(&self, error: &dyn DatabaseError) -> Trouble;
}

/// A connection to a server. Each method is one round trip, unless it says otherwise; outside of
/// [`begin`](Self::begin) and [`commit`](Self::commit) each is an atomic step of its own.
pub(in crate::store) trait Session: Send + 'static {
    // Setting up.

    /// What there is of the tables; two round trips.
    fn tables(&mut self) -> impl Future<Output = sqlx::Result<Tables>> + Send;
    /// Makes the official table, with its indexes, unless it is there.
    fn create_token_table(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Makes the table for leases and the highest id, unless it is there.
    fn create_state_table(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Makes the index on a column.
    fn create_index(&mut self, column: &'static str) -> impl Future<Output = sqlx::Result<()>> + Send;

    // Reading rows.

    /// The rows that have this value in this column, one of [`LOOK_UPS`]. The table's collation may be lax: there may
    /// be others among them.
    fn rows(
        &mut self,
        column: &'static str,
        value: &str,
    ) -> impl Future<Output = sqlx::Result<Vec<StoredToken>>> + Send;
    /// The rows that have one of these values in this column; as many round trips as it takes.
    fn rows_of_many(
        &mut self,
        column: &'static str,
        values: &[&str],
    ) -> impl Future<Output = sqlx::Result<Vec<StoredToken>>> + Send;
    /// The row with this id, which nobody else can write until the transaction ends.
    fn lock_row(&mut self, id: &str) -> impl Future<Output = sqlx::Result<Vec<StoredToken>>> + Send;
    /// Every row.
    fn all(&mut self) -> impl Future<Output = sqlx::Result<Vec<StoredToken>>> + Send;
    /// The first [`PAGE`] rows behind this id, in the order of the ids.
    fn page(&mut self, after: Option<&str>) -> impl Future<Output = sqlx::Result<Vec<StoredToken>>> + Send;
    /// Every id. Only for when the numbers have run out.
    fn ids(&mut self) -> impl Future<Output = sqlx::Result<Vec<String>>> + Send;
    /// The highest id that is a number of at most ten digits; zero if there is none.
    fn highest_stored_id(&mut self) -> impl Future<Output = sqlx::Result<u64>> + Send;

    // Writing rows.

    /// Writes `after` over the row, if it is still `before` to the byte; says whether it was.
    fn replace(
        &mut self,
        before: &StoredToken,
        after: &StoredToken,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// The same, and gives the lease back, if it is still the caller's: both or neither.
    fn replace_and_release(
        &mut self,
        before: &StoredToken,
        after: &StoredToken,
        lease: &Lease,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// Adds rows; as many round trips as it takes.
    fn insert(&mut self, rows: &[StoredToken]) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Deletes the row with exactly this id; says whether it was there.
    fn delete(&mut self, id: &str) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// Deletes every row.
    fn delete_all(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;

    // Lease entries, and the server's clock.

    /// The entry of a key, and the clock.
    fn entry(
        &mut self,
        key: &LeaseKey,
    ) -> impl Future<Output = sqlx::Result<(Option<LeaseEntry>, u64)>> + Send;
    /// The entry of a key, which nobody else can write until the transaction ends.
    fn lock_entry(&mut self, key: &LeaseKey)
    -> impl Future<Output = sqlx::Result<Option<LeaseEntry>>> + Send;
    /// Adds an entry, or writes it over the one that was read, if that is still there; says whether it was. An entry
    /// that somebody else has added meanwhile is an error.
    fn put_entry(
        &mut self,
        key: &LeaseKey,
        before: Option<&LeaseEntry>,
        after: &LeaseEntry,
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// What [`LeaseEntry::renew`] does, by the server's clock, in one step.
    fn renew(&mut self, lease: &Lease, life: Duration) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// What [`LeaseEntry::release`] does, by the server's clock, in one step.
    fn release(&mut self, lease: &Lease) -> impl Future<Output = sqlx::Result<bool>> + Send;
    /// The server's clock, in epoch milliseconds.
    fn clock(&mut self) -> impl Future<Output = sqlx::Result<u64>> + Send;
    /// Which entries there are, and when each was last written.
    fn ages(&mut self) -> impl Future<Output = sqlx::Result<Vec<(String, u64)>>> + Send;
    /// Deletes an entry that has not been written since.
    fn forget(&mut self, key: &str, touched: u64) -> impl Future<Output = sqlx::Result<()>> + Send;

    // Transactions, and the row that counts ids.

    /// Begins a transaction.
    fn begin(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Commits it.
    fn commit(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Takes it back.
    fn roll_back(&mut self) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// The highest id ever given out.
    fn highest_id(&mut self) -> impl Future<Output = sqlx::Result<Option<u64>>> + Send;
    /// The same, and no other transaction can have it until this one ends.
    fn lock_highest_id(&mut self) -> impl Future<Output = sqlx::Result<Option<u64>>> + Send;
    /// Begins to count, unless somebody else has.
    fn begin_highest_id(&mut self, highest: u64) -> impl Future<Output = sqlx::Result<()>> + Send;
    /// Notes the highest id ever given out.
    fn note_highest_id(&mut self, highest: u64) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// The columns that rows are looked up by. All but the first, the primary key, get an index.
pub(in crate::store) const LOOK_UPS: [&str; 5] =
    ["id", "user_name", "access_token", "grant_token", "refresh_token"];

/// How many rows a page has.
pub(in crate::store) const PAGE: i64 = 1_000;

/// The side table's row that counts ids. No lease has such a key: theirs hold a colon.
pub(in crate::store) const HIGHEST_ID: &str = "highest_id";

/// A statement's text, made once. The only names in it are those of columns, and of tables, which were checked when
/// the store was opened; no value ever is.
pub(in crate::store) type Statement = SqlStr;

/// See [`Statement`].
pub(in crate::store) fn sql(text: impl Into<Arc<str>>) -> Statement {
    AssertSqlSafe(text.into()).into_sql_str()
}

/// A row of the official table, its ten columns first.
pub(in crate::store) fn token<R: Row>(row: &R) -> sqlx::Result<StoredToken>
where
    usize: ColumnIndex<R>,
    Option<String>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let mut values = [const { None }; StoredToken::COLUMNS.len()];
    for (column, value) in values.iter_mut().enumerate() {
        *value = row.try_get(column)?;
    }
    Ok(StoredToken::from_values(values))
}

/// A lease entry, as the columns epoch, holder, until_ms, touched and ledger from `first` on; `None` where they are
/// null, since there is none.
pub(in crate::store) fn entry<R: Row>(row: &R, first: usize) -> sqlx::Result<Option<LeaseEntry>>
where
    usize: ColumnIndex<R>,
    Option<i64>: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    let Some(epoch) = row.try_get::<Option<i64>, _>(first)? else { return Ok(None) };
    let ledger: String = row.try_get(first + 4)?;
    Ok(Some(LeaseEntry {
        epoch: number(epoch),
        holder: row.try_get(first + 1)?,
        until: number(row.try_get(first + 2)?),
        touched: number(row.try_get(first + 3)?),
        ledger: serde_json::from_str(&ledger).map_err(|error| sqlx::Error::Decode(error.into()))?,
    }))
}

/// A ledger as it is written.
pub(in crate::store) fn ledger(ledger: &Ledger) -> sqlx::Result<String> {
    serde_json::to_string(ledger).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// The servers' integers are signed; no moment and no epoch comes near the end of either.
pub(in crate::store) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// See [`integer`].
pub(in crate::store) fn number(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// A lease's life in milliseconds; not so long that the end could not be written down.
pub(in crate::store) fn milliseconds(life: Duration) -> i64 {
    i64::try_from(life.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 2)
}

/// Where one of [`LOOK_UPS`] stands in that list.
pub(in crate::store) fn position(column: &str) -> usize {
    LOOK_UPS.iter().position(|other| *other == column).unwrap_or_default()
}
