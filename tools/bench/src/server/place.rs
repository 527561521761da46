//! A table or a key prefix on a server that nothing else uses.

use std::time::{Duration, Instant};

use servers::Kind;
use url::Url;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, StoredToken, TokenStore, connect};

use super::sql::Sql;
use crate::Outcome;
use crate::fixture;

/// Where the tokens are on a server.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    /// The store's URL.
    pub(crate) url: String,
    /// The server's URL, as its driver expects it.
    pub(super) server: String,
    /// The table or the key prefix.
    pub(super) name: String,
}

impl Place {
    /// Returns the place that a store's URL names, or `None` without a table or a prefix.
    pub(crate) fn at(kind: Kind, url: &str) -> Option<Self> {
        let mut server = Url::parse(url).ok()?;
        let (_, name) = server.query_pairs().find(|(name, _)| matches!(&**name, "table" | "prefix"))?;
        let name = name.into_owned();
        server.set_query(None);
        Some(Self { kind, url: url.to_owned(), server: server.into(), name })
    }

    /// Opens the store.
    pub(crate) fn store(&self) -> Outcome<AnyStore> {
        Ok(connect(&self.url)?)
    }

    /// Connects to the server without the store.
    pub(crate) async fn sql(&self) -> Outcome<Sql> {
        Sql::connect(self.kind, &self.server).await
    }

    /// Fills the place with rows, and has the store add its indexes.
    pub(crate) async fn fill(&self, rows: u64) -> Outcome {
        if self.kind == Kind::Redis {
            return self.fill_through_the_store(rows).await;
        }
        self.fill_table(rows).await?;
        self.settle().await?;
        Ok(())
    }

    /// Creates the table as the official samples do, and inserts rows.
    pub(crate) async fn fill_table(&self, rows: u64) -> Outcome {
        let mut sql = self.sql().await?;
        sql.command(fixture::OFFICIAL_TABLE.replacen("oauthtoken", &self.name, 1)).await?;
        self.insert(&mut sql, rows).await
    }

    /// Has the store add what is missing, and returns how long that took. The server then updates its statistics.
    pub(crate) async fn settle(&self) -> Outcome<Duration> {
        let store = connect(&format!("{}&timeout=600", self.url))?;
        let started = Instant::now();
        store.delete_token("none").await?;
        let took = started.elapsed();
        let command = if self.kind == Kind::MariaDb { "analyze table" } else { "vacuum analyze" };
        self.sql().await?.command(format!("{command} {}", self.name)).await?;
        Ok(took)
    }

    /// Inserts rows, many with each statement and more with each commit.
    pub(crate) async fn insert(&self, sql: &mut Sql, rows: u64) -> Outcome {
        const STATEMENT: u64 = 500;
        const TRANSACTION: u64 = 20 * STATEMENT;
        for from in (0..rows).step_by(STATEMENT as usize) {
            if from.is_multiple_of(TRANSACTION) {
                sql.command("begin".to_owned()).await?;
            }
            let to = rows.min(from + STATEMENT);
            let some: Vec<_> = (from..to).map(fixture::row).collect();
            let columns = StoredToken::COLUMNS.len();
            let text = format!("insert into {} values {}", self.name, sql.marks(some.len(), columns));
            sql.execute(&Sql::text(text), some.iter().flat_map(StoredToken::values)).await?;
            if to.is_multiple_of(TRANSACTION) || to == rows {
                sql.command("commit".to_owned()).await?;
            }
        }
        Ok(())
    }

    /// Removes everything.
    pub(crate) async fn clear(&self) -> Outcome {
        if self.kind == Kind::Redis {
            return Ok(self.store()?.delete_tokens().await?);
        }
        let text = format!("drop table if exists {0}, {0}_state", self.name);
        self.sql().await?.command(text).await
    }

    /// Only the store knows how rows are laid out in Redis.
    async fn fill_through_the_store(&self, rows: u64) -> Outcome {
        const AT_ONCE: u64 = 1_000;
        let store = self.store()?;
        for from in (0..rows).step_by(AT_ONCE as usize) {
            let some = (from..rows.min(from + AT_ONCE)).map(|number| OAuthToken::from(fixture::row(number)));
            store.save_tokens(&some.collect::<Vec<_>>()).await?;
        }
        Ok(())
    }
}
