//! The contracts of `TokenStore` and of `Coordination`, over every store on this machine.

use zoho_oauth::store::{FileStore, MemoryStore};
use zoho_oauth::{coordination_conformance, token_store_conformance};

token_store_conformance!(memory, async || MemoryStore::new());
token_store_conformance!(sqlite_in_memory, crate::sqlite_support::in_memory);
token_store_conformance!(sqlite_file, crate::sqlite_support::in_a_new_file);
token_store_conformance!(file, async || FileStore::open(crate::file_store::fresh_path()).expect("opened"));
#[cfg(feature = "redis")]
token_store_conformance!(redis, crate::redis_support::on_one_server);
#[cfg(feature = "redis")]
token_store_conformance!(redis_cluster, crate::redis_support::on_a_cluster);

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
        let store = crate::sqlite_support::in_memory().await;
        (store.clone(), store)
    });
    coordination_conformance!(sqlite_file, async || {
        let path = crate::sqlite_support::fresh_path();
        (crate::sqlite_support::open(&path), crate::sqlite_support::open(&path))
    });
    coordination_conformance!(file, async || {
        let path = crate::file_store::fresh_path();
        (FileStore::open(&path).expect("opened"), FileStore::open(&path).expect("opened"))
    });
}
