//! A SQL server through its driver: one connection, each statement prepared once.

use std::sync::Arc;

use servers::Kind;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Row, SqlSafeStr, SqlStr, query, raw_sql};

use crate::Outcome;

/// A connection.
#[derive(Debug)]
pub(crate) enum Sql {
    MariaDb(MySqlConnection),
    Postgres(PgConnection),
}

impl Sql {
    /// Connects to the server at a URL that its driver understands.
    pub(crate) async fn connect(kind: Kind, url: &str) -> Outcome<Self> {
        Ok(match kind {
            Kind::MariaDb => Self::MariaDb(MySqlConnection::connect(url).await?),
            _ => Self::Postgres(PgConnection::connect(url).await?),
        })
    }

    /// Makes a statement. It contains names of columns and of our own table, never a value.
    pub(crate) fn text(text: String) -> SqlStr {
        AssertSqlSafe(Arc::<str>::from(text)).into_sql_str()
    }

    /// Returns the placeholders for the values of some rows.
    pub(crate) fn marks(&self, rows: usize, columns: usize) -> String {
        let mark = |number: usize| match self {
            Self::MariaDb(_) => "?".to_owned(),
            Self::Postgres(_) => format!("${}", number + 1),
        };
        let row = |row| {
            let marks = (row * columns..(row + 1) * columns).map(mark);
            format!("({})", marks.collect::<Vec<_>>().join(", "))
        };
        (0..rows).map(row).collect::<Vec<_>>().join(", ")
    }

    /// Executes a statement.
    pub(crate) async fn execute<'v>(
        &mut self,
        text: &SqlStr,
        values: impl Iterator<Item = Option<&'v str>>,
    ) -> Outcome {
        match self {
            Self::MariaDb(connection) => {
                values
                    .fold(query(text.clone()), |query, value| query.bind(value))
                    .execute(connection)
                    .await?;
            }
            Self::Postgres(connection) => {
                values
                    .fold(query(text.clone()), |query, value| query.bind(value))
                    .execute(connection)
                    .await?;
            }
        }
        Ok(())
    }

    /// Returns the only row of a query.
    pub(crate) async fn row(&mut self, text: &SqlStr, value: &str) -> Outcome<Vec<Option<String>>> {
        Ok(match self {
            Self::MariaDb(connection) => {
                let row = query(text.clone()).bind(value).fetch_one(connection).await?;
                (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?
            }
            Self::Postgres(connection) => {
                let row = query(text.clone()).bind(value).fetch_one(connection).await?;
                (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?
            }
        })
    }

    /// Executes a statement without values.
    pub(crate) async fn command(&mut self, text: String) -> Outcome {
        let text = Self::text(text);
        match self {
            Self::MariaDb(connection) => raw_sql(text).execute(connection).await.map(|_| ())?,
            Self::Postgres(connection) => raw_sql(text).execute(connection).await.map(|_| ())?,
        }
        Ok(())
    }
}
