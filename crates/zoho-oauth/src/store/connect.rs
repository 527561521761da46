//! A store by its URL: what the `zoho` command takes, and any program that leaves the choice to its user.

use super::any::AnyStore;
use super::error::{StoreError, StoreErrorKind};
use super::memory::MemoryStore;

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
    let (scheme, place) = url.split_once(':').unwrap_or((url, ""));
    // sqlite:///folder/file is how some libraries write sqlite:/folder/file.
    let path = place.strip_prefix("//").unwrap_or(place);
    match scheme {
        "memory" if path.is_empty() => Ok(MemoryStore::new().into()),
        "file" if path.is_empty() => Err(unusable("write the path behind it, such as file:sdk_tokens.txt")),
        "file" => file(path),
        "sqlite" if path.is_empty() => Err(unusable("write the path behind it, such as sqlite:zohooauth.db")),
        "sqlite" => sqlite(path),
        "mysql" | "mariadb" => mysql(url),
        "postgres" | "postgresql" => postgres(url),
        "redis" | "rediss" => redis(url),
        "aws-secretsmanager" => secrets_manager(url),
        _ => Err(unusable(
            "write memory:, file:PATH, sqlite:PATH, sqlite::memory:, mysql://, postgres://, redis:// or aws-secretsmanager:PREFIX",
        )),
    }
}

/// A function that opens a store by its URL, or says which feature this build lacks.
macro_rules! by_feature {
    ($($function:ident: $store:ident if $feature:literal, $what:literal;)+) => {
        $(
            #[cfg(feature = $feature)]
            fn $function(url: &str) -> Result<AnyStore, StoreError> {
                Ok(super::$store::open(url)?.into())
            }

            #[cfg(not(feature = $feature))]
            fn $function(_: &str) -> Result<AnyStore, StoreError> {
                Err(unusable(concat!(
                    "this build has no ", $what, " store: turn on the feature `", $feature, "`"
                )))
            }
        )+
    };
}

by_feature! {
    file: FileStore if "file", "file";
    mysql: MySqlStore if "mysql", "MySQL";
    postgres: PostgresStore if "postgres", "PostgreSQL";
    redis: RedisStore if "redis", "Redis";
    secrets_manager: SecretsManagerStore if "secrets-manager", "AWS Secrets Manager";
    sqlite: SqliteStore if "sqlite", "SQLite";
}

fn unusable(next_step: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
    StoreError::of(StoreErrorKind::Refused, "open the token store that this URL names").next_step(next_step)
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
