//! What a server's driver does for a store: it sends a statement with its values, and reads what comes back.

use std::future::Future;
use std::sync::Arc;
use std::vec;

use sqlx::error::DatabaseError;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::fault::Trouble;
use super::texts::Texts;

/// A server and how to reach it.
pub(in crate::store) trait Server: Send + Sync + 'static {
    /// A connection to it.
    type Link: Link;

    /// Connects.
    fn connect(&self) -> impl Future<Output = sqlx::Result<Self::Link>> + Send;

    /// What is said to it.
    fn texts(&self) -> Arc<Texts>;

    /// What it means when the server says this.
    fn trouble(&self, error: &dyn DatabaseError) -> Trouble;

    /// What the server's manual lists the error under.
    fn code(&self, error: &dyn DatabaseError) -> String;
}

/// A connection. Each method is one round trip.
pub(in crate::store) trait Link: Send + 'static {
    /// Whether the server takes text with NUL in it.
    const TAKES_NUL: bool;

    /// Whether the server would not compare a column with a value that the column's alphabet cannot write: then no row
    /// has that value.
    fn is_beyond_alphabet(error: &sqlx::Error) -> bool {
        let _ = error;
        false
    }

    /// Runs a statement, and says how many rows it found.
    fn execute(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Runs a statement and reads the rows that it brings, one by one.
    fn fetch<T: Send>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        read: impl Fn(Fields) -> sqlx::Result<T> + Send,
    ) -> impl Future<Output = sqlx::Result<Vec<T>>> + Send;

    /// Runs what is no statement with values, such as `commit`.
    fn command(&mut self, text: &Statement) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// A statement's text. The only names in it are those of columns, and of tables, which were checked when the store was
/// opened; no value ever is.
#[derive(Clone, Debug)]
pub(in crate::store) struct Statement {
    pub(in crate::store) text: SqlStr,
    /// Whether the connection keeps it prepared: not if it hardly comes again.
    pub(in crate::store) is_kept: bool,
}

impl Statement {
    /// One that is sent again and again.
    pub(in crate::store) fn new(text: impl Into<String>) -> Self {
        Self { text: AssertSqlSafe(Arc::<str>::from(text.into())).into_sql_str(), is_kept: true }
    }
}

/// What a statement is sent with.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Value<'v> {
    Text(Option<&'v str>),
    /// Text that is compared to the byte.
    Exact(Option<&'v str>),
    Number(i64),
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Some(text))
    }
}

impl From<u64> for Value<'_> {
    /// The servers' integers are signed; no moment and no epoch comes near the end of either.
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A row's fields, from left to right. Everything is read as text, numbers too.
#[derive(Debug)]
pub(in crate::store) struct Fields(vec::IntoIter<Option<String>>);

impl Fields {
    pub(in crate::store) fn new(fields: Vec<Option<String>>) -> Self {
        Self(fields.into_iter())
    }

    /// The next field.
    pub(super) fn next(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// The next field, which is never null.
    pub(super) fn text(&mut self) -> sqlx::Result<String> {
        self.next().ok_or_else(|| sqlx::Error::Decode("a field is null".into()))
    }

    /// The next field, as a number.
    pub(super) fn number(&mut self) -> sqlx::Result<u64> {
        self.text()?.parse().map_err(|_| sqlx::Error::Decode("a field is no number".into()))
    }
}
