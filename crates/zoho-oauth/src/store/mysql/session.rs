//! What MySQL is asked, step by step.

use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::query::Query;
use sqlx::{MySql, Row, SqlSafeStr, query, raw_sql};

use super::super::coordination::{Lease, LeaseEntry, LeaseKey};
use super::super::sql::{
    Column, Session, Statement, Tables, entry, integer, ledger, milliseconds, number, position, sql, token,
};
use super::super::stored::StoredToken;
use super::texts::Texts;

/// So many rows or values go into one statement. The protocol takes 65,535 values.
const CHUNK: usize = 500;

pub(super) struct MySqlSession {
    pub(super) connection: MySqlConnection,
    pub(super) texts: Arc<Texts>,
}

type Bound = Query<'static, MySql, MySqlArguments>;

impl MySqlSession {
    async fn write(&mut self, statement: Bound) -> sqlx::Result<u64> {
        // The driver asks the server to count the rows that were found, whether or not they changed.
        Ok(statement.execute(&mut self.connection).await?.rows_affected())
    }

    async fn tokens(&mut self, statement: Bound) -> sqlx::Result<Vec<StoredToken>> {
        let mut rows = statement.fetch(&mut self.connection);
        let mut tokens = Vec::new();
        while let Some(row) = rows.try_next().await? {
            tokens.push(token(&row)?);
        }
        Ok(tokens)
    }

    async fn one(&mut self, statement: Bound) -> sqlx::Result<Option<MySqlRow>> {
        statement.fetch_optional(&mut self.connection).await
    }

    async fn number(&mut self, statement: &Statement) -> sqlx::Result<Option<u64>> {
        let row = self.one(query(statement.clone())).await?;
        row.map(|row| Ok(number(row.try_get(0)?))).transpose()
    }

    async fn command(&mut self, text: &Statement) -> sqlx::Result<()> {
        raw_sql(text.clone()).execute(&mut self.connection).await?;
        Ok(())
    }
}

impl Session for MySqlSession {
    async fn tables(&mut self) -> sqlx::Result<Tables> {
        let texts = self.texts.clone();
        let mut tables = Tables::default();
        let columns = query(texts.columns.clone()).bind(&texts.tokens).bind(&texts.state);
        for row in columns.fetch_all(&mut self.connection).await? {
            // Some servers write the names of tables in small letters.
            if row.try_get::<String, _>(0)?.eq_ignore_ascii_case(&texts.state) {
                tables.has_state = true;
            } else {
                let room = row.try_get::<Option<i64>, _>(2)?.map(number);
                tables.columns.push(Column { name: row.try_get(1)?, room });
            }
        }
        let indexed = query(texts.indexed.clone()).bind(&texts.tokens);
        for row in indexed.fetch_all(&mut self.connection).await? {
            tables.indexed.push(row.try_get(0)?);
        }
        Ok(tables)
    }

    async fn create_token_table(&mut self) -> sqlx::Result<()> {
        self.command(&self.texts.clone().create_tokens).await
    }

    async fn create_state_table(&mut self) -> sqlx::Result<()> {
        self.command(&self.texts.clone().create_state).await
    }

    async fn create_index(&mut self, column: &'static str) -> sqlx::Result<()> {
        self.command(&self.texts.clone().create_index[position(column)]).await
    }

    async fn rows(&mut self, column: &'static str, value: &str) -> sqlx::Result<Vec<StoredToken>> {
        self.tokens(query(self.texts.rows[position(column)].clone()).bind(value)).await
    }

    async fn rows_of_many(
        &mut self,
        column: &'static str,
        values: &[&str],
    ) -> sqlx::Result<Vec<StoredToken>> {
        let mut tokens = Vec::new();
        for values in values.chunks(CHUNK) {
            let marks = repeated("?", values.len());
            let text = sql(format!("{} where {column} in ({marks})", self.texts.select));
            let statement = query(text).persistent(values.len() == CHUNK);
            tokens.extend(self.tokens(values.iter().fold(statement, |all, value| all.bind(value))).await?);
        }
        Ok(tokens)
    }

    async fn lock_row(&mut self, id: &str) -> sqlx::Result<Vec<StoredToken>> {
        self.tokens(query(self.texts.lock_row.clone()).bind(id)).await
    }

    async fn all(&mut self) -> sqlx::Result<Vec<StoredToken>> {
        self.tokens(query(self.texts.all.clone())).await
    }

    async fn page(&mut self, after: Option<&str>) -> sqlx::Result<Vec<StoredToken>> {
        let statement = match after {
            None => query(self.texts.first_page.clone()),
            Some(id) => query(self.texts.next_page.clone()).bind(id),
        };
        self.tokens(statement).await
    }

    async fn ids(&mut self) -> sqlx::Result<Vec<String>> {
        let rows = query(self.texts.ids.clone()).fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    async fn highest_stored_id(&mut self) -> sqlx::Result<u64> {
        Ok(self.number(&self.texts.highest_stored_id.clone()).await?.unwrap_or_default())
    }

    async fn replace(&mut self, before: &StoredToken, after: &StoredToken) -> sqlx::Result<bool> {
        let statement = bind_row(query(self.texts.replace.clone()), before, after);
        Ok(self.write(statement).await? > 0)
    }

    async fn replace_and_release(
        &mut self,
        before: &StoredToken,
        after: &StoredToken,
        lease: &Lease,
    ) -> sqlx::Result<bool> {
        let statement = query(self.texts.replace_and_release.clone()).bind(lease.key.as_str());
        let statement = after.values().into_iter().skip(1).fold(statement, Query::bind);
        let statement = statement.bind(ledger(&lease.ledger)?).bind(before.id.as_deref());
        let statement = before.values().into_iter().fold(statement, |all, value| all.bind(bytes(value)));
        let statement = statement.bind(integer(lease.epoch)).bind(&lease.holder);
        Ok(self.write(statement).await? > 0)
    }

    async fn insert(&mut self, rows: &[StoredToken]) -> sqlx::Result<()> {
        let marks = format!("({})", repeated("?", StoredToken::COLUMNS.len()));
        for rows in rows.chunks(CHUNK) {
            let text = sql(format!("{}{}", self.texts.insert, repeated(&marks, rows.len())));
            let statement = query(text).persistent(rows.len() == CHUNK || rows.len() == 1);
            let values = rows.iter().flat_map(StoredToken::values);
            self.write(values.fold(statement, Query::bind)).await?;
        }
        Ok(())
    }

    async fn delete(&mut self, id: &str) -> sqlx::Result<bool> {
        let statement = query(self.texts.delete.clone()).bind(id).bind(id.as_bytes());
        Ok(self.write(statement).await? > 0)
    }

    async fn delete_all(&mut self) -> sqlx::Result<()> {
        self.write(query(self.texts.delete_all.clone())).await.map(|_| ())
    }

    async fn entry(&mut self, key: &LeaseKey) -> sqlx::Result<(Option<LeaseEntry>, u64)> {
        let statement = query(self.texts.entry.clone()).bind(key.as_str());
        let row = statement.fetch_one(&mut self.connection).await?;
        Ok((entry(&row, 1)?, number(row.try_get(0)?)))
    }

    async fn lock_entry(&mut self, key: &LeaseKey) -> sqlx::Result<Option<LeaseEntry>> {
        let row = self.one(query(self.texts.lock_entry.clone()).bind(key.as_str())).await?;
        row.map_or(Ok(None), |row| entry(&row, 0))
    }

    async fn put_entry(
        &mut self,
        key: &LeaseKey,
        before: Option<&LeaseEntry>,
        after: &LeaseEntry,
    ) -> sqlx::Result<bool> {
        let LeaseEntry { epoch, holder, until, touched, .. } = after;
        let statement = match before {
            None => query(self.texts.add_entry.clone())
                .bind(key.as_str())
                .bind(integer(*epoch))
                .bind(holder)
                .bind(integer(*until))
                .bind(integer(*touched))
                .bind(ledger(&after.ledger)?),
            Some(before) => query(self.texts.put_entry.clone())
                .bind(integer(*epoch))
                .bind(holder)
                .bind(integer(*until))
                .bind(integer(*touched))
                .bind(key.as_str())
                .bind(integer(before.epoch))
                .bind(&before.holder)
                .bind(integer(before.until))
                .bind(integer(before.touched)),
        };
        Ok(self.write(statement).await? > 0)
    }

    async fn renew(&mut self, lease: &Lease, life: Duration) -> sqlx::Result<bool> {
        let statement = query(self.texts.renew.clone()).bind(milliseconds(life));
        Ok(self.write(bind_lease(statement, lease)?).await? > 0)
    }

    async fn release(&mut self, lease: &Lease) -> sqlx::Result<bool> {
        let statement = query(self.texts.release.clone());
        Ok(self.write(bind_lease(statement, lease)?).await? > 0)
    }

    async fn clock(&mut self) -> sqlx::Result<u64> {
        self.number(&self.texts.clock.clone()).await.map(Option::unwrap_or_default)
    }

    async fn ages(&mut self) -> sqlx::Result<Vec<(String, u64)>> {
        let rows = query(self.texts.ages.clone()).fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, number(row.try_get(1)?)))).collect()
    }

    async fn forget(&mut self, key: &str, touched: u64) -> sqlx::Result<()> {
        let statement = query(self.texts.forget.clone()).bind(key).bind(integer(touched));
        self.write(statement).await.map(|_| ())
    }

    async fn begin(&mut self) -> sqlx::Result<()> {
        self.command(&"start transaction".into_sql_str()).await
    }

    async fn commit(&mut self) -> sqlx::Result<()> {
        self.command(&"commit".into_sql_str()).await
    }

    async fn roll_back(&mut self) -> sqlx::Result<()> {
        self.command(&"rollback".into_sql_str()).await
    }

    async fn highest_id(&mut self) -> sqlx::Result<Option<u64>> {
        self.number(&self.texts.highest_id.clone()).await
    }

    async fn lock_highest_id(&mut self) -> sqlx::Result<Option<u64>> {
        self.number(&self.texts.lock_highest_id.clone()).await
    }

    async fn begin_highest_id(&mut self, highest: u64) -> sqlx::Result<()> {
        let statement = query(self.texts.begin_highest_id.clone()).bind(integer(highest));
        self.write(statement).await.map(|_| ())
    }

    async fn note_highest_id(&mut self, highest: u64) -> sqlx::Result<()> {
        let statement = query(self.texts.note_highest_id.clone()).bind(integer(highest));
        self.write(statement).await.map(|_| ())
    }
}

/// The new values but the id, the id, and what all ten were when they were read.
fn bind_row(statement: Bound, before: &StoredToken, after: &StoredToken) -> Bound {
    let statement = after.values().into_iter().skip(1).fold(statement, Query::bind);
    let statement = statement.bind(before.id.as_deref());
    before.values().into_iter().fold(statement, |all, value| all.bind(bytes(value)))
}

/// The ledger, and whose lease it is.
fn bind_lease(statement: Bound, lease: &Lease) -> sqlx::Result<Bound> {
    let statement = statement.bind(ledger(&lease.ledger)?).bind(lease.key.as_str());
    Ok(statement.bind(integer(lease.epoch)).bind(&lease.holder))
}

/// As bytes, a value has no collation.
fn bytes(value: Option<&str>) -> Option<&[u8]> {
    value.map(str::as_bytes)
}

fn repeated(text: &str, times: usize) -> String {
    vec![text; times].join(", ")
}
