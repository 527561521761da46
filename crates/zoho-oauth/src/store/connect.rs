//! A store by its URL: what the `zoho` command takes, and any program that leaves the choice to its user.

use super::any::AnyStore;
use super::error::StoreError;
use super::memory::MemoryStore;
use super::store_url::{StoreKind, StoreUrl};

/// Opens the store that `url` names. A server is not asked before the store is used.
///
/// | URL | store | feature |
/// |---|---|---|
/// | `memory:` | in memory, for as long as the process lives | |
/// | `file:PATH` | the CSV file of Zoho's own SDKs, such as `file:sdk_tokens.txt` | `file` |
/// | `sqlite:PATH` | an SQLite file, such as `sqlite:zohooauth.db` | `sqlite` |
/// | `sqlite::memory:` | SQLite in memory | `sqlite` |
/// | `mysql://user:password@host:3306/zohooauth` | a table on a MySQL or MariaDB server | `mysql` |
/// | `postgres://user:password@host:5432/zohooauth` | a table on a PostgreSQL server | `postgres` |
/// | `redis://user:password@host:6379/0`, `rediss://…` | a Redis or Valkey server, or a cluster | `redis` |
/// | `aws-secretsmanager:PREFIX` | AWS Secrets Manager | `secrets-manager` |
///
/// Every part behind the scheme may be left out for a server. Settings stand behind a question mark, such as
/// `?table=oauthtoken&timeout=10`; each store's `open` says which there are. In a password, characters that mean
/// something in a URL are written as `%2F` and so on.
///
/// # Errors
/// When the URL names no store that this build has, or when the store cannot be opened. A URL's password is never
/// part of a message.
pub fn connect(url: &str) -> Result<AnyStore, StoreError> {
    url.parse::<StoreUrl>()?.connect()
}

impl StoreUrl {
    /// Opens the store, as [`connect`] does.
    ///
    /// # Errors
    /// When this build does not have this kind of store, when a setting is invalid, or when the store cannot be opened.
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

/// A function that opens a store by its URL, or says which feature this build lacks.
macro_rules! by_feature {
    ($($function:ident: $store:ty, $feature:literal, $what:literal;)+) => {
        $(
            #[cfg(feature = $feature)]
            fn $function(url: &StoreUrl) -> Result<AnyStore, StoreError> {
                Ok(<$store>::at(url)?.into())
            }

            #[cfg(not(feature = $feature))]
            fn $function(_: &StoreUrl) -> Result<AnyStore, StoreError> {
                Err(StoreError::of(super::error::StoreErrorKind::Refused, "open the token store at this URL")
                    .evidence(concat!("this build has no ", $what, " store"))
                    .next_step(concat!("turn on the feature `", $feature, "`")))
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
    fn a_url_that_names_no_store_says_what_would() {
        for url in ["", "memory:x", "oracle:x", "sqlite:", "file:", "redis://user:hunter2@host/0?colour=red"]
        {
            let message = connect(url).map(|store| store.name().to_owned()).unwrap_err().to_string();
            assert!(message.contains("; "), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        assert_eq!(connect("memory:").unwrap().name(), "the memory token store");
    }
}
