//! What the tests of the stores on database servers share: a place of its own for each test, on a real server.

use servers::{Kind, Proxy, Server};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row};
use url::Url;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, MySqlStore, PostgresStore, TokenStore};

/// A table on a server, of which nothing is there yet. Clones name the same one.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    url: String,
}

impl Place {
    /// A place on the server that all tests share; without one it says why.
    pub(crate) fn fresh(kind: Kind) -> Option<Self> {
        servers::fresh(kind).map(|url| Self { kind, url })
    }

    /// A place on a server of the test's own.
    pub(crate) fn on(kind: Kind, server: &Server) -> Self {
        Self { kind, url: format!("{}?table=tokens", server.url()) }
    }

    /// The same place for the server's administrator.
    pub(crate) fn for_administrator(&self, server: &Server) -> Self {
        Self { kind: self.kind, url: format!("{}?table={}", server.administrator_url(), self.table()) }
    }

    /// The same place through a proxy.
    pub(crate) fn behind(&self, proxy: &Proxy) -> Self {
        Self { kind: self.kind, url: proxy.url(&self.url) }
    }

    /// The same place in a URL that was changed.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Url)) -> Self {
        let mut url = self.parsed();
        change(&mut url);
        Self { kind: self.kind, url: url.to_string() }
    }

    /// The same place with a setting more.
    pub(crate) fn setting(&self, setting: &str) -> Self {
        Self { kind: self.kind, url: format!("{}&{setting}", self.url) }
    }

    pub(crate) fn open(&self) -> AnyStore {
        match self.kind {
            Kind::Postgres => PostgresStore::open(&self.url).expect("the URL makes sense").into(),
            _ => MySqlStore::open(&self.url).expect("the URL makes sense").into(),
        }
    }

    pub(crate) fn table(&self) -> String {
        let url = self.parsed();
        let (_, table) = url.query_pairs().find(|(name, _)| name == "table").expect("a table");
        table.into_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.parsed().port().expect("a port")
    }

    /// Runs statements as somebody who is not the store; `{}` stands for the table. Hands back the first column.
    pub(crate) async fn run(&self, statements: &str) -> Vec<Option<String>> {
        self.try_to_run(statements).await.expect("done")
    }

    /// The same, where others may be in the way.
    pub(crate) async fn try_to_run(&self, statements: &str) -> sqlx::Result<Vec<Option<String>>> {
        let text = AssertSqlSafe(statements.replace("{}", &self.table()));
        let mut url = self.parsed();
        url.set_query(None);
        match self.kind {
            Kind::Postgres => {
                let options: PgConnectOptions = url.as_str().parse().expect("a URL");
                let mut connection = PgConnection::connect_with(&options).await.expect("connected");
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
            _ => {
                let options: MySqlConnectOptions = url.as_str().parse().expect("a URL");
                let mut connection = MySqlConnection::connect_with(&options).await.expect("connected");
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
        }
    }

    /// How many rows the table has.
    pub(crate) async fn count(&self) -> usize {
        let rows = self.run("select cast(count(*) as char(20)) from {}").await;
        rows[0].as_deref().expect("a count").trim().parse().expect("a number")
    }

    fn parsed(&self) -> Url {
        self.url.parse().expect("a URL")
    }
}

/// Stamps one test per server for each function that takes a [`Place`].
macro_rules! on_both_servers {
    ($($test:ident)+) => {
        mod mysql {
            $(
                #[tokio::test]
                #[ignore = "needs MariaDB"]
                async fn $test() {
                    if let Some(place) = crate::sql::support::Place::fresh(servers::Kind::MariaDb) {
                        super::$test(place).await;
                    }
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                #[ignore = "needs PostgreSQL"]
                async fn $test() {
                    if let Some(place) = crate::sql::support::Place::fresh(servers::Kind::Postgres) {
                        super::$test(place).await;
                    }
                }
            )+
        }
    };
}

pub(crate) use on_both_servers;

/// A user's token with everything in it that a login brings.
pub(crate) fn token(user: &str) -> OAuthToken {
    crate::sqlite::support::token(user)
}

pub(crate) async fn users(store: &AnyStore) -> Vec<String> {
    crate::sqlite::support::users(store).await
}

/// The user's token, as it is stored.
pub(crate) async fn found(store: &AnyStore, user: &str) -> OAuthToken {
    store.find_token(&OAuthToken::new().with_user(user)).await.expect("read").expect("there")
}
