//! The interface to a driver: sending statements with values, and reading rows.

use std::future::Future;
use std::sync::Arc;
use std::vec;

use futures_util::TryStreamExt;
use sqlx::query::Query;
use sqlx::{
    AssertSqlSafe, ColumnIndex, Connection, Database, Decode, Executor, IntoArguments, Row, SqlSafeStr,
    SqlStr, Type, raw_sql,
};

/// What differs between the drivers' connections. Every such connection is a [`Link`].
pub(in crate::store) trait Dialect: Connection + Send + 'static {
    /// Whether the server accepts text that contains NUL.
    const ACCEPTS_NUL: bool;

    /// Whether the server rejected a comparison because the column's character set cannot represent the value. No row
    /// has that value then.
    fn is_unrepresentable(error: &sqlx::Error) -> bool {
        let _ = error;
        false
    }

    /// Binds the values to the statement.
    fn bound(
        statement: &Statement,
        values: &[Value<'_>],
    ) -> Query<'static, Self::Database, <Self::Database as Database>::Arguments>;

    /// Returns how many rows a statement matched.
    fn rows_affected(result: &<Self::Database as Database>::QueryResult) -> u64;
}

/// A connection. Each method is one round trip.
pub(in crate::store) trait Link: Dialect {
    /// Runs a statement and returns the number of rows that it matched.
    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Runs a statement and applies `read` to each row.
    fn fetch<T: Send>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        read: impl Fn(Fields) -> sqlx::Result<T> + Send,
    ) -> impl Future<Output = sqlx::Result<Vec<T>>> + Send;

    /// Runs a statement that cannot be prepared or has no values, such as `commit`.
    fn command(&mut self, text: &Statement) -> impl Future<Output = sqlx::Result<()>> + Send;
}

impl<L, D> Link for L
where
    L: Dialect<Database = D>,
    D: Database<Arguments: IntoArguments<D>>,
    for<'c> &'c mut L: Executor<'c, Database = D>,
    for<'r> String: Decode<'r, D> + Type<D>,
    usize: ColumnIndex<D::Row>,
{
    async fn execute(&mut self, statement: &Statement, values: &[Value<'_>]) -> sqlx::Result<u64> {
        Ok(L::rows_affected(&L::bound(statement, values).execute(self).await?))
    }

    async fn fetch<T: Send>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        read: impl Fn(Fields) -> sqlx::Result<T> + Send,
    ) -> sqlx::Result<Vec<T>> {
        let mut rows = L::bound(statement, values).fetch(self);
        let mut all = Vec::new();
        while let Some(row) = rows.try_next().await? {
            let fields =
                (0..row.len()).map(|column| row.try_get(column)).collect::<sqlx::Result<Vec<_>>>()?;
            all.push(read(Fields(fields.into_iter()))?);
        }
        Ok(all)
    }

    async fn command(&mut self, text: &Statement) -> sqlx::Result<()> {
        raw_sql(text.text.clone()).execute(self).await.map(|_| ())
    }
}

/// The text of a statement. It contains no values. The names of tables in it were checked when the store was opened.
#[derive(Clone, Debug)]
pub(in crate::store) struct Statement {
    pub(in crate::store) text: SqlStr,
    /// Whether the connection keeps the statement prepared for the next use.
    pub(in crate::store) is_cached: bool,
}

impl Statement {
    /// Creates a statement that is used often.
    pub(in crate::store) fn new(text: impl Into<String>) -> Self {
        Self { text: AssertSqlSafe(Arc::<str>::from(text.into())).into_sql_str(), is_cached: true }
    }

    /// Returns the same statement, prepared for one use.
    pub(super) fn uncached(&self) -> Self {
        Self { text: self.text.clone(), is_cached: false }
    }
}

/// A value of a statement.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Value<'v> {
    Text(Option<&'v str>),
    /// Text that is compared byte by byte.
    Exact(Option<&'v str>),
    Number(i64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Some(text))
    }
}

impl From<u64> for Value<'_> {
    /// The servers' integers are signed. No moment or epoch comes near their maximum.
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// The fields of a row, from left to right. All of them are read as text, including numbers.
#[derive(Debug)]
pub(in crate::store) struct Fields(vec::IntoIter<Option<String>>);

impl Fields {
    /// Returns the next field.
    pub(super) fn next(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// Returns the next field, which is never null.
    pub(super) fn text(&mut self) -> sqlx::Result<String> {
        self.next().ok_or_else(|| sqlx::Error::Decode("a field is null".into()))
    }

    /// Returns the next field as a signed number, or -1 if it is null or not a number.
    pub(super) fn signed(&mut self) -> i64 {
        self.next().and_then(|text| text.parse().ok()).unwrap_or(-1)
    }

    /// Returns the next field as a number.
    pub(super) fn number(&mut self) -> sqlx::Result<u64> {
        self.text()?.parse().map_err(|_| sqlx::Error::Decode("a field is not a number".into()))
    }
}
