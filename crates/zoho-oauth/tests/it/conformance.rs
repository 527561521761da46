//! The contracts of `TokenStore` and `Coordination`, for every store including those on servers.

use zoho_oauth::store::{FileStore, MemoryStore};
use zoho_oauth::{coordination_conformance, token_store_conformance};

token_store_conformance!(memory, async || MemoryStore::new());
token_store_conformance!(sqlite_in_memory, crate::sqlite::support::in_memory);
token_store_conformance!(sqlite_file, crate::sqlite::support::in_a_new_file);
token_store_conformance!(file, async || FileStore::open(crate::file::support::fresh_path()).unwrap());

#[path = "../../examples/custom_store.rs"]
mod custom_store;

token_store_conformance!(custom, async || custom_store::DocumentStore::default());

mod coordination {
    use super::*;

    coordination_conformance!(memory, async || {
        let store = MemoryStore::new();
        (store.clone(), store)
    });
    coordination_conformance!(sqlite_in_memory, async || {
        let store = crate::sqlite::support::in_memory().await;
        (store.clone(), store)
    });
    coordination_conformance!(sqlite_file, async || {
        let path = crate::sqlite::support::fresh_path();
        (crate::sqlite::support::open(&path), crate::sqlite::support::open(&path))
    });
    coordination_conformance!(file, async || {
        let path = crate::file::support::fresh_path();
        (FileStore::open(&path).unwrap(), FileStore::open(&path).unwrap())
    });
}

/// Runs both suites on a store with its own table or prefix on a server.
macro_rules! on_a_server {
    ($module:ident: $store:ident on $kind:ident if $feature:literal, $ignored:literal) => {
        #[cfg(feature = $feature)]
        mod $module {
            use servers::{Kind, fresh};
            use zoho_oauth::store::$store;
            use zoho_oauth::{coordination_conformance, token_store_conformance};

            fn open(url: &str) -> $store {
                // The server can be slow when many tests run concurrently.
                $store::open(&format!("{url}&timeout=60")).expect("the URL is valid")
            }

            token_store_conformance!(
                #[ignore = $ignored]
                tokens,
                async || fresh(Kind::$kind).map(|url| open(&url))
            );
            coordination_conformance!(
                #[ignore = $ignored]
                leases,
                async || fresh(Kind::$kind).map(|url| (open(&url), open(&url)))
            );
        }
    };
}

on_a_server!(mariadb: MySqlStore on MariaDb if "mysql", "needs MariaDB");
on_a_server!(postgres: PostgresStore on Postgres if "postgres", "needs PostgreSQL");
on_a_server!(redis: RedisStore on Redis if "redis", "needs Redis");
on_a_server!(redis_cluster: RedisStore on RedisCluster if "redis", "needs Redis");
on_a_server!(secrets_manager: SecretsManagerStore on SecretsManager if "secrets-manager", "needs moto");
