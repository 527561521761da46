//! Opening a store by its URL, for programs that let the user choose the store.

use super::error::StoreError;
use super::memory::MemoryStore;
use super::store_url::{StoreKind, StoreUrl};
use super::token_store::AnyStore;

/// Opens the store at `url`. A server is contacted on first use.
///
/// | URL | store | feature |
/// |---|---|---|
/// | `memory:` | in memory, for as long as the process lives | |
/// | `file:PATH` | the CSV file of Zoho's SDKs, such as `file:sdk_tokens.txt` | `file` |
/// | `sqlite:PATH` | an SQLite file, such as `sqlite:zohooauth.db`, or `sqlite:zohooauth.db?table=tokens` | `sqlite` |
/// | `sqlite::memory:` | SQLite in memory | `sqlite` |
/// | `mysql://user:password@host:3306/zohooauth` | a table on a MySQL or MariaDB server | `mysql` |
/// | `postgres://user:password@host:5432/zohooauth` | a table on a PostgreSQL server | `postgres` |
/// | `redis://user:password@host:6379/0`, `rediss://…`, `valkey://…` | a Redis or Valkey server, or a cluster | `redis` |
/// | `redis+sentinel://user:password@one,two/SERVICE/0`, `rediss+sentinel://…` | the primary that Sentinel names | `redis` |
/// | `aws-secretsmanager:PREFIX` | AWS Secrets Manager | `secrets-manager` |
///
/// In the URL of a server, every part after the scheme is optional. Settings follow a question mark, as in
/// `?table=oauthtoken&timeout=10`; the `open` function of each store lists them. Special characters in a password are
/// percent-encoded: `%2F` for `/`.
///
/// # Errors
/// If the URL is invalid, if this build does not have the store, or if the store cannot be opened. A message never contains
/// the password of the URL.
pub fn connect(url: &str) -> Result<AnyStore, StoreError> {
    url.parse::<StoreUrl>()?.connect()
}

impl StoreUrl {
    /// Opens the store, as [`connect`] does.
    ///
    /// # Errors
    /// If this build does not have this kind of store, if a setting is invalid, or if the store cannot be opened.
    pub fn connect(&self) -> Result<AnyStore, StoreError> {
        match self.kind() {
            StoreKind::Memory => Ok(MemoryStore::new().into()),
            StoreKind::File => file(self),
            StoreKind::Sqlite => sqlite(self),
            StoreKind::MySql => mysql(self),
            StoreKind::Postgres => postgres(self),
            StoreKind::Redis => redis(self),
            StoreKind::SecretsManager => secrets_manager(self),
        }
    }
}

/// Defines a function that opens a store, or fails with the name of the missing feature.
macro_rules! by_feature {
    ($($function:ident: $store:ty, $feature:literal, $what:literal;)+) => {
        $(
            #[cfg(feature = $feature)]
            fn $function(url: &StoreUrl) -> Result<AnyStore, StoreError> {
                Ok(<$store>::at(url)?.into())
            }

            #[cfg(not(feature = $feature))]
            fn $function(_: &StoreUrl) -> Result<AnyStore, StoreError> {
                Err(StoreError::of(super::error::StoreErrorKind::Rejected, "open the token store at this URL")
                    .evidence(concat!("this build has no ", $what, " store"))
                    .next_step(concat!("enable the feature `", $feature, "`")))
            }
        )+
    };
}

by_feature! {
    file: super::file::FileStore, "file", "file";
    mysql: super::mysql::MySqlStore, "mysql", "MySQL";
    postgres: super::postgres::PostgresStore, "postgres", "PostgreSQL";
    redis: super::redis::RedisStore, "redis", "Redis";
    secrets_manager: super::secrets_manager::SecretsManagerStore, "secrets-manager", "AWS Secrets Manager";
    sqlite: super::sqlite::SqliteStore, "sqlite", "SQLite";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_url_is_rejected_with_what_was_expected() {
        for url in ["", "memory:x", "oracle:x", "sqlite:", "file:", "redis://user:hunter2@host/0?color=red"] {
            let message = connect(url).map(|store| store.name().to_owned()).unwrap_err().to_string();
            assert!(message.contains("; "), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert_eq!(connect("memory:").unwrap().name(), "the memory token store");
    }
}
