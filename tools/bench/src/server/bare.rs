//! The floor on a server: single operations of its driver on one connection.

use std::hint::black_box;

use redis::aio::MultiplexedConnection;
use servers::Kind;
use sqlx::SqlStr;
use zoho_oauth::store::StoredToken;

use super::place::Place;
use super::sql::Sql;
use crate::Outcome;
use crate::fixture::{self, Key};

/// A connection to a server with its statements.
pub(crate) enum Bare {
    /// Prepared statements on the store's table.
    Sql { connection: Sql, look_ups: [SqlStr; Key::ALL.len()], upsert: SqlStr },
    /// One key for each row, separate from the store's keys.
    Redis { connection: MultiplexedConnection, prefix: String },
}

impl Bare {
    pub(crate) async fn connect(place: &Place) -> Outcome<Self> {
        let Place { kind, server, name, .. } = place;
        if *kind == Kind::Redis {
            let connection = redis::Client::open(&**server)?.get_multiplexed_async_connection().await?;
            return Ok(Self::Redis { connection, prefix: format!("{name}:bare:") });
        }
        let connection = place.sql().await?;
        let columns = StoredToken::COLUMNS.join(", ");
        let look_up = |key: Key| {
            Sql::text(format!(
                "select {columns} from {name} where {} = {}",
                key.column(),
                connection.marks(1, 1)
            ))
        };
        let row = connection.marks(1, StoredToken::COLUMNS.len());
        let upsert = match kind {
            Kind::MariaDb => {
                "on duplicate key update access_token = values(access_token), expiry_time = values(expiry_time)"
            }
            _ => {
                "on conflict (id) do update set access_token = excluded.access_token, expiry_time = excluded.expiry_time"
            }
        };
        let upsert = Sql::text(format!("insert into {name} ({columns}) values {row} {upsert}"));
        Ok(Self::Sql { look_ups: Key::ALL.map(look_up), upsert, connection })
    }

    /// Connects for several tasks, which share a connection if the driver can.
    pub(crate) async fn connect_often(place: &Place, number: u64) -> Outcome<Vec<Self>> {
        let mut all = vec![Self::connect(place).await?];
        while (all.len() as u64) < number {
            let next = match &all[0] {
                Self::Redis { connection, prefix } => {
                    Self::Redis { connection: connection.clone(), prefix: prefix.clone() }
                }
                Self::Sql { .. } => Self::connect(place).await?,
            };
            all.push(next);
        }
        Ok(all)
    }

    /// Writes the rows that look-ups need, unless they use the store's rows.
    pub(crate) async fn prepare(&mut self, rows: &[StoredToken]) -> Outcome {
        if let Self::Redis { .. } = self {
            for row in rows {
                self.save(row).await?;
            }
        }
        Ok(())
    }

    /// Looks a row up by a value. On Redis the value has to be the user name.
    pub(crate) async fn find(&mut self, key: Key, value: &str) -> Outcome {
        match self {
            Self::Sql { connection, look_ups, .. } => {
                black_box(connection.row(&look_ups[key as usize], value).await?);
            }
            Self::Redis { connection, prefix } => {
                let name = format!("{prefix}{value}");
                let row: Option<String> = redis::cmd("GET").arg(name).query_async(connection).await?;
                black_box(row.ok_or("the row was not found")?);
            }
        }
        Ok(())
    }

    /// Writes a row over the one with the same id or, on Redis, the same user.
    pub(crate) async fn save(&mut self, row: &StoredToken) -> Outcome {
        match self {
            Self::Sql { connection, upsert, .. } => {
                connection.execute(upsert, row.values().into_iter()).await
            }
            Self::Redis { connection, prefix } => {
                let name = format!("{prefix}{}", Key::User.value(row));
                let text = serde_json::to_string(&row.values())?;
                Ok(redis::cmd("SET").arg(name).arg(text).query_async(connection).await?)
            }
        }
    }

    /// Removes the rows that [`Self::prepare`] wrote.
    pub(crate) async fn clear(&mut self, rows: u64) -> Outcome {
        if let Self::Redis { connection, prefix } = self {
            for number in 0..rows {
                let name = format!("{prefix}{}", fixture::user_name(number));
                let _: u64 = redis::cmd("UNLINK").arg(name).query_async(connection).await?;
            }
        }
        Ok(())
    }
}
