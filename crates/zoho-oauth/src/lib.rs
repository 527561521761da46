//! OAuth tokens for Zoho: log in once, and always have a valid access token.
//!
//! Zoho's APIs require an access token, which is valid for an hour. It is issued for a refresh token, which is valid
//! until it is revoked. That is issued for a code, which works once. An [`Authenticator`] does all of this behind one
//! call, and keeps the tokens in a [`store`] that all programs of a user can share.
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
//! let access_token = authenticator.access_token(&"ada@example.com:60000001".into()).await?; // from then on
//! # Ok(())
//! # }
//! ```
//!
//! # Contents
//!
//! * [`Authenticator`]: obtains, renews and revokes tokens. It returns an [`AccessToken`].
//! * [`OAuthToken`], [`UserSignature`]: a token and the user it belongs to. [`OAuthClient`]: the client app.
//! * [`Authorization`], [`Callback`], [`Grant`]: a login, in the browser or with the code of a Self Client.
//! * [`DataCenter`], [`Environment`]: the hosts.
//! * [`store`]: [`TokenStore`](store::TokenStore), the contract of a store; the stores; how to test your own.
//!   [`store::check()`] and [`store::repair()`] find and fix damage that official SDKs leave behind.
//! * [`store::coordination`]: one renewal for all processes that share a store. [`Quota`], [`Ledger`]: Zoho's limit.
//! * [`Persistence`]: where a token is that the store rejected.
//! * [`Error`]: what failed, and what to do about it.
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `file` | [`store::FileStore`]: the CSV file of Zoho's own SDKs | yes |
//! | `sqlite` | [`store::SqliteStore`]: an embedded database | yes |
//! | `mysql` | [`store::MySqlStore`]: a table on a MySQL or MariaDB server, as in Zoho's own SDKs | no |
//! | `postgres` | [`store::PostgresStore`]: a table on a PostgreSQL server | no |
//! | `redis` | [`store::RedisStore`]: a Redis or Valkey server or cluster | no |
//! | `secrets-manager` | [`store::SecretsManagerStore`]: AWS Secrets Manager | no |
//! | `conformance` | `token_store_conformance!` and `coordination_conformance!`, to test your own store | no |
//! | `simulation` | [`machine`]: lets a simulator take the place of the clock, the network and the disk | no |

mod accounts;
mod authenticator;
mod backoff;
mod crm_user;
mod environment;
mod environments;
mod error;
mod ledger;
mod login;
#[cfg(feature = "simulation")]
pub mod machine;
#[cfg(not(feature = "simulation"))]
#[expect(unreachable_pub, reason = "public with the feature `simulation`")]
mod machine;
mod origin;
mod persistence;
mod private_file;
mod rejections;
mod spool;
pub mod store;
mod tls;
mod token;

pub use accounts::OAuthClient;
pub use authenticator::{AccessToken, Authenticator, AuthenticatorBuilder, Login};
pub use environment::{DataCenter, Environment};
pub use error::{
    CertificateProblem, ConfigError, Error, LoginReason, NetworkFailure, OAuthErrorCode, OAuthRequest,
};
pub use ledger::{Failure, Ledger, Quota};
pub use login::{Authorization, Callback, Grant};
pub use persistence::Persistence;
pub use rejections::Requester;
pub use secrecy::{ExposeSecret, SecretString};
pub use token::{OAuthToken, UserSignature};

/// What `zohocrm` shares with this crate. Not part of the public API: it may change in any release.
#[doc(hidden)]
pub mod internal {
    pub use crate::origin::host_of;
    pub use crate::tls::{connect_failure, tls_backend};
}
