//! What the tests of the PostgreSQL store share: a place of its own for each test, on a real server.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row};
use zoho_oauth::store::PostgresStore;

use crate::sqlite_support::skipped;

/// A table on the server, of which nothing is there yet. Clones name the same one.
#[derive(Clone)]
pub(crate) struct Place {
    server: String,
    pub(crate) table: String,
}

/// A new place; without a server it says why there is none.
pub(crate) fn place() -> Option<Place> {
    match std::env::var("ZOHOCRM_POSTGRES") {
        Ok(server) => Some(Place { server, table: format!("t_{:016x}", rand::random::<u64>()) }),
        Err(_) => {
            let reason = std::env::var("ZOHOCRM_POSTGRES_MISSING");
            skipped(&reason.unwrap_or_else(|_| "ZOHOCRM_POSTGRES names no PostgreSQL server".to_owned()));
            None
        }
    }
}

impl Place {
    /// The place's URL, with other settings behind it.
    pub(crate) fn url(&self, settings: &str) -> String {
        format!("{}?table={}{settings}", self.server, self.table)
    }

    pub(crate) fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.url("")).expect("the URL makes sense")
    }

    /// The host and port, for messages.
    pub(crate) fn host(&self) -> String {
        self.address()
            .host_str()
            .map(|host| format!("{host}:{}", self.address().port().unwrap_or(5432)))
            .expect("a host")
    }

    /// The same place for somebody else.
    pub(crate) fn for_user(&self, user: &str, password: &str) -> Self {
        let mut address = self.address();
        address.set_username(user).expect("a URL with a host");
        address.set_password(Some(password)).expect("a URL with a host");
        Self { server: address.to_string(), table: self.table.clone() }
    }

    /// The same place in another database.
    pub(crate) fn in_database(&self, database: &str) -> Self {
        let mut address = self.address();
        address.set_path(database);
        Self { server: address.to_string(), table: self.table.clone() }
    }

    /// A connection of somebody who is not the store.
    pub(crate) async fn connection(&self) -> PgConnection {
        let options: PgConnectOptions = self.server.parse().expect("a URL");
        PgConnection::connect_with(&options).await.expect("connected")
    }

    /// Runs statements as somebody who is not the store; `{}` stands for the table.
    pub(crate) async fn run(&self, statements: &str) -> Vec<PgRow> {
        let text = statements.replace("{}", &self.table);
        sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut self.connection().await).await.expect("done")
    }

    /// One value, as text.
    pub(crate) async fn value(&self, statement: &str) -> Option<String> {
        let rows = self.run(statement).await;
        rows.first().and_then(|row| row.try_get_unchecked::<Option<String>, _>(0).expect("text"))
    }

    fn address(&self) -> url::Url {
        self.server.parse().expect("a URL")
    }
}

/// A store in a place of its own.
pub(crate) async fn in_a_new_place() -> Option<PostgresStore> {
    place().map(|place| place.open())
}

/// A place of its own, opened twice.
pub(crate) async fn opened_twice() -> Option<(PostgresStore, PostgresStore)> {
    place().map(|place| (place.open(), place.open()))
}
