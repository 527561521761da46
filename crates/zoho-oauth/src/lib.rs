//! OAuth tokens for Zoho: get one, keep it, renew it, give it back.
//!
//! Zoho's APIs take an access token that lives for an hour. It comes from a refresh token that lives until it is
//! revoked, which comes from a code that works once. An [`Authenticator`] does all of that behind one call, and
//! keeps the tokens in a [`store`] from which every program of the same user can serve itself.
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # async fn guide() -> Result<(), Box<dyn std::error::Error>> {
//! use zoho_oauth::store::SqliteStore;
//! use zoho_oauth::{Authenticator, DataCenter, Grant, OAuthClient};
//!
//! let authenticator = Authenticator::builder(DataCenter::Eu.production())
//!     .client(OAuthClient::new("1000.CLIENT", "secret"))
//!     .store(SqliteStore::open("zohooauth.db")?)
//!     .build()?;
//! let login = authenticator.exchange(Grant::from_self_client("1000.CODE")).await?; // once
//! let access_token = authenticator.access_token(&"ada@example.com:60000001".into()).await?; // ever after
//! # Ok(())
//! # }
//! ```
//!
//! # Contents
//!
//! * [`Authenticator`]: the one door, and what it promises. [`AccessToken`] is what it hands out.
//! * [`OAuthToken`], [`UserSignature`]: a token, and whose it is. [`OAuthClient`]: the client app.
//! * [`Authorization`], [`Callback`], [`Grant`]: a login, from the browser or from a Self Client.
//! * [`DataCenter`], [`Environment`]: which hosts.
//! * [`store`]: [`TokenStore`](store::TokenStore), the contract; the stores; how to test one of your own.
//!   [`store::check()`] and [`store::repair()`]: what official SDKs leave behind.
//! * [`store::coordination`]: one renewal for all who share a store. [`Quota`], [`Ledger`]: Zoho's limit, obeyed.
//! * [`Error`]: what went wrong, and what to do next.
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `file` | [`store::FileStore`]: the CSV file of Zoho's own SDKs | yes |
//! | `sqlite` | [`store::SqliteStore`]: an embedded database | yes |
//! | `mysql` | [`store::MySqlStore`]: a table on a MySQL or MariaDB server, as Zoho's own SDKs keep it | no |
//! | `postgres` | [`store::PostgresStore`]: a table on a PostgreSQL server | no |
//! | `redis` | [`store::RedisStore`]: a Redis or Valkey server, or a cluster | no |
//! | `secrets-manager` | [`store::SecretsManagerStore`]: AWS Secrets Manager | no |
//! | `conformance` | `token_store_conformance!` and `coordination_conformance!`, for tests of a store of your own | no |

mod accounts;
mod authenticator;
mod environment;
mod error;
mod http;
mod ledger;
mod login;
mod persistence;
mod private_file;
mod spool;
pub mod store;
mod token;

pub use accounts::OAuthClient;
pub use authenticator::{AccessToken, Authenticator, AuthenticatorBuilder, Login};
pub use environment::{DataCenter, Environment};
pub use error::{ConfigError, Error, LoginReason, NetworkFailure, OAuthErrorCode, OAuthRequest};
pub use ledger::{Failure, Ledger, Quota};
pub use login::{Authorization, Callback, Grant};
pub use persistence::Persistence;
pub use secrecy::{ExposeSecret, SecretString};
pub use token::{OAuthToken, UserSignature};
