//! The contract of `TokenStore`, over every store.

use zoho_oauth::store::MemoryStore;
use zoho_oauth::token_store_conformance;

token_store_conformance!(memory, async || MemoryStore::new());
