//! A connection to a server, or to a pooler in front of it.

use super::driver::{Fields, Link, Statement, Value};

/// A connection. Each method is one round trip, behind a pooler up to four.
pub(super) struct Connection<L> {
    link: L,
    is_pooled: bool,
    /// Begins a transaction in which the limits of this store apply.
    begin: Statement,
    in_transaction: bool,
}

impl<L: Link> Connection<L> {
    /// Takes a connection over. Behind a pooler, consecutive transactions may run in different sessions of the server, which
    /// other programs use too. So each statement is prepared, without a name, in the transaction that runs it.
    pub(super) fn new(link: L, is_pooled: bool, begin: Statement) -> Self {
        Self { link, is_pooled, begin, in_transaction: false }
    }

    /// Runs a statement and returns the number of rows that it matched.
    pub(super) async fn execute(&mut self, statement: &Statement, values: &[Value<'_>]) -> sqlx::Result<u64> {
        if !self.is_pooled {
            return self.link.execute(statement, values).await;
        }
        self.enter().await?;
        let result = self.link.execute(&statement.uncached(), values).await;
        self.leave(result).await
    }

    /// Runs a statement and applies `read` to each row.
    pub(super) async fn fetch<T: Send>(
        &mut self,
        statement: &Statement,
        values: &[Value<'_>],
        read: impl Fn(Fields) -> sqlx::Result<T> + Send,
    ) -> sqlx::Result<Vec<T>> {
        if !self.is_pooled {
            return self.link.fetch(statement, values, read).await;
        }
        self.enter().await?;
        let result = self.link.fetch(&statement.uncached(), values, read).await;
        self.leave(result).await
    }

    /// Runs a statement that cannot be prepared and has no values.
    pub(super) async fn command(&mut self, statement: &Statement) -> sqlx::Result<()> {
        self.link.command(statement).await
    }

    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        self.link.command(&self.begin).await?;
        self.in_transaction = true;
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.in_transaction = false;
        self.link.command(&Statement::new("commit")).await
    }

    pub(super) async fn roll_back(&mut self) -> sqlx::Result<()> {
        self.in_transaction = false;
        self.link.command(&Statement::new("rollback")).await
    }

    /// Begins a transaction for one statement, unless one is open.
    async fn enter(&mut self) -> sqlx::Result<()> {
        if self.in_transaction { Ok(()) } else { self.link.command(&self.begin).await }
    }

    /// Ends the transaction for one statement. If that fails, it is unknown whether the statement took effect.
    async fn leave<T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        if self.in_transaction {
            return result;
        }
        match result {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => self.roll_back().await.and(Err(error)),
        }
    }
}
