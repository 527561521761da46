//! OAuth tokens for Zoho: get one, keep it, renew it, give it back.

mod ledger;
pub mod store;
mod token;

pub use ledger::{Failure, Ledger, Quota};
pub use secrecy::{ExposeSecret, SecretString};
pub use token::{OAuthToken, UserSignature};
