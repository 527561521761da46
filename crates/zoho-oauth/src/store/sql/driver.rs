//! The interface to a server's driver: sending statements with values, and reading rows.

use std::future::Future;
use std::sync::Arc;
use std::vec;

use sqlx::error::DatabaseError;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::fault::Trouble;
use super::texts::Texts;

/// A database server and how to connect to it.
pub(in crate::store) trait Server: Send + Sync + 'static {
    /// A connection to the server.
    type Link: Link;

    /// Connects.
    fn connect(&self) -> impl Future<Output = sqlx::Result<Self::Link>> + Send;

    /// Returns the statements in the server's dialect.
    fn texts(&self) -> Arc<Texts>;

    /// Returns the meaning of an error of the server.
    fn trouble(&self, error: &dyn DatabaseError) -> Trouble;

    /// Returns the code by which the server's manual lists the error.
    fn code(&self, error: &dyn DatabaseError) -> String;
}

/// A connection. Each method is one round trip.
pub(in crate::store) trait Link: Send + 'static {
    /// Whether the server accepts text that contains NUL.
    const TAKES_NUL: bool;

    /// Whether the server rejected a comparison because the column's character set cannot represent the value. No row has
    /// such a value.
    fn is_beyond_alphabet(error: &sqlx::Error) -> bool {
        let _ = error;
        false
    }

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

/// The text of a statement. It contains no values. The names of tables in it were checked when the store was opened.
#[derive(Clone, Debug)]
pub(in crate::store) struct Statement {
    pub(in crate::store) text: SqlStr,
    /// Whether the connection keeps the statement prepared for the next use.
    pub(in crate::store) is_kept: bool,
}

impl Statement {
    /// Creates a statement that is used often.
    pub(in crate::store) fn new(text: impl Into<String>) -> Self {
        Self { text: AssertSqlSafe(Arc::<str>::from(text.into())).into_sql_str(), is_kept: true }
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
    pub(in crate::store) fn new(fields: Vec<Option<String>>) -> Self {
        Self(fields.into_iter())
    }

    /// Returns the next field.
    pub(super) fn next(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// Returns the next field, which is never null.
    pub(super) fn text(&mut self) -> sqlx::Result<String> {
        self.next().ok_or_else(|| sqlx::Error::Decode("a field is null".into()))
    }

    /// Returns the next field as a number.
    pub(super) fn number(&mut self) -> sqlx::Result<u64> {
        self.text()?.parse().map_err(|_| sqlx::Error::Decode("a field is not a number".into()))
    }
}
