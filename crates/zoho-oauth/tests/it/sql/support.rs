//! Shared by the tests of the database stores: a separate table for each test, on a real server.

use servers::{Kind, Proxy, Server};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection, Row};
use url::Url;
use zoho_oauth::OAuthToken;
use zoho_oauth::store::{AnyStore, MySqlStore, PostgresStore, TokenStore};

/// A table on a server that does not exist yet. Clones refer to the same table.
#[derive(Clone)]
pub(crate) struct TestTable {
    pub(crate) kind: Kind,
    url: String,
}

impl TestTable {
    /// On the server that all tests share. Without such a server, it prints the reason.
    pub(crate) fn fresh(kind: Kind) -> Option<Self> {
        servers::fresh(kind).map(|url| Self { kind, url })
    }

    /// On a server that belongs to one test.
    pub(crate) fn on(kind: Kind, server: &Server) -> Self {
        Self { kind, url: format!("{}?table=tokens", server.url()) }
    }

    /// The same table, used by the server's administrator.
    pub(crate) fn for_administrator(&self, server: &Server) -> Self {
        Self { kind: self.kind, url: format!("{}?table={}", server.administrator_url(), self.name()) }
    }

    /// The same table, used by an account with the password `pw`.
    pub(crate) fn signed_in_as(&self, user: &str) -> Self {
        self.with(|url| {
            url.set_username(user).expect("the URL has a host");
            url.set_password(Some("pw")).expect("the URL has a host");
        })
    }

    /// The same table on the server at another port.
    pub(crate) fn at(&self, port: u16) -> Self {
        self.with(|url| url.set_port(Some(port)).expect("the URL has a host"))
    }

    /// Another table on the same server.
    pub(crate) fn named(&self, table: &str) -> Self {
        self.with(|url| url.set_query(Some(&format!("table={table}"))))
    }

    /// The same table through a proxy.
    pub(crate) fn behind(&self, proxy: &Proxy) -> Self {
        Self { kind: self.kind, url: proxy.url(&self.url) }
    }

    /// The same table with a changed URL.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Url)) -> Self {
        let mut url = self.parsed();
        change(&mut url);
        Self { kind: self.kind, url: url.to_string() }
    }

    /// The same table with one more setting.
    pub(crate) fn setting(&self, setting: &str) -> Self {
        Self { kind: self.kind, url: format!("{}&{setting}", self.url) }
    }

    pub(crate) fn open(&self) -> AnyStore {
        match self.kind {
            Kind::Postgres => PostgresStore::open(&self.url).expect("the URL is valid").into(),
            _ => MySqlStore::open(&self.url).expect("the URL is valid").into(),
        }
    }

    pub(crate) fn name(&self) -> String {
        let url = self.parsed();
        let (_, table) = url.query_pairs().find(|(name, _)| name == "table").expect("a table");
        table.into_owned()
    }

    pub(crate) fn password(&self) -> String {
        self.parsed().password().expect("a password").to_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.parsed().port().expect("a port")
    }

    /// Runs statements outside the store and returns the first column. `{}` stands for the table.
    pub(crate) async fn run(&self, statements: &str) -> Vec<Option<String>> {
        self.try_to_run(statements).await.unwrap()
    }

    /// Like [`Self::run`], for statements that can fail because of other programs.
    pub(crate) async fn try_to_run(&self, statements: &str) -> sqlx::Result<Vec<Option<String>>> {
        let text = AssertSqlSafe(statements.replace("{}", &self.name()));
        let mut url = self.parsed();
        url.set_query(None);
        match self.kind {
            Kind::Postgres => {
                let options: PgConnectOptions = url.as_str().parse().expect("a URL");
                // PgBouncer rejects this setting.
                let options = options.extra_float_digits(None);
                let mut connection = PgConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
            _ => {
                let options: MySqlConnectOptions = url.as_str().parse().expect("a URL");
                let mut connection = MySqlConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::raw_sql(text).fetch_all(&mut connection).await?;
                rows.iter().map(|row| row.try_get_unchecked(0)).collect()
            }
        }
    }

    /// The number of rows in the table.
    pub(crate) async fn count(&self) -> usize {
        let rows = self.run("select cast(count(*) as char(20)) from {}").await;
        rows[0].as_deref().expect("a count").trim().parse().expect("a number")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn parsed(&self) -> Url {
        self.url.parse().expect("a URL")
    }
}

/// Generates one test per server for each function that takes a [`TestTable`].
macro_rules! on_both_servers {
    ($($test:ident)+) => {
        mod mysql {
            $(
                #[tokio::test]
                #[ignore = "needs MariaDB"]
                async fn $test() {
                    if let Some(table) = crate::sql::support::TestTable::fresh(servers::Kind::MariaDb) {
                        super::$test(table).await;
                    }
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                #[ignore = "needs PostgreSQL"]
                async fn $test() {
                    if let Some(table) = crate::sql::support::TestTable::fresh(servers::Kind::Postgres) {
                        super::$test(table).await;
                    }
                }
            )+
        }
    };
}

pub(crate) use on_both_servers;

/// A user's token with every field that a login sets.
pub(crate) fn token(user: &str) -> OAuthToken {
    crate::sqlite::support::token(user)
}

pub(crate) async fn users(store: &AnyStore) -> Vec<String> {
    crate::sqlite::support::users(store).await
}

/// The user's token as stored.
pub(crate) async fn found(store: &AnyStore, user: &str) -> OAuthToken {
    store.find_token(&OAuthToken::new().with_user(user)).await.unwrap().unwrap()
}
