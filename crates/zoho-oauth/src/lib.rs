//! OAuth tokens for Zoho: get one, keep it, renew it, give it back.

mod accounts;
mod authenticator;
mod environment;
mod error;
mod http;
mod ledger;
mod login;
mod spool;
pub mod store;
mod token;

pub use accounts::OAuthClient;
pub use authenticator::{AccessToken, Authenticator, AuthenticatorBuilder, Login};
pub use environment::{DataCenter, Environment};
pub use error::{Error, OAuthErrorCode};
pub use ledger::{Failure, Ledger, Quota};
pub use login::{Authorization, Callback, Grant};
pub use secrecy::{ExposeSecret, SecretString};
pub use token::{OAuthToken, UserSignature};
