//! Token stores: the contract, and the stores that fulfill it.

mod boxed;
mod check;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connect;
pub mod coordination;
mod copy;
mod error;
#[cfg(feature = "file")]
mod file;
pub(crate) mod identity;
mod ids;
mod lease_board;
#[cfg(any(feature = "file", feature = "sqlite"))]
mod lock_file;
mod maintenance;
mod matching;
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod outage;
mod page;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod password;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "secrets-manager"))]
mod plan;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "secrets-manager")]
mod secrets_manager;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store_url;
mod stored;
#[cfg(any(feature = "sqlite", feature = "mysql", feature = "postgres", feature = "redis"))]
mod stored_entry;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
#[allow(dead_code, reason = "each kind of database uses a part of it")]
mod table;
mod token_store;
mod unfinished;
mod waiting;

pub use check::{check, repair};
pub use connect::connect;
pub use copy::{CopyReport, RejectedRow, TokenCopy};
pub use error::{StoreError, StoreErrorKind};
#[cfg(feature = "file")]
pub use file::FileStore;
pub use identity::StoreIdentity;
pub use ids::{id_number, next_id};
pub use maintenance::{CheckReport, Finding, FindingKind, RepairReport};
pub use matching::Criterion;
pub use memory::MemoryStore;
#[cfg(feature = "mysql")]
pub use mysql::{MySqlOptions, MySqlStore};
pub use page::TokenPage;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "redis")]
pub use redis::{RedisOptions, RedisStore};
#[cfg(feature = "secrets-manager")]
pub use secrets_manager::{SecretsManagerOptions, SecretsManagerStore};
#[cfg(feature = "postgres")]
pub use sql::Sessions;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use sql::Tls;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
pub use store_url::{StoreKind, StoreUrl, StoreUrlError};
pub use stored::StoredToken;
pub use token_store::{AnyStore, TokenStore};
